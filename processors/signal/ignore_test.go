package signal

import (
	"testing"

	"touchwatch/ingest/touchpoint"
)

func TestIgnored(t *testing.T) {
	ignored := NewIgnored([]string{"button#seat", "/map element", "element:/pay a.help"}, []string{"/admin/*", "/status"}, []string{"2.3.*", "3.0"})
	for _, c := range []struct {
		place touchpoint.Place
		want  bool
	}{
		{touchpoint.Place{Page: "/anywhere", Element: "button#seat"}, true},
		{touchpoint.Place{Element: "button#seat"}, true},
		{touchpoint.Place{Page: "/map", Element: "element"}, true},
		{touchpoint.Place{Page: "/maps", Element: "element"}, false},
		{touchpoint.Place{Page: "/pay", Element: "a.help"}, true},
		{touchpoint.Place{Page: "/pay", Element: "a"}, false},
		{touchpoint.Place{Page: "/admin/users"}, true},
		{touchpoint.Place{Page: "/admin"}, false},
		{touchpoint.Place{Page: "/status"}, true},
		{touchpoint.Place{Page: "/status/old"}, false},
		{touchpoint.Place{Page: "/pay", Release: "2.3.1"}, true},
		{touchpoint.Place{Page: "/pay", Release: "3.0.1"}, false},
		{touchpoint.Place{Page: "/pay"}, false},
		{touchpoint.Place{}, false},
	} {
		if got := ignored.Covers(&c.place); got != c.want {
			t.Errorf("%+v: %v", c.place, got)
		}
	}
	if nothing := NewIgnored(nil, nil, nil); nothing.Covers(&touchpoint.Place{Page: "/pay", Element: "a"}) {
		t.Error("empty lists ignore something")
	}
}
