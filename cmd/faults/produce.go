package faults

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kmsg"

	"touchwatch/cmd/app"
	"touchwatch/ingest/timeline"
	"touchwatch/ingest/touchpoint"
)

// plans is a produce request of ingest, with the touchpoints it writes to each partition of the timeline.
type plans struct {
	request *kmsg.ProduceRequest
	header  []byte // what stands before the request's body, its length left out
	sources map[int32][]touchpoint.Source
}

// readPlans reads a request that writes touchpoints to the timeline; false for any other.
func readPlans(frame []byte) (*plans, bool) {
	if !asks(apiProduce, app.TopicTimeline)(frame) {
		return nil, false
	}
	header, body, err := splitRequest(frame)
	if err != nil {
		return nil, false
	}
	p := &plans{request: kmsg.NewPtrProduceRequest(), header: header, sources: map[int32][]touchpoint.Source{}}
	p.request.SetVersion(int16(binary.BigEndian.Uint16(frame[6:])))
	if err := p.request.ReadFrom(body); err != nil {
		return nil, false
	}
	for i := range p.request.Topics {
		t := &p.request.Topics[i]
		for j := range t.Partitions {
			batch := &t.Partitions[j]
			if t.Topic != app.TopicTimeline {
				continue
			}
			sources, err := sourcesIn(batch.Records)
			if err != nil || len(sources) == 0 {
				return nil, false
			}
			p.sources[batch.Partition] = sources
		}
	}
	return p, true
}

// splitRequest cuts a frame into the header of a request whose version is not flexible and its body.
func splitRequest(frame []byte) (header, body []byte, err error) {
	const fixed = 4 + 2 + 2 + 4 // length, what is asked, its version, correlation id
	if len(frame) < fixed+2 {
		return nil, nil, errors.New("a request without a header")
	}
	client := int(int16(binary.BigEndian.Uint16(frame[fixed:])))
	end := fixed + 2 + max(client, 0)
	if len(frame) < end {
		return nil, nil, errors.New("a request without a client id")
	}
	return frame[4:end], frame[end:], nil
}

// sourcesIn are where the touchpoints in an uncompressed batch came from; other entries are passed over.
func sourcesIn(batch []byte) ([]touchpoint.Source, error) {
	var b kmsg.RecordBatch
	if err := b.ReadFrom(batch); err != nil {
		return nil, err
	}
	if b.Attributes&7 != 0 {
		return nil, fmt.Errorf("the batch is compressed with codec %d", b.Attributes&7)
	}
	var sources []touchpoint.Source
	for at := b.Records; len(at) > 0; {
		size, n := binary.Varint(at)
		if n <= 0 || size < 0 || int(size) > len(at)-n {
			return nil, errors.New("a record is cut off")
		}
		var r kmsg.Record
		if err := r.ReadFrom(at[:n+int(size)]); err != nil {
			return nil, err
		}
		at = at[n+int(size):]
		e, err := timeline.Decode(r.Value)
		if err != nil {
			return nil, err
		}
		if e.Kind == timeline.Touchpoint {
			sources = append(sources, e.Source)
		}
	}
	return sources, nil
}

// parted is a request that was cut down: what went on, and what was taken out.
type parted struct {
	kept, taken []touchpoint.Source
	partitions  []int32 // of the timeline, that were taken out
	frame       []byte
}

// part takes all partitions of the timeline but the request's first out of it, so that at least one plan goes on in part; nil when no plan
// would.
func part(frame []byte) *parted {
	p, ok := readPlans(frame)
	if !ok || len(p.sources) < 2 {
		return nil
	}
	cut := &parted{}
	for i := range p.request.Topics {
		t := &p.request.Topics[i]
		if t.Topic != app.TopicTimeline {
			continue
		}
		for j := range t.Partitions {
			number := t.Partitions[j].Partition
			if j == 0 {
				cut.kept = p.sources[number]
				continue
			}
			cut.taken, cut.partitions = append(cut.taken, p.sources[number]...), append(cut.partitions, number)
		}
		t.Partitions = t.Partitions[:1]
	}
	if !cut.split() {
		return nil
	}
	cut.frame = append(binary.BigEndian.AppendUint32(nil, 0), p.header...)
	cut.frame = p.request.AppendTo(cut.frame)
	binary.BigEndian.PutUint32(cut.frame, uint32(len(cut.frame)-4))
	return cut
}

// split reports whether touchpoints of one raw partition, whose plan they are, are on both sides.
func (c *parted) split() bool {
	sides := map[lane]bool{}
	for _, s := range c.kept {
		sides[lane{s.Topic, int(s.Partition)}] = true
	}
	for _, s := range c.taken {
		if sides[lane{s.Topic, int(s.Partition)}] {
			return true
		}
	}
	return false
}
