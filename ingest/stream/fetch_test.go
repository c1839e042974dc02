package stream

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

func TestAFetchBeginsAtTheAskedOffsetAlsoInsideABatch(t *testing.T) {
	w := newWorld(t, 1)
	w.ours(0, "a", "b", "c", "d", "e")
	w.ours(0, "f")
	b, err := w.fetcher(0).Fetch(context.Background(), 3)
	if err != nil {
		t.Fatal(err)
	}
	if got := values(w.all(0, 3)); got != "3=d 4=e 5=f " {
		t.Errorf("from offset 3: got %s", got)
	}
	if b.LogStart != 0 || b.HighWatermark != 6 {
		t.Errorf("bounds: got %d to %d, want 0 to 6", b.LogStart, b.HighWatermark)
	}
}

func TestAFetchAtTheEndWaitsAndIsEmpty(t *testing.T) {
	w := newWorld(t, 1)
	w.ours(0, "a")
	b, err := w.fetcher(0).Fetch(context.Background(), 1)
	if err != nil || len(b.Records) != 0 || b.Next != 1 {
		t.Errorf("at the end: got %d records, next %d, %v; want none, 1, nil", len(b.Records), b.Next, err)
	}
}

func TestAFetchOutsideTheLogSaysWhyAndReadsNothing(t *testing.T) {
	w := newWorld(t, 1)
	w.ours(0, "a", "b", "c", "d")
	admin := kadm.NewClient(w.theirs())
	cut := kadm.Offsets{}
	cut.Add(kadm.Offset{Topic: w.topic, Partition: 0, At: 2, LeaderEpoch: -1})
	if _, err := admin.DeleteRecords(context.Background(), cut); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		asked int64
		why   string
	}{{0, "deleted by retention"}, {1, "deleted by retention"}, {5, "created anew or truncated"}, {1 << 40, "created anew or truncated"}} {
		b, err := w.fetcher(0).Fetch(context.Background(), c.asked)
		var outside *OffsetError
		if !errors.As(err, &outside) {
			t.Errorf("offset %d: got %v with %d records, want an *OffsetError", c.asked, err, len(b.Records))
			continue
		}
		if outside.Asked != c.asked || outside.LogStart != 2 || outside.High != 4 || !strings.Contains(err.Error(), c.why) {
			t.Errorf("offset %d: got %v, want bounds 2 to 4 and %q", c.asked, err, c.why)
		}
	}
	if got := values(w.all(0, 2)); got != "2=c 3=d " {
		t.Errorf("from the log's start: got %s", got)
	}
}

func TestAFetchOfWhatIsNotThereIsAnErrorToRepeat(t *testing.T) {
	w := newWorld(t, 1)
	f := w.fetcher(7)
	_, err := f.Fetch(context.Background(), 0)
	var outside *OffsetError
	if err == nil || errors.As(err, &outside) {
		t.Errorf("a partition that does not exist: got %v, want an error that is no *OffsetError", err)
	}
	if _, _, err := Bounds(context.Background(), w.Client, w.topic, 7); !errors.Is(err, kafka.UnknownTopicOrPartition) {
		t.Errorf("its bounds: got %v", err)
	}
}

func TestEveryCodecIsRead(t *testing.T) {
	w := newWorld(t, 5)
	large := strings.Repeat("the same again ", 5000)
	for p, codec := range []kgo.CompressionCodec{kgo.NoCompression(), kgo.GzipCompression(), kgo.SnappyCompression(), kgo.Lz4Compression(), kgo.ZstdCompression()} {
		producer := w.theirs(kgo.ProducerBatchCompression(codec))
		var sent []*kgo.Record
		for _, v := range []string{"", "small", large} {
			sent = append(sent, &kgo.Record{Partition: int32(p), Key: []byte("k" + v[:min(len(v), 1)]), Value: []byte(v), Headers: []kgo.RecordHeader{{Key: "tw-format", Value: []byte("x")}}})
		}
		if err := producer.ProduceSync(context.Background(), sent...).FirstErr(); err != nil {
			t.Fatal(err)
		}
		got := w.all(p, 0)
		if len(got) != len(sent) {
			t.Errorf("codec %v: got %d records, want %d", codec, len(got), len(sent))
			continue
		}
		for i, r := range got {
			if !bytes.Equal(r.Value, sent[i].Value) || !bytes.Equal(r.Key, sent[i].Key) || r.Header("tw-format") != "x" || r.Header("none") != "" || time.Since(r.Time).Abs() > time.Hour {
				t.Errorf("codec %v record %d: got key %q, %d bytes, headers %v at %s", codec, i, r.Key, len(r.Value), r.Headers, r.Time)
			}
		}
	}
}

