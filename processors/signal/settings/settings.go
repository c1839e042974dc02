// Package settings owns the numbers behind the signals: weights, half-lives, thresholds and ignore lists. They stand in one
// YAML file, signals.yaml, which is embedded with the reason for each number, and an operator's file overrides the keys
// it names. The package reads and prints that file; what a number means is up to the detectors.
//
// A *Settings is immutable once parsed and safe for concurrent use.
package settings

import (
	"math"
	"time"
)

// Settings are the numbers of all signals. Each field is one signal; its key in the file is the signal's name.
type Settings struct {
	RageClick      RageClick      `yaml:"rage_click"`
	DeadClick      DeadClick      `yaml:"dead_click"`
	ErrorClick     ErrorClick     `yaml:"error_click"`
	FailedRequest  FailedRequest  `yaml:"failed_request"`
	CheckoutFailed CheckoutFailed `yaml:"checkout_failed"`
	FormStruggle   FormStruggle   `yaml:"form_struggle"`
	FormAbandoned  FormAbandoned  `yaml:"form_abandoned"`

	NegativeText  NegativeText  `yaml:"negative_text"`
	ProblemReport ProblemReport `yaml:"problem_report"`
	ChurnThreat   ChurnThreat   `yaml:"churn_threat"`

	LongWait       LongWait       `yaml:"long_wait"`
	LongHold       LongHold       `yaml:"long_hold"`
	ManyTransfers  ManyTransfers  `yaml:"many_transfers"`
	AbandonedCall  AbandonedCall  `yaml:"abandoned_call"`
	HangUpOnHold   HangUpOnHold   `yaml:"hang_up_on_hold"`
	UnansweredChat UnansweredChat `yaml:"unanswered_chat"`

	RepeatContact RepeatContact `yaml:"repeat_contact"`

	Detractor LowRating `yaml:"detractor"`
	LowCSAT   LowRating `yaml:"low_csat"`
	LowCES    LowRating `yaml:"low_ces"`
	LowStars  LowRating `yaml:"low_stars"`

	GoodRating    GoodRating    `yaml:"good_rating"`
	ProblemSolved ProblemSolved `yaml:"problem_solved"`
	Purchase      Purchase      `yaml:"purchase"`

	Caps Caps `yaml:"caps"`
}

// Bad is the effect of a signal against the experience.
type Bad struct {
	Weight float64       `yaml:"weight" min:"-100" max:"0"`
	Half   time.Duration `yaml:"half_life" min:"1m" max:"400d"`
}

// Good is the effect of a recovery.
type Good struct {
	Weight float64       `yaml:"weight" min:"0" max:"100"`
	Half   time.Duration `yaml:"half_life" min:"1m" max:"400d"`
}

// Points returns share of the weight in hundredths of a score point, rounded.
func (b Bad) Points(share float64) int32 { return hundredths(b.Weight * share) }

// HalfSeconds returns the half-life in seconds.
func (b Bad) HalfSeconds() int32 { return int32(b.Half / time.Second) }

// Off reports whether the signal is switched off.
func (b Bad) Off() bool { return b.Weight == 0 }

// Points returns share of the weight in hundredths of a score point, rounded.
func (g Good) Points(share float64) int32 { return hundredths(g.Weight * share) }

// HalfSeconds returns the half-life in seconds.
func (g Good) HalfSeconds() int32 { return int32(g.Half / time.Second) }

// Off reports whether the signal is switched off.
func (g Good) Off() bool { return g.Weight == 0 }

func hundredths(points float64) int32 { return int32(math.Round(points * 100)) }

// RageClick is a burst of clicks on one spot without a useful response.
type RageClick struct {
	Bad        `yaml:",inline"`
	Clicks     int           `yaml:"clicks" min:"2" max:"50"`
	Gap        time.Duration `yaml:"gap" min:"100ms" max:"10s"`
	Radius     int           `yaml:"radius" min:"0" max:"500"` // pixels
	Ignore     []string      `yaml:"ignore"`                   // words of an element key
	TextInputs []string      `yaml:"text_inputs"`              // words of an element key that has the tag input
}

// DeadClick is a click to which the page did not react, by the collector's verdict.
type DeadClick struct {
	Bad `yaml:",inline"`
	Gap time.Duration `yaml:"gap" min:"1s" max:"10m"`
}

// ErrorClick is a click that a script error or a failed request follows.
type ErrorClick struct {
	Bad    `yaml:",inline"`
	Within time.Duration `yaml:"within" min:"10ms" max:"10s"`
	Gap    time.Duration `yaml:"gap" min:"1s" max:"10m"`
}

