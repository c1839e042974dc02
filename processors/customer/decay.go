package customer

import "math"

// The decay is counted in integers, so that every machine rounds alike and a score costs no calls of the mathematical
// library: a fraction of a half-life has fractionBits, of which the upper ones choose two neighbours from a table and the
// lower ones go between them. The error is below a thousandth of a hundredth for the heaviest signal there is.
const (
	tableBits    = 10
	fractionBits = 22
	valueBits    = 30
)

// fading is 2^(−i/1024) in units of 2^−30.
var fading = func() (table [1<<tableBits + 1]int64) {
	for i := range table {
		table[i] = int64(math.Round(math.Exp2(valueBits - float64(i)/(1<<tableBits))))
	}
	return table
}()

// decayed returns weight · 2^(−age/half), rounded; age and half are positive and in the same unit.
func decayed(weight, age, half int64) int64 {
	halvings, rest := age/half, age%half
	if halvings > 31 {
		return 0
	}
	fraction := rest << fractionBits / half
	i, within := fraction>>(fractionBits-tableBits), fraction&(1<<(fractionBits-tableBits)-1)
	value := fading[i] - (fading[i]-fading[i+1])*within>>(fractionBits-tableBits)
	shift := valueBits + halvings
	if weight < 0 {
		return -((-weight*value + 1<<(shift-1)) >> shift)
	}
	return (weight*value + 1<<(shift-1)) >> shift
}
