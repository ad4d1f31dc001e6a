package sms

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"
	"unicode/utf16"
)

func TestSplit(t *testing.T) {
	for _, c := range []struct {
		name, text string
		coding     Coding
		parts      int
		units      int
	}{
		{"a word", "Loa", GSM7, 1, 3},
		{"160 letters", strings.Repeat("a", 160), GSM7, 1, 160},
		{"161 letters", strings.Repeat("a", 161), GSM7, 2, 161},
		{"letters behind the escape count twice", strings.Repeat("€", 80), GSM7, 1, 160},
		{"and are not torn", strings.Repeat("€", 81), GSM7, 2, 162},
		{"Vietnamese", "Bão số 3 đổ bộ trưa nay", UCS2, 1, 23},
		{"70 of them", strings.Repeat("ộ", 70), UCS2, 1, 70},
		{"71 of them", strings.Repeat("ộ", 71), UCS2, 2, 71},
		{"135 of them", strings.Repeat("ộ", 135), UCS2, 3, 135},
		{"pairs count twice", strings.Repeat("😀", 35), UCS2, 1, 70},
		{"and are not torn", strings.Repeat("😀", 36), UCS2, 2, 72},
		{"lines", "a\r\nb", GSM7, 1, 3},
	} {
		m, err := Split(c.text)
		if err != nil || m.Coding != c.coding || len(m.Parts) != c.parts || m.Units != c.units {
			t.Errorf("%s: %s, %d parts, %d units, %v; want %s, %d, %d", c.name, m.Coding, len(m.Parts), m.Units, err, c.coding, c.parts, c.units)
		}
		if got, want := strings.Join(m.Parts, ""), strings.ReplaceAll(c.text, "\r\n", "\n"); got != want {
			t.Errorf("%s: %q became %q", c.name, want, got)
		}
	}
	m, _ := Split(strings.Repeat("khẩn cấp ", 20))
	for _, p := range m.Parts {
		if !strings.HasSuffix(p, " ") {
			t.Errorf("a word is torn: %q", p)
		}
	}
	for _, text := range []string{"", " \n", strings.Repeat("ộ", 67*MaxParts+1)} {
		if _, err := Split(text); err == nil {
			t.Errorf("%.10q… is taken", text)
		}
	}
}

// Known PDUs: the one that 3GPP-conformant tools give for these texts, by hand.
func TestPDU(t *testing.T) {
	for _, c := range []struct{ number, text, pdu string }{
		// "hellohello" is the textbook's example of seven-bit packing: E8329BFD4697D9EC37.
		{"+46708251358", "hellohello", "00" + "0100" + "0B91" + "6407281553F8" + "0000" + "0A" + "E8329BFD4697D9EC37"},
		{"0912345678", "Lũ", "00" + "0100" + "0B91" + "4819325476F8" + "0008" + "04" + "004C0169"},
	} {
		m, err := Split(c.text)
		if err != nil {
			t.Fatal(err)
		}
		p, err := m.PDUs(c.number, 0)
		want, _ := hex.DecodeString(c.pdu)
		if err != nil || len(p) != 1 || !bytes.Equal(p[0].Bytes, want) || p[0].TPDU != len(want)-1 {
			t.Errorf("%s: %X, %v; want %s", c.text, p, err, c.pdu)
		}
	}
}

func TestPDUsComeTogetherAgain(t *testing.T) {
	for _, text := range []string{
		strings.Repeat("€[abc] ", 60), strings.Repeat("Lũ quét, sơ tán ngay! ", 20), strings.Repeat("a", 153) + "@" + strings.Repeat("b", 100),
		strings.Repeat("Nước dâng 😀 ", 15),
	} {
		m, err := Split(text)
		if err != nil {
			t.Fatal(err)
		}
		all, err := m.PDUs("0912345678", 42)
		if err != nil {
			t.Fatal(err)
		}
		var got strings.Builder
		for i, p := range all {
			if len(p.Bytes) > 1+176 {
				t.Errorf("%d bytes", len(p.Bytes))
			}
			number, part, ref, of, at := open(t, p.Bytes)
			if number != "+84912345678" || ref != 42 || of != len(all) || at != i+1 {
				t.Errorf("%s %d %d/%d", number, ref, at, of)
			}
			got.WriteString(part)
		}
		if got.String() != text {
			t.Errorf("%q became %q", text, got.String())
		}
	}
}

// open reads an SMS-SUBMIT as a network does, bit by bit.
func open(t *testing.T, b []byte) (number, text string, ref, of, at int) {
	t.Helper()
	b = b[1:]
	udhi := b[0]&0x40 != 0
	n := int(b[2])
	number = "+"
	for i := range n {
		number += string('0' + rune(b[4+i/2]>>(4*(i%2))&0x0f))
	}
	b = b[4+(n+1)/2:]
	coding, length, data := b[1], int(b[2]), b[3:]
	skip := 0
	if udhi {
		skip = int(data[0]) + 1
		ref, of, at = int(data[3]), int(data[4]), int(data[5])
	}
	if coding == 8 {
		if length != len(data) {
			t.Errorf("length %d of %d bytes", length, len(data))
		}
		var u []uint16
		for i := skip; i+1 < len(data); i += 2 {
			u = append(u, uint16(data[i])<<8|uint16(data[i+1]))
		}
		return number, string(utf16.Decode(u)), ref, of, at
	}
	var out []rune
	escaped := false
	for i := (8*skip + 6) / 7; i < length; i++ {
		var s byte
		for bit := range 7 {
			k := 7*i + bit
			s |= data[k/8] >> (k % 8) & 1 << bit
		}
		switch {
		case escaped:
			for r, c := range extended {
				if c == s {
					out = append(out, r)
				}
			}
			escaped = false
		case s == 0x1b:
			escaped = true
		default:
			out = append(out, basic[s])
		}
	}
	return number, string(out), ref, of, at
}

func TestNumber(t *testing.T) {
	for text, want := range map[string]string{
		"0912 345 678": "+84912345678", "+84912345678": "+84912345678", "(0274) 3.822-825": "+842743822825",
		"": "", "911": "", "84912345678": "", "+0912345678": "", "0912345678a": "", "+849123456789012345": "", "0912\n345678": "",
	} {
		if got, err := Number(text); got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v; want %q", text, got, err, want)
		}
	}
}

func FuzzSplit(f *testing.F) {
	f.Add("Bão số 3", "0912345678")
	f.Add("a€[", "+1 555 000 1111")
	f.Fuzz(func(t *testing.T, text, number string) {
		m, err := Split(text)
		if err != nil {
			return
		}
		all, err := m.PDUs(number, 1)
		if err != nil {
			return
		}
		for _, p := range all {
			if len(p.Bytes) > 1+176 || p.TPDU != len(p.Bytes)-1 {
				t.Errorf("%d bytes, %d", len(p.Bytes), p.TPDU)
			}
		}
	})
}
