package faults

import (
	"bytes"
	"io"
	"sync/atomic"
	"testing"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/fetch"
	"github.com/segmentio/kafka-go/protocol/offsetcommit"
)

// reply is an answer as it goes over the wire.
func reply(t *testing.T, version int16, m protocol.Message) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := protocol.WriteResponse(&b, version, 77, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestACommitThatCountedIsSaidToHaveTimedOut(t *testing.T) {
	var counted atomic.Int64
	choose := doubtedCommits(1, &counted)
	asked := func(group string) []byte { return request(t, 2, &offsetcommit.Request{GroupID: group}) }
	if choose(asked("somebody")) != nil {
		t.Error("another program's commit is answered otherwise")
	}
	with := choose(asked("touchwatch.ingest"))
	if with == nil || choose(asked("touchwatch.ingest")) != nil {
		t.Fatal("want one commit to be answered otherwise")
	}
	said := with(reply(t, 2, &offsetcommit.Response{Topics: []offsetcommit.ResponseTopic{{Name: "a", Partitions: []offsetcommit.ResponsePartition{
		{PartitionIndex: 1}, {PartitionIndex: 2, ErrorCode: int16(kafka.IllegalGeneration)},
	}}}}))
	_, m, err := protocol.ReadResponse(bytes.NewReader(said), protocol.OffsetCommit, 2)
	if err != nil {
		t.Fatal(err)
	}
	got := m.(*offsetcommit.Response).Topics[0].Partitions
	if got[0].ErrorCode != int16(kafka.RequestTimedOut) || got[1].ErrorCode != int16(kafka.IllegalGeneration) || counted.Load() != 1 {
		t.Errorf("it says %+v, %d commits are counted", got, counted.Load())
	}
}

func oneRecord() protocol.RecordSet {
	return protocol.RecordSet{Version: 2, Records: protocol.NewRecordReader(protocol.Record{Value: protocol.NewBytes([]byte("hello"))})}
}

func TestFetchesOfOneTopicAreRefusedAndOthersGiven(t *testing.T) {
	asked := request(t, 5, &fetch.Request{Topics: []fetch.RequestTopic{{Topic: "chat"}, {Topic: "mail"}}})
	with := refusedFetches("chat")(asked)
	if with == nil || refusedFetches("forum")(asked) != nil {
		t.Fatal("want the answer to a request that names the chat to be changed, and no other")
	}
	said := with(reply(t, 5, &fetch.Response{Topics: []fetch.ResponseTopic{
		{Topic: "chat", Partitions: []fetch.ResponsePartition{{Partition: 1, HighWatermark: 9, RecordSet: oneRecord()}}},
		{Topic: "mail", Partitions: []fetch.ResponsePartition{{Partition: 1, HighWatermark: 7, RecordSet: oneRecord()}}},
	}}))
	_, m, err := protocol.ReadResponse(bytes.NewReader(said), protocol.Fetch, 5)
	if err != nil {
		t.Fatal(err)
	}
	got := m.(*fetch.Response).Topics
	if records := got[0].Partitions[0].RecordSet.Records; records != nil {
		if _, err := records.ReadRecord(); err != io.EOF {
			t.Errorf("a record of the chat is given: %v", err)
		}
	}
	if got[0].Partitions[0].ErrorCode != int16(kafka.NotLeaderForPartition) || got[1].Partitions[0].ErrorCode != 0 || got[1].Partitions[0].HighWatermark != 7 {
		t.Errorf("it says %+v", got)
	}
}
