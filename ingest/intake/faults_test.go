package intake

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"touchwatch/ingest/timeline"
	"touchwatch/ingest/touchpoint"
)

// known is a page view of a customer whom everybody knows.
func known(id int, customer string) string {
	return fmt.Sprintf(`{"id":"v%d","type":"page_view","page":"/cart","occurred_at":"2026-11-03T09:14:27Z","customer":{"id":%q}}`, id, customer)
}

// apart are two customers whose entries go to different partitions of the timeline.
func apart() (one, other string) {
	one = "cus_1"
	for i := 2; ; i++ {
		if other = fmt.Sprintf("cus_%d", i); timeline.Partition(other, partitions) != timeline.Partition(one, partitions) {
			return one, other
		}
	}
}

// refuse makes the broker refuse writes to a customer's partition of the timeline, so many times or, with −1, until it is removed.
func (w *world) refuse(customer string, times int) *kfake.FaultHandle {
	return w.kafka.Cluster.Fault(kfake.Fault{
		Keys: []kmsg.Key{kmsg.Produce}, Topic: w.entries, Partitions: []int32{int32(timeline.Partition(customer, partitions))},
		Err: kerr.NotLeaderForPartition, Count: times,
	})
}

// ids are the touchpoints of a customer in the order of the timeline.
func (w *world) ids(customer string) []touchpoint.ID {
	var all []touchpoint.ID
	for _, e := range w.timeline() {
		if e.Subject == customer {
			all = append(all, e.Touchpoint.ID)
		}
	}
	return all
}

func TestNothingLaterIsSentBeforeABatchThatFailed(t *testing.T) {
	w := newWorld(t)
	w.kafka.NeedsFaults()
	one, other := apart()
	fault := w.kafka.Cluster.Fault(kfake.Fault{ // only the first batch is refused: whatever else is sent would be taken
		Keys: []kmsg.Key{kmsg.Produce}, Topic: w.entries, Partitions: []int32{int32(timeline.Partition(one, partitions))}, Err: kerr.NotLeaderForPartition, Count: -1,
		When: func(r kmsg.Request) bool {
			p, ok := r.(*kmsg.ProduceRequest)
			return ok && slices.ContainsFunc(p.Topics[0].Partitions, func(b kmsg.ProduceRequestTopicPartition) bool {
				return bytes.Contains(b.Records, []byte("website:v1"))
			})
		},
	})
	stop := w.start()
	defer stop()
	w.send(w.website, `{"events":[`+known(1, one)+`,`+known(2, other)+`]}`)
	w.until("the write for one partition fails, the other succeeds", func() bool { return fault.Hits() > 0 && len(w.ids(other)) == 1 })
	w.send(w.website, known(3, one), known(4, other))
	hits := fault.Hits()
	w.until("it is tried again and again", func() bool { return fault.Hits() >= hits+5 })
	fault.Remove()
	w.until("all in the timeline", func() bool { return len(w.ids(one)) >= 2 && len(w.ids(other)) >= 2 })
	if got := fmt.Sprint(w.ids(one)); got != "[website:v1 website:v3]" {
		t.Errorf("order after a failed write: %s", got)
	}
	if got := fmt.Sprint(w.ids(other)); got != "[website:v2 website:v4]" {
		t.Errorf("order beside a failed write: %s", got)
	}
}

func TestAPlanThatWasSentInPartIsSentWholeAfterARestart(t *testing.T) {
	w := newWorld(t)
	w.kafka.NeedsFaults()
	one, other := apart()
	fault := w.refuse(one, -1)
	stop := w.start()
	w.send(w.website, `{"events":[`+known(1, one)+`,`+known(2, other)+`,`+known(3, one)+`]}`)
	w.until("one partition has its part, the other not", func() bool { return fault.Hits() > 0 && len(w.ids(other)) == 1 })
	stop()
	fault.Remove()
	if got := w.ids(one); len(got) != 0 {
		t.Fatalf("the write was not refused: %v", got)
	}
	stop = w.start()
	defer stop()
	w.until("the rest is sent after the restart", func() bool { return len(w.ids(one)) == 2 })
	at := map[touchpoint.ID]touchpoint.Millis{}
	for _, e := range w.timeline() { // v2 may be there twice, and then as the same entry
		if before, ok := at[e.Touchpoint.ID]; ok && before != e.At {
			t.Errorf("%s was received at %d and at %d", e.Touchpoint.ID, before, e.At)
		}
		at[e.Touchpoint.ID] = e.At
	}
}

func TestAWriteThatTimedOutAndIsInTheLogLosesNothing(t *testing.T) {
	w := newWorld(t)
	w.kafka.NeedsFaults()
	fault := w.kafka.Cluster.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Topic: w.entries, Err: kerr.RequestTimedOut})
	stop := w.start()
	defer stop()
	w.send(w.website, known(1, "cus_1"))
	w.until("the write is in the log twice", func() bool { return fault.Hits() == 1 && len(w.ids("cus_1")) == 2 })
	all := w.timeline()
	if all[0].Source != all[1].Source || all[0].At != all[1].At {
		t.Errorf("the repeat is another entry: %+v and %+v", all[0].Source, all[1].Source)
	}
}

func TestAClockThatJumpsDoesNotTakeReceiptBack(t *testing.T) {
	w := newWorld(t)
	var jump atomic.Int64
	stop := w.startAs(func(o *Options) { o.Now = func() time.Time { return time.Now().Add(time.Duration(jump.Load())) } })
	defer stop()
	for i, by := range []time.Duration{0, 3 * time.Hour, -3 * time.Hour} {
		jump.Store(int64(by))
		w.send(w.website, known(i, "cus_1"))
		w.until("the touchpoint is in the timeline", func() bool { return len(w.ids("cus_1")) == i+1 })
	}
	last := touchpoint.Millis(0)
	for _, e := range w.timeline() {
		if e.At <= last {
			t.Errorf("%s was received at %d, the one before it at %d", e.Touchpoint.ID, e.At, last)
		}
		last = e.At
	}
	upTo := func() touchpoint.Millis {
		at, _, err := ReadProgress(context.Background(), w.redis, []string{w.website}, map[string]int{w.website: 1})
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	jump.Store(0)
	before := upTo()
	w.until("progress goes on", func() bool { return upTo() != before })
}
