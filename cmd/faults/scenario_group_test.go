package faults

import (
	"bytes"
	"testing"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/heartbeat"
	"github.com/segmentio/kafka-go/protocol/joingroup"
	"github.com/segmentio/kafka-go/protocol/metadata"
	"github.com/segmentio/kafka-go/protocol/offsetcommit"
	"github.com/segmentio/kafka-go/protocol/syncgroup"
)

// request is a request as it goes over the wire.
func request(t *testing.T, version int16, m protocol.Message) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := protocol.WriteRequest(&b, version, 77, "test", m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestTheCoordinatorsExcusesAreReadAsTheirError(t *testing.T) {
	commit := &offsetcommit.Request{GroupID: "g", Topics: []offsetcommit.RequestTopic{{Name: "a", Partitions: []offsetcommit.RequestPartition{{PartitionIndex: 3}}}}}
	for _, c := range []struct {
		version int16
		asked   protocol.Message
		code    func(protocol.Message) int16
	}{
		{0, &heartbeat.Request{GroupID: "g"}, func(m protocol.Message) int16 { return m.(*heartbeat.Response).ErrorCode }},
		{2, &joingroup.Request{GroupID: "g"}, func(m protocol.Message) int16 { return m.(*joingroup.Response).ErrorCode }},
		{0, &syncgroup.Request{GroupID: "g"}, func(m protocol.Message) int16 { return m.(*syncgroup.Response).ErrorCode }},
		{2, commit, func(m protocol.Message) int16 {
			return m.(*offsetcommit.Response).Topics[0].Partitions[0].ErrorCode
		}},
	} {
		e := newExcuses(kafka.NotCoordinatorForGroup)
		answer := e.answer(request(t, c.version, c.asked))
		id, got, err := protocol.ReadResponse(bytes.NewReader(answer), c.asked.ApiKey(), c.version)
		if err != nil || id != 77 {
			t.Fatalf("%s: answer to request %d cannot be read: %v", c.asked.ApiKey(), id, err)
		}
		if code := c.code(got); kafka.Error(code) != kafka.NotCoordinatorForGroup || e.given[c.asked.ApiKey()].Load() != 1 {
			t.Errorf("%s: error %d, counted %d times", c.asked.ApiKey(), code, e.given[c.asked.ApiKey()].Load())
		}
	}
}

func TestOtherRequestsReachTheBroker(t *testing.T) {
	e := newExcuses(kafka.NotCoordinatorForGroup)
	beat := request(t, 0, &heartbeat.Request{GroupID: "g"})
	for name, b := range map[string][]byte{
		"another kind": request(t, 1, &metadata.Request{TopicNames: []string{"a"}}),
		"half of one":  beat[:len(beat)-3],
		"two of them":  append(bytes.Clone(beat), beat...),
		"nothing":      nil,
	} {
		if e.answer(b) != nil {
			t.Errorf("%s was answered in the broker's place", name)
		}
	}
}
