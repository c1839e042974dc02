package faults

import (
	"encoding/binary"
	"sync/atomic"

	"github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// afterHeader is where the body of an answer begins whose version is not flexible: behind its length and its correlation id.
const afterHeader = 8

// reframed is an answer with another body.
func reframed(reply []byte, body kmsg.Response) []byte {
	frame := body.AppendTo(append([]byte{}, reply[:afterHeader]...))
	binary.BigEndian.PutUint32(frame, uint32(len(frame)-4))
	return frame
}

// refusedFetches makes the broker give nothing of a topic to anybody, as one does that leads its partitions no more; what else was asked for
// with the same request is given.
func refusedFetches(topic string) func([]byte) func([]byte) []byte {
	return func(request []byte) func([]byte) []byte {
		if !asks(apiFetch, topic)(request) {
			return nil
		}
		version := int16(binary.BigEndian.Uint16(request[6:]))
		return func(reply []byte) []byte {
			answer := kmsg.NewPtrFetchResponse()
			answer.SetVersion(version)
			if err := answer.ReadFrom(reply[afterHeader:]); err != nil {
				return nil
			}
			for i := range answer.Topics {
				if answer.Topics[i].Topic != topic {
					continue
				}
				for j := range answer.Topics[i].Partitions {
					p := &answer.Topics[i].Partitions[j]
					p.ErrorCode, p.RecordBatches = int16(kafka.NotLeaderForPartition), nil
				}
			}
			return reframed(reply, answer)
		}
	}
}

// doubtedCommits makes the broker do commits of the program's groups and say of the next n that they timed out. Only those that it did are
// counted.
func doubtedCommits(n int, counted *atomic.Int64) func([]byte) func([]byte) []byte {
	left := n
	return func(request []byte) func([]byte) []byte {
		if left <= 0 || !asks(apiOffsetCommit, "touchwatch.")(request) {
			return nil
		}
		left--
		version := int16(binary.BigEndian.Uint16(request[6:]))
		return func(reply []byte) []byte {
			answer := kmsg.NewPtrOffsetCommitResponse()
			answer.SetVersion(version)
			if err := answer.ReadFrom(reply[afterHeader:]); err != nil {
				return nil
			}
			done := int64(0)
			for i := range answer.Topics {
				for j := range answer.Topics[i].Partitions {
					if p := &answer.Topics[i].Partitions[j]; p.ErrorCode == 0 {
						p.ErrorCode, done = int16(kafka.RequestTimedOut), done+1
					}
				}
			}
			if done > 0 {
				counted.Add(1)
			}
			return reframed(reply, answer)
		}
	}
}
