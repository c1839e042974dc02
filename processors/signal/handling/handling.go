// Package handling owns the signals of the family handling: how a contact was dealt with, beside how long it took. A bot
// that gives the same answer again, a conversation that is passed on and on, a call in which nobody speaks, an agent who
// does not let the customer finish. Time in queues and between messages belongs to the package waiting.
//
// How a call is spoken is told by its turns while it goes on, and by its end and its record afterwards: one episode, in
// which of each measure the larger holds.
//
// The detector is immutable and safe for concurrent use.
package handling

import (
	"strconv"
	"time"
	"unicode"

	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/signal"
	"touchwatch/processors/signal/settings"
)

// What a mark stands for. Channel and Key are the conversation or the call, Place the queue.
const (
	wrote    = iota + 1 // the customer wrote
	botSaid             // N tells the words apart, zero for few words
	handed              // passed on to somebody else
	recorded            // the record of a call, and how it was spoken: N the longest silence in ms, X the percent without speech, Y interruptions
	ended               // a call is over; the rest likewise
	turn                // somebody spoke in a call: N for how long in ms, zero when nobody knows, X who
	held                // put on hold
	back                // and back: N the hold in ms
	away                // on the way to somebody else
	answered            // somebody took the call: the source tells of it while it goes on
	human               // the customer asked for a person, or for somebody who may decide; Note: a quotation
)

// Detector makes the signals of handling.
type Detector struct {
	asks        settings.AsksForHuman
	bot         settings.BotLoop
	handed      settings.HandedOver
	deadAir     settings.DeadAir
	interrupted settings.Interrupted
}

// New returns the detector of how contacts are dealt with.
func New(s *settings.Settings) *Detector {
	return &Detector{asks: s.AsksForHuman, bot: s.BotLoop, handed: s.HandedOver, deadAir: s.DeadAir, interrupted: s.Interrupted}
}

// Family implements signal.Detector.
func (*Detector) Family() string { return "handling" }

// Bounds implements signal.Detector.
func (*Detector) Bounds() signal.Bounds {
	return signal.Bounds{Keep: 3 * time.Hour, Gap: 12 * time.Hour, Most: 64}
}

// Observe implements signal.Detector. An event without a conversation says nothing about one.
func (d *Detector) Observe(dst []signal.Mark, t *touchpoint.Touchpoint) []signal.Mark {
	if t.Channel != touchpoint.Chat && t.Channel != touchpoint.Call {
		return dst
	}
	switch t.Kind {
	case touchpoint.ChatCustomerMessage, touchpoint.ChatAgentMessage, touchpoint.ChatHandover, touchpoint.CallEnded, touchpoint.CallRecord,
		touchpoint.CallTurn, touchpoint.CallHoldStart, touchpoint.CallHoldEnd, touchpoint.CallTransferred, touchpoint.CallAnswered:
	default:
		return dst
	}
	if t.Place.Thread == "" {
		return dst
	}
	m := signal.Mark{At: t.OccurredAt, ID: t.ID, Channel: t.Channel}
	switch t.Kind {
	case touchpoint.ChatCustomerMessage:
		m.Kind = wrote
	case touchpoint.ChatAgentMessage:
		if t.Attrs["author"] != "bot" {
			return dst
		}
		m.Kind, m.N = botSaid, d.words(t.Text)
	case touchpoint.ChatHandover:
		m.Kind = handed
	case touchpoint.CallTurn:
		m.Kind, m.N, m.X = turn, length(t), agent
		if t.FromCustomer() {
			m.X = caller
		}
	case touchpoint.CallHoldStart:
		m.Kind = held
	case touchpoint.CallHoldEnd:
		m.Kind, m.N = back, length(t)
	case touchpoint.CallTransferred:
		m.Kind = away
	case touchpoint.CallAnswered:
		m.Kind = answered
	default:
		d.spoken(&m, t)
	}
	if m.Key = t.Place.Thread; m.Kind != wrote {
		m.Place = t.Place.Queue
	}
	dst = append(dst, m)
	if wantsPerson(t) {
		dst = append(dst, signal.Mark{
			At: m.At, ID: m.ID, Kind: human, Channel: m.Channel, Key: m.Key, Place: t.Place.Queue, Note: signal.Quote(t.Text, t.Mood.Words),
		})
	}
	return dst
}

// words tells texts apart by their letters, so that another number of minutes or another name's capital is the same
// answer. It is zero for a text of few letters.
func (d *Detector) words(text string) int64 {
	h, letters := uint64(14695981039346656037), 0
	for _, r := range text {
		if !unicode.IsLetter(r) {
			continue
		}
		h = (h ^ uint64(unicode.ToLower(r))) * 1099511628211
		letters++
	}
	if letters < d.bot.Letters {
		return 0
	}
	return int64(h>>1) | 1
}

// spoken fills what a finished call says about its speech, as far as it is worth telling.
func (d *Detector) spoken(m *signal.Mark, t *touchpoint.Touchpoint) {
	talk := int64(t.Duration)
	if silence := number(t, "longest_silence_ms"); silence >= d.deadAir.Silence.Milliseconds() {
		m.N = silence
	}
	// Holds are long_hold's business.
	if quiet := number(t, "non_talk_ms") - onHold(t); quiet > 0 && talk >= d.deadAir.Talk.Milliseconds() {
		if percent := min(quiet*100/talk, 100); percent >= int64(d.deadAir.Percent) {
			m.X = int32(percent)
		}
	}
	n := number(t, "interruptions")
	if d.often(n, talk) {
		m.Y = int32(n)
	}
	if m.Kind = recorded; t.Kind == touchpoint.CallEnded {
		m.Kind = ended
	}
}

