package bx

import (
	"bytes"
	"encoding/hex"
	"image"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

const eight = "A5 A5 A5 A5 A5 A5 A5 A5 "

// Whole frames as they are printed in the maker's documents: the K protocol 1.4
// (chapters in brackets) and the dynamic area manuals (5.5.1 in both).
func TestPrintedFrames(t *testing.T) {
	type tc struct {
		name string
		q    request
		want string
	}
	k := func(to, device uint16, group, cmd byte, data string) request {
		return request{dialect: fonts, to: to, device: device, group: group, cmd: cmd, data: unhex(t, data)}
	}
	for _, c := range []tc{
		{"K ping [8.7]", k(1, 0xFE, 0xA2, 0, ""),
			"01 00 00 80 00 00 00 00 00 00 FE 02 05 00 A2 00 01 00 00 68 F8 5A"},
		{"K clock [8.10]", k(1, 0xFE, 0xA2, 3, hex.EncodeToString(clock(time.Date(2013, 1, 25, 11, 17, 26, 0, time.UTC)))),
			"01 00 00 80 00 00 00 00 00 00 FE 02 0D 00 A2 03 01 08 00 13 20 01 25 11 17 26 05 B0 3F 5A"},
		{"K delete area [8.3.5]", k(1, 0xFE, 0xA4, 4, ""),
			"01 00 00 80 00 00 00 00 00 00 FE 02 05 00 A4 04 01 00 00 E1 C8 5A"},
		{"K area for text [8.3.1]", k(1, 0xFE, 0xA4, 1, "28 00 00 00 08 00 40 00 00 01 00 02 00 02 00 02 0A 00 00 00 00 00 00 00"),
			"01 00 00 80 00 00 00 00 00 00 FE 02 1D 00 A4 01 01 00 00 28 00 00 00 08 00 40 00 00 01 00 02 00 02 00 02 0A 00 00 00 00 00 00 00 FD C0 5A"},
		{"K text 欢迎光临 [8.2.1]", k(anyCard, 0xFE, 0xA3, 6, "00 01 23 00 00 00 80 00 00 80 80 20 00 00 00 00 0A 00 00 00 00 02 01 01 00 02 0A 08 00 00 00 BB B6 D3 AD B9 E2 C1 D9"),
			"FE FF 00 80 00 00 00 00 00 00 FE 02 2C 00 A3 06 01 00 00 00 01 23 00 00 00 80 00 00 80 80 20 00 00 00 00 0A 00 00 00 00 02 01 01 00 02 0A 08 00 00 00 BB B6 D3 AD B9 E2 C1 D9 3C 49 5A"},
		{"K start of a file [8.1.1]", k(anyCard, 0xFE, 0xA1, 5, "01 50 30 30 30 47 00 00 00"),
			"FE FF 00 80 00 00 00 00 00 00 FE 02 0E 00 A1 05 01 00 00 01 50 30 30 30 47 00 00 00 48 14 5A"},
		{"K lock of P000 [8.18]", k(1, 0xFE, 0xA3, 4, "00 01 50 30 30 30"),
			"01 00 00 80 00 00 00 00 00 00 FE 02 0B 00 A3 04 01 00 00 00 01 50 30 30 30 C2 40 5A"},
		{"dynamic ping [5.5.1]", request{dialect: dynamic, to: anyCard, device: anyDevice, group: 0xA2},
			"FE FF 00 80 F0 00 FE FF 00 00 00 00 05 00 00 00 01 A2 00 00 00 C6 86 5A"},
	} {
		if got, want := wrap(c.q.payload()), unhex(t, eight+c.want); !bytes.Equal(got, want) {
			t.Errorf("%s:\n got % X\nwant % X", c.name, got, want)
		}
	}
}

// The replies that the K protocol prints [7.1, 7.2] begin with nine A5.
func TestPrintedReplies(t *testing.T) {
	for _, c := range []struct {
		frame string
		nack  bool
		code  fault
	}{
		{"A5 A5 A5 A5 A5 A5 A5 A5 A5 00 80 FE FF 00 00 00 00 00 00 FE 02 05 00 A0 00 00 00 00 14 AC 5A", false, 0},
		{"A5 A5 A5 A5 A5 A5 A5 A5 A5 00 80 FE FF 00 00 00 00 00 00 FE 02 05 00 A0 01 05 00 00 05 51 5A", true, faultChecksum},
	} {
		r, err := parseReply(scanAll(t, unhex(t, c.frame))[0])
		if err != nil || r.ack() == c.nack || r.nack() != c.nack || r.code != c.code {
			t.Errorf("%s: %+v, %v", c.frame, r, err)
		}
	}
}

// Heads as the maker's SDK sends them; what follows is the bitmap, or nothing.
func TestHeadsOfTheSDK(t *testing.T) {
	still := func(size image.Point, k packing) []page {
		return []page{{way: shownStill, speed: usualSpeed, stay: usualStay, valid: size.X, bits: make([]byte, k.bytes(size))}}
	}
	size := image.Pt(40, 16)
	for _, c := range []struct {
		name string
		q    request
		want string
		more int // bytes of bitmap and checksum
	}{
		{"BX-5 ping over TCP",
			request{dialect: fifth, to: anyCard, device: anyDevice, tcp: true, seq: 0x67B8, random: 0x74, group: 0xA2},
			"FE FF 00 80 05 00 FE FF 01 00 B8 67 00 90 96 74 00 00 00 00 00 00 05 00 1E 78 4A 01 A2 00 00 00", 0},
		{"BX-6 off",
			request{dialect: sixth, to: 1, device: 0x0274, seq: 0x45E4, random: 0x4C, group: 0xA2, cmd: 5, data: []byte{0}},
			"01 00 00 80 07 00 74 02 00 00 E4 45 90 01 96 4C 00 00 00 00 00 00 06 00 A9 04 00 B1 01 A2 05 01 00 00", 0},
		{"BX-6E2 area of 40×16, one colour",
			request{dialect: dynamic, to: 1, device: 0x0274, group: 0xA7,
				data: dynamicArea(sixth, modeLoop, 60, image.Rectangle{Max: size}, still(size, mono32))},
			`01 00 00 80 F0 00 74 02 00 00 00 00 CA 00 00 00 01 A7 00 C5 00 01 00 3F 00 00 00
			00 00 3C 00 01 00 00 01 00 00 00 00 10 00 00 00 00 28 00 10 00 00 00 65 00 00 00 00 00 00 00 01 00
			1A 00 00 00 00 01 01 05 2C 01 01 28 00 00 00 00 00 00 00 00 00 00 00 00 00 00 80 00 00 00`, 128 + 2},
		{"BX-5E2 area of 40×16, two colours",
			request{dialect: dynamic, to: 1, device: 0x0254, group: 0xA7,
				data: dynamicArea(fifth, modeLoop, 0, image.Rectangle{Max: size}, still(size, two8))},
			`01 00 00 80 F0 00 54 02 00 00 00 00 D2 00 00 00 01 A7 00 CD 00 C9 00 00 00
			00 00 00 00 01 00 00 01 00 00 00 00 10 00 00 00 00 28 00 10 00 00 01 00
			AD 00 00 00 00 01 00 05 2C 01 01 28 00 00 00 00 00`, 160 + 2},
		{"BX-5E2 delete all areas",
			request{dialect: dynamic, to: 1, device: 0x0254, group: 0xA7, cmd: 1, data: []byte{0xFF}},
			"01 00 00 80 F0 00 54 02 00 00 00 00 06 00 00 00 01 A7 01 01 00 FF B2 B4", 0},
	} {
		got, want := c.q.payload(), unhex(t, c.want)
		if len(got) != len(want)+c.more || !bytes.Equal(got[:len(want)], want) {
			t.Errorf("%s:\n got % X (%d bytes)\nwant % X and %d more", c.name, got[:min(len(got), len(want))], len(got), want, c.more)
		}
	}
}

func TestChecksums(t *testing.T) {
	const check = "123456789"
	if got := crc16([]byte(check)); got != 0xBB3D { // the catalogue's value of CRC-16/ARC
		t.Errorf("crc16 is %04X", got)
	}
	// Not zlib's CBF43926: begun with 0, not inverted.
	if got := crc32zero([]byte(check)); got != 0x2DFD2D88 {
		t.Errorf("crc32 is %08X", got)
	}
}

func scanAll(t testing.TB, b []byte) (all [][]byte) {
	t.Helper()
	var s scanner
	for _, c := range b {
		if p := s.push(c); p != nil {
			all = append(all, p)
		}
	}
	return all
}

// Any payload comes back, between any noise that is no head.
func TestWrapScan(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		var sent [][]byte
		var stream []byte
		for range 1 + r.IntN(4) {
			p := make([]byte, 1+r.IntN(60))
			for i := range p {
				p[i] = []byte{0xA5, 0xA6, 0x5A, 0x5B, 0, 1, 2, byte(r.Uint32())}[r.IntN(8)]
			}
			f := wrap(p)
			if n := bytes.Count(f, []byte{0xA5}); n != heads {
				t.Fatalf("%d A5 in % X", n, f)
			}
			for range r.IntN(6) {
				stream = append(stream, byte(r.IntN(0xA5)))
			}
			for range r.IntN(2) { // a frame that is cut off by the next
				stream = append(stream, f[:len(f)-1]...)
			}
			stream, sent = append(stream, f[r.IntN(heads):]...), append(sent, p)
		}
		got := scanAll(t, stream)
		if len(got) != len(sent) {
			t.Fatalf("%d frames of %d in % X", len(got), len(sent), stream)
		}
		for i := range got {
			if !bytes.Equal(got[i], sent[i]) {
				t.Fatalf("% X became % X", sent[i], got[i])
			}
		}
	}
}

