package decode

import (
	"fmt"
	"strings"
	"testing"

	"touchwatch/ingest/touchpoint"
)

// garbage is what no JSON format can read, with the reason.
var garbage = []struct {
	name   string
	value  string
	reason touchpoint.Reason
}{
	{"text", "hello", touchpoint.ReasonSyntax},
	{"a quote", `"`, touchpoint.ReasonSyntax},
	{"half an object", `{"type":"click"`, touchpoint.ReasonSyntax},
	{"half a string", `{"type":"cli`, touchpoint.ReasonSyntax},
	{"half an array", `[{}`, touchpoint.ReasonSyntax},
	{"two objects", `{}{}`, touchpoint.ReasonSyntax},
	{"trailing comma", `{"type":"click",}`, touchpoint.ReasonSyntax},
	{"a control character", "{\"type\":\"a\nb\"}", touchpoint.ReasonSyntax},
	{"XML", `<event type="click"/>`, touchpoint.ReasonSyntax},
	{"NUL bytes", "\x00\x00\x00\x00", touchpoint.ReasonSyntax},
	{"Latin-1", "{\"text\":\"gr\xfc\xdfe\"}", touchpoint.ReasonNotUTF8},
	{"UTF-16", "\xff\xfe{\x00}\x00", touchpoint.ReasonNotUTF8},
	{"Avro", "\x00\x00\x00\x00\x2a\x80\x81\xff", touchpoint.ReasonNotUTF8},
	{"gzip", "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff", touchpoint.ReasonNotUTF8},
	{"a cut rune", "{\"text\":\"\xe2\x82\"}", touchpoint.ReasonNotUTF8},
	{"a number", `42`, touchpoint.ReasonBadField},
	{"a string", `"hello"`, touchpoint.ReasonBadField},
	{"false", `false`, touchpoint.ReasonBadField},
	{"array of numbers", `[1]`, touchpoint.ReasonBadField},
	{"array of arrays", `[[]]`, touchpoint.ReasonBadField},
	{"array of null", `[null]`, touchpoint.ReasonBadField},
	{"deep nesting", strings.Repeat(`[`, 100_000), touchpoint.ReasonSyntax},
	{"empty object", `{}`, touchpoint.ReasonMissingField},
	{"null", `null`, touchpoint.ReasonMissingField},
}

func TestGarbageHasItsReason(t *testing.T) {
	for _, format := range Formats() {
		if format == "twilio.voice" {
			continue // no JSON; below
		}
		for _, g := range garbage {
			if strings.HasPrefix(g.value, "[") && !takesArrays(format) && g.reason == touchpoint.ReasonBadField {
				continue // an array is the wrong type as a whole: the same reason, without an index
			}
			t.Run(format+"/"+g.name, func(t *testing.T) { wantReason(t, format, g.value, g.reason) })
		}
	}
	for value, reason := range map[string]touchpoint.Reason{
		"hello":                            touchpoint.ReasonMissingField,
		`{"CallSid":"CA1"}`:                touchpoint.ReasonMissingField,
		"CallSid=CA1":                      touchpoint.ReasonMissingField,
		"CallSid=CA1;CallStatus=completed": touchpoint.ReasonSyntax,
		"CallSid=%zz":                      touchpoint.ReasonSyntax,
		"CallSid=CA1&CallStatus=%ff%fe":    touchpoint.ReasonNotUTF8,
		"CallSid=CA1&CallStatus=dancing":   touchpoint.ReasonUnknownType,
		"CallSid=CA1&CallStatus=completed&From=%2B4915112345678&Timestamp=yesterday":                                                   touchpoint.ReasonBadField,
		"CallSid=CA1&CallStatus=completed&From=%2B4915112345678&CallDuration=-4":                                                       touchpoint.ReasonBadField,
		"CallSid=CA1&CallStatus=completed&From=0151&Timestamp=Tue%2C+03+Nov+2026+09%3A17%3A30+%2B0000":                                 touchpoint.ReasonNoParty,
		"CallSid=CA1&CallStatus=completed&From=client%3A" + strings.Repeat("a", 300) + "&Timestamp=Tue%2C+3+Nov+2026+09%3A17%3A30+GMT": touchpoint.ReasonIDTooLong,
	} {
		wantReason(t, "twilio.voice", value, reason)
	}
}

