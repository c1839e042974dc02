package faults

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
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
	// controller is the address of a broker's controller.
	controller string
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

func listens(addr string) bool {
	conn, err := net.DialTimeout("tcp", addr, time.Second)
	if err != nil {
		return false
	}
	_ = conn.Close()
	return true
}

// kafkaProperties lets the harness reach a broker directly, and everybody else through the proxy: a broker tells its clients where to
// connect, by the listener they came from.
const kafkaProperties = `process.roles=%[1]s
node.id=%[2]d
controller.quorum.voters=1@%[3]s
listeners=DIRECT://%[4]s,PROXIED://%[5]s%[6]s
advertised.listeners=DIRECT://%[4]s,PROXIED://%[7]s
inter.broker.listener.name=DIRECT
controller.listener.names=CONTROLLER
listener.security.protocol.map=DIRECT:PLAINTEXT,PROXIED:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs=%[8]s
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

// startKafka starts the first broker, which is the controller as well.
func startKafka(ctx context.Context, p *parts, dir string) (*server, error) {
	addrs, err := FreeAddrs(1)
	if err != nil {
		return nil, err
	}
	return startBroker(ctx, p, dir, 1, addrs[0])
}

// startBroker formats a folder and starts a broker in it; number 1 is the controller as well.
func startBroker(ctx context.Context, p *parts, dir string, number int, controller string) (*server, error) {
	addrs, err := FreeAddrs(2)
	if err != nil {
		return nil, err
	}
	proxy, err := newKafkaProxy(addrs[1])
	if err != nil {
		return nil, err
	}
	name, roles, more := "kafka", "broker,controller", ",CONTROLLER://"+controller
	if number > 1 {
		name, roles, more = "kafka-"+strconv.Itoa(number), "broker", ""
	}
	config := filepath.Join(dir, name+".properties")
	text := fmt.Sprintf(kafkaProperties, roles, number, controller, addrs[0], addrs[1], more, proxy.Addr(), filepath.Join(dir, name))
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		return nil, err
	}
	s := &server{
		name: name, addr: addrs[0], proxy: proxy, dir: dir, controller: controller,
		command: append(java(p), "kafka.Kafka", config),
		ready:   func(p *process) bool { return bytes.Contains(p.said(), []byte("Kafka Server started")) },
	}
	if err := formatKafka(ctx, p, dir, config); err != nil {
		proxy.Close()
		return nil, err
	}
	return s, s.start(ctx)
}

// java is how a class of Kafka is run.
func java(p *parts) []string {
	return []string{p.java, "-Xmx768m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp", filepath.Join(p.libs, "*")}
}

func formatKafka(ctx context.Context, p *parts, dir, config string) error {
	command := append(java(p), "kafka.tools.StorageTool", "format", "-t", "dG91Y2h3YXRjaC10ZXN0cw", "-c", config)
	format, err := launch(dir, "kafka-format", os.Environ(), command[0], command[1:]...)
	if err != nil {
		return err
	}
	select {
	case <-format.dead:
	case <-ctx.Done():
		format.discard()
		return ctx.Err()
	}
	if format.cmd.ProcessState.ExitCode() != 0 {
		return fmt.Errorf("the folder of Kafka cannot be formatted:\n%s", format.lastLines(10))
	}
	return nil
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
	addrs, err := FreeAddrs(1)
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
	addrs, err := FreeAddrs(1)
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
