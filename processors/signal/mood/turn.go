package mood

import (
	"touchwatch/processors/signal"
	"touchwatch/processors/signal/settings"
)

// soothed is the displeasure below which nobody is unhappy any more.
const soothed = 0.05

// course is how the mood moved within a contact.
type course struct {
	calmest, turned *signal.Mark // between these two it became unhappy; nil: it did not, or from the start
	angry, last     *signal.Mark
	level           float64 // at the end
}

// follow reads the course of a contact. It turned when it became unhappy by drop from its calmest moment. Only turns that
// show a mood, a problem or an intent are known.
func (d *Detector) follow(marks []signal.Mark, key string) course {
	var c course
	var calmest *signal.Mark
	var low float64
	for i := range marks {
		m := &marks[i]
		if m.Key != key {
			continue
		}
		v := float64(m.N) / 1000
		if c.last == nil {
			c.level = v
		} else {
			c.level += rising * (v - c.level)
		}
		c.last = m
		if calmest == nil || c.level < low {
			calmest, low = m, c.level
		}
		if c.level < d.negative.Threshold {
			continue
		}
		c.angry = m
		if c.turned == nil && c.level-low >= d.turned.Drop {
			c.calmest, c.turned = calmest, m
		}
	}
	return c
}

// turns notes that a contact turned, and that an unhappy customer ended it in a better mood; once each.
func (d *Detector) turns(out []signal.Signal, marks []signal.Mark, key string) []signal.Signal {
	c := d.follow(marks, key)
	if c.turned != nil && !d.turned.Off() {
		reason := "became unhappy" + where(c.turned.Channel) + quoted([]*signal.Mark{c.turned})
		out = append(out, build("mood_turn", d.turned.Bad, 1, []*signal.Mark{c.calmest, c.turned}, reason))
	}
	if c.angry == nil || c.angry == c.last || c.level >= soothed || float64(c.last.N) >= soothed*1000 || d.calmed.Off() {
		return out
	}
	s := build("calmed_down", settings.Bad{}, 0, []*signal.Mark{c.angry, c.last}, "calmed down"+where(c.last.Channel))
	s.Weight, s.Half = d.calmed.Points(1), d.calmed.HalfSeconds()
	return append(out, s)
}
