// Package own owns the knowledge of which accounts on social platforms are the company's: what these write is the company's
// answer and belongs to the customer it answers. Decoders do not know it, because it differs from company to company.
package own

import (
	"fmt"
	"strings"

	"touchwatch/ingest/touchpoint"
)

// Accounts are the company's own accounts. The zero value has none. It is immutable and safe for concurrent use.
type Accounts struct {
	known map[touchpoint.Alias]bool
}

// NewAccounts reads accounts such as "x:acme" or "mastodon:acme@social.example". An account without a platform is an error.
func NewAccounts(names []string) (Accounts, error) {
	a := Accounts{known: make(map[touchpoint.Alias]bool, len(names))}
	for _, name := range names {
		alias, ok := touchpoint.NewAlias(touchpoint.AliasHandle, name)
		if !ok || !strings.Contains(alias.Value, ":") {
			return Accounts{}, fmt.Errorf("account %q: want platform and handle, such as x:acme", name)
		}
		a.known[alias] = true
	}
	return a, nil
}

// Turn makes the company's own post a reply to whom it answers, as the attribute reply_to names them. A post that answers
// nobody stays with the company's account, as a reply that nobody waits for. Anything else is left as it is.
func (a Accounts) Turn(t *touchpoint.Touchpoint) {
	if len(a.known) == 0 || t.Channel != touchpoint.Social || t.Kind == touchpoint.SocialReply {
		return
	}
	author, ours := a.author(t.Aliases)
	if !ours {
		return
	}
	t.Kind, t.Mood, t.Reach, t.Links = touchpoint.SocialReply, nil, 0, false
	t.Place.Agent = author.Value
	t.Aliases = []touchpoint.Alias{author}
	if customer, ok := touchpoint.NewAlias(touchpoint.AliasHandle, t.Attrs["reply_to"]); ok && !a.known[customer] {
		t.Aliases = []touchpoint.Alias{customer}
	}
}

func (a Accounts) author(aliases []touchpoint.Alias) (touchpoint.Alias, bool) {
	for _, alias := range aliases {
		if a.known[alias] {
			return alias, true
		}
	}
	return touchpoint.Alias{}, false
}
