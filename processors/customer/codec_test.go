package customer_test

import (
	"bytes"
	"testing"

	"touchwatch/processors/customer"
	"touchwatch/processors/signal"
)

func TestAStateThatWasStoredInBetweenIsStoredAlike(t *testing.T) {
	one := &customer.State{ID: "cus_1", Total: 3, Signals: []signal.Signal{}, Windows: []customer.Window{}}
	first, err := customer.Encode(nil, one)
	if err != nil {
		t.Fatal(err)
	}
	read, err := customer.Decode(first)
	if err != nil {
		t.Fatal(err)
	}
	second, err := customer.Encode(nil, read)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first, second) {
		t.Errorf("a state whose lists became empty is stored as\n%x\nand, once read, as\n%x", first, second)
	}
}
