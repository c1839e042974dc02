package embedded

import "time"

// place names a partition.
type place struct {
	topic     string
	partition int32
}

// logState is what a partition holds now.
type logState struct {
	place
	start, end int64 // offsets of the oldest record, and behind the newest
	bytes      int64
}

// cut says that the records before offset may go.
type cut struct {
	place
	offset int64
}

// mark remembers where a partition ended at some time.
type mark struct {
	at  time.Time
	end int64
}

// marksPerAge is how finely ages are known; it bounds the marks of a partition.
const marksPerAge = 60

// past decides which records are over: those that came more than maxAge ago, and, when all together exceed maxBytes,
// the oldest of the partitions that hold most. It goes by the time of arrival, not by the time that a producer claims:
// a backfill of old events must not vanish unread. Not safe for concurrent use.
type past struct {
	maxAge   time.Duration
	maxBytes int64
	marks    map[place][]mark
}

func newPast(maxAge time.Duration, maxBytes int64) *past {
	return &past{maxAge: maxAge, maxBytes: maxBytes, marks: map[place][]mark{}}
}

// cuts takes what all partitions hold now and returns what to delete.
func (p *past) cuts(now time.Time, logs []logState) []cut {
	p.forget(logs)
	var total int64
	for _, l := range logs {
		total += l.bytes
	}
	var cuts []cut
	for _, l := range logs {
		to := max(p.expired(now, l), oversize(l, total, p.maxBytes))
		if to > l.start {
			cuts = append(cuts, cut{l.place, to})
		}
	}
	return cuts
}

// expired returns the offset before which all records are older than maxAge, and marks the present end.
func (p *past) expired(now time.Time, l logState) int64 {
	marks := p.marks[l.place]
	to := l.start
	for len(marks) > 0 && now.Sub(marks[0].at) >= p.maxAge {
		to = max(to, min(marks[0].end, l.end))
		marks = marks[1:]
	}
	if len(marks) == 0 || now.Sub(marks[len(marks)-1].at) >= p.maxAge/marksPerAge {
		marks = append(marks, mark{now, l.end})
	}
	p.marks[l.place] = marks
	return to
}

// oversize returns the offset to cut to so that the total fits again when every partition gives in proportion to what
// it holds. Records of one partition are taken to be of one size.
func oversize(l logState, total, maxBytes int64) int64 {
	if total <= maxBytes || total == 0 {
		return l.start
	}
	share := float64(total-maxBytes) / float64(total)
	return l.start + int64(share*float64(l.end-l.start)+0.5)
}

// forget drops marks of partitions that are no more.
func (p *past) forget(logs []logState) {
	if len(p.marks) <= len(logs) {
		return
	}
	here := make(map[place]bool, len(logs))
	for _, l := range logs {
		here[l.place] = true
	}
	for at := range p.marks {
		if !here[at] {
			delete(p.marks, at)
		}
	}
}