func TestNilKeysAndValuesStayNil(t *testing.T) {
	w := newWorld(t, 1)
	if err := w.theirs().ProduceSync(context.Background(), &kgo.Record{}).FirstErr(); err != nil {
		t.Fatal(err)
	}
	if got := w.all(0, 0); len(got) != 1 || got[0].Key != nil || len(got[0].Value) != 0 {
		t.Errorf("got %+v, want one record without key and value", got)
	}
}

// transact writes values in a transaction and ends it.
func (w *world) transact(producer *kgo.Client, end kgo.TransactionEndTry, values ...string) {
	w.t.Helper()
	ctx := context.Background()
	if err := producer.BeginTransaction(); err != nil {
		w.t.Fatal(err)
	}
	for _, v := range values {
		if err := producer.ProduceSync(ctx, &kgo.Record{Value: []byte(v)}).FirstErr(); err != nil {
			w.t.Fatal(err)
		}
	}
	if err := producer.EndTransaction(ctx, end); err != nil {
		w.t.Fatal(err)
	}
}

func TestControlRecordsArePassedOver(t *testing.T) {
	w := newWorld(t, 1)
	producer := w.theirs(kgo.TransactionalID(w.topic))
	w.transact(producer, kgo.TryCommit, "a", "b") // offsets 0 and 1, the marker 2
	w.transact(producer, kgo.TryCommit, "c")      // 3, marker 4
	w.until("the coordinator has written both markers", func() bool {
		_, last, err := Bounds(context.Background(), w.Client, w.topic, 0)
		return err == nil && last == 5
	})
	if got := values(w.all(0, 0)); got != "0=a 1=b 3=c " {
		t.Errorf("got %s, want the three records and no marker", got)
	}
	for _, marker := range []int64{2, 4} { // a fetch that begins at a marker goes on behind it
		b, err := w.fetcher(0).Fetch(context.Background(), marker)
		if err != nil || b.Next <= marker {
			t.Errorf("at the marker %d: next %d, %v; the same fetch would be repeated for ever", marker, b.Next, err)
		}
	}
	w.ours(0, "d")
	if got := values(w.all(0, 4)); got != "5=d " {
		t.Errorf("behind the markers: got %s", got)
	}
}

// What a transaction that was given up wrote is read like anything else: our client does not filter it. Decoders and ids see to it
// that such records do no other harm than being there.
func TestAbortedRecordsAreReadAsFormatsDocument(t *testing.T) {
	w := newWorld(t, 1)
	producer := w.theirs(kgo.TransactionalID(w.topic))
	w.transact(producer, kgo.TryAbort, "never")
	w.transact(producer, kgo.TryCommit, "kept")
	w.until("both are written", func() bool { return len(w.all(0, 0)) == 2 })
	if got := values(w.all(0, 0)); got != "0=never 2=kept " {
		t.Errorf("got %s; if aborted records are filtered now, docs/formats.md has to say so", got)
	}
}

func TestABrokerGathersUnderSteadyTrafficOnly(t *testing.T) {
	f := Fetcher{MaxWait: 250 * time.Millisecond, Gather: 20 * time.Millisecond}
	now := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	answers := func(every time.Duration, records, times int) {
		for range times {
			now = now.Add(every)
			f.note(now, records)
		}
	}
	expect := func(when string, bytes int64, wait time.Duration) {
		t.Helper()
		if b, w := f.patience(); b != bytes || w != wait {
			t.Errorf("%s, at %.0f records a second: waits for %d bytes and %s, want %d and %s", when, f.rate, b, w, bytes, wait)
		}
	}
	expect("at first", 1, 250*time.Millisecond)
	answers(250*time.Millisecond, 0, 10)
	expect("idle", 1, 250*time.Millisecond)
	answers(25*time.Millisecond, 1, 200) // 40 a second
	expect("with less than one in 20 ms", 1, 250*time.Millisecond)
	answers(10*time.Millisecond, 1, 400) // 100 a second
	expect("with steady traffic", gatherBytes, 20*time.Millisecond)
	answers(20*time.Millisecond, 0, 40)
	expect("when it has ended", 1, 250*time.Millisecond)
	answers(time.Millisecond, 500, 1000)
	f.MinBytes = 1000
	expect("when the caller asks for more", 1000, 250*time.Millisecond)
}
