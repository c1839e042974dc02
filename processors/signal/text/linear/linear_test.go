package linear

import (
	"errors"
	"math/rand/v2"
	"testing"
)

// world makes examples whose features 0–9 speak for a negative text, 10–19 against it, and the others for nothing.
func world(n int, seed uint64) []Example {
	dice := rand.New(rand.NewPCG(seed, 9))
	all := make([]Example, n)
	for i := range all {
		e := &all[i]
		e.Negative = dice.IntN(3) == 0
		base := uint32(10)
		if e.Negative {
			base = 0
		}
		if dice.IntN(10) > 0 { // a tenth says nothing
			e.Features = append(e.Features, base+uint32(dice.IntN(10)))
		}
		for range 12 {
			e.Features = append(e.Features, 100+uint32(dice.IntN(2000)))
		}
	}
	return all
}

func TestAModelLearnsWhatSpeaksForNegativeTexts(t *testing.T) {
	m, chances, said := Train(world(900, 1))
	if len(chances) != 900 || len(said) != 900 {
		t.Fatalf("%d chances, %d verdicts", len(chances), len(said))
	}
	right, sum, negatives := 0, 0.0, 0.0
	fresh := world(900, 2)
	for i := range fresh {
		p := m.Chance(fresh[i].Features, &fresh[i].Dense)
		if (p >= m.Limit()) == fresh[i].Negative {
			right++
		}
		sum += float64(p)
		if fresh[i].Negative {
			negatives++
		}
	}
	if right < 800 {
		t.Errorf("%d of 900 unseen examples are right", right)
	}
	if off := sum/900 - negatives/900; off > 0.05 || off < -0.05 {
		t.Errorf("the chances are off by %.3f on average", off)
	}
}

func TestTrainingTwiceGivesTheSameFile(t *testing.T) {
	a, _, _ := Train(world(400, 3))
	b, _, _ := Train(world(400, 3))
	x, err := a.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	if y, _ := b.Bytes(); string(x) != string(y) {
		t.Error("two trainings on the same examples differ")
	}
}

func TestCrossValidationDoesNotFlatter(t *testing.T) {
	dice := rand.New(rand.NewPCG(4, 4))
	noise := world(600, 4)
	for i := range noise {
		noise[i].Negative = dice.IntN(2) == 0
	}
	_, chances, _ := Train(noise)
	above, pairs := 0, 0
	for i := range noise {
		for j := range noise {
			if noise[i].Negative && !noise[j].Negative {
				pairs++
				if chances[i] > chances[j] {
					above++
				}
			}
		}
	}
	if auc := float64(above) / float64(pairs); auc > 0.6 {
		t.Errorf("AUC %.2f on labels that mean nothing", auc)
	}
}

func TestAModelSurvivesItsFile(t *testing.T) {
	m, _, _ := Train(world(400, 5))
	m.Info = Info{Labels: 400, Languages: []string{"de", "en"}, F1: 0.5}
	b, err := m.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	again, err := Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	if len(again.Info.Languages) != 2 || again.Info.Labels != 400 || again.Limit() != m.Limit() {
		t.Errorf("%+v", again.Info)
	}
	for _, e := range world(50, 6) {
		if x, y := m.Chance(e.Features, &e.Dense), again.Chance(e.Features, &e.Dense); x != y {
			t.Fatalf("%v, read again %v", x, y)
		}
	}
	b[len(b)/2]++
	for _, bad := range [][]byte{b, nil, []byte(magic), b[:len(b)-9], []byte("PK")} {
		if _, err := Parse(bad); !errors.Is(err, ErrFormat) {
			t.Errorf("%d bytes that are no model: %v", len(bad), err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(magic + "\x02\x00\x00\x00{}"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if m, err := Parse(b); err == nil {
			m.Chance([]uint32{1, 2, 1 << 31}, new([Dense]float32))
		}
	})
}
