package stream

import (
	"context"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"

	"touchwatch/deploy/embedded/twin"
)

const groupPartitions = 4

// member is one process of a group that reads whole partitions and writes down what it saw.
type member struct {
	w    *world
	name string
	log  *journal
	stop func()
}

// journal is what all members saw and committed.
type journal struct {
	mu    sync.Mutex
	seen  map[string]int   // value → how often
	by    map[string]int   // member → records
	holds map[string][]int // member → partitions of its current generation
	gen   map[string]int32 // member → its latest generation
}

func newJournal() *journal {
	return &journal{seen: map[string]int{}, by: map[string]int{}, holds: map[string][]int{}, gen: map[string]int32{}}
}

func (j *journal) saw(name string, records []Record) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, r := range records {
		j.seen[string(r.Value)]++
		j.by[name]++
	}
}

// hold notes that a member has taken or given up a partition.
func (j *journal) hold(name string, partition int, taken bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if taken {
		j.holds[name] = append(j.holds[name], partition)
		return
	}
	for i, p := range j.holds[name] {
		if p == partition {
			j.holds[name] = append(j.holds[name][:i], j.holds[name][i+1:]...)
			return
		}
	}
}

func (j *journal) held(name string) int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return len(j.holds[name])
}

func (j *journal) entered(name string, generation int32) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.gen[name] = generation
}

func (j *journal) generation(name string) int32 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.gen[name]
}

func (j *journal) count() (distinct int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return len(j.seen)
}

// join runs a member; its stop ends it in order and waits.
func (w *world) join(group, name string, log *journal) *member {
	m := &member{w: w, name: name, log: log}
	g := &Group{ID: group, Brokers: w.Brokers, Client: w.Client, Topics: []string{w.topic}, Session: 6 * time.Second, Log: slog.New(slog.DiscardHandler), Work: m.work, look: 200 * time.Millisecond}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- g.Run(ctx) }()
	m.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			w.t.Error(err)
		}
	})
	w.t.Cleanup(m.stop)
	return m
}

// work reads a partition on from what the group committed.
func (m *member) work(ctx context.Context, a Assignment, commit func(int64)) {
	m.log.entered(m.name, a.Generation)
	m.log.hold(m.name, a.Partition, true)
	defer m.log.hold(m.name, a.Partition, false)
	next := max(a.Committed, 0)
	for ctx.Err() == nil {
		b, err := m.w.fetcher(a.Partition).Fetch(ctx, next)
		if err != nil {
			continue
		}
		m.log.saw(m.name, b.Records)
		next = b.Next
		commit(next)
	}
}

// committed asks the broker for the group's offsets; −1 where there is none.
func (w *world) committed(group string) map[int]int64 {
	w.t.Helper()
	all := make([]int, groupPartitions)
	for p := range all {
		all[p] = p
	}
	res, err := w.Client.OffsetFetch(context.Background(), &kafka.OffsetFetchRequest{GroupID: group, Topics: map[string][]int{w.topic: all}})
	if err != nil {
		return nil // the coordinator moves; asked again soon
	}
	offsets := map[int]int64{}
	for _, p := range res.Topics[w.topic] {
		offsets[p.Partition] = p.CommittedOffset
	}
	return offsets
}

// until waits for a condition that the group brings about.
func (w *world) until(what string, check func() bool) {
	w.t.Helper()
	for deadline := time.Now().Add(time.Minute); !check(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			w.t.Fatalf("not within a minute: %s", what)
		}
	}
}

