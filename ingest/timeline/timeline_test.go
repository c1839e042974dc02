package timeline

import (
	"errors"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/segmentio/kafka-go"

	"touchwatch/ingest/touchpoint"
)

func TestPartitionsAgreeWithOtherClients(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{1, 2, 7, 64} {
		all := make([]int, n)
		for i := range all {
			all[i] = i
		}
		for range 500 {
			key := make([]byte, 1+random.IntN(40))
			for i := range key {
				key[i] = byte(random.Uint32())
			}
			want := kafka.Murmur2Balancer{}.Balance(kafka.Message{Key: key}, all...)
			if got := Partition(string(key), n); got != want {
				t.Fatalf("key %x of %d partitions: got %d, want %d", key, n, got, want)
			}
		}
	}
}

func TestAnEntrySurvivesItsWireForm(t *testing.T) {
	want := &Entry{
		Kind: Touchpoint, Subject: "cus_1", At: 1762161267482,
		Source: touchpoint.Source{Topic: "touchpoints.chat", Partition: 3, Epoch: 1, Offset: 81244, Index: 2},
		Touchpoint: &touchpoint.Touchpoint{
			ID: "chat:4711", Channel: touchpoint.Chat, Kind: touchpoint.ChatCustomerMessage, Customer: "cus_1",
			Aliases: []touchpoint.Alias{{Kind: touchpoint.AliasID, Value: "cus_1"}}, OccurredAt: 1762161267000,
			ReceivedAt: 1762161267482, Source: touchpoint.Source{Topic: "touchpoints.chat", Partition: 3, Epoch: 1, Offset: 81244, Index: 2},
			Text: "Ich kann nicht bezahlen", Mood: &touchpoint.Mood{Displeasure: 0.5, Words: []string{"nicht bezahlen"}},
			Rating: &touchpoint.Rating{Metric: "nps", Score: 3, Max: 10}, Attrs: map[string]string{"a": "b"},
		},
	}
	b, err := Encode(nil, want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestAnOpinionKeepsWhereItsTouchpointCameFrom(t *testing.T) {
	origin := Origin{ReceivedAt: 1762161267482, Source: touchpoint.Source{Topic: "touchpoints.chat", Partition: 3, Offset: 81244}}
	b, err := Encode(nil, &Entry{Kind: Opinion, Subject: "cus_1", At: origin.ReceivedAt + 900, Touchpoint: &touchpoint.Touchpoint{ID: "chat:4711"}, Origin: &origin})
	if err != nil {
		t.Fatal(err)
	}
	got, err := Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	if tp := got.Touchpoint; tp.ReceivedAt != origin.ReceivedAt || tp.Source != origin.Source || tp.Customer != "cus_1" {
		t.Errorf("the touchpoint came back as %+v", tp)
	}
	if got.Source.Topic != "" || got.At != origin.ReceivedAt+900 {
		t.Errorf("the entry came back with its touchpoint's receipt: %+v", got)
	}
}

func TestAnotherVersionIsRefused(t *testing.T) {
	for _, b := range [][]byte{nil, {}, {2, 0x80}, {'{'}} {
		if _, err := Decode(b); !errors.Is(err, ErrVersion) {
			t.Errorf("%v: got %v, want ErrVersion", b, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	good, err := Encode(nil, &Entry{Kind: Timer, Subject: "cus_1", Timer: &TimerBody{Name: "wake", Due: 5}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte{Version, 0x81, 0xff})
	f.Fuzz(func(t *testing.T, b []byte) {
		if e, err := Decode(b); err == nil {
			if _, err := Encode(nil, e); err != nil {
				t.Errorf("an entry that was decoded cannot be encoded: %v", err)
			}
		}
	})
}

func BenchmarkPartition(b *testing.B) {
	for b.Loop() {
		Partition("cus_8f31c07a42", 8)
	}
}
