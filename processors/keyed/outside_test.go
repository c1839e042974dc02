package keyed

import (
	"context"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"

	"touchwatch/deploy/connect"
	"touchwatch/ingest/stream"
	"touchwatch/ingest/timeline"
)

// applied runs a runtime until a subject's entries are applied, and stops it.
func (w *world) applied(subject string, n int) {
	w.t.Helper()
	stop := w.start()
	defer stop()
	w.until("all applied", func() bool { s := w.state(subject); return s != nil && s.N == n })
}

// standsStill checks that a subject's partition halts with a reason that holds why and names the command, and that its state stays as it was.
func (w *world) standsStill(subject, why string, n int) {
	w.t.Helper()
	stop := w.start()
	w.until("the partition says why it stands still", func() bool { return w.runtime.Halted() != "" })
	got := w.runtime.Halted()
	for _, part := range []string{why, "topic " + w.entries, "touchwatch rebuild redis --from-retained"} {
		if !strings.Contains(got, part) {
			w.t.Errorf("the reason %q does not say %q", got, part)
		}
	}
	a := stream.Assignment{Topic: w.entries, Partition: timeline.Partition(subject, partitions)}
	if halted := w.runtime.HaltedPartitions(); len(halted) != 1 || halted[0] != a.Name() {
		w.t.Errorf("halted are %v, want %s", halted, a.Name())
	}
	if s := w.state(subject); s.N != n {
		w.t.Errorf("%d entries applied while it was to stand still, want %d", s.N, n)
	}
	stop()
	if halted := w.runtime.HaltedPartitions(); len(halted) != 0 {
		w.t.Errorf("a process that gave its partitions back still says that %v stand still", halted)
	}
}

func TestEntriesDeletedUnreadStopThePartitionAndNameTheCommand(t *testing.T) {
	w := newWorld(t)
	w.append([]string{"cus_1"}, 0, 5)
	w.applied("cus_1", 1)
	for offset := range int64(3) {
		w.append([]string{"cus_1"}, offset+1, 5)
	}
	cut := kadm.Offsets{}
	cut.Add(kadm.Offset{Topic: w.entries, Partition: int32(timeline.Partition("cus_1", partitions)), At: 3, LeaderEpoch: -1})
	if res, err := w.kafka.Admin().DeleteRecords(context.Background(), cut); err != nil || res.Error() != nil {
		t.Fatal(err, res.Error())
	}
	w.standsStill("cus_1", "deleted by retention", 1)
}

func TestATimelineCreatedAnewStopsThePartitionAndNamesTheCommand(t *testing.T) {
	w := newWorld(t)
	for offset := range int64(3) {
		w.append([]string{"cus_1"}, offset, 5)
	}
	w.applied("cus_1", 3)
	if _, err := w.kafka.Admin().DeleteTopics(context.Background(), w.entries); err != nil {
		t.Fatal(err)
	}
	w.until("the topic is there anew", func() bool {
		if connect.EnsureTopics(context.Background(), w.client, []connect.Topic{{Name: w.entries, Partitions: partitions, Replication: 1}}) != nil {
			return false
		}
		_, last, err := stream.Bounds(context.Background(), w.client, w.entries, timeline.Partition("cus_1", partitions))
		return err == nil && last == 0
	})
	w.append([]string{"cus_1"}, 3, 5)
	w.standsStill("cus_1", "created anew or truncated", 3)
}
