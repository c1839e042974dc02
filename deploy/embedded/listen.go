package embedded

import (
	"errors"
	"fmt"
	"net"
	"syscall"
)

// AddressTaken says that another program listens on an address already.
type AddressTaken struct {
	Service string // "Kafka", "Redis" or "ClickHouse"
	Addr    string
}

// Error implements error.
func (e *AddressTaken) Error() string {
	return fmt.Sprintf("embedded %s cannot listen on %s: another program uses this address", e.Service, e.Addr)
}

// listenTCP opens a listener on a loopback address. A taken address gives an *AddressTaken.
func listenTCP(service, address string) (*net.TCPListener, error) {
	if err := checkLoopback(service, address); err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, listenError(service, address, err)
	}
	return listener.(*net.TCPListener), nil
}

// checkLoopback refuses addresses that other machines reach: the embedded services have no passwords.
func checkLoopback(service, address string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("embedded %s: address %q is not host:port", service, address)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return fmt.Errorf("embedded %s: address %q is not on this machine's loopback: it has no passwords, so it listens only there", service, address)
	}
	return nil
}

func listenError(service, address string, err error) error {
	if errors.Is(err, syscall.EADDRINUSE) {
		return &AddressTaken{Service: service, Addr: address}
	}
	return fmt.Errorf("embedded %s cannot listen on %s: %w", service, address, err)
}
