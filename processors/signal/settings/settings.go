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
	RageClick       RageClick       `yaml:"rage_click"`
	DeadClick       DeadClick       `yaml:"dead_click"`
	ErrorClick      ErrorClick      `yaml:"error_click"`
	FailedRequest   FailedRequest   `yaml:"failed_request"`
	CheckoutFailed  CheckoutFailed  `yaml:"checkout_failed"`
	PaymentDeclined PaymentDeclined `yaml:"payment_declined"`
	FailureExit     FailureExit     `yaml:"failure_exit"`
	ScriptError     ScriptError     `yaml:"script_error"`
	UTurn           UTurn           `yaml:"u_turn"`
	PageLoop        PageLoop        `yaml:"page_loop"`
	SlowPage        SlowPage        `yaml:"slow_page"`
	FruitlessSearch FruitlessSearch `yaml:"fruitless_search"`
	FormStruggle    FormStruggle    `yaml:"form_struggle"`
	FormAbandoned   FormAbandoned   `yaml:"form_abandoned"`

	NegativeText  NegativeText  `yaml:"negative_text"`
	ProblemReport ProblemReport `yaml:"problem_report"`
	ChurnThreat   ChurnThreat   `yaml:"churn_threat"`
	MoodTurn      MoodTurn      `yaml:"mood_turn"`
	CalmedDown    CalmedDown    `yaml:"calmed_down"`
	UrgentRequest UrgentRequest `yaml:"urgent_request"`

	LongWait         LongWait         `yaml:"long_wait"`
	LongHold         LongHold         `yaml:"long_hold"`
	ManyTransfers    ManyTransfers    `yaml:"many_transfers"`
	AbandonedCall    AbandonedCall    `yaml:"abandoned_call"`
	HangUpOnHold     HangUpOnHold     `yaml:"hang_up_on_hold"`
	ShortCall        ShortCall        `yaml:"short_call"`
	UnansweredCall   UnansweredCall   `yaml:"unanswered_call"`
	UnansweredChat   UnansweredChat   `yaml:"unanswered_chat"`
	ClosedUnanswered ClosedUnanswered `yaml:"closed_unanswered"`
	AgentSilence     AgentSilence     `yaml:"agent_silence"`
	AnswerDue        AnswerDue        `yaml:"answer_due"`

	AsksForHuman AsksForHuman `yaml:"asks_for_human"`
	BotLoop      BotLoop      `yaml:"bot_loop"`
	HandedOver   HandedOver   `yaml:"handed_over"`
	DeadAir      DeadAir      `yaml:"dead_air"`
	Interrupted  Interrupted  `yaml:"interrupted"`

	RepeatContact RepeatContact `yaml:"repeat_contact"`
	CalledBack    CalledBack    `yaml:"called_back"`

	PublicComplaint   PublicComplaint   `yaml:"public_complaint"`
	UnansweredMention UnansweredMention `yaml:"unanswered_mention"`
	CompanyReplied    CompanyReplied    `yaml:"company_replied"`

	Detractor LowRating `yaml:"detractor"`
	LowCSAT   LowRating `yaml:"low_csat"`
	LowCES    LowRating `yaml:"low_ces"`
	LowStars  LowRating `yaml:"low_stars"`

	GoodRating    GoodRating    `yaml:"good_rating"`
	ProblemSolved ProblemSolved `yaml:"problem_solved"`
	Purchase      Purchase      `yaml:"purchase"`

	UnhappyLoyal   UnhappyLoyal   `yaml:"unhappy_loyal"`
	SilentCustomer SilentCustomer `yaml:"silent_customer"`

	Ignore  Ignore  `yaml:"ignore"`
	Service Service `yaml:"service"`
	Caps    Caps    `yaml:"caps"`
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

// PaymentDeclined is a payment that the customer's bank or the payment provider refused.
type PaymentDeclined struct {
	Bad `yaml:",inline"`
}

