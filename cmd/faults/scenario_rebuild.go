package faults

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"

	"touchwatch/cmd/app"
)

// rebuilt kills ingest when a plan is sent in part, empties Redis, kills the first rebuild in the middle of its work, and lets a second one
// come to its end, and kills ingest in part of a plan once more. Records and boards go on coming meanwhile.
func rebuilt(r *Run) error {
	_, worker, err := r.apart()
	if err != nil {
		return err
	}
	l, err := r.loaded(7000, 30*time.Second)
	if err != nil {
		return err
	}
	if err := errors.Join(worker.works(), l.reach(0.3), l.under()); err != nil {
		return err
	}
	if err := r.killedInPart(worker); err != nil {
		return err
	}
	keys, err := r.state.DBSize(r.ctx).Result()
	if err != nil {
		return err
	}
	r.sampler.allowRewind(redisGroups...)
	if err := r.state.FlushAll(r.ctx).Err(); err != nil {
		return err
	}
	if err := errors.Join(l.under(), r.prove(keys, "keys of Redis that are gone")); err != nil {
		return err
	}
	if err := r.rebuildKilled(); err != nil {
		return err
	}
	if err := r.refusedToServe(); err != nil {
		return err
	}
	said, err := r.rebuild()
	if err != nil {
		return err
	}
	r.note("%s", said)
	if worker, err = r.again(worker); err != nil {
		return err
	}
	// What was rebuilt is worth as much as what was there before: a plan that is sent in part then is finished too.
	if err := r.killedInPart(worker); err != nil {
		return err
	}
	if _, err := r.again(worker); err != nil {
		return err
	}
	return l.wait()
}

// ended waits until a process has ended by what was done to it.
func (r *Run) ended(p *process) error {
	select {
	case <-p.dead:
		return nil
	case <-time.After(settleWithin):
		return fmt.Errorf("%s did not end within %s\n%s", p.name, settleWithin, p.lastLines(5))
	case <-r.ctx.Done():
		return r.ctx.Err()
	}
}

// rebuildProcess starts the command that makes Redis anew.
func (r *Run) rebuildProcess() (*process, error) {
	var env []string
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "TOUCHWATCH_") {
			env = append(env, v)
		}
	}
	return launch(r.opt.Dir, "rebuild", env, r.opt.Program, "rebuild", "redis", "--yes", "--config", r.configFile())
}

// rebuildKilled starts a rebuild, again until the killed worker counts as gone, and kills it when it writes states.
func (r *Run) rebuildKilled() error {
	return until(r.ctx, settleWithin, func() error {
		p, err := r.rebuildProcess()
		if err != nil {
			return err
		}
		defer p.discard()
		r.redis.proxy.Set(&Trap{Match: writes("tw:{", "}:customers:"), Ends: execs, Done: answersExec, After: true, Spring: func() { _ = p.signal(os.Kill) }})
		if err := r.ended(p); err != nil {
			return err
		}
		if p.cmd.ProcessState.Exited() {
			return fmt.Errorf("the rebuild ended by itself: %s", p.lastLines(3))
		}
		return r.prove(1, "rebuild killed when a part of the states was written, process "+strconv.Itoa(p.pid()))
	})
}

// refusedToServe starts a process on a Redis that is half built.
func (r *Run) refusedToServe() error {
	n, err := r.node("early", app.RoleIngest, app.RoleCustomers)
	if err != nil {
		return err
	}
	defer r.forget(n)
	if err := r.ended(n.process); err != nil {
		return err
	}
	if n.cmd.ProcessState.ExitCode() != 1 || n.times("everything in Redis is being rebuilt") == 0 {
		return fmt.Errorf("a process on a Redis that is half built ended with %s\n%s", n.cmd.ProcessState, n.lastLines(3))
	}
	r.note("%s", strings.TrimSpace(n.lastLines(1)))
	return nil
}

var saidRebuilt = regexp.MustCompile(`(?m)^(rebuilt in .*)$`)

// rebuild runs a rebuild to its end, again until the killed one counts as gone.
func (r *Run) rebuild() (said string, err error) {
	err = until(r.ctx, settleWithin, func() error {
		p, err := r.rebuildProcess()
		if err != nil {
			return err
		}
		defer p.discard()
		if err := r.ended(p); err != nil {
			return err
		}
		if p.cmd.ProcessState.ExitCode() != 0 {
			return fmt.Errorf("the rebuild ended with %s: %s", p.cmd.ProcessState, p.lastLines(3))
		}
		said = p.find(saidRebuilt)
		return nil
	})
	return said, err
}
