package doctor

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"touchwatch/deploy/embedded"
)

// fakeRedis answers each command with what answer returns for it: a bulk string, or an error when it begins with "-".
func fakeRedis(t *testing.T, answer func(args []string) string) redis.UniversalClient {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go serveFake(conn, answer)
		}
	}()
	client := redis.NewClient(&redis.Options{Addr: listener.Addr().String(), MaxRetries: -1, Protocol: 2, DisableIdentity: true})
	t.Cleanup(func() { client.Close() })
	return client
}

func serveFake(conn net.Conn, answer func([]string) string) {
	defer conn.Close()
	in := bufio.NewReader(conn)
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		n, _ := strconv.Atoi(strings.TrimSpace(line[1:]))
		args := make([]string, n)
		for i := range args {
			if _, err := in.ReadString('\n'); err != nil {
				return
			}
			value, err := in.ReadString('\n')
			if err != nil {
				return
			}
			args[i] = strings.ToLower(strings.TrimSpace(value))
		}
		said := answer(args)
		switch {
		case args[0] == "ping":
			said = "+PONG\r\n"
		case args[0] == "hello":
			said = "-ERR unknown command 'hello'\r\n"
		case strings.HasPrefix(said, "-"):
			said += "\r\n"
		case args[0] == "config":
			said = fmt.Sprintf("*2\r\n$%d\r\n%s\r\n$%d\r\n%s\r\n", len(args[2]), args[2], len(said), said)
		default:
			said = fmt.Sprintf("$%d\r\n%s\r\n", len(said), said)
		}
		if _, err := conn.Write([]byte(said)); err != nil {
			return
		}
	}
}

// sound is what a server answers on which there is nothing to find.
func sound(args []string) string {
	switch {
	case args[0] == "info" && args[1] == "server":
		return "# Server\r\nredis_version:7.2.4\r\n"
	case args[0] == "info" && args[1] == "memory":
		return "used_memory:1048576\r\nmaxmemory:0\r\nmaxmemory_policy:noeviction\r\n"
	case args[0] == "info" && args[1] == "persistence":
		return "aof_enabled:1\r\naof_last_write_status:ok\r\n"
	case args[0] == "config" && args[2] == "appendfsync":
		return "everysec"
	case args[0] == "config" && args[2] == "auto-aof-rewrite-min-size":
		return "536870912"
	}
	return ""
}

func TestASoundRedisHasNoFinding(t *testing.T) {
	for _, f := range CheckRedis(context.Background(), fakeRedis(t, sound)) {
		if f.Severity != OK || f.Advice != "" {
			t.Errorf("%+v", f)
		}
	}
}

func TestARedisThatEvictsIsRefused(t *testing.T) {
	evicts := func(args []string) string {
		return strings.ReplaceAll(sound(args), "noeviction", "allkeys-lru")
	}
	_, err := CheckEviction(context.Background(), fakeRedis(t, evicts))
	if err == nil || !strings.Contains(err.Error(), "allkeys-lru") || !strings.Contains(err.Error(), "set maxmemory-policy to noeviction") {
		t.Errorf("got %v, want an error that names the policy and what to do", err)
	}
}

func TestTheEvictionPolicyIsAlsoFoundWithoutInfo(t *testing.T) {
	asked := func(args []string) string {
		switch {
		case args[0] == "info":
			return "-NOPERM this user has no permissions to run the 'info' command"
		case args[0] == "config" && args[2] == "maxmemory-policy":
			return "volatile-ttl"
		}
		return ""
	}
	if _, err := CheckEviction(context.Background(), fakeRedis(t, asked)); err == nil || !strings.Contains(err.Error(), "volatile-ttl") {
		t.Errorf("got %v, want the policy", err)
	}
}

func TestARedisThatDoesNotTellIsWarnedAbout(t *testing.T) {
	managed := func(args []string) string { return "-ERR unknown command '" + args[0] + "'" }
	warning, err := CheckEviction(context.Background(), fakeRedis(t, managed))
	if err != nil || !strings.Contains(warning, "unknown command") || !strings.Contains(warning, "noeviction") {
		t.Errorf("got %q, %v", warning, err)
	}
}

func TestALoadingRedisIsNoRefusal(t *testing.T) {
	loading := func([]string) string { return "-LOADING Redis is loading the dataset in memory" }
	if warning, err := CheckEviction(context.Background(), fakeRedis(t, loading)); err == nil {
		t.Errorf("got the warning %q, want an error: it has to be asked again", warning)
	}
}

func TestTheEmbeddedRedisMayStart(t *testing.T) {
	server, err := embedded.StartRedis(context.Background(), embedded.RedisOptions{Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	client := redis.NewClient(&redis.Options{Addr: server.Addr(), DisableIdentity: true})
	t.Cleanup(func() { client.Close() })
	if warning, err := CheckEviction(context.Background(), client); err != nil || warning != "" {
		t.Errorf("got %q, %v, want neither", warning, err)
	}
}

func TestJudgementsOfRedis(t *testing.T) {
	good := Redis{Version: "7.0.15", Policy: "noeviction", AppendOnly: "1", AppendFsync: "everysec"}
	for _, c := range []struct {
		name  string
		spoil func(*Redis)
		check string
		want  Severity
	}{
		{"old", func(r *Redis) { r.Version = "6.0.16" }, "version", Error},
		{"two digits", func(r *Redis) { r.Version = "10.1" }, "version", OK},
		{"no file", func(r *Redis) { r.AppendOnly = "0" }, "persistence", Warning},
		{"no sync", func(r *Redis) { r.AppendFsync = "no" }, "persistence", Warning},
		{"disk", func(r *Redis) { r.LastWriteBad = true }, "persistence", Error},
		{"filling", func(r *Redis) { r.MaxMemory, r.UsedMemory = 100, 85 }, "memory", Warning},
		{"full", func(r *Redis) { r.MaxMemory, r.UsedMemory = 100, 96 }, "memory", Error},
		{"evicts", func(r *Redis) { r.Policy = "allkeys-lfu" }, "eviction policy", Error},
	} {
		r := good
		c.spoil(&r)
		worst := OK
		for _, f := range r.Judge() {
			if f.Check == c.check && f.Severity != OK {
				worst = f.Severity
				if f.Advice == "" {
					t.Errorf("%s: nothing to do about %+v", c.name, f)
				}
			}
		}
		if worst != c.want {
			t.Errorf("%s: got %s, want %s", c.name, worst, c.want)
		}
	}
}

func TestASmallLogThatIsWrittenAnewAgainAndAgainIsWarnedAbout(t *testing.T) {
	small := func(args []string) string { return strings.ReplaceAll(sound(args), "536870912", "67108864") }
	all := CheckRedis(context.Background(), fakeRedis(t, small))
	if !slices.ContainsFunc(all, func(f Finding) bool {
		return f.Check == "rewriting" && f.Severity == Warning && strings.Contains(f.Found, "64 MiB") && strings.Contains(f.Advice, "512mb")
	}) {
		t.Errorf("nothing about it among %+v", all)
	}
}
