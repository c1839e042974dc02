// Package social owns the signals of the family social: complaints that others can read, posts to the company that nobody
// answers, and the company's answers. What a post says about the mood of its author belongs to the package mood, stars to
// the package feedback.
//
// The detector is immutable and safe for concurrent use.
package social

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/signal"
	"touchwatch/processors/signal/calendar"
	"touchwatch/processors/signal/settings"
)

// What a mark stands for. The Key is the thread, Place the platform, of a complaint also the campaign behind a space.
const (
	complaint = iota + 1 // N readers, Note the product, X the text's fingerprint
	asked                // the customer wants an answer; N says how badly, X the text's fingerprint
	replied              // the company answered
)

// How badly an answer is wanted: by who asked something, or by who complained or told of something broken.
const (
	question int64 = iota
	grievance
)

// Detector makes the signals of social media.
type Detector struct {
	public  settings.PublicComplaint
	mention settings.UnansweredMention
	reply   settings.CompanyReplied
	open    *calendar.Calendar
	targets []target
}

// target is how fast a segment of customers may expect an answer.
type target struct {
	segment string
	after   time.Duration
	open    *calendar.Calendar
}

// New returns the detector of social media.
func New(s *settings.Settings) *Detector {
	d := &Detector{public: s.PublicComplaint, mention: s.UnansweredMention, reply: s.CompanyReplied, open: s.Service.Calendar()}
	for i := range s.Service.Targets {
		if t := &s.Service.Targets[i]; t.Queue == "" && (t.Mention != 0 || len(t.Hours) > 0) {
			own := target{segment: t.Segment, after: t.Mention, open: s.Service.CalendarOf(t)}
			if own.after == 0 {
				own.after = d.mention.After
			}
			d.targets = append(d.targets, own)
		}
	}
	return d
}

// Family implements signal.Detector.
func (*Detector) Family() string { return "social" }

// Bounds implements signal.Detector.
func (d *Detector) Bounds() signal.Bounds {
	longest := d.mention.After
	for i := range d.targets {
		longest = max(longest, d.targets[i].after)
	}
	return signal.Bounds{Keep: longest + 72*time.Hour, Gap: longest + 24*time.Hour, Most: 32}
}

// Observe implements signal.Detector.
func (d *Detector) Observe(dst []signal.Mark, t *touchpoint.Touchpoint) []signal.Mark {
	if t.Channel != touchpoint.Social {
		return dst
	}
	switch t.Kind {
	case touchpoint.SocialPost, touchpoint.SocialMention, touchpoint.SocialDirect, touchpoint.SocialReview, touchpoint.SocialReply:
	default:
		return dst
	}
	m := signal.Mark{At: t.OccurredAt, ID: t.ID, Key: t.Place.Thread, Place: t.Place.Platform, X: signal.Fingerprint(t.Text)}
	if t.Kind == touchpoint.SocialReply {
		m.Kind, m.X = replied, 0
		return append(dst, m)
	}
	if t.Attrs["author"] == "bot" {
		return dst // nobody waits, and nobody believes it
	}
	if m.Key == "" {
		m.Key = "#" + string(t.ID)
	}
	if t.Kind != touchpoint.SocialPost {
		if grieved := d.grieves(t); grieved || asks(t) {
			m.Kind, m.N, m.Note = asked, question, signal.Quote(t.Text, nil)
			if grieved {
				m.N = grievance
			}
			dst = append(dst, m)
		}
	}
	if t.Kind != touchpoint.SocialDirect && d.complains(t) {
		m.Kind, m.N, m.Note = complaint, d.readers(t), signal.Brief(t.Place.Product, 60)
		m.Place += " " + t.Place.Campaign
		dst = append(dst, m)
	}
	return dst
}

// grieves reports whether a post to the company complains or tells of something broken.
func (d *Detector) grieves(t *touchpoint.Touchpoint) bool {
	if t.Mood != nil && (float64(t.Mood.Displeasure) >= d.mention.Displeasure || float64(t.Mood.Problem) >= d.mention.Problem) {
		return true
	}
	stars, rated := starsOf(t.Rating)
	return t.Kind == touchpoint.SocialReview && rated && stars <= d.public.Stars
}

