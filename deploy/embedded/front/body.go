package front

import (
	"compress/gzip"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/ClickHouse/ch-go/compress"
)

// openBody returns the body without its compression, bounded.
func openBody(w http.ResponseWriter, r *http.Request, q request, limit int64) (io.Reader, error) {
	if strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/") {
		return nil, refuse(codeSupport, "external tables are not available here")
	}
	var body io.Reader = http.MaxBytesReader(w, r.Body, limit)
	var err error
	switch encoding := r.Header.Get("Content-Encoding"); encoding {
	case "", "identity":
	case "gzip":
		body, err = gzip.NewReader(body)
	case "deflate":
		body, err = zlib.NewReader(body)
	default:
		return nil, refuse(codeSupport, fmt.Sprintf("Content-Encoding %q is not one of gzip, deflate", encoding))
	}
	if err != nil {
		return nil, refuse(codeBadArgument, "the body cannot be decompressed: "+err.Error())
	}
	if q.decompress {
		body = frames{compress.NewReader(body)}
	}
	return &bounded{body: body, left: limit}, nil
}

// frames ends where a frame could begin and nothing more comes; the library calls that an error.
type frames struct{ body io.Reader }

// Read implements io.Reader.
func (f frames) Read(p []byte) (int, error) {
	n, err := f.body.Read(p)
	if errors.Is(err, io.EOF) {
		if !strings.Contains(err.Error(), "header") {
			return n, io.ErrUnexpectedEOF // within a frame
		}
		return n, io.EOF
	}
	return n, err
}

// bounded fails, rather than ends, when more than left bytes come: a cut text would be another statement.
type bounded struct {
	body io.Reader
	left int64
}

// Read implements io.Reader.
func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.body.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, refuse(codeTooLarge, "the body is too large for the embedded ClickHouse: send smaller batches")
	}
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return n, refuse(codeTooLarge, "the body is too large for the embedded ClickHouse: send smaller batches")
	case err != nil && !errors.Is(err, io.EOF):
		return n, refuse(codeBadArgument, "the body cannot be read: "+err.Error())
	}
	return n, err
}