// FailureExit is a customer who leaves right after the site failed and does not come back.
type FailureExit struct {
	Bad     `yaml:",inline"`
	Within  time.Duration `yaml:"within" min:"1s" max:"60s"`
	Settled time.Duration `yaml:"settled" min:"5s" max:"2m"`
}

// ScriptError is a script that breaks in the view, without a click that would explain it.
type ScriptError struct {
	Bad    `yaml:",inline"`
	Errors int           `yaml:"errors" min:"1" max:"50"`
	Gap    time.Duration `yaml:"gap" min:"1s" max:"3m"`
	Ignore []string      `yaml:"ignore"` // parts of messages, in lower case
}

// UTurn is a page that is left by the way one came, again and again.
type UTurn struct {
	Bad    `yaml:",inline"`
	Within time.Duration `yaml:"within" min:"500ms" max:"60s"`
	Turns  int           `yaml:"turns" min:"1" max:"50"`
	Gap    time.Duration `yaml:"gap" min:"1s" max:"3m"`
}

// PageLoop is a page that is opened over and over.
type PageLoop struct {
	Bad    `yaml:",inline"`
	Visits int           `yaml:"visits" min:"2" max:"50"`
	Within time.Duration `yaml:"within" min:"1s" max:"3m"`
}

// SlowPage is a page that keeps the customer waiting, as the browser measured it.
type SlowPage struct {
	Bad  `yaml:",inline"`
	LCP  time.Duration `yaml:"lcp" min:"100ms" max:"60s"`
	INP  time.Duration `yaml:"inp" min:"50ms" max:"60s"`
	Wait time.Duration `yaml:"wait" min:"500ms" max:"2m"`
	Slow int           `yaml:"slow" min:"1" max:"50"`
	Gap  time.Duration `yaml:"gap" min:"10s" max:"1h"`
}

