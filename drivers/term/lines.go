package term

import (
	"image"
	"image/color"
	"strconv"
	"strings"
)

// A Depth is how many colours a terminal has.
type Depth int

// The depths.
const (
	TrueColour Depth = iota // 24 bit
	Colours256              // a cube of 6×6×6 and 24 greys
	Plain                   // none: a pixel is drawn or not
)

// DepthOf chooses the depth by the environment: NO_COLOR, COLORTERM and TERM.
func DepthOf(getenv func(string) string) Depth {
	term := getenv("TERM")
	colourful := getenv("COLORTERM")
	switch {
	case getenv("NO_COLOR") != "" || term == "" || term == "dumb":
		return Plain
	case colourful == "truecolor" || colourful == "24bit" || strings.HasSuffix(term, "-direct"):
		return TrueColour
	case strings.Contains(term, "256") || strings.HasPrefix(term, "xterm") || strings.HasPrefix(term, "screen") ||
		strings.HasPrefix(term, "tmux") || strings.HasPrefix(term, "linux"):
		return Colours256
	}
	return Plain // a real terminal: vt100, vt220
}

// Lines draws a picture as lines of text without line ends, each of two rows of
// pixels. With colour each line ends with the terminal's own colours.
func Lines(img image.Image, colour Depth) []string {
	var lines []string
	b := img.Bounds()
	for y := b.Min.Y; y < b.Max.Y; y += 2 {
		var line strings.Builder
		var upper, lower string // what the terminal draws with
		for x := b.Min.X; x < b.Max.X; x++ {
			up, low := rgba(img, x, y), rgba(img, x, y+1) // outside is black
			if colour == Plain {
				line.WriteString(blocks[bit(bright(up))|bit(bright(low))<<1])
				continue
			}
			u, l := colour.sgr("38", up), colour.sgr("48", low)
			if y+1 == b.Max.Y {
				l = "49"
			}
			if u != upper || l != lower {
				line.WriteString("\x1b[" + u + ";" + l + "m")
				upper, lower = u, l
			}
			line.WriteString("▀")
		}
		if colour != Plain {
			line.WriteString("\x1b[m")
		}
		lines = append(lines, line.String())
	}
	return lines
}

var blocks = [4]string{" ", "▀", "▄", "█"}

func bit(lit bool) int {
	if lit {
		return 1
	}
	return 0
}

func rgba(img image.Image, x, y int) color.RGBA {
	if !(image.Point{x, y}).In(img.Bounds()) {
		return color.RGBA{}
	}
	return color.RGBAModel.Convert(img.At(x, y)).(color.RGBA)
}

// bright goes by the brightest of the three: on a red board red is what is lit.
func bright(c color.RGBA) bool { return max(c.R, c.G, c.B) >= 128 }

// sgr is the code of a colour for the foreground ("38") or the background ("48").
func (d Depth) sgr(ground string, c color.RGBA) string {
	if d == TrueColour {
		return ground + ";2;" + strconv.Itoa(int(c.R)) + ";" + strconv.Itoa(int(c.G)) + ";" + strconv.Itoa(int(c.B))
	}
	return ground + ";5;" + strconv.Itoa(nearest(c))
}

// nearest is the number of the fixed colour nearest to c: 16 to 231 are a cube with
// these levels, 232 to 255 the greys 8, 18, … 238.
func nearest(c color.RGBA) int {
	level := func(v uint8) (n, is int) {
		if v < 48 {
			return 0, 0
		}
		n = max(1, (int(v)-35)/40)
		return n, 55 + 40*n
	}
	r, red := level(c.R)
	g, green := level(c.G)
	b, blue := level(c.B)
	grey := min(23, max(0, (int(c.R)+int(c.G)+int(c.B))/3-3)/10)
	is := 8 + 10*grey
	if apart(c, is, is, is) < apart(c, red, green, blue) {
		return 232 + grey
	}
	return 16 + 36*r + 6*g + b
}

func apart(c color.RGBA, r, g, b int) int {
	r, g, b = r-int(c.R), g-int(c.G), b-int(c.B)
	return r*r + g*g + b*b
}
