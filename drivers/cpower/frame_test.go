package cpower

import (
	"bytes"
	"image"
	"image/color"
	"math/rand/v2"
	"strings"
	"testing"
)

var serialFraming, networkFraming = framing{}, framing{network: true, id: 0xFFFFFFFF}

// Frames that the vendor's documents print.
func TestDocumentFrames(t *testing.T) {
	for _, c := range []struct {
		where string
		frame string
		want  packet
	}{
		{"External Calls, pure text (CC 12), example 2",
			"A5 68 32 01 7B 01 13 00 00 00 12 00 00 01 00 00 03 02 FF 00 00 61 62 63 0D 63 62 61 00 9A 04 AE",
			packet{1, cmdExternal, 1, unhex(t, "13 00 00 00 12 00 00 01 00 00 03 02 FF 00 00 61 62 63 0D 63 62 61 00")}},
		{"Basic Protocol 1.2.9.1, query on or off", "a5 68 32 01 76 01 01 13 01 ae", packet{1, cmdPower, 1, []byte{1}}},
		{"Basic Protocol 1.2.9.2, off", "a5 68 32 01 76 01 00 00 00 00 00 00 00 00 00 12 01 ae",
			packet{1, cmdPower, 1, make([]byte, 9)}},
		{"Basic Protocol 1.2.9.2, on", "a5 68 32 01 76 01 00 01 00 00 00 00 00 00 00 13 01 ae",
			packet{1, cmdPower, 1, []byte{8: 0, 1: 1}}},
		{"Setting the Controller 2.4.1.2, set network",
			"A5 68 32 01 3C 01 00 C0 A8 01 DE C0 A8 01 01 FF FF FF 00 14 50 FF FF FF FF E6 0B AE",
			packet{1, cmdNetwork, 1, unhex(t, "00 C0 A8 01 DE C0 A8 01 01 FF FF FF 00 14 50 FF FF FF FF")}},
	} {
		want := unhex(t, c.frame)
		if got := serialFraming.wrap(c.want.body()); !bytes.Equal(got, want) {
			t.Errorf("%s:\n% x, want\n% x", c.where, got, want)
		}
	}
}

// The one answer that they print, to "set network".
func TestDocumentAnswer(t *testing.T) {
	s := scanner{buf: unhex(t, "A5 E8 32 01 3C 01 01 59 01 AE")}
	a, _, ok := s.next()
	if !ok || a.card != 1 || a.cmd != cmdNetwork || !bytes.Equal(a.data, []byte{1}) {
		t.Errorf("%+v, %v", a, ok)
	}
}

// Example 1 of CC 12 is wrong in the document: its sum is refused.
func TestDocumentSlip(t *testing.T) {
	slip := unhex(t, "68 32 01 7B 01 0F 00 00 01 20 00 00 00 00 03 02 FF 00 00 61 62 63 00 62 03")
	if _, err := parse(slip); err == nil {
		t.Error("taken")
	}
}

func TestEscapesAndHeader(t *testing.T) {
	body := unhex(t, "A5 AA AE A6")
	if got, want := serialFraming.wrap(body), unhex(t, "A5 AA 05 AA 0A AA 0E A6 AE"); !bytes.Equal(got, want) {
		t.Errorf("serial: % x, want % x", got, want)
	}
	f := framing{network: true, id: 0x01020304}
	if got, want := f.wrap(body), unhex(t, "01 02 03 04 04 00 00 00 A5 AA AE A6"); !bytes.Equal(got, want) {
		t.Errorf("network: % x, want % x", got, want)
	}
}

