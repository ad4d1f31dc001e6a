package term

import (
	"context"
	"fmt"
	"image"
	"io"
	"strconv"
	"strings"
	"time"
)

// patience is how long a terminal may take nothing: a page of 24-bit colour on a
// line of 115200 baud takes about a second.
const patience = 2 * time.Second

// Opts are the choices of a Panel. Size is needed, the rest may be zero.
type Opts struct {
	Size  image.Point
	Depth Depth // too deep for the terminal: wrong colours or odd characters

	// Row and Column are where the upper left corner stays, from 1. Zero rows: frames
	// follow one another. A terminal that is too low shows the last lines over one
	// another.
	Row, Column int
}

// A Panel is a place in a terminal, or the end of a text that grows.
type Panel struct {
	o       Opts
	w       io.Writer
	percent int
	drawn   string        // the frame that stands there; "": nobody knows
	writing chan struct{} // holds one while a write runs
}

// New draws on w, which stays the caller's to close.
func New(w io.Writer, o Opts) (*Panel, error) {
	if o.Size.X < 1 || o.Size.Y < 1 {
		return nil, fmt.Errorf("term: a panel of %v pixels", o.Size)
	}
	if o.Row < 0 || o.Column < 0 {
		return nil, fmt.Errorf("term: a panel at row %d, column %d", o.Row, o.Column)
	}
	return &Panel{o: o, w: w, percent: 100, writing: make(chan struct{}, 1)}, nil
}

// Size is that of the pictures; a terminal needs as many columns and half as many rows.
func (p *Panel) Size() image.Point { return p.o.Size }

// Show returns once the terminal has taken the frame.
func (p *Panel) Show(ctx context.Context, picture image.Image) error {
	if picture.Bounds() != (image.Rectangle{Max: p.o.Size}) {
		return fmt.Errorf("term: a picture of %v on a panel of %v", picture.Bounds(), p.o.Size)
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("term: cannot show a picture: %w", err)
	}
	frame := p.frame(Lines(picture, p.o.Depth))
	if p.o.Row == 0 && frame == p.drawn {
		return nil
	}
	p.drawn = ""
	if err := p.write(ctx, frame); err != nil {
		return fmt.Errorf("term: cannot show a picture: %w", err)
	}
	p.drawn = frame
	return nil
}

// frame is all that is written for a picture.
func (p *Panel) frame(lines []string) string {
	if p.o.Row == 0 {
		return strings.Join(lines, "\n") + "\n"
	}
	var b strings.Builder
	b.WriteString("\x1b7")
	for i, line := range lines {
		fmt.Fprintf(&b, "\x1b[%d;%dH%s", p.o.Row+i, max(1, p.o.Column), line)
	}
	b.WriteString("\x1b8")
	return b.String()
}

// write waits for the terminal, but not for ever.
func (p *Panel) write(ctx context.Context, frame string) error {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, fmt.Errorf("the terminal took nothing for %v", patience))
	defer cancel()
	select {
	case p.writing <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	done := make(chan error, 1)
	// It ends with the terminal's answer; the next write waits for it.
	go func() {
		_, err := io.WriteString(p.w, frame)
		<-p.writing
		done <- err
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// SetBrightness remembers the percentage for Probe; the frame stays as it is.
func (p *Panel) SetBrightness(percent int) error {
	if percent < 0 || percent > 100 {
		return fmt.Errorf("term: a brightness of %d %%", percent)
	}
	p.percent = percent
	return nil
}

// Probe asks whether the terminal still takes something: in a fixed place it saves
// and restores the cursor; a text that grows gets nothing, and always answers.
func (p *Panel) Probe(ctx context.Context) (map[string]string, error) {
	if p.o.Row > 0 {
		if err := p.write(ctx, p.frame(nil)); err != nil {
			return nil, fmt.Errorf("term: cannot probe: %w", err)
		}
	}
	return map[string]string{
		"model": "terminal", "on": "true",
		"width": strconv.Itoa(p.o.Size.X), "height": strconv.Itoa(p.o.Size.Y),
		"brightness_percent": strconv.Itoa(p.percent),
	}, nil
}
