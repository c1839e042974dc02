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
	found, wake := c.Detector.Detect(marks, now)
	for i := range found {
		found[i].Cap = c.most
	}
	return found, wake
}
