package rule

import (
	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/customer"
)

// customerHours and contactHours bound the windows: beyond them the state has forgotten.
const (
	customerHours = 72
	contactHours  = 168
)

var hoursArg = Arg{Name: "hours", Kind: Number, Most: customerHours}

// customerVocabulary is what rules about customers may say.
func customerVocabulary() *vocabulary[customer.State] {
	return &vocabulary[customer.State]{subject: Customer, words: customerWords, quiet: quietCustomer}
}

// quietCustomer: no signal and no contact is known.
func quietCustomer(s *customer.State) bool {
	return len(s.Signals) == 0 && len(contactMarks(s)) == 0
}

var customerWords = []word[customer.State]{
	{
		Word{"score", nil, "number, 0 to 100", "The experience score now. Compare it with plain numbers only."},
		0.0, customer.Baseline, steady, func([]literal) source[customer.State] { return scoreSource },
	},
	{
		Word{"active", []Arg{{Name: "signal", Kind: SignalName}}, "true or false", "The signal's latest evidence is less than 24 hours old."},
		false, false, falling, func(a []literal) source[customer.State] { return active(a[0].names[0]) },
	},
	{
		Word{"count", []Arg{{Name: "signal", Kind: SignalName}, hoursArg}, "number", "How many times the signal came up within the last hours (72 at most)."},
		0, 0, falling, func(a []literal) source[customer.State] {
			return counted(a[1].hours(), named(a[0].names[0]))
		},
	},
	{
		Word{"lasts", []Arg{{Name: "signal", Kind: SignalName}, {Name: "minutes", Kind: Number, Most: 24 * 60}}, "true or false", "The signal began at least so many minutes (1440 at most) ago and is active. Signals of somebody who waits go when the wait is over: `lasts(\"unanswered_chat\", 10)`."},
		false, false, moving, func(a []literal) source[customer.State] { return lasting(a[0].names[0], a[1].minutes()) },
	},
	{
		Word{"negatives_24h", nil, "number", "Negative signals within 24 hours."},
		0, 0, falling, func([]literal) source[customer.State] { return counted(day, negative) },
	},
	{
		Word{"negatives", []Arg{hoursArg}, "number", "Negative signals within the last hours (72 at most)."},
		0, 0, falling, func(a []literal) source[customer.State] { return counted(a[0].hours(), negative) },
	},
	{
		Word{"channels_bad_24h", nil, "number", "Distinct channels with a negative signal of their own within 24 hours."},
		0, 0, falling, func([]literal) source[customer.State] { return channelsBad(day) },
	},
	{
		Word{"channels_bad", []Arg{hoursArg}, "number", "Distinct channels with a negative signal within the last hours (72 at most)."},
		0, 0, falling, func(a []literal) source[customer.State] { return channelsBad(a[0].hours()) },
	},
	{
		Word{"troubles", []Arg{hoursArg}, "number", "Negative signals within the last hours (72 at most) that differ in family (such as mood, waiting, form) and in the touchpoints they rest on: three waits are one trouble, and so is one angry post."},
		0, 0, falling, func(a []literal) source[customer.State] { return troubles(a[0].hours()) },
	},
	{
		Word{"bad_channels", nil, "list of channels", "The channels with a negative signal within 24 hours: `\"call\" in bad_channels`."},
		[]string(nil), nil, moving, func([]literal) source[customer.State] { return badChannels },
	},
	{
		Word{"negative_contact", nil, "true or false", "A negative signal on chat, call or social within 24 hours."},
		false, false, falling, func([]literal) source[customer.State] { return existing(day, negativeContact) },
	},
	{
		Word{"contacts", []Arg{{Name: "hours", Kind: Number, Most: contactHours}}, "number", "Distinct contacts with people (a conversation, a call, a thread) over all channels within the last hours (168 at most)."},
		0, 0, falling, func(a []literal) source[customer.State] { return contacts(a[0].hours()) },
	},
	{
		Word{"contact_channels", []Arg{{Name: "hours", Kind: Number, Most: contactHours}}, "list of channels", "The channels of those contacts."},
		[]string(nil), nil, moving, func(a []literal) source[customer.State] { return contactChannels(a[0].hours()) },
	},

	{Word{"id", nil, "text", "The customer's id."}, "", nil, steady, fact(func(s *customer.State) any { return string(s.ID) })},
	{Word{"name", nil, "text", "The customer's name; when nobody knows it an address or number, else the id."}, "", nil, steady, fact(func(s *customer.State) any { return displayName(s) })},
	{Word{"value", nil, "number, the company's currency", "Yearly value, as the CRM says; 0 when unknown."}, 0.0, nil, steady, fact(func(s *customer.State) any { return s.Profile.Value })},
	{Word{"segment", nil, "text", "Segment, as the CRM says, such as \"vip\"."}, "", nil, steady, fact(func(s *customer.State) any { return s.Profile.Segment })},
	{Word{"owner", nil, "text", "Account owner, as the CRM says."}, "", nil, steady, fact(func(s *customer.State) any { return s.Profile.Owner })},
	{Word{"language", nil, "text, ISO 639-1", "The profile's language, else the last one the customer wrote in."}, "", nil, steady, fact(func(s *customer.State) any { return language(s) })},
	{Word{"relationship", nil, "text", "customer, supplier, partner or employee, as the CRM says."}, "", nil, steady, fact(func(s *customer.State) any { return s.Profile.Relationship })},
	{Word{"consent", nil, "text", "granted or denied, as the CRM says; empty when unknown."}, "", nil, steady, fact(func(s *customer.State) any { return s.Profile.Consent })},
	{Word{"known", nil, "true or false", "The CRM knows the customer."}, false, nil, steady, fact(func(s *customer.State) any { return !s.ID.Anonymous() })},
	{Word{"anonymous", nil, "true or false", "Known by a cookie, a number or a handle only."}, false, nil, steady, fact(func(s *customer.State) any { return s.ID.Anonymous() })},
	{Word{"touchpoints", nil, "number", "Touchpoints ever seen."}, 0, nil, steady, fact(func(s *customer.State) any { return int(s.Total) })},
	{Word{"last_channel", nil, "text", "The channel of the latest touchpoint."}, "", nil, steady, fact(func(s *customer.State) any { return lastChannel(s) })},

	{
		Word{"worst", nil, "text", "For texts: the line of the signal that takes most from the score now."},
		"", nil, moving, func([]literal) source[customer.State] { return worst },
	},
	{
		Word{"story", nil, "text", "For texts: what happened within 72 hours in up to four lines in their order, such as \"…; …\": what began it, a threat, who waits now, and the heaviest of the rest. What is said of the same words is one line."},
		"", nil, moving, func([]literal) source[customer.State] { return story },
	},
	{
		Word{"reason", []Arg{{Name: "signal", Kind: SignalName}}, "text", "For texts: the signal's latest line within 24 hours; empty when there is none."},
		"", nil, moving, func(a []literal) source[customer.State] { return latestLine(named(a[0].names[0])) },
	},
	{
		Word{"by_channel", nil, "text", "For texts: the heaviest bad line of each bad channel within 24 hours, such as \"call: …; website: …\"."},
		"", nil, moving, func([]literal) source[customer.State] { return byChannel },
	},
	{
		Word{"contact_trouble", nil, "text", "For texts: the latest bad line on chat, call or social within 24 hours."},
		"", nil, moving, func([]literal) source[customer.State] { return latestLine(negativeContact) },
	},
}

