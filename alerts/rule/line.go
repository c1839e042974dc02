package rule

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/customer"
	"touchwatch/processors/signal"
)

// Several signals may rest on the same words: somebody is unhappy, reports a problem and
// waits for an answer with one message. They are one line, and what was said stands in it once.

// line is signals that are told together.
type line struct {
	signals []*signal.Signal
	points  float64 // what they take from the score now
	at      touchpoint.Millis
}

// lines brings the bad signals of a window together. Of each kind of signal the heaviest counts.
func lines(s *customer.State, now, window touchpoint.Millis, is test) []line {
	var chosen []*signal.Signal
	for i := range s.Signals {
		g := &s.Signals[i]
		if !is(g) || !within(g.At, now, window) {
			continue
		}
		if same := slices.IndexFunc(chosen, func(o *signal.Signal) bool { return o.Name == g.Name }); same < 0 {
			chosen = append(chosen, g)
		} else if points(g, now) <= points(chosen[same], now) {
			chosen[same] = g
		}
	}
	var all []line
	for _, g := range chosen {
		whole := line{signals: []*signal.Signal{g}, points: points(g, now), at: g.At}
		all = slices.DeleteFunc(all, func(l line) bool { // g may bring together what had nothing in common before
			if !slices.ContainsFunc(l.signals, func(o *signal.Signal) bool { return sameWords(o, g) }) {
				return false
			}
			whole.signals, whole.points, whole.at = append(whole.signals, l.signals...), whole.points+l.points, max(whole.at, l.at)
			return true
		})
		all = append(all, whole)
	}
	return all
}

// sameWords reports whether two signals rest on the same thing that was said.
func sameWords(a, b *signal.Signal) bool {
	if oneCall(a, b) || oneCall(b, a) {
		return true
	}
	if a.Channel != b.Channel {
		return false
	}
	if ofPage(a) && ofPage(b) {
		return samePage(a, b)
	}
	if !ofWords(a) || !ofWords(b) {
		return false
	}
	if a.Family == "mood" && b.Family == "mood" && a.Episode == b.Episode && (a.Name == "mood_turn" || b.Name == "mood_turn") {
		return true // one course of one contact
	}
	return slices.ContainsFunc(a.Evidence, func(id touchpoint.ID) bool { return slices.Contains(b.Evidence, id) }) || sameQuote(a.Reason, b.Reason)
}

// oneCall reports whether a says how long somebody waited, and b how that call ended: b says both.
func oneCall(a, b *signal.Signal) bool {
	return a.Name == "long_wait" && (b.Name == "abandoned_call" || b.Name == "short_call") && a.Episode == b.Episode
}

// ofPage reports whether a signal is about a page that does not do what it should.
func ofPage(g *signal.Signal) bool { return g.Family == "friction" || g.Family == "checkout" }

// oneVisit is how long apart two troubles on one page are of one visit.
const oneVisit = 10 * time.Minute

func samePage(a, b *signal.Signal) bool {
	near := a.At.Sub(b.At) <= oneVisit && b.At.Sub(a.At) <= oneVisit
	return near && slices.ContainsFunc(a.Places, func(p string) bool { return strings.HasPrefix(p, "page:") && slices.Contains(b.Places, p) })
}

// onPage tells what happened on a page: the two that take most, in their order.
func (l *line) onPage(now touchpoint.Millis) string {
	worst := slices.Clone(l.signals)
	slices.SortStableFunc(worst, func(a, b *signal.Signal) int {
		return cmp.Or(cmp.Compare(points(a, now), points(b, now)), strings.Compare(a.Name, b.Name))
	})
	worst = worst[:min(len(worst), 2)]
	slices.SortStableFunc(worst, func(a, b *signal.Signal) int { return cmp.Compare(a.First, b.First) })
	told := make([]string, len(worst))
	for i, g := range worst {
		told[i] = g.Reason
	}
	return strings.Join(told, ", ") + earlier(l.at, now)
}

// ofWords reports whether a signal is about something that was said, or that waits for an answer.
func ofWords(g *signal.Signal) bool {
	switch g.Family {
	case "mood", "social", "feedback":
		return true
	case "waiting":
		return g.Channel == touchpoint.Chat
	}
	return g.Name == "asks_for_human"
}

