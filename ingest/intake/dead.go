package intake

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"touchwatch/ingest/decode"
	"touchwatch/ingest/stream"
	"touchwatch/ingest/touchpoint"
)

// Headers of a dead letter, beside those of the original record, which are kept.
const (
	HeaderReason = "tw-dead-reason" // one of touchpoint.Reasons
	HeaderDetail = "tw-dead-detail" // field and what was expected
	HeaderSource = "tw-dead-source" // topic/partition/offset of the original
	HeaderEpoch  = "tw-dead-epoch"  // epoch of the original's topic
	HeaderKey    = "tw-dead-key"    // key of the original
	HeaderSHA256 = "tw-dead-sha256" // of the whole value, when value, key or headers were cut
	HeaderSize   = "tw-dead-size"   // bytes of the whole value, when value, key or headers were cut
)

// What the dead topic takes of a record: of a larger value the beginning, with its size and SHA-256 beside it; of a key and headers
// that are larger together the key's beginning and no header; of the explanation the beginning. In a compressed batch they
// may have been small. Letters are written together up to deadBatchBytes.
const (
	maxDeadBytes   = 2<<20 - 64<<10
	maxDeadAround  = 256 << 10
	maxDeadKey     = 1 << 10
	maxDeadDetail  = 2 << 10
	deadBatchBytes = 1 << 20
)

// deadLetter is the record of something that could not be decoded: the original bytes, key and headers, where it stood, and why.
func deadLetter(a stream.Assignment, epoch int32, rec *stream.Record, bad *touchpoint.Invalid) stream.Record {
	source := a.Topic + "/" + strconv.Itoa(a.Partition) + "/" + strconv.FormatInt(rec.Offset, 10)
	out := stream.Record{Key: []byte(source), Value: rec.Value, Time: rec.Time}
	key, around := rec.Key, len(rec.Key)
	for _, h := range rec.Headers {
		if !strings.HasPrefix(h.Key, "tw-dead-") {
			out.Headers = append(out.Headers, h)
			around += len(h.Key) + len(h.Value)
		}
	}
	if around > maxDeadAround {
		out.Headers, key = nil, key[:min(len(key), maxDeadKey)]
	}
	add := func(name, value string) {
		out.Headers = append(out.Headers, stream.Header{Key: name, Value: []byte(value)})
	}
	add(HeaderReason, string(bad.Reason))
	add(HeaderDetail, beginning(bad.Error(), maxDeadDetail))
	add(HeaderSource, source)
	add(HeaderEpoch, strconv.Itoa(int(epoch)))
	add(HeaderKey, string(key))
	if len(rec.Value) > maxDeadBytes || around > maxDeadAround {
		sum := sha256.Sum256(rec.Value)
		add(HeaderSHA256, hex.EncodeToString(sum[:]))
		add(HeaderSize, strconv.Itoa(len(rec.Value)))
		out.Value = rec.Value[:min(len(rec.Value), maxDeadBytes)]
	}
	return out
}

// beginning cuts a text to at most so many bytes, between characters.
func beginning(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}

// deadBatches groups letters into what is written with one request.
func deadBatches(letters []stream.Record) [][]stream.Record {
	var batches [][]stream.Record
	bytes := 0
	for i := range letters {
		size := len(letters[i].Value)
		for _, h := range letters[i].Headers {
			size += len(h.Key) + len(h.Value)
		}
		if bytes += size; len(batches) == 0 || bytes > deadBatchBytes {
			batches, bytes = append(batches, nil), size
		}
		last := len(batches) - 1
		batches[last] = append(batches[last], letters[i])
	}
	return batches
}

// Replay is the record that sends a dead letter to its topic again: the original bytes, key and headers, and the original
// coordinates, so that ids that derive from them are the same and a second replay changes nothing.
// It refuses a letter that was cut, or that has no source.
func Replay(letter *stream.Record) (topic string, r stream.Record, err error) {
	source := letter.Header(HeaderSource)
	topic, _, ok := strings.Cut(source, "/")
	if !ok {
		return "", stream.Record{}, fmt.Errorf("dead letter at offset %d: header %s is %q, want topic/partition/offset", letter.Offset, HeaderSource, source)
	}
	if letter.Header(HeaderSHA256) != "" {
		return "", stream.Record{}, fmt.Errorf("dead letter of %s was cut (its value had %s bytes): it cannot be sent again", source, letter.Header(HeaderSize))
	}
	r = stream.Record{Key: []byte(letter.Header(HeaderKey)), Value: letter.Value}
	origin := source
	for _, h := range letter.Headers {
		switch {
		case h.Key == decode.HeaderOrigin:
			origin = string(h.Value)
		case !strings.HasPrefix(h.Key, "tw-dead-"):
			r.Headers = append(r.Headers, h)
		}
	}
	r.Headers = append(r.Headers, stream.Header{Key: decode.HeaderOrigin, Value: []byte(origin)})
	return topic, r, nil
}

// sample logs at most one rejected record per reason and minute; the metric counts all of them.
func (w *worker) sample(rec *stream.Record, bad *touchpoint.Invalid) {
	if w.stage.firstOf(string(bad.Reason), time.Minute) {
		w.stage.opt.Log.Warn("record rejected, see 'touchwatch dead list'", "topic", w.a.Topic, "partition", w.a.Partition,
			"offset", rec.Offset, "reason", bad.Reason, slog.String("detail", beginning(bad.Error(), maxDeadDetail)))
	}
}
