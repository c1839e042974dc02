// Package archive is the second reader of the timeline: it writes what happened to ClickHouse, for questions about the past.
// A consumer group of its own reads customer.timeline, signals and alerts; nothing that alerts people waits for it. It owns
// the tables (migrations) and the counts per minute; it leaves questions to dashboards/history.
//
// The order of durable effects, and what a crash between two of them does:
//
//  1. Insert. Rows are idempotent: the tables keep the row with the highest revision of each key.
//  2. Recompute the counts of the minutes that the rows touched, whole, from the facts. The version of a computation grows
//     with the facts it saw, so an older one never wins over a newer one, whoever writes last.
//  3. Commit the offsets. A crash before it repeats 1 and 2, which does no harm.
//
// ClickHouse down means that the group lags: a bounded number of rows waits in memory, reading stops, and Kafka is the buffer.
//
// An Archive is run once. Recount is the same counting in memory, pure, for tests and checks.
package archive
