package display

import (
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"maps"
	"slices"
	"strings"
	"time"
)

// What a technician does at the board. All of it ends by itself.

// Patterns are the pictures that show whether every pixel lights, in its colour and
// at its place.
var patterns = map[string]func(x, y int, size image.Point) color.RGBA{
	"all":   func(x, y int, _ image.Point) color.RGBA { return color.RGBA{255, 255, 255, 255} },
	"red":   func(x, y int, _ image.Point) color.RGBA { return color.RGBA{255, 0, 0, 255} },
	"green": func(x, y int, _ image.Point) color.RGBA { return color.RGBA{0, 255, 0, 255} },
	"blue":  func(x, y int, _ image.Point) color.RGBA { return color.RGBA{0, 0, 255, 255} },
	"grid": func(x, y int, _ image.Point) color.RGBA { // one line in eight: rows or columns exchanged show at once
		if x%8 == 0 || y%8 == 0 {
			return color.RGBA{255, 0, 0, 255}
		}
		return color.RGBA{A: 255}
	},
	"frame": func(x, y int, size image.Point) color.RGBA { // is the whole of it there, and nothing else?
		if x == 0 || y == 0 || x == size.X-1 || y == size.Y-1 || x*size.Y == y*size.X {
			return color.RGBA{255, 0, 0, 255}
		}
		return color.RGBA{A: 255}
	},
}

// Patterns are the names that Pattern knows.
func Patterns() []string { return slices.Sorted(maps.Keys(patterns)) }

// Pattern shows a pattern for a while, before everything but an emergency; with no
// name it ends the one that is shown.
func (d *Display) Pattern(name string, length time.Duration) error {
	if name == "" {
		return d.Test(nil, 0)
	}
	at, ok := patterns[name]
	if !ok {
		return fmt.Errorf("no pattern is called %q; there are %s", name, strings.Join(Patterns(), ", "))
	}
	size := d.o.Board.Size
	p := image.NewRGBA(image.Rectangle{Max: size})
	for y := range size.Y {
		for x := range size.X {
			p.SetRGBA(x, y, at(x, y, size))
		}
	}
	return d.Test(p, length)
}

// Bright sets the brightness for a while, whatever the policies say; 0 ends that.
func (d *Display) Bright(percent int, length time.Duration) error {
	if percent < 0 || percent > 100 {
		return fmt.Errorf("a brightness of %d %%", percent)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.knob, d.knobUntil = percent, time.Now().Add(length)
	d.poke()
	return nil
}

// Lend closes the panel, lets f have the line that it hangs on, and opens it again.
// It is for a technician who looks for a card that does not answer.
func (d *Display) Lend(ctx context.Context, f func(context.Context)) error {
	done := make(chan struct{})
	select {
	case d.loans <- func() { defer close(done); f(ctx) }:
	case <-ctx.Done():
		return errors.New("the display is busy with the panel")
	}
	<-done // f ends with ctx
	return nil
}

// lend is what Run does for Lend.
func (d *Display) lend(f func()) {
	d.close()
	f()
	d.fails, d.retry = 0, time.Time{}
	d.has, d.moving = nil, false
}
