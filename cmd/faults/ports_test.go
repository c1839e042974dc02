package faults

import (
	"net"
	"strconv"
	"testing"
)

// A server that is killed has nothing on its port until it is started again: another scenario must not get it meanwhile.
func TestNoAddressIsGivenTwice(t *testing.T) {
	t.Parallel()
	given := map[string]bool{}
	for range 200 {
		addrs, err := FreeAddrs(2)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range addrs {
			_, word, err := net.SplitHostPort(a)
			if port, _ := strconv.Atoi(word); err != nil || port < lowestPort || port >= highestPort {
				t.Errorf("address %s (%v), want a port from %d to %d", a, err, lowestPort, highestPort)
			}
			if given[a] {
				t.Errorf("address %s was given before", a)
			}
			given[a] = true
		}
	}
}
