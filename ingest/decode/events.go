package decode

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"touchwatch/ingest/codec"
	"touchwatch/ingest/touchpoint"
)

// put files what became of one event. where is the event's path in the record, "" when the record is the event.
func (r *Result) put(index int, where string, tp *touchpoint.Touchpoint, err error) {
	switch {
	case err == nil:
		tp.Source.Index = int32(index)
		r.Touchpoints = append(r.Touchpoints, *tp)
	case errors.Is(err, errNothing):
		r.Skipped++
	default:
		r.Bad = append(r.Bad, Bad{Index: index, Invalid: under(where, err)})
	}
}

// single reads a record that is one event.
func single[E any](value []byte, read func(*E, *touchpoint.Touchpoint) error) Result {
	var r Result
	var event E
	var tp touchpoint.Touchpoint
	if err := codec.Unmarshal(value, &event); err != nil {
		r.put(0, "", nil, unreadable(err))
		return r
	}
	r.put(0, "", &tp, read(&event, &tp))
	return r
}

// many reads the events of an array, each on its own so that a bad one does not take the others with it.
// where is the array's path in the record.
func many[E any](where string, array json.RawMessage, read func(*E, *touchpoint.Touchpoint) error) Result {
	var r Result
	var parts []json.RawMessage
	if err := codec.Unmarshal(array, &parts); err != nil {
		r.put(0, where, nil, unreadable(err))
		return r
	}
	if len(parts) > MaxEvents {
		return whole(touchpoint.ReasonTooLarge, where, fmt.Sprintf("at most %d events in a record, got %d", MaxEvents, len(parts)))
	}
	r.Touchpoints = make([]touchpoint.Touchpoint, 0, len(parts))
	for i, part := range parts {
		var event E
		var tp touchpoint.Touchpoint
		err := error(nil)
		if len(part) == 0 || part[0] != '{' {
			err = wrong("", "an object")
		} else if err = codec.Unmarshal(part, &event); err != nil {
			err = unreadable(err)
		} else {
			err = read(&event, &tp)
		}
		r.put(i, where+"["+strconv.Itoa(i)+"]", &tp, err)
	}
	return r
}
