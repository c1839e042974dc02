// Package simulator owns a seeded world: customers with moods, who browse, buy, chat, call and post, get into trouble and
// out of it, while pages break and are mended. It makes the raw records that the channels' sources would send, in our own
// formats and in those of real sources, and it knows the truth: whose each touchpoint is, who is in trouble, since when
// and why. So it is the traffic of a demo, the load of a benchmark and the oracle of the end-to-end test.
//
// It leaves sending and pacing to its caller (package send): the world has no clock and does no I/O. Time is world time,
// which begins at Options.Start and moves on with every record. The same options give the same bytes.
//
// What people write and do here (texts/*.txt, journey.go, contact.go) comes from ordinary service talk and from how shops,
// chats and hotlines work. It is written apart from the detectors and their word lists, and nothing here may be taken
// from there or tuned until they fire: else the world would only prove that they know themselves.
//
// A World belongs to one goroutine. Its memory is bounded by the number of customers and the rate, however long it runs,
// unless Options.Remember asks it to keep the truth of every touchpoint.
package simulator
