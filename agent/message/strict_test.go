package message

import (
	"strings"
	"testing"
)

// No document is nested so deep; what a type allows is bounded all the same.
func TestDepth(t *testing.T) {
	type level struct {
		In []level `json:"in"`
	}
	nest := func(levels int) []byte { // an object and an array are two
		return []byte(strings.Repeat(`{"in":[`, levels/2) + strings.Repeat(`]}`, levels/2))
	}
	var l level
	if err := unmarshal(nest(8), &l); err != nil {
		t.Errorf("eight levels: %v", err)
	}
	if err := unmarshal(nest(10), &l); err == nil || !strings.Contains(err.Error(), "deeper than 8") {
		t.Errorf("ten levels: %v", err)
	}
}
