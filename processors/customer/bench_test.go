package customer_test

import (
	"slices"
	"testing"

	"touchwatch/ingest/simulator/sample"
	"touchwatch/ingest/timeline"
	"touchwatch/processors/customer"
	"touchwatch/processors/keyed"
	"touchwatch/processors/signal/detectors"
	"touchwatch/processors/signal/settings"
)

// flushEvery is how many entries a fetch brings, after which the runtime flushes.
const flushEvery = 2000

// BenchmarkFold is an entry of a simulated shop through detectors, score and signals, without rules and the judgement of texts,
// in states as full as they are after an hour.
func BenchmarkFold(b *testing.B) {
	fold := customer.NewFold(detectors.New(settings.Default()), nil, customer.DefaultRetention)
	entries := sample.Entries(200_000)
	states := map[string]*customer.State{}
	state := func(e *timeline.Entry) *customer.State {
		s := states[e.Subject]
		if s == nil {
			s = fold.New(e.Subject)
			states[e.Subject] = s
		}
		return s
	}
	fx := keyed.NewEffects()
	warm := len(entries) / 2
	for i, e := range entries[:warm] {
		fx.Begin(e.Subject, int64(i))
		fold.Fold(state(e), e, fx)
	}
	fx = keyed.NewEffects()
	next := warm
	b.ReportAllocs()
	for b.Loop() {
		e := entries[next]
		fx.Begin(e.Subject, int64(next))
		fold.Fold(state(e), e, fx)
		if next++; next%flushEvery == 0 {
			fx = keyed.NewEffects()
		}
		if next == len(entries) {
			b.StopTimer() // the same entries again would be known ids: begin with the states of the first half
			clear(states)
			for i, e := range entries[:warm] {
				fx.Begin(e.Subject, int64(i))
				fold.Fold(state(e), e, fx)
			}
			fx, next = keyed.NewEffects(), warm
			b.StartTimer()
		}
	}
	report(b, fold, states)
}

// report adds the stored sizes of the states.
func report(b *testing.B, fold *customer.Fold, states map[string]*customer.State) {
	sizes := make([]int, 0, len(states))
	sum := 0
	for _, s := range states {
		body, err := fold.Encode(nil, s)
		if err != nil {
			b.Fatal(err)
		}
		sizes = append(sizes, len(body))
		sum += len(body)
	}
	slices.Sort(sizes)
	b.ReportMetric(float64(sum)/float64(len(sizes)), "state-B")
	b.ReportMetric(float64(sizes[len(sizes)*95/100]), "state-B-p95")
}

// BenchmarkEncodeState is the stored form of states after an hour.
func BenchmarkEncodeState(b *testing.B) {
	fold := customer.NewFold(detectors.New(settings.Default()), nil, customer.DefaultRetention)
	fx, bySubject := keyed.NewEffects(), map[string]*customer.State{}
	var states []*customer.State
	for i, e := range sample.Entries(100_000) {
		s := bySubject[e.Subject]
		if s == nil {
			s = fold.New(e.Subject)
			bySubject[e.Subject] = s
			states = append(states, s)
		}
		fx.Begin(e.Subject, int64(i))
		fold.Fold(s, e, fx)
	}
	var buffer []byte
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		var err error
		if buffer, err = fold.Encode(buffer[:0], states[i%len(states)]); err != nil {
			b.Fatal(err)
		}
	}
}
