// Package sample makes what ingest would make of a seeded world, without servers: the load of the stages' own benchmarks.
// It is for benchmarks and tests; the product sends its worlds through Kafka.
package sample

import (
	"time"

	"touchwatch/ingest/decode"
	"touchwatch/ingest/identity"
	"touchwatch/ingest/simulator"
	"touchwatch/ingest/timeline"
	"touchwatch/ingest/touchpoint"
)

// seed, rate and customers describe the world of all samples: an hour of a shop with some trouble.
const (
	seed      = 20261103
	rate      = 200
	customers = 5_000
)

// Start is when all samples begin: a fixed moment, so that equal samples are equal bytes.
var Start = time.Date(2026, 11, 3, 8, 0, 0, 0, time.UTC)

func world() *simulator.World {
	return simulator.New(simulator.Options{
		Seed: seed, Customers: customers, Rate: rate, TroubleShare: 0.05, Start: Start,
	})
}

// Records returns the next n raw records of a topic, such as simulator.TopicWebsite; "" takes all topics.
func Records(topic string, n int) []simulator.Record {
	w, all := world(), make([]simulator.Record, 0, n)
	for len(all) < n {
		if r := w.Next(); topic == "" || r.Topic == topic {
			all = append(all, r)
		}
	}
	return all
}

// Entries returns the first n timeline entries of the world, as the processors read them: each with its customer, none with
// a judged text.
func Entries(n int) []*timeline.Entry {
	w, names := world(), identity.NewMap(map[touchpoint.Alias]identity.Link{})
	all := make([]*timeline.Entry, 0, n)
	for offset := int64(0); len(all) < n; offset++ {
		r := w.Next()
		header := func(name string) string {
			for _, h := range r.Headers {
				if h.Key == name {
					return string(h.Value)
				}
			}
			return ""
		}
		found := decode.Decode(decode.Record{Topic: r.Topic, Offset: offset, Value: r.Value, Headers: header}, decode.DefaultFormat(r.Topic))
		for i := range found.Touchpoints {
			t := &found.Touchpoints[i]
			t.ReceivedAt = touchpoint.MillisOf(r.At)
			t.Customer = names.Resolve(t)
			all = append(all, &timeline.Entry{Kind: timeline.Touchpoint, Subject: string(t.Customer), At: t.ReceivedAt, Source: t.Source, Touchpoint: t})
		}
	}
	return all[:n]
}
