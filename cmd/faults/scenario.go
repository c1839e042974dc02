package faults

import "time"

// Scenario is one fault with what must hold all the same.
type Scenario struct {
	Name  string
	Row   string // of the fault matrix
	Fault string // what is broken
	Holds string // what must hold, beside the comparisons that follow every scenario
	play  func(*Run) error
}

// All are the scenarios, the most telling first.
var All = []Scenario{
	{
		Name: "kill", Row: "1", play: kill,
		Fault: "the process with ingest and customers is killed with SIGKILL at random points under load, up to six times",
		Holds: "whoever comes next goes on from what Redis says",
	},
	{
		Name: "points-ingest", Row: "1", play: pointsIngest,
		Fault: "ingest is killed between fetching, planning, sending, confirming and committing, once at each point",
		Holds: "a plan is sent again as written; what is in the timeline twice counts once",
	},
	{
		Name: "points-customers", Row: "1", play: pointsCustomers,
		Fault: "the customers' stage is killed between folding, flushing, copying the outbox and committing, once at each point",
		Holds: "what was flushed is not folded again, what was not is; alerts and signals that are copied twice count once",
	},
	{
		Name: "roll", Row: "30", play: roll,
		Fault: "two processes with all roles are stopped by SIGTERM under load and replaced, one after the other",
		Holds: "each ends in order within its deadline with exit code 0; a board that is told to come back misses nothing",
	},
	{
		Name: "zombie", Row: "2", play: zombie,
		Fault: "each of two workers is frozen (SIGSTOP) for longer than its session, and goes on (SIGCONT) when others own its partitions",
		Holds: "what the woken worker writes is refused; no offset goes back",
	},
	{
		Name: "redis-reply", Row: "13", play: redisReply,
		Fault: "Redis does what a transaction asks for and the answer is cut off; then all answers are held for longer than a call may take",
		Holds: "an unknown outcome is read from Redis, and never guessed",
	},
	{
		Name: "redis-kill", Row: "14", play: redisKill,
		Fault: "Redis is killed twice under load and loses the last second of its log, as in a power cut with appendfsync everysec",
		Holds: "offsets and states rewind together, and heal from the timeline",
	},
	{
		Name: "broker-kill", Row: "5", play: brokerKill,
		Fault: "the only broker is killed under load and started again, twice",
		Holds: "everything goes on by itself; writes whose outcome was unknown count once",
	},
	{
		Name: "broker-reply", Row: "6", play: brokerReply,
		Fault: "the broker takes timeline batches and offset commits, and the answers are cut off",
		Holds: "a batch that is in the log twice counts once; a commit that counted and was reported as failed does no harm",
	},
	{
		Name: "part-refused", Row: "also", play: partRefused,
		Fault: "requests that write plans lose all partitions of the timeline but one, many times under load; the broker takes and confirms the rest",
		Holds: "what is missing is sent again, and nothing else: no touchpoint is in the timeline twice",
	},
	{
		Name: "coordinator", Row: "7", play: coordinatorErrors,
		Fault: "the coordinator answers heartbeats, commits and those who join with errors: not coordinator, loading, rebalance, unknown member",
		Holds: "nobody ends; the groups go on by themselves, and no offset goes back",
	},
	{
		Name: "leader", Row: "9", play: leaderMoves,
		Fault: "of two brokers with replication 2, one gives its leaders to the other, is killed with those it has, and gets them back",
		Holds: "everything goes on by itself; writes of unknown outcome count once",
	},
	{
		Name: "partitions", Row: "9", play: partitionsAdded,
		Fault: "partitions are added to a raw topic that is being read",
		Holds: "they are read without a restart",
	},
	{
		Name: "failover", Row: "15", play: failover,
		Fault: "Redis is killed when its replica has not heard the latest, and the replica takes over",
		Holds: "offsets and states rewind together, and heal from the timeline",
	},
	{
		Name: "rebuild", Row: "14", play: rebuilt,
		Fault: "ingest is killed when a plan is sent in part, and everything in Redis is lost; the first rebuild is killed in the middle",
		Holds: "no process starts on what is half built; the second rebuild makes exactly what the log says, and nobody is told twice",
	},
	{
		Name: "redis-refuses", Row: "16", play: redisRefuses,
		Fault: "Redis refuses to write under load: READONLY as a replica, OOM as one whose memory is full",
		Holds: "nothing is written in part; the work goes on by itself when Redis takes it again",
	},
	{
		Name: "redis-loading", Row: "16", play: redisLoading,
		Fault: "Redis is killed under load and answers LOADING for some seconds when it is back, while another worker starts",
		Holds: "both wait and go on by themselves",
	},
	{
		Name: "redis-full", Row: "31", play: redisFull,
		Fault: "the disk of Redis's log is full: it can write no further byte, and refuses with MISCONF (Linux)",
		Holds: "nothing is written in part; the work goes on by itself when there is room again",
	},
	{
		Name: "kafka-full", Row: "31", play: kafkaFull,
		Fault: "the disk of the timeline is full: the only broker can write no further byte and ends; with room it is started again, twice (Linux)",
		Holds: "what was written in part is not there, what was acknowledged is; everything goes on by itself",
	},
	{
		Name: "cluster", Row: "17", play: cluster,
		Fault: "on three Redis Cluster nodes the slots of the timeline's partitions are moved to other nodes under load",
		Holds: "a transaction that meets a moving slot is repeated as a whole or not at all",
	},
	{
		Name: "redis-slow", Row: "18", play: slowRedis,
		Fault: "every answer of Redis comes 200 ms late",
		Holds: "nobody is taken for dead, no partition changes hands, memory stays bounded",
	},
	{
		Name: "rules-rewind", Row: "also", play: rulesRewind,
		Fault: "the rules are changed, Redis loses the last seconds and with them the change, and the rules are changed again",
		Holds: "every change takes effect at its place in the log, and the last one is in force",
	},
	{
		Name: "house-replay", Row: "21", play: replayed,
		Fault: "the archive's offsets are set back to the beginning",
		Holds: "rows that come again change no minute, however long ago they came first",
	},
	{
		Name: "house-errors", Row: "22", play: houseErrors,
		Fault: "ClickHouse refuses inserts: too many parts, memory limit",
		Holds: "the archive waits and loses nothing; the live picture stays fresh",
	},
	{
		Name: "house-down", Row: "19", play: houseDown,
		Fault: "ClickHouse is killed under load and stays away",
		Holds: "the live picture stays fresh meanwhile; the archive catches up",
	},
	{
		Name: "house-reply", Row: "20", play: houseReply,
		Fault: "ClickHouse takes inserts and the answer is cut off",
		Holds: "rows that are inserted again change no minute; the live picture stays fresh",
	},
	{
		Name: "storm", Row: "3", play: storm,
		Fault: "workers join and leave all the time, in order and by SIGKILL",
		Holds: "no partition stays unread, no offset goes back",
	},
	{
		Name: "unread-answer", Row: "also", play: unreadAnswer,
		Fault: "the answer to a chat is sent in time and lies unread in the raw topic when it is due, while workers of ingest come and go",
		Holds: "nobody is told that the chat goes unanswered; of a chat that does, somebody is",
	},
	{
		Name: "linked-between", Row: "also", play: linkedBetween,
		Fault: "a worker of ingest is killed when a plan is sent in part; before another one sends the rest, it learns whose those touchpoints are",
		Holds: "the plan is sent as written: none is there twice under two customers; what comes later is the known customer's",
	},
	{
		Name: "black-hole", Row: "8", play: blackHole,
		Fault: "the broker takes connections and answers nothing, for longer than a session, and again while the worker is told to end",
		Holds: "the worker ends in order within its deadline; its successor goes on",
	},
	{
		Name: "poison", Row: "12", play: poisoned,
		Fault: "records that nobody can decode, too large, cut off, of no format, among honest ones, in every codec",
		Holds: "each is in the dead topic once, with reason and source; all others take effect",
	},
	{
		Name: "stampede", Row: "25", play: stampede,
		Fault: "2,000 boards lose their connections at the same moment and come back at once",
		Holds: "each of them has the picture again within a minute, and the picture stays fresh meanwhile",
	},
	{
		Name: "no-files", Row: "31", play: noFiles,
		Fault: "the worker may open no more files when all its connections are cut (Linux)",
		Holds: "it waits, and goes on by itself when it may",
	},
	{
		Name: "slow-boards", Row: "23, 24", play: slowBoards,
		Fault: "boards that read nothing, and boards whose network is gone without a word",
		Holds: "they are disconnected, nobody else is, and the live picture stays fresh for the others",
	},
}

// Find returns the scenario of a name, or nil.
func Find(name string) *Scenario {
	for i := range All {
		if All[i].Name == name {
			return &All[i]
		}
	}
	return nil
}

// loaded is what most scenarios begin with: a load of n records within a time.
func (r *Run) loaded(n int64, within time.Duration) (*load, error) {
	if err := r.open(); err != nil {
		return nil, err
	}
	return r.send(n, within)
}
