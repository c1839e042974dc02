package decode

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"touchwatch/ingest/timeline"
	"touchwatch/ingest/touchpoint"
)

// checkInvariants fails the test when a result, whatever the bytes were, breaks a promise of this package.
func checkInvariants(t testing.TB, format string, r Result) {
	t.Helper()
	last := int32(-1)
	for i := range r.Touchpoints {
		tp := &r.Touchpoints[i]
		if tp.Source.Index <= last {
			t.Errorf("index %d after %d", tp.Source.Index, last)
		}
		last = tp.Source.Index
		checkTouchpoint(t, format, tp)
	}
	for _, bad := range r.Bad {
		if bad.Invalid == nil || !slices.Contains(touchpoint.Reasons, bad.Invalid.Reason) || bad.Invalid.Want == "" && bad.Invalid.Err == nil {
			t.Errorf("bad event without an explanation: %+v", bad.Invalid)
		}
	}
	if len(r.Touchpoints)+len(r.Bad)+r.Skipped > MaxEvents {
		t.Errorf("%d touchpoints, %d bad, %d skipped", len(r.Touchpoints), len(r.Bad), r.Skipped)
	}
}

func checkTouchpoint(t testing.TB, format string, tp *touchpoint.Touchpoint) {
	t.Helper()
	switch {
	case tp.Channel == "" || tp.Kind == "" || tp.Format != format:
		t.Errorf("channel %q, kind %q, format %q", tp.Channel, tp.Kind, tp.Format)
	case !strings.HasPrefix(string(tp.ID), string(tp.Channel)+":"):
		t.Errorf("id %q without its channel", tp.ID)
	case len(tp.Aliases) == 0 || len(tp.Aliases) > maxAliases:
		t.Errorf("%d aliases", len(tp.Aliases))
	case tp.OccurredAt < 0 || tp.OccurredAt > maxMillis || tp.Duration < 0:
		t.Errorf("occurred at %d, took %d", tp.OccurredAt, tp.Duration)
	case tp.Customer != "" || tp.ReceivedAt != 0 || tp.Mood != nil:
		t.Error("set what is not the decoder's to set")
	case len(tp.Text) > touchpoint.MaxTextBytes || len(tp.Attrs) > touchpoint.MaxAttrs || len(tp.Place.URL) > maxURLBytes:
		t.Errorf("text %d bytes, %d attributes, URL %d bytes", len(tp.Text), len(tp.Attrs), len(tp.Place.URL))
	case tp.Links && tp.Kind != touchpoint.Identify && tp.Kind != touchpoint.ProfileUpdate && tp.Channel != touchpoint.Chat:
		t.Errorf("%s links aliases", tp.Kind)
	}
	for _, a := range tp.Aliases {
		if again, ok := touchpoint.NewAlias(a.Kind, a.Value); !ok || again != a {
			t.Errorf("alias %+v is not normal", a)
		}
	}
	for key, value := range tp.Attrs {
		if key == "" || value == "" || len(key) > maxAttrKeyBytes || len(value) > maxAttrValueBytes {
			t.Errorf("attribute %q of %d bytes", key, len(value))
		}
	}
	checkStrings(t, reflect.ValueOf(tp).Elem())
	encoded, err := timeline.Encode(nil, &timeline.Entry{
		Kind: timeline.Touchpoint, Subject: string(tp.Customer), At: tp.ReceivedAt, Source: tp.Source, Touchpoint: tp,
	})
	if err != nil {
		t.Fatal(err)
	}
	if back, err := timeline.Decode(encoded); err != nil || !reflect.DeepEqual(back.Touchpoint, tp) {
		t.Errorf("the timeline would not carry it: %v\n got %+v\nwant %+v", err, back, *tp)
	}
}

// checkStrings fails the test when a string anywhere in v is no UTF-8.
func checkStrings(t testing.TB, v reflect.Value) {
	t.Helper()
	switch v.Kind() {
	case reflect.String:
		if !utf8.ValidString(v.String()) {
			t.Errorf("%q is no UTF-8", v.String())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			checkStrings(t, v.Field(i))
		}
	case reflect.Pointer:
		if !v.IsNil() {
			checkStrings(t, v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			checkStrings(t, v.Index(i))
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			checkStrings(t, key)
			checkStrings(t, v.MapIndex(key))
		}
	}
}