func takesArrays(format string) bool {
	return format != "chatwoot" && format != "x.v2" && format != "mastodon"
}

func TestGarbageOfEachSize(t *testing.T) {
	for _, format := range Formats() {
		for size := 1; size <= touchpoint.MaxRecordBytes; size *= 8 {
			result := Decode(Record{Value: []byte(strings.Repeat("x", size))}, format)
			if len(result.Touchpoints) != 0 || result.First() == nil {
				t.Errorf("%s took %d bytes of garbage: %+v", format, size, result)
			}
		}
		wantReason(t, format, strings.Repeat(" ", touchpoint.MaxRecordBytes+1), touchpoint.ReasonTooLarge)
	}
	wantReason(t, "segment", `{"batch":[`+strings.TrimSuffix(strings.Repeat(`{},`, MaxEvents+1), ",")+`]}`, touchpoint.ReasonTooLarge)
}

func TestUnknownFormatSaysWhichThereAre(t *testing.T) {
	result := Decode(Record{Value: []byte("{}"), Headers: func(string) string { return "smoke.signals" }}, "segment")
	if first := result.First(); first == nil || first.Reason != touchpoint.ReasonUnknownFormat || !strings.Contains(first.Want, "x.v2") {
		t.Fatalf("got %+v", result)
	}
}

func TestEmptyRecordsAreTombstones(t *testing.T) {
	for _, format := range Formats() {
		for _, value := range []string{"", " \r\n", "\ufeff"} {
			if r := Decode(Record{Value: []byte(value)}, format); len(r.Touchpoints)+len(r.Bad)+r.Skipped != 0 {
				t.Errorf("%s: %q gave %+v", format, value, r)
			}
		}
	}
	for format, value := range map[string]string{"touchwatch.chat": `[]`, "touchwatch.website": `{"events":[]}`, "segment": `{"batch":[]}`, "x.v2": `{"data":[]}`} {
		if r := Decode(Record{Value: []byte(value)}, format); len(r.Touchpoints)+len(r.Bad)+r.Skipped != 0 {
			t.Errorf("%s: %q gave %+v", format, value, r)
		}
	}
}

