package decode

import (
	"maps"
	"slices"
)

// formats is the table of all decoders by the name that tw-format uses. A new format is a file and a line here.
var formats = map[string]Decoder{
	"touchwatch.website": ownDecoder(readWebsite),
	"touchwatch.chat":    ownDecoder(readChat),
	"touchwatch.social":  ownDecoder(readSocial),
	"touchwatch.call":    ownDecoder(readCall),
	"touchwatch.profile": decodeProfile,
	"segment":            decodeSegment,
	"chatwoot":           decodeChatwoot,
	"x.v2":               decodeX,
	"mastodon":           decodeMastodon,
	"amazon.connect":     decodeConnect,
	"twilio.voice":       decodeTwilio,
}

// defaults is the format of a topic's records that name none, where the configuration says nothing else.
var defaults = map[string]string{
	"touchpoints.website": "touchwatch.website",
	"touchpoints.chat":    "touchwatch.chat",
	"touchpoints.social":  "touchwatch.social",
	"touchpoints.call":    "touchwatch.call",
	"customers.profiles":  "touchwatch.profile",
}

// Lookup returns the decoder of a format, false when there is no such format.
func Lookup(format string) (Decoder, bool) {
	decoder, ok := formats[format]
	return decoder, ok
}

// Formats returns the names of all formats, sorted.
func Formats() []string { return slices.Sorted(maps.Keys(formats)) }

// DefaultFormat returns the format of a built-in topic's records that name none, "" for another topic.
func DefaultFormat(topic string) string { return defaults[topic] }
