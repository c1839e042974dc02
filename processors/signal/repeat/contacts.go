package repeat

import (
	"time"

	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/signal"
	"touchwatch/processors/signal/settings"
)

// Contact is one contact as a window of this family remembers it.
type Contact struct {
	Key        touchpoint.ID     // conversation, call or post thread
	At         touchpoint.Millis // event time of its first touchpoint
	Touchpoint touchpoint.ID     // its first touchpoint
	Channel    touchpoint.Channel
}

// Contacts lists the distinct contacts of a window of this family, oldest first. Contacts on one channel that follow each
// other within same count as one, and so does a transferred call.
func Contacts(marks []signal.Mark, same time.Duration) []Contact {
	d := Detector{set: settings.RepeatContact{SameContact: same}}
	var all []Contact
	for _, m := range d.distinct(marks) {
		all = append(all, Contact{Key: m.ID, At: m.At, Touchpoint: touchpoint.ID(m.Note), Channel: m.Channel})
	}
	return all
}
