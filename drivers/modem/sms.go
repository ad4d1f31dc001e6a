package modem

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
)

// An SMS is a message that has come and lies in the modem or on its card.
type SMS struct {
	ID         string    // what Delete takes
	From, Text string    // a number with + and the country as far as the network says it; no text: a part of a longer one
	Sent       time.Time // by the network's clock; zero where the message makes no sense
}

// Messages are what has come. They stay until Delete; a modem that is full takes no more,
// which is an error beside what came where nothing of that can be deleted.
// They are asked for as PDUs: in the other mode the text of a message could pass for an
// answer of the modem.
func (m *Modem) Messages(ctx context.Context) ([]SMS, error) {
	if _, err := m.command(ctx, "AT+CMGF=0"); err != nil {
		return nil, err
	}
	// What comes is to be kept and not only told of. One that knows no better does so anyway.
	if _, err := m.value(ctx, "AT+CNMI=2,1", "-"); err != nil {
		return nil, err
	}
	store, used, room, err := m.store(ctx)
	if err != nil {
		return nil, err
	}
	said, err := m.command(ctx, "AT+CMGL=4")
	if err != nil {
		return nil, err
	}
	var all []SMS
	var wrong error
	listed := 0
	for i, line := range said {
		rest, ok := strings.CutPrefix(line, "+CMGL:")
		f := fields(rest)
		if !ok || len(f) < 3 {
			continue
		}
		if listed++; f[1] != "0" && f[1] != "1" { // 2 and 3 were written here
			continue
		}
		sms, err := m.reading(ctx, f[0], said[i+1:], f[len(f)-1])
		if err != nil {
			wrong = err
			continue
		}
		all = append(all, sms)
	}
	switch {
	case used > 0 && listed == 0: // an answer to something else
		wrong = fmt.Errorf("modem: %d messages lie in %s, and none was listed", used, store)
	case room > 0 && used >= room && len(all) == 0:
		wrong = cmp.Or(wrong, fmt.Errorf("modem: %s is full of %d messages that others have written: no more can come", store, used))
	}
	return all, wrong
}

// store is where messages lie that come, and how many of how many. What is listed is made
// the same: makers begin with any of their stores. A modem that has but one says nothing.
func (m *Modem) store(ctx context.Context) (name string, used, room int, err error) {
	said, err := m.command(ctx, "AT+CPMS?")
	if errors.Is(err, errNo) {
		return "", 0, 0, nil
	}
	if err != nil {
		return "", 0, 0, err
	}
	for _, line := range said {
		rest, ok := strings.CutPrefix(line, "+CPMS:")
		f := fields(rest) // what is read, what is written, what comes: of each its name, how many of how many
		if !ok || len(f) < 3 {
			continue
		}
		come := f[min(len(f)/3, 3)*3-3:] // an old one may name the first alone
		used, _ = strconv.Atoi(come[1])
		room, _ = strconv.Atoi(come[2])
		if f[0] != come[0] {
			_, err = m.command(ctx, `AT+CPMS="`+come[0]+`"`)
		}
		return come[0], used, room, err
	}
	return "", 0, 0, errors.New("modem: the answer to AT+CPMS? was another one's")
}

// reading is the message behind its heading. One that came damaged is asked for once more,
// and left alone where nothing of it came: whoever sent it hoped for something. One that
// makes no sense is empty: it takes up room all the same.
func (m *Modem) reading(ctx context.Context, id string, behind []string, length string) (SMS, error) {
	pdu, whole := pduIn(behind, length)
	if !whole {
		again, err := m.command(ctx, "AT+CMGR="+id)
		if err != nil {
			return SMS{}, err
		}
		for i, line := range again {
			if f := fields(line); strings.HasPrefix(line, "+CMGR:") {
				pdu, _ = pduIn(again[i+1:], f[len(f)-1])
			}
		}
		if pdu == "" {
			return SMS{}, fmt.Errorf("modem: message %s came damaged", id)
		}
	}
	sms, err := parseDeliver(pdu)
	if err != nil {
		sms = SMS{}
	}
	sms.ID = id
	return sms, nil
}

// pduIn is the first line that can be a PDU, which a modem may let others come before, and
// whether it is as long as its heading said, without the service centre.
func pduIn(lines []string, length string) (pdu string, whole bool) {
	for _, line := range lines {
		if strings.HasPrefix(line, "+CMGL:") {
			break
		}
		if len(line) < 2 || strings.Trim(line, "0123456789ABCDEFabcdef") != "" {
			continue
		}
		centre, _ := strconv.ParseUint(line[:2], 16, 8)
		n, err := strconv.Atoi(length)
		return line, err == nil && len(line) == 2*(1+int(centre)+n)
	}
	return "", false
}

// Delete makes room.
func (m *Modem) Delete(ctx context.Context, id string) error {
	_, err := m.command(ctx, "AT+CMGD="+id)
	return err
}

