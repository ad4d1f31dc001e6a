package cpower

import (
	"encoding/hex"
	"strings"
	"testing"
)

// unhex reads hex with spaces, and lines that end in a comment.
func unhex(t testing.TB, s string) []byte {
	t.Helper()
	var digits strings.Builder
	for line := range strings.Lines(s) {
		code, _, _ := strings.Cut(line, "//")
		digits.WriteString(strings.Join(strings.Fields(code), ""))
	}
	b, err := hex.DecodeString(digits.String())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Unhex is unhex for tests from outside.
var Unhex = unhex
