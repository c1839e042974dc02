package archive

import (
	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/signal"
)

// Place names the one place under which a touchpoint is counted: the queue of a chat or call, the platform of a post, the
// page of anything else; "" when it names none.
func Place(t *touchpoint.Touchpoint) string {
	switch {
	case t.Place.Queue != "":
		return signal.PlaceKey("queue", t.Place.Queue)
	case t.Channel == touchpoint.Social:
		return signal.PlaceKey("platform", t.Place.Platform)
	}
	return signal.PlaceKey("page", t.Place.Page)
}

// minuteOf returns the beginning of the minute of a moment.
func minuteOf(m touchpoint.Millis) touchpoint.Millis { return m - m%60_000 }
