package fence

import (
	"testing"
	"time"

	"touchwatch/ingest/touchpoint"
)

func TestWhoMayTakeAPartition(t *testing.T) {
	const patience = 20 * time.Second
	at := touchpoint.Millis(1_800_000_000_000)
	held := Token{Generation: 7, Member: "a-1", Heartbeat: at}
	for _, c := range []struct {
		what   string
		stored string
		mine   Token
		may    bool
	}{
		{"nobody holds it", "", Token{Generation: 1, Member: "b"}, true},
		{"what is stored is no token", "7 not-a-time a", Token{Generation: 1, Member: "b"}, true},
		{"a later generation", held.String(), Token{8, "b", at}, true},
		{"the same generation", held.String(), Token{7, "b", at}, true},
		{"myself, of an earlier generation", held.String(), Token{6, "a-1", at}, true},
		{"an earlier generation while the holder is heard of", held.String(), Token{6, "b", at.Add(patience)}, false},
		{"an earlier generation, long after the holder fell silent", held.String(), Token{6, "b", at.Add(patience) + 1}, true},
		{"an earlier generation, the holder's clock a few thousand years ahead", Token{7, "a-1", 1 << 50}.String(), Token{6, "b", at}, false},
		{"an earlier generation whose clock is behind", held.String(), Token{6, "b", at.Add(-time.Hour)}, false},
	} {
		if got := MayTake(c.stored, c.mine, patience); got != c.may {
			t.Errorf("%s: got %v, want %v", c.what, got, c.may)
		}
	}
}

func TestTwoMembersNeverTakeItFromEachOtherInTurn(t *testing.T) {
	at := touchpoint.Millis(1000)
	older, newer := Token{3, "a", at}, Token{4, "b", at}
	if !MayTake(older.String(), newer, time.Second) || MayTake(newer.String(), older, time.Second) {
		t.Error("a live member of an earlier generation may take the partition back: they would do so for ever")
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"", "1", "1 2", "1 2 member", "-1 -2 m", "1 2 ", "99999999999 2 m", "1 2 a b c", "x 2 m"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		token, ok := Parse(s)
		if !ok {
			return
		}
		if again, ok := Parse(token.String()); !ok || again != token {
			t.Errorf("%q reads as %+v, and written and read again as %+v", s, token, again)
		}
	})
}

func TestATokenIsReadAsItWasWritten(t *testing.T) {
	for _, token := range []Token{{1, "kafka-go-1@host (github.com/segmentio/kafka-go)-uuid", 1_800_000_000_000}, {0, "", 0}, {1 << 30, "a  b", -5}} {
		if got, ok := Parse(token.String()); !ok || got != token {
			t.Errorf("got %+v %v, want %+v", got, ok, token)
		}
	}
}
