package intake

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"

	"touchwatch/deploy/connect"
	"touchwatch/ingest/stream"
)

// deleteBefore deletes records of a raw partition as retention does.
func (w *world) deleteBefore(topic string, offset int64) {
	w.t.Helper()
	cut := kadm.Offsets{}
	cut.Add(kadm.Offset{Topic: topic, Partition: 0, At: offset, LeaderEpoch: -1})
	res, err := w.kafka.Admin().DeleteRecords(context.Background(), cut)
	if err != nil || res.Error() != nil {
		w.t.Fatal(err, res.Error())
	}
}

// recreate deletes a raw topic and creates it anew, empty.
func (w *world) recreate(topic string) {
	w.t.Helper()
	if _, err := w.kafka.Admin().DeleteTopics(context.Background(), topic); err != nil {
		w.t.Fatal(err)
	}
	w.until("the topic is there anew", func() bool {
		err := connect.EnsureTopics(context.Background(), w.client, []connect.Topic{{Name: topic, Partitions: 1, Replication: 1}})
		if err != nil {
			return false
		}
		first, last, err := stream.Bounds(context.Background(), w.client, topic, 0)
		return err == nil && first == 0 && last == 0
	})
}

// position is where a raw partition stands, as the command that accepts sees it.
func (w *world) position(topic string) (from, to int64, known bool) {
	w.t.Helper()
	from, to, known, err := Position(context.Background(), w.redis, topic, 0)
	if err != nil {
		w.t.Fatal(err)
	}
	return from, to, known
}

// accept does what `touchwatch topics accept` does.
func (w *world) accept(topic string) int32 {
	w.t.Helper()
	first, _, err := stream.Bounds(context.Background(), w.client, topic, 0)
	if err != nil {
		w.t.Fatal(err)
	}
	epoch, err := Accept(context.Background(), w.redis, topic, 0, first)
	if err != nil {
		w.t.Fatal(err)
	}
	return epoch
}

// take runs the stage until n entries are in the timeline and all raw partitions are confirmed that far.
func (w *world) take(n int) {
	w.t.Helper()
	stop := w.start()
	defer stop()
	w.until(fmt.Sprintf("%d entries in the timeline", n), func() bool { return len(w.timeline()) >= n })
	w.until("confirmed", func() bool {
		_, last, err := stream.Bounds(context.Background(), w.client, w.website, 0)
		from, to, _ := w.position(w.website)
		return err == nil && from == to && to == last
	})
}

// haltedUntilAccepted checks that the partition stands still with a reason that holds why and names the command, that nothing was read
// meanwhile, and that accepting heals it.
func (w *world) haltedUntilAccepted(why string, before int) {
	w.t.Helper()
	stop := w.start()
	w.until("the partition says why it stands still", func() bool { return w.stage.Halted() != "" })
	got := w.stage.Halted()
	for _, part := range []string{why, "touchwatch topics accept " + w.website + " 0", "topic " + w.website + " partition 0"} {
		if !strings.Contains(got, part) {
			w.t.Errorf("the reason %q does not say %q", got, part)
		}
	}
	if n := len(w.timeline()); n != before {
		w.t.Errorf("%d entries while it was to stand still, want %d", n, before)
	}
	stop()
	if got := w.stage.Halted(); got != "" {
		w.t.Errorf("a process that gave the partition back still says: %s", got)
	}
	if epoch := w.accept(w.website); epoch != 1 {
		w.t.Errorf("new epoch: got %d, want 1", epoch)
	}
	defer w.start()()
	w.until("reading goes on", func() bool { return len(w.timeline()) > before })
	if got := w.stage.Halted(); got != "" {
		w.t.Errorf("after accepting it still says: %s", got)
	}
}

