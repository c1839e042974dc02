// Package friction owns the signals of a website that does not do what the customer wants: rage clicks, dead clicks, error
// clicks, failed requests, script errors, pages left in a hurry or opened over and over (family "friction"), and failed
// checkouts (family "checkout", which needs a longer memory). It judges what a collector reports and trusts its verdict on
// what a click did; forms are not its business.
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

// What a mark stands for. A click's Key is "page element", its Place the campaign, its N what ignore says. Of all others
// Key is the page.
const (
	silentClick    = iota + 1 // the page did not react, says the collector
	unwatchedClick            // nobody watched what it did
	requestClick              // it sent a request
	usefulClick               // the page changed
	pageView                  // N tells addresses apart, zero when unknown
	scriptError               // Note the message, N 1 when it is noise
	failedRequest             // N the status, Note the address
	checkoutFail
	pageLeave
	linkClick // it led to another page
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
	exit    settings.FailureExit
	script  settings.ScriptError
	turn    settings.UTurn
	loop    settings.PageLoop
	busy    ignoreList
	ignored signal.Ignored
}

// New returns the detector of clicks and failed requests.
func New(s *settings.Settings) *Clicks {
	return &Clicks{
		rage: s.RageClick, dead: s.DeadClick, err: s.ErrorClick, failed: s.FailedRequest,
		exit: s.FailureExit, script: s.ScriptError, turn: s.UTurn, loop: s.PageLoop,
		busy:    newIgnoreList(s.RageClick.Ignore, s.RageClick.TextInputs),
		ignored: signal.NewIgnored(s.Ignore.Elements, s.Ignore.Pages, s.Ignore.Releases),
	}
}

// Family implements signal.Detector.
func (*Clicks) Family() string { return "friction" }

// Bounds implements signal.Detector.
func (c *Clicks) Bounds() signal.Bounds {
	gap := max(c.rage.Gap, c.dead.Gap, c.err.Gap, c.failed.Gap, c.script.Gap, c.turn.Gap, c.loop.Within)
	return signal.Bounds{Keep: 3*time.Minute + gap, Gap: gap, Near: max(explains, c.rage.Gap, c.err.Within), Most: maxMarks}
}

// Observe implements signal.Detector.
func (c *Clicks) Observe(dst []signal.Mark, t *touchpoint.Touchpoint) []signal.Mark {
	if t.Channel != touchpoint.Website {
		return dst
	}
	switch t.Kind {
	case touchpoint.ClickKind, touchpoint.PageView, touchpoint.PageLeave, touchpoint.ScriptError, touchpoint.RequestFailed, touchpoint.CheckoutFailed:
	default:
		return dst
	}
	if c.ignored.Covers(&t.Place) {
		return dst
	}
	m := signal.Mark{At: t.OccurredAt, ID: t.ID, Key: t.Place.Page, Place: t.Place.Campaign}
	switch t.Kind {
	case touchpoint.ClickKind:
		m = c.click(m, t)
	case touchpoint.PageView:
		m.Kind, m.N = pageView, fingerprint(t.Place.URL)
	case touchpoint.PageLeave:
		m.Kind, m.Place = pageLeave, ""
	case touchpoint.ScriptError:
		m.Kind, m.Note, m.N = scriptError, signal.Brief(t.Text, 60), c.noise(t.Text)
	case touchpoint.RequestFailed:
		if submit := t.Attrs["submit"] == "true"; !c.counts(t.Status, submit) {
			return dst
		}
		m.Kind, m.N, m.Note = failedRequest, int64(t.Status), signal.Brief(address(t), 60)
	case touchpoint.CheckoutFailed:
		m.Kind = checkoutFail
	}
	return append(dst, m)
}

// fingerprint tells addresses apart: FNV-1a cut to 31 bits, never zero for an address.
func fingerprint(url string) int64 {
	if url == "" {
		return 0
	}
	h := uint32(2166136261)
	for i := range len(url) {
		h = (h ^ uint32(url[i])) * 16777619
	}
	return int64(h>>1) | 1
}

func (c *Clicks) click(m signal.Mark, t *touchpoint.Touchpoint) signal.Mark {
	m.Key = t.Place.Page + " " + t.Place.Element
	if t.Click != nil && t.Click.Outcome == "navigation" {
		m.Kind, m.Place = linkClick, "" // it did what it should, and what fails afterwards is another page's or was aborted
		return m
	}
	m.N = int64(c.busy.judge(t.Place.Element))
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

// Detect implements signal.Detector. Time alone decides whether a customer who left comes back.
func (c *Clicks) Detect(marks []signal.Mark, now touchpoint.Millis) ([]signal.Signal, touchpoint.Millis) {
	if len(marks) > maxMarks {
		marks = marks[len(marks)-maxMarks:]
	}
	var kinds uint16 // which kinds there are: most windows hold views and clicks only
	for i := range marks {
		kinds |= 1 << min(marks[i].Kind, 15)
	}
	var spent [maxMarks]bool // marks that a stronger signal already speaks for
	var wake touchpoint.Millis
	out := c.rages(nil, marks, &spent)
	if kinds&(1<<scriptError|1<<failedRequest) != 0 {
		out = c.errors(out, marks, &spent)
	}
	if kinds&(1<<silentClick) != 0 {
		out = c.deads(out, marks, &spent)
	}
	if kinds&(1<<failedRequest) != 0 {
		out, wake = c.exits(out, marks, now)
		out = c.failures(out, marks, &spent)
	}
	if kinds&(1<<scriptError) != 0 {
		out = c.scripts(out, marks, &spent)
	}
	return c.visits(out, marks), wake
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
