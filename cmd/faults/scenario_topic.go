package faults

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/segmentio/kafka-go"

	"touchwatch/alerts/rule"
	"touchwatch/cmd/app"
	"touchwatch/ingest/intake"
	"touchwatch/ingest/simulator"
	"touchwatch/ingest/stream"
	"touchwatch/processors/keyed"
)

// newPartitionsWithin is how long it may take until partitions that were added are read and hold something. Ten seconds are promised; a busy machine
// is given three times that.
const newPartitionsWithin = 30 * time.Second

// partitionsAdded adds partitions to a raw topic that is being read, and sends into them.
func partitionsAdded(r *Run) error {
	if _, _, err := r.apart(); err != nil {
		return err
	}
	if err := r.open(); err != nil {
		return err
	}
	topic, before := simulator.TopicChat, 0
	for _, t := range r.cfg.Topics.Raw {
		if t.Name == topic {
			before = t.Partitions
		}
	}
	res, err := r.direct.CreatePartitions(r.ctx, &kafka.CreatePartitionsRequest{Topics: []kafka.TopicPartitionsConfig{{Name: topic, Count: int32(before + 2)}}})
	if err == nil {
		err = res.Errors[topic]
	}
	if err != nil {
		return fmt.Errorf("add partitions to %s: %w", topic, err)
	}
	added := time.Now()
	err = until(r.ctx, settleWithin, func() error { // the sender's client remembers for some seconds how many there were
		res, err := r.direct.Metadata(r.ctx, &kafka.MetadataRequest{Topics: []string{topic}})
		if err == nil && (len(res.Topics) != 1 || len(res.Topics[0].Partitions) != before+2) {
			err = fmt.Errorf("the sender does not know the new partitions of %s", topic)
		}
		return err
	})
	if err != nil {
		return err
	}
	l, err := r.send(5000, 18*time.Second)
	if err != nil {
		return err
	}
	for p := before; p < before+2; p++ {
		err := until(r.ctx, settleWithin, func() error {
			_, to, known, err := intake.Position(r.ctx, r.state, topic, p)
			if err == nil && (!known || to == 0) {
				err = fmt.Errorf("partition %d of %s is not read", p, topic)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	took := time.Since(added)
	r.note("the new partitions are read %s after they were added", took.Round(100*time.Millisecond))
	if took > newPartitionsWithin {
		return fmt.Errorf("the new partitions were read after %s, want at most %s", took.Round(100*time.Millisecond), newPartitionsWithin)
	}
	if err := errors.Join(l.under(), r.prove(2, "partitions added to a raw topic that was being read")); err != nil {
		return err
	}
	return l.wait()
}

// brokerReply lets the broker do what is asked and swallows the answer, or makes it an error: timeline batches that are in the log, and commits
// that counted.
func brokerReply(r *Run) error {
	_, worker, err := r.apart()
	if err != nil {
		return err
	}
	l, err := r.loaded(9000, 30*time.Second)
	if err != nil {
		return err
	}
	proxy := r.kafka.proxy
	writes, commits := int64(0), int64(0)
	var doubted atomic.Int64
	for i := range 9 {
		if err := errors.Join(worker.works(), r.pause(r.between(500*time.Millisecond, 1200*time.Millisecond)), l.under()); err != nil {
			return err
		}
		switch i % 3 {
		case 0:
			err = r.unheard(3, asks(apiProduce, "customer.timeline"), &writes)
		case 1:
			err = r.unheard(1, asks(apiOffsetCommit, "touchwatch."), &commits)
		default:
			before := doubted.Load()
			proxy.Retort(doubtedCommits(2, &doubted))
			err = until(r.ctx, settleWithin, func() error {
				if doubted.Load() < before+2 {
					return errors.New("no group has committed")
				}
				return nil
			})
		}
		proxy.Heal()
		if err != nil {
			return err
		}
	}
	if err := errors.Join(l.under(), r.prove(writes, "writes to the timeline done by the broker whose answer nobody got"),
		r.prove(commits, "commits done by the broker whose answer nobody got"),
		r.prove(doubted.Load(), "commits done by the broker and answered with REQUEST_TIMED_OUT")); err != nil {
		return err
	}
	return l.wait()
}

// unheard swallows the broker's next n answers to such requests, and waits until it has.
func (r *Run) unheard(n int64, match func([]byte) bool, total *int64) error {
	dropped := &r.kafka.proxy.Counts().Dropped
	before := dropped.Load()
	r.kafka.proxy.DropReplies(int(n), match)
	err := until(r.ctx, settleWithin, func() error {
		if got := dropped.Load() - before; got < n {
			return fmt.Errorf("%d of %d answers were swallowed", got, n)
		}
		return nil
	})
	*total += dropped.Load() - before
	return err
}

// rulesRewind changes the rules, lets Redis lose that it did, and changes them again: each change is in force in the end.
func rulesRewind(r *Run) error {
	_, worker, err := r.apart()
	if err != nil {
		return err
	}
	l, err := r.loaded(7000, 26*time.Second)
	if err != nil {
		return err
	}
	r.sampler.allowRewind(redisGroups...)
	lost := int64(0)
	for i, severity := range []string{"warning", "high"} {
		if err := errors.Join(worker.works(), l.reach(0.15+0.3*float64(i)), l.under()); err != nil {
			return err
		}
		before, err := r.logSize()
		if err != nil {
			return err
		}
		if worker, err = r.withRules(worker, severity); err != nil {
			return err
		}
		if i > 0 {
			break
		}
		if err := errors.Join(r.inForce(), l.under()); err != nil {
			return err
		}
		if lost, err = r.loseLog(before); err != nil {
			return err
		}
	}
	if err := errors.Join(l.under(), r.prove(lost, "bytes of Redis's log lost, with the change of rules in them")); err != nil {
		return err
	}
	if err := l.wait(); err != nil {
		return err
	}
	return r.inForce()
}

// withRules replaces the worker by one whose rules give the first of them another severity.
func (r *Run) withRules(worker *node, severity string) (*node, error) {
	text := bytes.Replace(rule.DefaultYAML(), []byte("severity: critical"), []byte("severity: "+severity), 1)
	r.cfg.RulesFile = filepath.Join(r.opt.Dir, "rules-"+severity+".yaml")
	if err := os.WriteFile(r.cfg.RulesFile, text, 0o600); err != nil {
		return nil, err
	}
	if err := r.configure(); err != nil {
		return nil, err
	}
	if _, err := worker.stop(nodeStop); err != nil {
		return nil, err
	}
	r.forget(worker)
	r.note("the rules change: %s", r.cfg.RulesFile)
	return r.again(worker)
}

// inForce waits until every partition of the timeline works under the rules that were configured last.
func (r *Run) inForce() error {
	want, err := app.ReadBundle(&r.cfg)
	if err != nil {
		return err
	}
	return until(r.ctx, settleWithin, func() error {
		for p := range r.cfg.Topics.TimelinePartitions {
			content, err := r.state.Get(r.ctx, keyed.NewKeys(keyed.CustomerPrefix, p).Settings()).Bytes()
			if err != nil {
				return err
			}
			if !bytes.Contains(content, []byte(filepath.Base(want.RulesFile))) {
				return fmt.Errorf("partition %d works under other rules than %s", p, want.RulesFile)
			}
		}
		return nil
	})
}

// loseLog kills Redis, cuts from its log what came after the given sizes, and starts it again. It returns how many bytes were lost.
func (r *Run) loseLog(before map[string]int64) (int64, error) {
	if err := r.redis.current.kill(); err != nil {
		return 0, err
	}
	after, err := r.logSize()
	if err != nil {
		return 0, err
	}
	lost := int64(0)
	for file, size := range before {
		if cut := after[file] - size; cut > 0 {
			if err := os.Truncate(file, size); err != nil {
				return 0, err
			}
			lost += cut
		}
	}
	r.note("killed redis (process %d), the end of its log is lost: %d bytes", r.redis.current.pid(), lost)
	return lost, r.redis.start(r.ctx)
}

// replayed sets the archive's offsets back to the beginning in the middle of the load, so that it takes everything again.
func replayed(r *Run) error {
	if r.house == nil {
		return errNoEngine
	}
	if _, err := r.node("front", app.RoleWeb); err != nil {
		return err
	}
	archive, err := r.node("archive", app.RoleArchive)
	if err != nil {
		return err
	}
	if _, err := r.node("worker", app.RoleIngest, app.RoleCustomers); err != nil {
		return err
	}
	l, err := r.loaded(6000, 20*time.Second)
	if err != nil {
		return err
	}
	if err := errors.Join(l.reach(0.6), l.under()); err != nil {
		return err
	}
	r.sampler.allowRewind(groupArchive)
	if _, err := archive.stop(nodeStop); err != nil {
		return err
	}
	r.forget(archive)
	again, err := r.rewind(groupArchive)
	if err != nil {
		return err
	}
	if _, err := r.again(archive); err != nil {
		return err
	}
	if err := errors.Join(l.under(), r.prove(again, "records that the archive was made to take again")); err != nil {
		return err
	}
	return l.wait()
}

// rewind commits offset zero for all partitions of a group that has no member, and returns how many records that brings back.
func (r *Run) rewind(group string) (int64, error) {
	back := &kafka.OffsetCommitRequest{GroupID: group, GenerationID: -1, Topics: map[string][]kafka.OffsetCommit{}}
	asked := &kafka.OffsetFetchRequest{GroupID: group, Topics: map[string][]int{}}
	for topic, n := range r.sampler.groups()[group] {
		for p := range n {
			asked.Topics[topic] = append(asked.Topics[topic], p)
			back.Topics[topic] = append(back.Topics[topic], kafka.OffsetCommit{Partition: p})
		}
	}
	held, err := r.direct.OffsetFetch(r.ctx, asked)
	if err != nil {
		return 0, err
	}
	again := int64(0)
	for _, partitions := range held.Topics {
		for _, p := range partitions {
			again += max(0, p.CommittedOffset)
		}
	}
	err = until(r.ctx, settleWithin, func() error {
		res, err := r.direct.OffsetCommit(r.ctx, back)
		if err != nil {
			return err
		}
		for topic, partitions := range res.Topics {
			for _, p := range partitions {
				if p.Error != nil {
					return fmt.Errorf("rewind %s partition %d: %w", topic, p.Partition, p.Error)
				}
			}
		}
		return nil
	})
	return again, err
}

// tooManyParts is what a ClickHouse answers that cannot merge as fast as it is written to; outOfMemory one whose query is too large, and
// timedOut one whose query takes too long.
var (
	tooManyParts = exception(252, "Too many parts (300) in all data parts in total. Merges are processing significantly slower than inserts. (TOO_MANY_PARTS)")
	outOfMemory  = exception(241, "Memory limit (total) exceeded. (MEMORY_LIMIT_EXCEEDED)")
	timedOut     = exception(159, "Timeout exceeded: elapsed 30.1 seconds, maximum: 30. (TIMEOUT_EXCEEDED)")
)

func exception(code int, text string) []byte {
	body := fmt.Sprintf("Code: %d. DB::Exception: %s", code, text)
	return fmt.Appendf(nil, "HTTP/1.1 500 Internal Server Error\r\nX-ClickHouse-Exception-Code: %d\r\nContent-Type: text/plain\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s", code, len(body), body)
}

// houseErrors lets ClickHouse refuse inserts for a while, and then answer nothing for longer than the archive waits.
func houseErrors(r *Run) error {
	if r.house == nil {
		return errNoEngine
	}
	front, worker, err := r.apart()
	if err != nil {
		return err
	}
	l, err := r.loaded(14000, 75*time.Second)
	if err != nil {
		return err
	}
	if err := errors.Join(worker.works(), l.reach(0.05), l.under()); err != nil {
		return err
	}
	usual, err := r.usualAge()
	if err != nil {
		return err
	}
	stop := r.ages()
	for _, refusal := range [][]byte{tooManyParts, outOfMemory, timedOut} {
		before := r.house.proxy.Counts().Answered.Load()
		r.house.proxy.Answer(1<<30, isInsert, refusal)
		if err := errors.Join(r.pause(5*time.Second), l.under()); err != nil {
			return err
		}
		r.house.proxy.Heal()
		if err := r.prove(r.house.proxy.Counts().Answered.Load()-before, fmt.Sprintf("inserts that were refused: %.60s", refusal[bytes.LastIndex(refusal, []byte("Code: ")):])); err != nil {
			return err
		}
		stream.Sleep(r.ctx, time.Second)
	}
	failed := front.metric("touchwatch_archive_errors_total")
	r.house.proxy.Hold(false, true)
	err = until(r.ctx, houseSilent+settleWithin, func() error {
		if front.metric("touchwatch_archive_errors_total") == failed {
			return errors.New("the archive waits still for an answer of ClickHouse")
		}
		return nil
	})
	if err := errors.Join(err, l.under()); err != nil {
		return err
	}
	worst := stop()
	r.house.proxy.Heal()
	if err := errors.Join(r.freshAs(worst, usual), r.prove(int64(front.metric("touchwatch_archive_errors_total")-failed), "writes to ClickHouse given up because no answer came")); err != nil {
		return err
	}
	if err := r.prove(int64(failed), "writes to ClickHouse that failed"); err != nil {
		return err
	}
	return l.wait()
}
