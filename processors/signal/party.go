package signal

import "touchwatch/ingest/touchpoint"

// Party is what a detector may know of whom it judges, beside the marks.
type Party struct {
	Segment string  // as the CRM says, such as "vip"; "" when unknown
	Value   float64 // yearly value in the company's currency; 0 when unknown
}

// Personal is a detector whose judgement depends on who the customer is. Whoever knows the party calls DetectFor instead
// of Detect, which judges somebody of whom nothing is known. A party that changes is judged anew with the next mark.
type Personal interface {
	Detector
	DetectFor(party Party, marks []Mark, now touchpoint.Millis) (signals []Signal, wake touchpoint.Millis)
}

// DetectFor judges marks for a party, by a detector that may or may not care who it is.
func DetectFor(d Detector, party Party, marks []Mark, now touchpoint.Millis) ([]Signal, touchpoint.Millis) {
	if personal, ok := d.(Personal); ok {
		return personal.DetectFor(party, marks, now)
	}
	return d.Detect(marks, now)
}
