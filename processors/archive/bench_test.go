package archive

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/signal"
)

// BenchmarkWrite is a flush of a busy board's two seconds into an hour that is already there: 100 touchpoints and 10
// signals of 2,000 customers who have 50,000 signals, with the counting of the minutes concerned.
func BenchmarkWrite(b *testing.B) {
	_, conn := migrated(b)
	rng := rand.New(rand.NewPCG(1, 1))
	n := 0
	touch := func(at touchpoint.Millis) touchRow {
		n++
		return newTouchRow(&touchpoint.Touchpoint{
			ID: touchpoint.ID(fmt.Sprint("website:", n)), Channel: touchpoint.Website, Kind: touchpoint.ClickKind, Customer: touchpoint.CustomerID(fmt.Sprint("c", rng.IntN(2000))),
			OccurredAt: at, ReceivedAt: at, Text: "about as long as a text is", Place: touchpoint.Place{Page: fmt.Sprint("/page", rng.IntN(20)), Campaign: fmt.Sprint(rng.IntN(4))},
		})
	}
	judge := func(at touchpoint.Millis) signalRow {
		n++
		return signalRow{revision: uint64(n), Report: signal.Report{
			Customer: touchpoint.CustomerID(fmt.Sprint("c", rng.IntN(2000))),
			Signal:   signal.Signal{Name: "rage_click", Episode: fmt.Sprint(n), First: at, At: at, Weight: -1000, Half: 3600, Evidence: []touchpoint.ID{touchpoint.ID(fmt.Sprint("website:", n))}},
		}}
	}
	w := testWriter(conn)
	past := new(parcel)
	for range 180_000 {
		past.touches = append(past.touches, touch(start.Add(time.Duration(rng.IntN(3600))*time.Second)))
	}
	for range 50_000 {
		past.signals = append(past.signals, judge(start.Add(-time.Hour)))
	}
	if !insert(b.Context(), w, "touchpoints", touchColumns, past.touches) || !insert(b.Context(), w, "signals", signalColumns, past.signals) {
		b.Fatal("not written")
	}
	for b.Loop() {
		now := start.Add(59 * time.Minute)
		p := new(parcel)
		for range 100 {
			p.touches = append(p.touches, touch(now))
		}
		for range 10 {
			p.signals = append(p.signals, judge(now))
		}
		if !w.write(b.Context(), p) {
			b.Fatal("not written")
		}
	}
}

// BenchmarkInsert is a full batch of a backlog: 100,000 touchpoints of one minute, and their counting.
func BenchmarkInsert(b *testing.B) {
	_, conn := migrated(b)
	w := testWriter(conn)
	n := 0
	for b.Loop() {
		p := new(parcel)
		for range 100_000 {
			n++
			p.touches = append(p.touches, newTouchRow(&touchpoint.Touchpoint{
				ID: touchpoint.ID(fmt.Sprint("website:", n)), Channel: touchpoint.Website, Kind: touchpoint.ClickKind, Customer: touchpoint.CustomerID(fmt.Sprint("c", n%20_000)),
				OccurredAt: start.Add(time.Duration(n/100_000) * time.Minute), ReceivedAt: start, Place: touchpoint.Place{Page: "/checkout", Element: "button#pay", ViewID: fmt.Sprint(n)},
				Source: touchpoint.Source{Topic: "touchpoints.website", Offset: int64(n)},
			}))
		}
		if !w.write(b.Context(), p) {
			b.Fatal("not written")
		}
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "touchpoints/s")
}

// BenchmarkCount counts forty busy minutes anew, as in a backlog: 400,000 touchpoints of 20,000 customers in parts that are not merged, 60,000 signals.
func BenchmarkCount(b *testing.B) {
	_, conn := migrated(b)
	w := testWriter(conn)
	rng := rand.New(rand.NewPCG(1, 1))
	const touches, customers, minutes = 400_000, 20_000, 40
	dirty := []int64{}
	for m := range minutes {
		dirty = append(dirty, int64(start.Add(time.Duration(m)*time.Minute))/1000)
	}
	n := 0
	for range 10 {
		p := new(parcel)
		for range touches / 10 {
			n++
			c := rng.IntN(customers)
			t := touchpoint.Touchpoint{
				ID: touchpoint.ID(fmt.Sprintf("website:%08x", rng.Uint32())), Channel: touchpoint.Website, Kind: touchpoint.ClickKind, Customer: touchpoint.CustomerID(fmt.Sprint("cus_", c)),
				OccurredAt: start.Add(time.Duration(rng.IntN(minutes*60_000)) * time.Millisecond), ReceivedAt: start, Place: touchpoint.Place{Page: fmt.Sprint("/page/", rng.IntN(200)), Element: "button#pay", ViewID: fmt.Sprint(n)},
				Source: touchpoint.Source{Topic: "touchpoints.website", Offset: int64(n)}, Duration: touchpoint.Millis(rng.IntN(5000)),
			}
			p.touches = append(p.touches, newTouchRow(&t))
			if rng.IntN(7) == 0 {
				p.signals = append(p.signals, signalRow{revision: uint64(n), Report: signal.Report{Customer: t.Customer, Signal: signal.Signal{
					Name: "rage_click", Family: "friction", Episode: string(t.ID), First: t.OccurredAt, At: t.OccurredAt, Weight: -500, Half: 3600, Channel: t.Channel, Evidence: []touchpoint.ID{t.ID, t.ID + "x", t.ID + "y"},
				}}})
			}
		}
		w.counted = time.Now().Add(time.Hour)
		if !w.write(b.Context(), p) {
			b.Fatal("not written")
		}
	}
	b.ResetTimer()
	for b.Loop() {
		if err := countMinutes(b.Context(), conn, dirty); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(touches)*float64(b.N)/b.Elapsed().Seconds(), "touchpoints/s")
}
