package faults

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"time"
)

// point is a place between two durable effects at which a process is killed.
type point struct {
	name  string
	kafka bool // the request goes to Kafka, else to Redis
	match func(request []byte) bool
	after bool // when the server has done it; else before it hears of it
	part  bool // the request is a plan's, and goes on with the first of its partitions; match and after are of no account then
}

// Kinds of requests to Kafka.
const (
	apiProduce      = 0
	apiFetch        = 1
	apiOffsetCommit = 8
	apiHeartbeat    = 12
)

// asks recognises a request to Kafka of a kind that names all of these.
func asks(api uint16, names ...string) func([]byte) bool {
	return func(b []byte) bool {
		return len(b) > 8 && binary.BigEndian.Uint16(b[4:]) == api && holds(b, names)
	}
}

// writes recognises a piece of a request to Redis that names all of these.
func writes(names ...string) func([]byte) bool {
	return func(b []byte) bool { return holds(b, names) }
}

func holds(b []byte, names []string) bool {
	for _, name := range names {
		if !bytes.Contains(b, []byte(name)) {
			return false
		}
	}
	return true
}

// answersExec recognises the answer to EXEC among those to the commands that it collects.
func answersExec(reply []byte) bool {
	return bytes.HasPrefix(reply, []byte("*")) || bytes.Contains(reply, []byte("\r\n*"))
}

// Ingest stores a plan, sends it, confirms it, and commits; the customers' stage folds, flushes, copies the outbox, and commits.
var (
	ingestPoints = []point{
		{name: "records are fetched, no plan is stored", match: writes("tw:ingest:", "\r\nplan\r\n")},
		{name: "the plan is stored, nothing is sent", match: writes("tw:ingest:", "\r\nplan\r\n"), after: true},
		{name: "the plan is sent in part: batches for other partitions are not", kafka: true, part: true},
		{name: "the plan is in the timeline, the broker's answer is not heard", kafka: true, match: asks(apiProduce, "customer.timeline"), after: true},
		{name: "the plan is sent and not confirmed", match: writes("tw:ingest:", "\r\nup_to\r\n")},
		{name: "the plan is confirmed, no offset is committed", kafka: true, match: asks(apiOffsetCommit, "touchwatch.ingest")},
	}
	customerPoints = []point{
		{name: "entries are folded and not flushed", match: writes("}:offset\r\n", "}:customers:")},
		{name: "entries are flushed, Redis's answer is not heard", match: writes("}:offset\r\n", "}:customers:"), after: true},
		{name: "entries are flushed, no offset is committed", kafka: true, match: asks(apiOffsetCommit, "touchwatch.customers")},
		{name: "the offset is committed, the broker's answer is not heard", kafka: true, match: asks(apiOffsetCommit, "touchwatch.customers"), after: true},
		{name: "the outbox is read, nothing of it is copied", kafka: true, match: asks(apiProduce, "\x00\x07signals")},
		{name: "the outbox is copied to Kafka, the relay's position is not stored", match: writes("}:relay\r\n", "\r\nposition\r\n", "hset")},
		{name: "a place's state is flushed, Redis's answer is not heard", match: writes("tw:place:{", "}:customers:"), after: true},
	}
)

func pointsIngest(r *Run) error    { return r.points(ingestPoints) }
func pointsCustomers(r *Run) error { return r.points(customerPoints) }

// points kills the worker at each point once, under load.
func (r *Run) points(all []point) error {
	_, worker, err := r.apart()
	if err != nil {
		return err
	}
	l, err := r.loaded(int64(len(all))*1200, time.Duration(len(all))*8*time.Second)
	if err != nil {
		return err
	}
	for i := range all {
		if err := errors.Join(worker.works(), l.under()); err != nil {
			return err
		}
		if worker, err = r.killedAt(worker, &all[i]); err != nil {
			return fmt.Errorf("killing when %s: %w", all[i].name, err)
		}
	}
	if err := r.prove(int64(len(all)), "processes killed with SIGKILL between two durable effects"); err != nil {
		return err
	}
	return l.wait()
}

// killedAt lays a trap that kills the node, waits until it has, and starts the node again.
func (r *Run) killedAt(n *node, at *point) (*node, error) {
	if at.part {
		if err := r.killedInPart(n); err != nil {
			return nil, err
		}
		return r.again(n)
	}
	trap := &Trap{Match: at.match, After: at.after, Spring: func() { _ = n.signal(os.Kill) }}
	proxy := r.kafka.proxy
	if !at.kafka {
		proxy, trap.Ends, trap.Done = r.redis.proxy, execs, answersExec
	}
	proxy.Set(trap)
	select {
	case <-n.dead:
	case <-time.After(settleWithin):
		return nil, fmt.Errorf("it did not come to that within %s", settleWithin)
	case <-r.ctx.Done():
		return nil, r.ctx.Err()
	}
	r.forget(n)
	r.note("killed %s (process %d): %s", n.name, n.pid(), at.name)
	return r.again(n)
}
