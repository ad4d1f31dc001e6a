package layout

import (
	"image"
	"slices"
)

// strips makes one line that runs through the board; a very long one is several
// pages, each coming in when the one before has left.
func (s *setter) strips(t text) []Page {
	// On a large screen a line as high as it would be three letters wide.
	f, _ := s.faceOf(min(s.board.Size.Y, max(32, s.board.Size.X/8)))
	space, most := s.space(f), maxStrip/f.rows
	var rows []row
	var r row
	for i, l := range t.afterCue().lines {
		if i > 0 {
			r.width += 2 * space // a new line in the text
		}
		for _, w := range l {
			for _, part := range s.set(w, f).divide(most) {
				if len(r.words) > 0 && r.width+space+part.width > most {
					rows, r = append(rows, r), row{}
				}
				r.add(part, space)
			}
		}
	}
	rows = append(rows, r)
	var made []Page
	for _, r := range rows {
		p := s.page
		p.PxPerSecond = s.speed(f)
		p.size = image.Pt(max(1, r.width), f.rows)
		p.above = (p.board.Y - f.rows) / 2
		p.place(r, image.Pt(0, f.base))
		p.Text = r.String()
		made = append(made, p)
	}
	s.report(fill{face: f, pages: [][]row{rows}})
	return made
}

// rolls makes a column of lines that runs upwards, as many at a time as a page has
// at most. Letters are smaller only where a word would be divided.
func (s *setter) rolls(t text) []Page {
	t = t.afterCue()
	all := s.candidates()
	lines := all[len(all)-1].lines
	var f fill
	var paragraphs [][]setWord
	for _, c := range all {
		if c.lines != lines {
			continue
		}
		try := fill{face: c.face}
		set, _ := s.paragraphs(t, &try)
		if paragraphs == nil || len(try.divided) == 0 {
			f, paragraphs = try, set
		}
		if len(f.divided) == 0 {
			break
		}
	}
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
