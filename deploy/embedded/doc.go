// Package embedded starts the services touchwatch needs inside one process tree, with nothing installed: a Kafka broker
// and a Redis in this process, and the ClickHouse engine in a child process of the same program.
//
// It owns starting, bounding the past they keep, and stopping. What runs are servers on TCP addresses: the rest of the
// program reaches them with the same clients as in production and knows nothing of this package; only cmd uses it.
// They are for development, demonstrations and tests: no users, no passwords, loopback only, and what they hold is
// gone with the process (the ClickHouse folder can be kept).
//
// Each Start returns when the server answers, or an error that names the address. Close is safe to call twice and from
// any goroutine, and waits for what was started.
package embedded
