package decode

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"touchwatch/ingest/touchpoint"
)

// The record headers that decoding knows.
const (
	// HeaderFormat names the decoder, such as "segment".
	HeaderFormat = "tw-format"
	// HeaderOrigin is "topic/partition/offset" of the record that this one repeats. A replay from the dead topic sets it, so
	// that events without an id get the same derived id as the first time and count once.
	HeaderOrigin = "tw-origin"
)

// MaxEvents is how many events one record may hold. It bounds what one record costs downstream.
const MaxEvents = 4096

// Headers returns the value of a record header, "" when there is none. A nil Headers has none.
type Headers func(name string) string

// Get returns the value of the header, "" when there is none.
func (h Headers) Get(name string) string {
	if h == nil {
		return ""
	}
	return h(name)
}

// Record is one raw record as it stands in Kafka.
type Record struct {
	Topic     string
	Partition int32
	Offset    int64
	Value     []byte
	Headers   Headers
}

// Decoder reads the events of one format. value is UTF-8, at most touchpoint.MaxRecordBytes, and neither empty nor blank.
type Decoder func(value []byte, h Headers) Result

// Bad is one event that could not become a touchpoint.
type Bad struct {
	Index   int // position of the event in its record; 0 when the record as a whole is bad
	Invalid *touchpoint.Invalid
}

// Result is what became of the events of one record, each list in the record's order.
type Result struct {
	Touchpoints []touchpoint.Touchpoint // Source.Index is the event's position in the record; positions may be missing
	Bad         []Bad
	Skipped     int // events that by their nature make no touchpoint
}

// First returns the reason of the first bad event, nil when all is well. A record with a bad event goes to the dead
// topic under this reason, also when its other events went on.
func (r *Result) First() *touchpoint.Invalid {
	if len(r.Bad) == 0 {
		return nil
	}
	return r.Bad[0].Invalid
}

// Decode reads one record: by the format that its tw-format header names, else by defaultFormat. An empty value is a
// tombstone and gives an empty Result. The touchpoints have their ID, Format and Source (without the epoch) and are
// bounded; the caller still checks each with Touchpoint.Validate. Their strings may refer to one copy of the record's value:
// what outlives the record (a cache of aliases, say) clones the strings it keeps.
func Decode(rec Record, defaultFormat string) Result {
	if len(rec.Value) > touchpoint.MaxRecordBytes {
		return whole(touchpoint.ReasonTooLarge, "", fmt.Sprintf("at most %d bytes, got %d", touchpoint.MaxRecordBytes, len(rec.Value)))
	}
	if !utf8.Valid(rec.Value) {
		return whole(touchpoint.ReasonNotUTF8, "", fmt.Sprintf("UTF-8, byte %d is none", invalidByte(rec.Value)))
	}
	format := rec.Headers.Get(HeaderFormat)
	if format == "" {
		format = defaultFormat
	}
	decoder, ok := Lookup(format)
	if !ok {
		return whole(touchpoint.ReasonUnknownFormat, HeaderFormat,
			fmt.Sprintf("one of %s; got %.64q", strings.Join(Formats(), ", "), format))
	}
	value := bytes.TrimSpace(bytes.TrimPrefix(rec.Value, []byte("\ufeff")))
	if len(value) == 0 {
		return Result{}
	}
	// The touchpoints' strings refer to this copy instead of being copied one by one.
	result := decoder(bytes.Clone(value), rec.Headers)
	for i := range result.Touchpoints {
		finish(&result.Touchpoints[i], &rec, format)
	}
	return result
}

// whole is the result of a record of which nothing could be read.
func whole(reason touchpoint.Reason, field, want string) Result {
	return Result{Bad: []Bad{{Invalid: &touchpoint.Invalid{Reason: reason, Field: field, Want: want}}}}
}

// invalidByte returns the position of the first byte that is no UTF-8.
func invalidByte(b []byte) int {
	for i := 0; i < len(b); {
		r, size := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return len(b)
}

// origin returns "topic/partition/offset" from which missing ids derive: the record's own place, or the place that a
// well-formed HeaderOrigin names.
func (rec *Record) origin() string {
	if origin := rec.Headers.Get(HeaderOrigin); wellFormed(origin) {
		return origin
	}
	return rec.Topic + "/" + strconv.Itoa(int(rec.Partition)) + "/" + strconv.FormatInt(rec.Offset, 10)
}

func wellFormed(origin string) bool {
	parts := strings.Split(origin, "/")
	if len(parts) != 3 || parts[0] == "" || len(origin) > 200 {
		return false
	}
	_, err := strconv.ParseUint(parts[1], 10, 31)
	if err != nil {
		return false
	}
	_, err = strconv.ParseUint(parts[2], 10, 63)
	return err == nil
}
