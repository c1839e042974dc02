// Package keyed is the runtime of keyed, exactly-once state. It owns partitions of a topic, folds their entries into states
// and writes states, offset, outbox, timers and counters in one atomic Redis transaction, so that delivery at least once
// becomes an effect exactly once. It knows nothing of customers or alerts: what an entry means is a Logic's business.
//
// The order of durable effects, and what a crash between two of them does:
//
//  1. The flush (one MULTI/EXEC, only if owner and offset are still this worker's): everything or nothing.
//     Any error means 'outcome unknown'; the worker forgets the partition, reads Redis and goes on from its offset.
//  2. The Kafka commit: only shows the lag. The truth is the offset in Redis.
//  3. The relay copies the outbox to Kafka and then stores its position: a crash between repeats entries,
//     which their readers know by their coordinates.
//
// One goroutine per partition owns its states; nothing is locked. A Runtime is safe to Run once.
package keyed
