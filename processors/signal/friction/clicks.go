package friction

import (
	"time"

	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/signal"
)

// burst is a run of clicks (or failures) that belong together, as indexes into the window.
type burst struct {
	members [maxMarks]uint8
	n       int
}

func (b *burst) add(i int)    { b.members[b.n] = uint8(i); b.n++ }
func (b *burst) first() int   { return int(b.members[0]) }
func (b *burst) last() int    { return int(b.members[b.n-1]) }
func (b *burst) all() []uint8 { return b.members[:b.n] }

// rages finds bursts of clicks on one spot without a useful response.
func (c *Clicks) rages(out []signal.Signal, marks []signal.Mark, spent *[maxMarks]bool) []signal.Signal {
	if c.rage.Off() {
		return out
	}
	var done [maxMarks]bool
	for i := range marks {
		if done[i] || !isClick(&marks[i]) || !c.angry(marks, i) {
			continue
		}
		var b burst
		c.follow(&b, marks, i, &done)
		if b.n < c.rage.Clicks {
			continue
		}
		for _, k := range b.all() {
			spent[k] = true
		}
		first, last := &marks[b.first()], &marks[b.last()]
		out = append(out, c.signal(marks, &b, "rage_click", c.rage.Points(1), c.rage.HalfSeconds(),
			"clicked "+label(first.Key)+" "+signal.Times(b.n)+" in "+signal.Words(last.At.Sub(first.At))+" without effect"))
	}
	return out
}

// follow collects the burst that begins at i: each click near the one before in time and place, until the page answers.
func (c *Clicks) follow(b *burst, marks []signal.Mark, i int, done *[maxMarks]bool) {
	b.add(i)
	done[i] = true
	for k := i + 1; k < len(marks); k++ {
		last := &marks[b.last()]
		if marks[k].At.Sub(last.At) > c.rage.Gap {
			return
		}
		if !isClick(&marks[k]) || !c.sameSpot(last, &marks[k]) {
			continue
		}
		if !c.angry(marks, k) {
			return
		}
		b.add(k)
		done[k] = true
	}
}

func isClick(m *signal.Mark) bool { return m.Kind >= silentClick && m.Kind <= usefulClick }

// angry reports whether the click may belong to a burst of rage: on no control that is clicked often anyway, and
// without a useful response.
func (c *Clicks) angry(marks []signal.Mark, i int) bool {
	m := &marks[i]
	switch {
	case !isClick(m) || m.N != plain:
		return false
	case m.Kind == silentClick:
		return true
	case m.Kind == unwatchedClick:
		return !follows(marks, i, c.rage.Gap, func(next *signal.Mark) bool { return next.Kind == pageView })
	case m.Kind == requestClick:
		return follows(marks, i, c.err.Within, func(next *signal.Mark) bool { return isFailure(next) })
	}
	return false
}

func isFailure(m *signal.Mark) bool {
	return m.Kind == scriptError || m.Kind == failedRequest || m.Kind == checkoutFail
}

// follows reports whether a mark after marks[i] and within d is one that want accepts.
func follows(marks []signal.Mark, i int, d time.Duration, want func(*signal.Mark) bool) bool {
	for k := i + 1; k < len(marks) && marks[k].At.Sub(marks[i].At) <= d; k++ {
		if want(&marks[k]) {
			return true
		}
	}
	return false
}

// sameSpot reports whether two clicks hit the same element, or points at most the radius apart on the same page.
func (c *Clicks) sameSpot(a, b *signal.Mark) bool {
	pageA, elementA := split(a.Key)
	pageB, elementB := split(b.Key)
	if pageA != pageB {
		return false
	}
	if elementA != "" && elementA == elementB {
		return true
	}
	if (a.X == 0 && a.Y == 0) || (b.X == 0 && b.Y == 0) {
		return false
	}
	dx, dy := int64(a.X)-int64(b.X), int64(a.Y)-int64(b.Y)
	r := int64(c.rage.Radius)
	return dx*dx+dy*dy <= r*r
}

// deads finds clicks that did nothing and are no part of a rage burst, together per element.
func (c *Clicks) deads(out []signal.Signal, marks []signal.Mark, spent *[maxMarks]bool) []signal.Signal {
	if c.dead.Off() {
		return out
	}
	isDead := func(i int) bool {
		return marks[i].Kind == silentClick && marks[i].N != textInput && !spent[i]
	}
	var done [maxMarks]bool
	for i := range marks {
		if done[i] || !isDead(i) {
			continue
		}
		var b burst
		gather(&b, marks, i, c.dead.Gap, &done, isDead)
		share := float64(min(b.n, 3)) // the third click that nothing answers is three times one; more are rage
		out = append(out, c.signal(marks, &b, "dead_click", c.dead.Points(share), c.dead.HalfSeconds(),
			"clicked "+label(marks[i].Key)+" "+signal.Times(b.n)+" and nothing happened"))
	}
	return out
}

// gather collects from i on what belongs, has the same Key, and is within gap of the one before.
func gather(b *burst, marks []signal.Mark, i int, gap time.Duration, done *[maxMarks]bool, belongs func(int) bool) {
	b.add(i)
	done[i] = true
	for k := i + 1; k < len(marks) && marks[k].At.Sub(marks[b.last()].At) <= gap; k++ {
		if !done[k] && belongs(k) && marks[k].Key == marks[i].Key {
			b.add(k)
			done[k] = true
		}
	}
}

// signal builds a signal about the burst's clicked spot or page.
func (c *Clicks) signal(marks []signal.Mark, b *burst, name string, weight, half int32, reason string) signal.Signal {
	first, last := &marks[b.first()], &marks[b.last()]
	page, element := split(first.Key)
	return signal.Signal{
		Name: name, Family: c.Family(), Episode: string(first.ID), First: first.At, At: last.At,
		Weight: weight, Half: half, Channel: touchpoint.Website,
		Places:   signal.Places(signal.ElementKey(page, element), signal.PlaceKey("page", page), signal.PlaceKey("campaign", first.Place)),
		Evidence: evidence(marks, b),
		Reason:   reason,
	}
}

func evidence(marks []signal.Mark, b *burst) []touchpoint.ID {
	from := max(b.n-signal.MaxEvidence, 0)
	ids := make([]touchpoint.ID, 0, b.n-from)
	for _, k := range b.members[from:b.n] {
		ids = append(ids, marks[k].ID)
	}
	return ids
}
