package faults

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"touchwatch/cmd/app"
)

// node is one process of the program; it may be killed and started again under its name.
type node struct {
	*process
	run   *Run
	roles []string
	base  string // http://host:port of its server
}

// Bounds of a node: how long a start may take on two busy cores; what the program promises about stopping is 5 s, three times that
// is allowed here.
const (
	nodeReady = 60 * time.Second
	nodeStop  = 15 * time.Second
	// nodeMemory and nodeGoroutines bound what a process may hold at the end; its caches alone may be 4 × 16 MiB. Of goroutines it may hold only
	// nodeLeak more than a process of its name did early in the run: connections come and go, and each has two.
	nodeMemory     = 400 << 20
	nodeGoroutines = 400
	nodeLeak       = 100
)

// Names of what a process says about itself.
const (
	residentMemory = "process_resident_memory_bytes"
	goroutineCount = "go_goroutines"
)

var saidAddress = regexp.MustCompile(`"address":"(http://[0-9.:]+)"`)

// node starts a process with some roles (none: all) and waits until it says its address.
func (r *Run) node(name string, roles ...app.Role) (*node, error) {
	n := &node{run: r}
	args := []string{"serve", "--config", r.configFile()}
	for _, role := range roles {
		n.roles = append(n.roles, string(role))
	}
	if len(roles) > 0 {
		args = append(args, "--roles", strings.Join(n.roles, ","))
	}
	var env []string
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "TOUCHWATCH_") {
			env = append(env, v)
		}
	}
	var err error
	if n.process, err = launch(r.opt.Dir, name, env, r.opt.Program, args...); err != nil {
		return nil, err
	}
	r.nodes = append(r.nodes, n)
	err = until(r.ctx, nodeReady, func() error {
		if n.base = n.find(saidAddress); n.base != "" {
			return nil
		}
		if !n.running() {
			return errEnded
		}
		return errors.New("it said no address")
	})
	if err != nil {
		return nil, fmt.Errorf("start %s: %w\n%s", name, err, n.lastLines(5))
	}
	if len(roles) == 0 || slices.Contains(roles, app.RoleWeb) {
		r.web.SetTarget(strings.TrimPrefix(n.base, "http://"))
	}
	r.note("%s runs (process %d, roles %s)", name, n.pid(), strings.Join(n.roles, " "))
	return n, nil
}

// untilReady waits for readiness.
func (n *node) untilReady() error {
	return until(n.run.ctx, nodeReady, func() error {
		if !n.running() {
			return fmt.Errorf("%s: %w: %s\n%s", n.name, errEnded, n.cmd.ProcessState, n.lastLines(5))
		}
		status, body := n.get("/-/ready")
		if status != http.StatusOK {
			return fmt.Errorf("%s is not ready: %s", n.name, body)
		}
		return nil
	})
}

// get asks the node's server; status 0 means that it did not answer.
func (n *node) get(path string) (status int, body string) {
	ctx, cancel := context.WithTimeout(n.run.ctx, 5*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, n.base+path, nil)
	if err != nil {
		return 0, err.Error()
	}
	res, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err.Error()
	}
	defer func() { _ = res.Body.Close() }()
	b, _ := io.ReadAll(res.Body)
	return res.StatusCode, string(b)
}

// metric is the sum of all series of a metric whose lines contain every one of the parts; zero when there is none.
func (n *node) metric(name string, labels ...string) float64 {
	_, body := n.get("/metrics")
	sum := 0.0
	for in := bufio.NewScanner(strings.NewReader(body)); in.Scan(); {
		line := in.Text()
		rest, ok := strings.CutPrefix(line, name)
		if !ok || rest == "" || rest[0] != ' ' && rest[0] != '{' || slices.ContainsFunc(labels, func(l string) bool { return !strings.Contains(line, l) }) {
			continue
		}
		value, err := strconv.ParseFloat(line[strings.LastIndexByte(line, ' ')+1:], 64)
		if err == nil {
			sum += value
		}
	}
	return sum
}

// baseline notes the goroutines of the nodes that run early in a run, before anything is broken.
func (r *Run) baseline() error {
	r.early = map[string]float64{}
	for _, n := range r.nodes {
		if r.early[n.name] = n.metric(goroutineCount); r.early[n.name] == 0 {
			return fmt.Errorf("%s does not say how many goroutines it has", n.name)
		}
	}
	return nil
}

// bounded checks the memory and the goroutines of a node at the end of a run.
func (n *node) bounded() error {
	memory, goroutines, bound := n.metric(residentMemory), n.metric(goroutineCount), float64(nodeGoroutines)
	early, known := n.run.early[n.name]
	if known {
		bound = min(bound, early+nodeLeak)
	}
	n.run.note("%s holds %.0f MB and %.0f goroutines (%.0f early in the run)", n.name, memory/1e6, goroutines, early)
	if memory > nodeMemory || goroutines > bound || goroutines == 0 {
		return fmt.Errorf("%s holds %.0f MB and %.0f goroutines, the bounds are %d MB and %.0f", n.name, memory/1e6, goroutines, nodeMemory/1000000, bound)
	}
	return nil
}

// killed ends a node with SIGKILL, proves it, and starts it again at once.
func (r *Run) killed(n *node) (*node, error) {
	if err := n.kill(); err != nil {
		return nil, err
	}
	r.forget(n)
	r.note("killed %s (process %d)", n.name, n.pid())
	return r.again(n)
}

// again starts a process of the same name and roles as one that has ended.
func (r *Run) again(n *node) (*node, error) {
	var roles []app.Role
	for _, role := range n.roles {
		roles = append(roles, app.Role(role))
	}
	return r.node(n.name, roles...)
}

// forget takes a node that has ended from the list of those that must end well.
func (r *Run) forget(n *node) {
	r.nodes = slices.DeleteFunc(r.nodes, func(other *node) bool { return other == n })
}

// stopNodes checks the bounds of every node, stops all, and checks that each ends in order.
func (r *Run) stopNodes() error {
	var problems []error
	for _, n := range r.nodes {
		problems = append(problems, n.bounded())
	}
	for _, n := range r.nodes {
		took, err := n.stop(nodeStop)
		r.note("%s ended after %s", n.name, took.Round(time.Millisecond))
		problems = append(problems, err)
	}
	r.nodes = nil
	return errors.Join(problems...)
}
