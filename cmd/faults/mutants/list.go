package main

import "strings"

// mutant is one way to break a promise, and what has to notice.
type mutant struct {
	name, what string
	change
	pkg, test string // a package and its tests, as a pattern; or
	scenario  string // a fault scenario on real servers
}

// change is what is broken: broken replaces old, which is in the file once.
type change struct{ file, old, broken string }

// check names what has to go red.
func (m *mutant) check() string {
	if m.scenario != "" {
		return "scenario `" + m.scenario + "`"
	}
	return "`" + strings.ReplaceAll(m.test, "|", "`, `") + "` (" + m.pkg + ")"
}

// Changes that are tried on more than one check.
var (
	noOwnerCheck = change{
		file:   "processors/keyed/flush.go",
		old:    "if held.Val() != w.token || next.Val() != w.stored {",
		broken: "if false && (held.Val() != w.token || next.Val() != w.stored) {",
	}
	timerByClock = change{
		file:   "processors/keyed/tick.go",
		old:    "Max: strconv.FormatInt(int64(w.progress.UpTo), 10)",
		broken: "Max: strconv.FormatInt(time.Now().UnixMilli(), 10)",
	}
	planCountsFirst = change{
		file:   "ingest/intake/plan.go",
		old:    `return l.write(ctx, mine, "plan", body, "done", "0")`,
		broken: `return l.write(ctx, mine, "plan", body, "done", "1")`,
	}
	resolvedAgain = change{
		file:   "ingest/intake/send.go",
		old:    "		if p.Customers[i] != \"\" {\n			customer = p.Customers[i]\n		} else {\n			decided = true\n		}\n",
		broken: "		decided = decided || p.Customers[i] == \"\"\n",
	}
	foldByClock = change{
		file:   "processors/customer/fold.go",
		old:    "		s.Now = max(s.Now, e.At)\n		f.touch(",
		broken: "		s.Now = max(s.Now, touchpoint.MillisOf(time.Now()))\n		f.touch(",
	}
)

