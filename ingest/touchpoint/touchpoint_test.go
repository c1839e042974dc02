package touchpoint

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestAliasesAreNormalised(t *testing.T) {
	for _, c := range []struct {
		kind        AliasKind
		value, want string // "" when the value is of no use
	}{
		{AliasID, " cus_8F ", "cus_8F"},
		{AliasID, "  ", ""},
		{AliasID, strings.Repeat("i", MaxIDBytes), strings.Repeat("i", MaxIDBytes)},
		{AliasID, strings.Repeat("i", MaxIDBytes+1), ""},
		{AliasEmail, " J.Weber@Example.COM", "j.weber@example.com"},
		{AliasEmail, "@example.com", ""},
		{AliasEmail, "j@", ""},
		{AliasEmail, "n/a", ""},
		{AliasPhone, "+49 (151) 1234-5678", "+4915112345678"},
		{AliasPhone, "0049 151 12345678", "+4915112345678"},
		{AliasPhone, "+49\u00a0151/123.456", "+49151123456"},
		{AliasPhone, "0151 12345678", ""}, // national: could be anybody's in any country
		{AliasPhone, "+4915112345678 ext 3", ""},
		{AliasPhone, "+123456", ""},
		{AliasPhone, "+1234567", "+1234567"},
		{AliasPhone, "+123456789012345", "+123456789012345"},
		{AliasPhone, "+1234567890123456", ""},
		{AliasPhone, "+49+151123456", ""},
		{AliasPhone, "+", ""},
		{AliasPhone, "anonymous", ""},
		{AliasHandle, "x:@JWeber", "x:jweber"},
		{AliasHandle, "X: @JWeber ", "x:jweber"},
		{AliasHandle, "@JWeber", "jweber"},
		{AliasHandle, "mastodon:JWeber@Social.example", "mastodon:jweber@social.example"},
		{AliasHandle, "x:@", ""},
		{AliasHandle, "x:", ""},
		{AliasContact, "chatwoot:88", "chatwoot:88"},
		{AliasCookie, "507F191e", "507F191e"},
	} {
		got, ok := NewAlias(c.kind, c.value)
		if ok != (c.want != "") || got.Value != c.want || ok && got.Kind != c.kind {
			t.Errorf("%s %q: got %+v %v, want %q", c.kind, c.value, got, ok, c.want)
		}
		if again, ok := NewAlias(c.kind, got.Value); c.want != "" && (!ok || again != got) {
			t.Errorf("%s %q: normalising twice gives %+v", c.kind, c.value, again)
		}
	}
}

func FuzzNormalisingTwiceChangesNothing(f *testing.F) {
	for _, value := range []string{"x:@a", "J@X", "+49 151", "@", "::", " \u00a0", "x:\u00a0@", "\xff"} {
		f.Add(value)
	}
	f.Fuzz(func(t *testing.T, value string) {
		for _, kind := range []AliasKind{AliasID, AliasEmail, AliasPhone, AliasHandle, AliasContact, AliasCookie} {
			once, ok := NewAlias(kind, value)
			if !ok {
				continue
			}
			if twice, ok := NewAlias(kind, once.Value); !ok || twice != once {
				t.Errorf("%s %q: once %q, twice %q %v", kind, value, once.Value, twice.Value, ok)
			}
			if len(once.Value) > MaxIDBytes {
				t.Errorf("%s %q: %d bytes", kind, value, len(once.Value))
			}
		}
	})
}

func TestTheStrongestAliasDecides(t *testing.T) {
	order := []AliasKind{AliasCookie, AliasContact, AliasHandle, AliasPhone, AliasEmail, AliasID}
	var aliases []Alias
	if _, ok := Strongest(aliases); ok {
		t.Fatal("found one among none")
	}
	for _, kind := range order { // weakest first: each new one must win
		aliases = append(aliases, Alias{kind, "first"}, Alias{kind, "second"})
		if got, ok := Strongest(aliases); !ok || got != (Alias{kind, "first"}) {
			t.Errorf("of %v: got %+v", aliases, got)
		}
	}
}

func TestStrangersGetTheSameIDEverywhere(t *testing.T) {
	a := Alias{AliasPhone, "+4915112345678"}
	id := a.Derived()
	if id != a.Derived() || !id.Anonymous() || strings.Contains(string(id), "4915112345678") {
		t.Errorf("got %s", id)
	}
	if id == (Alias{AliasCookie, "+4915112345678"}).Derived() || id == (Alias{AliasPhone, "+4915112345679"}).Derived() {
		t.Error("two aliases share an id")
	}
	if CustomerID("cus_1").Anonymous() {
		t.Error("a CRM id counts as anonymous")
	}
}

const now = Millis(1_793_697_267_000)

func good() Touchpoint {
	return Touchpoint{ID: "website:1", Channel: Website, Kind: PageView, Aliases: []Alias{{AliasCookie, "c"}}, OccurredAt: now}
}

