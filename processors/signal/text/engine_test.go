package text

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"touchwatch/ingest/touchpoint"
)

// What the words of a row must say: about the displeasure and the problem.
const (
	angry   = iota // displeasure ≥ 0.35
	calm           // −0.3 … 0.35
	pleased        // ≤ −0.3
)

func TestDispleasureAndProblemAreToldApart(t *testing.T) {
	e := shippedEngine()
	for _, c := range []struct {
		text    string
		mood    int
		problem bool
	}{
		{"My card was declined", calm, true},
		{"The app does not load", calm, true},
		{"I can't log in", calm, true},
		{"This is the third time I call. Nobody answers. Terrible service!", angry, false},
		{"I am still waiting for my refund, this is ridiculous", angry, false},
		{"The food was great but the service was awful", angry, false},
		{"not good", angry, false},
		{"not bad at all", calm, false},
		{"no problem, great service", pleased, false},
		{"Thank you so much, it works now!", pleased, false},
		{"thanks for nothing", angry, false},
		{"I would like to change my address", calm, false},
		{"#WorstAirlineEver", angry, false},
		{"sooooo baaad, my friends!!!", angry, false},
		{"i dont recommend this", angry, false},
		{"> this is terrible\nthanks, bye", pleased, false},
		{"meine Karte funktioniert nicht", calm, true},
		{"Die Lieferung ist seit drei Wochen überfällig, eine Frechheit", angry, true},
		{"Ich bin sehr unzufrieden", angry, false},
		{"die Mitarbeiter waren nicht freundlich", angry, false},
		{"Kein Problem, toller Service", pleased, false},
		{"der Laden ist kaputt, naechstes Mal wieder zu spaet", angry, true},
		{"Mein Zug fällt schon wieder aus", angry, true},
		{"vielen Dank, sehr nett von Ihnen", pleased, false},
		{"de app doet het niet", calm, true},
		{"Ik wacht al drie weken, niemand reageert, belachelijk", angry, false},
		{"Geen probleem, heel fijn geholpen", pleased, false},
		{"приложение не работает", calm, true},
		{"Третий день жду, никто не отвечает. Ужас!", angry, false},
		{"Спасибо большое, всё отлично", pleased, false},
		{"не понравилось обслуживание", angry, false},
		{"😡😡😡", angry, false},
		{"❤️", pleased, false},
		{"4711", calm, false},
		{"", calm, false},
		{"https://example.com/terrible @worst", calm, false},
	} {
		m, _ := e.Judge(c.text, "")
		got := calm
		switch {
		case m.Displeasure >= 0.35:
			got = angry
		case m.Displeasure <= -0.3:
			got = pleased
		}
		if got != c.mood || (m.Problem >= 0.5) != c.problem {
			t.Errorf("%q: displeasure %.2f problem %.2f %q", c.text, m.Displeasure, m.Problem, m.Words)
		}
	}
}

func TestIntents(t *testing.T) {
	e := shippedEngine()
	for _, c := range []struct{ text, want string }{
		{"I will cancel my subscription", "cancel"},
		{"can you cancel the booking for tomorrow", ""},
		{"my lawyer will write to you", "escalation"},
		{"this is urgent", "urgent"},
		{"thanks", "thanks"},
		{"the problem is resolved", "solved"},
		{"it is not resolved", ""},
		{"let me speak to a human", "human"},
		{"Ich kündige und gehe zum Anwalt", "cancel escalation"},
		{"Danke, jetzt geht es wieder", "thanks solved"},
		{"Ich möchte mit einem Menschen sprechen", "human"},
		{"ik wil mijn abonnement opzeggen", "cancel"},
		{"dank je wel, het is opgelost", "thanks solved"},
		{"mag ik een medewerker spreken", "human"},
		{"ухожу к другому оператору", "cancel"},
		{"я подам в суд", "escalation"},
		{"спасибо, вопрос решен", "thanks solved"},
		{"позовите оператора", "human"},
	} {
		m, _ := e.Judge(c.text, "")
		if got := strings.Join(m.Intents, " "); got != c.want {
			t.Errorf("%q: %q, want %q", c.text, got, c.want)
		}
	}
}

