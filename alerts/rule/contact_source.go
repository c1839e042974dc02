package rule

import (
	"slices"
	"time"

	"touchwatch/alerts/alert"
	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/customer"
	"touchwatch/processors/signal"
	"touchwatch/processors/signal/repeat"
)

const (
	// repeatFamily is the detector family whose window remembers contacts.
	repeatFamily = "repeat"
	// sameContact is the shipped time within which two contacts on one channel are the same attempt.
	sameContact = 15 * time.Minute
)

// contactMarks is the window in which a customer's state remembers contacts.
func contactMarks(s *customer.State) []signal.Mark {
	for i := range s.Windows {
		if s.Windows[i].Family == repeatFamily {
			return s.Windows[i].Marks
		}
	}
	return nil
}

// recentContacts are the distinct contacts that began in a window, oldest first.
func recentContacts(s *customer.State, now, window touchpoint.Millis) []repeat.Contact {
	marks := contactMarks(s)
	if len(marks) == 0 {
		return nil
	}
	all := repeat.Contacts(marks, sameContact)
	return slices.DeleteFunc(all, func(c repeat.Contact) bool { return !within(c.At, now, window) })
}

// firstLeaves is when the oldest of the contacts leaves the window; zero when there is none.
func firstLeaves(contacts []repeat.Contact, window touchpoint.Millis) touchpoint.Millis {
	if len(contacts) == 0 {
		return 0
	}
	return contacts[0].At + window
}

// contacts counts the distinct contacts of a window.
func contacts(window touchpoint.Millis) source[customer.State] {
	return source[customer.State]{
		value: func(s *customer.State, now touchpoint.Millis) (any, touchpoint.Millis) {
			recent := recentContacts(s, now, window)
			return len(recent), firstLeaves(recent, window)
		},
		behind: func(dst []Evidence, s *customer.State, now touchpoint.Millis) []Evidence {
			for _, c := range recentContacts(s, now, window) {
				dst = append(dst, Evidence{
					Evidence: alert.Evidence{Touchpoint: c.Touchpoint, Channel: c.Channel, At: c.At, Reason: "contact on " + string(c.Channel)},
					Episode:  "contact/" + string(c.Key), Touchpoints: []touchpoint.ID{c.Touchpoint},
				})
			}
			return dst
		},
	}
}

// contactChannels lists the channels of the contacts of a window, in the order of their first one.
func contactChannels(window touchpoint.Millis) source[customer.State] {
	return source[customer.State]{
		value: func(s *customer.State, now touchpoint.Millis) (any, touchpoint.Millis) {
			var list []string
			recent := recentContacts(s, now, window)
			for _, c := range recent {
				if !slices.Contains(list, string(c.Channel)) {
					list = append(list, string(c.Channel))
				}
			}
			return list, firstLeaves(recent, window)
		},
	}
}
