// Package friction owns the signals of a website that does not do what the customer wants: rage clicks, dead clicks, error
// clicks and failed requests (family "friction"), and failed checkouts (family "checkout", which needs a longer memory).
// It judges what a collector reports and trusts its verdict on what a click did; forms are not its business.
//
// Detectors are immutable and safe for concurrent use.
package friction

import (
	"strings"
	"time"

	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/signal"
	"touchwatch/processors/signal/settings"
)

// What a mark stands for. A click's Key is "page element", its Place the campaign, its N what ignore says.
const (
	silentClick    = iota + 1 // the page did not react, says the collector
	unwatchedClick            // nobody watched what it did
	requestClick              // it sent a request
	usefulClick               // the page changed
	pageView
	scriptError   // Key is the page
	failedRequest // Key is the page, N the status, X 1 when it was a submit, Note the address
	checkoutFail  // Key is the page, Note the reason
)

// maxMarks bounds the window; a customer who surfs without a pause reaches it.
const maxMarks = 64

// explains is how near a failed checkout must be to explain a failed request or an error of the same page.
const explains = 5 * time.Second

// Clicks is the detector of the family friction.
type Clicks struct {
	rage    settings.RageClick
	dead    settings.DeadClick
	err     settings.ErrorClick
	failed  settings.FailedRequest
	ignored ignoreList
}

// New returns the detector of clicks and failed requests.
func New(s *settings.Settings) *Clicks {
	return &Clicks{
		rage: s.RageClick, dead: s.DeadClick, err: s.ErrorClick, failed: s.FailedRequest,
		ignored: newIgnoreList(s.RageClick.Ignore, s.RageClick.TextInputs),
	}
}

// Family implements signal.Detector.
func (*Clicks) Family() string { return "friction" }

// Bounds implements signal.Detector.
func (c *Clicks) Bounds() signal.Bounds {
	gap := max(c.rage.Gap, c.dead.Gap, c.err.Gap, c.failed.Gap)
	return signal.Bounds{Keep: 3*time.Minute + gap, Gap: gap, Near: max(explains, c.rage.Gap, c.err.Within), Most: maxMarks}
}

// Observe implements signal.Detector.
func (c *Clicks) Observe(dst []signal.Mark, t *touchpoint.Touchpoint) []signal.Mark {
	m := signal.Mark{At: t.OccurredAt, ID: t.ID, Place: t.Place.Campaign}
	switch t.Kind {
	case touchpoint.ClickKind:
		if t.Click != nil && t.Click.Outcome == "navigation" {
			return dst // it did what it should, and what fails afterwards is another page's or was aborted
		}
		return append(dst, c.click(m, t))
	case touchpoint.PageView:
		m.Kind, m.Place = pageView, ""
	case touchpoint.ScriptError:
		m.Kind, m.Key = scriptError, t.Place.Page
	case touchpoint.RequestFailed:
		submit := t.Attrs["submit"] == "true"
		if !c.counts(t.Status, submit) {
			return dst
		}
		m.Kind, m.Key, m.N, m.Note = failedRequest, t.Place.Page, int64(t.Status), signal.Brief(address(t), 60)
	case touchpoint.CheckoutFailed:
		m.Kind, m.Key = checkoutFail, t.Place.Page
	default:
		return dst
	}
	return append(dst, m)
}

func (c *Clicks) click(m signal.Mark, t *touchpoint.Touchpoint) signal.Mark {
	m.Key = t.Place.Page + " " + t.Place.Element
	m.N = int64(c.ignored.judge(t.Place.Element))
	m.Kind = unwatchedClick
	if t.Click == nil {
		return m
	}
	m.X, m.Y = t.Click.X, t.Click.Y
	switch t.Click.Outcome {
	case "none":
		m.Kind = silentClick
	case "request":
		m.Kind = requestClick
	case "mutation":
		m.Kind = usefulClick
	}
	return m
}

// counts says whether a status is a failure of ours. A request without a status got no answer at all.
func (c *Clicks) counts(status int32, submit bool) bool {
	limit := c.failed.Status
	if submit {
		limit = min(limit, c.failed.SubmitStatus)
	}
	return status == 0 || int(status) >= limit
}

// address names a request without its query, which may hold anything.
func address(t *touchpoint.Touchpoint) string {
	url, _, _ := strings.Cut(t.Attrs["url"], "?")
	return url
}

// Detect implements signal.Detector. Time alone changes nothing here.
func (c *Clicks) Detect(marks []signal.Mark, _ touchpoint.Millis) ([]signal.Signal, touchpoint.Millis) {
	if len(marks) > maxMarks {
		marks = marks[len(marks)-maxMarks:]
	}
	var spent [maxMarks]bool // marks that a stronger signal already speaks for
	out := c.rages(nil, marks, &spent)
	out = c.errors(out, marks, &spent)
	out = c.deads(out, marks, &spent)
	out = c.failures(out, marks, &spent)
	return out, 0
}

// split parts a click's Key into page and element.
func split(key string) (page, element string) {
	page, element, _ = strings.Cut(key, " ")
	return page, element
}

// label names a clicked spot in a reason.
func label(key string) string {
	page, element := split(key)
	if element == "" {
		element = "one spot"
	}
	if page == "" {
		return element
	}
	return element + " on " + page
}
