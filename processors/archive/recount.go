package archive

import (
	"cmp"
	"math"
	"slices"

	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/customer"
	"touchwatch/processors/signal"
)

// Fact is a touchpoint as the counting sees it.
type Fact struct {
	ID         touchpoint.ID
	Channel    touchpoint.Channel
	Place      string // see Place
	Campaign   string
	Customer   touchpoint.CustomerID
	OccurredAt touchpoint.Millis
	Duration   touchpoint.Millis
}

// FactOf returns what the counting sees of a touchpoint.
func FactOf(t *touchpoint.Touchpoint) Fact {
	return Fact{
		ID: t.ID, Channel: t.Channel, Place: Place(t), Campaign: t.Place.Campaign, Customer: t.Customer,
		OccurredAt: t.OccurredAt, Duration: t.Duration,
	}
}

// Group is one row of the table touchpoint_minutes, its states as values.
type Group struct {
	Minute    touchpoint.Millis
	Channel   touchpoint.Channel
	Place     string
	Campaign  string
	Segment   string
	Total     int64
	Negatives int64 // touchpoints that are evidence of a negative signal
	// ScoreSum adds up the customers' scores at their touchpoints, in hundredths: by the signals that stand now and
	// whose last evidence is not later than the touchpoint.
	ScoreSum  int64
	Customers int64   // distinct
	P50, P95  float64 // of the durations above zero, in milliseconds; 0 when there is none
}

// Recount counts facts the way the database does: signals are those that stand, per customer, and segments the
// profiles' words. The groups are sorted by minute, channel, place, campaign and segment. A fact whose id and minute occurred
// before counts once.
func Recount(facts []Fact, signals map[touchpoint.CustomerID][]signal.Signal, segments map[touchpoint.CustomerID]string) []Group {
	blamed := map[touchpoint.ID]bool{}
	for _, of := range signals {
		for i := range of {
			for _, id := range of[i].Evidence {
				blamed[id] = blamed[id] || of[i].Negative()
			}
		}
	}
	type key struct {
		minute                            touchpoint.Millis
		channel, place, campaign, segment string
	}
	type once struct {
		id     touchpoint.ID
		minute touchpoint.Millis
	}
	type sum struct {
		Group
		people    map[touchpoint.CustomerID]bool
		durations []float64
	}
	sums, seen := map[key]*sum{}, map[once]bool{}
	for i := range facts {
		f := &facts[i]
		minute := minuteOf(f.OccurredAt)
		if seen[once{f.ID, minute}] {
			continue
		}
		seen[once{f.ID, minute}] = true
		k := key{minute, string(f.Channel), f.Place, f.Campaign, segments[f.Customer]}
		g := sums[k]
		if g == nil {
			g = &sum{people: map[touchpoint.CustomerID]bool{}, Group: Group{
				Minute: minute, Channel: f.Channel, Place: f.Place, Campaign: f.Campaign, Segment: k.segment,
			}}
			sums[k] = g
		}
		g.Total++
		if blamed[f.ID] {
			g.Negatives++
		}
		g.ScoreSum += scoreAt(signals[f.Customer], f.OccurredAt)
		g.people[f.Customer] = true
		if f.Duration > 0 {
			g.durations = append(g.durations, float64(f.Duration))
		}
	}
	groups := make([]Group, 0, len(sums))
	for _, g := range sums {
		g.Customers = int64(len(g.people))
		slices.Sort(g.durations)
		g.P50, g.P95 = quantile(g.durations, 0.5), quantile(g.durations, 0.95)
		groups = append(groups, g.Group)
	}
	slices.SortFunc(groups, CompareGroups)
	return groups
}

// CompareGroups orders groups by minute, channel, place, campaign and segment.
func CompareGroups(a, b Group) int {
	return cmp.Or(
		cmp.Compare(a.Minute, b.Minute), cmp.Compare(a.Channel, b.Channel), cmp.Compare(a.Place, b.Place),
		cmp.Compare(a.Campaign, b.Campaign), cmp.Compare(a.Segment, b.Segment),
	)
}

// scoreAt returns the score in hundredths that the signals up to a moment leave.
func scoreAt(signals []signal.Signal, at touchpoint.Millis) int64 {
	sum := int64(customer.Baseline * 100)
	for i := range signals {
		s := &signals[i]
		switch age := at.Sub(s.At); {
		case age < 0:
		case age == 0 || s.Half <= 0:
			sum += int64(s.Weight)
		default:
			sum += int64(math.Round(float64(s.Weight) * math.Exp2(-age.Seconds()/float64(s.Half))))
		}
	}
	return min(max(sum, 0), int64(customer.Baseline*100))
}

// quantile returns the value at rank floor(q·(n−1)), as the database's sketch does within its error of half a percent.
func quantile(sorted []float64, q float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[int(q*float64(len(sorted)-1))]
}
