// Package linear owns the model that an operator trains on labelled texts of their own: logistic regression over hashed
// features with weights of one byte, beside a few dense features such as the rules' verdict. It knows no language and no
// text: package text makes the features.
//
// Training is a pure function of its examples. A *Model is immutable and safe for concurrent use; predicting allocates nothing.
package linear

import "math"

// Buckets is how many hashed features there are: a feature is a number below it.
const Buckets = 1 << 18

// Dense is how many dense features there are, each about −1 … 1.
const Dense = 4

// Example is a text as its features, with what a person said of it.
type Example struct {
	Features []uint32 // each below Buckets; a repeated one counts twice
	Dense    [Dense]float32
	Negative bool
}

// Info says what a model was made of and how well it did on texts that it had not seen.
type Info struct {
	Labels    int      `json:"labels"`
	Negatives int      `json:"negatives"`
	Languages []string `json:"languages"` // that it may judge, sorted
	F1        float64  `json:"f1"`        // cross-validated
	AUC       float64  `json:"auc"`       // cross-validated
	RulesF1   float64  `json:"rules_f1"`  // of the rules alone on the same texts
	RulesAUC  float64  `json:"rules_auc"`
}

// Model is a trained model.
type Model struct {
	Info    Info
	bias    float32
	dense   [Dense]float32
	step    float32 // what one unit of a weight is worth
	weights []int8  // Buckets of them
	// slope and shift turn the sum into the probability that a person would call the text negative.
	slope, shift float32
	limit        float32 // probability from which a text counts as negative
}

// Chance returns the calibrated probability, 0 … 1, that a person would call the text negative.
func (m *Model) Chance(features []uint32, dense *[Dense]float32) float32 {
	sum := int32(0)
	for _, f := range features {
		sum += int32(m.weights[f%Buckets])
	}
	z := m.bias + float32(sum)*m.step*unit(len(features))
	for i, w := range m.dense {
		z += w * dense[i]
	}
	return sigmoid(m.slope*z + m.shift)
}

// Limit returns the probability from which a text counts as negative, above 0 and below 1.
func (m *Model) Limit() float32 { return m.limit }

// Weight is how much a feature speaks for a negative text, positive, or against it.
func (m *Model) Weight(feature uint32) int { return int(m.weights[feature%Buckets]) }

// unit scales the features of a text so that long ones do not shout.
func unit(n int) float32 {
	return 1 / float32(math.Sqrt(float64(max(n, 1))))
}

func sigmoid(z float32) float32 { return float32(1 / (1 + math.Exp(-float64(z)))) }
