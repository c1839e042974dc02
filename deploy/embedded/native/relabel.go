// Package native rewrites blocks of ClickHouse's Native format from protocol revision 0, which libchdb writes, to the
// revision that a client asked for. The values are the same in both; newer revisions put a header before each block and
// a byte after each column's type. So only the lengths of the values have to be known, not what they mean.
//
// It owns the walk over the bytes and refuses types whose layout it does not know (Dynamic, JSON, states of aggregate
// functions). Pure functions, safe for concurrent use. The bytes may be anything: broken ones give an error.
package native

import (
	"errors"
	"fmt"

	"github.com/ClickHouse/ch-go/proto"
)

// maxColumns bounds what is believed of a block's header.
const maxColumns = 1 << 16

var errShort = errors.New("the block ends too early")

// Relabel appends to dst the blocks of src, which are whole and in revision 0, as a client of the given revision expects them.
func Relabel(dst, src []byte, revision int) ([]byte, error) {
	w := walker{rest: src}
	out := proto.Buffer{Buf: dst}
	for len(w.rest) > 0 {
		if err := w.block(&out, revision); err != nil {
			return dst, fmt.Errorf("native block: %w", err)
		}
	}
	return out.Buf, nil
}

// walker takes bytes from the front of rest.
type walker struct{ rest []byte }

func (w *walker) block(out *proto.Buffer, revision int) error {
	columns, err := w.uvarint()
	if err != nil {
		return err
	}
	rows, err := w.uvarint()
	if err != nil {
		return err
	}
	if columns > maxColumns {
		return fmt.Errorf("%d columns are too many", columns)
	}
	if proto.FeatureBlockInfo.In(revision) {
		proto.BlockInfo{BucketNum: -1}.Encode(out)
	}
	out.PutUVarInt(columns)
	out.PutUVarInt(rows)
	for range columns {
		if err := w.column(out, revision, rows); err != nil {
			return err
		}
	}
	return nil
}

func (w *walker) column(out *proto.Buffer, revision int, rows uint64) error {
	name, err := w.text()
	if err != nil {
		return err
	}
	typeName, err := w.text()
	if err != nil {
		return err
	}
	out.PutString(string(name))
	out.PutString(string(typeName))
	if proto.FeatureCustomSerialization.In(revision) {
		out.PutByte(0)
	}
	if rows == 0 {
		return nil
	}
	layout, err := parseType(string(typeName))
	if err != nil {
		return fmt.Errorf("column %s: %w", name, err)
	}
	values := w.rest
	if err := layout.prefix(w); err != nil {
		return fmt.Errorf("column %s %s: %w", name, typeName, err)
	}
	if err := layout.skip(w, rows); err != nil {
		return fmt.Errorf("column %s %s: %w", name, typeName, err)
	}
	out.PutRaw(values[:len(values)-len(w.rest)])
	return nil
}

func (w *walker) uvarint() (uint64, error) {
	var v uint64
	for i := range 10 {
		if i >= len(w.rest) {
			return 0, errShort
		}
		b := w.rest[i]
		if i == 9 && b > 1 {
			break
		}
		v |= uint64(b&0x7f) << (7 * i)
		if b < 0x80 {
			if b == 0 && i > 0 {
				return 0, errors.New("a number is written longer than it needs")
			}
			w.rest = w.rest[i+1:]
			return v, nil
		}
	}
	return 0, errors.New("a number is longer than 64 bits")
}

// text returns a length and as many bytes. They stay part of the source.
func (w *walker) text() ([]byte, error) {
	n, err := w.uvarint()
	if err != nil {
		return nil, err
	}
	return w.take(n, 1)
}

// take returns count times size bytes.
func (w *walker) take(count, size uint64) ([]byte, error) {
	if size != 0 && count > uint64(len(w.rest))/size {
		return nil, errShort
	}
	taken := w.rest[:count*size]
	w.rest = w.rest[count*size:]
	return taken, nil
}
