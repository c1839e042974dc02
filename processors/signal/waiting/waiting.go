// Package waiting owns the signals of the family waiting: time the customer spends in a queue, on hold, passed from one to
// the next, or in front of a chat nobody answers. It works from live events while they happen (by timers) and from the
// record of a finished call, and counts a call once however it is told: an episode is the call.
//
// The detector is immutable and safe for concurrent use.
package waiting

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/signal"
	"touchwatch/processors/signal/answer"
	"touchwatch/processors/signal/settings"
)

// What a mark stands for. The Key is the call or the conversation ("call:…", "chat:…"), Place the queue.
const (
	queued      = iota + 1
	answered    // N: the wait in ms
	holdStart   //
	holdEnd     // N: the hold in ms
	transferred //
	ended       // N: the talk in ms, Note: the reason
	record      // N: the wait in ms, X holds, Y transfers, Note the reason
	recordHold  // N: the longest hold in ms
	previous    // Note: Key of the call this one continues
	asked       // the customer wrote and wants an answer; X: the answer.Need, Note: a quotation
	replied     // an agent wrote, or a bot if that counts; X: promised when there is more to come
	closed      // the conversation was closed; Note: the outcome
	cutShort    // a record of a call that was short after a long wait; N: the talk in ms, Y: the wait in s
)

// Detector makes the signals of waiting.
type Detector struct {
	set     *settings.Settings
	targets answer.Targets
}

// New returns the detector of waits, holds, transfers and unanswered chats.
func New(s *settings.Settings) *Detector { return &Detector{set: s, targets: answer.NewTargets(s)} }

// Family implements signal.Detector.
func (*Detector) Family() string { return "waiting" }

// Bounds implements signal.Detector. A conversation stays together for a day, so that an answer ends the wait it is for.
func (*Detector) Bounds() signal.Bounds {
	return signal.Bounds{Keep: 3 * time.Hour, Gap: 24 * time.Hour, Most: 64}
}

// Observe implements signal.Detector.
func (d *Detector) Observe(dst []signal.Mark, t *touchpoint.Touchpoint) []signal.Mark {
	if t.Channel != touchpoint.Chat && t.Channel != touchpoint.Call {
		return dst
	}
	m := signal.Mark{At: t.OccurredAt, ID: t.ID, Place: t.Place.Queue}
	switch t.Kind {
	case touchpoint.CallQueued:
		m.Kind = queued
	case touchpoint.CallAnswered:
		m.Kind, m.N = answered, int64(t.Duration)
	case touchpoint.CallHoldStart:
		m.Kind = holdStart
	case touchpoint.CallHoldEnd:
		m.Kind, m.N = holdEnd, int64(t.Duration)
	case touchpoint.CallTransferred:
		m.Kind = transferred
	case touchpoint.CallEnded:
		m.Kind, m.N, m.Note = ended, max(int64(t.Duration), 0), t.Attrs["reason"]
	case touchpoint.CallRecord:
		m.Key = key(t)
		return d.observeRecord(dst, m, t)
	case touchpoint.ChatCustomerMessage:
		need := answer.NeedOf(t)
		if need == answer.None {
			return dst
		}
		m.Kind, m.X, m.Note = asked, int32(need), signal.Quote(t.Text, nil)
	case touchpoint.ChatAgentMessage:
		if t.Attrs["author"] == "bot" && !d.set.UnansweredChat.BotAnswers {
			return dst
		}
		m.Kind = replied
		if t.Attrs["author"] != "bot" && d.promises(t.Text) {
			m.X = promised
		}
	case touchpoint.ChatClosed:
		m.Kind, m.Note = closed, t.Attrs["outcome"]
	default:
		return dst
	}
	m.Key = key(t)
	return append(dst, m)
}

// key names the call or conversation; an event without one stands alone.
func key(t *touchpoint.Touchpoint) string {
	if t.Place.Thread == "" {
		return string(t.Channel) + "#" + string(t.ID)
	}
	return string(t.Channel) + ":" + t.Place.Thread
}

func (d *Detector) observeRecord(dst []signal.Mark, m signal.Mark, t *touchpoint.Touchpoint) []signal.Mark {
	m.Kind, m.N, m.Note = record, number(t, "wait_ms"), t.Attrs["reason"]
	m.X, m.Y = int32(number(t, "holds")), int32(number(t, "transfers"))
	dst = append(dst, m)
	m.X, m.Y, m.Note = 0, 0, ""
	if hold := number(t, "longest_hold_ms"); hold > 0 {
		m.Kind, m.N = recordHold, hold
		dst = append(dst, m)
	}
	if wait, talk := number(t, "wait_ms"), int64(t.Duration); d.short(wait, talk) {
		m.Kind, m.N, m.Y = cutShort, talk, int32(wait/1000)
		dst = append(dst, m)
		m.Y = 0
	}
	if before := t.Attrs["previous_contact"]; before != "" {
		m.Kind, m.N, m.Note = previous, 0, string(t.Channel)+":"+before
		dst = append(dst, m)
	}
	return dst
}