// fact is a value that only entries change.
func fact(get func(*customer.State) any) func([]literal) source[customer.State] {
	return func([]literal) source[customer.State] {
		return source[customer.State]{value: func(s *customer.State, _ touchpoint.Millis) (any, touchpoint.Millis) { return get(s), 0 }}
	}
}

func (l literal) hours() touchpoint.Millis   { return touchpoint.Millis(l.number) * hour }
func (l literal) minutes() touchpoint.Millis { return touchpoint.Millis(l.number) * minute }

func displayName(s *customer.State) string {
	if s.Profile.Name != "" {
		return s.Profile.Name
	}
	for _, a := range s.Aliases { // the strongest first
		switch a.Kind {
		case touchpoint.AliasEmail, touchpoint.AliasPhone, touchpoint.AliasHandle:
			return a.Value
		case touchpoint.AliasContact, touchpoint.AliasCookie:
			return visitor(s)
		}
	}
	return string(s.ID)
}

// visitor describes somebody without a name by where they were seen last: a number that no colleague knows helps nobody.
func visitor(s *customer.State) string {
	for i := len(s.Signals) - 1; i >= 0; i-- {
		for _, p := range s.Signals[i].Places {
			switch kind, name := splitKey(p); kind {
			case "queue":
				return "a visitor in queue " + name
			case "page":
				return "a visitor on " + name
			case "platform":
				return "somebody on " + name
			}
		}
	}
	switch lastChannel(s) {
	case string(touchpoint.Chat):
		return "a visitor in the chat"
	case string(touchpoint.Call):
		return "a caller without a number"
	}
	return "a visitor without a name"
}

func language(s *customer.State) string {
	if s.Profile.Language != "" {
		return s.Profile.Language
	}
	return s.Language
}

// lastChannel is the channel heard of latest; of two at the same moment the first by name.
func lastChannel(s *customer.State) string {
	var last customer.ChannelCount
	for _, c := range s.Channels {
		if c.Last > last.Last {
			last = c
		}
	}
	return string(last.Channel)
}
