package rule

import (
	"slices"
	"strings"

	"touchwatch/alerts/alert"
	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/place"
)

// placeMinutes bounds the windows: beyond it a place has forgotten.
const placeMinutes = 60

var minutesArg = Arg{Name: "minutes", Kind: Number, Most: placeMinutes}

// placeVocabulary is what rules about places may say.
func placeVocabulary() *vocabulary[place.State] {
	return &vocabulary[place.State]{subject: Place, words: placeWords, quiet: func(s *place.State) bool { return len(s.Hits) == 0 }}
}

var placeWords = []word[place.State]{
	{
		Word{"customers", []Arg{minutesArg}, "number", "Distinct customers with a signal here within the last minutes (60 at most)."},
		0, 0, falling, func(a []literal) source[place.State] { return affected(a[0].minutes(), anyHit) },
	},
	{
		Word{"customers_with", []Arg{{Name: "signal", Kind: SignalList}, minutesArg}, "number", "Distinct customers with that signal, or with one of a list of signals, within the last minutes (60 at most)."},
		0, 0, falling, func(a []literal) source[place.State] { return affected(a[1].minutes(), hitOf(a[0].names)) },
	},
	{
		Word{"customers_before", []Arg{{Name: "signal", Kind: SignalList}, minutesArg}, "number", "What is usual here: distinct customers with that signal, or with one of a list of signals, in an average stretch of so many minutes (1 to 59) of the rest of the hour before the last minutes, seen from the newest signal."},
		0.0, 0.0, steady, func(a []literal) source[place.State] { return before(a[1].minutes(), hitOf(a[0].names)) },
	},
	{
		Word{"hits", []Arg{minutesArg}, "number", "Customers' signals here within the last minutes (60 at most); one customer may have several, but each kind of signal counts once per customer."},
		0, 0, falling, func(a []literal) source[place.State] { return hits(a[0].minutes()) },
	},
	{
		Word{"place", nil, "text", "The place's key, such as \"page:/checkout\"."},
		"", nil, steady,
		placeFact(func(s *place.State) any { return s.ID }),
	},
	{
		Word{"kind", nil, "text", "page, element, form, queue, platform, campaign or product."},
		"", nil, steady,
		placeFact(func(s *place.State) any { kind, _ := splitKey(s.ID); return kind }),
	},
	{
		Word{"name", nil, "text", "The place without its kind, such as \"/checkout\"."},
		"", nil, steady,
		placeFact(func(s *place.State) any { _, name := splitKey(s.ID); return name }),
	},
	{
		Word{"signals", nil, "number", "Signals ever seen here."},
		0, nil, steady,
		placeFact(func(s *place.State) any { return int(s.Total) }),
	},
	{
		Word{"latest", nil, "text", "For texts: the line of the latest signal here."},
		"", nil, moving,
		placeFact(func(s *place.State) any { return latestHit(s, anyHit) }),
	},
	{
		Word{"latest_with", []Arg{{Name: "signal", Kind: SignalList}}, "text", "For texts: the line of the latest such signal here."},
		"", nil, moving, func(a []literal) source[place.State] {
			return source[place.State]{value: func(s *place.State, _ touchpoint.Millis) (any, touchpoint.Millis) {
				return latestHit(s, hitOf(a[0].names)), 0
			}}
		},
	},
}

func placeFact(get func(*place.State) any) func([]literal) source[place.State] {
	return func([]literal) source[place.State] {
		return source[place.State]{value: func(s *place.State, _ touchpoint.Millis) (any, touchpoint.Millis) { return get(s), 0 }}
	}
}

// splitKey takes "page:/checkout" apart. A key without a kind is all name.
func splitKey(key string) (kind, name string) {
	kind, name, ok := strings.Cut(key, ":")
	if !ok {
		return "", key
	}
	return kind, name
}