var mutants = []mutant{
	{
		name: "owner", what: "a flush does not check who owns the partition",
		change: noOwnerCheck,
		pkg:    "processors/keyed", test: "TestAZombieWritesNothingAfterItsSuccessorTookOver",
	},
	{
		name: "offset-first", what: "the offset is stored before the states",
		change: change{
			file:   "processors/keyed/flush.go",
			old:    "	token := w.rt.token(w.a).String()\n	err = w.opt.Redis.Watch(",
			broken: "	token := w.rt.token(w.a).String()\n	if w.opt.Redis.HSet(ctx, w.keys.Offset(), \"next\", w.next).Err() == nil {\n		w.stored = strconv.FormatInt(w.next, 10)\n	}\n	err = w.opt.Redis.Watch(",
		},
		pkg: "processors/keyed", test: "TestWhateverHappensEachEntryTakesEffectOnce",
	},
	{
		name: "repeats", what: "an entry that was applied before is applied again",
		change: change{
			file:   "processors/keyed/apply.go",
			old:    "if known && p.reached(last) {",
			broken: "if false && known && p.reached(last) {",
		},
		pkg: "processors/keyed", test: "TestEveryEntryTakesEffectOnceAcrossRestartsAndRepeats",
	},
	{
		name: "timer-clock", what: "a timer fires by the clock",
		change: timerByClock,
		pkg:    "processors/keyed", test: "TestATimerWaitsForTheProgressOfItsSources",
	},
	{
		name: "retry", what: "the Redis client of the stages sends a command again by itself",
		change: change{
			file:   "deploy/connect/redis.go",
			old:    "	options.MaxRetries = -1\n	options.PipelinePoolSize = -1\n",
			broken: "	options.PipelinePoolSize = -1\n",
		},
		pkg: "deploy/connect", test: "TestOnlyClientSendsACommandAgain",
	},
	{
		name: "next-first", what: "ingest sends the next batch before the one that failed",
		change: change{
			file:   "ingest/intake/send.go",
			old:    "	err := w.stage.out.Produce(ctx, parcels, onError)\n",
			broken: "	var err error\n	for _, p := range parcels {\n		if _, failed := stream.Produce(ctx, opt.Kafka, p.Topic, p.Partition, p.Records); failed != nil {\n			go func() { _ = w.stage.out.Produce(ctx, []stream.Parcel{p}, onError) }()\n		}\n	}\n",
		},
		pkg: "ingest/intake", test: "TestNothingLaterIsSentBeforeABatchThatFailed",
	},
	{
		name: "refused", what: "what the broker refused for one partition of a request counts as written",
		change: change{
			file:   "ingest/stream/combine_send.go",
			old:    "outcomes[lane{res.Topics[i].Topic, int(p.Partition)}] = refusal(p)",
			broken: "outcomes[lane{res.Topics[i].Topic, int(p.Partition)}] = nil",
		},
		pkg: "ingest/stream", test: "TestOnlyTheRefusedParcelIsSentAgain",
	},
	{
		name: "plan", what: "a plan counts as sent before it is",
		change: planCountsFirst,
		pkg:    "ingest/intake", test: "TestAPlanThatWasSentInPartIsSentWholeAfterARestart",
	},
	{
		name: "identity", what: "ingest resolves identity again after a crash",
		change: resolvedAgain,
		pkg:    "ingest/intake", test: "TestAnUnfinishedPlanIsSentAsWritten",
	},
	{
		name: "received", what: "ingest reads the clock again for a plan that is sent again",
		change: change{
			file:   "ingest/intake/send.go",
			old:    "r := w.decode(b.Records, p.ReceivedAt)",
			broken: "r := w.decode(b.Records, w.stage.now())",
		},
		pkg: "ingest/intake", test: "TestAnUnfinishedPlanIsSentAsWritten",
	},
	{
		name: "clock-back", what: "the moment of receipt goes back with the clock",
		change: change{
			file:   "ingest/intake/worker.go",
			old:    "ReceivedAt: max(w.stage.now(), w.receivedAt+1)",
			broken: "ReceivedAt: w.stage.now()",
		},
		pkg: "ingest/intake", test: "TestAClockThatJumpsDoesNotTakeReceiptBack",
	},
	{
		name: "fold-clock", what: "the fold reads the clock",
		change: foldByClock,
		pkg:    "processors/customer", test: "TestTheOrderOfArrivalDoesNotChangeTheScore|TestDecayResolvesAnAlertByATimer|TestAPartyIsForgottenAfterItsRetention|TestAStateThatWasStoredInBetweenIsStoredAlike",
	},
	{
		name: "timer-window", what: "a window forgets what an armed timer waits for",
		change: change{
			file:   "processors/customer/observe.go",
			old:    "signal.Prune(w.Marks, d.bounds, w.Wake)",
			broken: "signal.Prune(w.Marks, d.bounds, 0)",
		},
		pkg: "processors/customer", test: "TestATimerFindsWhatItWasArmedForAfterALongBacklog",
	},
	{
		name: "version-clock", what: "a minute's version comes from the clock",
		change: change{
			file:   "processors/archive/recompute.sql",
			old:    "sum(sum(worth)) OVER (PARTITION BY minute)",
			broken: "toUInt128(toUnixTimestamp64Nano(now64(9))) + 0 * sum(sum(worth)) OVER (PARTITION BY minute)",
		},
		pkg: "processors/archive", test: "TestTheVersionOfACountGrowsWithWhatItSaw",
	},
	{
		name: "owner-real", what: "a flush does not check who owns the partition",
		change:   noOwnerCheck,
		scenario: "zombie",
	},
	{
		name: "plan-real", what: "a plan counts as sent before it is",
		change:   planCountsFirst,
		scenario: "points-ingest",
	},
	{
		name: "plan-rebuilt", what: "a plan counts as sent before it is, after a rebuild",
		change:   planCountsFirst,
		scenario: "rebuild",
	},
	{
		name: "taken-again", what: "what the broker took of a request is sent again with what it did not take",
		change: change{
			file:   "ingest/stream/combine_send.go",
			old:    "	return outcomes, nil\n",
			broken: "	for _, j := range jobs {\n		if outcomes[j.lane] != nil {\n			return nil, outcomes[j.lane]\n		}\n	}\n	return outcomes, nil\n",
		},
		scenario: "part-refused",
	},
	{
		name: "next-first-real", what: "ingest sends the next batch before the one that failed",
		change: change{
			file:   "ingest/intake/send.go",
			old:    "	err := w.stage.out.Produce(ctx, parcels, onError)\n",
			broken: "	var err error\n	go func() { _ = w.stage.out.Produce(ctx, parcels, onError) }()\n",
		},
		scenario: "part-refused",
	},
	{
		name: "identity-real", what: "ingest resolves identity again after a crash",
		change:   resolvedAgain,
		scenario: "linked-between",
	},
	{
		name: "commit-first", what: "ingest commits its offset before it is stored that the plan was sent",
		change: change{
			file:   "ingest/intake/worker.go",
			old:    "	if err := w.ledger.confirm(ctx, w.stage.token(w.a), w.upTo); err != nil {",
			broken: "	w.commit(w.next)\n	if err := w.ledger.confirm(ctx, w.stage.token(w.a), w.upTo); err != nil {",
		},
		scenario: "redis-reply",
	},
	{
		name: "relay-first", what: "the relay stores its position before the outbox is copied to Kafka",
		change: change{
			file:   "processors/keyed/relay.go",
			old:    "	if err := r.copy(ctx, entries); err != nil {\n		return false, err\n	}\n	r.position = entries[len(entries)-1].ID\n",
			broken: "	r.position = entries[len(entries)-1].ID\n	if err := r.store(ctx); err != nil {\n		return false, err\n	}\n	if err := r.copy(ctx, entries); err != nil {\n		return false, err\n	}\n",
		},
		scenario: "points-customers",
	},
	{
		name: "fold-clock-real", what: "the fold reads the clock",
		change:   foldByClock,
		scenario: "redis-reply",
	},
	{
		name: "timer-clock-real", what: "a timer fires by the clock",
		change:   timerByClock,
		scenario: "unread-answer",
	},
}
