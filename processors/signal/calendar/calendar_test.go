package calendar

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"touchwatch/ingest/touchpoint"
)

func office(t testing.TB) *Calendar {
	t.Helper()
	c, err := New("Europe/Amsterdam", []string{"mon-fri 08:00-12:00", "mon-fri 13:00-18:00", "sat 09:00-13:00"}, []string{"2026-12-25"})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func moment(t testing.TB, s string) touchpoint.Millis {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Amsterdam")
	if err != nil {
		t.Fatal(err)
	}
	at, err := time.ParseInLocation("2006-01-02 15:04", s, zone)
	if err != nil {
		t.Fatal(err)
	}
	return touchpoint.MillisOf(at)
}

func TestOpenTimePassesOnlyWhileSomebodyIsThere(t *testing.T) {
	for _, c := range []struct {
		name, from string
		d          time.Duration
		want       string
	}{
		{"within a morning", "2026-11-23 09:00", 30 * time.Minute, "2026-11-23 09:30"},
		{"over lunch", "2026-11-23 11:50", 20 * time.Minute, "2026-11-23 13:10"},
		{"overnight", "2026-11-23 17:59", 2 * time.Minute, "2026-11-24 08:01"},
		{"before opening", "2026-11-23 03:00", time.Minute, "2026-11-23 08:01"},
		{"over the weekend", "2026-11-21 13:30", time.Hour, "2026-11-23 09:00"},
		{"over Christmas", "2026-12-24 17:30", time.Hour, "2026-12-26 09:30"},
		{"over the change to winter time", "2026-10-24 12:59", 2 * time.Minute, "2026-10-26 08:01"},
	} {
		got := office(t).After(moment(t, c.from), c.d)
		if got != moment(t, c.want) {
			t.Errorf("%s: %s, want %s", c.name, got.At(), c.want)
		}
		if open := office(t).Between(moment(t, c.from), got); open != c.d {
			t.Errorf("%s: %s of open time, want %s", c.name, open, c.d)
		}
	}
}

func TestWithoutHoursItIsAlwaysOpen(t *testing.T) {
	c, err := New("UTC", nil, nil)
	if err != nil || c != nil || c.After(1000, time.Second) != 2000 || c.Between(1000, 2500) != 1500*time.Millisecond {
		t.Errorf("got %v, %v", c, err)
	}
	c, err = New("UTC", nil, []string{"1970-01-01"})
	if err != nil || c.After(0, time.Hour) != touchpoint.Millis(25*time.Hour/time.Millisecond) {
		t.Errorf("a holiday: got %v, %v", c.After(0, time.Hour).At(), err)
	}
}

func TestWhatIsWrongIsNamed(t *testing.T) {
	for _, c := range []struct{ zone, hours, holiday, want string }{
		{"Mars/Olympus", "mon 08:00-12:00", "2026-12-25", `time zone "Mars/Olympus"`},
		{"Local", "mon 08:00-12:00", "2026-12-25", `time zone "Local"`},
		{"UTC", "monday 08:00-12:00", "2026-12-25", `hours "monday 08:00-12:00"`},
		{"UTC", "mon 12:00-08:00", "2026-12-25", `hours "mon 12:00-08:00"`},
		{"UTC", "mon", "2026-12-25", `hours "mon"`},
		{"UTC", "mon 08:00-12:00", "25.12.2026", `holiday "25.12.2026"`},
	} {
		if _, err := New(c.zone, []string{c.hours}, []string{c.holiday}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want …%s…", err, c.want)
		}
	}
	if _, err := New("UTC", []string{"mon-wed 08:00-12:00", "tue 11:00-13:00"}, nil); err == nil || !strings.Contains(err.Error(), "tue is open") {
		t.Errorf("overlap: %v", err)
	}
}

func TestAWeekMayBeginAnywhere(t *testing.T) {
	c, err := New("UTC", []string{"sat-mon 10:00-11:00"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	week := c.Between(touchpoint.Millis(0), touchpoint.Millis(7*24*time.Hour/time.Millisecond))
	if week != 3*time.Hour {
		t.Errorf("open %s a week", week)
	}
}

func TestAfterAndBetweenAgree(t *testing.T) {
	c := office(t)
	rapid.Check(t, func(t *rapid.T) {
		from := touchpoint.Millis(rapid.Int64Range(0, 2e12).Draw(t, "from"))
		d := time.Duration(rapid.Int64Range(1, int64(100*time.Hour/time.Millisecond)).Draw(t, "d")) * time.Millisecond
		end := c.After(from, d)
		if open := c.Between(from, end); open != d {
			t.Fatalf("after %s: %s, open %s", d, end.At(), open)
		}
		if open := c.Between(from, end-1); open >= d {
			t.Fatalf("reached before the end already: %s", open)
		}
	})
}

func FuzzNew(f *testing.F) {
	f.Add("Europe/Berlin", "mon-fri 08:00-18:00", "2026-12-25")
	f.Add("UTC", "sun-sun 00:00-24:00", "x")
	f.Fuzz(func(t *testing.T, zone, hours, holiday string) {
		c, err := New(zone, []string{hours}, []string{holiday})
		if err == nil && c.After(1_750_000_000_000, time.Minute) <= 1_750_000_000_000 {
			t.Error("a target that is due before it began")
		}
	})
}
