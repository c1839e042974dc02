package scenario

import (
	"cmp"
	"fmt"
	"strconv"

	"touchwatch/ingest/touchpoint"
)

// person is a customer as a line declares it.
type person struct {
	id      touchpoint.CustomerID
	aliases []touchpoint.Alias
	profile touchpoint.Profile
	known   bool // the line says something about them: their profile is sent
}

// readPerson reads the words after "customer".
func readPerson(words []word) (*person, error) {
	if len(words) == 0 || words[0].key != "" || words[0].quoted {
		return nil, fmt.Errorf("customer needs an id, as in: customer cus_1 name=\"J. Weber\" value=5000")
	}
	p := &person{id: touchpoint.CustomerID(words[0].value)}
	for _, w := range words[1:] {
		if err := p.read(w); err != nil {
			return nil, err
		}
		p.known = true
	}
	if !p.id.Anonymous() {
		p.aliases = append(p.aliases, touchpoint.Alias{Kind: touchpoint.AliasID, Value: string(p.id)})
	} else if p.known {
		return nil, fmt.Errorf("%s is anonymous, nobody knows anything about them", p.id)
	}
	return p, nil
}

func (p *person) read(w word) error {
	texts := map[string]*string{
		"name": &p.profile.Name, "segment": &p.profile.Segment, "owner": &p.profile.Owner, "language": &p.profile.Language,
		"relationship": &p.profile.Relationship, "consent": &p.profile.Consent,
	}
	if text, known := texts[w.key]; known {
		*text = w.value
		return nil
	}
	switch w.key {
	case "value":
		v, err := strconv.ParseFloat(w.value, 64)
		if err != nil || v < 0 {
			return fmt.Errorf("value: %q must be a number, the yearly value", w.value)
		}
		p.profile.Value = v
		return nil
	case "email", "phone", "handle":
		a, ok := touchpoint.NewAlias(touchpoint.AliasKind(w.key), w.value)
		if !ok {
			return fmt.Errorf("%s: %q cannot be one", w.key, w.value)
		}
		p.aliases = append(p.aliases, a)
		return nil
	}
	return fmt.Errorf("a customer has no %q: use name, segment, value, owner, language, relationship, consent, email, phone or handle", cmp.Or(w.key, w.value))
}

// arrival is the touchpoint that makes the profile known.
func (p *person) arrival() *touchpoint.Touchpoint {
	profile := p.profile
	return &touchpoint.Touchpoint{
		Channel: touchpoint.CRM, Kind: touchpoint.ProfileUpdate, Customer: p.id, Aliases: p.aliases, Profile: &profile, Links: true,
	}
}
