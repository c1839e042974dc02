package decode

import "strings"

// pairs are the scalar members of a JSON object in the order in which they stand, as text: attributes and properties, of
// which only a few are ever looked at. Nested values and nulls are passed over. What is no object gives none.
type pairs []pair

type pair struct{ key, value string }

// UnmarshalJSON implements json.Unmarshaler. b is one well-formed JSON value.
func (p *pairs) UnmarshalJSON(b []byte) error {
	*p = nil
	s := string(b)
	if s == "" || s[0] != '{' {
		return nil
	}
	for i := 1; i < len(s); {
		switch s[i] {
		case '"':
		case '}':
			return nil
		default: // space, comma
			i++
			continue
		}
		keyEnd := valueEnd(s, i)
		start := keyEnd
		for start < len(s) && strings.IndexByte(" \t\r\n:", s[start]) >= 0 {
			start++
		}
		end := valueEnd(s, start)
		key, keyOK := unquote(s[i:keyEnd])
		if value, ok := scalarText(s[start:end]); ok && keyOK {
			p.add(key, value)
		}
		i = max(end, i+1)
	}
	return nil
}

// add appends a member; of two with the same name the last one wins.
func (p *pairs) add(key, value string) {
	if *p == nil {
		*p = make(pairs, 0, 4)
	}
	*p = append(*p, pair{key, value})
}

// get returns the value of the first of names that is there and not empty. Names match in any case and without regard to
// underscores: "orderId" finds "order_id".
func (p pairs) get(names ...string) string {
	for _, name := range names {
		for i := len(p) - 1; i >= 0; i-- {
			if p[i].value != "" && sameName(p[i].key, name) {
				return p[i].value
			}
		}
	}
	return ""
}

// sameName compares names in any case and without underscores.
func sameName(a, b string) bool {
	i, j := 0, 0
	for {
		for i < len(a) && a[i] == '_' {
			i++
		}
		for j < len(b) && b[j] == '_' {
			j++
		}
		if i == len(a) || j == len(b) {
			return i == len(a) && j == len(b)
		}
		if lower(a[i]) != lower(b[j]) {
			return false
		}
		i, j = i+1, j+1
	}
}

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// valueEnd returns where the JSON value that starts at i ends.
func valueEnd(s string, i int) int {
	depth := 0
	for i < len(s) {
		switch s[i] {
		case '"':
			i = stringEnd(s, i)
			if depth == 0 {
				return i
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return i
			}
			if depth--; depth == 0 {
				return i + 1
			}
		case ',', ' ', '\t', '\r', '\n', ':':
			if depth == 0 {
				return i
			}
		}
		i++
	}
	return len(s)
}

// stringEnd returns where the JSON string that starts at i ends.
func stringEnd(s string, i int) int {
	for i++; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(s)
}
