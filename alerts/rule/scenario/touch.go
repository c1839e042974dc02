package scenario

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"touchwatch/ingest/touchpoint"
)

// happening is a touchpoint as a line tells it.
type happening struct {
	touch touchpoint.Touchpoint
	by    string        // the customer, "" for the one declared last
	times int           // how often it happens
	crowd int           // how many new customers it happens to, one after the other
	every time.Duration // between two of them
	age   time.Duration // how long before its receipt it occurred
}

// kinds that a line may name.
var kinds = []touchpoint.Kind{
	touchpoint.PageView, touchpoint.ClickKind, touchpoint.FormStart, touchpoint.FormField, touchpoint.FormError, touchpoint.FormSubmit,
	touchpoint.PageLeave, touchpoint.ScriptError, touchpoint.RequestFailed, touchpoint.CheckoutFailed, touchpoint.Purchase, touchpoint.Search,
	touchpoint.Identify, touchpoint.CustomEvent, touchpoint.WebSurveyAnswer,
	touchpoint.ChatOpened, touchpoint.ChatCustomerMessage, touchpoint.ChatAgentMessage, touchpoint.ChatClosed, touchpoint.ChatRating,
	touchpoint.ChatHandover, touchpoint.ChatUpdated,
	touchpoint.SocialPost, touchpoint.SocialMention, touchpoint.SocialDirect, touchpoint.SocialReview, touchpoint.SocialReply,
	touchpoint.CallQueued, touchpoint.CallAnswered, touchpoint.CallHoldStart, touchpoint.CallHoldEnd, touchpoint.CallTransferred, touchpoint.CallTurn,
	touchpoint.CallEnded, touchpoint.CallSurvey, touchpoint.CallRecord,
}

// isKind reports whether a word names what happens.
func isKind(w word) bool { return w.key == "" && !w.quoted && strings.Contains(w.value, ".") }

// readHappening reads the words of a touchpoint, the kind first.
func readHappening(words []word) (*happening, error) {
	kind := touchpoint.Kind(words[0].value)
	if !slices.Contains(kinds, kind) {
		return nil, fmt.Errorf("unknown kind of touchpoint %q: use one such as website.checkout_failed or chat.customer_message", kind)
	}
	channel, _, _ := strings.Cut(string(kind), ".")
	h := &happening{times: 1, touch: touchpoint.Touchpoint{Kind: kind, Channel: touchpoint.Channel(channel)}}
	for _, w := range words[1:] {
		if err := h.read(w); err != nil {
			return nil, err
		}
	}
	if h.crowd > 0 && (h.by != "" || h.times > 1) {
		return nil, fmt.Errorf("crowd= goes without by= and times=")
	}
	if (h.times > 1 || h.crowd > 1) && h.every == 0 {
		h.every = time.Second
	}
	return h, nil
}

// read takes one word into the happening.
func (h *happening) read(w word) (err error) {
	t := &h.touch
	if w.quoted {
		t.Text = w.value
		return nil
	}
	if w.key == "" || w.sign != '=' {
		return fmt.Errorf("%q makes no sense here: write a text in quotes or key=value", w.value)
	}
	if text, known := h.texts()[w.key]; known {
		*text = w.value
		return nil
	}
	if name, is := strings.CutPrefix(w.key, "attr."); is && name != "" {
		if t.Attrs == nil {
			t.Attrs = map[string]string{}
		}
		t.Attrs[name] = w.value
		return nil
	}
	if err := h.readNumber(w); err != nil {
		return fmt.Errorf("%s: %w", w.key, err)
	}
	return nil
}

// texts are the keys that take a text as it stands.
func (h *happening) texts() map[string]*string {
	p := &h.touch.Place
	return map[string]*string{
		"by": &h.by, "page": &p.Page, "element": &p.Element, "form": &p.Form, "field": &p.Field, "queue": &p.Queue, "platform": &p.Platform,
		"campaign": &p.Campaign, "product": &p.Product, "release": &p.Release, "agent": &p.Agent, "view": &p.ViewID,
		"conversation": &p.Thread, "call": &p.Thread, "thread": &p.Thread, "language": &h.touch.Language,
	}
}

