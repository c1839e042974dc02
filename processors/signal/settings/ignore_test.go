package settings

import (
	"reflect"
	"testing"
)

func TestNotFrustrationAddsAPlaceOnce(t *testing.T) {
	s := Default()
	for _, place := range []string{"element:/seats button#seat", "page:/admin/*", "release:2.3.*", "page:/admin/*"} {
		next, err := s.NotFrustration(place)
		if err != nil {
			t.Fatal(err)
		}
		s = next
	}
	want := Ignore{Elements: []string{"/seats button#seat"}, Pages: []string{"/admin/*"}, Releases: []string{"2.3.*"}}
	if !reflect.DeepEqual(s.Ignore, want) {
		t.Errorf("%+v", s.Ignore)
	}
	if len(Default().Ignore.Pages) != 0 {
		t.Error("the defaults changed")
	}
	back, err := Parse("printed.yaml", s.YAML())
	if err != nil || !reflect.DeepEqual(back.Ignore, want) {
		t.Errorf("%v %+v", err, back)
	}
}

func TestNotFrustrationNamesWhatItCannotTake(t *testing.T) {
	for _, place := range []string{"queue:Billing", "button#seat", "element:", "page: "} {
		if _, err := Default().NotFrustration(place); err == nil {
			t.Errorf("%q was taken", place)
		}
	}
}
