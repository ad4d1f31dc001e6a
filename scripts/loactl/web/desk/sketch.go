package desk

import (
	"cmp"
	"fmt"
	"math"

	"loa/scripts/authority"
)

// A sketch is where boxes hang, seen from above with the north on top: no map, and nothing
// is asked of anybody else to draw it.
type sketch struct {
	Height   int
	Dots     []dot
	Bar      int // how long Metres are
	Metres   int
	Unplaced int // boxes of which nobody has said where they hang
}

// A dot is one box. Its shape says how it is, and not its colour alone.
type dot struct {
	N    int // in the list
	Name string
	Kind string // silent, faulty, sounds or good
	X, Y int
}

// The measures of a sketch, in units of its own.
const (
	sketchWidth = 600
	sketchEdge  = 40
	leastHeight = 160
	mostHeight  = 600
	metresLat   = 111_320.0 // of a degree from south to north
)

// Inner is the height of the ground; Foot and Above are where the bar and its length stand.
func (s sketch) Inner() int { return s.Height - 2 }
func (s sketch) Foot() int  { return s.Height - 14 }
func (s sketch) Above() int { return s.Height - 22 }

// Left and Top are a square's corner, Base is where its number stands.
func (d dot) Left() int { return d.X - 13 }
func (d dot) Top() int  { return d.Y - 13 }
func (d dot) Base() int { return d.Y + 5 }

// Triangle is its path.
func (d dot) Triangle() string { return fmt.Sprintf("M%d %d l17 30 h-34 z", d.X, d.Y-20) }

// sketchOf draws the boxes of a list whose positions are known; nil: none is.
func sketchOf(list []glance, boxes map[string]authority.Box) *sketch {
	s := &sketch{Height: leastHeight}
	var at []authority.Position
	for _, g := range list {
		p := boxes[g.Box.Box].At
		if p == nil {
			s.Unplaced++
			continue
		}
		at = append(at, *p)
		s.Dots = append(s.Dots, dot{N: g.N, Name: cmp.Or(g.Name, g.Box.Box), Kind: g.kind()})
	}
	if len(at) == 0 {
		return nil
	}
	west, east, south, north := at[0].Lon, at[0].Lon, at[0].Lat, at[0].Lat
	for _, p := range at {
		west, east, south, north = min(west, p.Lon), max(east, p.Lon), min(south, p.Lat), max(north, p.Lat)
	}
	metresLon := metresLat * math.Cos((south+north)/2*math.Pi/180)
	wide, high := (east-west)*metresLon, (north-south)*metresLat
	const room = sketchWidth - 2*sketchEdge
	scale := math.Inf(1) // units a metre
	if wide > 0 {
		scale = room / wide
	}
	if high > 0 {
		scale = min(scale, (mostHeight-2*sketchEdge)/high)
	}
	if math.IsInf(scale, 1) { // all at one spot
		for i := range s.Dots {
			s.Dots[i].X, s.Dots[i].Y = sketchWidth/2, s.Height/2
		}
		return s
	}
	s.Height = max(leastHeight, 2*sketchEdge+int(math.Ceil(high*scale)))
	for i, p := range at {
		s.Dots[i].X = int(math.Round(sketchWidth/2 + (p.Lon-(west+east)/2)*metresLon*scale))
		s.Dots[i].Y = int(math.Round(float64(s.Height)/2 - (p.Lat-(south+north)/2)*metresLat*scale))
	}
	s.Metres = roundMetres(room / 4 / scale)
	s.Bar = int(float64(s.Metres) * scale)
	return s
}

// roundMetres is the longest of 1, 2, 5, 10… that is no longer than m; 0: less than one.
func roundMetres(m float64) int {
	best := 0
	for step := 1; float64(step) <= m && step < 10_000_000; step *= 10 {
		for _, n := range []int{1, 2, 5} {
			if float64(n*step) <= m {
				best = n * step
			}
		}
	}
	return best
}

// kind is how a box is, for the sketch.
func (g glance) kind() string {
	switch {
	case g.State != "online":
		return "silent"
	case g.Bad():
		return "faulty"
	case g.Sounds != "":
		return "sounds"
	}
	return "good"
}
