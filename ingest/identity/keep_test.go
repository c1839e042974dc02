package identity

import (
	"context"
	"testing"
	"time"

	"touchwatch/ingest/touchpoint"
)

func TestDevicesAreForgottenAndAddressesStay(t *testing.T) {
	d := directory(t)
	d.Keep = time.Hour
	d.put(t, Link{Alias: cookie, Customer: "cus_1", At: 5}, Link{Alias: mail, Customer: "cus_1", At: 5})
	ctx := context.Background()
	if left := d.Redis.PTTL(ctx, key(cookie)).Val(); left <= 0 || left > time.Hour {
		t.Errorf("the link of a cookie is kept for %s, want at most an hour", left)
	}
	if left := d.Redis.PTTL(ctx, key(mail)).Val(); left > 0 {
		t.Errorf("the link of an e-mail address is kept for %s, want for ever", left)
	}
	d.Keep = 0
	d.put(t, Link{Alias: other, Customer: "cus_1", At: 5})
	if left := d.Redis.PTTL(ctx, key(other)).Val(); left > 0 {
		t.Errorf("without a limit the link of a cookie is kept for %s, want for ever", left)
	}
}

func TestALinkInUseIsMadeAnewOnceADay(t *testing.T) {
	const day = int64(24 * time.Hour / time.Millisecond)
	m := NewMap(map[touchpoint.Alias]Link{
		cookie: {Alias: cookie, Customer: "cus_1", At: 0},
		phone:  {Alias: phone, Customer: "cus_1", At: 0},
	})
	seen := func(at int64) *touchpoint.Touchpoint {
		tp := says(cookie, phone)
		tp.ReceivedAt = touchpoint.Millis(at)
		return tp
	}
	owners(m, seen(day-1), seen(day), seen(day+1), links(2*day-1, cookie), links(2*day, one, cookie))
	var at []int64
	for _, l := range m.Links() {
		if l.Alias != cookie || l.Customer != "cus_1" {
			t.Errorf("made %+v, want only the cookie's link to its customer", l)
		}
		at = append(at, int64(l.At))
	}
	if len(at) != 2 || at[0] != day || at[1] != 2*day {
		t.Errorf("made anew at %v, want at %d and %d", at, day, 2*day)
	}
}
