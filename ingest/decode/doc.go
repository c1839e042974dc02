// Package decode turns the bytes of one raw record into touchpoints. It owns the formats: our own per channel, and those of
// sources that people already have. Each format is one pure function in one file and one line in the table of formats.go.
//
// A decoder says what the source said and no more: OccurredAt is the source's claim or zero, Customer and ReceivedAt stay
// empty, Mood is not judged. Limits that need the time of receipt (Touchpoint.Validate) are the caller's to check, on each
// touchpoint that Decode returns.
//
// Nothing is lost silently: each event of a record becomes a touchpoint, or an entry of Result.Bad that names the event, the
// field and what was expected, or is counted in Result.Skipped because such events say nothing about a customer (a typing
// indicator, a tombstone).
//
// All functions are safe for concurrent use and keep nothing of the record's bytes.
package decode
