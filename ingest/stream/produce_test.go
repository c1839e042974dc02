package stream

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

func TestProduceSaysWhereItWrote(t *testing.T) {
	w := newWorld(t, 2)
	if base := w.ours(1, "a", "b"); base != 0 {
		t.Errorf("first offset: got %d, want 0", base)
	}
	if base := w.ours(1, "c"); base != 2 {
		t.Errorf("second write: got %d, want 2", base)
	}
	if got := values(w.all(1, 0)); got != "0=a 1=b 2=c " {
		t.Errorf("got %s", got)
	}
	if got := w.all(0, 0); len(got) != 0 {
		t.Errorf("another partition got %d records", len(got))
	}
}

func TestNothingToProduceIsNothing(t *testing.T) {
	nowhere := &kafka.Client{Addr: kafka.TCP("127.0.0.1:1")}
	if _, err := Produce(context.Background(), nowhere, "none", 0, nil); err != nil {
		t.Errorf("got %v, want no request at all", err)
	}
}

func TestProduceReportsTheBrokersRefusal(t *testing.T) {
	w := newWorld(t, 1)
	if _, err := Produce(context.Background(), w.Client, w.topic, 0, []Record{{Value: make([]byte, 3<<20)}}); err == nil {
		t.Error("a batch over the broker's limit was taken")
	}
	if _, err := Produce(context.Background(), w.Client, w.topic, 5, []Record{{Value: []byte("a")}}); err == nil {
		t.Error("a partition that does not exist took a record")
	}
}

func TestAFailedWriteIsRepeatedUntilItSucceeds(t *testing.T) {
	w := newWorld(t, 1)
	w.NeedsFaults()
	fault := w.Cluster.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Topic: w.topic, Err: kerr.NotLeaderForPartition, Count: 3})
	var heard []error
	base, err := ProduceUntil(context.Background(), w.Client, w.topic, 0, []Record{{Value: []byte("a")}}, func(err error) { heard = append(heard, err) })
	if err != nil || base != 0 {
		t.Errorf("got offset %d, %v", base, err)
	}
	if fault.Hits() != 3 || len(heard) != 3 || !errors.Is(heard[0], kafka.NotLeaderForPartition) {
		t.Errorf("%d faults were injected, heard were %v", fault.Hits(), heard)
	}
	if got := values(w.all(0, 0)); got != "0=a " {
		t.Errorf("got %s", got)
	}
}

func TestAWriteThatWasTakenAndAnsweredWithAnErrorIsThereTwice(t *testing.T) {
	w := newWorld(t, 1)
	w.NeedsFaults()
	fault := w.Cluster.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Topic: w.topic, Err: kerr.RequestTimedOut})
	base, err := ProduceUntil(context.Background(), w.Client, w.topic, 0, []Record{{Value: []byte("a")}, {Value: []byte("b")}}, func(error) {})
	if err != nil || fault.Hits() != 1 {
		t.Fatalf("%v with %d faults", err, fault.Hits())
	}
	if got := values(w.all(0, 0)); got != "0=a 1=b 2=a 3=b " || base != 2 {
		t.Errorf("got %s confirmed at %d: the first, unconfirmed batch whole, then the second", got, base)
	}
}

func TestRepeatingEndsWithItsContext(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	transport := &kafka.Transport{}
	defer transport.CloseIdleConnections()
	dead := &kafka.Client{Addr: kafka.TCP(addr), Timeout: time.Second, Transport: transport}
	ctx, cancel := context.WithCancel(context.Background())
	tries := 0
	_, err = ProduceUntil(ctx, dead, "none", 0, []Record{{Value: []byte("a")}}, func(error) {
		if tries++; tries == 2 {
			cancel()
		}
	})
	if err == nil || tries != 2 {
		t.Errorf("got %v after %d tries, want the last error after 2", err, tries)
	}
}
