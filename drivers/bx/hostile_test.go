package bx

import (
	"context"
	"errors"
	"image"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"loa/drivers/bx/bxtest"
)

// replies are whole payloads as a card may send them.
func replies() [][]byte {
	body := func(cmd byte, data []byte) []byte {
		b := append([]byte{0, 0xA2, cmd, 0, 0, 0, 0}, le.AppendUint16(nil, uint16(len(data)))...)
		return append(b, data...)
	}
	common := func(version byte, b []byte) []byte {
		h := make([]byte, 28)
		if version == byte(fifth) {
			h = h[:27]
		}
		h[1], h[2], h[4] = 0x80, 1, version
		le.PutUint16(h[22:], uint16(len(b)))
		le.PutUint16(h[24:], crc16(b))
		return append(h, b...)
	}
	ping := append([]byte{0x74, 2, '1', '9', '0', '8', '2', '1', '0', '0', 1, 1, 0, 2, 128, 0, 32, 0, 3}, make([]byte, 30)...)
	status := append([]byte{1, 0, 0, 15, 1, 0, 'P', '0', '0', '0'}, make([]byte, 51)...)
	dyn := append([]byte{0, 0x80, 1, 0, 0xF0, 0, 0x74, 2, 0, 0, 0, 0, 9, 0, 0, 0}, 0, 0xA0, 0, 0, 0, 0, 0, 0, 0)
	dyn = le.AppendUint16(dyn, crc16(dyn))
	k := append([]byte{0, 0x80, 1, 0, 0, 0, 0, 0, 0, 0, 0xFE, 2, 21, 0}, append([]byte{0xA1, 2, 0, 0, 0}, make([]byte, 16)...)...)
	k = le.AppendUint16(k, crc16(k))
	barred := common(byte(sixth), body(0x80, ping))
	barred[9] = 2
	barred = append(append(append([]byte(nil), barred[:10]...), make([]byte, 16)...), barred[10:]...)
	return [][]byte{
		common(byte(fifth), body(0x80, ping)), common(byte(sixth), body(0x8F, status)), dyn, k, barred,
		append(common(byte(sixth), body(0x80, ping)), 0, 0), // with a checksum after the body
	}
}

func TestRepliesParse(t *testing.T) {
	for i, p := range replies() {
		if _, err := parseReply(p); err != nil {
			t.Errorf("reply %d: %v", i, err)
		}
	}
}

// readAll runs everything that reads what a card says.
func readAll(p []byte) {
	r, err := parseReply(p)
	if err != nil {
		r.data = p
	}
	_, _ = parsePing(r.data)
	_, _ = parseStatus(r.data)
	_, _ = parseScreen(r.data)
	_, _ = parseKStatus(r.data)
}

func FuzzReply(f *testing.F) {
	for _, p := range replies() {
		f.Add(p)
	}
	f.Fuzz(func(t *testing.T, p []byte) { readAll(p) })
}

// reseal gives a payload the length and the checksum that belong to it.
func reseal(p []byte) {
	sum := func() { le.PutUint16(p[len(p)-2:], crc16(p[:len(p)-2])) }
	switch head := map[byte]int{byte(fifth): 27, byte(sixth): 28}[p[min(4, len(p)-1)]]; {
	case head > 0 && len(p) >= head:
		le.PutUint16(p[22:], uint16(len(p)-head))
		le.PutUint16(p[24:], crc16(p[head:]))
	case len(p) >= 18 && p[4] == byte(dynamic):
		le.PutUint32(p[12:], uint32(len(p)-18))
		sum()
	case len(p) >= 16 && head == 0:
		le.PutUint16(p[12:], uint16(len(p)-16))
		sum()
	}
}

// Ten thousand replies with some bytes changed, cut or doubled; every other is sealed
// again, as a card would that means what it says.
func TestMutations(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	seeds := replies()
	for n := range 10_000 {
		p := append([]byte(nil), seeds[r.IntN(len(seeds))]...)
		for range 1 + r.IntN(4) {
			switch i := r.IntN(len(p)); r.IntN(4) {
			case 0:
				p = p[:i+1]
			case 1:
				p = append(p, p[i:]...)
			default:
				p[i] = byte(r.Uint32())
			}
		}
		if n%2 == 0 {
			reseal(p)
		}
		readAll(p)
	}
}

// Ten thousand streams of frames with some bytes changed, lost or doubled, in pieces:
// whatever is found in them is a payload, and a whole frame after it is found.
func TestMutatedStreams(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	seeds := replies()
	for range 10_000 {
		var b []byte
		for range 1 + r.IntN(3) {
			b = append(b, wrap(seeds[r.IntN(len(seeds))])...)
		}
		for range 1 + r.IntN(5) {
			switch i := r.IntN(len(b)); r.IntN(3) {
			case 0:
				b = append(b[:i], b[i+1:]...)
			case 1:
				b = append(b[:i+1], b[i:]...)
			default:
				b[i] = []byte{0xA5, 0xA6, 0x5A, 0x5B, 0, 1, 2, byte(r.Uint32())}[r.IntN(8)]
			}
		}
		last := seeds[r.IntN(len(seeds))]
		got := scanAll(t, append(b, wrap(last)...))
		for _, p := range got {
			if len(p) == 0 || len(p) > maxReply {
				t.Fatalf("a payload of %d bytes", len(p))
			}
		}
		if len(got) == 0 || string(got[len(got)-1]) != string(last) {
			t.Fatalf("a whole frame was lost behind % X", b)
		}
	}
}

