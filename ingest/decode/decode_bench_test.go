package decode

import "testing"

// clickBytes is a usual touchpoint of 600 bytes in our own format.
const clickBytes = `{"id":"01JC8QZ5F7M2T9V0W4K6R1XH3B","type":"click","occurred_at":"2026-11-03T09:14:27.482Z",` +
	`"customer":{"id":"cus_8f31c07a42","cookie":"507f191e810c19729de860ea","email":"j.weber@example.com"},` +
	`"page":"/checkout/payment","url":"https://shop.example.com/checkout/payment?step=2&basket=A-104417","view_id":"v-77120",` +
	`"thread":"s-4417aa01","element":"button#pay-now","text":"Jetzt bezahlen \u20ac 129","language":"de-DE","campaign":"autumn-2026","product":"A-104417",` +
	`"release":"2026.11.1","x":412,"y":1180,"outcome":"none","attributes":{"device":"phone","experiment":"b"}}`

func BenchmarkOwnClick(b *testing.B) {
	rec := Record{Topic: "touchpoints.website", Partition: 3, Offset: 81244, Value: []byte(clickBytes)}
	b.SetBytes(int64(len(clickBytes)))
	b.ReportAllocs()
	for b.Loop() {
		if r := Decode(rec, "touchwatch.website"); len(r.Touchpoints) != 1 {
			b.Fatal(r.First())
		}
	}
}
