package scenario

import (
	"fmt"
	"strconv"
	"strings"
)

// word is one word of a line: bare text, a text in quotes, or key=value or key~value.
type word struct {
	key    string // "" for bare words and texts
	sign   byte   // '=' or '~' when there is a key
	value  string
	quoted bool
}

// split takes a line apart. A word that begins with # ends the line.
func split(line string) ([]word, error) {
	var words []word
	for rest := strings.TrimSpace(line); rest != ""; rest = strings.TrimLeft(rest, " \t") {
		if rest[0] == '#' {
			return words, nil
		}
		var w word
		var err error
		if w, rest, err = next(rest); err != nil {
			return nil, err
		}
		words = append(words, w)
	}
	return words, nil
}

// next cuts the first word off.
func next(rest string) (word, string, error) {
	if rest[0] == '"' {
		value, after, err := unquote(rest)
		return word{value: value, quoted: true}, after, err
	}
	end := strings.IndexAny(rest, " \t")
	if end < 0 {
		end = len(rest)
	}
	sign := strings.IndexAny(rest[:end], "=~")
	if sign <= 0 {
		return word{value: rest[:end]}, rest[end:], nil
	}
	w := word{key: rest[:sign], sign: rest[sign], value: rest[sign+1 : end]}
	if !strings.HasPrefix(w.value, `"`) {
		return w, rest[end:], nil
	}
	value, after, err := unquote(rest[sign+1:])
	w.value = value
	return w, after, err
}

// unquote cuts a text in quotes off; \" and \n stand for a quote and a line's end.
func unquote(rest string) (value, after string, err error) {
	quoted, err := strconv.QuotedPrefix(rest)
	if err != nil {
		return "", "", fmt.Errorf("a text has no closing quote")
	}
	value, err = strconv.Unquote(quoted)
	if err != nil {
		return "", "", fmt.Errorf("text %s: %w", quoted, err)
	}
	return value, rest[len(quoted):], nil
}