// A mangler hands a panel what a card says in pieces of any size, with bytes
// changed now and then.
type mangler struct {
	*bxtest.Link
	r     *rand.Rand
	every int // one byte of so many is changed; 0: none
}

func (m *mangler) Read(b []byte) (int, error) {
	n, err := m.Link.Read(b[:min(len(b), 1+m.r.IntN(7))])
	for i := range b[:n] {
		if m.every > 0 && m.r.IntN(m.every) == 0 {
			b[i] = byte(m.r.Uint32())
		}
	}
	return n, err
}

// Whatever comes over the line, Show says nil only when the screen shows it.
func TestShowNeverLies(t *testing.T) {
	for _, every := range []int{0, 1000, 200, 50} {
		shown := 0
		synctest.Test(t, func(t *testing.T) {
			card := bxtest.New(bxtest.BX6E2)
			defer card.Close()
			m := &mangler{Link: card.Dial(), r: rand.New(rand.NewPCG(5, uint64(every)))}
			p, err := New(m, Opts{})
			if err != nil {
				t.Fatal(err)
			}
			m.every = every
			for n := range 60 {
				if m.r.IntN(4) == 0 {
					card.LoseReplies(m.r.IntN(3))
				}
				if err := p.Show(t.Context(), dotted(p, n)); err == nil {
					mustSee(t, card, dotted(p, n))
					shown++
				}
			}
		})
		t.Logf("one byte of %d changed: %d of 60 shown", every, shown)
		if every == 0 && shown != 60 {
			t.Errorf("%d of 60 pictures came through a line that only cuts", shown)
		}
	}
}

// A card that talks without end, in frames that nobody asked for, is left alone in time.
func TestChatter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, err := New(&chatter{}, Opts{Timeout: 50 * time.Millisecond})
		if err == nil {
			t.Fatalf("%v was opened", p)
		}
		t.Log(err)
	})
}

type chatter struct{ deadline time.Time }

func (c *chatter) Read(b []byte) (int, error) {
	time.Sleep(time.Millisecond)
	if time.Now().After(c.deadline) {
		return 0, os.ErrDeadlineExceeded
	}
	return copy(b, wrap(replies()[2])), nil
}
func (c *chatter) Write(b []byte) (int, error)   { return len(b), nil }
func (c *chatter) SetDeadline(t time.Time) error { c.deadline = t; return nil }
func (c *chatter) Close() error                  { return nil }

// A connection that breaks every rule ends in errors.
type liar struct{ n int }

func (l *liar) Read([]byte) (int, error)    { return 0, errors.New("broken") }
func (l *liar) Write(b []byte) (int, error) { return len(b) + l.n, nil }
func (l *liar) SetDeadline(time.Time) error { return nil }
func (l *liar) Close() error                { return nil }

func TestBrokenConn(t *testing.T) {
	for _, n := range []int{0, 1, -1000} {
		if _, err := New(&liar{n: n}, Opts{}); err == nil || !strings.Contains(err.Error(), "the line is lost") {
			t.Error(err)
		}
	}
}

// A full 8-bit picture goes to each kind of card and comes back as these can show it.
func TestRoundTrip(t *testing.T) {
	for _, c := range []struct {
		model bxtest.Model
		near  int
	}{{bxtest.BX6Q2, 0}, {bxtest.BX5Q1, 8}} {
		synctest.Test(t, func(t *testing.T) {
			card := bxtest.New(c.model)
			defer card.Close()
			p, err := New(card.Dial(), Opts{})
			if err != nil {
				t.Fatal(err)
			}
			r := rand.New(rand.NewPCG(7, 8))
			for range 20 {
				m := image.NewNRGBA(image.Rectangle{Max: p.Size()})
				for i := range m.Pix {
					m.Pix[i] = byte(r.Uint32())
				}
				if err := p.Show(context.Background(), m); err != nil {
					t.Fatal(err)
				}
				got := card.Screen()
				for y := range p.size.Y {
					for x := range p.size.X {
						a, b := rgb(got, x, y), rgb(m, x, y) // over black
						if d := max(diff(a.R, b.R), diff(a.G, b.G), diff(a.B, b.B)); d > c.near {
							t.Fatalf("%s (%d,%d): %v became %v", c.model.Name, x, y, b, a)
						}
					}
				}
			}
		})
	}
}

func diff(a, b uint8) int { return max(int(a)-int(b), int(b)-int(a)) }
