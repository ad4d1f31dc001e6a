package sound

import (
	"errors"
	"io"
	"math"
	"time"
)

// Crossfade plays srcs one after another, each fading into the next over the
// last d of it. The curves keep the power constant, as is right for two things
// that have nothing to do with each other. What is shorter than d fades over all
// of itself. It reads d ahead, so its Read has d in hand when a source starves.
func Crossfade(d time.Duration, srcs ...Source) Source {
	return &crossfade{srcs: srcs, span: Frames(d) * Channels}
}

type crossfade struct {
	srcs []Source
	span int       // values of overlap
	held []float32 // read from srcs[0] and not yet given
	tail []float32 // the end of the source before, which fades under srcs[0]
	from int       // how far tail has been given
	size int       // of tail at its beginning
	err  error
}

func (c *crossfade) Read(p []float32) (int, error) {
	p = p[:whole(len(p))]
	for {
		if keep := c.keep(); len(c.held) > keep {
			n := copy(p, c.held[:len(c.held)-keep])
			c.held = append(c.held[:0], c.held[n:]...)
			return n, nil
		}
		if c.err != nil {
			return 0, c.err
		}
		if len(c.srcs) == 0 {
			return 0, io.EOF
		}
		var block [1024]float32
		n, err := c.srcs[0].Read(block[:])
		if n == 0 && err == nil {
			return 0, nil
		}
		c.under(block[:n])
		c.held = append(c.held, block[:n]...)
		switch {
		case err == io.EOF:
			c.turn()
		case err != nil:
			c.err = err
		}
	}
}

// keep is how much of held may be the overlap with the next.
func (c *crossfade) keep() int {
	if len(c.srcs) < 2 || c.err != nil {
		return 0
	}
	return c.span
}

// under mixes the end of the source before into the beginning of this one.
func (c *crossfade) under(p []float32) {
	n := min(len(p), len(c.tail))
	for i := 0; i < n; i += Channels {
		out, in := math.Sincos(math.Pi / 2 * (1 - float64(c.from+i)/float64(c.size)))
		for k := i; k < i+Channels; k++ {
			p[k] = p[k]*float32(in) + c.tail[k]*float32(out)
		}
	}
	c.from += n
	c.tail = c.tail[n:]
}

// turn goes on to the next source.
func (c *crossfade) turn() {
	if err := c.srcs[0].Close(); err != nil {
		c.err = err
	}
	c.srcs = c.srcs[1:]
	if len(c.tail) > 0 { // this one was too short for the one before to fade out under it
		rest := make([]float32, len(c.tail))
		c.under(rest)
		c.held = append(c.held, rest...)
	}
	if len(c.srcs) > 0 {
		c.tail = append([]float32(nil), c.held...)
		c.from, c.size = 0, len(c.tail)
		c.held = c.held[:0]
	}
}

func (c *crossfade) Close() error {
	var errs []error
	for _, s := range c.srcs {
		errs = append(errs, s.Close())
	}
	c.srcs, c.held, c.tail = nil, nil, nil
	c.err = errClosed
	return errors.Join(errs...)
}
