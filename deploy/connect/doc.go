// Package connect is the one home of connection options: how to reach Kafka, Redis and ClickHouse, with TLS, passwords
// and time-outs, and the few things every stage asks of a broker (topics exist, with the right number of partitions).
//
// It owns option structs that a configuration file fills (strict YAML, snake_case keys), their validation, and the
// building of clients from them. It leaves to its callers what they read and write, retries, and closing what they opened.
// It imports no other package of touchwatch, so every stage may import it.
//
// Options are plain values, safe to copy and to read from any goroutine. Building a client dials nothing: an unreachable
// server shows in the first call on the client. A built client is safe for concurrent use.
package connect
