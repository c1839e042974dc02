// Package faults breaks the product on purpose and proves that nothing is lost and nothing counts twice. A scenario runs the program as
// real processes on a real Kafka, Redis and ClickHouse engine, each behind a proxy that can cut, hold, delay and swallow; sends a seeded
// world through it; injects one fault and proves that it did; and then compares, exactly, what came out with the world and with the fold
// over the timeline (package oracle).
//
// It owns the servers, the proxies, the processes and the scenarios. It changes nothing in the product: the program knows of no hook.
// One Run runs at a time in a process, since two would share two cores; whatever it started has ended when it returns.
package faults
