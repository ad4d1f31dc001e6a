package layout

import (
	"image"
	"strings"

	"loa/agent/plan"
)

// A row is a line of a page.
type row struct {
	words []setWord
	width int
}

// A fill is how a text falls into pages in one face.
type fill struct {
	face    face
	pages   [][]row
	divided []setWord // words that are wider than a line
}

// A candidate is a way to set a page.
type candidate struct {
	face  face
	lines int
}

// pages makes pages that stand.
func (s *setter) pages(t text) []Page {
	f := s.choose(t)
	var made []Page
	for _, rows := range f.pages {
		made = append(made, s.stand(rows, f.face))
	}
	s.report(f)
	return made
}

// choose finds the largest letters that make the fewest pages and divide no word.
// Letters too small for the readers' distance are taken only where none is larger.
func (s *setter) choose(t text) fill {
	var best fill
	try := func(c candidate) {
		if f := s.fill(t, c); best.pages == nil || s.better(f, best) {
			best = f
		}
	}
	for _, c := range s.candidates() {
		try(c)
	}
	if len(best.divided) > 0 && s.look.Font == "" {
		for _, name := range bitmapNames[1:] {
			b := library().bitmaps[name]
			if f, ok := faceOf(name, min(b.Ascent+b.Descent, s.board.Size.Y)); ok {
				try(candidate{f, min(s.most(), s.board.Size.Y/f.rows)})
			}
		}
	}
	return best
}

func (s *setter) better(a, b fill) bool {
	if x, y := s.legible(a.face), s.legible(b.face); x != y {
		return x
	}
	if x, y := len(a.divided) == 0, len(b.divided) == 0; x != y {
		return x
	}
	if len(a.pages) != len(b.pages) {
		return len(a.pages) < len(b.pages)
	}
	return a.face.rows > b.face.rows
}

// most is the greatest number of lines on a page.
func (s *setter) most() int {
	if n := s.look.Lines; n > 0 {
		return min(n, maxLines)
	}
	return maxLines
}

// candidates are the faces to choose from: as high as one, two or three lines
// allow, and outlines also smaller, down to where bitmaps do better.
func (s *setter) candidates() []candidate {
	var all []candidate
	add := func(lines int) {
		for rows := s.board.Size.Y / lines; ; rows = rows * 7 / 8 {
			f, ok := s.faceOf(rows)
			if ok {
				all = append(all, candidate{f, lines})
			}
			if !ok || f.bits != nil {
				break
			}
		}
	}
	if s.look.Lines > 0 {
		add(s.most())
	} else {
		for lines := range maxLines {
			add(lines + 1)
		}
	}
	if len(all) == 0 {
		add(1)
	}
	return all
}

// faceOf is the face for lines of that many rows: what the look names where it
// fits, else by height.
func (s *setter) faceOf(rows int) (face, bool) {
	if f, ok := faceOf(s.look.Font, rows); ok {
		return f, true
	}
	return s.board.byHeight(rows)
}

// fill sets a text in a face and breaks it into lines and pages. When there is
// room for it the cue has a line of its own on every page.
func (s *setter) fill(t text, c candidate) fill {
	f := fill{face: c.face}
	space, board := s.space(c.face), s.board.Size.X
	lines := c.lines
	var top []row
	if len(t.cue) > 0 {
		cue := s.line(t.cue, c.face, space)
		if lines == maxLines && cue.width <= board {
			top, lines = []row{cue}, lines-1
		} else {
			t = t.afterCue()
		}
	}
	paragraphs, words := s.paragraphs(t, &f)
	f.pages = wrap(paragraphs, space, board, lines, maxWords)
	// The same number of pages, but none with a single word left over.
	for n := max(1, words/max(1, len(f.pages))); n < maxWords; n++ {
		if even := wrap(paragraphs, space, board, lines, n); len(even) == len(f.pages) {
			f.pages = even
			break
		}
	}
	if top != nil {
		for i, rows := range f.pages {
			f.pages[i] = append(top[:1:1], rows...)
		}
	}
	return f
}