func TestValidateNamesWhatIsWrong(t *testing.T) {
	long := strings.Repeat("x", MaxIDBytes+1)
	for _, c := range []struct {
		name   string
		change func(*Touchpoint)
		reason Reason // "" when it is fine
		field  string
	}{
		{"good", func(*Touchpoint) {}, "", ""},
		{"no time", func(tp *Touchpoint) { tp.OccurredAt = 0 }, "", ""},
		{"as far ahead as may be", func(tp *Touchpoint) { tp.OccurredAt = now.Add(MaxAhead) }, "", ""},
		{"as old as may be", func(tp *Touchpoint) { tp.OccurredAt = now.Add(-time.Hour) }, "", ""},
		{"longest id", func(tp *Touchpoint) { tp.ID = ID(long[1:]) }, "", ""},
		{"too far ahead", func(tp *Touchpoint) { tp.OccurredAt = now.Add(MaxAhead) + 1 }, ReasonFuture, "occurred_at"},
		{"too old", func(tp *Touchpoint) { tp.OccurredAt = now.Add(-time.Hour) - 1 }, ReasonTooOld, "occurred_at"},
		{"id", func(tp *Touchpoint) { tp.ID = ID(long) }, ReasonIDTooLong, "id"},
		{"thread", func(tp *Touchpoint) { tp.Place.Thread = long }, ReasonIDTooLong, "place.thread"},
		{"element", func(tp *Touchpoint) { tp.Place.Element = long }, ReasonIDTooLong, "place.element"},
		{"queue", func(tp *Touchpoint) { tp.Place.Queue = long }, ReasonIDTooLong, "place.queue"},
		{"campaign", func(tp *Touchpoint) { tp.Place.Campaign = long }, ReasonIDTooLong, "place.campaign"},
		{"no channel", func(tp *Touchpoint) { tp.Channel = "" }, ReasonMissingField, "channel/kind"},
		{"no kind", func(tp *Touchpoint) { tp.Kind = "" }, ReasonMissingField, "channel/kind"},
		{"nobody", func(tp *Touchpoint) { tp.Aliases = nil }, ReasonNoParty, ""},
		{"text", func(tp *Touchpoint) { tp.Text = "\xff" }, ReasonNotUTF8, "text"},
	} {
		tp := good()
		c.change(&tp)
		err := tp.Validate(now, time.Hour)
		var invalid *Invalid
		if c.reason == "" {
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
			continue
		}
		if !errors.As(err, &invalid) || invalid.Reason != c.reason || invalid.Field != c.field || invalid.Want == "" {
			t.Errorf("%s: got %v, want %s %s", c.name, err, c.reason, c.field)
		}
	}
}

func TestNoLimitOfAgeTakesAnyAge(t *testing.T) {
	tp := good()
	tp.OccurredAt = 1
	if err := tp.Validate(now, 0); err != nil {
		t.Error(err)
	}
}

func TestWhoWroteTheText(t *testing.T) {
	byCustomer := []Kind{ChatCustomerMessage, ChatRating, SocialPost, SocialMention, SocialDirect, SocialReview, CallSurvey, WebSurveyAnswer}
	for _, kind := range byCustomer {
		if tp := (Touchpoint{Kind: kind}); !tp.FromCustomer() {
			t.Errorf("%s is not the customer's", kind)
		}
	}
	for _, kind := range []Kind{ChatAgentMessage, SocialReply, CheckoutFailed, ScriptError, Search, CallEnded, ProfileUpdate, CustomEvent} {
		if tp := (Touchpoint{Kind: kind}); tp.FromCustomer() {
			t.Errorf("%s is the customer's", kind)
		}
	}
	for role, want := range map[string]bool{"customer": true, "agent": false, "": false} {
		if tp := (Touchpoint{Kind: CallTurn, Attrs: map[string]string{"role": role}}); tp.FromCustomer() != want {
			t.Errorf("turn of %q: %v", role, !want)
		}
	}
}

func TestContactsArePerThread(t *testing.T) {
	for _, c := range []struct {
		tp   Touchpoint
		want string
	}{
		{Touchpoint{ID: "chat:1", Channel: Chat, Kind: ChatOpened, Place: Place{Thread: "512"}}, "chat:512"},
		{Touchpoint{ID: "chat:2", Channel: Chat, Kind: ChatCustomerMessage, Place: Place{Thread: "512"}}, "chat:512"},
		{Touchpoint{ID: "call:1", Channel: Call, Kind: CallQueued, Place: Place{Thread: "512"}}, "call:512"},
		{Touchpoint{ID: "call:2", Channel: Call, Kind: CallRecord, Place: Place{Thread: "512"}}, "call:512"},
		{Touchpoint{ID: "social:9", Channel: Social, Kind: SocialPost}, "social:9"},
		{Touchpoint{ID: "chat:3", Channel: Chat, Kind: ChatAgentMessage, Place: Place{Thread: "512"}}, ""},
		{Touchpoint{ID: "chat:4", Channel: Chat, Kind: ChatClosed, Place: Place{Thread: "512"}}, ""},
		{Touchpoint{ID: "website:1", Channel: Website, Kind: PageView, Place: Place{Thread: "s"}}, ""},
		{Touchpoint{ID: "crm:1", Channel: CRM, Kind: ProfileUpdate}, ""},
	} {
		got, ok := c.tp.Contact()
		if got != c.want || ok != (c.want != "") {
			t.Errorf("%s %s: got %q %v, want %q", c.tp.ID, c.tp.Kind, got, ok, c.want)
		}
	}
}

