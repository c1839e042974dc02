package front

import (
	"slices"
	"strings"
)

// statement is one statement, understood as far as needed to run it safely.
type statement struct {
	text   string // without a closing semicolon
	first  string // first word, upper case
	format string // of its own FORMAT clause; empty when it has none
	// streams says that its result may be fetched piece by piece.
	streams bool
	insert  *insert // not nil when data follows the statement
}

// insert is an INSERT whose data is not part of the statement.
type insert struct {
	head     string // INSERT INTO table (columns)
	settings string // SETTINGS …, or empty
	format   string // of the data
	data     string // what stood behind the statement in the same text
}

// from returns the statement that reads the data from a file.
func (n *insert) from(path string) string {
	return strings.Join([]string{n.head, "FROM INFILE", quote(path), "COMPRESSION 'none'", n.settings, "FORMAT", n.format}, " ")
}

// parse understands one statement. The engine must never see data inside a statement (it ends it at an empty line and
// runs the rest), more than one statement, or a DROP that waits (it waits for ever), so those are taken apart or refused here.
func parse(query string) (statement, error) {
	lex := &lexer{s: query}
	var tokens []token
	for {
		t, ok := lex.next()
		if !ok {
			break
		}
		if t.text == ";" && t.depth == 0 {
			if _, more := skipSemicolons(lex); more {
				return statement{}, refuse(codeSyntax, "multi-statements are not allowed: send one statement per request")
			}
			query = query[:t.start]
			break
		}
		tokens = append(tokens, t)
		if tokens[0].text == "INSERT" {
			if n, ok := dataFollows(query, tokens, lex); ok {
				return statement{text: n.head, first: "INSERT", insert: n}, nil
			}
		}
	}
	if len(tokens) == 0 {
		return statement{}, refuse(codeSyntax, "empty query")
	}
	return understand(query, tokens)
}

func skipSemicolons(lex *lexer) (token, bool) {
	for {
		t, ok := lex.next()
		if !ok || t.text != ";" {
			return t, ok
		}
	}
}

// understand looks at a statement that brings no data.
func understand(query string, tokens []token) (statement, error) {
	s := statement{text: strings.TrimSpace(query), first: tokens[0].text, format: ownFormat(query, tokens)}
	words := func(word string) int {
		return slices.IndexFunc(tokens, func(t token) bool { return t.depth == 0 && t.text == word })
	}
	switch s.first {
	case "SELECT", "WITH":
		s.streams = words("FORMAT") < 0 && words("INSERT") < 0 && words("OUTFILE") < 0
	case "INSERT":
		if words("INFILE") >= 0 {
			return s, refuse(codeSupport, "INSERT … FROM INFILE is not available here: send the data in the request's body")
		}
		if words("FORMAT") >= 0 {
			return s, refuse(codeSupport, "INSERT … SELECT with data of its own (input()) is not available here: insert the data into a table first")
		}
	case "DROP", "DETACH", "TRUNCATE":
		s.text = withoutSync(query, tokens)
	}
	return s, nil
}

// ownFormat returns the name in a FORMAT clause, which stands at the end or before SETTINGS.
func ownFormat(query string, tokens []token) string {
	for i, t := range tokens {
		if t.depth != 0 || t.text != "FORMAT" || i+1 >= len(tokens) || !wordByte(tokens[i+1].text[0]) {
			continue
		}
		if i+2 == len(tokens) || tokens[i+2].text == "SETTINGS" {
			return query[tokens[i+1].start:tokens[i+1].end]
		}
	}
	return ""
}

// withoutSync removes SYNC and NO DELAY: with them the engine never returns.
func withoutSync(query string, tokens []token) string {
	text := query
	for i := len(tokens) - 1; i > 0; i-- {
		from := -1
		switch {
		case tokens[i].text == "SYNC" && !namesFollow(tokens[i-1].text):
			from = tokens[i].start
		case tokens[i].text == "DELAY" && tokens[i-1].text == "NO":
			from = tokens[i-1].start
		}
		if from >= 0 && tokens[i].depth == 0 {
			text = text[:from] + text[tokens[i].end:]
		}
	}
	return strings.TrimSpace(text)
}

// namesFollow reports words behind which the name of a thing stands.
func namesFollow(word string) bool {
	return slices.Contains([]string{".", ",", "TABLE", "DATABASE", "VIEW", "DICTIONARY", "FUNCTION", "EXISTS"}, word)
}

// dataFollows looks at an INSERT up to its newest token and reports whether data begins here.
func dataFollows(query string, tokens []token, lex *lexer) (*insert, bool) {
	i := len(tokens) - 1
	t := tokens[i]
	if t.depth != 0 || i < 2 || namesFollow(tokens[i-1].text) || tokens[i-1].text == "INTO" || hasWord(tokens, "SELECT", "WITH", "INFILE") {
		return nil, false
	}
	n := &insert{format: "Values", data: query[lex.i:]}
	switch t.text {
	case "VALUES":
	case "FORMAT":
		name, ok := lex.next()
		if !ok || !wordByte(name.text[0]) {
			return nil, false
		}
		n.format = query[name.start:name.end]
		n.data = dataAfterFormat(query[lex.i:])
		if strings.EqualFold(n.format, "Values") {
			n.format = "Values"
		}
	default:
		return nil, false
	}
	end := t.start
	if at := slices.IndexFunc(tokens, func(t token) bool { return t.depth == 0 && t.text == "SETTINGS" }); at > 2 {
		n.settings = strings.TrimSpace(query[tokens[at].start:t.start])
		end = tokens[at].start
	}
	n.head = strings.TrimSpace(query[:end])
	return n, true
}

func hasWord(tokens []token, words ...string) bool {
	return slices.ContainsFunc(tokens, func(t token) bool { return t.depth == 0 && slices.Contains(words, t.text) })
}

// dataAfterFormat drops what separates the name of the format from the data: blanks, a semicolon, one line end.
func dataAfterFormat(s string) string {
	s = strings.TrimLeft(s, " \t")
	s = strings.TrimPrefix(s, ";")
	s = strings.TrimLeft(s, " \t\r")
	return strings.TrimPrefix(s, "\n")
}

// quote writes a text as a literal of the engine's SQL. It holds no line end and no quote of its own.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('\'')
	for i := range len(s) {
		switch c := s[i]; c {
		case '\'', '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case '\n':
			b.WriteString(`\n`)
		case '\r':
			b.WriteString(`\r`)
		case 0:
			b.WriteString(`\0`)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('\'')
	return b.String()
}
