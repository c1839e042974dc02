package settings

import "reflect"

// Caps bound what a family of signals adds to the score, in score points: its bad signals together never take more, its
// good ones never give more. Each field is one family; its key in the file is the family's name. Zero switches a bound off.
type Caps struct {
	Friction float64 `yaml:"friction" min:"0" max:"100"`
	Browsing float64 `yaml:"browsing" min:"0" max:"100"`
	Checkout float64 `yaml:"checkout" min:"0" max:"100"`
	Form     float64 `yaml:"form" min:"0" max:"100"`
	Mood     float64 `yaml:"mood" min:"0" max:"100"`
	Waiting  float64 `yaml:"waiting" min:"0" max:"100"`
	Handling float64 `yaml:"handling" min:"0" max:"100"`
	Repeat   float64 `yaml:"repeat" min:"0" max:"100"`
	Social   float64 `yaml:"social" min:"0" max:"100"`
	Loyalty  float64 `yaml:"loyalty" min:"0" max:"100"`
	Feedback float64 `yaml:"feedback" min:"0" max:"100"`
	Recovery float64 `yaml:"recovery" min:"0" max:"100"`
}

// Of returns the bound of a family in hundredths of a score point, and false when the settings know no such family.
func (c Caps) Of(family string) (hundredth int32, ok bool) {
	v := reflect.ValueOf(c)
	f, ok := fieldsOf(v.Type()).named(family)
	if !ok {
		return 0, false
	}
	return hundredths(v.FieldByIndex(f.index).Float()), true
}