func TestRecordsDeletedUnreadStopThePartitionUntilAPersonAccepts(t *testing.T) {
	w := newWorld(t)
	w.send(w.website, fmt.Sprintf(byCookie, 1), fmt.Sprintf(byCookie, 2))
	w.take(2)
	w.send(w.website, fmt.Sprintf(byCookie, 3), fmt.Sprintf(byCookie, 4))
	w.deleteBefore(w.website, 3)
	w.haltedUntilAccepted("deleted by retention", 2)
	e := byID(w.timeline(), "website:v4")
	if e == nil || e.Source.Epoch != 1 || e.Source.Offset != 3 {
		t.Errorf("what is left: got %+v, want the record at offset 3 under epoch 1", e)
	}
	if byID(w.timeline(), "website:v3") != nil {
		t.Error("a deleted record was read")
	}
}

func TestATopicCreatedAnewStopsThePartitionUntilAPersonAccepts(t *testing.T) {
	w := newWorld(t)
	w.send(w.website, fmt.Sprintf(byCookie, 1), fmt.Sprintf(byCookie, 2))
	w.take(2)
	w.recreate(w.website)
	w.send(w.website, fmt.Sprintf(byCookie, 3))
	w.haltedUntilAccepted("created anew or truncated", 2)
	e := byID(w.timeline(), "website:v3")
	if e == nil || e.Source.Epoch != 1 || e.Source.Offset != 0 {
		t.Errorf("the new topic's record: got %+v, want offset 0 under epoch 1", e)
	}
}

func TestAcceptKeepsRisingAndTakesThePartitionFromAWorkerAtWork(t *testing.T) {
	w := newWorld(t)
	if _, _, known := w.position(w.website); known {
		t.Error("a partition that was never read has a position")
	}
	w.send(w.website, fmt.Sprintf(byCookie, 1))
	w.take(1)
	before := w.timeline()[0].At
	if from, to, known := w.position(w.website); !known || from != 1 || to != 1 {
		t.Errorf("position: got %d to %d %v, want 1", from, to, known)
	}
	stop := w.start()
	defer stop()
	w.until("a worker holds the partition", func() bool {
		return w.redis.HGet(context.Background(), LedgerKey(w.website, 0), "token").Val() != ""
	})
	for want := int32(1); want <= 3; want++ {
		if epoch := w.acceptAgain(); epoch != want {
			t.Fatalf("epoch: got %d, want %d", epoch, want)
		}
	}
	w.until("the worker reads again under the new epoch", func() bool { return w.latestEpoch() == 3 })
	for _, e := range w.timeline() {
		if e.Source.Epoch > 0 && e.At <= before {
			t.Errorf("received at %d under epoch %d, before what epoch 0 received at %d", e.At, e.Source.Epoch, before)
		}
	}
}

// acceptAgain repeats Accept while the worker's own writes get in its way.
func (w *world) acceptAgain() (epoch int32) {
	w.t.Helper()
	w.until("accepted", func() bool {
		var err error
		epoch, err = Accept(context.Background(), w.redis, w.website, 0, 0)
		if err != nil && !strings.Contains(err.Error(), "try again") {
			w.t.Fatal(err)
		}
		return err == nil
	})
	return epoch
}

func (w *world) latestEpoch() int32 {
	latest := int32(0)
	for _, e := range w.timeline() {
		latest = max(latest, e.Source.Epoch)
	}
	return latest
}

func TestAPlanThatIsNoLongerInTheLogStopsThePartition(t *testing.T) {
	w := newWorld(t)
	w.send(w.website, fmt.Sprintf(byCookie, 1))
	body := `{"from":0,"to":3,"received_at":1800000000000,"customers":["cus_1","cus_1","cus_1"]}`
	if err := w.redis.HSet(context.Background(), LedgerKey(w.website, 0), "plan", body, "done", "0").Err(); err != nil {
		t.Fatal(err)
	}
	if from, to, known := w.position(w.website); !known || from != 0 || to != 3 {
		t.Errorf("position of an unfinished plan: got %d to %d %v, want 0 to 3", from, to, known)
	}
	w.haltedUntilAccepted("created anew or truncated", 0)
}
