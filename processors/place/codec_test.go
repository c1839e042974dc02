package place_test

import (
	"bytes"
	"testing"

	"touchwatch/processors/episode"
	"touchwatch/processors/place"
)

func TestAStateThatWasStoredInBetweenIsStoredAlike(t *testing.T) {
	fold := place.NewFold(nil)
	first, err := fold.Encode(nil, &place.State{ID: "page:/", Total: 3, Hits: []place.Hit{}, Episodes: []episode.Episode{}})
	if err != nil {
		t.Fatal(err)
	}
	read, err := place.Decode(first)
	if err != nil {
		t.Fatal(err)
	}
	second, err := fold.Encode(nil, read)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first, second) {
		t.Errorf("a state whose lists became empty is stored as\n%x\nand, once read, as\n%x", first, second)
	}
}
