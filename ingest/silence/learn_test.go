package silence

import (
	"strings"
	"testing"
	"time"

	"touchwatch/ingest/touchpoint"
)

// monday is a Monday morning.
const monday = touchpoint.Millis(1_795_000_000_000)

// shop looks every ten seconds at a channel with so many events an hour by the hour of the day.
type shop struct {
	l    Learned
	at   touchpoint.Millis
	end  int64
	owed float64
	rate func(hourOfDay int) float64
}

func (s *shop) run(d time.Duration, alive bool) (silentAt time.Duration) {
	for passed := time.Duration(0); passed < d; passed += 10 * time.Second {
		s.at = s.at.Add(10 * time.Second)
		if alive {
			s.owed += s.rate(hourOf(s.at)%24) / 360
			n := int64(s.owed)
			s.owed -= float64(n)
			s.end += n
		}
		s.l.Look(s.end, s.at, Usual{})
		if s.l.Silent && silentAt == 0 {
			silentAt = passed
		}
	}
	return silentAt
}

func open() *shop {
	return &shop{at: monday, rate: func(hour int) float64 {
		if hour >= 8 && hour < 20 {
			return 600
		}
		return 2
	}}
}

func TestABusyChannelThatStopsIsSilentAfterFiveMinutes(t *testing.T) {
	s := open()
	s.run(8*24*time.Hour, true)
	for hourOf(s.at)%24 != 12 {
		s.run(10*time.Second, true)
	}
	if s.l.Silent {
		t.Fatal("silent while it has traffic")
	}
	if at := s.run(time.Hour, false); at < 4*time.Minute || at > 6*time.Minute {
		t.Errorf("silent after %s, want about five minutes", at)
	}
	if warning := s.l.Warning("touchpoints.chat"); !strings.Contains(warning, "touchpoints.chat") || !strings.Contains(warning, "usual") {
		t.Errorf("the warning says %q", warning)
	}
	if s.run(time.Minute, true); s.l.Silent {
		t.Error("still silent with traffic")
	}
}

func TestAQuietNightIsNoSilence(t *testing.T) {
	s := open()
	s.run(3*24*time.Hour, true)
	for hourOf(s.at)%24 != 21 {
		s.run(10*time.Second, true)
	}
	if at := s.run(9*time.Hour, false); at != 0 { // two events an hour: 18 are missing
		t.Errorf("silent after %s of a usual night", at)
	}
}

func TestASilenceDoesNotBecomeUsual(t *testing.T) {
	s := open()
	s.run(8*24*time.Hour, true)
	s.run(48*time.Hour, false)
	if !s.l.Silent {
		t.Fatal("not silent after two days")
	}
	s.run(3*time.Hour, true)
	for hourOf(s.at)%24 != 12 {
		s.run(10*time.Second, true)
	}
	if rate := s.l.Rate(s.at); rate < 500 {
		t.Errorf("after the silence %.0f events an hour are usual, want about 600", rate)
	}
}

func TestANewChannelIsNotTold(t *testing.T) {
	s := open()
	if at := s.run(50*time.Minute, false); at != 0 {
		t.Errorf("a topic that never had traffic is silent after %s", at)
	}
}

func TestTheSecondDayKnowsWhatTheFirstWasLike(t *testing.T) {
	s := open()
	for hourOf(s.at)%24 != 0 {
		s.run(10*time.Second, true)
	}
	if at := s.run(20*time.Hour, true); at != 0 {
		t.Errorf("silent after %s of the first day", at)
	}
	s.run(16*time.Hour, true)
	if at := s.run(30*time.Minute, false); at < 4*time.Minute || at > 7*time.Minute {
		t.Errorf("silent after %s, want about five minutes", at)
	}
}

func TestAFreeDayIsToldOnceAndThenUsual(t *testing.T) {
	s := open()
	s.at = s.at.Add(30 * time.Minute)
	for first := hourOf(s.at); hourOf(s.at) == first; { // a day begins with an hour
		s.run(10*time.Second, true)
	}
	s.run(6*24*time.Hour, true)
	if s.run(24*time.Hour, false) == 0 {
		t.Error("the first free day was not told")
	}
	s.run(6*24*time.Hour, true)
	if at := s.run(24*time.Hour, false); at != 0 {
		t.Errorf("the second free day was told after %s", at)
	}
}

func TestATopicCreatedAnewIsNotSilentAndKeepsWhatIsUsual(t *testing.T) {
	s := open()
	s.run(8*24*time.Hour, true)
	usual := s.l.Rate(s.at)
	s.end = 0
	if s.run(time.Minute, true); s.l.Silent || s.l.Rate(s.at) != usual {
		t.Errorf("silent %t, rate %f, want %f", s.l.Silent, s.l.Rate(s.at), usual)
	}
}

func TestTimeThatNobodyWatchedIsNotMissing(t *testing.T) {
	s := open()
	s.run(8*24*time.Hour, true)
	s.at = s.at.Add(12 * time.Hour)
	s.l.Look(s.end, s.at, Usual{})
	if s.l.Silent || s.l.Missing > 1 {
		t.Errorf("silent %t with %.0f missing after a pause of the watchers", s.l.Silent, s.l.Missing)
	}
}
