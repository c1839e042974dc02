package customer

import (
	"cmp"
	"fmt"
	"slices"

	"touchwatch/ingest/timeline"
	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/keyed"
)

// Encode appends the stored form of s: a version byte and MessagePack. Equal states have equal forms, whatever they went through: a list
// that became empty is stored, and kept, as none, so that a state which was stored in between does not differ from one that was not.
func Encode(dst []byte, s *State) ([]byte, error) {
	none(&s.Aliases)
	none(&s.Channels)
	none(&s.Hours)
	none(&s.Seen)
	none(&s.Windows)
	none(&s.Signals)
	none(&s.Episodes)
	return s.MarshalMsg(append(dst, keyed.StateVersion))
}

func none[E any](list *[]E) {
	if len(*list) == 0 {
		*list = nil
	}
}

// Decode reads what Encode wrote; another version is an error. The state shares b's memory, so b must not change afterwards.
func Decode(b []byte) (*State, error) {
	if len(b) == 0 || b[0] != keyed.StateVersion {
		return nil, fmt.Errorf("customer state version %d, this program reads %d: start the version that wrote it", first(b), keyed.StateVersion)
	}
	s := new(State)
	if _, err := s.UnmarshalMsg(b[1:]); err != nil {
		return nil, fmt.Errorf("decode customer state: %w", err)
	}
	return s, nil
}

// DecodeHistory reads a history, which keeps the timeline's entries as they are, and returns its touchpoints newest first, by (occurred_at, id).
// Of a touchpoint on which there is an opinion that one counts, which comes after it.
func DecodeHistory(entries []string) ([]touchpoint.Touchpoint, error) {
	all := make([]touchpoint.Touchpoint, 0, len(entries))
	for _, body := range entries {
		e, err := timeline.Decode([]byte(body))
		if err != nil {
			return nil, fmt.Errorf("decode remembered touchpoint: %w", err)
		}
		if e.Touchpoint == nil {
			return nil, fmt.Errorf("decode remembered touchpoint: it is an entry of kind %q", e.Kind)
		}
		if e.Kind == timeline.Opinion {
			all = slices.DeleteFunc(all, func(t touchpoint.Touchpoint) bool { return t.ID == e.Touchpoint.ID })
		}
		all = append(all, *e.Touchpoint)
	}
	slices.SortFunc(all, func(a, b touchpoint.Touchpoint) int {
		return cmp.Or(cmp.Compare(b.OccurredAt, a.OccurredAt), cmp.Compare(b.ID, a.ID))
	})
	return all, nil
}

func first(b []byte) int {
	if len(b) == 0 {
		return -1
	}
	return int(b[0])
}
