package keyed

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"touchwatch/ingest/stream"
	"touchwatch/ingest/touchpoint"
)

// position is how far a raw topic-partition was applied.
type position struct {
	epoch  int32
	offset int64
	index  int32
}

// reached reports whether p is at or behind q: an entry from there was applied before.
func (p position) reached(q position) bool {
	if p.epoch != q.epoch {
		return p.epoch < q.epoch
	}
	if p.offset != q.offset {
		return p.offset < q.offset
	}
	return p.index <= q.index
}

func (p position) String() string { return fmt.Sprintf("%d/%d/%d", p.epoch, p.offset, p.index) }

func parsePosition(s string) (position, error) {
	parts := strings.Split(s, "/")
	if len(parts) != 3 {
		return position{}, fmt.Errorf("want epoch/offset/index, got %q", s)
	}
	epoch, err1 := strconv.ParseInt(parts[0], 10, 32)
	offset, err2 := strconv.ParseInt(parts[1], 10, 64)
	index, err3 := strconv.ParseInt(parts[2], 10, 32)
	if err1 != nil || err2 != nil || err3 != nil {
		return position{}, fmt.Errorf("want epoch/offset/index, got %q", s)
	}
	return position{int32(epoch), offset, int32(index)}, nil
}

// source is a raw topic-partition.
type source struct {
	topic     string
	partition int32
}

// String is the field of the sources hash.
func (s source) String() string { return s.topic + "/" + strconv.Itoa(int(s.partition)) }

func parseSource(field string) (source, error) {
	cut := strings.LastIndexByte(field, '/')
	partition, err := strconv.ParseInt(field[cut+1:], 10, 32)
	if cut < 0 || err != nil {
		return source{}, fmt.Errorf("want topic/partition, got %q", field)
	}
	return source{field[:cut], int32(partition)}, nil
}

// String is the field of the live hash.
func (k countKey) String() string { return strconv.FormatInt(int64(k.minute), 10) + "|" + k.label }

// json is the value beside it.
func (c Counts) json() []byte {
	b, _ := json.Marshal(c) // three numbers always encode
	return b
}

func parseCountKey(field string) (countKey, bool) {
	minute, label, ok := strings.Cut(field, "|")
	m, err := strconv.ParseInt(minute, 10, 64)
	return countKey{touchpoint.Millis(m), label}, ok && err == nil
}

// restore fills the worker from what Redis holds. What cannot be read is our own corruption and stops the partition.
func (w *worker[S]) restore(offset, sources, live, alerts map[string]string) error {
	w.next, w.configSequence = -1, 0
	for field, target := range map[string]*int64{"next": &w.next, "config": &w.configSequence} {
		if s, ok := offset[field]; ok {
			n, err := strconv.ParseInt(s, 10, 64)
			if err != nil {
				return &stream.HaltError{Err: fmt.Errorf("%s %s is %q, want a number", w.keys.Offset(), field, s)}
			}
			*target = n
		}
	}
	w.sources = make(map[source]position, len(sources))
	for name, s := range sources {
		from, err1 := parseSource(name)
		p, err2 := parsePosition(s)
		if err := errors.Join(err1, err2); err != nil {
			return &stream.HaltError{Err: fmt.Errorf("%s %s: %w", w.keys.Sources(), name, err)}
		}
		w.sources[from] = p
	}
	w.live = make(map[countKey]Counts, len(live))
	for field, s := range live {
		var c Counts
		k, ok := parseCountKey(field)
		if err := json.Unmarshal([]byte(s), &c); err != nil || !ok {
			return &stream.HaltError{Err: fmt.Errorf("%s %s is %q, want counts of a minute", w.keys.Live(), field, s)}
		}
		w.live[k] = c
		w.newest = max(w.newest, k.minute)
	}
	w.ended = map[string]touchpoint.Millis{}
	for id, body := range alerts {
		var a struct {
			Phase     string            `json:"phase"`
			UpdatedAt touchpoint.Millis `json:"updated_at"`
		}
		if err := json.Unmarshal([]byte(body), &a); err != nil {
			return &stream.HaltError{Err: fmt.Errorf("%s %s: %w", w.keys.Alerts(), id, err)}
		}
		if a.Phase == "resolved" {
			w.ended[id] = a.UpdatedAt
		}
	}
	return nil
}
