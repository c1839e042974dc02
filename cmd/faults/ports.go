package faults

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
)

// Ports that servers are started on, below those that systems give to outgoing connections: a server that is killed and started again finds its
// own still free. 10,000 above them a node of a Redis Cluster has its second port, which lies below as well.
const (
	lowestPort  = 12_000
	highestPort = 22_000
	portTries   = 1000
)

// handedOut are the addresses that this process gave away: nothing listens on that of a server which is about to be started again.
var handedOut sync.Map

// FreeAddrs are loopback addresses where nothing listened a moment ago, and which no other caller in this process got.
func FreeAddrs(n int) ([]string, error) {
	var all []string
	var last error
	for tries := 0; len(all) < n; tries++ {
		if tries == portTries {
			return nil, errors.Join(fmt.Errorf("no free port from %d to %d after %d tries", lowestPort, highestPort, tries), last)
		}
		l, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(lowestPort+rand.IntN(highestPort-lowestPort)))
		if err != nil {
			last = err
			continue
		}
		defer func() { _ = l.Close() }()
		if _, taken := handedOut.LoadOrStore(l.Addr().String(), true); !taken {
			all = append(all, l.Addr().String())
		}
	}
	return all, nil
}
