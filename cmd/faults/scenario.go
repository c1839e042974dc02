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
		Name: "roll", Row: "30", play: roll,
		Fault: "two processes with all roles are stopped by SIGTERM under load and replaced, one after the other",
		Holds: "each ends in order within its deadline with exit code 0; a board that is told to come back misses nothing",
	},
	{
		Name: "zombie", Row: "2", play: zombie,
		Fault: "each of two workers is frozen (SIGSTOP) for longer than its session, and goes on (SIGCONT) when others own its partitions",
		Holds: "what the woken worker writes is refused; no offset goes back",
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
