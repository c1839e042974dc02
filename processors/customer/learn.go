package customer

import (
	"slices"
	"strings"

	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/keyed"
	"touchwatch/processors/signal"
)

// see notes a touchpoint's id and reports false when it was seen before.
func (s *State) see(id touchpoint.ID) bool {
	h := hashID(id)
	if slices.Contains(s.Seen, h) {
		return false
	}
	if len(s.Seen) >= MaxSeen {
		s.Seen = slices.Delete(s.Seen, 0, len(s.Seen)-MaxSeen+1)
	}
	s.Seen = append(s.Seen, h)
	return true
}

// hashID is 64-bit FNV-1a: the same on every machine, and 48 ids collide with a chance below 10⁻¹⁶.
func hashID(id touchpoint.ID) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(id) {
		h = (h ^ uint64(id[i])) * 1099511628211
	}
	return h
}

// learn takes over what a touchpoint says about the customer: aliases, profile, language.
func (s *State) learn(t *touchpoint.Touchpoint) {
	for _, a := range t.Aliases {
		s.addAlias(a)
	}
	if t.Profile != nil {
		s.Profile = *t.Profile
	}
	if t.FromCustomer() && t.Language != "" {
		s.Language = t.Language
	}
}

// tongue is the language to read a text in whose own could not be told: the one the customer used last, else the CRM's.
func (s *State) tongue() string {
	if s.Language != "" {
		return s.Language
	}
	return s.Profile.Language
}

// addAlias keeps at most MaxAliases, strongest first.
func (s *State) addAlias(a touchpoint.Alias) {
	if slices.Contains(s.Aliases, a) {
		return
	}
	i, _ := slices.BinarySearchFunc(s.Aliases, a, touchpoint.CompareAliases)
	s.Aliases = slices.Insert(s.Aliases, i, a)
	if len(s.Aliases) > MaxAliases {
		s.Aliases = s.Aliases[:MaxAliases]
	}
}

// count adds a touchpoint to the counters.
func (s *State) count(t *touchpoint.Touchpoint) {
	s.Total++
	s.Last = max(s.Last, t.OccurredAt)
	if s.First == 0 || t.OccurredAt < s.First {
		s.First = t.OccurredAt
	}
	c := s.channel(t.Channel)
	c.Total++
	c.Last = max(c.Last, t.OccurredAt)
	s.countHour(int32(t.OccurredAt/3_600_000), t.Channel)
}

// channel returns the channel's counter, made when it is not there.
func (s *State) channel(ch touchpoint.Channel) *ChannelCount {
	i, ok := slices.BinarySearchFunc(s.Channels, ch, func(c ChannelCount, ch touchpoint.Channel) int {
		return strings.Compare(string(c.Channel), string(ch))
	})
	if !ok {
		s.Channels = slices.Insert(s.Channels, i, ChannelCount{Channel: ch})
	}
	return &s.Channels[i]
}

func (s *State) countHour(hour int32, ch touchpoint.Channel) {
	i, ok := slices.BinarySearchFunc(s.Hours, HourCount{Hour: hour, Channel: ch}, func(a, b HourCount) int {
		if a.Hour != b.Hour {
			return int(a.Hour - b.Hour)
		}
		return strings.Compare(string(a.Channel), string(b.Channel))
	})
	if !ok {
		s.Hours = slices.Insert(s.Hours, i, HourCount{Hour: hour, Channel: ch})
	}
	s.Hours[i].Total++
	if len(s.Hours) > MaxHours {
		s.Hours = slices.Delete(s.Hours, 0, len(s.Hours)-MaxHours)
	}
}

// countSignals adds the touchpoint and what it brought to the live minute of its channel.
func (s *State) countSignals(t *touchpoint.Touchpoint, fresh []signal.Signal, fx *keyed.Effects) {
	c := keyed.Counts{Total: 1}
	for i := range fresh {
		if fresh[i].Negative() {
			c.Negatives = 1
		} else if fresh[i].Weight > 0 {
			c.Recoveries = 1
		}
	}
	s.channel(t.Channel).Negative += c.Negatives
	fx.Count(keyed.Minute(t.OccurredAt), string(t.Channel), c)
}

// prune drops contributions that have decayed to nothing and are older than any rule's window, and the weakest beyond the bound.
func (s *State) prune() {
	if len(s.Signals) == 0 {
		return
	}
	before := len(s.Signals)
	s.Signals = slices.DeleteFunc(s.Signals, func(g signal.Signal) bool {
		return s.Now.Sub(g.At) > signalKeep && points(&g, s.Now) == 0
	})
	if len(s.Signals) != before || before > MaxSignals {
		s.CrossKey = 0
	}
	for len(s.Signals) > MaxSignals {
		weakest := 0
		for i := range s.Signals {
			if magnitude(&s.Signals[i], s.Now) < magnitude(&s.Signals[weakest], s.Now) {
				weakest = i
			}
		}
		s.Signals = slices.Delete(s.Signals, weakest, weakest+1)
	}
}

func magnitude(g *signal.Signal, at touchpoint.Millis) int64 {
	p := points(g, at)
	return max(p, -p)
}
