package sound

import (
	"errors"
	"io"
	"time"
)

// errClosed is what a source says that is read after Close.
var errClosed = errors.New("sound: read of a closed source")

// Silence is d of nothing.
func Silence(d time.Duration) Source { return &silence{left: Frames64(d) * Channels} }

type silence struct{ left int64 }

func (s *silence) Read(p []float32) (int, error) {
	if s.left <= 0 {
		return 0, io.EOF
	}
	n := int(min(int64(whole(len(p))), s.left))
	clear(p[:n])
	s.left -= int64(n)
	return n, nil
}

func (s *silence) Close() error { s.left = 0; return nil }

// whole is n rounded down to whole frames.
func whole(n int) int { return n - n%Channels }

// Cut ends src after d, with a fade of the last 10 ms. A source that ends
// earlier is left as it is.
func Cut(src Source, d time.Duration) Source {
	return &cut{Source: src, left: Frames64(d) * Channels}
}

// cutFade keeps a cut from clicking.
const cutFade = 10 * time.Millisecond

type cut struct {
	Source
	left int64
}

func (c *cut) Read(p []float32) (int, error) {
	if c.left <= 0 {
		return 0, io.EOF
	}
	n, err := c.Source.Read(p[:min(int64(whole(len(p))), c.left)])
	fade := Frames64(cutFade) * Channels
	for i := max(0, c.left-fade); i < int64(n); i++ {
		togo := (c.left - i - 1) / Channels // frames after this one
		p[i] *= float32(togo) / float32(fade/Channels)
	}
	c.left -= int64(n)
	return n, err
}
