// Package fence owns the token by which a worker says that it owns a partition, and the decision who may take one over.
// It keeps a worker that was declared dead (a zombie) from writing what its successor has gone beyond. Pure.
package fence

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"touchwatch/ingest/touchpoint"
)

// Token says who owns a partition: generation of the consumer group, member, and when it was last heard of.
type Token struct {
	Generation int32
	Member     string
	Heartbeat  touchpoint.Millis
}

// String is the stored form.
func (t Token) String() string { return fmt.Sprintf("%d %d %s", t.Generation, t.Heartbeat, t.Member) }

// Parse reads the stored form and reports false for anything else.
func Parse(s string) (Token, bool) {
	generation, rest, ok1 := strings.Cut(s, " ")
	heartbeat, member, ok2 := strings.Cut(rest, " ")
	g, err1 := strconv.ParseInt(generation, 10, 32)
	h, err2 := strconv.ParseInt(heartbeat, 10, 64)
	if !ok1 || !ok2 || err1 != nil || err2 != nil {
		return Token{}, false
	}
	return Token{Generation: int32(g), Member: member, Heartbeat: touchpoint.Millis(h)}, true
}

// MayTake decides whether mine may take a partition whose stored token is stored ("" for none): only with a generation that
// is not lower, or when the holder was silent for longer than patience. Otherwise two members of different
// generations would take it from each other for ever. An unreadable token counts as none.
func MayTake(stored string, mine Token, patience time.Duration) bool {
	held, ok := Parse(stored)
	if !ok || held.Member == mine.Member || mine.Generation >= held.Generation {
		return true
	}
	return mine.Heartbeat.Sub(held.Heartbeat) > patience
}

// RebuildPrefix begins the member of a token that a rebuild of the states holds. Its heartbeat lies far ahead, so that it does not grow
// old; whether that rebuild still runs is kept elsewhere.
const RebuildPrefix = "rebuild/"

// Alive reports whether a worker has renewed its token within patience.
func Alive(t Token, now touchpoint.Millis, patience time.Duration) bool {
	return !strings.HasPrefix(t.Member, RebuildPrefix) && now.Sub(t.Heartbeat) <= patience
}