// FailedRequest is a request of the page that the server refused or broke.
type FailedRequest struct {
	Bad          `yaml:",inline"`
	Status       int           `yaml:"status" min:"400" max:"600"`
	SubmitStatus int           `yaml:"submit_status" min:"400" max:"600"`
	Gap          time.Duration `yaml:"gap" min:"1s" max:"10m"`
}

// CheckoutFailed is a payment or checkout that did not go through.
type CheckoutFailed struct {
	Bad `yaml:",inline"`
	Gap time.Duration `yaml:"gap" min:"1s" max:"10m"`
}

// FormStruggle is a field that was refused again and again.
type FormStruggle struct {
	Bad    `yaml:",inline"`
	Errors int           `yaml:"errors" min:"1" max:"50"`
	Gap    time.Duration `yaml:"gap" min:"1s" max:"30m"`
}

// FormAbandoned is a form that was begun and not sent.
type FormAbandoned struct {
	Bad    `yaml:",inline"`
	Fields int           `yaml:"fields" min:"1" max:"50"`
	Idle   time.Duration `yaml:"idle" min:"1m" max:"1h"`
}

// NegativeText is displeasure in what the customer wrote or said in one contact.
type NegativeText struct {
	Bad       `yaml:",inline"`
	Threshold float64 `yaml:"threshold" min:"0.05" max:"1"`
	Turns     int     `yaml:"turns" min:"1" max:"50"`
}

// ProblemReport is a text that says something failed.
type ProblemReport struct {
	Bad       `yaml:",inline"`
	Threshold float64 `yaml:"threshold" min:"0.05" max:"1"`
}

// ChurnThreat is a text that threatens to leave, to sue or to go public.
type ChurnThreat struct {
	Bad `yaml:",inline"`
}

// LongWait is a wait in a queue, or for an answer in a chat that came too late.
type LongWait struct {
	Bad  `yaml:",inline"`
	Call time.Duration `yaml:"call" min:"1s" max:"2h"`
}

// LongHold is a call held too long or too often.
type LongHold struct {
	Bad   `yaml:",inline"`
	Hold  time.Duration `yaml:"hold" min:"1s" max:"2h"`
	Holds int           `yaml:"holds" min:"1" max:"50"`
}

// ManyTransfers is a call passed on again and again.
type ManyTransfers struct {
	Bad       `yaml:",inline"`
	Transfers int `yaml:"transfers" min:"1" max:"50"`
}

// AbandonedCall is a call the customer gave up in the queue.
type AbandonedCall struct {
	Bad     `yaml:",inline"`
	AtLeast time.Duration `yaml:"at_least" min:"0s" max:"10m"`
}

// HangUpOnHold is a call the customer gave up while on hold.
type HangUpOnHold struct {
	Bad `yaml:",inline"`
}

// UnansweredChat is a customer's chat message that nobody answers in time.
type UnansweredChat struct {
	Bad        `yaml:",inline"`
	First      time.Duration `yaml:"first" min:"1s" max:"2h"`
	Next       time.Duration `yaml:"next" min:"1s" max:"2h"`
	BotAnswers bool          `yaml:"bot_answers"`
}

// RepeatContact is a customer who has to come back.
type RepeatContact struct {
	Bad         `yaml:",inline"`
	Light       float64       `yaml:"light" min:"-100" max:"0"`
	Few         int           `yaml:"few" min:"2" max:"50"`
	FewWithin   time.Duration `yaml:"few_within" min:"1h" max:"30d"`
	Many        int           `yaml:"many" min:"2" max:"50"`
	ManyWithin  time.Duration `yaml:"many_within" min:"1h" max:"30d"`
	SameContact time.Duration `yaml:"same_contact" min:"0s" max:"1h"`
}

// LowRating is a survey answer or a review at the bottom of its scale.
type LowRating struct {
	Bad    `yaml:",inline"`
	AtMost float64 `yaml:"at_most" min:"0" max:"10"` // on the usual scale of the metric
}

// GoodRating is a survey answer or a review at the top of its scale.
type GoodRating struct {
	Good  `yaml:",inline"`
	NPS   float64 `yaml:"nps" min:"1" max:"10"`
	CSAT  float64 `yaml:"csat" min:"1" max:"5"`
	CES   float64 `yaml:"ces" min:"1" max:"7"`
	Stars float64 `yaml:"stars" min:"1" max:"5"`
}

// ProblemSolved is a contact that ended with its matter settled.
type ProblemSolved struct {
	Good `yaml:",inline"`
}

// Purchase is a completed order.
type Purchase struct {
	Good `yaml:",inline"`
	Gap  time.Duration `yaml:"gap" min:"0s" max:"1d"`
}
