package connect

import (
	"fmt"
	"net"
	"strconv"
)

// checkAddrs reports every address that is not host:port, and an empty list.
func checkAddrs(key string, addrs []string) []error {
	if len(addrs) == 0 {
		return []error{fmt.Errorf("%s: give at least one host:port", key)}
	}
	var problems []error
	for i, addr := range addrs {
		if err := checkAddr(addr); err != nil {
			problems = append(problems, fmt.Errorf("%s[%d]: %w", key, i, err))
		}
	}
	return problems
}

func checkAddr(addr string) error {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("%q is not host:port", addr)
	}
	if host == "" {
		return fmt.Errorf("%q has no host", addr)
	}
	if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
		return fmt.Errorf("%q: the port must be a number from 1 to 65535", addr)
	}
	return nil
}
