package front

import (
	"io"
	"strings"
)

// readStatement finds the statement in the address and the body of a request, and the data of an INSERT. As with
// ClickHouse, the body continues what the parameter "query" begins.
func readStatement(q request, body io.Reader) (statement, io.Reader, error) {
	if q.query != "" {
		st, err := parse(q.query)
		if err != nil || st.insert != nil {
			return st, dataOf(st, body), err
		}
	}
	rest, err := io.ReadAll(body)
	if err != nil {
		return statement{}, nil, err
	}
	text := q.query
	if len(rest) > 0 {
		text = strings.TrimPrefix(text+"\n"+string(rest), "\n")
	}
	st, err := parse(text)
	return st, dataOf(st, nil), err
}

// dataOf joins the data that stood behind the statement with the data in the body.
func dataOf(st statement, body io.Reader) io.Reader {
	switch {
	case st.insert == nil:
		return nil
	case body == nil:
		return strings.NewReader(st.insert.data)
	case st.insert.data == "":
		return body
	}
	return io.MultiReader(strings.NewReader(st.insert.data), body)
}
