package detectors

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"touchwatch/ingest/decode"
	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/signal"
)

// afterwards is later than all examples.
const afterwards = touchpoint.Millis(2_000_000_000_000)

// FuzzForeignEvents shows the detectors whatever decoders make of foreign bytes, in order and backwards: they must say the
// same, and nothing malformed.
func FuzzForeignEvents(f *testing.F) {
	formats := decode.Formats()
	for i, format := range formats {
		files, err := filepath.Glob("../../../ingest/decode/testdata/" + format + "/*.json")
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range files[:min(len(files), 2)] {
			b, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(uint8(i), b, int64(60_000))
		}
	}
	f.Fuzz(func(t *testing.T, format uint8, record []byte, later int64) {
		r := decode.Decode(decode.Record{Topic: "fuzz", Value: record}, formats[int(format)%len(formats)])
		points := slices.DeleteFunc(r.Touchpoints, func(tp touchpoint.Touchpoint) bool { return tp.Validate(afterwards, 0) != nil })
		if len(points) > 40 {
			points = points[:40]
		}
		now := afterwards + touchpoint.Millis(later%(1<<33))
		forth, back := newCustomer(), newCustomer()
		for i := range points {
			forth.see(&points[i], 0)
			back.see(&points[len(points)-1-i], 0)
		}
		a, b := forth.finish(now), back.finish(now)
		if within(points) && len(a)+len(b) > 0 && !reflect.DeepEqual(a, b) {
			t.Fatalf("forth %+v\nback %+v", a, b)
		}
		for i := range a {
			wellFormed(t, &a[i])
		}
	})
}

// within reports whether all happened in the time that every window holds, and no two of one id.
func within(points []touchpoint.Touchpoint) bool {
	seen := map[touchpoint.ID]bool{}
	for i := range points {
		if apart := points[i].OccurredAt - points[0].OccurredAt; apart > 120_000 || apart < -120_000 || seen[points[i].ID] {
			return false
		}
		seen[points[i].ID] = true
	}
	return true
}

func wellFormed(t *testing.T, g *signal.Signal) {
	t.Helper()
	if g.Name == "" || g.Family == "" || g.Reason == "" || g.Half <= 0 || g.At < g.First || len(g.Evidence) == 0 || len(g.Evidence) > signal.MaxEvidence || len(g.Places) > signal.MaxPlaces {
		t.Fatalf("malformed: %+v", g)
	}
}

// FuzzForeignMarks shows the detectors windows that hold whatever a damaged state may: no panic, no endless loop.
func FuzzForeignMarks(f *testing.F) {
	f.Add([]byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}, int64(1000))
	f.Add([]byte("chat:k1 chat:k1 call:c1 call:c2"), int64(-5))
	f.Fuzz(func(t *testing.T, b []byte, now int64) {
		var marks []signal.Mark
		words := []string{"", "chat:k1", "call:c1", "/pay button#pay", "k1", "18250"}
		for len(b) >= 8 && len(marks) < 64 {
			marks, _ = signal.Insert(marks, signal.Mark{
				At: touchpoint.Millis(int64(b[0])*1000 - 500), ID: touchpoint.ID(words[int(b[1])%len(words)] + string(rune('a'+b[2]%26))),
				Kind: b[3] % 18, Key: words[int(b[4])%len(words)], Place: words[int(b[5])%len(words)], Note: words[int(b[6])%len(words)],
				X: int32(int8(b[7])), Y: int32(int8(b[6])) << 20, N: int64(int8(b[5])) << (b[4] % 60), Channel: touchpoint.Chat,
			})
			b = b[8:]
		}
		for _, d := range shipped() {
			kept, _ := signal.Prune(slices.Clone(marks), d.Bounds(), 0)
			if _, wake := d.Detect(kept, touchpoint.Millis(now)); wake != 0 && wake <= touchpoint.Millis(now) {
				t.Fatalf("%s: wants to be woken at %d, which is not after %d", d.Family(), wake, now)
			}
		}
	})
}
