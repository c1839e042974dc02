package friction

import (
	"time"

	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/signal"
	"touchwatch/processors/signal/settings"
)

// Checkout is the detector of the family checkout: payments and checkouts that did not go through.
type Checkout struct {
	set      settings.CheckoutFailed
	declined settings.PaymentDeclined
	ignored  signal.Ignored
}

// The Kinds of this family's marks.
const (
	checkoutBroke = checkoutFail
	cardRefused   = checkoutFail + 100
	bought        = checkoutFail + 101
)

// wentThrough is the share of a failure that stays when the customer bought soon after: a nuisance, and no case.
const wentThrough = 0.3

// NewCheckout returns the detector of failed checkouts.
func NewCheckout(s *settings.Settings) *Checkout {
	return &Checkout{
		set: s.CheckoutFailed, declined: s.PaymentDeclined,
		ignored: signal.NewIgnored(nil, s.Ignore.Pages, s.Ignore.Releases),
	}
}

// Family implements signal.Detector.
func (*Checkout) Family() string { return "checkout" }

// Bounds implements signal.Detector.
func (c *Checkout) Bounds() signal.Bounds {
	return signal.Bounds{Keep: time.Hour, Gap: c.set.Gap, Near: c.set.Gap, Most: 24}
}

// Observe implements signal.Detector.
func (c *Checkout) Observe(dst []signal.Mark, t *touchpoint.Touchpoint) []signal.Mark {
	if t.Channel != touchpoint.Website {
		return dst
	}
	kind := uint8(checkoutBroke)
	switch {
	case t.Kind == touchpoint.Purchase:
		kind = bought
	case t.Kind != touchpoint.CheckoutFailed || c.ignored.Covers(&t.Place):
		return dst
	case t.Attrs["outcome"] == "declined":
		kind = cardRefused
	}
	return append(dst, signal.Mark{
		At: t.OccurredAt, ID: t.ID, Kind: kind, Key: t.Place.Page, Place: t.Place.Campaign, Note: signal.Brief(t.Text, 80),
	})
}

// Detect implements signal.Detector: one signal per run of failures, each within the gap of the one before. A run in which
// nothing but cards was refused is a payment_declined. A purchase ends a run.
func (c *Checkout) Detect(marks []signal.Mark, _ touchpoint.Millis) ([]signal.Signal, touchpoint.Millis) {
	var out []signal.Signal
	for from := 0; from < len(marks); {
		if marks[from].Kind == bought {
			from++
			continue
		}
		to := from + 1
		for to < len(marks) && marks[to].Kind != bought && c.near(marks, to) {
			to++
		}
		share := 1.0
		if to < len(marks) && marks[to].Kind == bought && c.near(marks, to) {
			share = wentThrough
		}
		if g := c.signal(marks[from:to], share); g.Weight != 0 {
			out = append(out, g)
		}
		from = to
	}
	return out, 0
}

// near reports whether a mark is within the gap of the one before.
func (c *Checkout) near(marks []signal.Mark, i int) bool {
	return marks[i].At.Sub(marks[i-1].At) <= c.set.Gap
}

// signal judges one run of failures, of which a share counts.
func (c *Checkout) signal(run []signal.Mark, share float64) signal.Signal {
	first, last := &run[0], &run[len(run)-1]
	name, effect, reason := "payment_declined", c.declined.Bad, "the payment was declined"
	for i := range run {
		if run[i].Kind == checkoutBroke {
			name, effect, reason = "checkout_failed", c.set.Bad, "the checkout failed"
		}
	}
	if len(run) > 1 {
		reason += " " + signal.Times(len(run))
	}
	if last.Note != "" {
		reason += ": " + last.Note
	}
	if share < 1 {
		reason += "; then it went through"
	}
	ids := make([]touchpoint.ID, 0, signal.MaxEvidence)
	for i := max(len(run)-signal.MaxEvidence, 0); i < len(run); i++ {
		ids = append(ids, run[i].ID)
	}
	return signal.Signal{
		Name: name, Family: c.Family(), Episode: string(first.ID), First: first.At, At: last.At,
		Weight: effect.Points(share), Half: effect.HalfSeconds(), Channel: touchpoint.Website,
		Places:   signal.Places(signal.PlaceKey("page", last.Key), signal.PlaceKey("campaign", last.Place)),
		Evidence: ids,
		Reason:   reason,
	}
}