// sameText is how many bytes two quotations must share to be of the same text: each is cut around other words.
const sameText = 24

func sameQuote(a, b string) bool {
	x, y := strings.Trim(quotation(a), "…"), strings.Trim(quotation(b), "…")
	return len(x) >= sameText && len(y) >= sameText && (strings.Contains(x, y) || strings.Contains(y, x))
}

// quotation is what stands between “ and ” in a reason, "" when nothing does.
func quotation(reason string) string {
	_, rest, found := strings.Cut(reason, "“")
	if end := strings.LastIndex(rest, "”"); found && end >= 0 {
		return rest[:end]
	}
	return ""
}

// withoutQuote takes “…” out of a reason, with the colon or the 'to' before it.
func withoutQuote(reason string) string {
	before, rest, found := strings.Cut(reason, "“")
	end := strings.LastIndex(rest, "”")
	if !found || end < 0 {
		return reason
	}
	before = strings.TrimSuffix(strings.TrimSuffix(before, " to "), ": ")
	return before + rest[end+len("”"):]
}

// onChannels are the ends of a clause that say on which channel something was said.
var onChannels = []string{" in the chat", " on the phone", " on social media", " in a survey"}

// parted takes the place off the end of a clause.
func parted(clause string) (what, where string) {
	for _, p := range onChannels {
		if what, found := strings.CutSuffix(clause, p); found {
			return what, p
		}
	}
	return clause, ""
}

// moods are the signals of what somebody says, in the order in which they are told; those that say more stand first.
var moods = []string{"churn_threat", "mood_turn", "negative_text", "problem_report", "asks_for_human", "urgent_request"}

// words tells a line. where says whether it names the channel.
func (l *line) words(now touchpoint.Millis, where bool) string {
	slices.SortStableFunc(l.signals, func(a, b *signal.Signal) int {
		return cmp.Or(cmp.Compare(moodRank(a), moodRank(b)), cmp.Compare(a.At, b.At), strings.Compare(a.Name, b.Name))
	})
	if len(l.signals) == 1 && (where || moodRank(l.signals[0]) == len(moods)) {
		return l.signals[0].Reason + earlier(l.at, now)
	}
	if ofPage(l.signals[0]) {
		return l.onPage(now)
	}
	var clauses, after []string
	place, quote := "", ""
	for _, g := range l.signals {
		if slices.ContainsFunc(l.signals, func(o *signal.Signal) bool { return oneCall(g, o) }) {
			continue
		}
		if moodRank(g) == len(moods) && len(clauses) > 0 {
			if f := followUp(g); g.Name == "public_complaint" {
				place = f
			} else {
				after = append(after, f)
			}
			continue
		}
		if quote == "" {
			quote = quotation(g.Reason)
		}
		if (g.Name == "negative_text" || g.Name == "mood_turn") && len(clauses) > 0 {
			continue // who threatens, or became unhappy, is
		}
		clause, at := parted(withoutQuote(g.Reason))
		if place == "" {
			place = at
		}
		clauses = append(clauses, clause)
	}
	told := joined(clauses)
	if where || !slices.Contains(onChannels, place) {
		told += place
	}
	if quote != "" {
		told += ": “" + quote + "”"
	}
	for _, f := range after {
		told += ", " + f
	}
	return told + earlier(l.at, now)
}

func moodRank(g *signal.Signal) int {
	if i := slices.Index(moods, g.Name); i >= 0 {
		return i
	}
	return len(moods)
}

// joined puts 'and' before the last of several clauses.
func joined(clauses []string) string {
	if n := len(clauses); n > 1 {
		return strings.Join(clauses[:n-1], ", ") + " and " + clauses[n-1]
	}
	return strings.Join(clauses, "")
}

// followUp tells what became of something that stands quoted in the same line.
func followUp(g *signal.Signal) string {
	reason := withoutQuote(g.Reason)
	if _, over, found := strings.Cut(reason, " for over "); found && strings.HasPrefix(reason, "no answer") {
		return "still no answer after " + over
	}
	if g.Name == "public_complaint" {
		return strings.TrimPrefix(reason, "complained")
	}
	what, _ := parted(reason)
	return what
}
