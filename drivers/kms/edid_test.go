package kms

import (
	"bytes"
	"math/rand/v2"
	"testing"
	"unicode/utf8"
)

// namedEDID is the first block of an EDID as VESA E-EDID, section 3, lays it out: the
// head, the maker NOV, and a name in the second of four descriptors.
func namedEDID(name string) []byte {
	e := make([]byte, 128)
	copy(e, []byte{0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0})
	e[8], e[9] = 0x39, 0xf6   // N 14, O 15, V 22: 0 01110 01111 10110
	e[54], e[55] = 0x02, 0x3a // a timing: no descriptor of text
	copy(e[72:], []byte{0, 0, 0, 0xfc, 0})
	text := append([]byte(name), "\n             "...)
	copy(e[77:90], text)
	return e
}

func TestEDIDName(t *testing.T) {
	for _, c := range []struct {
		name string
		edid []byte
		want string
	}{
		{"a sending box", namedEDID("MCTRL660"), "NOV MCTRL660"},
		{"13 letters", namedEDID("ABCDEFGHIJKLM"), "NOV ABCDEFGHIJKLM"},
		{"blanks", namedEDID("  A B "), "NOV A B"},
		{"bytes that are no letters", namedEDID("A\x1b[2J\xff"), "NOV A[2J"},
		{"no name", namedEDID(""), ""},
		{"none", nil, ""},
		{"cut off", namedEDID("A")[:127], ""},
		{"another head", append([]byte{1}, namedEDID("A")[1:]...), ""},
	} {
		if got := edidName(c.edid); got != c.want {
			t.Errorf("%s: %q, not %q", c.name, got, c.want)
		}
	}
}

// Ten thousand spoilt EDIDs, of which people read the names.
func TestSpoiltEDIDs(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 10_000 {
		edid := bytes.Clone(namedEDID("MCTRL660"))
		for range 1 + r.IntN(12) {
			edid[r.IntN(len(edid))] = byte(r.Uint32())
		}
		if r.IntN(3) == 0 {
			edid = edid[:r.IntN(len(edid))]
		}
		for _, c := range edidName(edid) {
			if c < ' ' || c > '~' {
				t.Fatalf("% x has the name %q", edid, edidName(edid))
			}
		}
	}
}

func FuzzEDIDName(f *testing.F) {
	f.Add(namedEDID("MCTRL660"))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, edid []byte) {
		name := edidName(edid)
		if len(name) > 3+1+13 || !utf8.ValidString(name) {
			t.Errorf("%q", name)
		}
		for _, r := range name {
			if r < ' ' || r > '~' {
				t.Errorf("%q", name)
			}
		}
	})
}