func TestTheLanguageIsChosen(t *testing.T) {
	e := shippedEngine()
	for _, c := range []struct{ text, said, want string }{
		{"where is my order", "", "en"},
		{"wo ist meine Bestellung", "", "de"},
		{"waar is mijn bestelling", "", "nl"},
		{"где мой заказ", "", "ru"},
		{"где мой заказ", "de", "ru"},                              // a browser's setting does not change a script
		{"де моє замовлення", "", ""},                              // Ukrainian
		{"къде е поръчката ми", "bg", "bg"},                        // said, and not spoken here
		{"wo ist meine Bestellung, ich warte schon", "en", "de"},   // the words are clear
		{"ok", "de", "de"},                                         // too short to tell: what the source says
		{"ok", "", ""},                                             //
		{"ist ok", "en-US", "en"},                                  // one word overrules nothing
		{"où est ma commande", "fr", "fr"},                         // said, and not spoken here
		{"hallo", "nl_NL", "nl"},                                   //
		{"привет, wo ist mein Paket? Ich warte schon", "", "de"},   // mixed: the larger part
		{"заказ 12345 via https://shop.example.com/abc", "", "ru"}, // an address is no language
	} {
		if _, got := e.Judge(c.text, c.said); got != c.want {
			t.Errorf("%q (%s): %q, want %q", c.text, c.said, got, c.want)
		}
	}
}

func TestWithoutALanguageOnlyWhatIsCommonCounts(t *testing.T) {
	e := shippedEngine()
	if m, _ := e.Judge("die horrible", "fr"); m.Displeasure != 0 {
		t.Errorf("English words must not count in French: %+v", m)
	}
	if m, _ := e.Judge("c'est nul 😡", "fr"); m.Displeasure < 0.35 {
		t.Errorf("an angry face counts everywhere: %+v", m)
	}
	if m, _ := e.Judge("die Bestellung ist da", "de"); m.Displeasure > 0 {
		t.Errorf("the German article is no death: %+v", m)
	}
}

func TestTheWordsThatDecidedAreNamedAsTheyWereWritten(t *testing.T) {
	m, _ := shippedEngine().Judge("Hello. Nobody EVER answers, this is the WORST app", "en")
	if !slices.Contains(m.Words, "WORST") || !slices.Contains(m.Words, "Nobody EVER") || len(m.Words) > maxWords {
		t.Errorf("%q", m.Words)
	}
}

func TestOnlyWhatTheCustomerSaysIsAnnotated(t *testing.T) {
	e := shippedEngine()
	said := touchpoint.Touchpoint{Kind: touchpoint.ChatCustomerMessage, Text: "das ist furchtbar", Language: ""}
	e.Annotate(&said)
	if said.Mood == nil || said.Mood.Displeasure < 0.35 || said.Language != "de" {
		t.Errorf("%+v %q", said.Mood, said.Language)
	}
	given := &touchpoint.Mood{Displeasure: -1}
	for _, tp := range []touchpoint.Touchpoint{
		{Kind: touchpoint.ChatAgentMessage, Text: "das ist furchtbar"},
		{Kind: touchpoint.CallTurn, Text: "das ist furchtbar", Attrs: map[string]string{"role": "agent"}},
		{Kind: touchpoint.ScriptError, Text: "terrible error"},
		{Kind: touchpoint.ChatCustomerMessage},
		{Kind: touchpoint.ChatCustomerMessage, Text: "terrible", Mood: given},
	} {
		before := tp.Mood
		if e.Annotate(&tp); tp.Mood != before || tp.Language != "" {
			t.Errorf("%s %q: %+v", tp.Kind, tp.Text, tp.Mood)
		}
	}
}

