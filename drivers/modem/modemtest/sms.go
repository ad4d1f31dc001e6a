package modemtest

import (
	"encoding/hex"
	"fmt"
	"strings"
	"time"
	"unicode/utf16"
)

// room is how many messages a store holds; more are turned away, as a full card does.
const room = 20

// Send lets a message arrive, as the network would: in seven bits where the text has only
// letters of ASCII, else in UCS-2. It reports whether it was kept: a modem that was not told
// to keep messages passes them on to whoever listens, and here nobody does.
func (m *Modem) Send(from, text string, at time.Time) bool {
	return m.Store(deliver(from, text, at, nil))
}

// SendPart lets one of several messages arrive that make one text.
func (m *Modem) SendPart(from, text string, at time.Time, part, of byte) bool {
	return m.Store(deliver(from, text, at, []byte{5, 0, 3, 77, of, part}))
}

// Store puts a PDU where messages come.
func (m *Modem) Store(pdu string) (stored bool) {
	m.set(func() {
		if stored = m.keeps && m.used(m.come) < room; stored {
			m.put(m.come, 0, pdu)
		}
	})
	return stored
}

// Write puts n messages into a store that somebody has written and not sent.
func (m *Modem) Write(store string, n int) {
	m.set(func() {
		for range n {
			m.put(store, 2, deliver("+84912345678", "K7QX-39MP-AT5C", time.Now(), nil))
		}
	})
}

// Stores sets which store is read and into which messages come: "ME", "SM".
func (m *Modem) Stores(read, come string) { m.set(func() { m.read, m.come = read, come }) }

// Name sets how many of its three stores it names: those that are read, written, and into
// which messages come.
func (m *Modem) Name(n int) { m.set(func() { m.names = n }) }

// Interrupt makes it say a line of its own in the middle of every list.
func (m *Modem) Interrupt(say string) { m.set(func() { m.say = say }) }

// Damage spoils a PDU in each of the next n lists: a digit is lost on the line.
func (m *Modem) Damage(n int) { m.set(func() { m.noise = n }) }

// CutPower takes its power in the middle of the next list. It is there again at once,
// and has forgotten what it was told, not its messages.
func (m *Modem) CutPower() { m.set(func() { m.dies = true }) }

type message struct {
	store string
	index int
	state int // as AT+CMGL says it
	pdu   string
}

func (m *Modem) put(store string, state int, pdu string) {
	m.index++
	m.messages = append(m.messages, message{store, m.index, state, pdu})
}

func (m *Modem) used(store string) (n int) {
	for _, s := range m.messages {
		if s.store == store {
			n++
		}
	}
	return n
}

// sms answers the commands of messages; ok is false for others.
func (m *Modem) sms(line string) (said []string, ok bool) {
	heading := func(s message) string { return fmt.Sprintf("%d,,%d", s.state, (len(s.pdu)-16)/2) }
	store, sets := strings.CutPrefix(line, "AT+CPMS=")
	switch {
	case line == "AT+CMGF=0", line == "AT+CMGF=1":
		m.text = line == "AT+CMGF=1"
		return nil, true
	case line == "AT+CNMI=2,1":
		m.keeps = true
		return nil, true
	case line == "AT+CPMS?" && m.names > 0:
		var all []string
		for _, s := range []string{m.read, m.read, m.come}[:m.names] {
			all = append(all, fmt.Sprintf("%q,%d,%d", s, m.used(s), room))
		}
		return []string{"+CPMS: " + strings.Join(all, ",")}, true
	case sets && m.absent && store == `"SM"`:
		return []string{"+CMS ERROR: 310"}, true
	case sets:
		m.read = strings.Trim(store, `"`)
		return []string{fmt.Sprintf("+CPMS: %d,%d,%d,%d,%d,%d", m.used(m.read), room, m.used(m.read), room, m.used(m.come), room)}, true
	case line == "AT+CMGL=4" && !m.text:
		for _, s := range m.messages {
			if s.store != m.read {
				continue
			}
			said = append(said, fmt.Sprintf("+CMGL: %d,%s", s.index, heading(s)))
			if m.say != "" {
				said = append(said, m.say)
			}
			if pdu := s.pdu; m.noise > 0 {
				m.noise--
				said = append(said, pdu[:10]+pdu[11:])
			} else {
				said = append(said, pdu)
			}
		}
		return said, true
	}
	for i, s := range m.messages {
		switch {
		case s.store != m.read:
		case line == fmt.Sprintf("AT+CMGD=%d", s.index):
			m.messages = append(m.messages[:i], m.messages[i+1:]...)
			return nil, true
		case line == fmt.Sprintf("AT+CMGR=%d", s.index):
			return []string{"+CMGR: " + heading(s), s.pdu}, true
		}
	}
	if strings.HasPrefix(line, "AT+CMGD=") || strings.HasPrefix(line, "AT+CMGR=") {
		return []string{"+CMS ERROR: 321"}, true // invalid memory index
	}
	return nil, false
}

// deliver is an SMS-DELIVER (3GPP TS 23.040).
func deliver(from, text string, at time.Time, header []byte) string {
	b := []byte{0x07, 0x91, 0x48, 0x89, 0x00, 0x00, 0x00, 0xF0, 0x04}
	if header != nil {
		b[8] |= 0x40
	}
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
	if header == nil && strings.IndexFunc(text, func(r rune) bool { return r > '~' }) < 0 {
		b = append(append(append(b, 0, 0), stamp...), byte(len(text)))
		b = append(b, pack(text)...)
	} else {
		words := utf16.Encode([]rune(text))
		b = append(append(append(b, 0, 8), stamp...), byte(len(header)+2*len(words)))
		b = append(b, header...)
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

// Read says to whom a message in UCS-2 goes that the modem took, and what stands in it.
func Read(pdu string) (to, text string, err error) {
	b, err := hex.DecodeString(pdu)
	if err != nil || len(b) < 6 || b[0] != 0 {
		return "", "", fmt.Errorf("%q is no SMS-SUBMIT of the card's own centre: %v", pdu, err)
	}
	digits := int(b[3])
	if b[4] == 0x91 {
		to = "+"
	}
	rest := b[5+(digits+1)/2:]
	for i := range digits {
		to += string('0' + b[5+i/2]>>(4*(i%2))&15)
	}
	if len(rest) < 3 || rest[1] != 8 || int(rest[2]) != len(rest)-3 {
		return "", "", fmt.Errorf("%q is not in UCS-2, or not as long as it says", pdu)
	}
	var words []uint16
	for i := 3; i+1 < len(rest); i += 2 {
		words = append(words, uint16(rest[i])<<8|uint16(rest[i+1]))
	}
	return to, string(utf16.Decode(words)), nil
}
