package intake

import (
	"log/slog"
	"testing"

	"touchwatch/ingest/decode"
	"touchwatch/ingest/identity"
	"touchwatch/ingest/simulator"
	"touchwatch/ingest/simulator/sample"
	"touchwatch/ingest/stream"
	"touchwatch/ingest/touchpoint"
)

// BenchmarkIngest is what ingest computes for a raw record of a simulated shop's website: decode, validate, stamp, resolve over a
// directory in memory, encode for the timeline. Texts are not judged, nothing is read or written.
func BenchmarkIngest(b *testing.B) {
	const batch = 800
	stage := New(Options{Topics: map[string]string{simulator.TopicWebsite: decode.DefaultFormat(simulator.TopicWebsite)}, Partitions: 4, Log: slog.New(slog.DiscardHandler)})
	w := newWorker(stage, stream.Assignment{Topic: simulator.TopicWebsite}, func(int64) {})
	records := make([]stream.Record, batch)
	bytes := 0
	for i, r := range sample.Records(simulator.TopicWebsite, batch) {
		records[i] = stream.Record{Offset: int64(i), Key: r.Key, Value: r.Value}
		for _, h := range r.Headers {
			records[i].Headers = append(records[i].Headers, stream.Header{Key: h.Key, Value: h.Value})
		}
		bytes += len(r.Value)
	}
	now := touchpoint.MillisOf(sample.Start) + 3_600_000
	b.ReportAllocs()
	for b.Loop() {
		found := w.decode(records, now)
		if len(found.dead) != 0 || len(found.touchpoints) < batch {
			b.Fatalf("%d records became %d touchpoints and %d dead letters", batch, len(found.touchpoints), len(found.dead))
		}
		names := identity.NewMap(map[touchpoint.Alias]identity.Link{})
		for i := range found.touchpoints {
			found.touchpoints[i].Customer = names.Resolve(&found.touchpoints[i])
		}
		if _, err := w.entries(found.touchpoints); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*batch), "ns/record")
	b.ReportMetric(float64(bytes)/batch, "B/record")
}
