package archive

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kfake"

	"touchwatch/deploy/connect"
	"touchwatch/ingest/stream"
	"touchwatch/ingest/timeline"
	"touchwatch/ingest/touchpoint"
)

// gate is a way to a server that can be shut: connections through it are cut.
type gate struct {
	to string
	l  net.Listener

	mu    sync.Mutex
	shut  bool
	conns []net.Conn
}

func newGate(t *testing.T, to string) *gate {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := &gate{to: to, l: l, shut: true}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			running.Go(func() { g.pass(c) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		g.set(true)
		running.Wait()
	})
	return g
}

func (g *gate) pass(c net.Conn) {
	defer func() { _ = c.Close() }()
	s, err := net.Dial("tcp", g.to)
	if err != nil {
		return
	}
	defer func() { _ = s.Close() }()
	g.mu.Lock()
	shut := g.shut
	g.conns = append(g.conns, c, s)
	g.mu.Unlock()
	if shut {
		return
	}
	var both sync.WaitGroup
	both.Go(func() { _, _ = io.Copy(s, c); _ = s.Close() })
	both.Go(func() { _, _ = io.Copy(c, s); _ = c.Close() })
	both.Wait()
}

// set shuts or opens the gate.
func (g *gate) set(shut bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.shut = shut
	for _, c := range g.conns {
		_ = c.Close()
	}
	g.conns = nil
}

// rig is a broker with the topics, a ClickHouse behind a gate, and an archive between them.
type rig struct {
	t     *testing.T
	kafka *kafka.Client
	opt   Options
	gate  *gate
}

func newRig(t *testing.T) *rig {
	t.Helper()
	c := server(t)
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(2, "customer.timeline"), kfake.SeedTopics(1, "signals", "alerts"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	k := connect.Kafka{Brokers: cluster.ListenAddrs()}
	client, err := k.Client()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { connect.CloseKafka(client) })
	dialer, err := k.Dialer()
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, kafka: client, gate: newGate(t, c.Addrs[0])}
	behind := c
	behind.Addrs = []string{r.gate.l.Addr().String()}
	r.opt = Options{Brokers: k.Brokers, Dialer: dialer, Kafka: client, ClickHouse: behind, Every: 50 * time.Millisecond, Log: quiet, Metrics: NewMetrics(nil)}
	return r
}

// start runs an archive and returns it with what ends it.
func (r *rig) start() (*Archive, func()) {
	a := New(r.opt)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	stop := sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			r.t.Error(err)
		}
	})
	r.t.Cleanup(stop)
	return a, stop
}

func (r *rig) produce(topic string, partition int, values ...[]byte) {
	r.t.Helper()
	records := make([]stream.Record, len(values))
	for i, v := range values {
		records[i] = stream.Record{Time: time.Now(), Value: v}
	}
	if _, err := stream.Produce(r.t.Context(), r.kafka, topic, partition, records); err != nil {
		r.t.Fatal(err)
	}
}

// entry is the wire form of a timeline entry.
func (r *rig) entry(e timeline.Entry) []byte {
	r.t.Helper()
	b, err := timeline.Encode(nil, &e)
	if err != nil {
		r.t.Fatal(err)
	}
	return b
}

func (r *rig) touchpoint(tp *touchpoint.Touchpoint) []byte {
	return r.entry(timeline.Entry{Kind: timeline.Touchpoint, Subject: string(tp.Customer), At: start, Touchpoint: tp})
}

