package faults

import (
	"bytes"
	"encoding/binary"
	"io"
	"testing"
	"time"

	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/produce"

	"touchwatch/cmd/app"
	"touchwatch/ingest/timeline"
	"touchwatch/ingest/touchpoint"
)

// planned is a batch for a partition of the timeline with a touchpoint from each of these offsets of a raw topic.
func planned(t *testing.T, topic string, partition int32, offsets ...int64) produce.RequestPartition {
	t.Helper()
	var records []protocol.Record
	for _, offset := range offsets {
		value, err := timeline.Encode(nil, &timeline.Entry{
			Kind: timeline.Touchpoint, Subject: "cus_1", At: 1762161267482, Source: touchpoint.Source{Topic: topic, Offset: offset},
			Touchpoint: &touchpoint.Touchpoint{ID: "chat:1", Channel: touchpoint.Chat, Kind: touchpoint.ChatCustomerMessage, Customer: "cus_1", OccurredAt: 1762161267000},
		})
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, protocol.Record{Time: time.Unix(1762161267, 0), Key: protocol.NewBytes([]byte("cus_1")), Value: protocol.NewBytes(value)})
	}
	return produce.RequestPartition{Partition: partition, RecordSet: protocol.RecordSet{Version: 2, Records: protocol.NewRecordReader(records...)}}
}

func writing(t *testing.T, topics ...produce.RequestTopic) []byte {
	t.Helper()
	return request(t, 7, &produce.Request{Acks: -1, Timeout: 1000, Topics: topics})
}

func TestARequestGoesOnWithItsFirstPartitionOnly(t *testing.T) {
	frame := writing(t,
		produce.RequestTopic{Topic: app.TopicTimeline, Partitions: []produce.RequestPartition{planned(t, "a", 2, 10, 11), planned(t, "a", 0, 12), planned(t, "b", 3, 7)}},
		produce.RequestTopic{Topic: "other", Partitions: []produce.RequestPartition{planned(t, "a", 1, 1)}},
	)
	cut := part(frame)
	if cut == nil {
		t.Fatal("it is not cut down")
	}
	if int(binary.BigEndian.Uint32(cut.frame)) != len(cut.frame)-4 {
		t.Fatal("its length is not that of the frame")
	}
	version, correlation, client, m, err := protocol.ReadRequest(bytes.NewReader(cut.frame))
	if err != nil || version != 7 || correlation != 77 || client != "test" {
		t.Fatalf("it reads as version %d, number %d of %q: %v", version, correlation, client, err)
	}
	got := m.(*produce.Request)
	if len(got.Topics) != 2 || len(got.Topics[0].Partitions) != 1 || got.Topics[0].Partitions[0].Partition != 2 || len(got.Topics[1].Partitions) != 1 {
		t.Errorf("it went on with %+v", got.Topics)
	}
	kept, left, err := 0, got.Topics[0].Partitions[0].RecordSet.Records, error(nil)
	for ; err == nil; kept++ {
		_, err = left.ReadRecord()
	}
	if kept--; err != io.EOF || kept != 2 {
		t.Errorf("the batch that went on has %d records, %v, want 2", kept, err)
	}
	if len(cut.kept) != 2 || cut.kept[0].Offset != 10 || len(cut.taken) != 2 || len(cut.partitions) != 2 {
		t.Errorf("kept %+v, taken %+v of %v", cut.kept, cut.taken, cut.partitions)
	}
}

func TestARequestThatLeavesNoPlanInPartIsNotCutDown(t *testing.T) {
	for name, partitions := range map[string][]produce.RequestPartition{
		"one partition":               {planned(t, "a", 0, 1)},
		"a plan in each":              {planned(t, "a", 0, 1), planned(t, "b", 1, 2)},
		"no partition of the request": nil,
	} {
		if part(writing(t, produce.RequestTopic{Topic: app.TopicTimeline, Partitions: partitions})) != nil {
			t.Errorf("%s: cut down", name)
		}
	}
	if part([]byte("GET / HTTP/1.1")) != nil {
		t.Error("what is no request is cut down")
	}
}

func TestFramesComeWhole(t *testing.T) {
	first, second := append([]byte{0, 0, 0, 3}, "one"...), append([]byte{0, 1, 0, 0}, bytes.Repeat([]byte("x"), 1<<16)...)
	next := frames(io.MultiReader(bytes.NewReader(first[:5]), bytes.NewReader(first[5:]), bytes.NewReader(second)))
	for _, want := range [][]byte{first, second} {
		if got, err := next(); err != nil || !bytes.Equal(got, want) {
			t.Fatalf("got %d bytes, %v, want %d", len(got), err, len(want))
		}
	}
	if _, err := next(); err != io.EOF {
		t.Errorf("then %v", err)
	}
	if _, err := frames(bytes.NewReader([]byte("GET / HTTP/1.1")))(); err == nil {
		t.Error("what is no frame is taken for one")
	}
}
