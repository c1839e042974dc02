package linear

import (
	"math"
	"math/rand/v2"
)

// How a model is trained. The same for everybody: with a few hundred labels there is nothing to tune on.
const (
	seeds    = 3    // runs that are averaged
	epochs   = 10   // passes over the examples in each
	rate     = 0.1  // AdaGrad's step
	decay    = 2e-4 // of a weight each time it is used: what was seen once is not believed
	curbed   = 0.3  // AdaGrad's first divisor, so that the first examples do not decide
	folds    = 5    // of the cross-validation
	largest  = 127  // weight of one byte
	softened = 1e-3 // keeps limits inside 0 … 1
)

// weights are those of one training run, before they are made small.
type weights struct {
	bias  float64
	dense [Dense]float64
	words []float64
}

// Train trains on the examples and returns the model with each example's cross-validated chance and verdict: what models
// said that had not seen it, by a limit that was chosen without it. The result depends on the examples and their order only.
func Train(examples []Example) (m *Model, chances []float64, negative []bool) {
	fold := split(examples)
	sums := make([]float64, len(examples))
	for k := range folds {
		w := average(examples, func(i int) bool { return fold[i] != k })
		for i := range examples {
			if fold[i] == k {
				sums[i] = w.sum(&examples[i])
			}
		}
	}
	slope, shift := calibrate(examples, sums)
	chances = make([]float64, len(examples))
	for i, z := range sums {
		chances[i] = 1 / (1 + math.Exp(-(slope*z + shift)))
	}
	negative = make([]bool, len(examples))
	for k := range folds {
		limit := bestLimit(examples, chances, func(i int) bool { return fold[i] != k })
		for i := range examples {
			if fold[i] == k {
				negative[i] = chances[i] >= limit
			}
		}
	}
	m = average(examples, everything).small()
	m.slope, m.shift = float32(slope), float32(shift)
	m.limit = float32(bestLimit(examples, chances, everything))
	return m, chances, negative
}

func everything(int) bool { return true }

// split gives each example a fold, so that negatives and others are spread evenly.
func split(examples []Example) []int {
	fold := make([]int, len(examples))
	var seen [2]int
	for _, i := range rand.New(rand.NewPCG(1, folds)).Perm(len(examples)) {
		kind := 0
		if examples[i].Negative {
			kind = 1
		}
		fold[i] = seen[kind] % folds
		seen[kind]++
	}
	return fold
}

// average trains once per seed on the wanted examples and averages the weights.
func average(examples []Example, want func(int) bool) *weights {
	mean := &weights{words: make([]float64, Buckets)}
	for seed := range seeds {
		w := descend(examples, want, rand.New(rand.NewPCG(uint64(seed), 2)))
		mean.bias += w.bias / seeds
		for i := range w.dense {
			mean.dense[i] += w.dense[i] / seeds
		}
		for i, v := range w.words {
			mean.words[i] += v / seeds
		}
	}
	return mean
}

// descend is one run of stochastic gradient descent.
func descend(examples []Example, want func(int) bool, dice *rand.Rand) *weights {
	w := &weights{words: make([]float64, Buckets)}
	seen := make([]float64, Buckets) // squared gradients
	var seenDense [Dense + 1]float64
	for range epochs {
		for _, i := range dice.Perm(len(examples)) {
			if !want(i) {
				continue
			}
			e := &examples[i]
			miss := 1 / (1 + math.Exp(-w.sum(e)))
			if e.Negative {
				miss--
			}
			w.bias -= adapt(&seenDense[Dense], miss)
			for j, x := range e.Dense {
				w.dense[j] -= adapt(&seenDense[j], miss*float64(x))
			}
			g := miss * float64(unit(len(e.Features)))
			for _, f := range e.Features {
				w.words[f] -= adapt(&seen[f], g) + decay*w.words[f]
			}
		}
	}
	return w
}

// adapt returns the step against a gradient: shorter the more was learnt before.
func adapt(seen *float64, gradient float64) float64 {
	*seen += gradient * gradient
	return rate * gradient / math.Sqrt(*seen+curbed*curbed)
}

func (w *weights) sum(e *Example) float64 {
	z := 0.0
	for _, f := range e.Features {
		z += w.words[f]
	}
	z = z*float64(unit(len(e.Features))) + w.bias
	for j, x := range e.Dense {
		z += w.dense[j] * float64(x)
	}
	return z
}

// small brings the weights into a byte each.
func (w *weights) small() *Model {
	m := &Model{bias: float32(w.bias), weights: make([]int8, Buckets), slope: 1, limit: 0.5}
	for i, v := range w.dense {
		m.dense[i] = float32(v)
	}
	most := 1e-9
	for _, v := range w.words {
		most = max(most, math.Abs(v))
	}
	m.step = float32(most / largest)
	for i, v := range w.words {
		m.weights[i] = int8(math.Round(v / most * largest))
	}
	return m
}