// eventually waits until a condition holds; why says what is still wrong.
func (r *rig) eventually(why func() string) {
	r.t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for {
		wrong := why()
		if wrong == "" {
			return
		}
		if time.Now().After(deadline) {
			r.t.Fatal(wrong)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func TestTheArchiveCatchesUpAfterClickHouseWasAwayAndAfterARestart(t *testing.T) {
	r := newRig(t)
	world := newRandom(9)
	a, stop := r.start()
	r.eventually(func() string {
		if a.Halted() == "" {
			return "nobody says that ClickHouse is away"
		}
		return ""
	})
	for c, segment := range world.segments {
		r.produce("customer.timeline", 0, r.touchpoint(&touchpoint.Touchpoint{
			ID: touchpoint.ID("crm:" + c), Channel: touchpoint.CRM, Kind: touchpoint.ProfileUpdate, Customer: c, Profile: &touchpoint.Profile{Segment: segment},
		}))
	}
	var values [2][][]byte
	for i := range world.touches {
		values[i%2] = append(values[i%2], r.touchpoint(&world.touches[i]))
	}
	values[0] = append(values[0], r.entry(timeline.Entry{Kind: timeline.Timer, Subject: "c1", Timer: &timeline.TimerBody{Name: "wake"}}))
	var reports [][]byte
	for i := range world.rows {
		payload, err := world.rows[i].MarshalMsg(nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, place := range world.rows[i].Signal.Places { // once per place, as the customers' stage does
			reports = append(reports, r.entry(timeline.Entry{
				Kind: timeline.Signal, Subject: place, Payload: payload, Source: touchpoint.Source{Offset: int64(world.rows[i].revision)},
			}))
		}
	}
	half := func(list [][]byte) ([][]byte, [][]byte) { return list[:len(list)/2], list[len(list)/2:] }
	zero1, zero2 := half(values[0])
	one1, one2 := half(values[1])
	signals1, signals2 := half(reports)
	r.produce("customer.timeline", 0, zero1...)
	r.produce("signals", 0, signals1...)
	r.gate.set(false)
	conn := open(t, func() connect.ClickHouse { c := r.opt.ClickHouse; c.Addrs = []string{r.gate.to}; return c }())
	count := func(want int) func() string {
		return func() string {
			var n uint64
			if err := conn.QueryRow(t.Context(), "SELECT count() FROM touchpoints FINAL").Scan(&n); err != nil || n != uint64(want) {
				return fmt.Sprintf("%d of %d touchpoints, %v", n, want, err)
			}
			return ""
		}
	}
	r.eventually(count(len(zero1)))
	r.gate.set(true)
	r.produce("customer.timeline", 1, one1...)
	r.produce("signals", 0, signals2...)
	r.eventually(func() string {
		if a.Halted() == "" {
			return "nobody says that ClickHouse is away again"
		}
		return ""
	})
	lags := testutil.CollectAndCount(r.opt.Metrics.behind)
	stop() // while rows wait
	if n := testutil.CollectAndCount(r.opt.Metrics.behind); n != 0 || lags == 0 {
		t.Errorf("the lag of %d partitions was exported, and of %d by who reads none", lags, n)
	}
	r.gate.set(false)
	a, _ = r.start()
	r.produce("customer.timeline", 1, one2...)
	r.produce("customer.timeline", 0, zero2...)
	r.eventually(count(len(world.touches)))
	want := world.want()
	r.eventually(func() string {
		if len(groups(t, conn)) != len(want) || a.Halted() != "" {
			return fmt.Sprintf("%d of %d groups, halted %q", len(groups(t, conn)), len(want), a.Halted())
		}
		return ""
	})
	r.eventually(func() string { // the last signals may still be on their way
		sum := func(list []Group) (n int64) {
			for _, g := range list {
				n += g.ScoreSum + g.Negatives
			}
			return n
		}
		if got, want := sum(groups(t, conn)), sum(want); got != want {
			return fmt.Sprintf("sum of scores and negatives %d, want %d", got, want)
		}
		return ""
	})
	expectGroups(t, groups(t, conn), want)
	r.eventually(r.committed)
}

// committed says which partition's offset is not committed to its end.
func (r *rig) committed() string {
	wanted := map[string][]int{"customer.timeline": {0, 1}, "signals": {0}}
	res, err := r.kafka.OffsetFetch(r.t.Context(), &kafka.OffsetFetchRequest{GroupID: "touchwatch.archive", Topics: wanted})
	if err != nil {
		return err.Error()
	}
	for topic, list := range res.Topics {
		for _, p := range list {
			if _, last, err := stream.Bounds(r.t.Context(), r.kafka, topic, p.Partition); err != nil || p.CommittedOffset != last {
				return fmt.Sprintf("%s/%d is committed to %d of %d, %v", topic, p.Partition, p.CommittedOffset, last, err)
			}
		}
	}
	return ""
}

func TestAlertsKeepTheirLatestVersionWhateverTheOrder(t *testing.T) {
	r := newRig(t)
	r.gate.set(false)
	r.start()
	alert := func(version int, phase string) []byte {
		b, err := json.Marshal(map[string]any{
			"id": "a1", "version": version, "rule": "score_low", "title": "It's bad", "severity": "high", "phase": phase, "since": start, "updated_at": start,
			"subject": map[string]any{"kind": "customer", "id": "cus_1", "segment": "vip"}, "reason": "score 31\n\nbelow 40", "channels": []string{"chat", "call"},
			"evidence": []map[string]any{{"touchpoint": "chat:1", "at": start}}, "score": 31.5, "labels": map[string]string{"team": "support"}, "unknown": 1,
		})
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	r.produce("alerts", 0, alert(1, "pending"), alert(3, "resolved"), alert(2, "firing"))
	c := r.opt.ClickHouse
	c.Addrs = []string{r.gate.to}
	conn := open(t, c)
	r.eventually(func() string {
		var phase, subject, reason, body string
		var channels, evidence []string
		var labels map[string]string
		err := conn.QueryRow(t.Context(), "SELECT phase, subject, reason, channels, evidence, labels, body FROM alerts FINAL").
			Scan(&phase, &subject, &reason, &channels, &evidence, &labels, &body)
		if err != nil || phase != "resolved" || subject != "cus_1" || reason != "score 31\n\nbelow 40" || !slices.Equal(channels, []string{"chat", "call"}) ||
			!slices.Equal(evidence, []string{"chat:1"}) || labels["team"] != "support" || body != string(alert(3, "resolved")) {
			return fmt.Sprintf("%s %s %q %v %v %v %s %v", phase, subject, reason, channels, evidence, labels, body, err)
		}
		return ""
	})
}

func TestARecordOfANewerProgramStopsItsPartitionAndNoOther(t *testing.T) {
	r := newRig(t)
	r.gate.set(false)
	a, _ := r.start()
	tp := func(id string) []byte {
		return r.touchpoint(&touchpoint.Touchpoint{ID: touchpoint.ID(id), Channel: touchpoint.Chat, Customer: "c", OccurredAt: start, ReceivedAt: start})
	}
	newer := append([]byte{timeline.Version + 1}, tp("later")[1:]...)
	r.produce("customer.timeline", 0, tp("before"), newer, tp("after"))
	r.produce("customer.timeline", 1, tp("beside"))
	c := r.opt.ClickHouse
	c.Addrs = []string{r.gate.to}
	conn := open(t, c)
	r.eventually(func() string {
		var ids []string
		err := conn.QueryRow(t.Context(), "SELECT arraySort(groupUniqArray(id)) FROM touchpoints").Scan(&ids)
		if err != nil || !slices.Equal(ids, []string{"before", "beside"}) || !strings.Contains(a.Halted(), "customer.timeline/0") {
			return fmt.Sprintf("archived %v, %v, halted %q", ids, err, a.Halted())
		}
		return ""
	})
	if got := a.HaltedPartitions(); !slices.Equal(got, []string{"customer.timeline/0"}) {
		t.Errorf("halted are %v", got)
	}
}
