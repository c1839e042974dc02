package embedded

import "bytes"

// longestLine bounds what is kept of a line that does not end, in bytes.
const longestLine = 4 << 10

// lines hands each whole line that is written to it to tell, without its end; a longer one in parts. One goroutine writes.
type lines struct {
	tell func(string)
	rest []byte
}

// Write implements io.Writer.
func (l *lines) Write(p []byte) (int, error) {
	l.rest = append(l.rest, p...)
	for {
		end := bytes.IndexByte(l.rest, '\n')
		next := end + 1
		if end < 0 && len(l.rest) >= longestLine {
			end, next = longestLine, longestLine
		}
		if end < 0 {
			return len(p), nil
		}
		if line := bytes.TrimSpace(l.rest[:end]); len(line) > 0 {
			l.tell(string(line))
		}
		l.rest = l.rest[next:]
	}
}
