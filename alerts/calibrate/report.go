package calibrate

import (
	"slices"
	"strings"

	"touchwatch/alerts/rule"
	"touchwatch/ingest/simulator"
	"touchwatch/ingest/touchpoint"
)

// Figures say how far the alerts of a rule, or of all rules, can be trusted.
type Figures struct {
	Rule   string `json:"rule"` // "" stands for all rules about the same kind of subject
	Alerts int    `json:"alerts"`
	False  int    `json:"false_alarms"`
	// Precision is the share of alerts with a trouble behind them; 1 when there is no alert.
	Precision float64 `json:"precision"`
	// Recall is the share of customers let down (for a rule about places: of broken pages and faulty products that hit many) that were told of.
	Recall float64 `json:"recall"`
	// RecallAll is the same share of everybody who had a trouble, those included whom the first way out of it helped within minutes.
	RecallAll float64 `json:"recall_of_all_troubles"`
	// Seconds from the beginning of the trouble until it was told: the median and the 90th percentile; 0 when none was.
	Median float64 `json:"median_seconds"`
	P90    float64 `json:"p90_seconds"`
	// FalsePerDay counts false alarms per 1,000 customers and day.
	FalsePerDay float64 `json:"false_alarms_per_1000_customers_a_day"`
}

// Report is the outcome of a calibration.
type Report struct {
	Seed        uint64    `json:"seed"`
	Share       float64   `json:"trouble_share"`
	Customers   int       `json:"customers"`
	Days        float64   `json:"days"`
	Touchpoints int       `json:"touchpoints"`
	Troubles    int       `json:"troubles"` // that began
	LetDown     int       `json:"let_down"` // of these, in which the company did not help at once
	Overall     Figures   `json:"overall"`
	Rules       []Figures `json:"rules"` // about customers, in the order of the file
	Breakages   int       `json:"breakages"`
	Defects     int       `json:"defects"`
	Places      []Figures `json:"places"`                 // rules about places, from the worlds in which pages break and products turn out faulty
	Alerts      []Told    `json:"alerts,omitempty"`       // the first ones about customers that were counted
	PlaceAlerts []Told    `json:"place_alerts,omitempty"` // likewise about places, each of the world in which it fired
}

// many is how many customers a broken page or a faulty product must hit before somebody has to be told of it.
const many = 5

// Run lives through three worlds, one in which people get into trouble, one in which pages break, and one in which products
// turn out faulty, and reports how the rules did. keep is how many alerts the report lists, in the order in which they fired.
func Run(o Options, keep int) (*Report, error) {
	r, err := people(o, keep)
	if err != nil {
		return nil, err
	}
	return r, r.breakPlaces(o, keep)
}

// people measures the rules about customers.
func people(o Options, keep int) (*Report, error) {
	out, err := live(&o, o.world())
	if err != nil {
		return nil, err
	}
	j := judge(out)
	needy, all := j.troubles()
	r := &Report{
		Seed: o.Seed, Share: o.Share, Customers: o.Customers, Days: out.days(), Touchpoints: out.touchpoints, Troubles: len(all), LetDown: len(needy),
		Overall: j.figures("", needy, all, o.Customers), Alerts: first(keep, out.counted(rule.Customer)),
	}
	for _, one := range o.Rules.Rules() {
		if one.Subject == rule.Customer {
			r.Rules = append(r.Rules, j.figures(one.Name, needy, all, o.Customers))
		}
	}
	return r, nil
}

// figures counts the alerts of one rule, or of all rules about customers.
func (j *judgement) figures(name string, needy, all []int, customers int) Figures {
	f := Figures{Rule: name}
	for i := range j.out.alerts {
		if a := &j.out.alerts[i]; a.Subject.Kind == string(rule.Customer) && (name == "" || a.Rule == name) && j.out.within(a.UpdatedAt) {
			f.count(a.True)
		}
	}
	var delays []float64
	for _, i := range needy {
		if at, told := j.first[name][i]; told {
			delays = append(delays, seconds(j.out.truth.Troubles[i].Began, at))
		}
	}
	f.finish(delays, len(needy), float64(customers)*j.out.days())
	told := 0
	for _, i := range all {
		if _, yes := j.first[name][i]; yes {
			told++
		}
	}
	f.RecallAll = float64(told) / float64(max(len(all), 1))
	return f
}

