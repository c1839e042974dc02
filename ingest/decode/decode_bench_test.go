package decode

import "testing"

// clickBytes is a usual touchpoint of some 600 bytes in our own format; the mark for it is 4 µs.
const clickBytes = `{"id":"01JC8QZ5F7M2T9V0W4K6R1XH3B","type":"click","occurred_at":"2026-11-03T09:14:27.482Z",` +
	`"customer":{"id":"cus_8f31c07a42","cookie":"507f191e810c19729de860ea","email":"j.weber@example.com"},` +
	`"page":"/checkout/payment","url":"https://shop.example.com/checkout/payment?step=2&basket=A-104417&from=newsletter","view_id":"v-77120",` +
	`"thread":"s-4417aa01","element":"button#pay-now","text":"Jetzt bezahlen \u20ac 129","language":"de-DE","campaign":"autumn-2026","product":"A-104417",` +
	`"release":"2026.11.1","x":412,"y":1180,"outcome":"none","attributes":{"device":"phone","experiment":"b"}}`

func BenchmarkOwnClick(b *testing.B) { benchmark(b, "touchwatch.website", []byte(clickBytes)) }

func BenchmarkPayload(b *testing.B) {
	for _, format := range Formats() {
		for _, path := range payloads(b, format) {
			if r := Decode(Record{Value: read(b, path)}, format); len(r.Touchpoints) == 1 && len(r.Bad) == 0 {
				b.Run(format, func(b *testing.B) { benchmark(b, format, read(b, path)) })
				break
			}
		}
	}
}

func benchmark(b *testing.B, format string, value []byte) {
	b.Helper()
	rec := Record{Topic: "raw", Partition: 3, Offset: 81244, Value: value}
	b.SetBytes(int64(len(value)))
	b.ReportAllocs()
	for b.Loop() {
		if r := Decode(rec, format); len(r.Touchpoints) != 1 {
			b.Fatal(r.First())
		}
	}
}
