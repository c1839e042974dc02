// Package codec owns the choice of the JSON library for the hot path between Kafka and touchpoints. It is the only package
// that imports it, so that going back to encoding/json is a change of two lines here; FuzzDiff holds the two to the same
// results. What is not on that path uses encoding/json.
//
// All functions are safe for concurrent use and keep nothing of their arguments.
package codec

import (
	"errors"

	"github.com/goccy/go-json"
)

// A TypeError says that the bytes are JSON, but that a value has another type than the field takes.
type TypeError struct {
	Field string // path such as "customer.email"; "" for the whole value
	Got   string // what was found, such as "number" or "number 1.5"
	Want  string // the Go type that the field takes, such as "string"
}

// Error implements error.
func (e *TypeError) Error() string {
	at := e.Field
	if at == "" {
		at = "value"
	}
	return at + ": found " + e.Got + " for " + e.Want
}

// A SyntaxError says that the bytes are no JSON.
type SyntaxError struct {
	Offset int64 // bytes read before the error
	Err    error // what the library said
}

// Error implements error.
func (e *SyntaxError) Error() string { return e.Err.Error() }

// Unwrap returns what the library said.
func (e *SyntaxError) Unwrap() error { return e.Err }

// Unmarshal reads data into v, a non-nil pointer, by the rules of encoding/json: names match in any case, unknown names are
// passed over, the last of two equal names wins, nothing may follow the value. The error is a *TypeError, in which case the
// other fields are filled, or a *SyntaxError.
func Unmarshal(data []byte, v any) error { return kind(json.Unmarshal(data, v)) }

// UnmarshalShared is Unmarshal without a copy of each string: the strings in v refer to data, which must not change as long as
// they are used, and which they keep alive.
func UnmarshalShared(data []byte, v any) error {
	return kind(json.UnmarshalWithOption(data, v, json.DecodeNoCopyString()))
}

// kind sorts an error of the library.
func kind(err error) error {
	if err == nil {
		return nil
	}
	var typeErr *json.UnmarshalTypeError
	if errors.As(err, &typeErr) {
		want := "another type"
		if typeErr.Type != nil {
			want = typeErr.Type.String()
		}
		return &TypeError{Field: typeErr.Field, Got: typeErr.Value, Want: want}
	}
	var syntaxErr *json.SyntaxError
	if errors.As(err, &syntaxErr) {
		return &SyntaxError{Offset: syntaxErr.Offset, Err: err}
	}
	return &TypeError{Got: "value that does not fit (" + err.Error() + ")", Want: "another"}
}

// Marshal returns v as JSON by the rules of encoding/json.
func Marshal(v any) ([]byte, error) { return json.Marshal(v) }
