package faults

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"touchwatch/cmd/app"
	"touchwatch/ingest/fence"
	"touchwatch/ingest/identity"
	"touchwatch/ingest/intake"
	"touchwatch/ingest/simulator"
	"touchwatch/ingest/touchpoint"
)

// strangers write in the chat before anybody knows who they are.
const strangers = 12

// linkedBetween kills a worker of ingest when the plan of the strangers' messages is sent in part. Before another one sends the rest, it learns from
// a partition of its own who the strangers are.
func linkedBetween(r *Run) error {
	first, err := r.eachApart()
	if err != nil {
		return err
	}
	l, err := r.loaded(2500, 15*time.Second)
	if err != nil {
		return err
	}
	if err := l.reach(0.2); err != nil {
		return err
	}
	alone, err := r.chatHolders()
	if err != nil {
		return err
	}
	if _, err := r.node("ingest-2", app.RoleIngest); err != nil {
		return err
	}
	if err := errors.Join(l.wait(), r.reach(touchpoint.MillisOf(time.Now()))); err != nil { // by then the two have shared the work
		return err
	}
	doomed, heirs, err := r.shared(alone)
	if err != nil {
		return err
	}
	people, err := newChatters("stranger", strangers)
	if err != nil {
		return err
	}
	if err := r.partOf(first, people, doomed); err != nil {
		return err
	}
	if err := r.introduce(people, heirs, doomed); err != nil {
		return err
	}
	if err := until(r.ctx, settleWithin, func() error { return r.unfinished(doomed, false) }); err != nil {
		return err
	}
	r.note("the plan is finished; what the strangers write from now on is known people's")
	for i := range people {
		people[i].id = "" // they go by the contact alone again, which leads to whom they said they are
	}
	return r.tell(people, heirs, "Now it is here, thank you.")
}

// shared returns a partition of the chat that is still held by who held it alone, and one that a second worker got.
func (r *Run) shared(alone []string) (kept, given int, err error) {
	now, err := r.chatHolders()
	if err != nil {
		return 0, 0, err
	}
	kept, given = -1, -1
	for p, holder := range now {
		if holder == alone[p] {
			kept = p
		} else {
			given = p
		}
	}
	if kept < 0 || given < 0 {
		return 0, 0, fmt.Errorf("the partitions of the chat are held by %v, want two workers to share them", now)
	}
	r.note("partition %d of the chat is the first worker's, partition %d the second one's", kept, given)
	return kept, given, nil
}

// chatHolders are the members that hold the partitions of the chat, as Redis has them.
func (r *Run) chatHolders() ([]string, error) {
	holders := make([]string, r.chatPartitions())
	for p := range holders {
		stored, err := r.state.HGet(r.ctx, intake.LedgerKey(simulator.TopicChat, p), "token").Result()
		if err != nil {
			return nil, fmt.Errorf("who holds partition %d of the chat: %w", p, err)
		}
		token, ok := fence.Parse(stored)
		if !ok {
			return nil, fmt.Errorf("partition %d of the chat is held by %q, want a token", p, stored)
		}
		holders[p] = token.Member
	}
	return holders, nil
}

// partOf lets the strangers write, and kills the worker that has planned it when the broker has the plan in part.
func (r *Run) partOf(worker *node, people []chatter, partition int) error {
	at := &inPart{}
	r.kafka.proxy.Set(at.trap(func() { _ = worker.signal(os.Kill) }))
	if err := r.tell(people, partition, "My parcel has not come yet."); err != nil {
		return err
	}
	if err := r.ended(worker.process); err != nil {
		return fmt.Errorf("no plan went on in part: %w", err)
	}
	r.forget(worker)
	r.note("killed %s (process %d) when the plan of the strangers' messages was sent in part", worker.name, worker.pid())
	return r.proveInPart(at.cut.Load())
}

// introduce lets the strangers say who they are, to the worker that will have to send the rest, and proves that it knows before it does.
func (r *Run) introduce(people []chatter, heirs, doomed int) error {
	aliases := make([]touchpoint.Alias, len(people))
	for i := range people {
		alias, err := people[i].knownAs("known-" + strconv.Itoa(i))
		if err != nil {
			return err
		}
		aliases[i] = alias
	}
	if err := r.tell(people, heirs, "It is me, I have signed in."); err != nil {
		return err
	}
	directory := identity.Directory{Redis: r.state}
	err := until(r.ctx, settleWithin, func() error {
		links, err := directory.Fetch(r.ctx, aliases)
		if err != nil {
			return err
		}
		for i, a := range aliases {
			if got := links[a].Customer; got != people[i].owner {
				return fmt.Errorf("%s is linked to %q, want %s", a.Value, got, people[i].owner)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := r.unfinished(doomed, true); err != nil {
		return fmt.Errorf("the links came too late: %w", err)
	}
	return r.prove(int64(len(people)), "strangers became known while the plan of their messages was sent in part")
}

// unfinished checks whether the plan of a partition of the chat is still to be sent.
func (r *Run) unfinished(partition int, want bool) error {
	from, to, known, err := intake.Position(r.ctx, r.state, simulator.TopicChat, partition)
	if err != nil {
		return err
	}
	if got := known && from < to; got != want {
		return fmt.Errorf("partition %d of the chat: the plan of the records from %d to %d is unfinished: %t, want %t", partition, from, to, got, want)
	}
	return nil
}
