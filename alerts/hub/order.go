package hub

import (
	"cmp"
	"slices"

	"touchwatch/alerts/alert"
)

// sortedAlerts returns the alerts that match, open ones first, then by urgency, then the latest first.
func (p *Picture) sortedAlerts(match func(*alert.Alert) bool) []alert.Alert {
	all := []alert.Alert{}
	for _, held := range p.alerts {
		if match(&held.Alert) {
			all = append(all, held.Alert)
		}
	}
	slices.SortFunc(all, func(a, b alert.Alert) int { return compareUrgency(&a, &b) })
	return all
}

func compareUrgency(a, b *alert.Alert) int {
	open := func(a *alert.Alert) int {
		if a.Phase.Open() {
			return 0
		}
		return 1
	}
	return cmp.Or(cmp.Compare(open(a), open(b)),
		cmp.Compare(slices.Index(alert.Severities, a.Severity), slices.Index(alert.Severities, b.Severity)),
		cmp.Compare(b.UpdatedAt, a.UpdatedAt), cmp.Compare(a.ID, b.ID))
}

func compareRows(a, b RiskRow) int {
	return cmp.Or(cmp.Compare(a.Score, b.Score), cmp.Compare(a.Customer, b.Customer))
}

func compareMinutes(a, b Minute) int {
	return cmp.Or(cmp.Compare(a.Minute, b.Minute), cmp.Compare(a.Channel, b.Channel))
}
