// Package touchpoint owns the noun everything else is about: one thing that happened between a customer
// and the company, on whatever channel. It holds the type, its limits and its validation, and nothing
// that talks to a server: decoders fill it, the timeline carries it, processors judge it.
//
// A Touchpoint is a plain value. It may be shared between goroutines as long as nobody changes it.
package touchpoint

//go:generate go tool msgp -file=. -o=msgp.go -tests=false -io=false
//go:generate go run touchwatch/ingest/codec/sharing msgp.go

import (
	"math"
	"time"
)

// Channel is where a touchpoint happened, such as "chat". The four built-in channels are constants;
// configured channels carry their own lower-case name.
type Channel string

// The built-in channels.
const (
	Website Channel = "website"
	Chat    Channel = "chat"
	Social  Channel = "social"
	Call    Channel = "call"
	// CRM is the channel of profile records. It is not a contact and never counts as a bad channel.
	CRM Channel = "crm"
)

// ID identifies a touchpoint for ever, such as "ajs-7a1b0c52e9". Senders' ids are kept with their channel in front
// ("website:ajs-7a1b0c52e9"), a missing id derives from the source coordinates ("website:touchpoints.website/3/81244/0").
type ID string

// CustomerID identifies a party, such as "cus_8f31c07a42" for one the CRM knows
// or "anon_3f9a…" for one that is only known by a cookie, a phone number or a handle.
type CustomerID string

// Millis is a moment in milliseconds since 1970 UTC. Zero means unknown.
// It is the wire form of time everywhere: it compares, sorts and encodes without a time zone.
type Millis int64

// At returns the moment as a time in UTC; the zero Millis gives the zero time.
func (m Millis) At() time.Time {
	if m == 0 {
		return time.Time{}
	}
	return time.UnixMilli(int64(m)).UTC()
}

// Add returns the moment d later, to the millisecond.
func (m Millis) Add(d time.Duration) Millis { return m + Millis(d.Milliseconds()) }

// Sub returns the time from earlier to m, at most what a Duration holds (292 years, either way).
func (m Millis) Sub(earlier Millis) time.Duration {
	const most = Millis(math.MaxInt64 / int64(time.Millisecond))
	return time.Duration(min(max(m-earlier, -most), most)) * time.Millisecond
}

// MillisOf returns t in milliseconds since 1970; the zero time gives zero.
func MillisOf(t time.Time) Millis {
	if t.IsZero() {
		return 0
	}
	return Millis(t.UnixMilli())
}

// AliasKind is a way to recognise a party, strongest first: id, email, phone, handle, contact, cookie.
type AliasKind string

// The alias kinds, strongest first.
const (
	AliasID      AliasKind = "id"      // the CRM's customer id
	AliasEmail   AliasKind = "email"   // lower case
	AliasPhone   AliasKind = "phone"   // E.164
	AliasHandle  AliasKind = "handle"  // platform:handle, lower case, without @, such as "x:jweber"
	AliasContact AliasKind = "contact" // a chat system's contact id, such as "chatwoot:88"
	AliasCookie  AliasKind = "cookie"  // a browser's anonymous id
)

// Alias is one way a party is known, already normalised by NewAlias.
type Alias struct {
	Kind  AliasKind `json:"kind" msg:"k"`
	Value string    `json:"value" msg:"v"`
}

// Source says where a touchpoint stood before it reached the timeline: raw topic, partition, the topic's epoch,
// offset, and its index among the touchpoints of one record. Together they are the proof that it is applied once.
type Source struct {
	Topic     string `json:"topic" msg:"t"`
	Partition int32  `json:"partition" msg:"p"`
	Epoch     int32  `json:"epoch" msg:"e"`
	Offset    int64  `json:"offset" msg:"o"`
	Index     int32  `json:"index" msg:"i"`
}

// Place is where it happened, inside the channel. Every field is optional; which ones are set depends on the channel.
type Place struct {
	Page     string `json:"page,omitempty" msg:"pg,omitempty"`     // path without query, such as "/checkout"
	Element  string `json:"element,omitempty" msg:"el,omitempty"`  // element key, such as "button#pay"
	Form     string `json:"form,omitempty" msg:"fo,omitempty"`     // form name or id
	Field    string `json:"field,omitempty" msg:"fi,omitempty"`    // form field NAME, never its value
	Queue    string `json:"queue,omitempty" msg:"qu,omitempty"`    // call or chat queue, inbox
	Platform string `json:"platform,omitempty" msg:"pl,omitempty"` // social platform or chat system
	Campaign string `json:"campaign,omitempty" msg:"ca,omitempty"` // marketing campaign that led here
	Product  string `json:"product,omitempty" msg:"pr,omitempty"`  // product, order or topic it is about
	Release  string `json:"release,omitempty" msg:"re,omitempty"`  // version of the site or app
	Agent    string `json:"agent,omitempty" msg:"ag,omitempty"`    // agent who handled it
	URL      string `json:"url,omitempty" msg:"ur,omitempty"`      // full link for people, never a key
	Thread   string `json:"thread,omitempty" msg:"th,omitempty"`   // conversation, call, session or post thread id
	ViewID   string `json:"view,omitempty" msg:"vw,omitempty"`     // page view the event belongs to
}

