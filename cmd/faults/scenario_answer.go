package faults

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"touchwatch/cmd/app"
	"touchwatch/cmd/faults/oracle"
	"touchwatch/ingest/decode"
	"touchwatch/ingest/intake"
	"touchwatch/ingest/simulator"
	"touchwatch/ingest/stream"
	"touchwatch/ingest/timeline"
	"touchwatch/ingest/touchpoint"
)

// An answer is due a minute after the question by the shipped settings; so long ago it was asked when the product hears of it.
const (
	answerDue = time.Minute
	askedAgo  = 40 * time.Second
)

// chatters are customers of their own beside the world, each with one chat.
const (
	chatters = 12
	ignored  = 3 // of them get no answer: of these somebody has to be told
	byRule   = "chat_unanswered"
)

type chatter struct {
	contact, thread string
	id              string // "" while nobody knows whose the contact is
	owner           touchpoint.CustomerID
	said            int
}

// newChatters are n customers whom nobody knows.
func newChatters(name string, n int) ([]chatter, error) {
	people := make([]chatter, n)
	for i := range people {
		p := &people[i]
		p.contact, p.thread = name+":"+strconv.Itoa(i), name+"-"+strconv.Itoa(i)
		alias, ok := touchpoint.NewAlias(touchpoint.AliasContact, p.contact)
		if !ok {
			return nil, fmt.Errorf("%q names nobody", p.contact)
		}
		p.owner = alias.Derived()
	}
	return people, nil
}

// knownAs gives the customer an id, and returns the contact that leads to it from now on.
func (p *chatter) knownAs(id string) (touchpoint.Alias, error) {
	alias, ok := touchpoint.NewAlias(touchpoint.AliasContact, p.contact)
	known, named := touchpoint.NewAlias(touchpoint.AliasID, id)
	if !ok || !named {
		return alias, fmt.Errorf("%q or %q names nobody", p.contact, id)
	}
	p.id, p.owner = id, touchpoint.CustomerID(known.Value)
	return alias, nil
}

// unreadAnswer lets customers ask in the chat, and lets the answers lie unread in the raw topic when they are due. Meanwhile workers of ingest
// join, leave and are killed, and all other topics are read on.
func unreadAnswer(r *Run) error {
	first, err := r.eachApart()
	if err != nil {
		return err
	}
	l, err := r.loaded(9000, 50*time.Second)
	if err != nil {
		return err
	}
	if err := l.reach(0.1); err != nil {
		return err
	}
	asked := time.Now().Add(-askedAgo)
	people, err := r.ask(asked)
	if err != nil {
		return err
	}
	if err := r.reach(touchpoint.MillisOf(time.Now())); err != nil {
		return fmt.Errorf("the questions: %w", err)
	}
	r.kafka.proxy.Retort(refusedFetches(simulator.TopicChat))
	r.note("%d questions are read; from now on no record of the chat is", len(people))
	if err := r.say(people[ignored:], "agent_message", "Hello, how can I help you?", time.Now()); err != nil {
		return err
	}
	if err := r.comeAndGo(first, asked.Add(answerDue+3*time.Second)); err != nil {
		return err
	}
	if err := errors.Join(l.under(), r.unread(people), r.readOn(asked.Add(answerDue))); err != nil {
		return err
	}
	refusals := r.kafka.proxy.Counts().Changed.Load()
	r.kafka.proxy.Heal()
	if err := r.prove(refusals, "answers to fetches in which the broker gave nothing of the chat"); err != nil {
		return err
	}
	if err := l.wait(); err != nil {
		return err
	}
	return r.told(people)
}

// ask lets everybody ask something in the chat.
func (r *Run) ask(at time.Time) ([]chatter, error) {
	people, err := newChatters("faults", chatters)
	if err != nil {
		return nil, err
	}
	return people, r.say(people, "customer_message", "Hello, where is my parcel? It should have been here on Monday.", at)
}

// say sends a chat message of each of these to the partition of its thread.
func (r *Run) say(people []chatter, kind, text string, at time.Time) error {
	for i := range people {
		rec, err := r.message(&people[i], kind, text, at)
		if err != nil {
			return err
		}
		if err := r.produce(simulator.TopicChat, timeline.Partition(people[i].thread, r.chatPartitions()), 0, []stream.Record{rec}); err != nil {
			return err
		}
	}
	return nil
}

// tell sends what each of these customers writes to one partition, in one batch.
func (r *Run) tell(people []chatter, partition int, text string) error {
	batch := make([]stream.Record, len(people))
	for i := range people {
		var err error
		if batch[i], err = r.message(&people[i], "customer_message", text, time.Now()); err != nil {
			return err
		}
	}
	return r.produce(simulator.TopicChat, partition, 0, batch)
}

