package sound

import (
	"errors"
	"fmt"
	"io"
	"time"
)

// A Seeker is a source that can go to a place in itself without decoding what
// lies before. It answers errors.ErrUnsupported when this one cannot after all,
// and is then where it was.
type Seeker interface {
	SeekTo(at time.Duration) error
}

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

// Concat plays srcs one after another. It closes each as it ends, and the rest
// on Close. A source that fails ends the whole with its error.
func Concat(srcs ...Source) Source { return &concat{srcs: srcs} }

type concat struct {
	srcs []Source
	err  error
}

func (c *concat) Read(p []float32) (int, error) {
	for c.err == nil {
		if len(c.srcs) == 0 {
			c.err = io.EOF
			break
		}
		n, err := c.srcs[0].Read(p)
		if n > 0 || err == nil {
			return n, nil
		}
		if err != io.EOF {
			c.err = err
			break
		}
		err = c.srcs[0].Close()
		c.srcs = c.srcs[1:]
		if err != nil {
			c.err = fmt.Errorf("closing a source that had ended: %w", err)
		}
	}
	return 0, c.err
}

func (c *concat) Close() error {
	var errs []error
	for _, s := range c.srcs {
		errs = append(errs, s.Close())
	}
	c.srcs = nil
	if c.err == nil || c.err == io.EOF {
		c.err = errClosed
	}
	return errors.Join(errs...)
}

// Skip gives src from d on. It seeks where src is a [Seeker]; else it reads and
// throws away, in the caller's goroutine and before it returns, so that the loop
// which feeds the device never has to. What a starved source cannot give yet is
// thrown away as it comes.
func Skip(src Source, d time.Duration) Source {
	if d <= 0 {
		return src
	}
	if s, ok := src.(Seeker); ok && s.SeekTo(d) == nil {
		return src
	}
	s := &skip{Source: src, left: Frames64(d) * Channels}
	s.drop()
	return s
}

type skip struct {
	Source
	left int64
	err  error
}

func (s *skip) drop() {
	var waste [4096]float32
	for s.left > 0 && s.err == nil {
		n, err := s.Source.Read(waste[:min(int64(len(waste)), s.left)])
		s.left -= int64(n)
		s.err = err
		if n == 0 {
			return
		}
	}
}

func (s *skip) Read(p []float32) (int, error) {
	if s.left > 0 {
		s.drop()
	}
	if s.err != nil {
		return 0, s.err
	}
	if s.left > 0 {
		return 0, nil
	}
	return s.Source.Read(p)
}

// cutFade keeps a cut from clicking.
const cutFade = 10 * time.Millisecond

// Cut ends src after d, with a fade of the last 10 ms. A source that ends
// earlier is left as it is.
func Cut(src Source, d time.Duration) Source {
	return &cut{Source: src, left: Frames64(d) * Channels}
}

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