func TestSpellingsOfTheSameWord(t *testing.T) {
	e := shippedEngine()
	for _, c := range [][3]string{
		{"en", "I don't recommend it", "I dont recommend it"},
		{"en", "I don't recommend it", "I don’t recommend it"},
		{"de", "verspätet", "verspaetet"},
		{"de", "unverschämt", "unverscha\u0308mt"},
		{"de", "scheiße", "scheisse"},
		{"ru", "всё ещё не работает", "все еще не работает"},
		{"en", "terrible", "TERRIBLE"},
		{"", "👍", "👍🏿"},
		{"", "🤦", "🤦‍♂️"},
	} {
		a, _ := e.Judge(c[1], c[0])
		b, _ := e.Judge(c[2], c[0])
		if a.Displeasure != b.Displeasure || a.Problem != b.Problem || a.Displeasure == 0 && a.Problem == 0 {
			t.Errorf("%q %+v, %q %+v", c[1], a, c[2], b)
		}
	}
}

func TestRatingAllocatesNothing(t *testing.T) {
	if racing {
		t.Skip("the race detector makes pools forget")
	}
	e := shippedEngine()
	for _, text := range benchTexts {
		if n := testing.AllocsPerRun(100, func() { e.Rate(text, "") }); n > 0 {
			t.Errorf("%q: %v allocations", text, n)
		}
		rated, language := e.Rate(text, "")
		judged, same := e.Judge(text, "")
		if rated.Displeasure != judged.Displeasure || rated.Problem != judged.Problem || language != same {
			t.Errorf("%q: rated %+v, judged %+v", text, rated, judged)
		}
	}
}

func TestATextOfUnknownLanguageIsReadInTheStrongest(t *testing.T) {
	e := shippedEngine()
	for _, c := range []struct{ text, language string }{
		{"terrible service", "en"}, {"schrecklicher Service", "de"}, {"waardeloos", "nl"}, {"Frechheit", "de"},
	} {
		if m, language := e.Read(c.text, ""); language != c.language || m.Displeasure < unhappy || len(m.Readings) == 0 {
			t.Errorf("%q: %q %+v", c.text, language, m)
		}
	}
	if m, language := e.Read("4711", ""); language != "" || m.Displeasure != 0 {
		t.Errorf("a number: %q %+v", language, m)
	}
}