// paragraphs sets the words of a text and divides what is wider than the board.
func (s *setter) paragraphs(t text, f *fill) (set [][]setWord, words int) {
	for _, l := range t.lines {
		var p []setWord
		for _, w := range l {
			one := s.set(w, f.face)
			words += one.weight
			if one.width <= s.board.Size.X {
				p = append(p, one)
				continue
			}
			f.divided = append(f.divided, one)
			p = append(p, one.divide(s.board.Size.X)...)
		}
		set = append(set, p)
	}
	return set, words
}

// line sets words side by side.
func (s *setter) line(words []word, f face, space int) row {
	var r row
	for _, w := range words {
		r.add(s.set(w, f), space)
	}
	return r
}

func (r *row) add(w setWord, space int) {
	if len(r.words) > 0 && w.space {
		r.width += space
	}
	w.x = r.width
	r.words = append(r.words, w)
	r.width += w.width
}

// wrap breaks paragraphs into lines of that width, and these into pages of so many
// lines and words. An empty paragraph ends a page.
func wrap(paragraphs [][]setWord, space, width, lines, words int) (pages [][]row) {
	var page []row
	count := 0
	end := func() {
		if len(page) > 0 {
			pages = append(pages, page)
		}
		page, count = nil, 0
	}
	for _, p := range paragraphs {
		if len(p) == 0 {
			end()
			continue
		}
		var r row
		newline := func() {
			if len(r.words) > 0 {
				page = append(page, r)
				r = row{}
			}
			if len(page) == lines {
				end()
			}
		}
		newline()
		for len(p) > 0 {
			if c := chain(p); len(c) > 1 && p[0].bond == loose && weigh(c) <= maxWords && breaks(c, space, width, 0) < lines {
				// It fits on a page, so it goes on the next if it does not on this.
				if len(page)+breaks(c, space, width, r.width) >= lines || count+weigh(c) > words {
					newline()
					end()
				}
			}
			held := together(p, space, width)
			gap := 0
			if p[0].space && len(r.words) > 0 {
				gap = space
			}
			if r.width+gap+held.width > width {
				newline()
			}
			if count > 0 && count+held.weight() > words {
				newline()
				end()
			}
			for _, w := range held.words {
				r.add(w, space)
			}
			count += held.weight()
			p = p[len(held.words):]
		}
		newline()
	}
	end()
	return pages
}

// stand is a page of rows that stays to be read.
func (s *setter) stand(rows []row, f face) Page {
	p, words := s.column(rows, f, s.board.Size.Y)
	needed := readingTime(words, p.Effect)
	p.Stay = s.look.Stay
	if p.Stay <= 0 {
		p.Stay = needed
	}
	if p.Stay < needed && !s.hurried {
		s.hurried = true
		s.find(Finding{Code: plan.TooBig, Warning: true,
			EN: sprintf("%d words stay %.1f s; reading them takes %.1f s.", words, p.Stay.Seconds(), needed.Seconds()),
			VI: sprintf("%d chữ hiện trong %s giây; đọc hết cần %s giây.", words, plan.Decimal(p.Stay.Seconds()), plan.Decimal(needed.Seconds()))})
	}
	return p
}

// column is a page of rows in the middle of a picture of that height.
func (s *setter) column(rows []row, f face, height int) (p Page, weight int) {
	p = s.page
	p.size = image.Pt(p.board.X, height)
	y := (height-len(rows)*f.rows)/2 + f.base
	var words []string
	for _, r := range rows {
		x := (p.size.X - r.width) / 2
		switch s.look.Align {
		case Left:
			x = 0
		case Right:
			x = p.size.X - r.width
		}
		p.place(r, image.Pt(x, y))
		weight += r.weight()
		words = append(words, r.String())
		y += f.rows
	}
	p.Text = strings.Join(words, "\n")
	return p, weight
}

// place puts the glyphs of a row on the page.
func (p *Page) place(r row, at image.Point) {
	for _, w := range r.words {
		for _, g := range w.glyphs {
			p.glyphs = append(p.glyphs, glyph{g.shape, at.X + w.x + g.x, at.Y + g.y})
		}
	}
}

func (r row) weight() int { return weigh(r.words) }

// weigh is how many words a reader counts.
func weigh(words []setWord) (n int) {
	for _, w := range words {
		n += w.weight
	}
	return n
}

func (r row) String() string {
	var b strings.Builder
	for i, w := range r.words {
		if i > 0 && w.space {
			b.WriteByte(' ')
		}
		b.WriteString(w.word.String())
	}
	return b.String()
}
