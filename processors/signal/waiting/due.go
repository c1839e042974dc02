package waiting

import (
	"time"

	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/signal"
	"touchwatch/processors/signal/answer"
	"touchwatch/processors/signal/calendar"
)

// target returns what the customer may expect of a call or conversation.
func (j *judge) target(key string) *answer.Target { return j.targets.Of(j.party.Segment, key, j.marks) }

// due says before it is too late that an answer is due: a notice without weight, once From and once Late percent of the
// limit are over. It is silent when the limit is reached, because then a stronger signal speaks.
func (j *judge) due(open *calendar.Calendar, from *signal.Mark, limit time.Duration, what string) {
	set := j.set.AnswerDue
	if !set.On || open.After(from.At, limit) <= j.now {
		return
	}
	for _, percent := range [...]int{set.Late, set.From} {
		at := open.After(from.At, limit*time.Duration(percent)/100)
		if at > j.now {
			j.wakeAt(at)
			continue
		}
		j.out = append(j.out, signal.Signal{
			Name: "answer_due", Family: j.Family(), Episode: string(from.ID), First: from.At, At: at,
			Half: int32(set.Half / time.Second), Channel: channelOf(from.Key),
			Places: signal.Places(signal.PlaceKey("queue", from.Place)), Evidence: []touchpoint.ID{from.ID},
			Reason: words(percent) + " of the " + signal.Words(limit) + " " + what + " are over",
		})
		return
	}
}

func words(percent int) string {
	if percent == 50 {
		return "half"
	}
	return signal.Percent(percent)
}
