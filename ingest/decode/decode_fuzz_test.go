package decode

import (
	"bytes"
	"reflect"
	"testing"
	"time"

	"touchwatch/ingest/touchpoint"
)

func FuzzWebsite(f *testing.F)  { fuzz(f, "touchwatch.website") }
func FuzzChat(f *testing.F)     { fuzz(f, "touchwatch.chat") }
func FuzzSocial(f *testing.F)   { fuzz(f, "touchwatch.social") }
func FuzzCall(f *testing.F)     { fuzz(f, "touchwatch.call") }
func FuzzProfile(f *testing.F)  { fuzz(f, "touchwatch.profile") }
func FuzzSegment(f *testing.F)  { fuzz(f, "segment") }
func FuzzChatwoot(f *testing.F) { fuzz(f, "chatwoot") }
func FuzzX(f *testing.F)        { fuzz(f, "x.v2") }
func FuzzMastodon(f *testing.F) { fuzz(f, "mastodon") }
func FuzzConnect(f *testing.F)  { fuzz(f, "amazon.connect") }
func FuzzTwilio(f *testing.F)   { fuzz(f, "twilio.voice") }

// fuzz holds a decoder to its promises on any bytes: no panic, bounded and well-formed touchpoints, the same answer twice,
// and no byte of the caller's buffer kept.
func fuzz(f *testing.F, format string) {
	f.Helper()
	for _, path := range payloads(f, format) {
		f.Add(read(f, path))
	}
	for _, seed := range garbage {
		if len(seed.value) < 1<<10 { // minimising a large input takes the fuzzer a minute
			f.Add([]byte(seed.value))
		}
	}
	now := touchpoint.MillisOf(time.Date(2026, 11, 3, 10, 0, 0, 0, time.UTC))
	f.Fuzz(func(t *testing.T, value []byte) {
		buffer := bytes.Clone(value)
		result := Decode(Record{Topic: "raw", Partition: 1, Offset: 2, Value: buffer}, format)
		for i := range buffer {
			buffer[i] = 'x'
		}
		again := Decode(Record{Topic: "raw", Partition: 1, Offset: 2, Value: value}, format)
		if !reflect.DeepEqual(result, again) {
			t.Fatalf("two answers:\n%+v\n%+v", result, again)
		}
		checkInvariants(t, format, result)
		for i := range result.Touchpoints {
			_ = result.Touchpoints[i].Validate(now, 0)
		}
	})
}
