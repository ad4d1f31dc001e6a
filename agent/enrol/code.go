// Package enrol is how a box gets its identity and keeps it: the key that it makes,
// the code that it shows, what it asks the centre, and which answers it takes.
package enrol

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// letters are Crockford's: none is taken for another one when it is read aloud.
const letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// codeLetters is how many a code has: 40 bits. Who has a claim and a day of many
// processors can make a key with a given code, and then two boxes show it, which is
// refused; see approve.
const codeLetters = 8

// ID is the name of a key until it has a better one: the level of its topics.
func ID(pub ed25519.PublicKey) string {
	sum := sha256.Sum256(pub)
	return "e-" + hex.EncodeToString(sum[:16])
}

// IsID reports whether a name is one that ID gives.
func IsID(name string) bool {
	rest, ok := strings.CutPrefix(name, "e-")
	return ok && len(rest) == 32 && strings.Trim(rest, "0123456789abcdef") == ""
}

// Code is what a person compares: the first letters of the key's SHA-256, as in
// K7QX-3MPA. The box shows it, and who approves the box types it.
func Code(pub ed25519.PublicKey) string {
	sum := sha256.Sum256(pub)
	var b strings.Builder
	var bits, have uint
	for _, x := range sum[:codeLetters*5/8] {
		bits, have = bits<<8|uint(x), have+8
		for ; have >= 5; have -= 5 {
			if b.Len() == codeLetters/2 {
				b.WriteByte('-')
			}
			b.WriteByte(letters[bits>>(have-5)&31])
		}
	}
	return b.String()
}

// ParseCode reads a code as people type it: in small letters, without the dash, with O
// for 0 and I or L for 1. ok is false for what no box shows.
func ParseCode(s string) (code string, ok bool) {
	s = strings.NewReplacer("-", "", " ", "", "O", "0", "I", "1", "L", "1").Replace(strings.ToUpper(s))
	if len(s) != codeLetters || strings.Trim(s, letters) != "" {
		return "", false
	}
	return s[:codeLetters/2] + "-" + s[codeLetters/2:], true
}
