package keyed

import "strconv"

// Prefixes of the two stages that the runtime serves.
const (
	CustomerPrefix = "tw:"
	PlacePrefix    = "tw:place:"
)

// Buckets is how many hashes the states of one partition are spread over, so that no single key grows large.
const Buckets = 256

// Keys names the Redis keys of one partition. All of them carry the partition as hash tag and so live in one slot.
type Keys struct {
	base string
}

// NewKeys returns the keys of partition p under a prefix such as CustomerPrefix.
func NewKeys(prefix string, p int) Keys {
	return Keys{base: prefix + "{" + strconv.Itoa(p) + "}:"}
}

// Owner holds the token of the worker that owns the partition.
func (k Keys) Owner() string { return k.base + "owner" }

// Offset is a hash: next is the next offset to apply, config the sequence of the active settings.
func (k Keys) Offset() string { return k.base + "offset" }

// Sources is a hash: per raw topic-partition the last applied epoch/offset/index.
func (k Keys) Sources() string { return k.base + "sources" }

// Settings holds the content of the settings that are active in the partition.
func (k Keys) Settings() string { return k.base + "settings" }

// Timers is a sorted set: due time in ms → subject, NUL, timer name.
func (k Keys) Timers() string { return k.base + "timers" }

// Out is the outbox stream.
func (k Keys) Out() string { return k.base + "out" }

// Relay is a hash: position is the outbox entry that was copied to Kafka last, up_to the time everything until which was copied.
func (k Keys) Relay() string { return k.base + "relay" }

// Alerts is a hash: alert id → the alert, for those that are open or ended within the last hour.
func (k Keys) Alerts() string { return k.base + "alerts" }

// Risk is a sorted set: the subjects with the lowest scores.
func (k Keys) Risk() string { return k.base + "risk" }

// Live is a hash: "<minute ms>|<label>" → counts of the last hour.
func (k Keys) Live() string { return k.base + "live" }

// Beat is the stream by which boards hear what changed.
func (k Keys) Beat() string { return k.base + "beat" }

// History is a list: the latest entries of one subject that were to be remembered, in the order of the topic.
func (k Keys) History(subject string) string { return k.base + "history:" + subject }

// States is the hash that holds the subject's state.
func (k Keys) States(subject string) string { return k.Bucket(BucketOf(subject)) }

// BucketOf returns which of the Buckets state hashes holds the subject's state.
func BucketOf(subject string) int {
	h := uint32(2166136261) // FNV-1a
	for i := range len(subject) {
		h = (h ^ uint32(subject[i])) * 16777619
	}
	return int(h % Buckets)
}

// Bucket returns the name of the b-th of the Buckets state hashes.
func (k Keys) Bucket(b int) string {
	const digits = "0123456789abcdef"
	return k.base + "customers:" + string([]byte{digits[b>>8&15], digits[b>>4&15], digits[b&15]})
}
