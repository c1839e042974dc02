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
	HeaderSHA256 = "tw-dead-sha256" // of the whole value, when it was cut
	HeaderSize   = "tw-dead-size"   // bytes of the whole value, when it was cut
)

// maxDeadBytes is how much of a value the dead topic takes; what is larger is cut, with its size and SHA-256 beside it.
const maxDeadBytes = 2<<20 - 64<<10

// deadLetter is the record of something that could not be decoded: the original bytes, key and headers, where it stood, and why.
func deadLetter(a stream.Assignment, epoch int32, rec *stream.Record, bad *touchpoint.Invalid) stream.Record {
	source := a.Topic + "/" + strconv.Itoa(a.Partition) + "/" + strconv.FormatInt(rec.Offset, 10)
	out := stream.Record{Key: []byte(source), Value: rec.Value, Time: rec.Time}
	for _, h := range rec.Headers {
		if !strings.HasPrefix(h.Key, "tw-dead-") {
			out.Headers = append(out.Headers, h)
		}
	}
	add := func(name, value string) {
		out.Headers = append(out.Headers, stream.Header{Key: name, Value: []byte(value)})
	}
	add(HeaderReason, string(bad.Reason))
	add(HeaderDetail, bad.Error())
	add(HeaderSource, source)
	add(HeaderEpoch, strconv.Itoa(int(epoch)))
	add(HeaderKey, string(rec.Key))
	if len(rec.Value) > maxDeadBytes {
		sum := sha256.Sum256(rec.Value)
		add(HeaderSHA256, hex.EncodeToString(sum[:]))
		add(HeaderSize, strconv.Itoa(len(rec.Value)))
		out.Value = rec.Value[:maxDeadBytes]
	}
	return out
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
		return "", stream.Record{}, fmt.Errorf("dead letter of %s was cut from %s bytes: it cannot be sent again", source, letter.Header(HeaderSize))
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
			"offset", rec.Offset, "reason", bad.Reason, slog.String("detail", bad.Error()))
	}
}
