//go:build race

package text

// racing says that the race detector is on, under which a sync.Pool forgets on purpose.
const racing = true
