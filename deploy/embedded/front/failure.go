package front

import (
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
)

// Codes of ClickHouse errors that the front itself gives.
const (
	codeBadArgument = 36
	codeSupport     = 48
	codeSyntax      = 62
	codeSetting     = 115
	codeTimeout     = 159
	codeReadonly    = 164
	codeTooMany     = 202
	codeTooLarge    = 290
	codeAccess      = 497
)

// failure is an error as a ClickHouse client understands it.
type failure struct {
	code int
	text string // begins with "Code: N."
}

// Error implements error.
func (f *failure) Error() string { return f.text }

// refuse makes a failure of the front's own.
func refuse(code int, text string) *failure {
	return &failure{code: code, text: fmt.Sprintf("Code: %d. DB::Exception: %s. (touchwatch's embedded ClickHouse)", code, text)}
}

var codePattern = regexp.MustCompile(`^Code: (\d+)\.`)

// unknownCode is what ClickHouse itself uses for errors without a code.
const unknownCode = 1002

// asFailure finds the code in an error of the engine.
func asFailure(err error) *failure {
	if f, ok := err.(*failure); ok { //nolint:errorlint // failures are never wrapped
		return f
	}
	f := &failure{code: unknownCode, text: err.Error()}
	if m := codePattern.FindStringSubmatch(f.text); m != nil {
		f.code, _ = strconv.Atoi(m[1])
	}
	return f
}

// status is the HTTP status that goes with a code; clients look at the code.
func (f *failure) status() int {
	switch f.code {
	case codeSyntax, codeBadArgument, codeSetting, codeSupport:
		return http.StatusBadRequest
	case 60, 81: // unknown table, unknown database
		return http.StatusNotFound
	case codeAccess, codeReadonly:
		return http.StatusForbidden
	case codeTooLarge:
		return http.StatusRequestEntityTooLarge
	case codeTooMany:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// write answers a request with the failure.
func (f *failure) write(w http.ResponseWriter) {
	w.Header().Set("X-ClickHouse-Exception-Code", strconv.Itoa(f.code))
	w.Header().Set("Content-Type", "text/plain; charset=UTF-8")
	w.WriteHeader(f.status())
	_, _ = fmt.Fprintln(w, strings.TrimSpace(f.text))
}