var errPDU = errors.New("modem: no SMS-DELIVER")

// parseDeliver reads an SMS-DELIVER behind the address of its service centre, as AT+CMGL
// gives it (3GPP TS 23.040 section 9.2.2.1).
func parseDeliver(text string) (s SMS, err error) {
	p, err := hex.DecodeString(strings.TrimSpace(text))
	if err != nil {
		return s, fmt.Errorf("modem: %w", err)
	}
	take := func(n int) (b []byte) {
		if n > len(p) {
			err, p = errPDU, nil
			return make([]byte, n)
		}
		b, p = p[:n], p[n:]
		return b
	}
	take(int(take(1)[0])) // the service centre
	first := take(1)[0]
	digits := int(take(1)[0])
	kind := take(1)[0]
	from := take((digits + 1) / 2)
	take(1) // protocol
	coding := take(1)[0]
	at := take(7)
	length := int(take(1)[0])
	if err != nil || first&3 != 0 || digits > 20 {
		return s, errPDU
	}
	switch kind >> 4 & 7 {
	case 5:
		s.From = septets(from, 0, digits*4/7)
	case 1:
		s.From = "+" + bcd(from)[:digits]
	default:
		s.From = bcd(from)[:digits]
	}
	if s.Sent, err = stamp(at); err != nil {
		return SMS{}, err
	}
	header := 0 // bytes of the text that are none
	joined := false
	if first&0x40 != 0 && len(p) > 0 {
		header = 1 + int(p[0])
		joined = inParts(p[1:min(header, len(p))])
	}
	switch {
	case coding>>4 == 0xE || coding>>6 == 0 && coding>>2&3 == 2: // UCS-2
		body := take(length)
		for i := min(header, len(body)); i+1 < len(body); i += 2 {
			s.Text += string(utf16.Decode([]uint16{uint16(body[i])<<8 | uint16(body[i+1])}))
		}
	case coding>>4 == 0xF && coding&4 != 0 || coding>>6 == 0 && coding>>2&3 == 1: // bytes
		take(length)
	default:
		skip := (header*8 + 6) / 7
		s.Text = septets(take((length*7+7)/8), skip, length-skip)
	}
	if err != nil {
		return SMS{}, err
	}
	if joined {
		s.Text = ""
	}
	return s, nil
}

// inParts reports the header of a text that came in several messages. They are not joined:
// they come in any order, hours apart or never, and nothing that is asked for here needs
// more than one. A part alone is no text: what stands in it may have been quoted.
func inParts(header []byte) bool {
	for len(header) >= 2 {
		what, n := header[0], 2+int(header[1])
		if n > len(header) {
			break
		}
		if what == 0 && n == 5 && header[3] > 1 || what == 8 && n == 6 && header[4] > 1 {
			return true
		}
		header = header[n:]
	}
	return false
}

// bcd are the digits of an address: the low half of a byte first.
func bcd(b []byte) string {
	const digits = "0123456789*#abcf"
	var s strings.Builder
	for _, x := range b {
		s.WriteByte(digits[x&15])
		s.WriteByte(digits[x>>4])
	}
	return s.String()
}

// stamp reads seven swapped bytes: year to second, and quarters of an hour from UTC.
func stamp(b []byte) (time.Time, error) {
	var n [7]int
	for i, x := range b {
		if i == 6 {
			x &^= 8 // the sign
		}
		if x&15 > 9 || x>>4 > 9 {
			return time.Time{}, errPDU
		}
		n[i] = int(x&15)*10 + int(x>>4)
	}
	quarters := n[6]
	if b[6]&8 != 0 {
		quarters = -quarters
	}
	zone := time.FixedZone("", quarters*15*60)
	t := time.Date(2000+n[0], time.Month(n[1]), n[2], n[3], n[4], n[5], 0, zone)
	if t.Month() != time.Month(n[1]) || t.Day() != n[2] || n[3] > 23 || n[4] > 59 || n[5] > 59 {
		return time.Time{}, errPDU
	}
	return t, nil
}

// septets are n letters of seven bits behind skip others. What the alphabet of GSM has in
// another place than ASCII becomes U+FFFD: no code has it.
func septets(b []byte, skip, n int) string {
	var s strings.Builder
	for i := skip; i < skip+n; i++ {
		bit := i * 7
		if bit/8 >= len(b) {
			break
		}
		x := uint16(b[bit/8])
		if bit/8+1 < len(b) {
			x |= uint16(b[bit/8+1]) << 8
		}
		c := byte(x >> (bit % 8) & 0x7F)
		switch {
		case c == '\n', c == '\r', c >= ' ' && c <= '?' && c != '$', c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z':
			s.WriteByte(c)
		default:
			s.WriteRune('\uFFFD')
		}
	}
	return s.String()
}
