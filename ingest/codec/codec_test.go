package codec

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
)

// sample has every shape that the decoders use: embedding, pointers, raw parts, maps, slices, own unmarshalers.
type sample struct {
	inner
	Type     string                     `json:"type"`
	Number   float64                    `json:"number"`
	Count    int32                      `json:"count"`
	Big      int64                      `json:"big"`
	Flag     bool                       `json:"flag"`
	Pointer  *inner                     `json:"pointer"`
	Raw      json.RawMessage            `json:"raw"`
	List     []string                   `json:"list"`
	Objects  []inner                    `json:"objects"`
	Own      shout                      `json:"own"`
	Labels   map[string]shout           `json:"labels"`
	RawParts map[string]json.RawMessage `json:"raw_parts"`
	Any      any                        `json:"any"`
}

type inner struct {
	ID    string `json:"id"`
	Email string `json:"email,omitempty"`
}

// shout keeps the bytes it was given, which also finds a library that hands out its buffer.
type shout struct{ bytes string }

func (s *shout) UnmarshalJSON(b []byte) error { s.bytes = string(b); return nil }

func (s shout) MarshalJSON() ([]byte, error) {
	if s.bytes == "" {
		return []byte("null"), nil
	}
	return []byte(s.bytes), nil
}

var seeds = []string{
	`{"type":"click","id":"a","number":1.5,"count":3,"big":9007199254740993,"flag":true,"pointer":{"id":"p"},"raw":{"a":[1, 2]},"list":["x","y"],"objects":[{"id":"1"}],"own":12,"labels":{"k":"v","n":1},"raw_parts":{"r":null},"any":{"x":[1,"2",null]}}`,
	`{"TYPE":"x","Id":"other case"}`, `{"type":"a","type":"b"}`, `{"type":"caf\u00e9 \ud83d\ude00 \ud800"}`, `{"type":1,"id":"kept"}`,
	`{"count":1.5}`, `{"count":99999999999}`, `{"pointer":5}`, `{"list":"x"}`, `{"list":null,"pointer":null,"own":null}`,
	``, ` `, `null`, `nul`, `[]`, `"x"`, `{`, `{"a"`, `{"a":1}x`, `{"a":01}`, `{"a":+1}`, `{"type":"tab	"}`, `{"labels":{"k":{"deep":[[]]}}}`,
	`{"number":1e400}`, `{"number":-0}`, `{"any":1e999}`, "\ufeff{}", `{"":1}`,
}

func TestAgreesWithTheStandardLibrary(t *testing.T) {
	for _, seed := range seeds {
		agree(t, []byte(seed))
	}
	for _, depth := range []int{100, 9_999, 10_001, 100_000} {
		agree(t, []byte(strings.Repeat("[", depth)+strings.Repeat("]", depth)))
		agree(t, []byte(`{"unknown":`+strings.Repeat("[", depth)+strings.Repeat("]", depth)+`}`))
	}
}

// FuzzDiff holds the library to encoding/json: the same bytes are accepted, and give the same values and the same bytes back.
func FuzzDiff(f *testing.F) {
	for _, seed := range seeds {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) { agree(t, data) })
}

func agree(t *testing.T, data []byte) {
	t.Helper()
	var got, want sample
	gotErr, wantErr := Unmarshal(bytes.Clone(data), &got), json.Unmarshal(data, &want)
	if (gotErr == nil) != (wantErr == nil) {
		t.Fatalf("%.200q: got error %v, standard library %v", data, gotErr, wantErr)
	}
	var typeErr *TypeError
	var stdTypeErr *json.UnmarshalTypeError
	if errors.As(gotErr, &typeErr) != errors.As(wantErr, &stdTypeErr) {
		t.Fatalf("%.200q: got %T %v, standard library %T %v", data, gotErr, gotErr, wantErr, wantErr)
	}
	var shared sample
	if sharedErr := UnmarshalShared(bytes.Clone(data), &shared); (sharedErr == nil) != (gotErr == nil) {
		t.Fatalf("%.200q: copied %v, shared %v", data, gotErr, sharedErr)
	}
	if gotErr != nil {
		return
	}
	if !reflect.DeepEqual(got, want) || !reflect.DeepEqual(shared, want) {
		t.Fatalf("%.200q:\n   got %+v\nshared %+v\n  want %+v", data, got, shared, want)
	}
	gotOut, gotErr := Marshal(got)
	wantOut, wantErr := json.Marshal(want)
	if (gotErr == nil) != (wantErr == nil) || !bytes.Equal(gotOut, wantOut) {
		t.Fatalf("%.200q: marshals to\n got %s %v\nwant %s %v", data, gotOut, gotErr, wantOut, wantErr)
	}
}

func TestErrorsNameTheField(t *testing.T) {
	var v sample
	err := Unmarshal([]byte(`{"type":"kept","pointer":{"id":7}}`), &v)
	var typeErr *TypeError
	if !errors.As(err, &typeErr) || typeErr.Field != "pointer.id" || typeErr.Want != "string" || typeErr.Got != "number" {
		t.Fatalf("got %#v", err)
	}
	err = Unmarshal([]byte(`{"type":"cut`), &v)
	var syntaxErr *SyntaxError
	if !errors.As(err, &syntaxErr) || syntaxErr.Offset == 0 {
		t.Fatalf("got %#v", err)
	}
}

func TestReadsFromABufferThatIsUsedAgain(t *testing.T) {
	data := []byte(`{"type":"click","raw":[1],"own":"abc","labels":{"k":"v"}}`)
	var v sample
	if err := Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	for i := range data {
		data[i] = 'x'
	}
	if v.Type != "click" || string(v.Raw) != "[1]" || v.Own.bytes != `"abc"` || v.Labels["k"].bytes != `"v"` {
		t.Fatalf("kept a view of the caller's bytes: %+v", v)
	}
}