// message makes a chat message, and adds it to what the world says.
func (r *Run) message(p *chatter, kind, text string, at time.Time) (stream.Record, error) {
	author, id := "", ""
	if kind == "agent_message" {
		author = `,"author":"agent","agent":"Kim"`
	}
	if p.id != "" {
		id = fmt.Sprintf(`"id":%q,`, p.id)
	}
	p.said++
	value := fmt.Appendf(nil, `{"id":"%s-%s-%d","type":%q,"occurred_at":%q,"customer":{%s"contact":%q},"thread":%q,"platform":"faults","text":%q%s}`,
		p.thread, kind, p.said, kind, at.UTC().Format("2006-01-02T15:04:05.000Z"), id, p.contact, p.thread, text, author)
	rec := simulator.Record{Topic: simulator.TopicChat, Key: []byte(p.thread), Value: value, At: at}
	read := decode.Decode(decode.Record{Topic: rec.Topic, Value: value, Headers: func(string) string { return "" }}, decode.DefaultFormat(rec.Topic))
	if len(read.Touchpoints) != 1 {
		return stream.Record{}, fmt.Errorf("the message %s is %d touchpoints: %+v", value, len(read.Touchpoints), read.Bad)
	}
	r.world.Truth.Owners[read.Touchpoints[0].ID] = p.owner
	r.world.Records = append(r.world.Records, rec)
	return stream.Record{Key: rec.Key, Value: value}, nil
}

func (r *Run) chatPartitions() int {
	for _, t := range r.cfg.Topics.Raw {
		if t.Name == simulator.TopicChat {
			return t.Partitions
		}
	}
	return 0
}

// comeAndGo lets workers of ingest join, leave and be killed until a moment.
func (r *Run) comeAndGo(worker *node, until time.Time) error {
	changes := int64(0)
	for time.Now().Before(until) {
		other, err := r.node("ingest-"+strconv.FormatInt(2+changes%2, 10), app.RoleIngest)
		if err != nil {
			return err
		}
		if err := r.pause(r.between(2*time.Second, 4*time.Second)); err != nil {
			return err
		}
		if changes%2 == 0 {
			err = worker.kill()
		} else {
			_, err = worker.stop(nodeStop)
		}
		if err != nil {
			return err
		}
		r.forget(worker)
		r.note("%s has left, %s goes on", worker.name, other.name)
		worker = other
		changes++
	}
	return r.prove(changes, "workers of ingest that joined while another left")
}

// unread proves that every chat is unread, and that everything else is read on: by that the answers would be due.
func (r *Run) unread(people []chatter) error {
	waiting := int64(0)
	for p := range r.chatPartitions() {
		_, to, _, err := intake.Position(r.ctx, r.state, simulator.TopicChat, p)
		if err != nil {
			return err
		}
		_, end, err := stream.Bounds(r.ctx, r.direct, simulator.TopicChat, p)
		if err != nil {
			return err
		}
		waiting += end - to
	}
	if waiting < chatters-ignored {
		return fmt.Errorf("%d records of the chat are unread, the answers alone are %d", waiting, chatters-ignored)
	}
	if a := r.toldOf(people); a != nil {
		return fmt.Errorf("somebody was told that %s waits for an answer, while %d records of the chat are unread", a.Subject.ID, waiting)
	}
	return r.prove(waiting, "records of the chat unread, the answers that are due among them")
}

// readOn checks that every other raw topic is read up to behind a moment: the chat alone keeps the timers back.
func (r *Run) readOn(due time.Time) error {
	return until(r.ctx, settleWithin, func() error {
		for _, t := range r.cfg.Topics.Raw {
			if t.Name == simulator.TopicChat {
				continue
			}
			for p := range t.Partitions {
				upTo, err := r.state.HGet(r.ctx, intake.LedgerKey(t.Name, p), "up_to").Int64()
				if err != nil {
					return fmt.Errorf("how far %s partition %d is read: %w", t.Name, p, err)
				}
				if late := touchpoint.MillisOf(due).Sub(touchpoint.Millis(upTo)); late >= 0 {
					return fmt.Errorf("%s partition %d is read up to %s before the answers were due", t.Name, p, late.Round(time.Millisecond))
				}
			}
		}
		r.note("all other raw topics are read on, beyond the moment at which the answers were due")
		return nil
	})
}

// told checks whom somebody was told of in the end: those who got no answer, and nobody who did.
func (r *Run) told(people []chatter) error {
	err := until(r.ctx, settleWithin, func() error {
		for i := range people[:ignored] {
			if r.toldOf(people[i:i+1]) == nil {
				return fmt.Errorf("nobody was told that %s waits for an answer", people[i].owner)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := r.reach(touchpoint.MillisOf(time.Now())); err != nil {
		return err
	}
	if a := r.toldOf(people[ignored:]); a != nil {
		return fmt.Errorf("somebody was told that %s waits for an answer, which was there in time: %s", a.Subject.ID, a.Reason)
	}
	r.note("somebody was told of the %d who got no answer, and of none of the %d who did", ignored, chatters-ignored)
	return nil
}

// toldOf is an alert about the chat of one of these, nil when the board was told of none.
func (r *Run) toldOf(people []chatter) *oracle.Alert {
	for _, a := range r.board.Told() {
		if a.Rule == byRule && slices.ContainsFunc(people, func(p chatter) bool { return string(p.owner) == a.Subject.ID }) {
			return &a
		}
	}
	return nil
}
