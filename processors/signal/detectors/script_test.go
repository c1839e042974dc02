package detectors

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/signal"
	"touchwatch/processors/signal/settings"
	"touchwatch/processors/signal/text"
)

var rewrite = flag.Bool("rewrite", false, "write what the detectors say into the scripts")

// shipped are the detectors with their shipped settings.
var shipped = sync.OnceValue(func() []signal.Detector { return New(settings.Default()) })

// start is the moment that scripts count from.
const start = touchpoint.Millis(1_750_000_000_000)

// The scripts under testdata are scenarios:
//
//	== a burst of clicks
//	0s     website.click page=/cart element=button#pay outcome=none
//	now 2s
//	-> what the detectors say, one signal a line
//
// "segment vip" says who the customer is, "set KEY: VALUE" changes a setting, "shows KIND SIGNAL…" says of which signals it shows what (see kinds). Each is played in order, then in many other orders and with every touchpoint twice; the result must not change.
func TestScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no scripts", err)
	}
	engine := text.Default()
	seen := coverage{}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		for i, part := range strings.Split(string(b), "\n== ") {
			if i == 0 && !strings.HasPrefix(part, "== ") {
				out.WriteString(strings.TrimRight(part, "\n") + "\n")
				continue
			}
			sc := parseScenario(t, file, strings.TrimPrefix(part, "== "), engine)
			got := sc.run(t)
			seen.note(t, file, &sc, got)
			if !*rewrite && got != sc.want {
				t.Errorf("%s: %s\ngot:\n%swant:\n%s", file, sc.name, got, sc.want)
			}
			out.WriteString("\n== " + sc.body + got)
		}
		if *rewrite {
			if err := os.WriteFile(file, []byte(out.String()), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	seen.complete(t)
}

type scenario struct {
	name, body, want string
	points           []touchpoint.Touchpoint
	now              touchpoint.Millis
	party            signal.Party
	detectors        []signal.Detector
	shows            []shown
}

func parseScenario(t *testing.T, file, part string, engine *text.Engine) scenario {
	t.Helper()
	name, _, _ := strings.Cut(part, "\n")
	sc := scenario{name: name, detectors: shipped()}
	own := ""
	for i, line := range strings.Split(strings.TrimRight(part, "\n"), "\n") {
		if strings.HasPrefix(line, "-> ") {
			sc.want += line + "\n"
			continue
		}
		sc.body += line + "\n"
		words := fields(line)
		switch {
		case i == 0 || len(words) == 0 || words[0] == "#":
		case words[0] == "now":
			sc.now = offset(t, words[1])
		case words[0] == "segment":
			sc.party.Segment = words[1]
		case words[0] == "shows":
			for _, name := range words[2:] {
				sc.shows = append(sc.shows, shown{words[1], name})
			}
		case words[0] == "set":
			own += "  " + strings.TrimPrefix(line, "set ") + "\n"
		default:
			tp := point(t, words)
			if tp.ID == "" {
				tp.ID = touchpoint.ID(fmt.Sprintf("t%02d", len(sc.points)+1))
			}
			engine.Annotate(&tp)
			sc.points = append(sc.points, tp)
		}
	}
	if len(sc.points) == 0 {
		t.Fatalf("%s: %s: no touchpoints", file, name)
	}
	if own != "" {
		s, err := settings.Parse(name, []byte("signals:\n"+own))
		if err != nil {
			t.Fatalf("%s: %s", file, err)
		}
		sc.detectors = New(s)
	}
	return sc
}

// fields splits at spaces outside quotes, which it takes away.
func fields(line string) []string {
	var out []string
	var word strings.Builder
	quoted := false
	for _, r := range line + " " {
		switch {
		case r == '"':
			quoted = !quoted
		case r == ' ' && !quoted:
			if word.Len() > 0 {
				out = append(out, word.String())
			}
			word.Reset()
		default:
			word.WriteRune(r)
		}
	}
	return out
}

func offset(t *testing.T, s string) touchpoint.Millis {
	t.Helper()
	days := 0
	if d, rest, ok := strings.Cut(s, "d"); ok {
		n, err := strconv.Atoi(d)
		if err != nil {
			t.Fatalf("time %q: %v", s, err)
		}
		if days, s = n, rest; s == "" {
			s = "0s"
		}
	}
	d, err := time.ParseDuration(s)
	if err != nil {
		t.Fatalf("time %q: %v", s, err)
	}
	return start.Add(d + time.Duration(days)*24*time.Hour)
}

// point reads a touchpoint: time, kind, key=value…
func point(t *testing.T, words []string) touchpoint.Touchpoint {
	t.Helper()
	tp := touchpoint.Touchpoint{OccurredAt: offset(t, words[0]), Kind: touchpoint.Kind(words[1]), Attrs: map[string]string{}}
	tp.Channel = touchpoint.Channel(strings.SplitN(words[1], ".", 2)[0])
	for _, w := range words[2:] {
		key, value, ok := strings.Cut(w, "=")
		if !ok {
			t.Fatalf("%q: want key=value", w)
		}
		number, _ := strconv.ParseFloat(value, 64)
		switch key {
		case "id":
			tp.ID = touchpoint.ID(value)
		case "page":
			tp.Place.Page = value
		case "element":
			tp.Place.Element = value
		case "form":
			tp.Place.Form = value
		case "field":
			tp.Place.Field = value
		case "queue":
			tp.Place.Queue = value
		case "platform":
			tp.Place.Platform = value
		case "url":
			if tp.Kind == touchpoint.RequestFailed {
				tp.Attrs["url"] = value
			} else {
				tp.Place.URL = value
			}
		case "release":
			tp.Place.Release = value
		case "product":
			tp.Place.Product = value
		case "agent":
			tp.Place.Agent = value
		case "reach":
			tp.Reach = int64(number)
		case "campaign":
			tp.Place.Campaign = value
		case "thread":
			tp.Place.Thread = value
		case "text":
			tp.Text = value
		case "status":
			tp.Status = int32(number)
		case "duration":
			tp.Duration = offset(t, value) - start
		case "outcome":
			if tp.Kind == touchpoint.ClickKind {
				click(&tp).Outcome = value
			} else {
				tp.Attrs["outcome"] = value
			}
		case "x":
			click(&tp).X = int32(number)
		case "y":
			click(&tp).Y = int32(number)
		case "nps", "csat", "ces", "stars":
			scale := map[string][2]float64{"nps": {0, 10}, "csat": {1, 5}, "ces": {1, 7}, "stars": {1, 5}}[key]
			score, limits, scaled := strings.Cut(value, "/")
			n, _ := strconv.ParseFloat(score, 64)
			if scaled {
				low, high, _ := strings.Cut(limits, "-")
				scale[0], _ = strconv.ParseFloat(low, 64)
				scale[1], _ = strconv.ParseFloat(high, 64)
			}
			tp.Rating = &touchpoint.Rating{Metric: key, Score: n, Min: scale[0], Max: scale[1]}
		default:
			tp.Attrs[key] = value
		}
	}
	return tp
}

func click(tp *touchpoint.Touchpoint) *touchpoint.Click {
	if tp.Click == nil {
		tp.Click = &touchpoint.Click{}
	}
	return tp.Click
}

// run plays the scenario in order and in others, and returns what the detectors say.
func (sc *scenario) run(t *testing.T) string {
	t.Helper()
	result := sc.play(sc.points)
	r := rand.New(rand.NewPCG(1, uint64(len(sc.points))))
	for range 20 {
		other := append(slices.Clone(sc.points), sc.points...)
		r.Shuffle(len(other), func(i, j int) { other[i], other[j] = other[j], other[i] })
		if got := sc.play(other); got != result {
			t.Errorf("%s: another order gives\n%snot\n%s", sc.name, got, result)
			break
		}
	}
	return result
}

// play shows touchpoints to all detectors as the fold does, and describes their last word.
func (sc *scenario) play(points []touchpoint.Touchpoint) string {
	var signals []signal.Signal
	var wake touchpoint.Millis
	for _, d := range sc.detectors {
		var marks []signal.Mark
		for i := range points {
			for _, m := range d.Observe(nil, &points[i]) {
				marks, _ = signal.Insert(marks, m)
			}
		}
		marks, _ = signal.Prune(marks, d.Bounds(), 0)
		found, next := signal.DetectFor(d, sc.party, marks, sc.now)
		signals = append(signals, found...)
		if next != 0 && (wake == 0 || next < wake) {
			wake = next
		}
	}
	slices.SortFunc(signals, func(a, b signal.Signal) int { return strings.Compare(describe(&a), describe(&b)) })
	var out strings.Builder
	for i := range signals {
		out.WriteString(describe(&signals[i]))
	}
	if wake != 0 {
		fmt.Fprintf(&out, "-> wake at %s\n", wake.Sub(start))
	}
	if out.Len() == 0 {
		return "-> nothing\n"
	}
	return out.String()
}

func describe(s *signal.Signal) string {
	ids := make([]string, len(s.Evidence))
	for i, id := range s.Evidence {
		ids[i] = string(id)
	}
	return fmt.Sprintf("-> %s %.2f at %s, %s %s [%s] %s: %s\n", s.Name, float64(s.Weight)/100, s.At.Sub(start), s.Channel,
		s.Episode, strings.Join(s.Places, " | "), strings.Join(ids, " "), s.Reason)
}
