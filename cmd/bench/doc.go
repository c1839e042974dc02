// Package bench measures the program as a whole: how fast it works off a backlog, how near that is to what the same clients can do at
// all, how late alerts are, how many boards a node carries, how long a crash lasts, and what more partitions, processes and customers
// cost. It starts the program as processes of their own, so that processor time and memory of each process are known, and sends a
// seeded world through it.
//
// It owns the servers it starts, the measuring and the report. What is right is decided by package oracle, and nothing in the product knows
// of it. One Run runs at a time; whatever it started has ended when it returns.
package bench
