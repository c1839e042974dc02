package main

import (
	"context"
	"net"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"touchwatch/deploy/embedded"
)

// servers are the addresses of some servers as variables of the environment; an empty ClickHouse means none.
func servers(kafka, redis, house string) []string {
	return []string{
		"TOUCHWATCH_LISTEN=127.0.0.1:0", "TOUCHWATCH_KAFKA_BROKERS=" + kafka, "TOUCHWATCH_REDIS_ADDRS=" + redis,
		"TOUCHWATCH_CLICKHOUSE_ADDRS=" + house, "TOUCHWATCH_CLICKHOUSE_PROTOCOL=http",
		"TOUCHWATCH_TOPICS_TIMELINE_PARTITIONS=4", "TOUCHWATCH_TOPICS_PLACE_PARTITIONS=2",
	}
}

// waitsFor waits until readiness names a server, while the process is healthy.
func (p *process) waitsFor(name string) {
	p.t.Helper()
	p.until("readiness names "+name, func() bool {
		status, body := p.get("/-/ready")
		return status == http.StatusServiceUnavailable && strings.Contains(body, name+": ")
	})
	if status, body := p.get("/-/healthy"); status != http.StatusOK {
		p.t.Errorf("healthy while it waits for %s: %d %s", name, status, body)
	}
}

func TestServeWaitsForItsServers(t *testing.T) {
	ctx, redisAddr, kafkaAddr, houseAddr := context.Background(), freeAddr(t), freeAddr(t), freeAddr(t)
	library, err := embedded.FindLibchdb()
	if err != nil {
		t.Logf("without ClickHouse: %v", err)
		houseAddr = ""
	}
	p := launch(t, servers(kafkaAddr, redisAddr, houseAddr), "serve")
	p.waitsFor("redis")
	p.waitsFor("kafka") // each that does not answer is named, not only the first

	redis, err := embedded.StartRedis(ctx, embedded.RedisOptions{Listen: redisAddr})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { redis.Close() })
	p.waitsFor("kafka")

	kafka, err := embedded.StartKafka(ctx, embedded.KafkaOptions{Listen: kafkaAddr})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { kafka.Close() })
	waited := []string{"redis", "kafka"}
	if houseAddr != "" {
		p.waitsFor("clickhouse")
		program, err := exec.LookPath("touchwatch")
		if err != nil {
			t.Fatal(err)
		}
		house, err := embedded.StartClickHouse(ctx, embedded.ClickHouseOptions{Listen: houseAddr, Library: library, Command: []string{program, embedded.FrontCommand}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { house.Close() })
		waited = append(waited, "clickhouse")
	}
	p.untilReady()
	for name, key := range map[string]string{"redis": "redis.addrs", "kafka": "kafka.brokers"} {
		if !regexp.MustCompile(`"server":"` + name + `","key":"` + key + `","addresses":\["127[^\n]*touchwatch doctor`).MatchString(p.output()) {
			t.Errorf("the line about %s names neither its key nor what helps: %s", name, p.output())
		}
	}
	for _, name := range waited {
		for _, message := range []string{"waiting for a server", "server answers"} {
			line := regexp.MustCompile(`"msg":"` + message + `","server":"` + name + `"`)
			if n := len(line.FindAllString(p.output(), -1)); n != 1 {
				t.Errorf("%q about %s: %d lines, want one per change of state", message, name, n)
			}
		}
	}
	p.signal(syscall.SIGTERM)
	p.endedWell(nil)
}

// onFrozenServers runs `serve` on the servers of another process, which is then stopped: they take connections and answer nothing.
func onFrozenServers(t *testing.T) *process {
	kafka, redis := freeAddr(t), freeAddr(t)
	host := launch(t, nil, "dev", "--simulate=false", "--listen", "127.0.0.1:0", "--kafka-listen", kafka, "--redis-listen", redis, "--clickhouse-listen", "127.0.0.1:0")
	host.untilReady()
	p := launch(t, servers(kafka, redis, ""), "serve")
	p.untilReady()
	host.signal(syscall.SIGSTOP)
	return p
}

func TestServeEndsWithoutItsServers(t *testing.T) {
	p := onFrozenServers(t)
	p.signal(syscall.SIGTERM)
	p.endedWell(nil)
}

func TestASecondSignalEndsAtOnce(t *testing.T) {
	p := onFrozenServers(t)
	p.signal(os.Interrupt)
	p.until("it stops", func() bool {
		_, body := p.get("/-/ready")
		return strings.Contains(body, "the process is stopping")
	})
	p.signal(os.Interrupt)
	if code, by, _ := p.ended(); by != syscall.SIGINT {
		t.Errorf("exit code %d: it ended in order, and the second signal was not what ended it", code)
	}
}

// silent listens and answers nothing, as a firewall between us and a server does.
func silent(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l.Addr().String()
}

func TestACommandGivesUpOnAServerThatIsSilent(t *testing.T) {
	for _, args := range [][]string{{"dead", "list"}, {"state", "cus_1"}, {"explain", "cus_1"}, {"migrate"}} {
		t.Run(args[0], func(t *testing.T) {
			t.Parallel()
			addr := silent(t)
			p := launch(t, servers(addr, addr, ""), args...)
			if code, _, took := p.ended(); code != exitFailed || !strings.Contains(p.output(), "at "+addr) {
				t.Errorf("exit code %d after %s: %s", code, took, p.output())
			}
		})
	}
}

func TestACommandThatWaitsCanBeInterrupted(t *testing.T) {
	accepted := make(chan struct{})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		if _, err := l.Accept(); err == nil {
			close(accepted)
		}
	}()
	t.Cleanup(func() { l.Close() })
	p := launch(t, servers(l.Addr().String(), "127.0.0.1:1", ""), "dead", "list")
	<-accepted
	p.signal(os.Interrupt)
	if code, _, took := p.ended(); code != exitInterrupted || p.output() != "" {
		t.Errorf("exit code %d after %s, want %d without a word: %s", code, took, exitInterrupted, p.output())
	}
}
