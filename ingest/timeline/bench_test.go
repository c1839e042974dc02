package timeline_test

import (
	"testing"

	"touchwatch/ingest/simulator/sample"
	"touchwatch/ingest/timeline"
)

// sampled is a round number of entries that a benchmark walks through again and again.
const sampled = 4096

func BenchmarkEncode(b *testing.B) {
	entries := sample.Entries(sampled)
	var buffer []byte
	bytes := 0
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		var err error
		if buffer, err = timeline.Encode(buffer[:0], entries[i%sampled]); err != nil {
			b.Fatal(err)
		}
		bytes += len(buffer)
	}
	b.ReportMetric(float64(bytes)/float64(b.N), "B/entry")
}

func BenchmarkDecode(b *testing.B) {
	var wire [][]byte
	for _, e := range sample.Entries(sampled) {
		v, err := timeline.Encode(nil, e)
		if err != nil {
			b.Fatal(err)
		}
		wire = append(wire, v)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, err := timeline.Decode(wire[i%sampled]); err != nil {
			b.Fatal(err)
		}
	}
}
