package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"touchwatch/cmd/app"
	"touchwatch/cmd/faults"
	"touchwatch/deploy/connect"
	"touchwatch/deploy/embedded"
)

// servers are what the program runs on. Each is a process of its own, so that what it takes is known, unless it was given.
type servers struct {
	what      string // "embedded", "real" or "given"
	cfg       app.Config
	pids      map[string][]int
	processes []*faults.Process
	noHouse   string // why there is no ClickHouse
}

// serverStart bounds the start of a server; a broker needs some seconds, on a machine that others use minutes.
const serverStart = 3 * time.Minute

// startServers starts what the options ask for. The caller closes it, also after an error.
func startServers(ctx context.Context, o *Options, dir string) (*servers, error) {
	s := &servers{what: "embedded", cfg: app.Default(), pids: map[string][]int{}}
	if o.Given != nil {
		s.what, s.cfg = "given", *o.Given
		return s, nil
	}
	addrs, err := faults.FreeAddrs(4)
	if err != nil {
		return s, err
	}
	engine, err := embedded.FindLibchdb()
	switch {
	case errors.Is(err, embedded.ErrNoLibrary):
		s.noHouse = err.Error()
	case err != nil:
		return s, err
	default:
		if err := s.start(ctx, dir, serverC, listens(addrs[2]), o.Program, embedded.FrontCommand, "--listen", addrs[2], "--data", filepath.Join(dir, "clickhouse"), "--library", engine); err != nil {
			return s, err
		}
	}
	if o.Real {
		s.what = "real"
		err = s.startReal(ctx, dir, addrs[0], addrs[3], addrs[1])
	} else {
		err = errors.Join(
			s.start(ctx, dir, serverK, listens(addrs[0]), o.Program, ChildCommand, serverK, addrs[0]),
			s.start(ctx, dir, serverR, listens(addrs[1]), o.Program, ChildCommand, serverR, addrs[1]))
	}
	s.cfg.Kafka = connect.Kafka{Brokers: []string{addrs[0]}}
	s.cfg.Redis = connect.Redis{Addrs: []string{addrs[1]}, Mode: "single"}
	s.cfg.ClickHouse = connect.ClickHouse{}
	if s.noHouse == "" {
		s.cfg.ClickHouse = connect.ClickHouse{Addrs: []string{addrs[2]}, Protocol: "http", Database: "default"}
	}
	s.cfg.Topics.Replication = 1
	return s, err
}

// start starts one server and waits until it is ready.
func (s *servers) start(ctx context.Context, dir, name string, ready func(*faults.Process) bool, program string, args ...string) error {
	p, err := faults.Launch(dir, name, program, args...)
	if err != nil {
		return err
	}
	s.processes = append(s.processes, p)
	s.pids[name] = []int{p.PID()}
	return await(ctx, p, name, serverStart, func() error {
		if !ready(p) {
			return fmt.Errorf("%s does not answer yet", name)
		}
		return nil
	})
}

// await repeats a check until it passes or the process ends.
func await(ctx context.Context, p *faults.Process, name string, within time.Duration, check func() error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	err := faults.Until(ctx, within, func() error {
		if !p.Running() {
			cancel()
			return errors.New("the process ended")
		}
		return check()
	})
	if err != nil {
		return fmt.Errorf("start %s: %w\n%s", name, err, p.LastLines(10))
	}
	return nil
}

// kafkaProperties are those of `make servers`.
const kafkaProperties = `process.roles=broker,controller
node.id=1
controller.quorum.voters=1@%[2]s
listeners=PLAINTEXT://%[1]s,CONTROLLER://%[2]s
advertised.listeners=PLAINTEXT://%[1]s
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs=%[3]s
auto.create.topics.enable=false
message.max.bytes=2097152
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
`

// startReal starts a Kafka and a Redis as deploy/servers/start.sh does, on addresses of their own.
func (s *servers) startReal(ctx context.Context, dir, kafka, controller, redis string) error {
	parts, err := faults.FindParts()
	if err != nil {
		return err
	}
	config, data := filepath.Join(dir, "kafka.properties"), filepath.Join(dir, "kafka")
	if err := os.WriteFile(config, fmt.Appendf(nil, kafkaProperties, kafka, controller, data), 0o600); err != nil {
		return err
	}
	jars := filepath.Join(parts.KafkaLibs, "*")
	format, err := faults.Launch(dir, "kafka-format", parts.Java, "-cp", jars, "kafka.tools.StorageTool", "format", "-t", "dG91Y2h3YXRjaC1iZW5jaA", "-c", config)
	if err != nil {
		return err
	}
	defer format.Discard()
	if err := faults.Until(ctx, serverStart, func() error {
		if format.Running() {
			return errors.New("the folder of kafka is not formatted yet")
		}
		return nil
	}); err != nil {
		return err
	}
	started := func(p *faults.Process) bool { return bytes.Contains(p.Said(), []byte("Kafka Server started")) }
	if err := s.start(ctx, dir, serverK, started, parts.Java, "-Xmx1g", "-cp", jars, "kafka.Kafka", config); err != nil {
		return err
	}
	data = filepath.Join(dir, "redis")
	if err := os.MkdirAll(data, 0o700); err != nil {
		return err
	}
	host, port, _ := net.SplitHostPort(redis)
	ready := func(p *faults.Process) bool { return bytes.Contains(p.Said(), []byte("Ready to accept connections")) }
	return s.start(ctx, dir, serverR, ready, parts.Redis, "--bind", host, "--port", port, "--dir", data, "--appendonly", "yes", "--appendfsync", "everysec", "--auto-aof-rewrite-min-size", "512mb", "--rdbcompression", "no", "--save", "")
}

// close ends what was started.
func (s *servers) close() {
	for _, p := range s.processes {
		p.Discard()
	}
}

func listens(addr string) func(*faults.Process) bool {
	return func(*faults.Process) bool {
		conn, err := net.DialTimeout("tcp", addr, time.Second)
		if err != nil {
			return false
		}
		_ = conn.Close()
		return true
	}
}
