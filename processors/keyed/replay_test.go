package keyed

import (
	"testing"

	"touchwatch/ingest/timeline"
	"touchwatch/ingest/touchpoint"
)

// forgetful keeps no state at all.
type forgetful struct{ tallyLogic }

func (forgetful) Fold(_ *tally, _ *timeline.Entry, fx *Effects) { fx.Forget() }

func TestARepeatLeavesNoStateOfASubjectThatIsUnknown(t *testing.T) {
	r, err := NewReplay(func([]byte) (Logic[tally], error) { return forgetful{}, nil })
	if err != nil {
		t.Fatal(err)
	}
	e := &timeline.Entry{Kind: timeline.Touchpoint, Subject: "cus_1", Source: touchpoint.Source{Topic: "raw", Offset: 7}}
	for offset := range int64(2) {
		if err := r.Apply(e, offset); err != nil {
			t.Fatal(err)
		}
	}
	if got := r.States(); len(got) != 0 {
		t.Errorf("%d states are left, the runtime stores none", len(got))
	}
}
