package simulator

import (
	"embed"
	"fmt"
	"strings"
)

//go:embed texts/*.txt
var textFiles embed.FS

// The languages of the world, by index.
var languages = [...]string{"en", "de", "nl", "ru"}

const (
	english = iota
	german
	dutch
	russian
)

// topic is an occasion to say something.
type topic uint8

const (
	chatAsk topic = iota
	chatProblem
	chatComplain
	chatAngry
	chatNudge
	chatThanks
	agentHello
	agentAnswer
	agentSolve
	agentBye
	botHello
	callAsk
	callComplain
	callAngry
	callThanks
	callAgent
	postPraise
	postNeutral
	postComplain
	postAngry
	siteProblem // these are about a page that does not work
	siteComplain
	siteAngry
	siteCall
	sitePost
	postGrumble
	postReply
	reviewGood
	reviewMixed
	reviewBad
	surveyGood
	surveyBad
	chatTricky // said by people in no trouble, in words that sound like it
	callTricky
	postTricky
	batchPost // of a product that turned out faulty
	batchAngry
	janaChat
	janaNudge
	janaAgain
	janaPost
	janaThanks
	topicCount
)

// topicNames are the section headings of the text files.
var topicNames = [topicCount]string{
	"chat.ask", "chat.problem", "chat.complain", "chat.angry", "chat.nudge", "chat.thanks",
	"agent.hello", "agent.answer", "agent.solve", "agent.bye", "bot.hello",
	"call.ask", "call.complain", "call.angry", "call.thanks", "call.agent",
	"post.praise", "post.neutral", "post.complain", "post.angry",
	"site.problem", "site.complain", "site.angry", "site.call", "site.post", "post.grumble", "post.reply",
	"review.good", "review.mixed", "review.bad", "survey.good", "survey.bad", "chat.tricky", "call.tricky", "post.tricky", "batch.post", "batch.angry",
	"jana.chat", "jana.nudge", "jana.again", "jana.post", "jana.thanks",
}

// phrases are the texts of one language by topic. The jana topics exist in German only.
type phrases [topicCount][]phrase

// phrase is a text, and the causes of trouble it is about: nobody whose form refuses the postcode writes of a parcel.
type phrase struct {
	text   string
	causes string // with commas between; "" fits every cause
}

// fits reports whether somebody whose trouble has this cause may say it; who has none says what is about no cause.
func (p *phrase) fits(cause string) bool {
	if p.causes == "" || cause == "" {
		return p.causes == ""
	}
	for c := range strings.SplitSeq(p.causes, ",") {
		if c == cause {
			return true
		}
	}
	return false
}

// causes are what a trouble's reason says, and the word for it in the text files.
var causes = [...]struct{ why, word string }{
	{"parcel", "parcel"},
	{"charged", "charge"},
	{"broke", "broke"},
	{"faulty", "broke"},
	{"refund", "refund"},
	{"colour", "colour"},
	{"voucher", "voucher"},
	{"form", "form"},
	{"button", "button"},
}

// cause is the word for what somebody's trouble is about, "" for none.
func (p *person) cause() string {
	if p.trouble == nil {
		return ""
	}
	for _, c := range causes {
		if strings.Contains(p.trouble.Why, c.why) {
			return c.word
		}
	}
	return ""
}

// choose returns one of the texts that fit the cause, or of all when none does.
func (w *World) choose(lines []phrase, cause string) string {
	n := 0
	for i := range lines {
		if lines[i].fits(cause) {
			n++
		}
	}
	if n == 0 {
		return lines[w.rng.IntN(len(lines))].text
	}
	k := w.rng.IntN(n)
	for i := range lines {
		if lines[i].fits(cause) {
			if k == 0 {
				return lines[i].text
			}
			k--
		}
	}
	return ""
}

// readPhrases parses the embedded text files, one per language.
func readPhrases() (all [len(languages)]phrases, err error) {
	for i, language := range languages {
		file, err := textFiles.ReadFile("texts/" + language + ".txt")
		if err == nil {
			err = all[i].parse(string(file))
		}
		if err != nil {
			return all, fmt.Errorf("read texts language=%s: %w", language, err)
		}
	}
	return all, nil
}

// parse reads [topic] headings, each followed by its texts, one a line, with its causes before it: "parcel,charge| …"; # begins a comment.
func (p *phrases) parse(file string) error {
	at := -1
	for n, line := range strings.Split(file, "\n") {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || line[0] == '#':
		case line[0] == '[':
			if at = topicIndex(strings.Trim(line, "[]")); at < 0 {
				return fmt.Errorf("line %d: no topic is called %s", n+1, line)
			}
		case at < 0:
			return fmt.Errorf("line %d: a text before the first topic", n+1)
		default:
			about, text, tagged := strings.Cut(line, "| ")
			if !tagged {
				about, text = "", line
			}
			p[at] = append(p[at], phrase{text: text, causes: about})
		}
	}
	return nil
}

func topicIndex(name string) int {
	for i, known := range topicNames {
		if known == name {
			return i
		}
	}
	return -1
}

// words are what is filled into a text.
type words struct{ order, product, sum, name string }

// fill replaces {order}, {product}, {sum} and {name}.
func fill(text string, with words) string {
	if strings.IndexByte(text, '{') < 0 {
		return text
	}
	var b strings.Builder
	b.Grow(len(text) + 32)
	for {
		open := strings.IndexByte(text, '{')
		if open < 0 {
			b.WriteString(text)
			return b.String()
		}
		end := open + strings.IndexByte(text[open:], '}')
		b.WriteString(text[:open])
		switch text[open+1 : end] {
		case "order":
			b.WriteString(with.order)
		case "product":
			b.WriteString(with.product)
		case "sum":
			b.WriteString(with.sum)
		case "name":
			b.WriteString(with.name)
		}
		text = text[end+1:]
	}
}
