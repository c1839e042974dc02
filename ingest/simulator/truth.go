package simulator

import (
	"encoding/json"
	"fmt"
	"io"

	"touchwatch/ingest/touchpoint"
)

// FactKind is what a Fact is about.
type FactKind string

// The kinds of fact.
const (
	Happened  FactKind = "touchpoint" // a touchpoint happened to Customer
	Troubled  FactKind = "trouble"    // Customer got into trouble; Why
	Recovered FactKind = "recovered"  // the trouble was solved; Why says how
	GaveUp    FactKind = "gave_up"    // the customer stopped trying
	Broken    FactKind = "broken"     // a page broke; Why names page and element
	Mended    FactKind = "mended"     // and works again
	Defective FactKind = "defective"  // a product turned out faulty, and buyers begin to post about it; Why, Product
	TakenBack FactKind = "taken_back" // and the shop has taken it off the shelves
	Waited    FactKind = "waited"     // Customer, in no trouble, waited longer for an answer than the company promises, in a chat or on the phone
)

// Fact is one line of the truth.
type Fact struct {
	Kind       FactKind              `json:"kind"`
	At         touchpoint.Millis     `json:"at"` // world time
	Customer   touchpoint.CustomerID `json:"customer,omitempty"`
	Touchpoint touchpoint.ID         `json:"touchpoint,omitempty"`
	Channel    touchpoint.Channel    `json:"channel,omitempty"`
	Why        string                `json:"why,omitempty"`
	Page       string                `json:"page,omitempty"`    // what broke or was mended: path …
	Element    string                `json:"element,omitempty"` // … and element key
	Product    string                `json:"product,omitempty"` // what turned out faulty
}

// Trouble is what a customer went through. Customer is the id under which ingest must know the party.
type Trouble struct {
	Customer touchpoint.CustomerID `json:"customer"`
	Why      string                `json:"why"`
	Began    touchpoint.Millis     `json:"began"`
	Ended    touchpoint.Millis     `json:"ended,omitempty"` // zero while it lasts
	// LetDown is when the company first failed to help: a contact brought nothing, another try failed as well, the customer gave up
	// or went public. Zero for trouble that the first way out of it ended, which nobody has to be told of.
	LetDown  touchpoint.Millis    `json:"let_down,omitempty"`
	Outcome  FactKind             `json:"outcome,omitempty"`
	Channels []touchpoint.Channel `json:"channels"` // on which it showed, in that order
}

// Truth is what the world knows about itself so far.
type Truth struct {
	// Owners is the customer of each touchpoint by the id that ingest must give it; nil without Options.Remember.
	Owners map[touchpoint.ID]touchpoint.CustomerID
	// Touchpoints counts them per channel, the source's duplicates once. Sent is how many records of each channel's topic
	// were made, duplicates and garbage included.
	Touchpoints map[touchpoint.Channel]int64
	Sent        map[touchpoint.Channel]int64
	Duplicates  int64 // records that were sent a second time
	Late        int64 // records that were sent late
	Garbage     int64 // records that nobody can decode
	// Troubles are those that last and those that ended, oldest end first; without Options.Remember the 1,000 latest that ended.
	Troubles []Trouble
}

// maxTroubles is how many ended troubles are kept when the world does not have to remember all.
const maxTroubles = 1000

// Truth returns what is true as of the last record. The maps and slices are copies, except Owners, which the world
// goes on filling: read it when the run is over.
func (w *World) Truth() Truth {
	t := Truth{
		Owners: w.owners, Touchpoints: map[touchpoint.Channel]int64{}, Sent: map[touchpoint.Channel]int64{},
		Duplicates: w.duplicates, Late: w.late, Garbage: w.garbage,
		Troubles: append([]Trouble(nil), w.troubles...),
	}
	for i, channel := range Channels {
		t.Touchpoints[channel], t.Sent[channel] = w.told[i], w.sent[i]
	}
	for _, p := range w.people {
		if p.trouble != nil {
			t.Troubles = append(t.Troubles, p.trouble.Trouble)
		}
	}
	return t
}

// WriteFact writes f as one line of JSON.
func WriteFact(w io.Writer, f Fact) error {
	line, err := json.Marshal(f)
	if err != nil {
		return fmt.Errorf("encode fact %s: %w", f.Kind, err)
	}
	if _, err := w.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("write fact %s: %w", f.Kind, err)
	}
	return nil
}

// tell passes a fact on to whoever listens.
func (w *World) tell(f Fact) {
	if w.options.Tell != nil {
		f.At = touchpoint.Millis(w.now)
		w.options.Tell(f)
	}
}

// witness counts a touchpoint and records whose it is.
func (w *World) witness(channel int, f *pending, customer touchpoint.CustomerID) {
	w.told[channel]++
	if !w.watched {
		return
	}
	id := touchpoint.ID(Channels[channel]) + ":" + touchpoint.ID(f.id)
	if w.owners != nil {
		w.owners[id] = customer
	}
	w.tell(Fact{Kind: Happened, Customer: customer, Touchpoint: id, Channel: Channels[channel]})
}