// Rating is a survey answer on its own scale; raw scores of different scales are never compared.
type Rating struct {
	Metric string  `json:"metric" msg:"m"` // "nps", "csat", "ces" or "stars"
	Score  float64 `json:"score" msg:"s"`
	Min    float64 `json:"min" msg:"l"` // lowest possible answer
	Max    float64 `json:"max" msg:"h"` // highest possible answer
}

// Click is what a collector knows about one click.
type Click struct {
	X int32 `json:"x" msg:"x"` // page pixels from the left
	Y int32 `json:"y" msg:"y"` // page pixels from the top
	// Outcome is what the click did: "navigation", "mutation", "request", "none" or "" when the collector did not watch.
	Outcome string `json:"outcome,omitempty" msg:"o,omitempty"`
}

// Mood is what the text engine said about the text, recorded once before the timeline, so that a replay
// with a newer lexicon gives the same result.
type Mood struct {
	Displeasure float32  `json:"displeasure" msg:"d"`                  // −1 (delighted) … 1 (furious)
	Problem     float32  `json:"problem" msg:"p"`                      // 0 … 1: something failed
	Confidence  float32  `json:"confidence" msg:"c"`                   // 0 … 1
	Intents     []string `json:"intents,omitempty" msg:"in,omitempty"` // such as "cancel", "solved", "thanks"
	Words       []string `json:"words,omitempty" msg:"w,omitempty"`    // matched words that decided, most important first
	// Readings are what the text says in each language that reads anything in it, when its language could not be told.
	Readings []Reading `json:"readings,omitempty" msg:"r,omitempty"`
}

// Reading is a mood by one language.
type Reading struct {
	Language    string   `json:"language" msg:"l"` // ISO 639-1
	Displeasure float32  `json:"displeasure" msg:"d"`
	Problem     float32  `json:"problem" msg:"p"`
	Confidence  float32  `json:"confidence" msg:"c"`
	Intents     []string `json:"intents,omitempty" msg:"in,omitempty"`
	Words       []string `json:"words,omitempty" msg:"w,omitempty"`
}

// Profile is what the CRM says about a party.
type Profile struct {
	Name         string  `json:"name,omitempty" msg:"n,omitempty"`
	Segment      string  `json:"segment,omitempty" msg:"s,omitempty"`      // such as "vip"
	Value        float64 `json:"value,omitempty" msg:"v,omitempty"`        // yearly value in the company's currency
	Owner        string  `json:"owner,omitempty" msg:"o,omitempty"`        // account owner
	Language     string  `json:"language,omitempty" msg:"l,omitempty"`     // ISO 639-1
	Relationship string  `json:"relationship,omitempty" msg:"r,omitempty"` // customer, supplier, partner, employee
	Consent      string  `json:"consent,omitempty" msg:"c,omitempty"`      // "granted", "denied" or "" for unknown
}

// Touchpoint is one thing that happened between a customer and the company. Its own wire form leaves out what the timeline entry
// around it says anyway: customer, moment of receipt and source.
type Touchpoint struct {
	ID         ID         `json:"id" msg:"id"`
	Channel    Channel    `json:"channel" msg:"ch"`
	Kind       Kind       `json:"kind" msg:"k"`
	Customer   CustomerID `json:"customer,omitempty" msg:"-"` // set by ingest; stored as the entry's Subject
	Aliases    []Alias    `json:"aliases,omitempty" msg:"al,omitempty"`
	OccurredAt Millis     `json:"occurred_at" msg:"at"`               // never later than ReceivedAt
	ReceivedAt Millis     `json:"received_at" msg:"-"`                // set by ingest from its plan; stored as the entry's At
	Source     Source     `json:"source" msg:"-"`                     // stored as the entry's Source
	Format     string     `json:"format,omitempty" msg:"f,omitempty"` // decoder that read it, such as "segment"

	Place    Place             `json:"place" msg:"pl"`
	Text     string            `json:"text,omitempty" msg:"tx,omitempty"`
	Language string            `json:"language,omitempty" msg:"la,omitempty"` // ISO 639-1, as the source or the text engine says
	Mood     *Mood             `json:"mood,omitempty" msg:"mo,omitempty"`
	Rating   *Rating           `json:"rating,omitempty" msg:"ra,omitempty"`
	Click    *Click            `json:"click,omitempty" msg:"cl,omitempty"`
	Profile  *Profile          `json:"profile,omitempty" msg:"pf,omitempty"`
	Duration Millis            `json:"duration_ms,omitempty" msg:"du,omitempty"` // how long it took: the wait, the hold, the talk
	Status   int32             `json:"status,omitempty" msg:"st,omitempty"`      // HTTP status of a failed request
	Amount   float64           `json:"amount,omitempty" msg:"am,omitempty"`      // purchase value, in Attributes["currency"]
	Reach    int64             `json:"reach,omitempty" msg:"rc,omitempty"`       // followers of the author of a post
	Links    bool              `json:"links,omitempty" msg:"ln,omitempty"`       // its aliases belong to one party: an identify, a login, a profile
	Attrs    map[string]string `json:"attributes,omitempty" msg:"x,omitempty"`   // what has no field of its own, bounded
}

// Where is the place in one word for people: the most telling field that is set.
func (p *Place) Where() string {
	for _, s := range [...]string{p.Page, p.Queue, p.Form, p.Platform, p.Campaign, p.Product} {
		if s != "" {
			return s
		}
	}
	return ""
}
