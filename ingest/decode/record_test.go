package decode

import (
	"strings"
	"testing"
	"unicode/utf8"

	"touchwatch/ingest/touchpoint"
)

const pageView = `{"type":"page_view","page":"/","customer":{"cookie":"c"}}`

func headers(pairs ...string) Headers {
	return func(name string) string {
		for i := 0; i+1 < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1]
			}
		}
		return ""
	}
}

func TestTheHeaderNamesTheFormat(t *testing.T) {
	rec := Record{Topic: "touchpoints.website", Value: []byte(`{"type":"page","anonymousId":"a"}`), Headers: headers(HeaderFormat, "segment")}
	r := Decode(rec, DefaultFormat(rec.Topic))
	if len(r.Touchpoints) != 1 || r.Touchpoints[0].Format != "segment" {
		t.Fatalf("got %+v", r)
	}
}

func TestEachBuiltInTopicHasItsFormat(t *testing.T) {
	for _, topic := range []string{"touchpoints.website", "touchpoints.chat", "touchpoints.social", "touchpoints.call", "customers.profiles"} {
		if _, ok := Lookup(DefaultFormat(topic)); !ok {
			t.Errorf("%s: no decoder called %q", topic, DefaultFormat(topic))
		}
	}
}

func TestMissingIDsComeFromTheRecordsPlace(t *testing.T) {
	for _, c := range []struct{ origin, want string }{
		{"", "website:raw/3/7/0"},
		{"touchpoints.website/0/41", "website:touchpoints.website/0/41/0"}, // sent again from the dead topic
		{"touchpoints.website/0/x", "website:raw/3/7/0"},
		{"touchpoints.website/0", "website:raw/3/7/0"},
		{"/0/1", "website:raw/3/7/0"},
		{strings.Repeat("t", 300) + "/0/1", "website:raw/3/7/0"},
	} {
		r := Decode(Record{Topic: "raw", Partition: 3, Offset: 7, Value: []byte(pageView), Headers: headers(HeaderOrigin, c.origin)}, "touchwatch.website")
		if got := string(r.Touchpoints[0].ID); got != c.want {
			t.Errorf("origin %.40q: got %s, want %s", c.origin, got, c.want)
		}
		if s := r.Touchpoints[0].Source; s.Topic != "raw" || s.Partition != 3 || s.Offset != 7 || s.Index != 0 {
			t.Errorf("origin %.40q: source %+v", c.origin, s)
		}
	}
}

func TestIDsOfTwoChannelsDoNotCollide(t *testing.T) {
	web := Decode(Record{Value: []byte(`{"id":"1","type":"page_view","page":"/","customer":{"cookie":"c"}}`)}, "touchwatch.website")
	chat := Decode(Record{Value: []byte(`{"id":"1","type":"opened","thread":"1","customer":{"cookie":"c"}}`)}, "touchwatch.chat")
	if web.Touchpoints[0].ID == chat.Touchpoints[0].ID {
		t.Fatalf("both are %s", web.Touchpoints[0].ID)
	}
}

func TestIDsThatAreTooLongAreLeftToValidate(t *testing.T) {
	r := Decode(Record{Value: []byte(`{"id":"` + strings.Repeat("i", 300) + `","type":"page_view","page":"/","customer":{"cookie":"c"}}`)}, "touchwatch.website")
	err := r.Touchpoints[0].Validate(1, 0)
	if invalid, ok := err.(*touchpoint.Invalid); !ok || invalid.Reason != touchpoint.ReasonIDTooLong {
		t.Fatalf("got %v", err)
	}
}

func TestTextIsCutOnARune(t *testing.T) {
	for _, r := range []string{"a", "ü", "€", "😀"} {
		text := strings.Repeat(r, touchpoint.MaxTextBytes)
		value := `{"type":"opened","thread":"t","customer":{"id":"c"},"text":"` + text + `"}`
		got := Decode(Record{Value: []byte(value)}, "touchwatch.chat").Touchpoints[0].Text
		if !utf8.ValidString(got) || len(got) > touchpoint.MaxTextBytes || len(got) <= touchpoint.MaxTextBytes-utf8.UTFMax || !strings.HasPrefix(text, got) {
			t.Errorf("%q: kept %d bytes, valid %v", r, len(got), utf8.ValidString(got))
		}
	}
}

func TestPagesAreTheirPath(t *testing.T) {
	for page, want := range map[string]string{
		"/checkout": "/checkout", "/checkout?step=2": "/checkout", "/a#b": "/a", "checkout": "checkout", "?x": "",
		"https://shop.example.com/checkout/pay?step=2#x": "/checkout/pay",
		"https://shop.example.com":                       "/",
		"https://shop.example.com?x=/y":                  "/",
		"app://home/basket":                              "/basket",
		"":                                               "",
	} {
		if got := pagePath(page); got != want {
			t.Errorf("%q: got %q, want %q", page, got, want)
		}
	}
}

func TestLanguagesAreTheirFirstPart(t *testing.T) {
	for tag, want := range map[string]string{
		"de": "de", "de-DE": "de", "nl_NL": "nl", "EN": "en", "": "", "und": "", "x": "", "12": "", "deutsch": "", "d€": "", "zh-Hans-CN": "zh",
	} {
		if got := language(tag); got != want {
			t.Errorf("%q: got %q, want %q", tag, got, want)
		}
	}
}

func TestPlainTextOfHTML(t *testing.T) {
	for fragment, want := range map[string]string{
		"<p>a</p><p>b<br>c</p>":                         "a\nb\nc",
		"1 &lt; 2 &amp; 3":                              "1 < 2 & 3",
		"<script>alert(1)</script>ok<style>p{}</style>": "ok",
		"<a href='x'>link</a> <b>unclosed":              "link unclosed",
		"<ul><li>x</li><li>y</li></ul>":                 "x\ny",
		"":                                              "",
		strings.Repeat("<div>", 50_000) + "deep":        "deep",
	} {
		if got := plainText(fragment); got != want {
			t.Errorf("%.60q: got %q, want %q", fragment, got, want)
		}
	}
}

func TestPairsReadWhatEncodingJSONReads(t *testing.T) {
	for value, want := range map[string]pairs{
		`{}`: nil, `[]`: nil, `"x"`: nil, `12`: nil,
		`{"a":"1","b":2,"c":true,"d":null,"e":{"x":"}"},"f":["]"],"g":-1.5e3}`: {{"a", "1"}, {"b", "2"}, {"c", "true"}, {"g", "-1.5e3"}},
		"{ \"a\" :\n\"x\\\"y\" ,\t\"b\\u0041\": 1 }":                           {{"a", `x"y`}, {"bA", "1"}},
		`{"a":"","b":[[{"c":"d"}],1],"e":"f"}`:                                 {{"a", ""}, {"e", "f"}},
	} {
		var got pairs
		if err := got.UnmarshalJSON([]byte(value)); err != nil || len(got) != len(want) {
			t.Errorf("%s: got %v, %v", value, got, err)
			continue
		}
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("%s: got %v, want %v", value, got, want)
			}
		}
	}
}

func TestNamesMatchInAnyCaseAndWithoutUnderscores(t *testing.T) {
	p := pairs{{"orderId", "1"}, {"Order_ID", "2"}, {"sku", ""}, {"product_id", "3"}}
	if got := p.get("order_id") + p.get("sku", "productId") + p.get("order"); got != "23" {
		t.Fatalf("got %q", got)
	}
}
