package faults

import (
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
)

// Ports that servers are started on, below those that systems give to outgoing connections: a server that is killed and started again finds its
// own still free. 10,000 above them a node of a Redis Cluster has its second port, which lies below as well.
const (
	lowestPort  = 12_000
	highestPort = 22_000
	portTries   = 1000
)

// FreeAddrs are loopback addresses where nothing listened a moment ago.
func FreeAddrs(n int) ([]string, error) {
	var all []string
	for tries := 0; len(all) < n; tries++ {
		l, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(lowestPort+rand.IntN(highestPort-lowestPort)))
		if err != nil && tries == portTries {
			return nil, fmt.Errorf("find a free port from %d to %d: %w", lowestPort, highestPort, err)
		}
		if err == nil {
			defer func() { _ = l.Close() }()
			all = append(all, l.Addr().String())
		}
	}
	return all, nil
}
