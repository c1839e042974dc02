package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"touchwatch/cmd/app"
	"touchwatch/cmd/faults"
)

// node is one process of the program.
type node struct {
	process *faults.Process
	addr    string // host:port of its server
}

// Bounds of a node's start and end.
const (
	nodeReady = 90 * time.Second
	nodeStop  = 20 * time.Second
)

var saidAddress = regexp.MustCompile(`"address":"http://([0-9.:]+)"`)

// start starts a process with the trial's roles, or with those given, and waits until it says its address. A profile is
// kept of nodes whose what is not empty.
func (t *trial) start(what string, roles ...app.Role) (*node, error) {
	cfg := t.cfg
	if len(roles) > 0 {
		cfg.Roles = roles
	}
	name := fmt.Sprintf("%s-node-%d", t.name, len(t.nodes))
	text, err := yaml.Marshal(cfg)
	if err != nil {
		return nil, err
	}
	file := filepath.Join(t.run.dir, name+".yaml")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		return nil, err
	}
	profile := ""
	if what != "" && t.run.opt.CPUProfile != "" {
		profile = filepath.Join(t.run.opt.CPUProfile, name+".pprof")
	}
	n := &node{}
	if n.process, err = faults.Launch(t.run.dir, name, t.run.opt.Program, ChildCommand, "serve", file, profile); err != nil {
		return nil, err
	}
	t.nodes = append(t.nodes, n)
	return n, await(t.run.ctx, n.process, name, nodeReady, func() error {
		m := saidAddress.FindSubmatch(n.process.Said())
		if m == nil {
			return errors.New("it said no address")
		}
		n.addr = string(m[1])
		return nil
	})
}

// ready waits for readiness.
func (t *trial) ready(n *node) error {
	return await(t.run.ctx, n.process, "the program", nodeReady, func() error {
		ctx, cancel := context.WithTimeout(t.run.ctx, 5*time.Second)
		defer cancel()
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+n.addr+"/-/ready", nil)
		if err != nil {
			return err
		}
		res, err := http.DefaultClient.Do(request)
		if err != nil {
			return err
		}
		defer func() { _ = res.Body.Close() }()
		body, _ := io.ReadAll(io.LimitReader(res.Body, 1<<10))
		if res.StatusCode != http.StatusOK {
			return fmt.Errorf("not ready: %s", strings.TrimSpace(string(body)))
		}
		return nil
	})
}

// stop ends all nodes in order.
func (t *trial) stop() error {
	var problems []error
	for _, n := range t.nodes {
		problems = append(problems, n.process.Stop(nodeStop))
	}
	t.nodes = nil
	return errors.Join(problems...)
}

// until repeats a check every 20 ms until it passes; its last error is the answer.
func until(ctx context.Context, within time.Duration, check func() error) error {
	deadline := time.Now().Add(within)
	for {
		err := check()
		if err == nil {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("not within %s: %w", within, err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}
