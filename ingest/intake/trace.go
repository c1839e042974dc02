package intake

import (
	"slices"

	"touchwatch/ingest/touchpoint"
)

// trace is what the timeline tells of one raw partition: the latest two of its plans. All touchpoints of a plan have its moment of
// receipt, which rises from plan to plan; and a plan is proposed when the one before is confirmed whole. So every plan but the last is
// whole in the timeline, and of the last one any part may be missing: its requests go to several timeline partitions.
type trace struct {
	epoch        int32
	last, before *traced
}

// traced is the part of a plan that stands in the timeline.
type traced struct {
	at       touchpoint.Millis
	min, max int64 // offsets of the records
	owners   []owned
}

// owned is whose a touchpoint is.
type owned struct {
	offset   int64
	index    int32
	customer touchpoint.CustomerID
}

// add takes a touchpoint of the timeline, in any order. Plans older than the latest two are of no interest.
func (t *trace) add(p *touchpoint.Touchpoint) {
	if p.Source.Epoch < t.epoch {
		return
	}
	if p.Source.Epoch > t.epoch {
		*t = trace{epoch: p.Source.Epoch}
	}
	fresh := func() *traced { return &traced{at: p.ReceivedAt, min: p.Source.Offset, max: p.Source.Offset} }
	switch {
	case t.last == nil || p.ReceivedAt > t.last.at:
		if t.before = t.last; t.before != nil {
			t.before.owners = nil
		}
		t.last = fresh()
	case p.ReceivedAt < t.last.at:
		if t.before == nil || p.ReceivedAt > t.before.at {
			t.before = fresh()
		} else if p.ReceivedAt == t.before.at {
			t.before.widen(p.Source.Offset)
		}
		return
	}
	t.last.widen(p.Source.Offset)
	t.last.owners = append(t.last.owners, owned{p.Source.Offset, p.Source.Index, p.Customer})
}

func (t *traced) widen(offset int64) { t.min, t.max = min(t.min, offset), max(t.max, offset) }

// reach says between which offsets of the raw partition records may be missing from the timeline, and where ingest then goes on. A start
// that is not known is -1. committed is what the group told Kafka that is whole, -1 for nothing: it is used where it reaches further.
// A partition that Redis forgot and that was therefore read again has offsets below the plan before in its last one: then the
// last one is checked as a whole.
func (t *trace) reach(committed int64) (from, to int64) {
	switch {
	case t.last == nil:
		return committed, committed
	case t.before == nil:
		from = -1
	case t.before.max < t.last.min:
		from = t.before.max + 1
	default:
		from = t.last.min
	}
	from = max(from, committed)
	return from, max(t.last.max+1, from)
}

// customers are whose the touchpoints of the last plan are, by where they stood; "" for those that are not in the timeline.
func (t *trace) customers(all []touchpoint.Touchpoint) []touchpoint.CustomerID {
	type place struct {
		offset int64
		index  int32
	}
	known := map[place]touchpoint.CustomerID{}
	if t.last != nil {
		for _, o := range t.last.owners {
			known[place{o.offset, o.index}] = o.customer
		}
	}
	found := make([]touchpoint.CustomerID, len(all))
	for i := range all {
		found[i] = known[place{all[i].Source.Offset, all[i].Source.Index}]
	}
	return found
}

// unfinished is the plan that sends what is missing: it begins at the record of the first touchpoint that is not in the timeline, since
// all before are whole. It is nil when nothing is missing. all are the touchpoints of the records up to offset to.
func (t *trace) unfinished(all []touchpoint.Touchpoint, to int64) *plan {
	customers := t.customers(all)
	missing := slices.Index(customers, "")
	if missing < 0 {
		return nil
	}
	from := all[missing].Source.Offset
	first := slices.IndexFunc(all, func(p touchpoint.Touchpoint) bool { return p.Source.Offset >= from })
	return &plan{From: from, To: to, ReceivedAt: t.last.at, Customers: customers[first:]}
}
