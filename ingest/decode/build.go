package decode

import (
	"fmt"
	"slices"
	"strings"

	"touchwatch/ingest/touchpoint"
)

// claim is one field of a payload that says who the party is.
type claim struct {
	kind  touchpoint.AliasKind
	value string
	field string // its path, for messages
}

// party gives tp the aliases that the claims make. Empty values are passed over; one that cannot be used (an e-mail address
// without @, a phone number that is not E.164) is named in the attribute "unusable", so that people can find it. It is an
// error when no alias is left, or when an identifier is too long to be one.
func party(tp *touchpoint.Touchpoint, claims ...claim) error {
	for _, c := range claims {
		if c.value == "" {
			continue
		}
		if len(c.value) > touchpoint.MaxIDBytes {
			return &touchpoint.Invalid{
				Reason: touchpoint.ReasonIDTooLong, Field: c.field,
				Want: fmt.Sprintf("at most %d bytes, got %d", touchpoint.MaxIDBytes, len(c.value)),
			}
		}
		a, ok := touchpoint.NewAlias(c.kind, c.value)
		switch {
		case !ok:
			unusable(tp, c.field)
		case slices.Contains(tp.Aliases, a):
		case len(tp.Aliases) == maxAliases:
			return wrong(c.field, fmt.Sprintf("at most %d ways to recognise one party", maxAliases))
		default:
			if tp.Aliases == nil {
				tp.Aliases = make([]touchpoint.Alias, 0, len(claims))
			}
			tp.Aliases = append(tp.Aliases, a)
		}
	}
	if len(tp.Aliases) == 0 {
		return nobody(tp, claims)
	}
	return nil
}

// nobody is the error of an event that does not say whose it is.
func nobody(tp *touchpoint.Touchpoint, claims []claim) error {
	fields := make([]string, len(claims))
	for i, c := range claims {
		fields[i] = c.field
	}
	invalid := &touchpoint.Invalid{Reason: touchpoint.ReasonNoParty, Want: "at least one of " + strings.Join(fields, ", ")}
	if invalid.Field = tp.Attrs["unusable"]; invalid.Field != "" {
		invalid.Want += "; what is there is no e-mail address, no E.164 phone number, no handle"
	}
	return invalid
}

// unusable remembers a field whose value could not be used.
func unusable(tp *touchpoint.Touchpoint, field string) {
	if have := tp.Attrs["unusable"]; have != "" {
		field = have + "," + field
	}
	attr(tp, "unusable", field)
}

// attr sets an attribute; an empty value sets none.
func attr(tp *touchpoint.Touchpoint, key, value string) {
	if value == "" {
		return
	}
	if tp.Attrs == nil {
		tp.Attrs = make(map[string]string, 4)
	}
	tp.Attrs[key] = clip(value, maxAttrValueBytes)
}

// attrs adds the sender's own attributes in the order of their names, until there are touchpoint.MaxAttrs. What a decoder
// set already stays; of two with the same name the last one counts. It sorts own in place.
func attrs(tp *touchpoint.Touchpoint, own pairs) {
	slices.SortStableFunc(own, func(a, b pair) int { return strings.Compare(a.key, b.key) })
	for i, p := range own {
		if len(tp.Attrs) >= touchpoint.MaxAttrs {
			return
		}
		if p.key == "" || len(p.key) > maxAttrKeyBytes || i+1 < len(own) && own[i+1].key == p.key {
			continue
		}
		if _, taken := tp.Attrs[p.key]; !taken {
			attr(tp, p.key, p.value)
		}
	}
}

// first returns the first of values that is not empty.
func first(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}
