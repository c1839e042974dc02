package simulator

import "strconv"

// chance is true with the given probability.
func (w *World) chance(probability float64) bool { return w.rng.Float64() < probability }

// between returns a number from low to high, both included.
func (w *World) between(low, high int) int { return low + w.rng.IntN(high-low+1) }

// pick returns an index, each as likely as its weight.
func (w *World) pick(weights ...int) int {
	sum := 0
	for _, weight := range weights {
		sum += weight
	}
	n := w.rng.IntN(sum)
	for i, weight := range weights {
		if n < weight {
			return i
		}
		n -= weight
	}
	return len(weights) - 1
}

// one returns any of the list.
func one[T any](w *World, list []T) T { return list[w.rng.IntN(len(list))] }

func base36(n uint64) string { return strconv.FormatUint(n, 36) }
