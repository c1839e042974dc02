//go:build !unix

package bench

import "math"

// openFiles is how many files a process may have open; here there is no such limit.
func openFiles() uint64 { return math.MaxUint64 }