func TestMembersComeAndGoAndNothingIsLost(t *testing.T) {
	w := newWorld(t, groupPartitions)
	group, log := twin.Unique("members"), newJournal()
	written := 0
	write := func(n int) {
		for range n {
			w.ours(written%groupPartitions, strconv.Itoa(written))
			written++
		}
	}
	sampled := w.sampleCommits(group)

	first := w.join(group, "first", log)
	write(40)
	w.until("one member reads everything", func() bool { return log.count() == written && log.held("first") == groupPartitions })
	w.join(group, "second", log)
	w.until("two members share", func() bool { return log.held("first") == 2 && log.held("second") == 2 })
	write(40)
	w.until("both read on", func() bool { return log.count() == written })
	write(20)
	first.stop()
	write(40)
	w.until("who stays reads everything", func() bool { return log.count() == written && log.held("second") == groupPartitions })
	w.until("everything is committed", func() bool {
		sum := int64(0)
		for _, offset := range w.committed(group) {
			sum += max(offset, 0)
		}
		return sum == int64(written)
	})
	if err := sampled(); err != nil {
		t.Error(err)
	}
	if log.by["second"] < 40 {
		t.Errorf("the second member read %d records: the partitions were not shared", log.by["second"])
	}
}

// A member that is told to stop must not join once more before it leaves: the broker answers that only when all others have joined as well, and a
// process that cannot wait so long would leave without a word, its partitions unread until its session ends.
func TestAMemberThatStopsDoesNotJoinAgain(t *testing.T) {
	w := newWorld(t, groupPartitions)
	group, log := twin.Unique("stops"), newJournal()
	first := w.join(group, "first", log)
	w.until("one member holds everything", func() bool { return log.held("first") == groupPartitions })
	w.join(group, "second", log)
	w.until("two members share", func() bool { return log.held("first") == 2 && log.held("second") == 2 })
	shared := log.generation("second")
	first.stop()
	w.until("who stays holds everything", func() bool { return log.held("second") == groupPartitions })
	if got := log.generation("second"); got != shared+1 {
		t.Errorf("the group went from generation %d to %d, want one more only: who stops leaves", shared, got)
	}
}

// sampleCommits watches the group's offsets until it is called: they may only rise.
func (w *world) sampleCommits(group string) (stop func() error) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		highest, samples := map[int]int64{}, 0
		for Sleep(ctx, 20*time.Millisecond) {
			for p, offset := range w.committed(group) {
				if offset < highest[p] && offset >= 0 {
					done <- fmt.Errorf("the commit of partition %d went back from %d to %d", p, highest[p], offset)
					return
				}
				highest[p] = max(highest[p], offset)
				samples++
			}
		}
		if samples < 20 {
			done <- fmt.Errorf("only %d samples of commits were taken", samples)
			return
		}
		done <- nil
	}()
	return func() error { cancel(); return <-done }
}

func TestPartitionsThatAreAddedGetAReader(t *testing.T) {
	w := newWorld(t, groupPartitions)
	transport := &kafka.Transport{MetadataTTL: 100 * time.Millisecond}
	t.Cleanup(transport.CloseIdleConnections)
	w.Client = &kafka.Client{Addr: w.Client.Addr, Transport: transport}
	group, log := twin.Unique("added"), newJournal()
	w.join(group, "first", log)
	w.join(group, "second", log)
	w.until("two members share", func() bool { return log.held("first") == 2 && log.held("second") == 2 })
	res, err := w.Client.CreatePartitions(t.Context(), &kafka.CreatePartitionsRequest{Topics: []kafka.TopicPartitionsConfig{{Name: w.topic, Count: groupPartitions + 2}}})
	if err == nil {
		err = res.Errors[w.topic]
	}
	if err != nil {
		t.Fatal(err)
	}
	w.until("they share the new ones as well", func() bool { return log.held("first") == 3 && log.held("second") == 3 })
	w.until("the client knows them", func() bool {
		there, err := w.Client.Metadata(t.Context(), &kafka.MetadataRequest{Topics: []string{w.topic}})
		return err == nil && len(there.Topics[0].Partitions) == groupPartitions+2
	})
	w.ours(groupPartitions, "a")
	w.ours(groupPartitions+1, "b")
	w.until("they are read", func() bool { return log.count() == 2 })
}

