// Package identity owns the question whose a touchpoint is: it resolves aliases to a customer over a directory that
// was fetched before, in record order, and says which links a touchpoint makes. It is pure; the directory itself is kept by
// Directory in Redis. Two known customers never become one here: an alias that two of them claim is reported.
package identity

import (
	"time"

	"touchwatch/ingest/touchpoint"
)

// Link says that an alias belongs to a customer, and where that was learned.
type Link struct {
	Alias    touchpoint.Alias      `json:"alias"`
	Customer touchpoint.CustomerID `json:"customer"`
	At       touchpoint.Millis     `json:"at"` // moment of receipt
	Source   touchpoint.Source     `json:"source"`
}

// Conflict is an alias that two known customers claim, such as a shared phone. It stays with the first.
type Conflict struct {
	Alias   touchpoint.Alias
	Holder  touchpoint.CustomerID
	Claimed touchpoint.CustomerID
}

// Map is the part of the directory that a batch needs; links made by the batch are added as it is resolved.
// It belongs to one goroutine.
type Map struct {
	known map[touchpoint.Alias]Link
	links []Link
	taken []Conflict
}

// NewMap returns a map over what was fetched.
func NewMap(known map[touchpoint.Alias]Link) *Map { return &Map{known: known} }

// Asked returns the aliases that the directory has to be asked about to resolve all of a batch. A touchpoint with a customer id that links
// nothing asks for none: its id is the answer.
func Asked(all []touchpoint.Touchpoint) []touchpoint.Alias {
	aliases := make([]touchpoint.Alias, 0, len(all))
	for i := range all {
		t := &all[i]
		strongest, _ := touchpoint.Strongest(t.Aliases)
		if strongest.Kind != touchpoint.AliasID || touchpoint.CustomerID(strongest.Value).Anonymous() || t.Links {
			aliases = append(aliases, t.Aliases...)
		}
	}
	return aliases
}

// Resolve returns whose t is and applies the links it makes. The strongest alias decides: a customer id is its own
// answer, another alias is looked up, and a party nobody knows gets an id derived from it. t must have an alias.
func (m *Map) Resolve(t *touchpoint.Touchpoint) touchpoint.CustomerID {
	strongest, _ := touchpoint.Strongest(t.Aliases)
	customer := m.lookup(strongest)
	if customer.Anonymous() {
		customer = m.weaker(t.Aliases, strongest, customer)
	}
	m.Learn(t, customer)
	return customer
}

// Learn applies the links that t makes as a touchpoint of that customer.
func (m *Map) Learn(t *touchpoint.Touchpoint, customer touchpoint.CustomerID) {
	if t.Links {
		m.link(t, customer)
	} else {
		m.refresh(t, customer)
	}
}

func (m *Map) lookup(a touchpoint.Alias) touchpoint.CustomerID {
	if a.Kind == touchpoint.AliasID {
		return touchpoint.CustomerID(a.Value)
	}
	if l, ok := m.known[a]; ok {
		return l.Customer
	}
	return a.Derived()
}

// weaker asks the other aliases, strongest first, when the strongest one is linked to nobody.
func (m *Map) weaker(aliases []touchpoint.Alias, strongest touchpoint.Alias, derived touchpoint.CustomerID) touchpoint.CustomerID {
	best, found := touchpoint.Alias{}, false
	for _, a := range aliases {
		if a == strongest {
			continue
		}
		if l, ok := m.known[a]; ok && !l.Customer.Anonymous() && (!found || touchpoint.CompareAliases(a, best) < 0) {
			best, found = a, true
		}
	}
	if !found {
		return derived
	}
	return m.known[best].Customer
}

// link gives t's aliases to customer. A device or a contact (cookie, contact) goes with whoever used it last;
// an address of a person (e-mail, phone, handle) stays with the known customer who had it first, and the claim is reported.
func (m *Map) link(t *touchpoint.Touchpoint, customer touchpoint.CustomerID) {
	for _, a := range t.Aliases {
		if a.Kind == touchpoint.AliasID {
			continue
		}
		held, ok := m.known[a]
		switch {
		case ok && held.Customer == customer && (personal(a.Kind) || t.ReceivedAt.Sub(held.At) < refreshAfter):
			continue
		case ok && !held.Customer.Anonymous() && customer.Anonymous():
			continue
		case ok && !held.Customer.Anonymous() && personal(a.Kind):
			m.taken = append(m.taken, Conflict{Alias: a, Holder: held.Customer, Claimed: customer})
			continue
		}
		l := Link{Alias: a, Customer: customer, At: t.ReceivedAt, Source: t.Source}
		m.known[a] = l
		m.links = append(m.links, l)
	}
}

// refreshAfter is how old the link of a device or a contact may grow in use before it is made anew, so that the directory does not forget
// what is used.
const refreshAfter = 24 * time.Hour

// refresh makes the links anew by which a device or a contact was recognised.
func (m *Map) refresh(t *touchpoint.Touchpoint, customer touchpoint.CustomerID) {
	for _, a := range t.Aliases {
		held, ok := m.known[a]
		if ok && held.Customer == customer && !personal(a.Kind) && t.ReceivedAt.Sub(held.At) >= refreshAfter {
			held.At, held.Source = t.ReceivedAt, t.Source
			m.known[a] = held
			m.links = append(m.links, held)
		}
	}
}

func personal(k touchpoint.AliasKind) bool {
	return k == touchpoint.AliasEmail || k == touchpoint.AliasPhone || k == touchpoint.AliasHandle
}

// Links returns the links made since the map was built, in record order.
func (m *Map) Links() []Link { return m.links }

// Conflicts returns the claims that were refused since the map was built.
func (m *Map) Conflicts() []Conflict { return m.taken }