// counted returns the alerts about a kind of subject that figures count: those about customers within the time that is judged.
func (o *outcome) counted(subject rule.Subject) (told []Told) {
	for _, a := range o.alerts {
		if a.Subject.Kind == string(subject) && (subject == rule.Place || o.within(a.UpdatedAt)) {
			told = append(told, a)
		}
	}
	return told
}

func first(n int, all []Told) []Told { return all[:min(n, len(all))] }

func (f *Figures) count(isTrue bool) {
	f.Alerts++
	if !isTrue {
		f.False++
	}
}

// finish computes the shares; of is how many should have been told.
func (f *Figures) finish(delays []float64, of int, customerDays float64) {
	f.Precision, f.Recall, f.RecallAll = 1, 1, 1
	if f.Alerts > 0 {
		f.Precision = 1 - float64(f.False)/float64(f.Alerts)
	}
	if of > 0 {
		f.Recall = float64(len(delays)) / float64(of)
		f.RecallAll = f.Recall
	}
	if slices.Sort(delays); len(delays) > 0 {
		f.Median, f.P90 = delays[len(delays)/2], delays[len(delays)*9/10]
	}
	f.FalsePerDay = float64(f.False) / customerDays * 1000
}

func seconds(from, to touchpoint.Millis) float64 { return to.Sub(from).Seconds() }

// A world of pages that break: busier, because a broken page is found by those who come. And one of products that turn out
// faulty, about which their buyers post.
const (
	busier      = 8
	fewTroubled = 0.01 // what single customers meet must not look like a broken page
	part        = 4    // of the length: one fourth is enough
)

// placeWorld is a world in which something breaks for many at once.
type placeWorld struct {
	out *outcome
	all []*broken
}

// many returns how often something of a kind broke that must be told, "" for any kind.
func (w *placeWorld) many(kind string) (n int) {
	for _, b := range w.all {
		if (kind == "" || b.kind() == kind) && len(b.hit) >= many {
			n++
		}
	}
	return n
}

// breakPlaces measures the rules about places.
func (r *Report) breakPlaces(o Options, keep int) error {
	o.Length, o.Share = o.Length/part, min(o.Share, fewTroubled)
	busy := o
	busy.Rate *= busier
	pages, products := busy.world(), o.world()
	pages.Outages, products.Defects = true, true
	var worlds []*placeWorld
	for _, w := range [...]struct {
		o     Options
		world simulator.Options
	}{{busy, pages}, {o, products}} {
		out, err := live(&w.o, w.world)
		if err != nil {
			return err
		}
		worlds = append(worlds, &placeWorld{out, breakages(out)})
	}
	r.Breakages, r.Defects = worlds[0].many(ofPages), worlds[1].many(ofProducts)
	for _, one := range o.Rules.Rules() {
		if one.Subject == rule.Place {
			r.Places = append(r.Places, places(one.Name, worlds, o.Customers))
		}
	}
	if len(r.Places) > 1 {
		r.Places = append(r.Places, places("", worlds, o.Customers))
	}
	for _, w := range worlds {
		r.PlaceAlerts = append(r.PlaceAlerts, w.out.counted(rule.Place)...)
	}
	r.PlaceAlerts = first(keep, r.PlaceAlerts)
	return nil
}

// places counts the alerts of one rule, or of all rules about places. What broke counts for a rule when the rule spoke of
// that kind of place at all, or of none.
func places(name string, worlds []*placeWorld, customers int) Figures {
	f := Figures{Rule: name}
	spoke := map[string]bool{}
	for _, w := range worlds {
		for _, b := range w.all {
			b.told = 0
		}
		for i := range w.out.alerts {
			if a := &w.out.alerts[i]; a.Subject.Kind == string(rule.Place) && (name == "" || a.Rule == name) {
				ofPlace(a, w.all)
				if strings.HasPrefix(a.Subject.ID, "queue:") {
					ofQueue(a, w.out)
				}
				f.count(a.True)
				spoke[kindOf(a)] = true
			}
		}
	}
	var delays []float64
	hit, customerDays := 0, 0.0
	for _, w := range worlds {
		customerDays += float64(customers) * w.out.days()
		for _, b := range w.all {
			if len(b.hit) < many || name != "" && len(spoke) > 0 && !spoke[b.kind()] {
				continue
			}
			if hit++; b.told != 0 {
				delays = append(delays, seconds(b.At, b.told))
			}
		}
	}
	f.finish(delays, hit, customerDays)
	return f
}
