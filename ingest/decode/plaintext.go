package decode

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// plainText returns the text of an HTML fragment: a line per block, entities resolved, scripts and styles left out.
func plainText(fragment string) string {
	tokens := html.NewTokenizer(strings.NewReader(fragment))
	var b strings.Builder
	hidden := false
	for {
		switch tokens.Next() {
		case html.ErrorToken:
			return strings.TrimSpace(b.String())
		case html.TextToken:
			if !hidden {
				b.Write(tokens.Text())
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			name, _ := tokens.TagName()
			switch atom.Lookup(name) {
			case atom.Script, atom.Style:
				hidden = true
			case atom.Br:
				b.WriteByte('\n')
			}
		case html.EndTagToken:
			name, _ := tokens.TagName()
			switch atom.Lookup(name) {
			case atom.Script, atom.Style:
				hidden = false
			case atom.P, atom.Div, atom.Li, atom.Blockquote, atom.Pre:
				b.WriteByte('\n')
			}
		}
	}
}
