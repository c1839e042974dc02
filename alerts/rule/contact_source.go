package rule

import (
	"touchwatch/alerts/alert"
	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/customer"
	"touchwatch/processors/signal"
)

// repeatFamily is the detector family whose window remembers contacts.
const repeatFamily = "repeat"

// contactMarks are the contacts a customer's state remembers, oldest first.
func contactMarks(s *customer.State) []signal.Mark {
	for i := range s.Windows {
		if s.Windows[i].Family == repeatFamily {
			return s.Windows[i].Marks
		}
	}
	return nil
}

// contacts counts the distinct contacts of a window; it changes when the last touchpoint of a contact leaves.
func contacts(window touchpoint.Millis) source[customer.State] {
	return source[customer.State]{
		value: func(s *customer.State, now touchpoint.Millis) (any, touchpoint.Millis) {
			n, until := 0, touchpoint.Millis(0)
			eachContact(s, now, window, func(m *signal.Mark) { n, until = n+1, sooner(until, m.At+window) })
			return n, until
		},
		behind: func(dst []Evidence, s *customer.State, now touchpoint.Millis) []Evidence {
			eachContact(s, now, window, func(m *signal.Mark) {
				dst = append(dst, Evidence{
					Evidence: alert.Evidence{Touchpoint: m.ID, Channel: m.Channel, At: m.At, Reason: contactLine(m)},
					Episode:  "contact/" + m.Key, Touchpoints: touchpointsOf(contactMarks(s), m),
				})
			})
			return dst
		},
	}
}

// eachContact visits the latest mark of each contact in the window, oldest first.
func eachContact(s *customer.State, now, window touchpoint.Millis, visit func(*signal.Mark)) {
	marks := contactMarks(s)
	for i := range marks {
		if within(marks[i].At, now, window) && !laterOfContact(marks, i) {
			visit(&marks[i])
		}
	}
}

func laterOfContact(marks []signal.Mark, i int) bool {
	if marks[i].Key == "" {
		return false
	}
	for j := i + 1; j < len(marks); j++ {
		if marks[j].Key == marks[i].Key {
			return true
		}
	}
	return false
}

// touchpointsOf lists the touchpoints of a mark's contact, oldest first.
func touchpointsOf(marks []signal.Mark, m *signal.Mark) []touchpoint.ID {
	if m.Key == "" {
		return []touchpoint.ID{m.ID}
	}
	var ids []touchpoint.ID
	for i := range marks {
		if marks[i].Key == m.Key {
			ids = append(ids, marks[i].ID)
		}
	}
	return ids
}

func contactLine(m *signal.Mark) string {
	if m.Note != "" {
		return "contact: " + m.Note
	}
	return "contact on " + string(m.Channel)
}

// contactChannels lists the channels of the contacts of a window, in the order of their first one.
func contactChannels(window touchpoint.Millis) source[customer.State] {
	return source[customer.State]{
		value: func(s *customer.State, now touchpoint.Millis) (any, touchpoint.Millis) {
			var list []string
			var until touchpoint.Millis
			eachContact(s, now, window, func(m *signal.Mark) {
				until = sooner(until, m.At+window)
				if !listed(list, string(m.Channel)) {
					list = append(list, string(m.Channel))
				}
			})
			return list, until
		},
	}
}

func listed(list []string, s string) bool {
	for _, have := range list {
		if have == s {
			return true
		}
	}
	return false
}
