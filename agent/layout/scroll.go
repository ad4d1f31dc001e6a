package layout

import (
	"image"
	"slices"
)

// strips makes one line that runs through the board; a very long one is several
// pages, each coming in when the one before has left.
func (s *setter) strips(t text) []Page {
	t = t.afterCue()
	// On a large screen a line as high as it would be four letters wide.
	f, _ := s.faceOf(min(s.board.Size.Y, max(32, s.board.Size.X/6)))
	space := s.space(f)
	var rows []row
	var r row
	for i, l := range t.lines {
		for k, w := range l {
			set := s.set(w, f)
			if len(r.words) > 0 && (r.width+space+set.width)*s.board.Size.Y > maxStrip {
				rows, r = append(rows, r), row{}
			}
			if i > 0 && k == 0 && len(r.words) > 0 {
				r.width += 2 * space // a new line in the text
			}
			r.add(set, space)
		}
	}
	rows = append(rows, r)
	var made []Page
	for _, r := range rows {
		p := s.page
		p.PxPerSecond = s.speed(f)
		p.size = image.Pt(max(1, r.width), p.board.Y)
		p.place(r, image.Pt(0, (p.size.Y-f.rows)/2+f.base))
		p.Text = r.String()
		made = append(made, p)
	}
	s.report(fill{face: f, pages: [][]row{rows}})
	return made
}

// rolls makes a column of lines that runs upwards.
func (s *setter) rolls(t text) []Page {
	all := s.candidates()
	f := fill{face: all[len(all)-1].face} // the smallest of the large ones
	paragraphs, _ := s.paragraphs(t.afterCue(), &f)
	const endless = 1 << 30
	var rows []row
	for _, p := range wrap(paragraphs, s.space(f.face), s.board.Size.X, endless, endless) {
		rows = append(rows, p...)
	}
	most := max(1, maxStrip/(s.board.Size.X*f.face.rows))
	var made []Page
	for part := range slices.Chunk(rows, most) {
		p, _ := s.column(part, f.face, len(part)*f.face.rows)
		p.PxPerSecond = s.speed(f.face)
		made = append(made, p)
	}
	s.report(f)
	return made
}

// speed is how fast a face scrolls: six letters a second, each about five sixths
// as wide as a capital is high.
func (s *setter) speed(f face) int {
	const fastest = 2000
	if s.look.PxPerSecond > 0 {
		return min(s.look.PxPerSecond, fastest)
	}
	return 5 * f.caps
}
