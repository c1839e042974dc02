package faults

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/heartbeat"
	"github.com/segmentio/kafka-go/protocol/joingroup"
	"github.com/segmentio/kafka-go/protocol/offsetcommit"
	"github.com/segmentio/kafka-go/protocol/syncgroup"
)

// excuses answers the requests of a group's members with an error, as a broker does whose groups move to another one or are loading. It is
// called by the proxy under its lock.
type excuses struct {
	code  kafka.Error
	given map[protocol.ApiKey]*atomic.Int64
}

func newExcuses(code kafka.Error) *excuses {
	e := &excuses{code: code, given: map[protocol.ApiKey]*atomic.Int64{}}
	for _, api := range groupRequests {
		e.given[api] = new(atomic.Int64)
	}
	return e
}

// groupRequests are what a member asks its coordinator for, apart from leaving.
var groupRequests = []protocol.ApiKey{protocol.Heartbeat, protocol.OffsetCommit, protocol.JoinGroup, protocol.SyncGroup}

// answer is the answer to a request of a group's member, nil to any other request.
func (e *excuses) answer(request []byte) []byte {
	if len(request) < 8 || int(binary.BigEndian.Uint32(request)) != len(request)-4 {
		return nil // not one whole request
	}
	api := protocol.ApiKey(binary.BigEndian.Uint16(request[4:]))
	if e.given[api] == nil {
		return nil
	}
	version, correlation, _, asked, err := protocol.ReadRequest(bytes.NewReader(request))
	if err != nil {
		return nil
	}
	var b bytes.Buffer
	if err := protocol.WriteResponse(&b, version, correlation, e.refusal(asked)); err != nil {
		return nil
	}
	e.given[api].Add(1)
	return b.Bytes()
}

// refusal is the answer to one request.
func (e *excuses) refusal(asked protocol.Message) protocol.Message {
	code := int16(e.code)
	switch m := asked.(type) {
	case *heartbeat.Request:
		return &heartbeat.Response{ErrorCode: code}
	case *joingroup.Request:
		return &joingroup.Response{ErrorCode: code, GenerationID: -1, MemberID: m.MemberID}
	case *syncgroup.Request:
		return &syncgroup.Response{ErrorCode: code}
	case *offsetcommit.Request:
		res := &offsetcommit.Response{}
		for _, t := range m.Topics {
			topic := offsetcommit.ResponseTopic{Name: t.Name}
			for _, p := range t.Partitions {
				topic.Partitions = append(topic.Partitions, offsetcommit.ResponsePartition{PartitionIndex: p.PartitionIndex, ErrorCode: code})
			}
			res.Topics = append(res.Topics, topic)
		}
		return res
	}
	return nil
}

// coordinatorErrors lets the coordinator answer heartbeats, commits and those who join with errors, some seconds each.
func coordinatorErrors(r *Run) error {
	_, worker, err := r.apart()
	if err != nil {
		return err
	}
	codes := []kafka.Error{kafka.NotCoordinatorForGroup, kafka.GroupLoadInProgress, kafka.RebalanceInProgress, kafka.UnknownMemberId}
	l, err := r.loaded(9000, 36*time.Second)
	if err != nil {
		return err
	}
	given := map[protocol.ApiKey]int64{}
	for i, code := range codes {
		if err := errors.Join(worker.works(), l.reach(0.1+0.2*float64(i)), l.under()); err != nil {
			return err
		}
		before := r.assigned()
		e := newExcuses(code)
		r.kafka.proxy.Stand(e.answer)
		if err := errors.Join(r.pause(r.between(2500*time.Millisecond, 4*time.Second)), l.under()); err != nil {
			return err
		}
		r.kafka.proxy.Heal()
		total := int64(0)
		for api, n := range e.given {
			given[api] += n.Load()
			total += n.Load()
		}
		if err := r.prove(total, fmt.Sprintf("answers of the coordinator that said %q", code.Title())); err != nil {
			return err
		}
		err := until(r.ctx, settleWithin, func() error {
			if r.assigned() == before {
				return errors.New("no group has assigned its partitions again")
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	for _, api := range groupRequests[:3] {
		if err := r.prove(given[api], "of them to "+api.String()); err != nil {
			return err
		}
	}
	return l.wait()
}

// assigned is how often groups assigned partitions to the processes that run.
func (r *Run) assigned() int {
	n := 0
	for _, node := range r.nodes {
		n += node.times("partitions assigned")
	}
	return n
}
