package front

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/ClickHouse/ch-go/compress"

	"touchwatch/deploy/embedded/chdb"
	"touchwatch/deploy/embedded/native"
)

const (
	// clientPatience bounds how long a client may take to accept a piece of a result: while it is waited for, the query
	// holds one of the few places.
	clientPatience = 10 * time.Second
	frameBytes     = 1 << 20
)

// exceptionTag marks an error behind a result that has begun; 16 bytes, as clients expect.
const exceptionTag = "touchwatch-error"

// answer writes a result piece by piece.
type answer struct {
	w          http.ResponseWriter
	format     string
	revision   int // 0 leaves the blocks as they are
	compressor *compress.Writer
	started    bool
	block      []byte
}

func newAnswer(w http.ResponseWriter, q request, format string) *answer {
	a := &answer{w: w, format: format}
	if strings.EqualFold(format, "Native") {
		a.revision = q.revision
	}
	switch q.compress {
	case "LZ4":
		a.compressor = compress.NewWriter(0, compress.LZ4)
	case "ZSTD":
		a.compressor = compress.NewWriter(0, compress.ZSTD)
	}
	h := w.Header()
	h.Set("X-ClickHouse-Format", format)
	h.Set("X-ClickHouse-Query-Id", q.id)
	h.Set("X-ClickHouse-Exception-Tag", exceptionTag)
	h.Set("Content-Type", contentType(format))
	return a
}

func contentType(format string) string {
	switch {
	case strings.HasPrefix(format, "JSON"):
		return "application/json; charset=UTF-8"
	case strings.HasPrefix(format, "CSV"):
		return "text/csv; charset=UTF-8"
	case strings.HasPrefix(format, "T"), strings.HasPrefix(format, "Pretty"), strings.HasPrefix(format, "Vertical"):
		return "text/plain; charset=UTF-8"
	}
	return "application/octet-stream"
}

// piece sends one piece of the result.
func (a *answer) piece(r chdb.Result) error {
	data := r.Data
	if a.revision > 0 {
		var err error
		if a.block, err = native.Relabel(a.block[:0], data, a.revision); err != nil {
			return refuse(codeSupport, "this result cannot be sent to this client: "+err.Error())
		}
		data = a.block
	}
	if len(data) == 0 {
		return nil
	}
	_ = http.NewResponseController(a.w).SetWriteDeadline(time.Now().Add(clientPatience))
	a.started = true
	if a.compressor == nil {
		_, err := a.w.Write(data)
		return err
	}
	for len(data) > 0 {
		n := min(len(data), frameBytes)
		if err := a.compressor.Compress(data[:n]); err != nil {
			return fmt.Errorf("compress: %w", err)
		}
		if _, err := a.w.Write(a.compressor.Data); err != nil {
			return err
		}
		data = data[n:]
	}
	return nil
}

// fail reports an error: as the answer, or, when a part of the result is sent already, behind it. A compressed result
// has no place for that, so there the connection is cut, which no client takes for an end.
func (a *answer) fail(f *failure) {
	if !a.started {
		f.write(a.w)
		return
	}
	if a.compressor != nil {
		panic(http.ErrAbortHandler)
	}
	text := strings.TrimSpace(f.text)
	_, _ = fmt.Fprintf(a.w, "\r\n__exception__\r\n%s\r\n%s\n%d %s\r\n__exception__\r\n", exceptionTag, text, len(text)+1, exceptionTag)
}