// badFields are payloads that are JSON of their format but for one thing, with the reason and the field it is found in.
var badFields = []struct {
	format, value string
	reason        touchpoint.Reason
	field         string
}{
	{"touchwatch.website", `{"type":"click","element":"a"}`, touchpoint.ReasonNoParty, ""},
	{"touchwatch.website", `{"type":"click","element":"a","customer":{"phone":"0151"}}`, touchpoint.ReasonNoParty, "customer.phone"},
	{"touchwatch.website", `{"type":"click","element":"a","customer":{"id":5}}`, touchpoint.ReasonBadField, "customer.id"},
	{"touchwatch.website", `{"type":"click","element":"a","customer":"cus_1"}`, touchpoint.ReasonBadField, "customer"},
	{"touchwatch.website", `{"type":"click","customer":{"id":"c"}}`, touchpoint.ReasonMissingField, "element"},
	{"touchwatch.website", `{"type":"click","element":"a","x":"left","customer":{"id":"c"}}`, touchpoint.ReasonBadField, "x"},
	{"touchwatch.website", `{"type":"click","element":"a","y":1e300,"customer":{"id":"c"}}`, touchpoint.ReasonBadField, "y"},
	{"touchwatch.website", `{"type":"click","element":"a","outcome":"boom","customer":{"id":"c"}}`, touchpoint.ReasonBadField, "outcome"},
	{"touchwatch.website", `{"type":"dance","customer":{"id":"c"}}`, touchpoint.ReasonUnknownType, "type"},
	{"touchwatch.website", `{"customer":{"id":"c"}}`, touchpoint.ReasonMissingField, "type"},
	{"touchwatch.website", `{"type":"page_view","page":"/","occurred_at":"yesterday","customer":{"id":"c"}}`, touchpoint.ReasonBadField, "occurred_at"},
	{"touchwatch.website", `{"type":"page_view","page":"/","occurred_at":-5,"customer":{"id":"c"}}`, touchpoint.ReasonBadField, "occurred_at"},
	{"touchwatch.website", `{"type":"page_view","page":"/","occurred_at":{},"customer":{"id":"c"}}`, touchpoint.ReasonBadField, "occurred_at"},
	{"touchwatch.website", `{"events":[{"type":"page_view","page":"/","customer":{"id":"c"}},{"type":"search"}]}`, touchpoint.ReasonNoParty, "events[1]"},
	{"touchwatch.website", `[{"type":"request_failed","customer":{"id":"c"}}]`, touchpoint.ReasonMissingField, "[0].status"},
	{"touchwatch.website", `{"type":"purchase","amount":"a lot","customer":{"id":"c"}}`, touchpoint.ReasonBadField, "amount"},
	{"touchwatch.website", `{"type":"survey","rating":{"metric":"nps","score":11},"customer":{"id":"c"}}`, touchpoint.ReasonBadField, "rating.score"},
	{"touchwatch.website", `{"type":"survey","rating":{"metric":"joy","score":1},"customer":{"id":"c"}}`, touchpoint.ReasonBadField, "rating.metric"},
	{"touchwatch.website", `{"type":"page_view","page":"/","customer":{"id":"` + strings.Repeat("c", 257) + `"}}`, touchpoint.ReasonIDTooLong, "customer.id"},
	{"touchwatch.chat", `{"type":"opened","customer":{"id":"c"}}`, touchpoint.ReasonMissingField, "thread"},
	{"touchwatch.social", `{"type":"post","customer":{"handle":"x:j"}}`, touchpoint.ReasonMissingField, "platform"},
	{"touchwatch.social", `{"type":"review","platform":"x","customer":{"handle":"x:j"}}`, touchpoint.ReasonMissingField, "rating"},
	{"touchwatch.call", `{"type":"turn","thread":"t","customer":{"id":"c"}}`, touchpoint.ReasonMissingField, "role"},
	{"touchwatch.call", `{"type":"ended","thread":"t","reason":"bored","customer":{"id":"c"}}`, touchpoint.ReasonBadField, "reason"},
	{"touchwatch.call", `{"type":"answered","thread":"t","duration_ms":-1,"customer":{"id":"c"}}`, touchpoint.ReasonBadField, "duration_ms"},
	{"touchwatch.profile", `{"name":"J"}`, touchpoint.ReasonMissingField, "id"},
	{"touchwatch.profile", `{"id":"c","relationship":"friend"}`, touchpoint.ReasonBadField, "relationship"},
	{"touchwatch.profile", `{"id":"c","yearly_value":"much"}`, touchpoint.ReasonBadField, "yearly_value"},
	{"touchwatch.profile", `{"id":"c","emails":[` + strings.Repeat(`"",`, maxAliases) + `""]}`, touchpoint.ReasonBadField, "emails"},
	{"touchwatch.profile", `{"id":"c","consent":"perhaps"}`, touchpoint.ReasonBadField, "consent"},
	{"touchwatch.profile", `{"profiles":[{"id":"c"},{"id":""}]}`, touchpoint.ReasonMissingField, "profiles[1].id"},
	{"segment", `{"type":"track","userId":"u"}`, touchpoint.ReasonMissingField, "event"},
	{"segment", `{"batch":[{"type":"page","userId":"u"},{"type":"track","userId":"u"}]}`, touchpoint.ReasonMissingField, "batch[1].event"},
	{"segment", `{"type":"dance","userId":"u"}`, touchpoint.ReasonUnknownType, "type"},
	{"segment", `{"type":"page"}`, touchpoint.ReasonNoParty, ""},
	{"segment", `{"type":"page","userId":"u","timestamp":"soon"}`, touchpoint.ReasonBadField, "timestamp"},
	{"segment", `{"batch":{}}`, touchpoint.ReasonBadField, "batch"},
	{"segment", `{"type":"page","userId":"u","context":{"page":{"path":"/"},"locale":"de"` + `,}}`, touchpoint.ReasonSyntax, ""},
	{"chatwoot", `{"event":"message_updated","content_type":"input_csat","content_attributes":{"submitted_values":{"csat_survey_response":"good"}}}`, touchpoint.ReasonBadField, ""},
	{"chatwoot", `{"event":"message_updated","content_type":"input_csat","content_attributes":{"submitted_values":{"csat_survey_response":{"rating":6}}}}`, touchpoint.ReasonBadField, "content_attributes.submitted_values.csat_survey_response.rating"},
	{"chatwoot", `{"event":"message_created","id":1}`, touchpoint.ReasonMissingField, "message_type"},
	{"chatwoot", `{"event":"message_created","id":1,"message_type":"incoming"}`, touchpoint.ReasonMissingField, "conversation.id"},
	{"chatwoot", `{"event":"message_created","id":1,"message_type":"incoming","conversation":{"id":5}}`, touchpoint.ReasonNoParty, ""},
	{"chatwoot", `{"event":"inbox_created","id":1}`, touchpoint.ReasonUnknownType, "event"},
	{"x.v2", `{"errors":[{"title":"operational-disconnect"}]}`, touchpoint.ReasonUnknownType, "errors"},
	{"x.v2", `{"data":{"text":"hi"}}`, touchpoint.ReasonMissingField, "data.id"},
	{"x.v2", `{"data":{"id":"1853012345678901234","text":"hi"}}`, touchpoint.ReasonNoParty, "data"},
	{"mastodon", `{"event":"dance"}`, touchpoint.ReasonUnknownType, "event"},
	{"mastodon", `{"event":"update","payload":""}`, touchpoint.ReasonMissingField, "payload"},
	{"mastodon", `{"event":"update","payload":"{"}`, touchpoint.ReasonSyntax, "payload"},
	{"mastodon", `{"event":"update","payload":"{\"id\":\"1\"}"}`, touchpoint.ReasonNoParty, "payload"},
	{"amazon.connect", `{"ContactId":"c","Channel":"TASK"}`, touchpoint.ReasonUnknownType, "Channel"},
	{"amazon.connect", `{"ContactId":"c","DisconnectTimestamp":"never"}`, touchpoint.ReasonBadField, "DisconnectTimestamp"},
	{"amazon.connect", `{"detail-type":"Scheduled Event","detail":{}}`, touchpoint.ReasonUnknownType, "detail-type"},
	{"amazon.connect", `{"detail-type":"Amazon Connect Contact Event","detail":{"contactId":"c","eventType":"DANCED"}}`, touchpoint.ReasonUnknownType, "eventType"},
}

