package decode

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"touchwatch/ingest/codec"
	"touchwatch/ingest/touchpoint"
)

// one is the result of a record that is one event.
func one[E any](event *E, read func(*E, *touchpoint.Touchpoint) error) Result {
	r := Result{Touchpoints: make([]touchpoint.Touchpoint, 1)}
	if err := read(event, &r.Touchpoints[0]); err != nil {
		r.Touchpoints = nil
		r.refuse(0, "", err)
	}
	return r
}

// refuse files an event that made no touchpoint. where is its path in the record, "" when the record is the event.
func (r *Result) refuse(index int, where string, err error) {
	if errors.Is(err, errNothing) {
		r.Skipped++
		return
	}
	r.Bad = append(r.Bad, Bad{Index: index, Invalid: under(where, err)})
}

// single reads a record that is one event.
func single[E any](value []byte, read func(*E, *touchpoint.Touchpoint) error) Result {
	var event E
	if err := codec.UnmarshalShared(value, &event); err != nil {
		return Result{Bad: []Bad{{Invalid: unreadable(err)}}}
	}
	return one(&event, read)
}

// many reads the events of an array, each on its own so that a bad one does not take the others with it.
// where is the array's path in the record.
func many[E any](where string, array json.RawMessage, read func(*E, *touchpoint.Touchpoint) error) Result {
	var parts []json.RawMessage
	if err := codec.UnmarshalShared(array, &parts); err != nil {
		return Result{Bad: []Bad{{Invalid: under(where, unreadable(err))}}}
	}
	if len(parts) > MaxEvents {
		return whole(touchpoint.ReasonTooLarge, where, fmt.Sprintf("at most %d events in a record, got %d", MaxEvents, len(parts)))
	}
	r := Result{Touchpoints: make([]touchpoint.Touchpoint, 0, len(parts))}
	for i, part := range parts {
		r.Touchpoints = append(r.Touchpoints, touchpoint.Touchpoint{Source: touchpoint.Source{Index: int32(i)}})
		last := len(r.Touchpoints) - 1
		if err := element(part, &r.Touchpoints[last], read); err != nil {
			r.Touchpoints[last] = touchpoint.Touchpoint{}
			r.Touchpoints = r.Touchpoints[:last]
			r.refuse(i, where+"["+strconv.Itoa(i)+"]", err)
		}
	}
	return r
}

// element reads one event of an array.
func element[E any](part json.RawMessage, tp *touchpoint.Touchpoint, read func(*E, *touchpoint.Touchpoint) error) error {
	if len(part) == 0 || part[0] != '{' {
		return wrong("", "an object")
	}
	var event E
	if err := codec.UnmarshalShared(part, &event); err != nil {
		return unreadable(err)
	}
	return read(&event, tp)
}