// onHold is for how long a finished call was on hold, as it says itself. Who tells of the longest hold and their number only may have been on hold for
// so many times the longest.
func onHold(t *touchpoint.Touchpoint) int64 {
	if all := number(t, "hold_ms"); all > 0 {
		return all
	}
	return number(t, "longest_hold_ms") * max(number(t, "holds"), 1)
}

// often reports whether so many interruptions within so many milliseconds of talk are too many.
func (d *Detector) often(n, talk int64) bool {
	return n >= int64(d.interrupted.Times) && float64(n)*float64(time.Minute.Milliseconds()) >= d.interrupted.AMinute*float64(max(talk, 1))
}

// number reads a count or a time of an attribute; what is missing, negative or absurd is zero.
func number(t *touchpoint.Touchpoint, attr string) int64 {
	n, err := strconv.ParseInt(t.Attrs[attr], 10, 64)
	if err != nil || n < 0 || n > (24*time.Hour).Milliseconds() {
		return 0
	}
	return n
}

// Detect implements signal.Detector. Time alone changes only how long nobody has spoken in a call that goes on.
func (d *Detector) Detect(marks []signal.Mark, now touchpoint.Millis) ([]signal.Signal, touchpoint.Millis) {
	var kinds uint16
	for i := range marks {
		kinds |= 1 << (marks[i].Kind & 15)
	}
	if kinds&(1<<botSaid|1<<handed|1<<recorded|1<<ended|1<<turn|1<<human) == 0 {
		return nil, 0 // people talk to people
	}
	var out []signal.Signal
	var wake touchpoint.Millis
	for i := range marks {
		if !first(marks, i) {
			continue
		}
		if kinds&(1<<human) != 0 {
			out = d.wantsPerson(out, marks[i:])
		}
		if marks[i].Channel == touchpoint.Chat {
			out = d.conversation(out, marks[i:])
			continue
		}
		due := touchpoint.Millis(0)
		out, due = d.call(out, marks[i:], now)
		if due != 0 && (wake == 0 || due < wake) {
			wake = due
		}
	}
	return out, wake
}

// same reports whether two marks are of one contact.
func same(a, b *signal.Mark) bool { return a.Key == b.Key && a.Channel == b.Channel }

// first reports whether marks[i] is the first of its contact.
func first(marks []signal.Mark, i int) bool {
	for k := range i {
		if same(&marks[k], &marks[i]) {
			return false
		}
	}
	return true
}

// conversation judges the chat that begins with marks[0].
func (d *Detector) conversation(out []signal.Signal, marks []signal.Mark) []signal.Signal {
	var passed []*signal.Mark
	bots, met := 0, false
	for i := range marks {
		m := &marks[i]
		if !same(m, &marks[0]) {
			continue
		}
		switch m.Kind {
		case botSaid:
			bots++
		case handed:
			if !met && len(passed) == 0 && bots > 0 {
				met = true // from the bot to the first person is what the customer wants
				continue
			}
			passed = append(passed, m)
		}
	}
	if bots > 1 {
		out = d.loop(out, marks)
	}
	if len(passed) >= d.handed.Handovers {
		out = d.add(out, "handed_over", d.handed.Bad, passed, "was handed over "+signal.Times(len(passed))+" in one conversation")
	}
	return out
}

// loop finds the answer that a bot gave most often to different messages of the customer.
func (d *Detector) loop(out []signal.Signal, marks []signal.Mark) []signal.Signal {
	var worst []*signal.Mark
	for i := range marks {
		if !same(&marks[i], &marks[0]) || marks[i].Kind != botSaid || marks[i].N == 0 {
			continue
		}
		var run []*signal.Mark
		asked := true // before the first answer
		for k := i; k < len(marks); k++ {
			m := &marks[k]
			switch {
			case !same(m, &marks[0]):
			case m.Kind == wrote:
				asked = true
			case m.Kind == botSaid && m.N == marks[i].N && asked:
				run, asked = append(run, m), false
			}
		}
		if len(run) > len(worst) {
			worst = run
		}
	}
	if len(worst) < d.bot.Answers {
		return out
	}
	return d.add(out, "bot_loop", d.bot.Bad, worst, "the bot gave the same answer "+signal.Times(len(worst)))
}

func (d *Detector) add(out []signal.Signal, name string, effect settings.Bad, part []*signal.Mark, reason string) []signal.Signal {
	return d.addAt(out, name, effect, part, part[len(part)-1].At, reason)
}

// addAt appends the signal that part shows, oldest first; its decay starts at the moment at.
func (d *Detector) addAt(out []signal.Signal, name string, effect settings.Bad, part []*signal.Mark, at touchpoint.Millis, reason string) []signal.Signal {
	weight := effect.Points(1)
	if weight == 0 {
		return out
	}
	from := part[0]
	ids := make([]touchpoint.ID, len(part))
	queue := ""
	for i, m := range part {
		ids[i] = m.ID
		if m.Place != "" {
			queue = m.Place
		}
	}
	return append(out, signal.Signal{
		Name: name, Family: d.Family(), Episode: string(from.Channel) + ":" + from.Key, First: from.At, At: at,
		Weight: weight, Half: effect.HalfSeconds(), Channel: from.Channel,
		Places: signal.Places(signal.PlaceKey("queue", queue)), Evidence: signal.Evidence(ids), Reason: reason,
	})
}
