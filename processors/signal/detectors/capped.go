package detectors

import (
	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/signal"
)

// capped is a detector whose signals carry the bound of their family.
type capped struct {
	signal.Detector
	most int32
}

// Detect implements signal.Detector.
func (c capped) Detect(marks []signal.Mark, now touchpoint.Millis) ([]signal.Signal, touchpoint.Millis) {
	return c.DetectFor(signal.Party{}, marks, now)
}

// DetectFor implements signal.Personal, also around a detector that does not care who it is.
func (c capped) DetectFor(party signal.Party, marks []signal.Mark, now touchpoint.Millis) ([]signal.Signal, touchpoint.Millis) {
	found, wake := signal.DetectFor(c.Detector, party, marks, now)
	for i := range found {
		found[i].Cap = c.most
	}
	return found, wake
}
