package novastar

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"loa/agent/display"
	"loa/drivers/novastar/novastartest"
)

var (
	_ display.Dimmer = (*Box)(nil)
	_ display.Prober = (*Box)(nil)
)

// bench gives a box on its emulator, in free time.
func bench(t *testing.T, o Opts, try func(t *testing.T, b *Box, real *novastartest.Box)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		real, line := novastartest.New()
		o.Name = "/dev/ttyUSB0"
		b, err := New(line, o)
		if err != nil {
			t.Fatal(err)
		}
		defer line.Close() // a test that failed ends, too
		try(t, b, real)
		if err := b.Close(); err != nil {
			t.Error(err)
		}
		if err := b.Close(); err != nil {
			t.Errorf("a second Close: %v", err)
		}
		if err := b.SetBrightness(50); err == nil {
			t.Error("a closed box was dimmed")
		}
		real.Wait()
	})
}

func unhex(t testing.TB, s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestGoldenRequests(t *testing.T) {
	for _, c := range []struct {
		where string
		f     frame
		want  string
	}{
		// The example below "Checksum" in the command layout of the MCTRL300.
		// It asks the first card for all that it measures.
		{"command layout", frame{serial: 0x32, to: target{kind: receiverCard}, register: monitor, data: make([]byte, 256)},
			"55 AA 00 32 FE 00 01 00 00 00 00 00 00 00 00 0A 00 01 91 56"},
		// Computed by hand from the same table: half brightness for the first card.
		{"by hand", frame{serial: 0x32, to: target{kind: receiverCard}, write: true, register: brightness, data: []byte{0x80}},
			"55 AA 00 32 FE 00 01 00 00 00 01 00 01 00 00 02 01 00 80 0B 57"},
		// The brightness of 50 % in choices.js of the Companion module.
		{"Companion", frame{to: everyCard, write: true, register: brightness, data: []byte{0x80}},
			"55 AA 00 00 FE FF 01 FF FF FF 01 00 01 00 00 02 01 00 80 D5 5A"},
		// The request for the model in index.js of the Companion module, with its sum.
		{"Companion", frame{register: model, data: make([]byte, 2)},
			"55 AA 00 00 FE 00 00 00 00 00 00 00 02 00 00 00 02 00 57 56"},
	} {
		if got := fmt.Sprintf("% X", c.f.request()); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.where, got, c.want)
		}
	}
}

func TestBrightnessReachesEveryCard(t *testing.T) {
	bench(t, Opts{}, func(t *testing.T, b *Box, real *novastartest.Box) {
		for percent, want := range map[int]byte{0: 1, 10: 0x1a, 50: 0x80, 100: 0xff} {
			if err := b.SetBrightness(percent); err != nil {
				t.Fatal(err)
			}
			for i, c := range real.Wall() {
				if c.Brightness != want {
					t.Errorf("at %d %% card %d has %#x, not %#x", percent, i, c.Brightness, want)
				}
			}
		}
		for _, percent := range []int{-1, 101} {
			if err := b.SetBrightness(percent); err == nil {
				t.Errorf("a brightness of %d %% was taken", percent)
			}
		}
	})
}

func TestPercentAndBack(t *testing.T) {
	for p := range 101 {
		if got := percent(level(p)); got != p {
			t.Errorf("%d %% reads back as %d %%", p, got)
		}
	}
	if percent(0) != 0 || percent(255) != 100 {
		t.Error("the ends are not 0 and 100 %")
	}
}

func TestPatterns(t *testing.T) {
	bench(t, Opts{}, func(t *testing.T, b *Box, real *novastartest.Box) {
		for p := Off; p <= Grey; p++ {
			if err := b.Test(p); err != nil {
				t.Fatal(err)
			}
			for i, c := range real.Wall() {
				if c.Pattern != byte(p) {
					t.Errorf("%v: card %d shows %d", p, i, c.Pattern)
				}
			}
		}
		for _, p := range []Pattern{0, Grey + 1} {
			if err := b.Test(p); err == nil {
				t.Errorf("%v was taken", p)
			}
		}
	})
}

