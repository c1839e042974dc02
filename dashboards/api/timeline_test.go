package api

import (
	"context"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kfake"

	"touchwatch/alerts/alert"
	"touchwatch/alerts/hub"
	"touchwatch/ingest/stream"
	"touchwatch/ingest/timeline"
	"touchwatch/processors/episode"
)

func TestAnActionStandsInThePartitionOfItsSubject(t *testing.T) {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(partitions, "customer.timeline"))
	if err != nil {
		t.Fatal(err)
	}
	defer cluster.Close()
	transport := &kafka.Transport{}
	defer transport.CloseIdleConnections()
	client := &kafka.Client{Addr: kafka.TCP(cluster.ListenAddrs()...), Timeout: 10 * time.Second, Transport: transport}
	log := &KafkaTimeline{Client: client, Topic: "customer.timeline", Partitions: partitions}
	ctx := context.Background()
	for _, subject := range []string{"cus_1", "cus_2", "cus_3", "cus_4"} {
		e := timeline.Entry{Kind: timeline.Action, Subject: subject, At: noon, ID: "action/" + subject, Action: &timeline.ActionBody{Verb: "resolve", Alert: "a", By: "kim"}}
		if err := log.Append(ctx, e); err != nil {
			t.Fatal(err)
		}
	}
	found := map[string]bool{}
	for p := range partitions {
		_, end, err := stream.Bounds(ctx, client, "customer.timeline", p)
		if err != nil {
			t.Fatal(err)
		}
		f := stream.Fetcher{Client: client, Topic: "customer.timeline", Partition: p, MaxBytes: 1 << 20, MaxWait: time.Second}
		for next := int64(0); next < end; {
			batch, err := f.Fetch(ctx, next)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range batch.Records {
				e, err := timeline.Decode(r.Value)
				if err != nil {
					t.Fatal(err)
				}
				if string(r.Key) != e.Subject || timeline.Partition(e.Subject, partitions) != p || e.Action.By != "kim" {
					t.Errorf("partition %d key %s holds %+v", p, r.Key, e)
				}
				found[e.Subject] = true
			}
			next = batch.Next
		}
	}
	if len(found) != 4 {
		t.Errorf("found %v", found)
	}
}

func TestAnActionWithoutABrokerIsAnError(t *testing.T) {
	transport := &kafka.Transport{}
	defer transport.CloseIdleConnections()
	log := &KafkaTimeline{Client: &kafka.Client{Addr: kafka.TCP("127.0.0.1:1"), Timeout: time.Second, Transport: transport}, Topic: "customer.timeline", Partitions: 1}
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	if err := log.Append(ctx, timeline.Entry{Kind: timeline.Action, Subject: "s", ID: "action/1"}); err == nil || !strings.Contains(err.Error(), "action/1") {
		t.Errorf("got %v", err)
	}
}

// The socket works through everything that stands in front of it, and outlives the server's time-outs for requests.
func TestTheSocketWorksThroughTheServer(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	board := hub.New(hub.Options{})
	ran := make(chan struct{})
	go func() { defer close(ran); board.Run(ctx) }()
	r := newRig(t, func(o *Options) { o.Live = board })
	server := NewServer(r.api, r.api.opt.Log)
	server.WriteTimeout, server.ReadTimeout = 50*time.Millisecond, 50*time.Millisecond
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan struct{})
	go func() { defer close(served); _ = server.Serve(listener) }()
	c, _, err := websocket.DefaultDialer.Dial("ws://"+listener.Addr().String()+livePath, http.Header{"Origin": {"http://" + listener.Addr().String()}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if err := c.WriteJSON(hub.Request{Type: "subscribe"}); err != nil {
		t.Fatal(err)
	}
	var m hub.Message
	_ = c.SetReadDeadline(time.Now().Add(20 * time.Second))
	if err := c.ReadJSON(&m); err != nil || m.Type != "snapshot" {
		t.Fatalf("got %+v %v", m, err)
	}
	for began := time.Now(); time.Since(began) < 120*time.Millisecond; {
		if err := c.WriteJSON(hub.Request{Type: "ping"}); err != nil {
			t.Fatal(err)
		}
		if err := c.ReadJSON(&m); err != nil || m.Type != "pong" {
			t.Fatalf("got %+v %v", m, err)
		}
		time.Sleep(5 * time.Millisecond)
	}
	board.Publish(hub.News{Part: "p", Alerts: []alert.Alert{{ID: "a", Version: 1, Phase: episode.Firing}}})
	if err := c.ReadJSON(&m); err != nil || m.Type != "delta" || m.Delta.Alerts[0].ID != "a" {
		t.Fatalf("got %+v %v", m, err)
	}
	cancel()
	if err := server.Shutdown(context.Background()); err != nil {
		t.Error(err)
	}
	<-ran
	<-served
}
