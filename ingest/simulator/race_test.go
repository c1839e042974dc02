//go:build race

package simulator_test

// underRace says that the race detector slows everything down.
const underRace = true
