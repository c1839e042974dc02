package decode

import (
	"strings"

	"touchwatch/ingest/touchpoint"
)

// socialEvent is one event of the format touchwatch.social; docs/schemas/touchwatch.social.json describes it.
type socialEvent struct {
	ownEvent
	Platform string `json:"platform"`
	URL      string `json:"url"`
	Reach    number `json:"reach"`
	Reposts  number `json:"reposts"`
}

var socialKinds = []ownKind{
	{"post", touchpoint.SocialPost},
	{"mention", touchpoint.SocialMention},
	{"direct_message", touchpoint.SocialDirect},
	{"review", touchpoint.SocialReview},
	{"reply", touchpoint.SocialReply},
}

// readSocial reads an event of the format touchwatch.social.
func readSocial(e *socialEvent, tp *touchpoint.Touchpoint) error {
	if err := e.shared(tp, touchpoint.Social, socialKinds, e.Platform); err != nil {
		return err
	}
	if e.Platform == "" {
		return missing("platform", `the platform, such as "x" or "mastodon"`)
	}
	if tp.Kind == touchpoint.SocialReview && tp.Rating == nil {
		return missing("rating", "the stars")
	}
	reach, err := e.Reach.within(0, 1e12, "reach")
	if err != nil {
		return err
	}
	tp.Reach = int64(reach)
	reposts, err := e.Reposts.within(0, 1e12, "reposts")
	if err != nil {
		return err
	}
	attrCount(tp, "reposts", int64(reposts))
	tp.Place.Platform, tp.Place.URL = strings.ToLower(e.Platform), e.URL
	attrs(tp, e.Attributes)
	return nil
}

// onPlatform puts the platform in front of a handle that names none, as touchpoint.AliasHandle wants it.
func onPlatform(platform, handle string) string {
	if handle == "" || platform == "" || strings.Contains(handle, ":") {
		return handle
	}
	return platform + ":" + handle
}
