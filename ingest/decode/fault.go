package decode

import (
	"errors"
	"fmt"
	"strings"

	"touchwatch/ingest/codec"
	"touchwatch/ingest/touchpoint"
)

// errNothing says that an event by its nature makes no touchpoint.
var errNothing = errors.New("makes no touchpoint")

func missing(field, want string) error {
	return &touchpoint.Invalid{Reason: touchpoint.ReasonMissingField, Field: field, Want: want}
}

func wrong(field, want string) error {
	return &touchpoint.Invalid{Reason: touchpoint.ReasonBadField, Field: field, Want: want}
}

// unknownType says that the format has no such event; known lists what it has.
func unknownType(field, got, known string) error {
	return &touchpoint.Invalid{Reason: touchpoint.ReasonUnknownType, Field: field, Want: fmt.Sprintf("one of %s; got %.64q", known, got)}
}

// unreadable turns an error of the codec into an *touchpoint.Invalid.
func unreadable(err error) *touchpoint.Invalid {
	var typeErr *codec.TypeError
	if errors.As(err, &typeErr) {
		want := typeErr.Want
		if named, ok := typeNames[want]; ok {
			want = named
		} else if strings.Contains(want, ".") {
			want = "an object"
		}
		return &touchpoint.Invalid{Reason: touchpoint.ReasonBadField, Field: typeErr.Field, Want: want + ", got a " + typeErr.Got}
	}
	return &touchpoint.Invalid{Reason: touchpoint.ReasonSyntax, Want: "JSON", Err: err}
}

// typeNames says in JSON's words what a Go type takes.
var typeNames = map[string]string{
	"string":            "a string",
	"bool":              "true or false",
	"float64":           "a number",
	"int64":             "a whole number",
	"int32":             "a whole number",
	"[]string":          "an array of strings",
	"[]json.RawMessage": "an array",
}

// under puts where in front of the field path of an error.
func under(where string, err error) *touchpoint.Invalid {
	invalid := &touchpoint.Invalid{}
	if !errors.As(err, &invalid) {
		invalid = &touchpoint.Invalid{Reason: touchpoint.ReasonSyntax, Err: err}
	}
	switch {
	case where == "":
	case invalid.Field == "":
		invalid.Field = where
	default:
		invalid.Field = where + "." + invalid.Field
	}
	return invalid
}