// FruitlessSearch is a customer who searches the site and does not find.
type FruitlessSearch struct {
	Bad      `yaml:",inline"`
	Empty    int           `yaml:"empty" min:"1" max:"50"`
	Searches int           `yaml:"searches" min:"2" max:"50"`
	Again    int           `yaml:"again" min:"2" max:"50"`
	Unopened int           `yaml:"unopened" min:"2" max:"50"`
	Pages    []string      `yaml:"pages"` // parts of the address of a page of results
	Gap      time.Duration `yaml:"gap" min:"5s" max:"30m"`
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

// MoodTurn is a contact in which the customer became unhappy.
type MoodTurn struct {
	Bad  `yaml:",inline"`
	Drop float64 `yaml:"drop" min:"0.1" max:"2"`
}

// CalmedDown is a contact in which an unhappy customer was soothed.
type CalmedDown struct {
	Good `yaml:",inline"`
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

// ShortCall is a call that is over at once after a long wait.
type ShortCall struct {
	Bad  `yaml:",inline"`
	Wait time.Duration `yaml:"wait" min:"1s" max:"2h"`
	Talk time.Duration `yaml:"talk" min:"1s" max:"10m"`
}

// ClosedUnanswered is a conversation that was closed on a question nobody answered.
type ClosedUnanswered struct {
	Bad `yaml:",inline"`
}

// AgentSilence is an agent who asks for a moment and is not heard of again.
type AgentSilence struct {
	Bad      `yaml:",inline"`
	After    time.Duration `yaml:"after" min:"10s" max:"2h"`
	Promises []string      `yaml:"promises"` // what an agent says who will be back, in lower case
}

// AnswerDue says before it is too late that an answer is due. It takes nothing from the score.
type AnswerDue struct {
	On   bool          `yaml:"on"`
	Half time.Duration `yaml:"half_life" min:"1m" max:"400d"`
	From int           `yaml:"from" min:"1" max:"99"` // percent of the target
	Late int           `yaml:"late" min:"1" max:"99"` // percent of the target
}

// AsksForHuman is a customer who wants to speak to a person, or to somebody who may decide.
type AsksForHuman struct {
	Bad   `yaml:",inline"`
	Light float64 `yaml:"light" min:"-100" max:"0"` // as long as no bot has answered
}

// UrgentRequest is a customer who says that it is urgent. It takes nothing from the score.
type UrgentRequest struct {
	On   bool          `yaml:"on"`
	Half time.Duration `yaml:"half_life" min:"1m" max:"400d"`
}

// BotLoop is a bot that gives the same answer again.
type BotLoop struct {
	Bad     `yaml:",inline"`
	Answers int `yaml:"answers" min:"2" max:"50"`
	Letters int `yaml:"letters" min:"1" max:"500"`
}

// HandedOver is a conversation that is passed on again and again.
type HandedOver struct {
	Bad       `yaml:",inline"`
	Handovers int `yaml:"handovers" min:"1" max:"50"`
}

// DeadAir is a call in which nobody speaks.
type DeadAir struct {
	Bad     `yaml:",inline"`
	Silence time.Duration `yaml:"silence" min:"3s" max:"1h"`
	Live    time.Duration `yaml:"live" min:"5s" max:"1h"`    // while the call goes on: longer, because a turn is told when it is over
	Percent int           `yaml:"percent" min:"1" max:"100"` // of the talk
	Talk    time.Duration `yaml:"talk" min:"1s" max:"1h"`
}

// Interrupted is a customer whom the agent does not let finish.
type Interrupted struct {
	Bad     `yaml:",inline"`
	Times   int           `yaml:"times" min:"1" max:"100"`
	AMinute float64       `yaml:"a_minute" min:"0" max:"60"`
	Overlap time.Duration `yaml:"overlap" min:"100ms" max:"10s"` // for how long both must speak
}

// UnansweredCall is a call that waits in the queue for longer than it may; how long that is stands with LongWait.
type UnansweredCall struct {
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

// CalledBack is a customer who calls again soon after a call.
type CalledBack struct {
	Bad    `yaml:",inline"`
	Within time.Duration `yaml:"within" min:"10m" max:"7d"`
}

// PublicComplaint is an unhappy post that others can read.
type PublicComplaint struct {
	Bad         `yaml:",inline"`
	Displeasure float64 `yaml:"displeasure" min:"0.05" max:"1"`
	Problem     float64 `yaml:"problem" min:"0.05" max:"1"`
	Stars       float64 `yaml:"stars" min:"1" max:"5"`
	Reach       int     `yaml:"reach" min:"1" max:"100000000"` // readers that make it weigh in full
	Repost      int     `yaml:"repost" min:"0" max:"100000"`   // readers that a repost stands for
	Most        float64 `yaml:"most" min:"1" max:"10"`         // times the weight
}

// UnansweredMention is a post or message to the company that nobody answers.
type UnansweredMention struct {
	Bad         `yaml:",inline"`
	Light       float64       `yaml:"light" min:"-100" max:"0"` // for a question without a complaint
	After       time.Duration `yaml:"after" min:"1m" max:"7d"`
	Displeasure float64       `yaml:"displeasure" min:"0.05" max:"1"`
	Problem     float64       `yaml:"problem" min:"0.05" max:"1"`
}

// CompanyReplied is the company's answer to a post.
type CompanyReplied struct {
	Good `yaml:",inline"`
}

// UnhappyLoyal is a regular customer who was let down, was not made up to, and buys all the same.
type UnhappyLoyal struct {
	Bad         `yaml:",inline"`
	Purchases   int           `yaml:"purchases" min:"1" max:"50"`
	Displeasure float64       `yaml:"displeasure" min:"0.05" max:"1"`
	Grace       time.Duration `yaml:"grace" min:"1h" max:"30d"`
	Within      time.Duration `yaml:"within" min:"1d" max:"180d"`
}

// SilentCustomer is a regular customer who stopped coming.
type SilentCustomer struct {
	Bad       `yaml:",inline"`
	Purchases int           `yaml:"purchases" min:"3" max:"12"`
	Times     float64       `yaml:"times" min:"1" max:"20"` // the usual pause
	AtLeast   time.Duration `yaml:"at_least" min:"1d" max:"180d"`
	Unhappy   float64       `yaml:"unhappy" min:"1" max:"5"` // times the weight when it ended badly
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
