package linear

import (
	"cmp"
	"math"
	"slices"
)

// calibrate fits slope and shift so that 1/(1+e^−(slope·z+shift)) is the share of negatives among texts with such sums
// (Platt's way, by Newton steps on smoothed targets).
func calibrate(examples []Example, sums []float64) (slope, shift float64) {
	negatives := 0.0
	for i := range examples {
		if examples[i].Negative {
			negatives++
		}
	}
	rest := float64(len(examples)) - negatives
	high, low := (negatives+1)/(negatives+2), 1/(rest+2)
	slope = 1
	for range 50 {
		var ga, gb, haa, hab, hbb float64
		for i, z := range sums {
			target := low
			if examples[i].Negative {
				target = high
			}
			p := 1 / (1 + math.Exp(-(slope*z + shift)))
			d, v := p-target, p*(1-p)
			ga, gb = ga+d*z, gb+d
			haa, hab, hbb = haa+v*z*z, hab+v*z, hbb+v
		}
		haa, hbb = haa+1e-6, hbb+1e-6
		det := haa*hbb - hab*hab
		if det < 1e-12 {
			break
		}
		slope -= (hbb*ga - hab*gb) / det
		shift -= (haa*gb - hab*ga) / det
	}
	if !(slope > 0) || math.IsInf(slope, 0) || math.IsNaN(shift) || math.IsInf(shift, 0) {
		return 1, 0
	}
	return slope, shift
}

// bestLimit returns the chance from which on calling a text negative gives the best F1 among the wanted examples.
func bestLimit(examples []Example, chances []float64, want func(int) bool) float64 {
	var order []int
	negatives := 0
	for i := range examples {
		if want(i) {
			order = append(order, i)
			if examples[i].Negative {
				negatives++
			}
		}
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(chances[b], chances[a]) })
	limit, best, hits := 0.5, 0.0, 0
	for n, i := range order {
		if examples[i].Negative {
			hits++
		}
		if n+1 < len(order) && chances[order[n+1]] == chances[i] {
			continue
		}
		if f1 := 2 * float64(hits) / float64(n+1+negatives); f1 > best {
			best, limit = f1, chances[i]
			if n+1 < len(order) {
				limit = (chances[i] + chances[order[n+1]]) / 2
			}
		}
	}
	return min(max(limit, softened), 1-softened)
}
