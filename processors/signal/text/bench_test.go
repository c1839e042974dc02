package text

import (
	"sync"
	"testing"
)

var benchTexts = map[string]string{
	"en":  "Hi, I ordered a kettle from your shop last Tuesday and it has not arrived yet, can you check please",
	"en-": "I am still waiting for my refund, this is the third time I call and nobody answers. Terrible service",
	"de":  "Guten Tag, ich habe letzte Woche einen Wasserkocher bei Ihnen bestellt und warte noch auf die Lieferung",
	"nl":  "Goedemiddag, ik heb vorige week een waterkoker bij jullie besteld en die is nog steeds niet bezorgd hier",
	"ru":  "Здравствуйте, я заказал у вас чайник на прошлой неделе, и он до сих пор не пришел, проверьте",
}

func BenchmarkJudge(b *testing.B) {
	e := shippedEngine()
	eachText(b, func(text string) { e.Judge(text, "") })
}

// BenchmarkRate is BenchmarkJudge for whoever wants only the figures.
func BenchmarkRate(b *testing.B) {
	e := shippedEngine()
	eachText(b, func(text string) { e.Rate(text, "") })
}

// eachText measures what judge does with each of the texts.
func eachText(b *testing.B, judge func(text string)) {
	for _, name := range []string{"en", "en-", "de", "nl", "ru"} {
		text := benchTexts[name]
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				judge(text)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "texts/s")
		})
	}
}

// shippedEngine is one engine for all tests: reading the lexicons takes longer than most of them.
var shippedEngine = sync.OnceValue(Default)
