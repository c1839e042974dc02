package text

import "strings"

// skipQuoted skips what a line at i begins to quote: lines with > in front, as mail programs quote, and the mail that
// stands under an answer, to the end of the text.
func skipQuoted(text string, i int) int {
	if i < len(text) && text[i] != '>' && quotes(text[i:]) {
		end := strings.IndexByte(text[i:], '\n')
		if end < 0 || i+end+1 >= len(text) || text[i+end+1] != '>' {
			return len(text)
		}
		i += end + 1 // lines with > follow, and an answer may stand under them
	}
	for i < len(text) && text[i] == '>' {
		end := strings.IndexByte(text[i:], '\n')
		if end < 0 {
			return len(text)
		}
		i += end + 1
	}
	return i
}

// longestIntroduction is how many bytes the line has at most that introduces a quoted mail.
const longestIntroduction = 200

// introductions are what such lines say, beside a name and a date.
var introductions = [...]string{" wrote:", " schrieb", " schreef", " писал", " написал"}

// quotes reports whether a line introduces a quoted mail: '-----Original Message-----', 'On Monday, Ann wrote:'.
func quotes(rest string) bool {
	line, _, _ := strings.Cut(rest[:min(len(rest), longestIntroduction)], "\n")
	line = strings.TrimRight(line, " \r")
	if after, ok := strings.CutPrefix(line, "-----"); ok {
		return strings.HasSuffix(after, "-----") && len(after) > 8
	}
	if !strings.HasSuffix(line, ":") {
		return false
	}
	for _, said := range introductions {
		if strings.Contains(line, said) {
			return true
		}
	}
	return false
}
