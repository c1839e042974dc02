package decode

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"touchwatch/ingest/touchpoint"
)

var rewrite = flag.Bool("rewrite", false, "write the expected touchpoints in testdata anew")

// lines is a Result as the files *.golden in testdata hold it: a line per touchpoint, per bad event, and for what was skipped.
// Topic, partition and offset are the same everywhere and left out.
func lines(t *testing.T, r Result) []byte {
	t.Helper()
	var b bytes.Buffer
	for i := range r.Touchpoints {
		tp := r.Touchpoints[i]
		tp.Source = touchpoint.Source{Index: tp.Source.Index}
		line, err := json.Marshal(tp)
		if err != nil {
			t.Fatal(err)
		}
		line = bytes.ReplaceAll(line, []byte(`"received_at":0,"source":{"topic":"","partition":0,"epoch":0,"offset":0,`), []byte(`"source":{`))
		at := "no time"
		if tp.OccurredAt != 0 {
			at = tp.OccurredAt.At().Format(time.RFC3339Nano)
		}
		fmt.Fprintf(&b, "%s %s\n", at, line)
	}
	for _, bad := range r.Bad {
		fmt.Fprintf(&b, "bad %d %s\n", bad.Index, bad.Invalid)
	}
	if r.Skipped > 0 {
		fmt.Fprintf(&b, "skipped %d\n", r.Skipped)
	}
	return b.Bytes()
}

// TestPayloadsGiveTheExpectedTouchpoints decodes each payload of testdata/<format>. Run with -rewrite after a change that is
// meant, and review the difference.
func TestPayloadsGiveTheExpectedTouchpoints(t *testing.T) {
	for _, format := range Formats() {
		payloads := payloads(t, format)
		if len(payloads) == 0 {
			t.Errorf("no payload for %s", format)
		}
		for _, path := range payloads {
			golden := "testdata/" + format + "/" + strings.TrimSuffix(filepath.Base(path), filepath.Ext(path)) + ".golden"
			t.Run(format+"/"+filepath.Base(path), func(t *testing.T) {
				result := Decode(Record{Topic: "raw", Partition: 3, Offset: 81244, Value: read(t, path)}, format)
				checkInvariants(t, format, result)
				compare(t, golden, lines(t, result))
			})
		}
	}
}

// payloads are the files that hold records of a format: those of testdata and the examples for users.
func payloads(t testing.TB, format string) []string {
	t.Helper()
	var found []string
	for _, pattern := range []string{"testdata/" + format + "/*.json", "testdata/" + format + "/*.form", "../../docs/examples/" + format + ".json"} {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, paths...)
	}
	return found
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func compare(t *testing.T, golden string, got []byte) {
	t.Helper()
	if *rewrite {
		if err := os.WriteFile(golden, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want := read(t, golden); !bytes.Equal(got, want) {
		t.Errorf("%s differs\n got %s\nwant %s", golden, got, want)
	}
}
