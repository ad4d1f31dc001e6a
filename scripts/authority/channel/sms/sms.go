// Package sms makes short messages of a text: how many of them, in which alphabet, and
// the bytes that a GSM modem is given.
//
// Sources: 3GPP TS 23.038 (alphabets, section 6.2.1), 23.040 (SMS-SUBMIT, section
// 9.2.2.2; concatenation, 9.2.3.24.1), 27.005 (AT+CMGS in PDU mode).
package sms

import (
	"fmt"
	"strings"
	"unicode/utf16"
)

// A Coding is an alphabet of short messages.
type Coding string

// The alphabets.
const (
	GSM7 Coding = "GSM-7" // 160 letters a message: no Vietnamese marks but à è é ì ò ù
	UCS2 Coding = "UCS-2" // 70 letters a message
)

// Room in one message, and in one of several, which lose some to their number: in septets
// and in UTF-16 units.
const (
	alone7, joined7 = 160, 153
	alone2, joined2 = 70, 67
)

// MaxParts is how many messages one text may become: the number is a byte, and telephones
// join no more than this reliably.
const MaxParts = 10

// A Message is a text as it goes out.
type Message struct {
	Coding Coding
	Parts  []string // what each carries
	Units  int      // septets or UTF-16 units in all
}

// basic is the default alphabet in the order of its codes; the escape is U+001B.
var basic = []rune("@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ" +
	" !\"#¤%&'()*+,-./0123456789:;<=>?" +
	"¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§" +
	"¿abcdefghijklmnopqrstuvwxyzäöñüà")

// extended are the letters behind the escape.
var extended = map[rune]byte{
	'\f': 0x0a, '^': 0x14, '{': 0x28, '}': 0x29, '\\': 0x2f,
	'[': 0x3c, '~': 0x3d, ']': 0x3e, '|': 0x40, '€': 0x65,
}

var codes = func() map[rune]byte {
	m := make(map[rune]byte, len(basic))
	for i, r := range basic {
		m[r] = byte(i)
	}
	delete(m, '\x1b')
	return m
}()

// septets is a letter in the default alphabet; empty: it is not in it.
func septets(r rune) []byte {
	if c, ok := codes[r]; ok {
		return []byte{c}
	}
	if c, ok := extended[r]; ok {
		return []byte{0x1b, c}
	}
	return nil
}

// Split makes messages of a text, in the default alphabet where all of it is in that. A
// letter is never torn apart, and a word only where it is longer than a message.
func Split(text string) (Message, error) {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	if strings.TrimSpace(text) == "" {
		return Message{}, fmt.Errorf("sms: there is no text")
	}
	m := Message{Coding: GSM7}
	size := func(r rune) int { return len(septets(r)) }
	alone, joined := alone7, joined7
	for _, r := range text {
		if septets(r) == nil {
			m.Coding, alone, joined = UCS2, alone2, joined2
			size = func(r rune) int { return utf16.RuneLen(r) }
			break
		}
	}
	for _, r := range text {
		m.Units += max(1, size(r))
	}
	if m.Units <= alone {
		m.Parts = []string{text}
		return m, nil
	}
	for rest := []rune(text); len(rest) > 0; {
		n := fit(rest, joined, size)
		m.Parts = append(m.Parts, string(rest[:n]))
		rest = rest[n:]
	}
	if len(m.Parts) > MaxParts {
		return m, fmt.Errorf("sms: %d messages; at most %d", len(m.Parts), MaxParts)
	}
	return m, nil
}

// fit is how many letters go into one of several messages: up to the last space in the
// second half of it, if there is one.
func fit(rest []rune, room int, size func(rune) int) int {
	n, used, space := 0, 0, 0
	for n < len(rest) && used+max(1, size(rest[n])) <= room {
		used += max(1, size(rest[n]))
		n++
		if rest[n-1] == ' ' || rest[n-1] == '\n' {
			space = n
		}
	}
	if n < len(rest) && space > n/2 {
		return space
	}
	return n
}
