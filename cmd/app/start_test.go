package app

import (
	"testing"
)

// A supervisor may end a process that it has just started; that is no failure, however far the start has come.
func TestAProcessThatIsToldToEndWhileItStartsEndsWell(t *testing.T) {
	cfg := embeddedServers(t)
	for range 5 {
		a, stop := play(t, cfg, RoleIngest, RoleCustomers, RoleWeb)
		<-a.prepared // the servers are there, and what is built on them asks them
		stop()
	}
}
