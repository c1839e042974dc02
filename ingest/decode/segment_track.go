package decode

import (
	"strings"
	"time"

	"touchwatch/ingest/touchpoint"
)

// tracked are the names of tracked events whose meaning is known, in lower case: those of Segment's e-commerce
// specification, and the usual words for failures, forms and surveys. All other events are custom events.
var tracked = map[string]touchpoint.Kind{
	"order completed":        touchpoint.Purchase,
	"purchase completed":     touchpoint.Purchase,
	"products searched":      touchpoint.Search,
	"site searched":          touchpoint.Search,
	"checkout error":         touchpoint.CheckoutFailed,
	"checkout failed":        touchpoint.CheckoutFailed,
	"order failed":           touchpoint.CheckoutFailed,
	"payment error":          touchpoint.CheckoutFailed,
	"payment failed":         touchpoint.CheckoutFailed,
	"payment declined":       touchpoint.CheckoutFailed,
	"signed in":              touchpoint.Identify,
	"logged in":              touchpoint.Identify,
	"login":                  touchpoint.Identify,
	"signed up":              touchpoint.Identify,
	"element clicked":        touchpoint.ClickKind,
	"button clicked":         touchpoint.ClickKind,
	"link clicked":           touchpoint.ClickKind,
	"click":                  touchpoint.ClickKind,
	"clicked":                touchpoint.ClickKind,
	"page clicked":           touchpoint.ClickKind,
	"web vitals":             touchpoint.PageSpeed,
	"page speed":             touchpoint.PageSpeed,
	"page left":              touchpoint.PageLeave,
	"form started":           touchpoint.FormStart,
	"form start":             touchpoint.FormStart,
	"form opened":            touchpoint.FormStart,
	"form field filled":      touchpoint.FormField,
	"form field completed":   touchpoint.FormField,
	"form field changed":     touchpoint.FormField,
	"field filled":           touchpoint.FormField,
	"field completed":        touchpoint.FormField,
	"field changed":          touchpoint.FormField,
	"form submitted":         touchpoint.FormSubmit,
	"form submit":            touchpoint.FormSubmit,
	"form completed":         touchpoint.FormSubmit,
	"form error":             touchpoint.FormError,
	"form field error":       touchpoint.FormError,
	"field error":            touchpoint.FormError,
	"form validation failed": touchpoint.FormError,
	"form abandoned":         touchpoint.PageLeave,
	"javascript error":       touchpoint.ScriptError,
	"script error":           touchpoint.ScriptError,
	"request failed":         touchpoint.RequestFailed,
	"api error":              touchpoint.RequestFailed,
	"survey answered":        touchpoint.WebSurveyAnswer,
	"survey submitted":       touchpoint.WebSurveyAnswer,
	"nps submitted":          touchpoint.WebSurveyAnswer,
	"csat submitted":         touchpoint.WebSurveyAnswer,
}

// track reads a tracked event. What the kind of a known name needs but the properties do not give makes it a custom
// event: names are only a convention.
func (c *segmentCall) track(tp *touchpoint.Touchpoint) error {
	attr(tp, "event", c.Event.text)
	p := c.Properties
	kind, known := tracked[strings.ToLower(strings.TrimSpace(c.Event.text))]
	if !known {
		return nil
	}
	switch kind {
	case touchpoint.Purchase, touchpoint.CheckoutFailed:
		amount, err := parseNumber(p.get("revenue", "total", "value", "amount")).within(-1e12, 1e12, "properties.revenue")
		if err != nil {
			return err
		}
		tp.Amount = amount
		tp.Text = p.get("message", "error", "reason")
		if strings.Contains(strings.ToLower(c.Event.text), "declined") {
			attr(tp, "outcome", "declined")
		}
	case touchpoint.PageSpeed:
		if !c.speed(tp) {
			return nil
		}
	case touchpoint.Search:
		tp.Text = p.get("query", "search_term")
		attr(tp, "results", p.get("results", "results_count"))
	case touchpoint.Identify:
		tp.Links = true
	case touchpoint.ClickKind:
		tp.Place.Element = p.get("element", "selector", "button", "label", "text")
		if tp.Click = c.clicked(); tp.Click == nil {
			return nil
		}
	case touchpoint.FormStart, touchpoint.FormField, touchpoint.FormSubmit, touchpoint.FormError, touchpoint.PageLeave:
		tp.Place.Form, tp.Place.Field = p.get("form", "form_id", "form_name"), p.get("field", "field_name", "field_id")
		needsField := kind == touchpoint.FormField || kind == touchpoint.FormError
		if kind != touchpoint.PageLeave && (tp.Place.Form == "" || needsField && tp.Place.Field == "") {
			return nil
		}
	case touchpoint.ScriptError:
		tp.Text = p.get("message", "error")
	case touchpoint.RequestFailed:
		status := parseNumber(p.get("status", "status_code"))
		if status.is != given || status.value < 0 || status.value > 999 {
			return nil
		}
		tp.Status = int32(status.value)
	case touchpoint.WebSurveyAnswer:
		if tp.Rating = c.answer(); tp.Rating == nil {
			return nil
		}
		tp.Text = p.get("comment", "feedback", "text")
	}
	tp.Kind = kind
	return nil
}

// clicked reads a raw click: where on the page, and what it did if the sender watched. It is nil for a click that names
// neither an element nor a spot.
func (c *segmentCall) clicked() *touchpoint.Click {
	p := c.Properties
	x, y := parseNumber(p.get("page_x", "x", "client_x")), parseNumber(p.get("page_y", "y", "client_y"))
	click := new(touchpoint.Click)
	spot := x.is == given && y.is == given && pixel(&click.X, &x.value, "x") == nil && pixel(&click.Y, &y.value, "y") == nil
	if !spot {
		if *click = (touchpoint.Click{}); p.get("element", "selector", "button", "label", "text") == "" {
			return nil
		}
	}
	if outcome := strings.ToLower(p.get("outcome")); oneOf("outcome", outcome, "navigation", "mutation", "request", "none") == nil {
		click.Outcome = outcome
	}
	return click
}

// vitals are the names under which senders measure a page, and ours.
var vitals = [...][3]string{{"lcp_ms", "lcp", "lcp_ms"}, {"inp_ms", "inp", "inp_ms"}, {"wait_ms", "wait", "wait_ms"}}

// speed reads what the browser measured: a property for each measure, or name and value of one, as web-vitals gives
// them. It reports false when there is none.
func (c *segmentCall) speed(tp *touchpoint.Touchpoint) bool {
	p, found := c.Properties, false
	for _, v := range vitals {
		n := parseNumber(p.get(v[1], v[2]))
		if n.is != given && strings.EqualFold(p.get("name", "metric"), v[1]) {
			n = parseNumber(p.get("value"))
		}
		if ms, err := n.millis(time.Millisecond, v[0]); n.is == given && err == nil {
			attrCount(tp, v[0], int64(ms))
			found = true
		}
	}
	return found
}

// answer reads a survey's answer, nil when there is none on a known scale.
func (c *segmentCall) answer() *touchpoint.Rating {
	metric := strings.ToLower(c.Properties.get("metric", "survey_type"))
	if metric == "" {
		metric, _, _ = strings.Cut(strings.ToLower(c.Event.text), " ")
	}
	r := ownRating{
		Metric: metric,
		Score:  parseNumber(c.Properties.get("score", "rating")),
		Min:    parseNumber(c.Properties.get("scale_min")),
		Max:    parseNumber(c.Properties.get("scale_max")),
	}
	rating, err := r.rating(touchpoint.Website)
	if err != nil {
		return nil
	}
	return rating
}
