package decode

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"touchwatch/ingest/codec"
	"touchwatch/ingest/touchpoint"
)

// profile is one customer record of the format touchwatch.profile; docs/schemas/touchwatch.profile.json describes it.
type profile struct {
	EventID      string          `json:"event_id"`
	ID           label           `json:"id"`
	Name         string          `json:"name"`
	FirstName    string          `json:"first_name"`
	LastName     string          `json:"last_name"`
	Emails       texts           `json:"emails"`
	Phones       texts           `json:"phones"`
	Handles      texts           `json:"handles"`
	Contacts     texts           `json:"contacts"`
	Cookies      texts           `json:"cookies"`
	Segment      string          `json:"segment"`
	YearlyValue  number          `json:"yearly_value"`
	Owner        string          `json:"owner"`
	Language     string          `json:"language"`
	Relationship string          `json:"relationship"`
	Consent      label           `json:"consent"`
	UpdatedAt    moment          `json:"updated_at"`
	Profiles     json.RawMessage `json:"profiles"` // instead of all others: several records in one
}

// texts is a list of strings, also one string alone. Entries that are no strings are kept as "".
type texts []string

// UnmarshalJSON implements json.Unmarshaler.
func (t *texts) UnmarshalJSON(b []byte) error {
	*t = nil
	if b[0] != '[' {
		if s, ok := scalarText(string(b)); ok {
			*t = texts{s}
		}
		return nil
	}
	var list []label
	if err := json.Unmarshal(b, &list); err != nil {
		return err
	}
	for _, l := range list {
		*t = append(*t, l.text)
	}
	return nil
}

// decodeProfile reads the format touchwatch.profile.
func decodeProfile(value []byte, _ Headers) Result {
	if value[0] == '[' {
		return many("", value, readProfile)
	}
	var p profile
	if err := codec.UnmarshalShared(value, &p); err != nil {
		return Result{Bad: []Bad{{Invalid: unreadable(err)}}}
	}
	if p.ID.text == "" && len(p.Profiles) > 0 {
		return many("profiles", p.Profiles, readProfile)
	}
	return one(&p, readProfile)
}

func readProfile(p *profile, tp *touchpoint.Touchpoint) (err error) {
	if strings.TrimSpace(p.ID.text) == "" {
		return missing("id", "the customer's id in the CRM")
	}
	tp.ID, tp.Channel, tp.Kind, tp.Links = touchpoint.ID(p.EventID), touchpoint.CRM, touchpoint.ProfileUpdate, true
	if tp.OccurredAt, err = p.UpdatedAt.when("updated_at"); err != nil {
		return err
	}
	value, err := p.YearlyValue.within(-1e15, 1e15, "yearly_value")
	if err != nil {
		return err
	}
	if err := oneOf("relationship", p.Relationship, "customer", "supplier", "partner", "employee"); err != nil {
		return err
	}
	consent, err := consent(p.Consent.text)
	if err != nil {
		return err
	}
	tp.Profile = &touchpoint.Profile{
		Name:         first(p.Name, strings.TrimSpace(p.FirstName+" "+p.LastName)),
		Segment:      p.Segment,
		Value:        value,
		Owner:        p.Owner,
		Language:     p.Language,
		Relationship: p.Relationship,
		Consent:      consent,
	}
	claims, err := p.claims()
	if err != nil {
		return err
	}
	return party(tp, claims...)
}

// claims lists every way the record names to recognise the party.
func (p *profile) claims() ([]claim, error) {
	claims := []claim{{touchpoint.AliasID, p.ID.text, "id"}}
	for _, group := range [...]struct {
		kind   touchpoint.AliasKind
		field  string
		values texts
	}{
		{touchpoint.AliasEmail, "emails", p.Emails},
		{touchpoint.AliasPhone, "phones", p.Phones},
		{touchpoint.AliasHandle, "handles", p.Handles},
		{touchpoint.AliasContact, "contacts", p.Contacts},
		{touchpoint.AliasCookie, "cookies", p.Cookies},
	} {
		if len(group.values) > maxAliases {
			return nil, wrong(group.field, fmt.Sprintf("at most %d entries, got %d", maxAliases, len(group.values)))
		}
		for i, value := range group.values {
			claims = append(claims, claim{group.kind, value, group.field + "[" + strconv.Itoa(i) + "]"})
		}
	}
	return claims, nil
}

// consent returns the word for a consent that CRMs write as a word or as a boolean.
func consent(word string) (string, error) {
	switch strings.ToLower(word) {
	case "":
		return "", nil
	case "granted", "true", "yes":
		return "granted", nil
	case "denied", "false", "no":
		return "denied", nil
	}
	return "", wrong("consent", "granted, denied, true or false")
}