// asks reports whether a post to the company is a question. Under a review nobody waits for the answer to one.
func asks(t *touchpoint.Touchpoint) bool {
	return t.Kind != touchpoint.SocialReview && strings.Contains(t.Text, "?") && (t.Mood == nil || t.Mood.Displeasure > pleased)
}

// pleased is the displeasure up to which a question is a figure of speech: 'how great is that?'.
const pleased = -0.3

// complains reports whether others read something bad.
func (d *Detector) complains(t *touchpoint.Touchpoint) bool {
	if stars, rated := starsOf(t.Rating); rated {
		return stars <= d.public.Stars
	}
	return t.Mood != nil && (float64(t.Mood.Displeasure) >= d.public.Displeasure || float64(t.Mood.Problem) >= d.public.Problem)
}

// starsOf brings stars to one to five, and reports false for another rating or a score outside its scale.
func starsOf(r *touchpoint.Rating) (float64, bool) {
	if r == nil || r.Metric != "stars" {
		return 0, false
	}
	low, high := r.Min, r.Max
	if low == 0 && high == 0 {
		low, high = 1, 5
	}
	if !(high > low) || !(r.Score >= low && r.Score <= high) {
		return 0, false
	}
	return 1 + (r.Score-low)/(high-low)*4, true
}

// readers estimates how many read a post.
func (d *Detector) readers(t *touchpoint.Touchpoint) int64 {
	reposts, err := strconv.ParseInt(t.Attrs["reposts"], 10, 64)
	if err != nil || reposts < 0 {
		reposts = 0
	}
	const most = 1_000_000_000_000
	return min(max(t.Reach, 0), most) + min(reposts, most/1_000_000)*int64(d.public.Repost)
}

// Detect implements signal.Detector, for somebody of whom nothing is known.
func (d *Detector) Detect(marks []signal.Mark, now touchpoint.Millis) ([]signal.Signal, touchpoint.Millis) {
	return d.DetectFor(signal.Party{}, marks, now)
}

// DetectFor implements signal.Personal: a segment may have a target of its own.
func (d *Detector) DetectFor(party signal.Party, marks []signal.Mark, now touchpoint.Millis) ([]signal.Signal, touchpoint.Millis) {
	after, open := d.mention.After, d.open
	for i := range d.targets {
		if d.targets[i].segment == party.Segment {
			after, open = d.targets[i].after, d.targets[i].open
			break
		}
	}
	var out []signal.Signal
	var wake touchpoint.Millis
	for i := range marks {
		if marks[i].Kind == replied || !first(marks, i) || slices.ContainsFunc(marks[:i], func(m signal.Mark) bool { return saysAgain(&m, &marks[i]) }) {
			continue
		}
		out = d.complaints(out, marks[i:])
		due := touchpoint.Millis(0)
		out, due = d.mentions(out, marks[i:], after, open, now)
		if due != 0 && (wake == 0 || due < wake) {
			wake = due
		}
	}
	return out, wake
}

// first reports whether marks[i] is the first of its thread in which the customer wrote.
func first(marks []signal.Mark, i int) bool {
	for k := range i {
		if marks[k].Key == marks[i].Key && marks[k].Kind != replied {
			return false
		}
	}
	return true
}

// saysAgain reports whether a post repeats an earlier one on the same platform; neither is part of a thread.
func saysAgain(earlier, m *signal.Mark) bool {
	return m.X != 0 && m.X == earlier.X && m.Kind != replied && earlier.Kind != replied && alone(m) && alone(earlier) && m.Key != earlier.Key &&
		platform(m) == platform(earlier)
}

// alone reports whether a post is part of no thread.
func alone(m *signal.Mark) bool { return m.Key == "#"+string(m.ID) }

func platform(m *signal.Mark) string {
	name, _, _ := strings.Cut(m.Place, " ")
	return name
}