func TestJudgingANeutralTextAllocatesNothing(t *testing.T) {
	if racing {
		t.Skip("the race detector makes pools forget")
	}
	e := shippedEngine()
	if n := testing.AllocsPerRun(100, func() { e.Judge("Where can I see the opening hours of your shop in Utrecht", "") }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestLongTextsAreBounded(t *testing.T) {
	e := shippedEngine()
	for _, long := range []string{
		strings.Repeat("terrible ", 5000), strings.Repeat("x", 16<<10), strings.Repeat("#A", 8000), strings.Repeat("😡", 4000), strings.Repeat("(", 16<<10),
	} {
		if m, _ := e.Judge(long, ""); m.Displeasure > 1 || m.Displeasure < -1 {
			t.Errorf("%.20q: %v", long, m.Displeasure)
		}
	}
}

func FuzzJudge(f *testing.F) {
	for _, s := range benchTexts {
		f.Add(s, "")
	}
	f.Add("> quoted\n#TagTag :-( <3 http://x @y don’t a\u0308 ❤️ \xff\xfe 10/10", "de-AT")
	e := shippedEngine()
	f.Fuzz(func(t *testing.T, text, lang string) {
		m, language := e.Judge(text, lang)
		if !(m.Displeasure >= -1 && m.Displeasure <= 1 && m.Problem >= 0 && m.Problem <= 1 && m.Confidence >= 0 && m.Confidence <= 1) {
			t.Fatalf("out of range: %+v", m)
		}
		for _, w := range m.Words {
			if w == "" || !strings.Contains(text, w) || (utf8.ValidString(text) && !utf8.ValidString(w)) {
				t.Fatalf("%q is no part of the text", w)
			}
		}
		again, same := e.Judge(text, lang)
		if again.Displeasure != m.Displeasure || same != language {
			t.Fatalf("judged twice: %+v %s, then %+v %s", m, language, again, same)
		}
	})
}

func TestAShortTextOfUnknownLanguageIsReadInEach(t *testing.T) {
	e := shippedEngine()
	read := func(text, language string) *touchpoint.Touchpoint {
		tp := touchpoint.Touchpoint{Kind: touchpoint.ChatCustomerMessage, Text: text}
		e.Annotate(&tp)
		if tp.Language != "" {
			t.Errorf("%q is taken for %q", text, tp.Language)
		}
		return tp.ReadIn(language)
	}
	if tp := read("slecht, slecht", "fr"); tp.Language != "" {
		t.Errorf("a language that is not spoken here: %+v", tp.Mood)
	}
	for _, c := range []struct {
		text, language string
		angry          bool
	}{
		{"die 4711", "en", false},
		{"slecht, slecht", "nl", true},
		{"slecht, slecht", "en", false},
	} {
		if tp := read(c.text, c.language); tp.Mood.Displeasure >= unhappy != c.angry {
			t.Errorf("%q in %s: %+v", c.text, c.language, tp.Mood)
		}
	}
	long := touchpoint.Touchpoint{Kind: touchpoint.ChatCustomerMessage, Text: "ja nie wiem gdzie jest moja paczka, proszę o szybką pomoc"}
	if e.Annotate(&long); long.Language == "" && len(long.Mood.Readings) > 0 {
		t.Errorf("a long text of another language: %+v", long.Mood)
	}
}

func TestMatchesNameTheirShares(t *testing.T) {
	e := shippedEngine()
	for _, text := range []string{"Hello. Nobody EVER answers, this is the WORST, worst app", "where is my order", "мне не нравится, ужас", "😡😡"} {
		mood, language := e.Judge(text, "")
		matches, sum := e.Matches(text, language), float32(0)
		for i, m := range matches {
			if sum += m.Share; m.Words != mood.Words[i] || m.Share <= 0 {
				t.Errorf("%q: %+v beside %q", text, matches, mood.Words)
			}
		}
		if len(matches) != len(mood.Words) || (len(matches) > 0 && (sum < 0.99 || sum > 1.01)) {
			t.Errorf("%q: %+v, %q", text, matches, mood.Words)
		}
	}
}

func TestWhatIsQuotedDoesNotCount(t *testing.T) {
	e := shippedEngine()
	for _, c := range []struct {
		text  string
		angry bool
	}{
		{"Thanks, all fine.\n\nOn Mon, 3 Nov 2026, Ann <ann@example.com> wrote:\nthis is terrible, the worst service", false},
		{"Danke, passt.\r\n-----Ursprüngliche Nachricht-----\r\nEine Frechheit, das ist furchtbar!", false},
		{"Am 3.11. schrieb Anna:\n> alles gut\nnein, das ist furchtbar, eine Frechheit", true},
		{"> all is fine\nno, this is terrible", true},
		{"terrible service\n----------\nnever again", true},
		{"He wrote to me:\nthis is terrible", true}, // the first line quotes nothing
		{"Dank u.\nOp ma 3 nov schreef Jan:\nverschrikkelijk, waardeloos", false},
		{"Спасибо.\n3 ноября Анна написала:\nужасно, отвратительно", false},
	} {
		if m, _ := e.Judge(c.text, ""); m.Displeasure >= unhappy != c.angry {
			t.Errorf("%q: %.2f %q", c.text, m.Displeasure, m.Words)
		}
	}
}

func TestWhatSurroundsAWordDecides(t *testing.T) {
	e := shippedEngine()
	for _, c := range []struct {
		text  string
		angry bool
	}{
		{"My parcel was delayed", false},
		{"@shop my parcel was delayed", true}, // told before everybody, to the company
		{"Why was my payment declined?", false},
		{"The site is down again. Brilliant.", true},
		{"They fixed it within an hour. Brilliant.", false},
		{"Klimaanlage ausgefallen, Fenster gehen nicht auf. Super.", true},
		{"so much for my holiday #worstairlineever", true},
		{"#bahnchaos auf dem Weg nach Ulm", true},
		{"who watches the #superbowl with me", false},
		{"no thanks, that is all", false},
		{"Nothing else, thank you", false},
	} {
		if m, _ := e.Judge(c.text, ""); m.Displeasure >= unhappy != c.angry {
			t.Errorf("%q: %.2f %q", c.text, m.Displeasure, m.Words)
		}
	}
}

func TestAThreatWithoutDispleasureNeedsAnUnhappyText(t *testing.T) {
	e := shippedEngine()
	for _, c := range []struct{ text, want string }{
		{"How do I close my account?", ""},
		{"Your service is terrible, close my account", "cancel"},
		{"I am leaving on Friday, will it be here by then?", ""},
		{"I would like to speak to a manager about a job", "human"},
		{"see you in court", "escalation"},
	} {
		m, _ := e.Judge(c.text, "en")
		if got := strings.Join(m.Intents, " "); got != c.want {
			t.Errorf("%q: %q, want %q", c.text, got, c.want)
		}
	}
}

func TestHintsMoveTheScoreAndNoMore(t *testing.T) {
	e := shippedEngine()
	none, _ := e.Judge("the parcel is on the table", "en")
	one, _ := e.Judge("the parcel is not on the table", "en")
	two, _ := e.Judge("they told me the parcel is not on the table", "en")
	if !(none.Displeasure < one.Displeasure && one.Displeasure < two.Displeasure && two.Displeasure < unhappy) {
		t.Errorf("%.2f, %.2f, %.2f: want them to grow and stay below %.2f", none.Displeasure, one.Displeasure, two.Displeasure, unhappy)
	}
	if len(two.Words) > 0 {
		t.Errorf("hints decide nothing: %q", two.Words)
	}
	many, _ := e.Judge("@shop they told me it would be here after two days, nobody calls and your email never gets an answer", "en")
	if many.Displeasure < unhappy || len(many.Words) == 0 {
		t.Errorf("many hints: %.2f %q, want them to be named", many.Displeasure, many.Words)
	}
}

// TestWhatAQuestionSupposesCountsHalf sets what only might happen beside the same words about what did.
func TestWhatAQuestionSupposesCountsHalf(t *testing.T) {
	e := shippedEngine()
	for _, c := range []struct{ language, supposed, told string }{
		{"en", "What do I do if the parcel is damaged?", "If you ask me, the parcel is damaged. What do I do?"},
		{"en", "If the parcel is damaged, who pays?", "If nobody pays, I will come. The parcel is damaged, who pays?"},
		{"de", "Was mache ich, wenn das Paket beschädigt ist?", "Wenn ich es auspacke, ist das Paket beschädigt. Was mache ich?"},
		{"nl", "Wat doe ik als het pakket beschadigd is?", "Als ik het uitpak, het pakket is beschadigd. Wat doe ik?"},
		{"ru", "Что делать, если посылка повреждена?", "Посылка повреждена. Что делать, если вас нет?"},
	} {
		supposed, _ := e.Judge(c.supposed, c.language)
		told, _ := e.Judge(c.told, c.language)
		if supposed.Problem >= 0.5 || told.Problem < 0.5 || supposed.Displeasure >= told.Displeasure {
			t.Errorf("%s: supposed %.2f %.2f, told %.2f %.2f", c.supposed, supposed.Displeasure, supposed.Problem, told.Displeasure, told.Problem)
		}
	}
}