// number reads a count or a time of an attribute; what is missing, negative or absurd is zero.
func number(t *touchpoint.Touchpoint, attr string) int64 {
	n, err := strconv.ParseInt(t.Attrs[attr], 10, 64)
	if err != nil || n < 0 || n > (30*24*time.Hour).Milliseconds() {
		return 0
	}
	return min(n, 1<<31-1)
}

// short reports whether a talk was over at once after a long wait.
func (d *Detector) short(wait, talk int64) bool {
	set := d.set.ShortCall
	return wait >= set.Wait.Milliseconds() && talk > 0 && talk <= set.Talk.Milliseconds()
}

// promised marks an agent's message after which there is more to come.
const promised = 1

// promiseBytes is how long a message is at most that only asks for a moment.
const promiseBytes = 160

// promises reports whether an agent asks for a moment.
func (d *Detector) promises(text string) bool {
	if text == "" || len(text) > promiseBytes || strings.HasSuffix(text, "?") {
		return false
	}
	lower := strings.ToLower(text)
	for _, p := range d.set.AgentSilence.Promises {
		if strings.Contains(lower, p) {
			return true
		}
	}
	return false
}

// Detect implements signal.Detector, for somebody of whom nothing is known.
func (d *Detector) Detect(marks []signal.Mark, now touchpoint.Millis) ([]signal.Signal, touchpoint.Millis) {
	return d.DetectFor(signal.Party{}, marks, now)
}

// DetectFor implements signal.Personal: targets may differ by segment.
func (d *Detector) DetectFor(party signal.Party, marks []signal.Mark, now touchpoint.Millis) ([]signal.Signal, touchpoint.Millis) {
	j := judge{Detector: d, party: party, marks: marks, now: now}
	for i := range marks {
		j.kinds |= 1 << (marks[i].Kind & 31)
	}
	var few [8]string // keys that were judged; beyond them the window is searched
	seen := few[:0]
	for i := range marks {
		key := marks[i].Key
		if slices.Contains(seen, key) || (len(seen) == cap(seen) && !j.firstOf(i)) {
			continue
		}
		if len(seen) < cap(seen) {
			seen = append(seen, key)
		}
		if isChat(key) {
			j.chat(key)
		} else {
			j.call(key)
		}
	}
	j.chains()
	return j.out, j.wake
}

func channelOf(key string) touchpoint.Channel {
	if isChat(key) {
		return touchpoint.Chat
	}
	return touchpoint.Call
}

func isChat(key string) bool { return strings.HasPrefix(key, string(touchpoint.Chat)) }

// judge is one pass over a window.
type judge struct {
	*Detector
	party signal.Party
	marks []signal.Mark
	now   touchpoint.Millis
	kinds uint32 // which kinds of marks there are
	out   []signal.Signal
	wake  touchpoint.Millis
}

// firstOf reports whether marks[i] is the first of its Key.
func (j *judge) firstOf(i int) bool {
	for k := range i {
		if j.marks[k].Key == j.marks[i].Key {
			return false
		}
	}
	return true
}

// wakeAt asks to be run again at due.
func (j *judge) wakeAt(due touchpoint.Millis) {
	if j.wake == 0 || due < j.wake {
		j.wake = due
	}
}

// reached reports whether due has come; if not, it asks to be run again then.
func (j *judge) reached(due touchpoint.Millis) bool {
	if due <= j.now {
		return true
	}
	j.wakeAt(due)
	return false
}

// add appends a signal; from and to are its first and last evidence, at is when its decay starts.
func (j *judge) add(name, episode string, effect settings.Bad, share float64, from, to *signal.Mark, at touchpoint.Millis, reason string) {
	weight := effect.Points(share)
	if weight == 0 {
		return
	}
	queue := from.Place
	if queue == "" {
		queue = to.Place
	}
	evidence := []touchpoint.ID{from.ID}
	if to.ID != from.ID {
		evidence = append(evidence, to.ID)
	}
	j.out = append(j.out, signal.Signal{
		Name: name, Family: j.Family(), Episode: episode, First: from.At, At: at,
		Weight: weight, Half: effect.HalfSeconds(), Channel: channelOf(from.Key),
		Places: signal.Places(signal.PlaceKey("queue", queue)), Evidence: evidence, Reason: reason,
	})
}

// steps are the multiples of a limit at which a wait weighs more, with the share of the weight from there on.
var steps = [...]struct {
	times time.Duration
	share float64
}{{1, 1}, {2, 1.5}, {4, 2}}

// shareOf returns how much of the weight a finished wait deserves; zero below the limit.
func shareOf(wait, limit time.Duration) float64 {
	share := 0.0
	for _, s := range steps {
		if wait >= s.times*limit {
			share = s.share
		}
	}
	return share
}

// running returns how much of the weight a wait that still goes on deserves now, and when it last rose.
func (j *judge) running(from touchpoint.Millis, limit time.Duration) (share float64, since touchpoint.Millis) {
	for _, s := range steps {
		due := from.Add(s.times * limit)
		if !j.reached(due) {
			break
		}
		share, since = s.share, due
	}
	return share, since
}