func TestTimesGoThereAndBack(t *testing.T) {
	at := time.Date(2026, 11, 3, 9, 14, 27, 482e6, time.FixedZone("", 3600))
	if got := MillisOf(at).At(); !got.Equal(at) || got.Location() != time.UTC {
		t.Errorf("got %s", got)
	}
	if MillisOf(time.Time{}) != 0 || !Millis(0).At().IsZero() {
		t.Error("unknown time does not stay unknown")
	}
	if Millis(5000).Sub(2000) != 3*time.Second || Millis(5000).Add(-time.Second) != 4000 {
		t.Error("arithmetic")
	}
}

func TestInvalidSaysWhatWhereAndWhy(t *testing.T) {
	cause := errors.New("cause")
	err := error(&Invalid{Reason: ReasonBadField, Field: "a.b", Want: "a number", Err: cause})
	if got := err.Error(); got != "invalid_field a.b: want a number: cause" || !errors.Is(err, cause) {
		t.Errorf("got %q", got)
	}
	if got := (&Invalid{Reason: ReasonTooLarge}).Error(); got != "too_large" {
		t.Errorf("got %q", got)
	}
}

// fill sets every field of v to a value of its own, so that one that the wire form forgets is noticed.
func fill(v reflect.Value, n *int) {
	*n++
	switch v.Kind() {
	case reflect.String:
		v.SetString(strings.Repeat("s", *n%7+1))
	case reflect.Int32, reflect.Int64:
		v.SetInt(int64(*n) * 1_000)
	case reflect.Float32, reflect.Float64:
		v.SetFloat(float64(*n) / 4)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), n)
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), n)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range v.Len() {
			fill(v.Index(i), n)
		}
	case reflect.Map:
		v.Set(reflect.ValueOf(map[string]string{"a": "1", "b": "2"}))
	default:
		panic("a kind that the wire form has not met: " + v.Kind().String())
	}
}

func TestTheWireFormKeepsEveryField(t *testing.T) {
	var full Touchpoint
	n := 0
	fill(reflect.ValueOf(&full).Elem(), &n)
	for name, tp := range map[string]Touchpoint{"full": full, "usual": good(), "empty": {}} {
		encoded, err := tp.MarshalMsg([]byte("before"))
		if err != nil {
			t.Fatal(err)
		}
		if size := len(encoded) - len("before"); size > tp.Msgsize() {
			t.Errorf("%s: %d bytes, promised at most %d", name, size, tp.Msgsize())
		}
		back := Touchpoint{Customer: tp.Customer, ReceivedAt: tp.ReceivedAt, Source: tp.Source} // the entry around it says these
		rest, err := back.UnmarshalMsg(append(encoded[len("before"):], "after"...))
		if err != nil || string(rest) != "after" || !reflect.DeepEqual(back, tp) {
			t.Errorf("%s: %v, rest %q\n got %+v\nwant %+v", name, err, rest, back, tp)
		}
	}
}

func TestTheWireFormPassesOverUnknownFields(t *testing.T) {
	// A map of two: "id" and one that an older program does not know, holding a list.
	wire := []byte{0x82, 0xa4, 'n', 'e', 'w', '!', 0x92, 0x01, 0xa1, 'x', 0xa2, 'i', 'd', 0xa1, '7'}
	var tp Touchpoint
	if rest, err := tp.UnmarshalMsg(wire); err != nil || len(rest) != 0 || tp.ID != "7" {
		t.Fatalf("got %+v, %v", tp, err)
	}
}

func FuzzTheWireFormNeverPanics(f *testing.F) {
	var full Touchpoint
	n := 0
	fill(reflect.ValueOf(&full).Elem(), &n)
	encoded, err := full.MarshalMsg(nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(encoded)
	f.Add(encoded[:len(encoded)/2])
	f.Fuzz(func(t *testing.T, data []byte) {
		var tp, back Touchpoint
		if _, err := tp.UnmarshalMsg(data); err != nil {
			return
		}
		again, err := tp.MarshalMsg(nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := back.UnmarshalMsg(again); err != nil {
			t.Fatalf("cannot read what it wrote: %v", err)
		}
	})
}