// complaints makes one signal of all complaints of the thread that begins with marks[0], and of posts that repeat it: by the most readers.
func (d *Detector) complaints(out []signal.Signal, marks []signal.Mark) []signal.Signal {
	var run []*signal.Mark
	var most *signal.Mark
	for i := range marks {
		if m := &marks[i]; m.Kind == complaint && (m.Key == marks[0].Key || saysAgain(&marks[0], m)) {
			run = append(run, m)
			if most == nil || m.N > most.N {
				most = m
			}
		}
	}
	weight := int32(0)
	if most != nil {
		weight = d.public.Points(d.share(most.N))
	}
	if weight == 0 {
		return out
	}
	platform, campaign, _ := strings.Cut(most.Place, " ")
	reason := "complained in public"
	if platform != "" {
		reason += " on " + platform
	}
	if most.N > 0 {
		reason += ", for about " + strconv.FormatInt(most.N, 10) + " readers"
	}
	g := d.signal("public_complaint", run, reason)
	g.Weight, g.Half = weight, d.public.HalfSeconds()
	g.Places = signal.Places(signal.PlaceKey("product", most.Note), signal.PlaceKey("campaign", campaign), signal.PlaceKey("platform", platform))
	return append(out, g)
}

// few is how many readers a post has of which nobody knows the reach.
const few = 10

// share grows with the digits of the number of readers, up to a cap.
func (d *Detector) share(readers int64) float64 {
	digits := math.Log10(float64(max(readers, few))) / math.Log10(float64(max(d.public.Reach, few)))
	return min(digits, d.public.Most)
}

// mentions judges the answers in the thread that begins with marks[0], and returns when the next one is due.
func (d *Detector) mentions(out []signal.Signal, marks []signal.Mark, after time.Duration, hours *calendar.Calendar, now touchpoint.Millis) ([]signal.Signal, touchpoint.Millis) {
	key := marks[0].Key
	var open, answer, answered *signal.Mark // the oldest post nobody has answered; the first answer, and what it answers
	worst := question                       // of the posts nobody has answered
	for i := range marks {
		m := &marks[i]
		switch {
		case m.Kind == asked && m.Key == key:
			if open == nil {
				open, worst = m, question
			}
			worst = max(worst, m.N)
		case m.Kind == replied && (m.Key == key || m.Key == "" && m.Place == marks[0].Place):
			if answer == nil {
				answer, answered = m, open
			}
			if open != nil && hours.Between(open.At, m.At) >= after {
				out = d.unanswered(out, []*signal.Mark{open, m}, m.At, d.weight(worst, halfway), "waited "+signal.Words(m.At.Sub(open.At))+" for an answer"+on(open)+signal.To(open.Note))
			}
			open = nil
		}
	}
	if answer != nil && answered != nil && !d.reply.Off() {
		g := d.signal("company_replied", []*signal.Mark{answered, answer}, "the company answered"+on(answered))
		g.Weight, g.Half = d.reply.Points(1), d.reply.HalfSeconds()
		out = append(out, g)
	}
	if open == nil || d.mention.Off() {
		return out, 0
	}
	due := hours.After(open.At, after)
	if due > now {
		return out, due
	}
	return d.unanswered(out, []*signal.Mark{open}, due, d.weight(worst, 1), "no answer"+on(open)+" for over "+signal.Words(after)+signal.To(open.Note)), 0
}

// halfway is what stays of an unanswered post once it is answered: late is better than never.
const halfway = 0.5

// weight is what an unanswered post weighs.
func (d *Detector) weight(wanted int64, share float64) int32 {
	if wanted == grievance {
		return d.mention.Points(share)
	}
	return settings.Bad{Weight: d.mention.Light}.Points(share)
}

func (d *Detector) unanswered(out []signal.Signal, part []*signal.Mark, at touchpoint.Millis, weight int32, reason string) []signal.Signal {
	if weight == 0 {
		return out
	}
	g := d.signal("unanswered_mention", part, reason)
	g.At, g.Weight, g.Half = at, weight, d.mention.HalfSeconds()
	g.Places = signal.Places(signal.PlaceKey("platform", part[0].Place))
	return append(out, g)
}

func on(m *signal.Mark) string {
	if m.Place == "" {
		return " in public"
	}
	return " on " + m.Place
}

// signal builds a signal without weight from its marks. Its episode is the first one, so that a thread may have several.
func (d *Detector) signal(name string, part []*signal.Mark, reason string) signal.Signal {
	ids := make([]touchpoint.ID, len(part))
	for i, m := range part {
		ids[i] = m.ID
	}
	return signal.Signal{
		Name: name, Family: d.Family(), Episode: string(part[0].ID), First: part[0].At, At: part[len(part)-1].At,
		Channel: touchpoint.Social, Evidence: signal.Evidence(ids), Reason: reason,
	}
}
