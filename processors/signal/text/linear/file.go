package linear

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
)

// The file of a model: magic, the length of its description, the description (JSON of Info), the numbers, a byte for each
// weight, and the CRC-32 of all before it. Numbers are little-endian.
const magic = "touchwatch text model 1\n"

// ErrFormat is returned for bytes that are no model file, or one that was cut or changed.
var ErrFormat = errors.New("not a model file of 'touchwatch text train'")

// numbers are those of a model, in the order of the file.
type numbers struct {
	Bias                      float32
	Dense                     [Dense]float32
	Step, Slope, Shift, Limit float32
}

// Bytes returns the model's file.
func (m *Model) Bytes() ([]byte, error) {
	info, err := json.Marshal(m.Info)
	if err != nil {
		return nil, fmt.Errorf("encode model: %w", err)
	}
	b := append([]byte(magic), 0, 0, 0, 0)
	binary.LittleEndian.PutUint32(b[len(magic):], uint32(len(info)))
	b = append(b, info...)
	if b, err = binary.Append(b, binary.LittleEndian, numbers{m.bias, m.dense, m.step, m.slope, m.shift, m.limit}); err != nil {
		return nil, fmt.Errorf("encode model: %w", err)
	}
	if b, err = binary.Append(b, binary.LittleEndian, m.weights); err != nil {
		return nil, fmt.Errorf("encode model: %w", err)
	}
	return binary.LittleEndian.AppendUint32(b, crc32.ChecksumIEEE(b)), nil
}

// Parse reads a model's file. It fails with ErrFormat for anything else.
func Parse(b []byte) (*Model, error) {
	rest, ok := bytes.CutPrefix(b, []byte(magic))
	if !ok || len(rest) < 8 {
		return nil, ErrFormat
	}
	body, sum := b[:len(b)-4], binary.LittleEndian.Uint32(b[len(b)-4:])
	if crc32.ChecksumIEEE(body) != sum {
		return nil, fmt.Errorf("%w: its checksum is wrong", ErrFormat)
	}
	length := int(binary.LittleEndian.Uint32(rest))
	rest = rest[4 : len(rest)-4]
	var n numbers
	if length < 0 || len(rest) != length+binary.Size(n)+Buckets {
		return nil, fmt.Errorf("%w: its length is wrong", ErrFormat)
	}
	m := &Model{weights: make([]int8, Buckets)}
	if err := json.Unmarshal(rest[:length], &m.Info); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	if _, err := binary.Decode(rest[length:], binary.LittleEndian, &n); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	for i, w := range rest[length+binary.Size(n):] {
		m.weights[i] = int8(w)
	}
	m.bias, m.dense, m.step, m.slope, m.shift, m.limit = n.Bias, n.Dense, n.Step, n.Slope, n.Shift, n.Limit
	return m, m.check()
}

// check refuses numbers with which nothing can be judged.
func (m *Model) check() error {
	for _, v := range append([]float32{m.bias, m.step, m.slope, m.shift}, m.dense[:]...) {
		if f := float64(v); math.IsNaN(f) || math.IsInf(f, 0) {
			return fmt.Errorf("%w: it holds a number that is none", ErrFormat)
		}
	}
	if !(m.limit > 0 && m.limit < 1) {
		return fmt.Errorf("%w: its limit is not between 0 and 1", ErrFormat)
	}
	return nil
}
