package main

import (
	"strings"
	"testing"
)

func TestImportsPointUpstream(t *testing.T) {
	for pair, allowed := range map[[2]string]bool{
		{"alerts/desk", "processors/customer"}:       true,
		{"processors/customer", "ingest/touchpoint"}: true,
		{"processors/customer", "alerts/rule"}:       false,
		{"ingest/intake", "processors/signal"}:       false,
		{"dashboards/api", "alerts/hub"}:             true,
		{"alerts/hub", "dashboards/api"}:             false,
		{"cmd/app", "deploy/embedded"}:               true,
		{"processors/archive", "deploy/embedded"}:    false,
		{"processors/archive", "deploy/connect"}:     true,
		{"deploy/connect", "deploy/embedded"}:        false,
		{"deploy/embedded", "ingest/touchpoint"}:     false,
		{"ingest/stream", "cmd/app"}:                 false,
	} {
		why := forbidden(module+pair[0], module+pair[1])
		if (why == "") != allowed {
			t.Errorf("%s imports %s: allowed %v, got %q", pair[0], pair[1], allowed, why)
		}
	}
	if why := forbidden(module+"ingest/intake", "net/http"); why != "" {
		t.Errorf("the standard library is refused: %s", why)
	}
}

func TestCheckNamesBothPackages(t *testing.T) {
	wrong := check(strings.NewReader(`{"ImportPath":"touchwatch/ingest/a","Imports":["touchwatch/alerts/b","fmt"]}`))
	if len(wrong) != 1 || !strings.Contains(wrong[0], "touchwatch/ingest/a imports touchwatch/alerts/b") {
		t.Errorf("got %q", wrong)
	}
}