func latestHit(s *place.State, pass func(*place.Hit) bool) string {
	for i := len(s.Hits) - 1; i >= 0; i-- {
		if pass(&s.Hits[i]) {
			return s.Hits[i].Reason
		}
	}
	return ""
}

func anyHit(*place.Hit) bool { return true }

func hitOf(names []string) func(*place.Hit) bool {
	return func(h *place.Hit) bool { return slices.Contains(names, h.Signal) }
}

// affected counts the distinct customers with such a hit in the window; it changes when the latest one of a customer leaves.
func affected(window touchpoint.Millis, pass func(*place.Hit) bool) source[place.State] {
	return source[place.State]{
		value: func(s *place.State, now touchpoint.Millis) (any, touchpoint.Millis) {
			n, until := 0, touchpoint.Millis(0)
			eachAffected(s, now, window, pass, func(h *place.Hit) { n, until = n+1, sooner(until, h.At+window) })
			return n, until
		},
		behind: func(dst []Evidence, s *place.State, now touchpoint.Millis) []Evidence {
			eachAffected(s, now, window, pass, func(h *place.Hit) { dst = append(dst, hitEvidence(h)) })
			return dst
		},
	}
}

// before is how many customers had such a hit in an average stretch as long as the window, in the rest of the hour before it. Both are seen from
// the newest hit, so that time alone never makes a surge out of what is forgotten.
func before(window touchpoint.Millis, pass func(*place.Hit) bool) source[place.State] {
	const remembered = placeMinutes * minute
	return source[place.State]{value: func(s *place.State, _ touchpoint.Millis) (any, touchpoint.Millis) {
		if len(s.Hits) == 0 || window >= remembered {
			return 0.0, 0
		}
		n, newest := 0, s.Hits[len(s.Hits)-1].At
		eachAffected(s, newest, remembered, pass, func(h *place.Hit) {
			if !within(h.At, newest, window) {
				n++
			}
		})
		return float64(n) * float64(window) / float64(remembered-window), 0
	}}
}

// eachAffected visits the latest such hit of each customer in the window, latest first.
func eachAffected(s *place.State, now, window touchpoint.Millis, pass func(*place.Hit) bool, visit func(*place.Hit)) {
	var few [16]touchpoint.CustomerID
	seen := few[:0]
	var many map[touchpoint.CustomerID]struct{} // once there are more than a scan is good for
	for i := len(s.Hits) - 1; i >= 0; i-- {
		h := &s.Hits[i]
		if !within(h.At, now, window) {
			return // sorted by time: the rest is older
		}
		if !pass(h) || slices.Contains(seen, h.Customer) {
			continue
		}
		if _, again := many[h.Customer]; again {
			continue
		}
		if len(seen) < len(few) {
			seen = append(seen, h.Customer)
		} else {
			if many == nil {
				many = make(map[touchpoint.CustomerID]struct{}, len(s.Hits)-len(seen))
			}
			many[h.Customer] = struct{}{}
		}
		visit(h)
	}
}

func hits(window touchpoint.Millis) source[place.State] {
	return source[place.State]{
		value: func(s *place.State, now touchpoint.Millis) (any, touchpoint.Millis) {
			n, until := 0, touchpoint.Millis(0)
			for i := len(s.Hits) - 1; i >= 0 && within(s.Hits[i].At, now, window); i-- {
				n, until = n+1, s.Hits[i].At+window
			}
			return n, until
		},
		behind: func(dst []Evidence, s *place.State, now touchpoint.Millis) []Evidence {
			for i := len(s.Hits) - 1; i >= 0 && within(s.Hits[i].At, now, window); i-- {
				dst = append(dst, hitEvidence(&s.Hits[i]))
			}
			return dst
		},
	}
}

func hitEvidence(h *place.Hit) Evidence {
	return Evidence{
		Evidence: alert.Evidence{Customer: string(h.Customer), Channel: h.Channel, At: h.At, Signal: h.Signal, Reason: h.Reason},
		Episode:  string(h.Customer),
	}
}
