package simulator

import (
	"fmt"

	"touchwatch/ingest/touchpoint"
)

// format is one way in which a source writes.
type format struct {
	name    string // of the decoder
	channel int    // index in Channels
	headers []Header
	// encode appends the step as an event and leaves the event's id in s.id; false when the format cannot say such a thing.
	encode      func(w *World, dst []byte, s *session, st *step) ([]byte, bool)
	key         func(w *World, s *session) []byte     // the channel's own id
	alias       func(p *person) touchpoint.CustomerID // who a person is that nobody knows; website: nil
	named       bool                                  // events after the login carry the customer's id
	events      int                                   // how many go into one record
	open, close string                                // around the events when there are several
}

// Indexes of Channels.
const (
	website = iota
	chat
	social
	call
)

func header(name string) []Header { return []Header{{Key: "tw-format", Value: []byte(name)}} }

func cookieKey(_ *World, s *session) []byte { return s.p.cookies[s.device] }

func authorKey(_ *World, s *session) []byte { return fmt.Appendf(nil, "%d", s.p.author) }
