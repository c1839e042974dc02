package faults

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"touchwatch/deploy/embedded"
)

// server is a real server that can be killed and started again on the same data and address.
type server struct {
	name    string
	addr    string // where the harness reaches it, around the proxy
	proxy   *Proxy // where the program reaches it
	around  *Proxy // where the harness reaches it, if that may move to another server; else nil
	command []string
	env     []string
	ready   func(*process) bool
	dir     string
	current *process
}

// serverStart bounds the start of a server; a broker on two busy cores needs some seconds.
const serverStart = 60 * time.Second

func (s *server) start(ctx context.Context) error {
	p, err := launch(s.dir, s.name, append(os.Environ(), s.env...), s.command[0], s.command[1:]...)
	if err != nil {
		return err
	}
	s.current = p
	err = until(ctx, serverStart, func() error {
		switch {
		case !p.running():
			return errEnded
		case !s.ready(p):
			return fmt.Errorf("%s does not answer yet", s.name)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("start %s: %w\n%s", s.name, err, p.lastLines(10))
	}
	return nil
}

func (s *server) close() {
	if s == nil {
		return
	}
	if s.current != nil {
		s.current.discard()
	}
	s.proxy.Close()
	if s.around != nil {
		s.around.Close()
	}
}

// freeAddrs are loopback addresses where nothing listened a moment ago.
func freeAddrs(n int) ([]string, error) {
	var all []string
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer func() { _ = l.Close() }()
		all = append(all, l.Addr().String())
	}
	return all, nil
}

func listens(addr string) bool {
	conn, err := net.DialTimeout("tcp", addr, time.Second)
	if err != nil {
		return false
	}
	_ = conn.Close()
	return true
}

// kafkaProperties lets the harness reach the broker directly, and everybody else through the proxy: a broker tells its clients where to
// connect, by the listener they came from.
const kafkaProperties = `process.roles=broker,controller
node.id=1
controller.quorum.voters=1@%[3]s
listeners=DIRECT://%[1]s,PROXIED://%[2]s,CONTROLLER://%[3]s
advertised.listeners=DIRECT://%[1]s,PROXIED://%[4]s
inter.broker.listener.name=DIRECT
controller.listener.names=CONTROLLER
listener.security.protocol.map=DIRECT:PLAINTEXT,PROXIED:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs=%[5]s
auto.create.topics.enable=false
message.max.bytes=2097152
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
log.cleaner.enable=false
broker.heartbeat.interval.ms=500
broker.session.timeout.ms=3000
`

// startKafka formats a folder and starts a broker in it.
func startKafka(ctx context.Context, p *parts, dir string) (*server, error) {
	addrs, err := freeAddrs(3)
	if err != nil {
		return nil, err
	}
	proxy, err := NewProxy(addrs[1])
	if err != nil {
		return nil, err
	}
	config, data := filepath.Join(dir, "kafka.properties"), filepath.Join(dir, "kafka")
	text := fmt.Sprintf(kafkaProperties, addrs[0], addrs[1], addrs[2], proxy.Addr(), data)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		return nil, err
	}
	java := []string{p.java, "-Xmx768m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp", filepath.Join(p.libs, "*")}
	format, err := launch(dir, "kafka-format", os.Environ(), java[0], append(java[1:], "kafka.tools.StorageTool", "format", "-t", "dG91Y2h3YXRjaC10ZXN0cw", "-c", config)...)
	if err != nil {
		return nil, err
	}
	select {
	case <-format.dead:
	case <-ctx.Done():
		format.discard()
		return nil, ctx.Err()
	}
	if format.cmd.ProcessState.ExitCode() != 0 {
		return nil, fmt.Errorf("the folder of Kafka cannot be formatted:\n%s", format.lastLines(10))
	}
	s := &server{
		name: "kafka", addr: addrs[0], proxy: proxy, dir: dir, command: append(java, "kafka.Kafka", config),
		ready: func(p *process) bool { return bytes.Contains(p.said(), []byte("Kafka Server started")) },
	}
	return s, s.start(ctx)
}

// startRedis starts a Redis. The harness reaches it through a proxy of its own, so that a replica can take its place.
func startRedis(ctx context.Context, p *parts, dir string) (*server, error) {
	s, err := newRedis(p, dir, "redis")
	if err != nil {
		return nil, err
	}
	if s.proxy, err = NewProxy(s.addr); err != nil {
		return nil, err
	}
	if s.around, err = NewProxy(s.addr); err != nil {
		return nil, err
	}
	s.addr = s.around.Addr()
	return s, s.start(ctx)
}

// newRedis is a Redis with a log of its own (AOF, everysec) on a free port, not started; its addr is its own.
func newRedis(p *parts, dir, name string, options ...string) (*server, error) {
	addrs, err := freeAddrs(1)
	if err != nil {
		return nil, err
	}
	data := filepath.Join(dir, name)
	if err := os.MkdirAll(data, 0o700); err != nil {
		return nil, err
	}
	_, port, _ := net.SplitHostPort(addrs[0])
	command := []string{p.redis, "--bind", "127.0.0.1", "--port", port, "--dir", data, "--appendonly", "yes", "--appendfsync", "everysec", "--save", ""}
	return &server{
		name: name, addr: addrs[0], dir: dir, command: append(command, options...),
		ready: func(p *process) bool { return bytes.Contains(p.said(), []byte("Ready to accept connections")) },
	}, nil
}

// startHouse starts the ClickHouse engine behind its front; nil when there is no engine.
func startHouse(ctx context.Context, p *parts, program, dir string) (*server, error) {
	if p.chdb == "" {
		return nil, nil
	}
	addrs, err := freeAddrs(1)
	if err != nil {
		return nil, err
	}
	proxy, err := NewProxy(addrs[0])
	if err != nil {
		return nil, err
	}
	s := &server{
		name: "clickhouse", addr: addrs[0], proxy: proxy, dir: dir,
		command: []string{program, embedded.FrontCommand, "--listen", addrs[0], "--data", filepath.Join(dir, "clickhouse"), "--library", p.chdb},
		ready:   func(*process) bool { return listens(addrs[0]) },
	}
	return s, s.start(ctx)
}

// until repeats a check every 100 ms until it passes; its last error is the answer. A process that ended will not come back.
func until(ctx context.Context, within time.Duration, check func() error) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	for {
		err := check()
		if err == nil || errors.Is(err, errEnded) {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("not within %s: %w", within, err)
		case <-time.After(100 * time.Millisecond):
		}
	}
}
