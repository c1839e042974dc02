// Package intake is the ingest stage: it reads the raw topics, makes touchpoints of the bytes, finds out whose they are and
// writes them to the timeline, keyed by customer. It leaves decoding to ingest/decode, identity to ingest/identity, and
// judging to the processors.
//
// The order of durable effects for one batch of a raw partition, and what a crash between two of them does:
//
//  1. The plan (which records, which moment of receipt, whose each touchpoint is), only if the partition is still this
//     worker's. A start begins at the plan and sends it again as written, so an identity link that lands between two runs
//     cannot send a touchpoint to two customers, or to none.
//  2. The identity links: an older one never overwrites a newer one, so storing twice does no harm.
//  3. The entries, one request per timeline partition, each repeated until confirmed; and what could not be decoded, to the
//     dead topic. Repeats are recognised by their source coordinates.
//  4. The progress, and the Kafka commit, which only shows the lag.
//
// One goroutine per raw partition; nothing is shared but the clients. A Stage is safe to Run once.
package intake
