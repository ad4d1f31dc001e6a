package cpower_test

import (
	"context"
	"image"
	"io"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"loa/drivers/cpower"
)

// A liar answers every question with the next of its answers, framed well but
// saying anything; when they are used up it is silent.
type liar struct {
	says    []byte
	network bool
	pending []byte
	closed  bool
}

func (l *liar) Write(b []byte) (int, error) {
	if l.closed {
		return 0, os.ErrClosed
	}
	at := 1
	if l.network {
		at = 8
	}
	if len(l.says) == 0 || len(b) < at+5 {
		return len(b), nil
	}
	n := min(int(l.says[0]), len(l.says)-1)
	body := append([]byte{0xE8, 0x32, 1, b[at+3]}, l.says[1:1+n]...)
	l.says = l.says[1+n:]
	s := 0
	for _, x := range body {
		s += int(x)
	}
	body = append(body, byte(s), byte(s>>8))
	if l.network {
		l.pending = append(l.pending, 255, 255, 255, 255, byte(len(body)), byte(len(body)>>8), 0, 0)
		l.pending = append(l.pending, body...)
		return len(b), nil
	}
	l.pending = append(l.pending, 0xA5)
	for _, x := range body {
		switch x {
		case 0xA5, 0xAA, 0xAE:
			l.pending = append(l.pending, 0xAA, x-0xA0)
		default:
			l.pending = append(l.pending, x)
		}
	}
	l.pending = append(l.pending, 0xAE)
	return len(b), nil
}

func (l *liar) Read(b []byte) (int, error) {
	if len(l.pending) == 0 {
		return 0, os.ErrDeadlineExceeded // at once: what would time tell
	}
	n := copy(b, l.pending)
	l.pending = l.pending[n:]
	return n, nil
}

func (l *liar) Close() error                { l.closed = true; return nil }
func (l *liar) SetDeadline(time.Time) error { return nil }

var _ io.ReadWriteCloser = (*liar)(nil)

// meet does one of the things that a panel can with a liar.
func meet(t *testing.T, says []byte, network bool, do int) {
	p, err := cpower.New(&liar{says: says, network: network}, cpower.Opts{Width: 16, Height: 8, Network: network, Packet: 16})
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	switch do % 4 {
	case 0:
		p.Show(ctx, image.NewRGBA(image.Rect(0, 0, 16, 8)))
	case 1:
		if facts, err := p.Probe(ctx); err == nil && facts["model"] == "" {
			t.Errorf("a probe without a model: %v", facts)
		}
	case 2:
		p.SetBrightness(50)
	case 3:
		p.SetOn(ctx, true)
		p.SetClock(ctx, time.Unix(1800000000, 0))
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
}

// FuzzAnswers: whatever a card answers, nothing panics and everything ends.
func FuzzAnswers(f *testing.F) {
	f.Add([]byte{9, 1, 0, 0x52, 0x21, 0x14, 0, 0, 0, 0x33, 1, 0, 1, 0, 1, 0, 1, 0}, false, uint8(0))
	f.Add([]byte{9, 1, 0, 0x52, 0x21, 0x14, 0, 0, 0, 0x33, 1, 0, 1, 2, 1, 2, 1, 2, 0, 0, 0}, true, uint8(1))
	f.Add([]byte{3, 1, 1, 0xA5, 2, 0xAA, 0xAE}, false, uint8(2))
	f.Fuzz(func(t *testing.T, says []byte, network bool, do uint8) { meet(t, says, network, int(do)) })
}

func TestAnswersOfAnyKind(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for i := range 10000 {
		var says []byte
		for range r.IntN(30) {
			n := r.IntN(12)
			says = append(says, byte(n))
			for range n {
				says = append(says, byte(r.IntN(3)*r.IntN(128)))
			}
		}
		meet(t, says, i%2 == 0, i/2)
	}
}
