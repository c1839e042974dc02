package touchpoint

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"unicode"
)

// strength orders the kinds; a lower number decides over a higher one.
func (k AliasKind) strength() int {
	for i, kind := range [...]AliasKind{AliasID, AliasEmail, AliasPhone, AliasHandle, AliasContact, AliasCookie} {
		if k == kind {
			return i
		}
	}
	return 99
}

// NewAlias returns the normalised alias and false when nothing usable is left of value: white space is cut,
// e-mail addresses and handles become lower case, a handle loses its leading @, a phone number keeps + and digits
// and must be E.164 (+ and 7 to 15 digits; a leading 00 counts as +). Ids, contacts and cookies are kept as they are.
func NewAlias(kind AliasKind, value string) (Alias, bool) {
	value = strings.TrimSpace(value)
	switch kind {
	case AliasEmail:
		value = strings.ToLower(value)
		if at := strings.IndexByte(value, '@'); at <= 0 || at == len(value)-1 {
			return Alias{}, false
		}
	case AliasHandle:
		value = normalHandle(strings.ToLower(value))
	case AliasPhone:
		value = e164(value)
	}
	if value == "" || len(value) > MaxIDBytes {
		return Alias{}, false
	}
	return Alias{Kind: kind, Value: value}, true
}

// normalHandle returns platform:handle, or the handle alone when no platform is named; "" when it is none.
func normalHandle(value string) string {
	decoration := func(r rune) bool { return r == '@' || r == ':' || unicode.IsSpace(r) }
	platform, handle, found := strings.Cut(strings.TrimLeftFunc(value, decoration), ":")
	platform, handle = strings.TrimFunc(platform, decoration), strings.TrimFunc(handle, decoration)
	if !found {
		return platform
	}
	if platform == "" || handle == "" {
		return ""
	}
	return platform + ":" + handle
}

// e164 keeps the + and the digits of a phone number; "" when it is none.
func e164(value string) string {
	if rest, ok := strings.CutPrefix(value, "00"); ok {
		value = "+" + rest
	}
	var b strings.Builder
	for i, r := range value {
		switch {
		case r == '+' && i == 0, r >= '0' && r <= '9':
			b.WriteRune(r)
		case strings.ContainsRune(" -().\u00a0/", r):
		default:
			return ""
		}
	}
	number := b.String()
	if !strings.HasPrefix(number, "+") || len(number) < 8 || len(number) > 16 {
		return ""
	}
	return number
}

// Strongest returns the alias that decides who a party is, and false when there is none.
// Of two of the same kind the first in the list wins.
func Strongest(aliases []Alias) (Alias, bool) {
	var best Alias
	found := false
	for _, a := range aliases {
		if !found || a.Kind.strength() < best.Kind.strength() {
			best, found = a, true
		}
	}
	return best, found
}

// Derived returns the id of a party that nobody knows but by this alias. It is a hash,
// so two workers that meet the same stranger make the same id, and the id gives nothing away.
func (a Alias) Derived() CustomerID {
	sum := sha256.Sum256([]byte(string(a.Kind) + ":" + a.Value))
	return CustomerID("anon_" + hex.EncodeToString(sum[:10]))
}

// Anonymous reports whether the id was derived from an alias instead of given by the CRM.
func (c CustomerID) Anonymous() bool { return strings.HasPrefix(string(c), "anon_") }

// CompareAliases orders aliases by strength, strongest first, then by value.
func CompareAliases(a, b Alias) int {
	if d := a.Kind.strength() - b.Kind.strength(); d != 0 {
		return d
	}
	return strings.Compare(a.Value, b.Value)
}