// picture reads a drawing: . dark, R, G, B, Y yellow, W white, o a dim white.
func picture(drawing string) *image.RGBA {
	colours := map[rune]color.RGBA{
		'.': {A: 255}, 'R': {255, 0, 0, 255}, 'G': {0, 255, 0, 255}, 'B': {0, 0, 255, 255},
		'Y': {255, 255, 0, 255}, 'W': {255, 255, 255, 255}, 'o': {127, 127, 127, 255},
	}
	rows := strings.Fields(drawing)
	p := image.NewRGBA(image.Rect(0, 0, len(rows[0]), len(rows)))
	for y, row := range rows {
		for x, c := range row {
			p.SetRGBA(x, y, colours[c])
		}
	}
	return p
}

func TestSimplePictures(t *testing.T) {
	const drawing = `
		R.GoB.W..Y
		.........R
		WWWWWWWW..`
	for _, c := range []struct{ colours, want string }{
		{"mono", `
			49 31 0A 00 03 00 01 00 // I1, 10×3, red
			AA 40  // R.G.B.W. .Y
			00 40
			FF 00`},
		{"two", `
			49 31 0A 00 03 00 03 00 // red, green
			8A 40  00 40  FF 00 // R...B.W. .Y: blue lights both
			2A 40  00 00  FF 00`},
		{"seven", `
			49 31 0A 00 03 00 07 00 // red, green, blue
			82 40  00 40  FF 00
			22 40  00 00  FF 00
			0A 00  00 00  FF 00`},
		{"full", `
			49 31 0A 00 03 00 77 00
			FF 00 00 7F 00 00 FF 00 00 FF  00 00 00 00 00 00 00 00 00 FF  FF FF FF FF FF FF FF FF 00 00
			00 00 FF 7F 00 00 FF 00 00 FF  00 00 00 00 00 00 00 00 00 00  FF FF FF FF FF FF FF FF 00 00
			00 00 00 7F FF 00 FF 00 00 00  00 00 00 00 00 00 00 00 00 00  FF FF FF FF FF FF FF FF 00 00`},
	} {
		f := formats[c.colours]
		got, want := f.encode(picture(drawing)), unhex(t, c.want)
		if !bytes.Equal(got, want) {
			t.Errorf("%s:\n% x, want\n% x", c.colours, got, want)
		}
		if f.size(10, 3) != len(want) {
			t.Errorf("%s: a size of %d, want %d", c.colours, f.size(10, 3), len(want))
		}
	}
}

// Answers are found whatever lies between them and however they are cut.
func TestScannerFindsAll(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, f := range []framing{serialFraming, networkFraming} {
		for round := range 2000 {
			var wire []byte
			var want []packet
			for range r.IntN(5) {
				for range r.IntN(12) { // noise; in the network's framing none that looks like a header
					if c := byte(r.Uint32()); !f.network || c != 0xFF {
						wire = append(wire, c)
					}
				}
				p := packet{card: byte(1 + r.IntN(254)), cmd: byte(r.Uint32()), mark: byte(r.IntN(3)), data: make([]byte, r.IntN(40))}
				for i := range p.data {
					p.data[i] = 0xA0 + byte(r.IntN(16))
				}
				body := p.body()
				if r.IntN(2) == 0 { // a later app
					body[0] = answers
					s := sum(body[:len(body)-2])
					body[len(body)-2], body[len(body)-1] = byte(s), byte(s>>8)
				}
				wire = append(wire, f.wrap(body)...)
				want = append(want, p)
			}
			s := scanner{framing: f}
			var got []packet
			for rest := wire; len(rest) > 0; {
				n := 1 + r.IntN(min(len(rest), 30))
				s.buf = append(s.buf, rest[:n]...)
				rest = rest[n:]
				for {
					p, _, ok := s.next()
					if !ok {
						break
					}
					got = append(got, p)
				}
			}
			if len(got) != len(want) {
				t.Fatalf("network %v, round %d: %d answers of %d in % x", f.network, round, len(got), len(want), wire)
			}
			for i := range got {
				if got[i].card != want[i].card || got[i].cmd != want[i].cmd || got[i].mark != want[i].mark || !bytes.Equal(got[i].data, want[i].data) {
					t.Fatalf("network %v, round %d: answer %d is %+v, want %+v", f.network, round, i, got[i], want[i])
				}
			}
		}
	}
}

