package modemtest

import (
	"encoding/hex"
	"fmt"
	"strings"
	"time"
	"unicode/utf16"
)

// room is how many messages a card holds; more are turned away, as a full card does.
const room = 20

// Send lets a message arrive, as the network would: in seven bits where the text has only
// letters of ASCII, else in UCS-2. It reports whether it was kept: a modem that was not told
// to keep messages passes them on to whoever listens, and here nobody does.
func (m *Modem) Send(from, text string, at time.Time) bool {
	return m.Store(deliver(from, text, at))
}

// Store puts a PDU on the card.
func (m *Modem) Store(pdu string) (stored bool) {
	m.set(func() {
		if stored = m.keeps && len(m.messages) < room; stored {
			m.index++
			m.messages = append(m.messages, message{m.index, pdu})
		}
	})
	return stored
}

type message struct {
	index int
	pdu   string
}

// sms answers the commands of messages; ok is false for others.
func (m *Modem) sms(line string) (said []string, ok bool) {
	var n int
	switch {
	case line == "AT+CMGF=0", line == "AT+CMGF=1":
		m.text = line == "AT+CMGF=1"
		return nil, true
	case line == "AT+CNMI=2,1":
		m.keeps = true
		return nil, true
	case line == "AT+CMGL=4" && !m.text:
		for _, s := range m.messages {
			said = append(said, fmt.Sprintf("+CMGL: %d,0,,%d", s.index, len(s.pdu)/2-8), s.pdu)
		}
		return said, true
	}
	if _, err := fmt.Sscanf(line, "AT+CMGD=%d", &n); err != nil {
		return nil, false
	}
	for i, s := range m.messages {
		if s.index == n {
			m.messages = append(m.messages[:i], m.messages[i+1:]...)
			return nil, true
		}
	}
	return nil, false
}

// deliver is an SMS-DELIVER (3GPP TS 23.040).
func deliver(from, text string, at time.Time) string {
	b := []byte{0x07, 0x91, 0x48, 0x89, 0x00, 0x00, 0x00, 0xF0, 0x04}
	digits := strings.TrimPrefix(from, "+")
	switch {
	case strings.Trim(digits, "0123456789") != "":
		b = append(append(b, byte((len(from)*7+3)/4), 0xD0), pack(from)...)
	case digits != from:
		b = append(append(b, byte(len(digits)), 0x91), semi(digits)...)
	default:
		b = append(append(b, byte(len(digits)), 0x81), semi(digits)...)
	}
	_, offset := at.Zone()
	stamp := semi(at.Format("060102150405") + fmt.Sprintf("%02d", max(offset, -offset)/900))
	if offset < 0 {
		stamp[6] |= 8
	}
	if strings.IndexFunc(text, func(r rune) bool { return r > '~' }) < 0 {
		b = append(append(append(b, 0, 0), stamp...), byte(len(text)))
		b = append(b, pack(text)...)
	} else {
		words := utf16.Encode([]rune(text))
		b = append(append(append(b, 0, 8), stamp...), byte(2*len(words)))
		for _, w := range words {
			b = append(b, byte(w>>8), byte(w))
		}
	}
	return strings.ToUpper(hex.EncodeToString(b))
}

// semi are digits, two in a byte, the first in its low half.
func semi(digits string) []byte {
	if len(digits)%2 == 1 {
		digits += "?" // F
	}
	b := make([]byte, len(digits)/2)
	for i := range b {
		b[i] = digits[2*i]&15 | digits[2*i+1]&15<<4
	}
	return b
}

// pack writes letters of seven bits one behind the other.
func pack(text string) (b []byte) {
	var bits, have uint
	for _, c := range []byte(text) {
		bits |= uint(c&0x7F) << have
		for have += 7; have >= 8; have -= 8 {
			b = append(b, byte(bits))
			bits >>= 8
		}
	}
	if have > 0 {
		b = append(b, byte(bits))
	}
	return b
}