func TestBadFieldsAreNamed(t *testing.T) {
	for _, b := range badFields {
		result := Decode(Record{Value: []byte(b.value)}, b.format)
		first := result.First()
		if first == nil || first.Reason != b.reason || first.Field != b.field {
			t.Errorf("%s %.120s\n got %v\nwant %s %s", b.format, b.value, first, b.reason, b.field)
		}
		checkInvariants(t, b.format, result)
	}
}

func TestOneBadEventDoesNotTakeTheOthersWithIt(t *testing.T) {
	value := `[{"type":"page_view","page":"/a","customer":{"id":"c"}},{"type":"click"},7,{"type":"page_view","page":"/b","customer":{"id":"c"}}]`
	r := Decode(Record{Topic: "t", Partition: 2, Offset: 9, Value: []byte(value)}, "touchwatch.website")
	got := fmt.Sprintln(len(r.Touchpoints), len(r.Bad), r.Bad[0].Index, r.Bad[1].Index, r.Touchpoints[1].Source.Index, r.Touchpoints[1].ID)
	if got != "2 2 1 2 3 website:t/2/9/3\n" {
		t.Fatalf("got %s", got)
	}
}

func wantReason(t *testing.T, format, value string, reason touchpoint.Reason) {
	t.Helper()
	result := Decode(Record{Value: []byte(value)}, format)
	if first := result.First(); first == nil || first.Reason != reason || len(result.Touchpoints) != 0 {
		t.Errorf("%s %.100q: got %v and %d touchpoints, want %s", format, value, first, len(result.Touchpoints), reason)
	}
	checkInvariants(t, format, result)
}