func TestAPartitionWithoutAReaderIsFound(t *testing.T) {
	w := newWorld(t, 2)
	other := w.Topic("unread", 2, nil)
	group, log := twin.Unique("unread"), newJournal()
	w.join(group, "first", log)
	w.until("it reads", func() bool { return log.held("first") == 2 })
	g := &Group{ID: group, Client: w.Client, Topics: []string{w.topic}, Log: slog.New(slog.DiscardHandler)}
	w.until("both have a reader", func() bool {
		_, _, found, err := g.unread(t.Context())
		return !found && err == nil
	})
	g.Topics = append(g.Topics, other)
	topic, _, found, err := g.unread(t.Context())
	if !found || topic != other || err != nil {
		t.Errorf("of a topic that nobody reads: found %s %v, %v", topic, found, err)
	}
	g.ID = twin.Unique("nobody")
	if _, _, found, err := g.unread(t.Context()); found || err != nil {
		t.Errorf("a group that there is not: found %v, %v; its members are about to come", found, err)
	}
}

func TestAMemberThatComesBackGoesOnWhereTheGroupWas(t *testing.T) {
	w := newWorld(t, groupPartitions)
	group, log := twin.Unique("again"), newJournal()
	m := w.join(group, "m", log)
	for i := range 8 {
		w.ours(i%groupPartitions, strconv.Itoa(i))
	}
	w.until("all read", func() bool { return log.count() == 8 })
	m.stop() // commits what was not committed yet
	sum := int64(0)
	for _, offset := range w.committed(group) {
		sum += offset
	}
	if sum != 8 {
		t.Fatalf("after leaving, the committed offsets add up to %d, want 8: %v", sum, w.committed(group))
	}
	again := newJournal()
	w.join(group, "m2", again)
	w.ours(0, "new")
	w.until("the new record is read", func() bool { return again.count() > 0 })
	w.until("all partitions are held", func() bool { return again.held("m2") == groupPartitions })
	again.mu.Lock()
	defer again.mu.Unlock()
	if again.seen["new"] != 1 || len(again.seen) != 1 {
		t.Errorf("after a restart it read %v, want only what is new", again.seen)
	}
}

func TestAGroupWithoutABrokerWaitsAndEnds(t *testing.T) {
	lines := make(chan string, 100)
	g := Group{ID: "none", Brokers: []string{"127.0.0.1:1"}, Topics: []string{"none"}, Log: slog.New(lineHandler{lines}), Work: func(context.Context, Assignment, func(int64)) { t.Error("worked without a broker") }}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- g.Run(ctx) }()
	if got := <-lines; got != "waiting for the consumer group" {
		t.Errorf("logged %q", got)
	}
	select {
	case err := <-done:
		t.Fatalf("gave up: %v", err)
	case got := <-lines:
		t.Errorf("logged again: %q; want one line per change", got)
	case <-time.After(2 * time.Second): // several tries later
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// lineHandler hands on what is logged.
type lineHandler struct{ lines chan<- string }

func (lineHandler) Enabled(context.Context, slog.Level) bool { return true }
func (h lineHandler) WithAttrs([]slog.Attr) slog.Handler     { return h }
func (h lineHandler) WithGroup(string) slog.Handler          { return h }
func (h lineHandler) Handle(_ context.Context, r slog.Record) error {
	h.lines <- r.Message
	return nil
}

func TestOffsetsKeepWhatIsNewerThanAFailedCommit(t *testing.T) {
	o := &offsets{next: map[string]map[int]int64{}}
	o.set("t", 0, 5)
	o.set("t", 1, 7)
	failed := o.take()
	if len(o.take()) != 0 {
		t.Error("taken twice")
	}
	o.set("t", 0, 9)
	o.putBack(failed)
	got := o.take()
	if got["t"][0] != 9 || got["t"][1] != 7 {
		t.Errorf("got %v, want partition 0 at 9 and 1 at 7", got)
	}
}

func TestHaltsNameWhatStandsStill(t *testing.T) {
	var h Halts
	if h.String() != "" {
		t.Errorf("empty: %q", h.String())
	}
	h.Set("b/0", "b stands")
	h.Set("a/0", "a stands")
	h.Set("a/0", "a still stands")
	if got := h.String(); got != "a still stands; b stands" {
		t.Errorf("got %q", got)
	}
	h.Clear("a/0")
	h.Clear("never")
	if got := h.String(); got != "b stands" {
		t.Errorf("got %q", got)
	}
}
