// Package paper writes bytes as lines that a person can type back, and says of
// lines that were typed which of them is wrong.
//
// A line has its number, six groups of four signs, and a group that checks number
// and signs:
//
//	03  9QF2 01MC V7ZK 6H3T PB5R X0WD  K2J8
//
// The signs are those of Douglas Crockford's base32, which lacks I, L, O and U. In
// what is typed O counts as 0, I and L as 1; small letters, missing or more spaces,
// hyphens and the order of the lines do not matter.
package paper

import (
	"bytes"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"strings"
	"unicode"
)

const (
	perLine  = 15 // bytes
	signs    = perLine * 8 / 5
	checked  = 4 // signs that check a line: one mistake in a million goes through
	maxBytes = 98 * perLine
)

var base = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)

// What can be wrong with a line.
const (
	Wrong   = "wrong"   // its signs and its check do not agree
	Length  = "length"  // signs are missing, or there are too many
	Sign    = "sign"    // a sign that is never used
	Number  = "number"  // it does not begin with its number
	Twice   = "twice"   // two lines have this number and say different things
	Missing = "missing" // there is none with this number
	Whole   = "whole"   // each line is right and all together are not: they are of two papers
)

// An Error says which line has to be looked at again.
type Error struct {
	Line int // its number on paper; of one without a number, which one it was, from 1; 0: all
	What string
}

func (e *Error) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.What) }

// Lines writes data, of which there may be up to 1,464 bytes.
func Lines(data []byte) ([]string, error) {
	whole := binary.BigEndian.AppendUint16(nil, uint16(len(data)))
	whole = append(whole, data...)
	sum := sha256.Sum256(whole)
	whole = append(whole, sum[:4]...)
	if len(whole) > maxBytes {
		return nil, fmt.Errorf("paper: %d bytes are too many to be typed", len(data))
	}
	for len(whole)%perLine != 0 {
		whole = append(whole, 0)
	}
	var lines []string
	for n := 1; len(whole) > 0; n++ {
		text := base.EncodeToString(whole[:perLine])
		var b strings.Builder
		fmt.Fprintf(&b, "%02d ", n)
		for i := 0; i < signs; i += 4 {
			b.WriteString(" " + text[i:i+4])
		}
		b.WriteString("  " + check(n, text))
		lines, whole = append(lines, b.String()), whole[perLine:]
	}
	return lines, nil
}

// check is what ends line n.
func check(n int, text string) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d %s", n, text))
	return base.EncodeToString(sum[:5])[:checked]
}

// Bytes reads what was typed. An empty line says nothing. The error is an *Error.
func Bytes(typed string) ([]byte, error) {
	lines := make(map[int]string)
	count := 0
	for line := range strings.Lines(typed) {
		if strings.TrimSpace(line) == "" {
			continue
		}
		count++
		n, text, err := read(line, count)
		if err != nil {
			return nil, err
		}
		if old, ok := lines[n]; ok && old != text {
			return nil, &Error{n, Twice}
		}
		lines[n] = text
	}
	var whole []byte
	need := 1
	for n := 1; n <= need; n++ {
		text, ok := lines[n]
		if !ok {
			return nil, &Error{n, Missing}
		}
		part, err := base.DecodeString(text)
		if err != nil {
			return nil, &Error{n, Sign}
		}
		whole = append(whole, part...)
		if n == 1 {
			need = (2 + int(binary.BigEndian.Uint16(whole)) + 4 + perLine - 1) / perLine
		}
	}
	end := 2 + int(binary.BigEndian.Uint16(whole))
	sum := sha256.Sum256(whole[:end])
	if len(lines) != need || !bytes.Equal(sum[:4], whole[end:end+4]) {
		return nil, &Error{0, Whole}
	}
	return whole[2:end], nil
}

// read takes one line apart, the count-th that says something.
func read(line string, count int) (n int, text string, err error) {
	var b strings.Builder
	for _, r := range strings.ToUpper(line) {
		switch {
		case unicode.IsSpace(r) || r == '-' || r == ':' || r == '.' || r == '\ufeff':
			continue
		case r == 'O':
			r = '0'
		case r == 'I' || r == 'L':
			r = '1'
		}
		b.WriteRune(r)
	}
	all := b.String()
	if len(all) < 2 || all[0] < '0' || all[0] > '9' || all[1] < '0' || all[1] > '9' || all[:2] == "00" {
		return 0, "", &Error{count, Number}
	}
	n = int(all[0]-'0')*10 + int(all[1]-'0')
	all = all[2:]
	if len([]rune(all)) != signs+checked {
		return n, "", &Error{n, Length}
	}
	if _, err := base.DecodeString(all[:signs]); err != nil || len(all) != signs+checked {
		return n, "", &Error{n, Sign}
	}
	if all[signs:] != check(n, all[:signs]) {
		return n, "", &Error{n, Wrong}
	}
	return n, all[:signs], nil
}
