package identity

import (
	"context"
	"testing"
	"time"

	"touchwatch/ingest/touchpoint"
)

func TestARestoredLinkIsKeptForWhatIsLeftOfItsTime(t *testing.T) {
	d := directory(t)
	d.Keep = time.Hour
	ctx, now := context.Background(), touchpoint.Millis(time.Hour.Milliseconds()*10)
	all := []Link{
		{Alias: cookie, Customer: "cus_1", At: now.Add(-40 * time.Minute)},
		{Alias: other, Customer: "cus_1", At: now.Add(-61 * time.Minute)},
		{Alias: mail, Customer: "cus_1", At: 5},
	}
	for range 2 {
		if err := d.Restore(ctx, all, now); err != nil {
			t.Fatal(err)
		}
	}
	if left := d.Redis.PTTL(ctx, key(cookie)).Val(); left <= 0 || left > 20*time.Minute {
		t.Errorf("a cookie's link of 40 minutes ago is kept for %s, want at most 20 minutes of its hour", left)
	}
	if n := d.Redis.Exists(ctx, key(other)).Val(); n != 0 {
		t.Errorf("a cookie's link whose time is over is there again")
	}
	if left := d.Redis.PTTL(ctx, key(mail)).Val(); left != -1 {
		t.Errorf("the link of an e-mail address is kept for %s, want for ever", left)
	}
}
