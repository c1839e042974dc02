package intake

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"touchwatch/ingest/stream"
	"touchwatch/ingest/touchpoint"
)

// compressed writes records as one compressed batch, as other producers do: in the log they are far smaller than what they say.
func (w *world) compressed(topic string, records ...*kgo.Record) {
	w.t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(w.brokers...), kgo.DefaultProduceTopic(topic), kgo.ProducerBatchCompression(kgo.ZstdCompression()),
		kgo.ProducerBatchMaxBytes(64<<20), kgo.ManualFlushing(), kgo.BrokerMaxWriteBytes(100<<20), kgo.MaxBufferedRecords(1<<20))
	if err != nil {
		w.t.Fatal(err)
	}
	defer client.Close()
	for _, r := range records {
		client.Produce(context.Background(), r, func(_ *kgo.Record, err error) {
			if err != nil {
				w.t.Error(err)
			}
		})
	}
	if err := client.Flush(context.Background()); err != nil {
		w.t.Fatal(err)
	}
}

func TestARecordTooLargeGoesToTheDeadTopicWhole(t *testing.T) {
	w := newWorld(t)
	large := `{"type":"page_view","page":"/` + strings.Repeat("x", 1500<<10) + `","customer":{"cookie":"c1"}}`
	w.send(w.website, large, fmt.Sprintf(byCookie, 1))
	stop := w.start()
	defer stop()
	var letters []stream.Record
	w.until("the letter, and the record behind it", func() bool {
		letters = w.read(w.dead, 1)
		return len(letters) == 1 && len(w.timeline()) == 1
	})
	l := &letters[0]
	if l.Header(HeaderReason) != string(touchpoint.ReasonTooLarge) || string(l.Value) != large || l.Header(HeaderSHA256) != "" {
		t.Errorf("got reason %q and %d bytes, want too_large and all %d", l.Header(HeaderReason), len(l.Value), len(large))
	}
	if _, _, err := Replay(l); err != nil {
		t.Errorf("a whole letter is refused: %v", err)
	}
}

func TestARecordBeyondTheDeadTopicIsCut(t *testing.T) {
	w := newWorld(t)
	huge := bytes.Repeat([]byte("garbage "), 1<<20) // 8 MiB, a few kB in the log
	w.compressed(w.website, &kgo.Record{Value: huge})
	w.send(w.website, fmt.Sprintf(byCookie, 1))
	stop := w.start()
	defer stop()
	var letters []stream.Record
	w.until("the letter, and the record behind it", func() bool {
		letters = w.read(w.dead, 1)
		return len(letters) == 1 && len(w.timeline()) == 1
	})
	l := &letters[0]
	if l.Header(HeaderSize) != "8388608" || len(l.Header(HeaderSHA256)) != 64 || !bytes.HasPrefix(huge, l.Value) || len(l.Value) < 1<<20 {
		t.Errorf("got %d bytes, size %q, sha %q: want the beginning, the whole size and the hash", len(l.Value), l.Header(HeaderSize), l.Header(HeaderSHA256))
	}
}

func TestHugeHeadersAndKeysBlockNothing(t *testing.T) {
	w := newWorld(t)
	huge := bytes.Repeat([]byte("h"), 4<<20)
	w.compressed(w.website,
		&kgo.Record{Value: []byte("{"), Headers: []kgo.RecordHeader{{Key: "x", Value: huge}, {Key: "tw-format", Value: []byte("touchwatch.website")}}},
		&kgo.Record{Value: []byte("{"), Key: huge})
	w.send(w.website, fmt.Sprintf(byCookie, 1))
	stop := w.start()
	defer stop()
	var letters []stream.Record
	w.until("two letters, and the record behind them", func() bool {
		letters = w.read(w.dead, 1)
		return len(letters) == 2 && len(w.timeline()) == 1
	})
	for i := range letters {
		if _, _, err := Replay(&letters[i]); err == nil {
			t.Errorf("letter %d was cut and can be sent again all the same", i)
		}
		if letters[i].Header(HeaderReason) != string(touchpoint.ReasonSyntax) {
			t.Errorf("letter %d: reason %q", i, letters[i].Header(HeaderReason))
		}
	}
}

func TestABatchThatGrowsWhenItIsReadBlocksNothing(t *testing.T) {
	w := newWorld(t)
	const n = 1500
	text := strings.Repeat("the parcel is still not here and nobody answers ", 300) // 14 kB a message, 21 MB in all
	var records []*kgo.Record
	for i := range n {
		value := fmt.Sprintf(`{"id":"m%d","type":"customer_message","thread":"t1","text":%q,"occurred_at":"2026-11-03T09:14:29Z","customer":{"email":"a@b.c"}}`, i, text)
		records = append(records, &kgo.Record{Key: []byte("k"), Value: []byte(value)})
	}
	w.compressed(w.chat, records...)
	stop := w.start()
	defer stop()
	w.until("all in the timeline", func() bool { return len(w.timeline()) == n })
	seen := map[touchpoint.ID]bool{}
	received := touchpoint.Millis(0)
	for _, e := range w.timeline() { // one customer, so one partition
		if seen[e.Touchpoint.ID] {
			t.Errorf("%s is there twice", e.Touchpoint.ID)
		}
		seen[e.Touchpoint.ID] = true
		if e.At < received {
			t.Errorf("%s was received at %d, what stands before it at %d", e.Touchpoint.ID, e.At, received)
		}
		received = e.At
	}
}
