// Package termtest is a terminal for tests: it draws what is written to it.
package termtest

import (
	"errors"
	"fmt"
	"image"
	"image/color"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"
)

// A Screen is a terminal of 400 columns whose rows never end. It knows the text and
// the codes that a panel needs, and remembers the first that it does not know.
type Screen struct {
	mu       sync.Mutex
	waits    *sync.Cond
	stopped  bool
	rest     []byte // a sequence or a character that has come in part
	cells    [][]cell
	row, col int
	saved    [2]int
	fore     color.RGBA
	back     color.RGBA
	err      error
}

type cell struct{ upper, lower color.RGBA }

const columns = 400

var (
	black = color.RGBA{A: 255}
	white = color.RGBA{255, 255, 255, 255}
)

// New is an empty terminal, white on black.
func New() *Screen {
	s := &Screen{fore: white, back: black}
	s.waits = sync.NewCond(&s.mu)
	return s
}

// Stop makes the terminal take nothing, as Ctrl-S does, or go on.
func (s *Screen) Stop(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopped = on
	s.waits.Broadcast()
}

// Write takes text in pieces of any size.
func (s *Screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.stopped {
		s.waits.Wait()
	}
	s.rest = append(s.rest, p...)
	for s.err == nil {
		n, err := s.take(s.rest)
		s.err = err
		if n == 0 {
			break
		}
		s.rest = s.rest[n:]
	}
	return len(p), s.err
}

// take does the first character or sequence; 0: it has not come whole.
func (s *Screen) take(b []byte) (int, error) {
	switch {
	case len(b) == 0:
		return 0, nil
	case b[0] == '\n':
		s.row, s.col = s.row+1, 0 // the tty's ONLCR
		return 1, nil
	case b[0] == '\r':
		s.col = 0
		return 1, nil
	case b[0] != 0x1b:
		if !utf8.FullRune(b) {
			return 0, nil
		}
		r, n := utf8.DecodeRune(b)
		return n, s.put(r)
	case len(b) == 1:
		return 0, nil
	case b[1] == '7':
		s.saved = [2]int{s.row, s.col}
		return 2, nil
	case b[1] == '8':
		s.row, s.col = s.saved[0], s.saved[1]
		return 2, nil
	case b[1] != '[':
		return 2, fmt.Errorf("termtest: ESC %q", b[1])
	}
	end := strings.IndexFunc(string(b[2:]), func(r rune) bool { return r >= '@' && r <= '~' })
	if end < 0 {
		return 0, nil
	}
	args, final := strings.Split(string(b[2:2+end]), ";"), b[2+end]
	n := make([]int, len(args))
	for i, a := range args {
		v, err := strconv.Atoi("0" + a)
		if err != nil || v > 65535 {
			return 3 + end, fmt.Errorf("termtest: CSI %q", b[2:3+end])
		}
		n[i] = v
	}
	switch final {
	case 'H':
		n = append(n, 0)
		s.row, s.col = max(1, n[0])-1, max(1, n[1])-1
		return 3 + end, nil
	case 'm':
		return 3 + end, s.colour(n)
	}
	return 3 + end, fmt.Errorf("termtest: CSI %q", b[2:3+end])
}

// put draws one character.
func (s *Screen) put(r rune) error {
	if s.row > 10000 || s.col >= columns {
		return errors.New("termtest: text outside the terminal")
	}
	c := cell{s.back, s.back}
	switch r {
	case ' ':
	case '▀':
		c.upper = s.fore
	case '▄':
		c.lower = s.fore
	case '█':
		c = cell{s.fore, s.fore}
	default:
		return fmt.Errorf("termtest: %q is no block", r)
	}
	for len(s.cells) <= s.row {
		s.cells = append(s.cells, make([]cell, columns))
	}
	s.cells[s.row][s.col] = c
	s.col++
	return nil
}

// colour does CSI … m.
func (s *Screen) colour(n []int) error {
	for len(n) > 0 {
		ground := &s.fore
		switch {
		case n[0] == 0:
			s.fore, s.back = white, black
			n = n[1:]
			continue
		case n[0] == 49:
			s.back = black
			n = n[1:]
			continue
		case n[0] == 48:
			ground = &s.back
		case n[0] != 38:
			return fmt.Errorf("termtest: SGR %v", n)
		}
		switch {
		case len(n) >= 5 && n[1] == 2 && max(n[2], n[3], n[4]) < 256:
			*ground = color.RGBA{uint8(n[2]), uint8(n[3]), uint8(n[4]), 255}
			n = n[5:]
		case len(n) >= 3 && n[1] == 5 && n[2] >= 16 && n[2] < 256:
			*ground = Palette256()[n[2]-16].(color.RGBA)
			n = n[3:]
		default:
			return fmt.Errorf("termtest: SGR %v", n)
		}
	}
	return nil
}

// Palette256 is the 240 fixed colours of xterm, from number 16 on: black is first.
func Palette256() color.Palette {
	var p color.Palette
	levels := []uint8{0x00, 0x5f, 0x87, 0xaf, 0xd7, 0xff}
	for _, r := range levels {
		for _, g := range levels {
			for _, b := range levels {
				p = append(p, color.RGBA{r, g, b, 255})
			}
		}
	}
	for v := 0x08; v <= 0xee; v += 10 {
		p = append(p, color.RGBA{uint8(v), uint8(v), uint8(v), 255})
	}
	return p
}

// Err is the first thing that this terminal did not understand.
func (s *Screen) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// Cursor is where the next character would go, from 1.
func (s *Screen) Cursor() (row, column int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.row + 1, s.col + 1
}

// Picture is what is drawn in size pixels below and right of row and column, from 1.
// Row 0: the lines that end where the cursor is.
func (s *Screen) Picture(row, column int, size image.Point) image.Image {
	s.mu.Lock()
	defer s.mu.Unlock()
	if row == 0 {
		row, column = s.row+1-(size.Y+1)/2, 1
	}
	p := image.NewRGBA(image.Rectangle{Max: size})
	for y := range size.Y {
		for x := range size.X {
			c, at := cell{black, black}, row-1+y/2
			if at >= 0 && at < len(s.cells) && column-1+x < columns {
				c = s.cells[at][column-1+x]
			}
			if y%2 == 0 {
				p.SetRGBA(x, y, c.upper)
			} else {
				p.SetRGBA(x, y, c.lower)
			}
		}
	}
	return p
}
