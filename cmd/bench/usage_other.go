//go:build !linux

package bench

// usageOf is known on Linux only; elsewhere processor time and memory are zero.
func usageOf(int) (usage, error) { return usage{}, nil }

func resetPeak(int) {}