func TestProbe(t *testing.T) {
	bench(t, Opts{Output: 2}, func(t *testing.T, b *Box, real *novastartest.Box) {
		if err := b.SetBrightness(40); err != nil {
			t.Fatal(err)
		}
		facts, err := b.Probe(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		want := "map[brightness_percent:40 model:NovaStar VX1000 on:true signal:true supply_v:4.4 temperature_c:54.0 test_pattern:off version:1.4.2.0 wall:answers]"
		if got := fmt.Sprint(facts); got != want {
			t.Errorf("the facts are\n%s, not\n%s", got, want)
		}

		real.PowerCut()
		real.Signal(false)
		real.Set(0x00000002, []byte{0x34, 0x12})
		real.Set(0x04100004, nil)
		real.SetCard(0x02000101, []byte{5})
		real.SetCard(0x0a000000, []byte{0x81, 0x05, 0, 0x2c}) // below zero; no valid supply
		facts, err = b.Probe(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		want = "map[brightness_percent:50 model:NovaStar 1234 on:true signal:false temperature_c:-2.5 test_pattern:white wall:answers]"
		if got := fmt.Sprint(facts); got != want {
			t.Errorf("the facts are\n%s, not\n%s", got, want)
		}
	})
}

// The box lives, the wall has no supply: that is a fact, not an error.
func TestWallWithoutSupply(t *testing.T) {
	bench(t, Opts{}, func(t *testing.T, b *Box, real *novastartest.Box) {
		real.WallOff(true)
		facts, err := b.Probe(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if facts["on"] != "false" || !strings.Contains(facts["wall"], "supply") || facts["model"] == "" {
			t.Errorf("the facts are %v", facts)
		}
		heard := real.Heard()
		if err := b.SetBrightness(10); !errors.Is(err, cardSilent) {
			t.Errorf("a wall without supply was dimmed: %v", err)
		}
		if n := real.Heard() - heard; n != 1 {
			t.Errorf("the box was asked %d times about a wall of which it says that it is silent", n)
		}
		real.WallOff(false)
		if err := b.SetBrightness(10); err != nil {
			t.Errorf("once it is back: %v", err)
		}
	})
}

func TestSilence(t *testing.T) {
	bench(t, Opts{}, func(t *testing.T, b *Box, real *novastartest.Box) {
		real.Silence(true)
		began := time.Now()
		err := b.SetBrightness(10)
		if want := "novastar: no answer from /dev/ttyUSB0 after 3 tries"; err == nil || err.Error() != want {
			t.Errorf("the error is %v", err)
		}
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("it took %v to notice", took)
		}
		if _, err := b.Probe(t.Context()); err == nil {
			t.Error("a silent box was probed")
		}
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		began = time.Now()
		if _, err := b.Probe(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the error is %v", err)
		}
		if took := time.Since(began); took != 100*time.Millisecond {
			t.Errorf("it took %v to give up", took)
		}
		real.Silence(false)
		if err := b.SetBrightness(10); err != nil {
			t.Errorf("once it is back: %v", err)
		}
	})
}

// What a line can do to an answer and the box still be dimmed.
func TestBadLines(t *testing.T) {
	for name, spoil := range map[string]func(*novastartest.Box){
		"two lost":          func(r *novastartest.Box) { r.Lose(2) },
		"two broken":        func(r *novastartest.Box) { r.Break(2) },
		"another's answers": func(r *novastartest.Box) { r.Confuse(2) },
		"late":              func(r *novastartest.Box) { r.Late(120 * time.Millisecond) },
		"later than writes": func(r *novastartest.Box) { r.Late(200 * time.Millisecond) },
		"an echo":           func(r *novastartest.Box) { r.Echo(true) },
		"noise":             func(r *novastartest.Box) { r.Noise([]byte{0, 0xaa, 0x55, 0xff, 0xaa}) },
		"a long false head": func(r *novastartest.Box) { r.Noise(unhex(t, "AA5500 00000000 00000000 0000000000 FF00")) },
		"silent about all":  func(r *novastartest.Box) { r.Shy(true) },
	} {
		t.Run(name, func(t *testing.T) {
			bench(t, Opts{}, func(t *testing.T, b *Box, real *novastartest.Box) {
				spoil(real)
				if err := b.SetBrightness(30); err != nil {
					t.Fatal(err)
				}
				for i, c := range real.Wall() {
					if c.Brightness != level(30) {
						t.Errorf("card %d has %d", i, c.Brightness)
					}
				}
			})
		})
	}
}

func TestSplitReads(t *testing.T) {
	for seed := range uint64(50) {
		bench(t, Opts{}, func(t *testing.T, b *Box, real *novastartest.Box) {
			real.Split(seed)
			if err := b.SetBrightness(int(seed)); err != nil {
				t.Fatal(err)
			}
			facts, err := b.Probe(t.Context())
			if err != nil || facts["brightness_percent"] != fmt.Sprint(seed) {
				t.Errorf("seed %d: %v, %v", seed, facts, err)
			}
		})
	}
}

// A card that does not keep what it is told is not believed.
func TestReadBack(t *testing.T) {
	bench(t, Opts{Output: 1}, func(t *testing.T, b *Box, real *novastartest.Box) {
		real.Lose(1) // the write
		if err := b.SetBrightness(77); err != nil {
			t.Fatal(err)
		}
		if got := real.Wall()[0].Brightness; got != level(77) {
			t.Errorf("a lost write left %d", got)
		}
		if real.Writes() != 6 {
			t.Errorf("%d cards were written", real.Writes())
		}
	})
}

// What comes after its time is the answer to an older question.
func TestStaleAnswers(t *testing.T) {
	bench(t, Opts{}, func(t *testing.T, b *Box, real *novastartest.Box) {
		real.Late(600 * time.Millisecond)
		if err := b.SetBrightness(10); err == nil || !strings.Contains(err.Error(), "no answer") {
			t.Errorf("the error is %v", err)
		}
		if facts, err := b.Probe(t.Context()); err == nil {
			t.Errorf("answers to older questions were taken: %v", facts)
		}
		real.Late(0)
		time.Sleep(time.Second)
		if err := b.SetBrightness(20); err != nil {
			t.Error(err)
		}
	})
	read := frame{register: brightness, data: make([]byte, 1)}
	if _, err := read.check(frame{data: []byte{1, 2}}); err == nil {
		t.Error("two bytes were taken for one")
	}
}

// A port whose reads end at the deadline without an error, as those of serial ports.
type mutePort struct{ deadline time.Time }

func (p *mutePort) SetDeadline(t time.Time) error { p.deadline = t; return nil }
func (p *mutePort) Write(b []byte) (int, error)   { return len(b), nil }
func (p *mutePort) Close() error                  { return nil }
func (p *mutePort) Read([]byte) (int, error)      { time.Sleep(time.Until(p.deadline)); return 0, nil }

func TestMutePort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, err := New(&mutePort{}, Opts{})
		if err != nil {
			t.Fatal(err)
		}
		if err := b.SetBrightness(1); err == nil || err.Error() != "novastar: no answer from the sending box after 3 tries" {
			t.Errorf("the error is %v", err)
		}
	})
}

