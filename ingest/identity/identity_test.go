package identity

import (
	"maps"
	"testing"

	"touchwatch/ingest/touchpoint"
)

// alias makes a normalised alias from "email:a@b.c".
func alias(kind touchpoint.AliasKind, value string) touchpoint.Alias {
	a, ok := touchpoint.NewAlias(kind, value)
	if !ok {
		panic("no alias: " + value)
	}
	return a
}

var (
	one    = alias(touchpoint.AliasID, "cus_1")
	two    = alias(touchpoint.AliasID, "cus_2")
	mail   = alias(touchpoint.AliasEmail, "Jana@Example.com")
	phone  = alias(touchpoint.AliasPhone, "+49 151 12345678")
	handle = alias(touchpoint.AliasHandle, "x:@jweber")
	cookie = alias(touchpoint.AliasCookie, "c1")
	other  = alias(touchpoint.AliasCookie, "c2")
)

// says is a touchpoint that only mentions aliases; links is one that ties them together, such as a login.
func says(aliases ...touchpoint.Alias) *touchpoint.Touchpoint {
	return &touchpoint.Touchpoint{Aliases: aliases}
}

func links(at int64, aliases ...touchpoint.Alias) *touchpoint.Touchpoint {
	t := says(aliases...)
	t.Links, t.ReceivedAt, t.Source.Offset = true, touchpoint.Millis(at), at
	return t
}

// owners resolves touchpoints one after the other.
func owners(m *Map, all ...*touchpoint.Touchpoint) []touchpoint.CustomerID {
	var got []touchpoint.CustomerID
	for _, t := range all {
		got = append(got, m.Resolve(t))
	}
	return got
}

func check(t *testing.T, what string, got, want touchpoint.CustomerID) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %s, want %s", what, got, want)
	}
}

func empty() *Map { return NewMap(map[touchpoint.Alias]Link{}) }

func TestLinksApplyInRecordOrderWithinABatch(t *testing.T) {
	m := empty()
	got := owners(m, says(cookie), links(1, one, cookie), says(cookie), links(2, two, cookie), says(cookie))
	check(t, "before the login", got[0], cookie.Derived())
	check(t, "the login", got[1], "cus_1")
	check(t, "after the login", got[2], "cus_1")
	check(t, "another login on the same device", got[3], "cus_2")
	check(t, "after it: the cookie moved", got[4], "cus_2")
	if made := m.Links(); len(made) != 2 || made[0].Customer != "cus_1" || made[1].Customer != "cus_2" || made[1].Alias != cookie || made[1].At != 2 {
		t.Errorf("links: got %+v, want the cookie to both, in order", made)
	}
	if len(m.Conflicts()) != 0 {
		t.Errorf("a device that changes hands is no conflict: %+v", m.Conflicts())
	}
}

func TestTheStrongestAliasDecidesWhose(t *testing.T) {
	known := map[touchpoint.Alias]Link{
		mail: {Customer: "cus_1"}, phone: {Customer: "cus_2"}, cookie: {Customer: "cus_3"}, handle: {Customer: handle.Derived()},
	}
	for _, c := range []struct {
		what    string
		aliases []touchpoint.Alias
		want    touchpoint.CustomerID
	}{
		{"an id is its own answer", []touchpoint.Alias{cookie, mail, alias(touchpoint.AliasID, "cus_9")}, "cus_9"},
		{"e-mail before phone and cookie", []touchpoint.Alias{cookie, phone, mail}, "cus_1"},
		{"phone before cookie", []touchpoint.Alias{cookie, phone}, "cus_2"},
		{"a stranger's stronger alias asks the weaker ones", []touchpoint.Alias{alias(touchpoint.AliasEmail, "new@x.y"), cookie}, "cus_3"},
		{"and of those the strongest that is known", []touchpoint.Alias{cookie, alias(touchpoint.AliasEmail, "new@x.y"), phone}, "cus_2"},
		{"an alias that leads to a stranger asks the weaker ones", []touchpoint.Alias{handle, cookie}, "cus_3"},
		{"a stranger everywhere is who the strongest says", []touchpoint.Alias{other, handle}, handle.Derived()},
	} {
		check(t, c.what, NewMap(maps.Clone(known)).Resolve(says(c.aliases...)), c.want)
	}
}

func TestTwoWorkersMakeTheSameStranger(t *testing.T) {
	a, b := empty().Resolve(says(phone)), empty().Resolve(says(alias(touchpoint.AliasPhone, "0049 (151) 123-456-78")))
	if a != b || !a.Anonymous() {
		t.Errorf("one phone number in two spellings made %s and %s", a, b)
	}
	if m := empty().Resolve(says(cookie)); m == a {
		t.Errorf("a cookie and a phone number made one party: %s", m)
	}
}

func TestASharedPhoneIsReportedAndStays(t *testing.T) {
	m := empty()
	got := owners(m, links(1, one, phone), links(2, two, phone, mail), says(phone), says(mail))
	check(t, "the second customer's own record", got[1], "cus_2")
	check(t, "a call from the shared phone", got[2], "cus_1")
	check(t, "the second customer's e-mail", got[3], "cus_2")
	conflicts := m.Conflicts()
	if len(conflicts) != 1 || conflicts[0] != (Conflict{Alias: phone, Holder: "cus_1", Claimed: "cus_2"}) {
		t.Errorf("conflicts: got %+v, want the phone, held by cus_1, claimed by cus_2", conflicts)
	}
}

func TestAnAddressOfAStrangerGoesToWhoClaimsIt(t *testing.T) {
	m := empty()
	got := owners(m, links(1, mail, cookie), links(2, one, mail), says(mail), says(cookie))
	check(t, "a newsletter form of a stranger", got[0], mail.Derived())
	check(t, "once a customer claims the address", got[2], "cus_1")
	check(t, "the stranger's cookie stays the stranger's until its next login", got[3], mail.Derived())
	if len(m.Conflicts()) != 0 {
		t.Errorf("conflicts with a stranger: %+v", m.Conflicts())
	}
}

func TestAStrangerTakesNothingFromACustomer(t *testing.T) {
	m := NewMap(map[touchpoint.Alias]Link{cookie: {Alias: cookie, Customer: "cus_1"}})
	nobody := alias(touchpoint.AliasEmail, "anon@x.y")
	got := owners(m, links(1, nobody, cookie), says(cookie))
	check(t, "a form with a new address on a known device", got[0], "cus_1")
	check(t, "the device afterwards", got[1], "cus_1")
}

func TestOnlyLinkingTouchpointsLink(t *testing.T) {
	m := empty()
	got := owners(m, says(one, cookie), says(cookie))
	check(t, "a page view with an id", got[0], "cus_1")
	check(t, "the cookie alone", got[1], cookie.Derived())
	owners(m, links(1, one, cookie), links(2, one, cookie))
	if len(m.Links()) != 1 {
		t.Errorf("the same link again was made again: %+v", m.Links())
	}
}
