package decode

import (
	"math"
	"strconv"
	"time"

	"touchwatch/ingest/touchpoint"
)

// websiteEvent is one event of the format touchwatch.website; docs/schemas/touchwatch.website.json describes it.
type websiteEvent struct {
	ownEvent
	Page       string   `json:"page"`
	URL        string   `json:"url"`
	ViewID     string   `json:"view_id"`
	Element    string   `json:"element"`
	Form       string   `json:"form"`
	Field      string   `json:"field"`
	Release    string   `json:"release"`
	X          *float64 `json:"x"`
	Y          *float64 `json:"y"`
	RequestURL string   `json:"request_url"`
	Status     number   `json:"status"`
	Submit     bool     `json:"submit"`
	Amount     number   `json:"amount"`
	Currency   string   `json:"currency"`
	Results    number   `json:"results"`
	Name       string   `json:"name"`
	LCP        number   `json:"lcp_ms"`
	INP        number   `json:"inp_ms"`
	Wait       number   `json:"wait_ms"`
}

var websiteKinds = []ownKind{
	{"page_view", touchpoint.PageView},
	{"click", touchpoint.ClickKind},
	{"form_start", touchpoint.FormStart},
	{"form_field", touchpoint.FormField},
	{"form_error", touchpoint.FormError},
	{"form_submit", touchpoint.FormSubmit},
	{"page_leave", touchpoint.PageLeave},
	{"page_speed", touchpoint.PageSpeed},
	{"script_error", touchpoint.ScriptError},
	{"request_failed", touchpoint.RequestFailed},
	{"checkout_failed", touchpoint.CheckoutFailed},
	{"purchase", touchpoint.Purchase},
	{"search", touchpoint.Search},
	{"identify", touchpoint.Identify},
	{"login", touchpoint.Identify},
	{"survey", touchpoint.WebSurveyAnswer},
	{"custom", touchpoint.CustomEvent},
}

// readWebsite reads an event of the format touchwatch.website.
func readWebsite(e *websiteEvent, tp *touchpoint.Touchpoint) error {
	if err := e.shared(tp, touchpoint.Website, websiteKinds, ""); err != nil {
		return err
	}
	place := &tp.Place
	place.Page, place.URL, place.ViewID = pagePath(first(e.Page, e.URL)), e.URL, e.ViewID
	place.Element, place.Form, place.Field, place.Release = e.Element, e.Form, e.Field, e.Release
	if err := e.details(tp); err != nil {
		return err
	}
	attrs(tp, e.Attributes)
	return nil
}

// details fills and checks what belongs to one kind.
func (e *websiteEvent) details(tp *touchpoint.Touchpoint) error {
	switch tp.Kind {
	case touchpoint.PageView:
		if tp.Place.Page == "" {
			return missing("page", "the page's path")
		}
	case touchpoint.ClickKind:
		return e.click(tp)
	case touchpoint.FormStart, touchpoint.FormField, touchpoint.FormError, touchpoint.FormSubmit:
		return e.form(tp)
	case touchpoint.RequestFailed:
		return e.request(tp)
	case touchpoint.PageSpeed:
		return e.speed(tp)
	case touchpoint.CheckoutFailed, touchpoint.Purchase:
		if tp.Kind == touchpoint.CheckoutFailed {
			if err := oneOf("outcome", e.Outcome, "declined", "error"); err != nil {
				return err
			}
			attr(tp, "outcome", e.Outcome)
		}
		amount, err := e.Amount.within(-1e12, 1e12, "amount")
		tp.Amount = amount
		attr(tp, "currency", e.Currency)
		return err
	case touchpoint.Search:
		if e.Results.is != absent {
			results, err := e.Results.within(0, 1e12, "results")
			attr(tp, "results", strconv.FormatInt(int64(results), 10))
			return err
		}
	case touchpoint.Identify:
		tp.Links = true
	case touchpoint.WebSurveyAnswer:
		if tp.Rating == nil {
			return missing("rating", "a metric and a score")
		}
	case touchpoint.CustomEvent:
		if e.Name == "" {
			return missing("name", "the name of the custom event")
		}
		attr(tp, "event", e.Name)
	}
	return nil
}

func (e *websiteEvent) click(tp *touchpoint.Touchpoint) error {
	if e.Element == "" && (e.X == nil || e.Y == nil) {
		return missing("element", "the element that was clicked, or x and y")
	}
	if err := oneOf("outcome", e.Outcome, "navigation", "mutation", "request", "none"); err != nil {
		return err
	}
	click := &touchpoint.Click{Outcome: e.Outcome}
	tp.Click = click
	if err := pixel(&click.X, e.X, "x"); err != nil {
		return err
	}
	return pixel(&click.Y, e.Y, "y")
}

// pixel takes a page coordinate, which browsers give with fractions.
func pixel(to *int32, from *float64, field string) error {
	if from == nil {
		return nil
	}
	if *from < -1e6 || *from > 1e8 {
		return wrong(field, "page pixels")
	}
	*to = int32(math.Round(*from))
	return nil
}

func (e *websiteEvent) form(tp *touchpoint.Touchpoint) error {
	if e.Form == "" {
		return missing("form", "the form's name or id")
	}
	switch tp.Kind {
	case touchpoint.FormField, touchpoint.FormError:
		if e.Field == "" {
			return missing("field", "the field's name, never its value")
		}
	case touchpoint.FormSubmit:
		if err := oneOf("outcome", e.Outcome, "ok", "error"); err != nil {
			return err
		}
		attr(tp, "outcome", e.Outcome)
	}
	return nil
}

// speed takes what the browser measured of a page view.
func (e *websiteEvent) speed(tp *touchpoint.Touchpoint) error {
	if e.LCP.is == absent && e.INP.is == absent && e.Wait.is == absent {
		return missing("lcp_ms", "one of lcp_ms, inp_ms, wait_ms")
	}
	for _, d := range [...]struct {
		key string
		n   number
	}{{"lcp_ms", e.LCP}, {"inp_ms", e.INP}, {"wait_ms", e.Wait}} {
		ms, err := d.n.millis(time.Millisecond, d.key)
		if err != nil {
			return err
		}
		attrCount(tp, d.key, int64(ms))
	}
	return nil
}

func (e *websiteEvent) request(tp *touchpoint.Touchpoint) error {
	if e.Status.is == absent {
		return missing("status", "the HTTP status, 0 when there was no answer")
	}
	status, err := e.Status.within(0, 999, "status")
	if err != nil {
		return err
	}
	tp.Status = int32(status)
	attr(tp, "url", e.RequestURL)
	if e.Submit {
		attr(tp, "submit", "true")
	}
	return nil
}
