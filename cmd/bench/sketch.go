package bench

import (
	"math"
	"math/bits"
	"time"
)

// sketch counts durations in buckets whose width is 1/64 of their value or less, from a microsecond to hours, in 20 kB. The zero value
// is empty. It is not safe for concurrent use; merge joins those of several goroutines.
type sketch struct {
	counts [buckets]int64
	n      int64
	most   time.Duration
}

// Values below 1<<subBits are exact; above, each power of two has 1<<subBits/2 … buckets of one width.
const (
	subBits = 7
	half    = 1 << (subBits - 1)
	buckets = (1 << subBits) + half*34
)

// bucket is where a number of microseconds is counted.
func bucket(us uint64) int {
	if us < 1<<subBits {
		return int(us)
	}
	shift := bits.Len64(us) - subBits
	return min((1<<subBits)+(shift-1)*half+int(us>>shift)-half, buckets-1)
}

// upper is the largest number of microseconds of a bucket.
func upper(b int) uint64 {
	if b < 1<<subBits {
		return uint64(b)
	}
	shift := (b-(1<<subBits))/half + 1
	return (uint64((b-(1<<subBits))%half+half)+1)<<shift - 1
}

// add counts one duration; negative ones count as zero.
func (s *sketch) add(d time.Duration) {
	s.counts[bucket(uint64(max(d, 0).Microseconds()))]++
	s.n++
	s.most = max(s.most, d)
}

// merge adds what other has counted.
func (s *sketch) merge(other *sketch) {
	for i, c := range other.counts {
		s.counts[i] += c
	}
	s.n += other.n
	s.most = max(s.most, other.most)
}

// quantile is the duration that a share q (0 to 1) of all does not exceed, up to 1.6 % more; zero when nothing was counted.
func (s *sketch) quantile(q float64) time.Duration {
	rank, seen := max(int64(math.Ceil(q*float64(s.n))), 1), int64(0)
	for b, c := range s.counts {
		if seen += c; seen >= rank {
			return min(time.Duration(upper(b))*time.Microsecond, s.most)
		}
	}
	return s.most
}
