package hub

import (
	"cmp"
	"slices"

	"touchwatch/ingest/touchpoint"
)

// Progress is the least of what all parts report: everything received up to UpTo is in the picture. UpTo is zero while a
// part has not reported yet.
func (p *Picture) Progress() Progress {
	all := Progress{Sources: []SourceProgress{}, Warnings: p.warnings}
	least := map[string]touchpoint.Millis{}
	first := true
	for _, part := range p.progress {
		if first || part.UpTo < all.UpTo {
			all.UpTo, first = part.UpTo, false
		}
		for _, s := range part.Sources {
			if upTo, known := least[s.Topic]; !known || s.UpTo < upTo {
				least[s.Topic] = s.UpTo
			}
		}
	}
	for topic, upTo := range least {
		all.Sources = append(all.Sources, SourceProgress{topic, upTo})
	}
	slices.SortFunc(all.Sources, func(a, b SourceProgress) int { return cmp.Compare(a.Topic, b.Topic) })
	return all
}

func sameProgress(a, b Progress) bool {
	return a.UpTo == b.UpTo && slices.Equal(a.Sources, b.Sources) && slices.Equal(a.Warnings, b.Warnings)
}