// readNumber reads the keys whose value is a number, a length of time or a word of a short list.
func (h *happening) readNumber(w word) (err error) {
	t := &h.touch
	switch w.key {
	case "times":
		h.times, err = count(w.value)
	case "crowd":
		h.crowd, err = count(w.value)
	case "every":
		h.every, err = span(w.value)
	case "age":
		h.age, err = span(w.value)
	case "duration":
		var d time.Duration
		d, err = span(w.value)
		t.Duration = touchpoint.Millis(d.Milliseconds())
	case "status":
		t.Status, err = whole(w.value)
	case "amount":
		t.Amount, err = strconv.ParseFloat(w.value, 64)
	case "reach":
		t.Reach, err = strconv.ParseInt(w.value, 10, 64)
	case "rating":
		t.Rating, err = rating(w.value)
	case "x":
		h.click().X, err = whole(w.value)
	case "y":
		h.click().Y, err = whole(w.value)
	case "outcome":
		h.outcome(w.value)
	case "displeasure":
		h.mood().Displeasure, err = fraction(w.value, -1)
	case "problem":
		h.mood().Problem, err = fraction(w.value, 0)
	case "intent":
		h.mood().Intents = strings.Split(w.value, ",")
	default:
		return fmt.Errorf("no such key of a touchpoint")
	}
	return err
}

// outcome is the click's, or else an attribute.
func (h *happening) outcome(value string) {
	if h.touch.Kind == touchpoint.ClickKind {
		h.click().Outcome = value
		return
	}
	if h.touch.Attrs == nil {
		h.touch.Attrs = map[string]string{}
	}
	h.touch.Attrs["outcome"] = value
}

func (h *happening) click() *touchpoint.Click {
	if h.touch.Click == nil {
		h.touch.Click = &touchpoint.Click{}
	}
	return h.touch.Click
}

func (h *happening) mood() *touchpoint.Mood {
	if h.touch.Mood == nil {
		h.touch.Mood = &touchpoint.Mood{Confidence: 1}
	}
	return h.touch.Mood
}

// rating reads metric:score, such as nps:2, on the usual scale of the metric.
func rating(value string) (*touchpoint.Rating, error) {
	metric, text, _ := strings.Cut(value, ":")
	scales := map[string][2]float64{"nps": {0, 10}, "csat": {1, 5}, "ces": {1, 7}, "stars": {1, 5}}
	scale, known := scales[metric]
	score, err := strconv.ParseFloat(text, 64)
	if !known || err != nil || score < scale[0] || score > scale[1] {
		return nil, fmt.Errorf("%q must be nps:0…10, csat:1…5, ces:1…7 or stars:1…5", value)
	}
	return &touchpoint.Rating{Metric: metric, Score: score, Min: scale[0], Max: scale[1]}, nil
}

func count(value string) (int, error) {
	n, err := strconv.Atoi(value)
	if err != nil || n < 1 || n > 10_000 {
		return 0, fmt.Errorf("%q must be a whole number from 1 to 10000", value)
	}
	return n, nil
}

func whole(value string) (int32, error) {
	n, err := strconv.ParseInt(value, 10, 32)
	if err != nil {
		return 0, fmt.Errorf("%q must be a whole number", value)
	}
	return int32(n), nil
}

func fraction(value string, least float64) (float32, error) {
	f, err := strconv.ParseFloat(value, 32)
	if err != nil || f < least || f > 1 {
		return 0, fmt.Errorf("%q must be a number from %v to 1", value, least)
	}
	return float32(f), nil
}

// span reads a length of time: what time.ParseDuration reads, and days as in 3d.
func span(value string) (time.Duration, error) {
	if days, is := strings.CutSuffix(value, "d"); is {
		n, err := strconv.Atoi(days)
		if err == nil && n >= 0 && n <= 1000 {
			return time.Duration(n) * 24 * time.Hour, nil
		}
	}
	d, err := time.ParseDuration(value)
	if err != nil || d < 0 {
		return 0, fmt.Errorf("%q is no length of time: write it as 300ms, 90s, 30m, 4h or 2d", value)
	}
	return d, nil
}