// A header by accident hides no answer for longer than it claims to be.
func TestScannerLooksIntoFalseFrames(t *testing.T) {
	good := networkFraming.wrap(packet{1, cmdVersion, 1, []byte{0}}.body())
	s := scanner{framing: networkFraming, buf: append(unhex(t, "FF FF FF FF 10 00 00 00"), good...)}
	if a, _, ok := s.next(); !ok || a.cmd != cmdVersion || s.noise != 8 || len(s.buf) != 0 {
		t.Errorf("%+v, %v, %d bytes of noise, %d left", a, ok, s.noise, len(s.buf))
	}
}

// FuzzScanner: no bytes make it panic, hang or keep more than two answers.
func FuzzScanner(f *testing.F) {
	for _, network := range []bool{false, true} {
		fr := framing{network: network, id: 0xFFFFFFFF}
		good := fr.wrap(packet{1, cmdVersion, 1, []byte{0, 0x52, 0x21, 0x14, 0, 0, 0, 0x33}}.body())
		f.Add(network, good, uint8(3))
		f.Add(network, append([]byte{start, 1, 2, escape}, good...), uint8(200))
		f.Add(network, bytes.Repeat([]byte{start}, 3000), uint8(255))
	}
	f.Fuzz(func(t *testing.T, network bool, wire []byte, piece uint8) {
		scan(t, network, wire, int(piece)+1)
	})
}

func scan(t *testing.T, network bool, wire []byte, piece int) {
	s := scanner{framing: framing{network: network, id: 0xFFFFFFFF}}
	total := len(wire)
	for len(wire) > 0 {
		n := min(piece, len(wire))
		s.buf, wire = append(s.buf, wire[:n]...), wire[n:]
		for {
			p, body, ok := s.next()
			if !ok {
				break
			}
			if len(p.data)+7 != len(body) || len(body) > maxAnswer {
				t.Fatalf("an answer of %d with %d bytes of data", len(body), len(p.data))
			}
		}
		if len(s.buf) > 2*maxAnswer {
			t.Fatalf("%d bytes are kept", len(s.buf))
		}
		if s.noise > total {
			t.Fatalf("%d bytes of noise in %d", s.noise, total)
		}
	}
}

// A frame that begins and never ends is given up, and hides nothing for ever.
func TestScannerKeepsLittle(t *testing.T) {
	for _, network := range []bool{false, true} {
		wire := append([]byte{start, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0}, bytes.Repeat([]byte{0x11}, 50_000)...)
		scan(t, network, wire, 100)
		f := framing{network: network, id: 0xFFFFFFFF}
		good := f.wrap(packet{1, cmdVersion, 1, []byte{0}}.body())
		s := scanner{framing: f, buf: append(wire, good...)}
		if a, _, ok := s.next(); !ok || a.cmd != cmdVersion {
			t.Errorf("network %v: an answer behind it is lost: %+v, %v", network, a, ok)
		}
	}
}

// As FuzzScanner, without a fuzzer: 10,000 damaged streams.
func TestScannerSurvivesMutations(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for i := range 10000 {
		f := framing{network: i%2 == 1, id: 0xFFFFFFFF}
		var wire []byte
		for range 3 {
			wire = append(wire, f.wrap(packet{1, byte(i), 0, make([]byte, r.IntN(60))}.body())...)
		}
		for range 1 + r.IntN(5) {
			at := r.IntN(len(wire))
			switch r.IntN(3) {
			case 0:
				wire[at] ^= 1 << r.IntN(8)
			case 1:
				wire = append(wire[:at], wire[at+1:]...)
			case 2:
				wire = append(wire[:at:at], append([]byte{[]byte{start, escape, end, 0}[r.IntN(4)]}, wire[at:]...)...)
			}
		}
		scan(t, f.network, wire, 1+r.IntN(20))
	}
}