func TestScannerIsBounded(t *testing.T) {
	var s scanner
	s.push(headByte)
	for range 1 << 20 {
		s.push(0x11)
	}
	if len(s.buf) > maxReply || len(s.sample) > 12 || s.noise < 1<<19 {
		t.Errorf("buffer %d, sample %d, noise %d", len(s.buf), len(s.sample), s.noise)
	}
}

// An escape that nobody writes ends its frame.
func TestWrongEscapes(t *testing.T) {
	for _, first := range []byte{0xA6, 0x5B} {
		for second := range 256 {
			got := scanAll(t, []byte{headByte, 7, first, byte(second), tailByte})
			if good := second == 1 || second == 2; (len(got) == 1) != good && second != headByte {
				t.Errorf("%02X %02X gives % X", first, second, got)
			}
		}
	}
}

func FuzzScan(f *testing.F) {
	f.Add(wrap([]byte{0xA5, 1, 0x5A, 0x5B}))
	f.Add([]byte{0xA5, 0xA6, 0xA6, 0x5A, 0x5B, 0xA5, 0x5A})
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, p := range scanAll(t, b) {
			if len(p) == 0 || len(p) > maxReply {
				t.Fatalf("a payload of %d bytes", len(p))
			}
			if got := scanAll(t, wrap(p)); len(got) != 1 || !bytes.Equal(got[0], p) {
				t.Fatalf("% X came back as % X", p, got)
			}
		}
	})
}
