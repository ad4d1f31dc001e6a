package modem

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf16"
)

// An SMS is a message that has come and lies in the modem or on its card.
type SMS struct {
	ID         string    // what Delete takes
	From, Text string    // a number with + and the country as far as the network says it
	Sent       time.Time // by the network's clock; zero where the message makes no sense
}

// Messages are what has come. They stay until Delete; a modem that is full takes no more.
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
	said, err := m.command(ctx, "AT+CMGL=4")
	if err != nil {
		return nil, err
	}
	var all []SMS
	for i := 0; i+1 < len(said); i++ {
		rest, ok := strings.CutPrefix(said[i], "+CMGL:")
		f := fields(rest)
		if !ok || len(f) < 3 || f[1] != "0" && f[1] != "1" { // 2 and 3 were written here
			continue
		}
		sms, err := parseDeliver(said[i+1])
		if err != nil {
			sms = SMS{} // it takes up room all the same
		}
		sms.ID = f[0]
		all = append(all, sms)
	}
	return all, nil
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
	if first&0x40 != 0 && len(p) > 0 {
		header = 1 + int(p[0])
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
	return s, nil
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

// The rest of a message that came in parts comes soon or never; what lies there half
// takes up room, of which a card has for 20 or so.
const (
	restSoon = 10 * time.Minute
	halfMost = 16
)

// Messages are what ModemManager has. One of which parts are missing for ten minutes comes
// without its text, to be deleted; many such are an error beside what came.
func (m *Manager) Messages(ctx context.Context) ([]SMS, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if end, ok := ctx.Deadline(); ok { // the other half of the time is for deleting
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Until(end)/2)
		defer cancel()
	}
	var list struct {
		Paths []string `json:"modem.messaging.sms"`
	}
	if err := m.ask(ctx, &list, "-m", "any", "--messaging-list-sms", "-J"); err != nil {
		return nil, err
	}
	var all []SMS
	half, now := make(map[string]time.Time), time.Now()
	for _, path := range list.Paths {
		var of struct {
			SMS struct {
				Content struct {
					Number string `json:"number"`
					Text   string `json:"text"`
				} `json:"content"`
				Properties struct {
					Kind  string `json:"pdu-type"`
					State string `json:"state"`
					Sent  string `json:"timestamp"`
				} `json:"properties"`
			} `json:"sms"`
		}
		if err := m.ask(ctx, &of, "-s", path, "-J"); err != nil {
			return all, err
		}
		c, p := of.SMS.Content, of.SMS.Properties
		s := SMS{ID: path, From: known(c.Number)}
		switch {
		case p.Kind == "submit", p.State == "stored", p.State == "sending", p.State == "sent":
			continue // written here
		case p.Kind == "deliver" && p.State == "received":
			s.Text = known(c.Text)
			for _, layout := range []string{"2006-01-02T15:04:05Z07", time.RFC3339} {
				if t, err := time.Parse(layout, p.Sent); err == nil {
					s.Sent = t
				}
			}
		default:
			half[path] = now
			if since, before := m.half[path]; before {
				half[path] = since
			}
			if now.Sub(half[path]) < restSoon {
				continue
			}
		}
		all = append(all, s)
	}
	m.half = half
	if len(half) >= halfMost {
		return all, fmt.Errorf("modem: %d messages take up room of which parts are missing", len(half))
	}
	return all, nil
}

// Delete makes room.
func (m *Manager) Delete(ctx context.Context, id string) error {
	return m.ask(ctx, nil, "-m", "any", "--messaging-delete-sms="+id)
}