func TestLostLine(t *testing.T) {
	bench(t, Opts{}, func(t *testing.T, b *Box, real *novastartest.Box) {
		b.conn.Close()
		if err := b.SetBrightness(10); err == nil || !strings.Contains(err.Error(), "/dev/ttyUSB0") {
			t.Errorf("the error is %v", err)
		}
	})
}

func TestOpts(t *testing.T) {
	for _, o := range []Opts{{Output: -1}, {Output: 17}, {Wait: -1}} {
		if _, err := New(nil, o); err == nil {
			t.Errorf("%+v was taken", o)
		}
	}
}

// answer is f as a box would say it.
func (f frame) answer() []byte {
	b := f.request()
	b[0], b[1], b[2] = 0xaa, 0x55, f.status
	if !f.write {
		b = append(b[:len(b)-2], f.data...)
	} else {
		b = b[:len(b)-2]
	}
	s := checksum(b[2:])
	return append(b, byte(s), byte(s>>8))
}

// Whatever is around an answer, it is found, and only what was said is found.
func TestAnswersInNoise(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		data := make([]byte, r.IntN(20))
		for i := range data {
			data[i] = byte(r.Uint32())
		}
		f := frame{serial: byte(r.Uint32()), register: r.Uint32(), write: r.IntN(2) == 0, data: data}
		line := bytes.Repeat([]byte{byte(r.Uint32())}, r.IntN(5))
		line = append(line, f.answer()...)
		got, rest, ok := next(line)
		if !ok || len(rest) != 0 || got.serial != f.serial || got.register != f.register || got.write != f.write || !bytes.Equal(got.data, f.data) {
			t.Fatalf("% x is %+v, %v", line, got, ok)
		}
	}
}

// An answer that holds the head of one, cut at every byte.
func TestAnswerInTwoPieces(t *testing.T) {
	whole := frame{serial: 9, register: monitor, data: bytes.Repeat([]byte{0xaa, 0x55, 3}, 20)}.answer()
	for cut := range whole {
		if _, rest, ok := next(whole[:cut]); ok || !bytes.Equal(rest, whole[:cut]) {
			t.Fatalf("of %d bytes % x wait", cut, rest)
		}
	}
	if _, rest, ok := next(append([]byte{0xaa, 0x55, 15: 0, 16: 0xff, 17: 0xff}, 1, 2, 3)); ok || len(rest) > 0 {
		t.Errorf("% x wait for 65535 bytes", rest)
	}
}

// Ten thousand spoilt answers: none is taken with another content, none panics.
func TestSpoiltAnswers(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	good := frame{serial: 9, register: monitor, data: make([]byte, 82)}.answer()
	taken := 0
	for range 10000 {
		bad := bytes.Clone(good)
		bad[r.IntN(len(bad))] ^= 1 << r.IntN(8)
		if r.IntN(2) == 0 {
			bad = bad[:r.IntN(len(bad))]
		}
		for line := bad; ; {
			f, rest, ok := next(line)
			if !ok {
				break
			}
			taken += len(f.data)
			line = rest
		}
	}
	if taken > 0 {
		t.Errorf("%d bytes of spoilt answers were taken", taken)
	}
}

func FuzzNext(f *testing.F) {
	f.Add(frame{serial: 1, register: model, data: []byte{0x0c, 0x62}}.answer())
	f.Add(frame{serial: 1, register: brightness, write: true, data: []byte{7}}.answer())
	f.Add([]byte{0xaa, 0x55, 0xaa})
	f.Fuzz(func(t *testing.T, line []byte) {
		for {
			got, rest, ok := next(line)
			if len(got.data) > mostData {
				t.Fatalf("%d bytes of data", len(got.data))
			}
			if !ok {
				if len(rest) >= overhead+mostData {
					t.Fatalf("%d bytes wait for more", len(rest))
				}
				return
			}
			if len(rest) > len(line)-overhead {
				t.Fatal("an answer without its bytes")
			}
			line = rest
		}
	})
}
