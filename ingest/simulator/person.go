package simulator

import (
	"fmt"

	"touchwatch/ingest/touchpoint"
)

// devices is how many browsers a person has at most.
const devices = 2

// person is a customer, a visitor, or somebody who calls, chats or posts once.
type person struct {
	id         touchpoint.CustomerID // the CRM's id; "" for people the CRM does not know
	name       string
	email      string
	phone      string
	handle     string // on X, without @
	account    string // on Mastodon, user@server
	author     uint64 // number of the social accounts
	contact    uint64 // number in the chat system
	language   int
	segment    string
	value      float64
	owner      string
	relation   string
	reach      int64
	cookies    [devices][]byte
	linked     [devices]bool // whether the cookie was linked to the customer by a login
	visitor    [devices]touchpoint.CustomerID
	mood       int // −100 (furious) … 100 (delighted)
	busy       int // sessions that are going on
	fleeting   bool
	contactAt  int64 // when they last contacted the company without trouble
	fatedAt    int64 // when trouble lies ahead of them; 0 for never
	troubledAt int64 // when the last trouble began
	trouble    *trouble
}

// known reports whether the CRM knows the person.
func (p *person) known() bool { return p.id != "" }

// as returns under which id ingest must know the person on a website device: the customer's once a login linked
// the cookie, else the one that derives from the cookie.
func (p *person) as(device int, named bool) touchpoint.CustomerID {
	if p.known() && (named || p.linked[device]) {
		return p.id
	}
	if p.visitor[device] == "" {
		p.visitor[device] = derived(touchpoint.AliasCookie, string(p.cookies[device]))
	}
	return p.visitor[device]
}

// derived is the id of a party that is known by one alias only.
func derived(kind touchpoint.AliasKind, value string) touchpoint.CustomerID {
	alias, ok := touchpoint.NewAlias(kind, value)
	if !ok {
		panic(fmt.Sprintf("simulator made an unusable %s %q", kind, value))
	}
	return alias.Derived()
}

// populate makes the people the CRM knows and the visitors it does not know.
func (w *World) populate() {
	w.people = make([]*person, 0, w.options.Customers+w.options.Customers/3)
	for i := range w.options.Customers {
		w.people = append(w.people, w.customer(i))
	}
	if w.options.Story {
		w.jana()
	}
	for range w.options.Customers / 3 {
		p := &person{language: w.someLanguage()}
		w.giveDevices(p)
		w.people = append(w.people, p)
	}
}

// someLanguage draws a language: half English, a quarter German, the rest Dutch and Russian.
func (w *World) someLanguage() int { return w.pick(50, 26, 14, 10) }

func (w *World) giveDevices(p *person) {
	for i := range p.cookies {
		p.cookies[i] = fmt.Appendf(nil, "%016x%08x", w.rng.Uint64(), w.rng.Uint32())
	}
}

// customer makes the i-th customer. What has to be unique is made so by i.
func (w *World) customer(i int) *person {
	p := &person{language: w.someLanguage(), relation: "customer"}
	given, family := one(w, firstNames[p.language]), one(w, lastNames[p.language])
	p.id = touchpoint.CustomerID(fmt.Sprintf("cus_%06x%04x", i, w.rng.Uint32()&0xffff))
	p.name = given.shown + " " + family.shown
	p.email = fmt.Sprintf("%s.%s%d@%s", given.latin, family.latin, i, one(w, []string{"example.com", "example.org", "mail.example", "post.example"}))
	p.phone = fmt.Sprintf("%s%07d", [...]string{"+4479", "+49151", "+316", "+7912"}[p.language], i)
	p.author = 2_200_000_000 + uint64(i)
	p.contact = 1000 + uint64(i)
	if w.chance(0.7) {
		p.handle = fmt.Sprintf("%s_%s%d", given.latin, family.latin, i)
	}
	if w.chance(0.4) {
		p.account = fmt.Sprintf("%s%d@%s", given.latin, i, one(w, []string{"social.example", "fosst.example"}))
	}
	p.reach = int64(w.between(20, 900))
	if w.chance(0.03) {
		p.reach = int64(w.between(5_000, 120_000))
	}
	switch w.pick(6, 30, 60, 4) {
	case 0:
		p.segment, p.value = "vip", float64(w.between(8_000, 60_000))
	case 1:
		p.segment, p.value = "gold", float64(w.between(1_500, 8_000))
	case 2:
		p.segment, p.value = "standard", float64(w.between(60, 1_500))
	default:
		p.segment, p.value = "business", float64(w.between(3_000, 40_000))
		p.relation = one(w, []string{"customer", "partner", "supplier"})
	}
	p.owner = one(w, owners[:])
	w.giveDevices(p)
	return p
}

// stranger makes somebody who contacts the company once and is not known to the CRM.
func (w *World) stranger() *person {
	w.strangers++
	n := w.strangers
	p := &person{fleeting: true, language: w.someLanguage(), author: 7_100_000_000 + n, contact: 5_000_000 + n, reach: int64(w.between(5, 700))}
	p.phone = fmt.Sprintf("%s8%08d", [...]string{"+447", "+4916", "+316", "+7903"}[p.language], n%100_000_000)
	p.handle = one(w, firstNames[p.language]).latin + "_" + w.tag + "_" + base36(n)
	p.account = p.handle + "@fosst.example"
	return p
}

// fate lays trouble ahead of a share of the customers, within the first twenty minutes.
func (w *World) fate() {
	count := int(w.options.TroubleShare*float64(w.options.Customers) + 0.5)
	for _, i := range w.rng.Perm(w.options.Customers)[:count] {
		w.people[i].fatedAt = w.start + int64(w.between(1, 20*60_000))
	}
}

// passFate moves the trouble that lay ahead of p, and has ended, to another customer tomorrow.
func (w *World) passFate(p *person) {
	p.fatedAt = 0
	for range 8 {
		next := w.people[w.rng.IntN(w.options.Customers)]
		if next.fatedAt == 0 && next.trouble == nil {
			next.fatedAt = w.now + int64(w.between(12*3_600_000, 36*3_600_000))
			return
		}
	}
}
