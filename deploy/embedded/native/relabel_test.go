package native

import (
	"bytes"
	"strings"
	"testing"

	"github.com/ClickHouse/ch-go/proto"
)

// block encodes columns as the engine does, in the given revision.
func block(t testing.TB, revision, rows int, columns ...proto.InputColumn) []byte {
	t.Helper()
	var b proto.Buffer
	head := proto.Block{Info: proto.BlockInfo{BucketNum: -1}, Columns: len(columns), Rows: rows}
	if err := head.EncodeBlock(&b, revision, columns); err != nil {
		t.Fatal(err)
	}
	return b.Buf
}

func someColumns() []proto.InputColumn {
	words := proto.ColStr{}
	words.AppendArr([]string{"", "two\n\nlines", "'; DROP TABLE"})
	numbers := proto.ColUInt64{1, 2570, 3}
	keys := new(proto.ColStr).LowCardinality()
	keys.AppendArr([]string{"a", "b", "a"})
	lists := new(proto.ColStr).LowCardinality().Array()
	lists.AppendArr([][]string{{"x", "y"}, {}, {"x"}})
	maybe := new(proto.ColStr).Nullable()
	maybe.AppendArr([]proto.Nullable[string]{proto.NewNullable("v"), proto.Null[string](), proto.NewNullable("")})
	pairs := proto.NewMap[string, string](new(proto.ColStr), new(proto.ColStr))
	pairs.AppendArr([]map[string]string{{"k": "v"}, {}, {"k": "w"}})
	empty := new(proto.ColStr).LowCardinality().Array()
	empty.AppendArr([][]string{{}, {}, {}})
	return []proto.InputColumn{
		{Name: "words", Data: &words},
		{Name: "numbers", Data: &numbers},
		{Name: "keys", Data: keys},
		{Name: "lists", Data: lists},
		{Name: "maybe", Data: maybe},
		{Name: "pairs", Data: pairs},
		{Name: "empty", Data: empty},
	}
}

func TestRelabelGivesWhatTheNewRevisionWouldEncode(t *testing.T) {
	for _, revision := range []int{0, 51903, 54453, 54454, 54483} {
		src := append(block(t, 0, 3, someColumns()...), block(t, 0, 3, someColumns()...)...)
		want := append(block(t, revision, 3, someColumns()...), block(t, revision, 3, someColumns()...)...)
		got, err := Relabel([]byte("before"), src, revision)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, append([]byte("before"), want...)) {
			t.Errorf("revision %d:\n got %q\nwant %q", revision, got, want)
		}
	}
}

func TestRelabelRefusesEveryCutBlock(t *testing.T) {
	src := block(t, 0, 3, someColumns()...)
	for n := 1; n < len(src); n++ {
		if _, err := Relabel(nil, src[:n], 54483); err == nil {
			t.Fatalf("the first %d of %d bytes were taken for a block", n, len(src))
		}
	}
}

func TestTypes(t *testing.T) {
	size := func(name string, want layout) {
		t.Helper()
		got, err := parseType(name)
		if err != nil || got != want {
			t.Errorf("%s: %v, %v; want %v", name, got, err, want)
		}
	}
	size("DateTime64(3, 'UTC')", fixed(8))
	size("Enum8('a(' = 1, 'b\\',' = 2)", fixed(1))
	size("Decimal(18, 4)", fixed(8))
	size("Decimal(76, 4)", fixed(32))
	size("FixedString(20)", fixed(20))
	size("IntervalSecond", fixed(8))
	size("SimpleAggregateFunction(max, DateTime64(3))", fixed(8))
	size("LowCardinality(Nullable(String))", lowCardinality{text{}})
	size("Nullable(Nothing)", nullable{fixed(1)})
	for _, name := range []string{
		"Tuple(x String, `a, b` Array(UInt8), z Tuple(Float64, DateTime('UTC')))", "MultiPolygon", "Nested(a String, b UInt8)",
		"Map(LowCardinality(String), Array(Nullable(UInt64)))",
	} {
		if _, err := parseType(name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, name := range []string{
		"", "Dynamic", "JSON", "Variant(String, UInt8)", "Tuple()", "Array(", "Array()", "FixedString(x)", "FixedString(-1)", "Enum8x",
		"AggregateFunction(uniq, String)", strings.Repeat("Array(", 100) + "UInt8" + strings.Repeat(")", 100),
	} {
		if _, err := parseType(name); err == nil {
			t.Errorf("%q was taken", name)
		}
	}
}

func FuzzRelabelNeverPanicsAndKeepsTheBytesOfRevisionZero(f *testing.F) {
	f.Add(block(f, 0, 3, someColumns()...))
	f.Add([]byte("\x01\x01\x01a\x09Array(Int8)"))
	f.Add([]byte("\x01\xff\xff\xff\xff\xff\xff\xff\xff\x7f\x01a\x06String"))
	f.Fuzz(func(t *testing.T, src []byte) {
		out, err := Relabel(nil, src, 54483)
		if err == nil && len(src) > 0 && len(out) <= len(src) {
			t.Errorf("%d bytes became %d", len(src), len(out))
		}
		same, err := Relabel(nil, src, 0)
		if err == nil && !bytes.Equal(same, src) {
			t.Errorf("revision 0 changed %q to %q", src, same)
		}
	})
}
