package native

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// layout knows how the values of one type lie in a block: a prefix for all of them, then the values.
type layout interface {
	prefix(w *walker) error
	skip(w *walker, rows uint64) error
}

// fixed are values of the same number of bytes.
type fixed uint64

func (fixed) prefix(*walker) error { return nil }

func (f fixed) skip(w *walker, rows uint64) error {
	_, err := w.take(rows, uint64(f))
	return err
}

// text are values with a length before each.
type text struct{}

func (text) prefix(*walker) error { return nil }

func (text) skip(w *walker, rows uint64) error {
	if rows > uint64(len(w.rest)) {
		return errShort
	}
	for range rows {
		if _, err := w.text(); err != nil {
			return err
		}
	}
	return nil
}

// nullable has a byte for each value, then the values, also for those that are null.
type nullable struct{ of layout }

func (n nullable) prefix(w *walker) error { return n.of.prefix(w) }

func (n nullable) skip(w *walker, rows uint64) error {
	if _, err := w.take(rows, 1); err != nil {
		return err
	}
	return n.of.skip(w, rows)
}

// array has the end of each list, counted over all of them, then all elements.
type array struct{ of layout }

func (a array) prefix(w *walker) error { return a.of.prefix(w) }

func (a array) skip(w *walker, rows uint64) error {
	ends, err := w.take(rows, 8)
	if err != nil || rows == 0 {
		return err
	}
	elements := binary.LittleEndian.Uint64(ends[len(ends)-8:])
	if elements == 0 {
		return nil
	}
	return a.of.skip(w, elements)
}

// tuple has one column after the other.
type tuple []layout

func (t tuple) prefix(w *walker) error {
	for _, of := range t {
		if err := of.prefix(w); err != nil {
			return err
		}
	}
	return nil
}

func (t tuple) skip(w *walker, rows uint64) error {
	for _, of := range t {
		if err := of.skip(w, rows); err != nil {
			return err
		}
	}
	return nil
}

// lowCardinality has a dictionary, then for each value its number in it.
type lowCardinality struct{ of layout }

const (
	dictionaryKeys   = 1 << 9 // flag: the dictionary comes with the block
	dictionaryGlobal = 1 << 8 // flag: it is shared between blocks; engines do not use it in this format
)

func (lowCardinality) prefix(w *walker) error {
	version, err := w.take(1, 8)
	if err == nil && binary.LittleEndian.Uint64(version) != 1 {
		return fmt.Errorf("version %d of the dictionary is unknown", binary.LittleEndian.Uint64(version))
	}
	return err
}

func (l lowCardinality) skip(w *walker, rows uint64) error {
	if rows == 0 {
		return nil
	}
	head, err := w.take(1, 8)
	if err != nil {
		return err
	}
	flags := binary.LittleEndian.Uint64(head)
	if flags&dictionaryGlobal != 0 || flags&dictionaryKeys == 0 || flags&0xff > 3 {
		return fmt.Errorf("dictionary flags %#x are unknown", flags)
	}
	keys, err := w.take(1, 8)
	if err != nil {
		return err
	}
	if err := l.of.skip(w, binary.LittleEndian.Uint64(keys)); err != nil {
		return err
	}
	count, err := w.take(1, 8)
	if err != nil {
		return err
	}
	if binary.LittleEndian.Uint64(count) != rows {
		return errors.New("the dictionary is for another number of values")
	}
	_, err = w.take(rows, 1<<(flags&0xff))
	return err
}
