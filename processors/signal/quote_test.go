package signal

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestAQuotationShowsWhatDecided(t *testing.T) {
	for _, c := range []struct{ text, decided, want string }{
		{"Why is it so hard to pay?", "so hard to", "Why is it so hard to pay?"},
		{"two\n lines\tand  spaces", "two", "two lines and spaces"},
		{
			"I ordered the lamp three weeks ago and it should have been here long ago, this is a disgrace, and nobody tells me anything.", "disgrace",
			"…here long ago, this is a disgrace, and nobody tells me anything.",
		},
		{
			"Nobody answers! I wrote on Monday, on Tuesday, on Wednesday, and now it is Friday, and still no word.", "nobody answers",
			"Nobody answers! I wrote on Monday, on Tuesday, on Wednesday…",
		},
		{
			"Добрый день, третий раз пишу вам об одном и том же: интернет не работает уже неделю, никто не отвечает", "не отвечает",
			"…и том же: интернет не работает уже неделю, никто не отвечает",
		},
		{"what decided is not in this text, which is long enough to be cut, as it stands", "ruined", "what decided is not in this text, which is long enough to be…"},
		{"", "x", ""},
	} {
		if got := Quote(c.text, []string{c.decided}); got != c.want {
			t.Errorf("%q by %q: got %q, want %q", c.text, c.decided, got, c.want)
		}
	}
}

func FuzzQuote(f *testing.F) {
	f.Add("I ordered the lamp three weeks ago and it should have been here long ago, this is a disgrace", "disgrace")
	f.Add(strings.Repeat("ẞİ", 90), "i̇")
	f.Add(strings.Repeat("x", 300)+"\xff\xfe "+strings.Repeat("ы", 90), "ы")
	f.Fuzz(func(t *testing.T, text, decided string) {
		got := Quote(text, []string{decided})
		if n := utf8.RuneCountInString(got); n > quoteMost+2 {
			t.Errorf("%d runes, want at most %d and two marks: %q", n, quoteMost, got)
		}
		body := strings.TrimSuffix(strings.TrimPrefix(got, "…"), "…")
		if utf8.ValidString(text) && !strings.Contains(strings.Join(strings.Fields(text), " "), body) {
			t.Errorf("%q is no part of %q", body, text)
		}
	})
}
