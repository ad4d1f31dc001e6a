package layout

import (
	"image"

	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/harfbuzz"
	"github.com/go-text/typesetting/language"
)

// A setter lays out one text.
type setter struct {
	board    Board
	look     Look
	findings []Finding
	refused  bool
	hurried  bool // a page is shorter than its reading time; said once
	page     Page // what all its pages have in common

	fonts  map[*font.Font]*harfbuzz.Font
	buffer *harfbuzz.Buffer // keeps the plans by which it has shaped
	shaped map[string][]shaped
}

// find keeps a finding. Nobody reads a hundred; a reason to refuse the text is kept
// longer than a warning.
func (s *setter) find(f Finding) {
	const warnings, most = 20, 40
	if n := len(s.findings); n < warnings || n < most && !f.Warning {
		s.findings = append(s.findings, f)
	}
}

// A setWord is a word in a face.
type setWord struct {
	word
	glyphs     []glyph  // from the pen at its left end and the baseline
	starts     []start  // where it may be divided, if it must
	x, width   int      // x: in its line
	weight     int      // how many words a reader counts
	missing    []letter // no font has these
	unreadable bool     // the face is too small for its script
}

// A start is the first glyph of what stands together, and its first letter.
type start struct{ glyph, letter int }

// set sets a word in a face.
func (s *setter) set(w word, f face) setWord {
	set := setWord{word: w, weight: 1}
	clusters := 0
	for rest := w.letters; len(rest) > 0; {
		first := len(w.letters) - len(rest)
		set.starts = append(set.starts, start{len(set.glyphs), first})
		n := 1
		switch r := rest[0].r; {
		case khmer(r):
			for n < len(rest) && khmer(rest[n].r) {
				n++
			}
			if f.rows < khmerRows {
				set.unreadable = true
			}
			clusters += s.khmer(&set, first, rest[:n], f)
		case f.bits == nil && s.inSans(r):
			for n < len(rest) && s.inSans(rest[n].r) {
				n++
			}
			sans := library().sans.Font
			s.curves(&set, first, sans, s.shape(sans, language.Latin, runes(rest[:n])), f.ppem, 0)
		default:
			s.single(&set, rest[0], f)
		}
		rest = rest[n:]
	}
	// Khmer puts no spaces between words; one is about four clusters.
	set.weight = max(1, (clusters+3)/4)
	set.embrace()
	return set
}

// embrace widens a word to all its ink: some letters reach over their own width.
func (w *setWord) embrace() {
	left, right := 0, w.width
	for _, g := range w.glyphs {
		if ink := g.shape.ink(); !ink.Empty() {
			left, right = min(left, g.x+ink.Min.X), max(right, g.x+ink.Max.X)
		}
	}
	for i := range w.glyphs {
		w.glyphs[i].x -= left
	}
	w.width = right - left
}

func runes(letters []letter) []rune {
	r := make([]rune, len(letters))
	for i, l := range letters {
		r[i] = l.r
		if l.r == '\u00a0' {
			r[i] = ' '
		}
	}
	return r
}

func (s *setter) inSans(r rune) bool {
	_, ok := library().sans.NominalGlyph(r)
	return ok
}

// single adds a letter of a bitmap font: of the face's own, else of the one that
// has it and comes near the face's height with the least enlargement; else a box.
func (s *setter) single(set *setWord, l letter, f face) {
	r := runes([]letter{l})[0]
	pick, scale := f.bits, f.scale
	if pick == nil || pick.Glyphs[r] == nil {
		pick, scale = nil, 0
		best := 0
		for _, name := range bitmapNames {
			b := library().bitmaps[name]
			n := min(f.base/b.Ascent, (f.rows-f.base)/b.Descent)
			if rows := n * (b.Ascent + b.Descent); rows > best*5/4 && b.Glyphs[r] != nil {
				pick, scale, best = b, n, rows
			}
		}
	}
	if pick == nil {
		set.missing = append(set.missing, l)
		b := box{max(f.caps*3/4, 5), f.caps}
		set.add(b, 0, 0, b.width)
		return
	}
	g := pick.Glyphs[r]
	set.add(bits{g, scale}, 0, 0, g.Advance*scale)
}

// add puts a glyph at the end of a word, dx and dy off the pen.
func (w *setWord) add(sh shape, dx, dy, advance int) {
	w.glyphs = append(w.glyphs, glyph{sh, w.width + dx, dy})
	w.width += advance
}

// Common Khmer words stay within these, in ems from the baseline.
const khmerAbove, khmerBelow = 0.95, 0.5

// khmer adds a run of Khmer, as large as fits into the rows: marks stand above and
// letters hang below each other. It tells how many clusters it has.
func (s *setter) khmer(set *setWord, first int, run []letter, f face) (clusters int) {
	k := library().khmer
	glyphs := s.shape(k, language.Khmer, runes(run))
	for i, g := range glyphs {
		if g.id == 0 {
			set.missing = append(set.missing, run[min(g.cluster, len(run)-1)])
		}
		if i == 0 || g.cluster != glyphs[i-1].cluster {
			clusters++
		}
	}
	from, before := len(set.glyphs), *set
	base := round(float32(f.rows) * khmerAbove / (khmerAbove + khmerBelow))
	for ppem := int(float32(f.rows) / (khmerAbove + khmerBelow)); ; ppem-- {
		*set = before
		s.curves(set, first, k, glyphs, ppem, base-f.base)
		top, bottom := 0, 0 // rows of ink, from the line's baseline down
		for _, g := range set.glyphs[from:] {
			ink := g.shape.ink().Add(image.Pt(0, g.y))
			top, bottom = min(top, ink.Min.Y), max(bottom, ink.Max.Y)
		}
		if bottom-top > f.rows && ppem > 1 {
			continue
		}
		// One baseline for all of Khmer, and off it what is higher or deeper.
		y := max(0, -f.base-top) + min(0, f.rows-f.base-bottom)
		for i := range set.glyphs[from:] {
			set.glyphs[from+i].y += y
		}
		return clusters
	}
}

// curves adds shaped glyphs, of the letters from the first on. Every pen position is a whole pixel, so that a letter
// looks the same wherever it stands.
func (s *setter) curves(set *setWord, first int, f *font.Font, glyphs []shaped, ppem, y int) {
	scale := float32(ppem) / float32(f.Upem())
	from := set.width
	pen := float32(0)
	for i, g := range glyphs {
		if i > 0 && g.cluster != glyphs[i-1].cluster {
			set.starts = append(set.starts, start{len(set.glyphs), first + g.cluster})
		}
		set.width = from + round(pen*scale)
		set.add(curve{f, g.id, float32(ppem), g.extent}, round(g.dx*scale), y-round(g.dy*scale), 0)
		pen += g.advance
	}
	set.width = from + round(pen*scale)
}

func round(f float32) int { return floor(float64(f) + 0.5) }

// shaped is a glyph as the shaper places it, in font units, y up.
type shaped struct {
	id              font.GID
	cluster         int // index of the first rune of its cluster
	dx, dy, advance float32
	extent          font.GlyphExtents
}

// shape makes glyphs of runes.
func (s *setter) shape(f *font.Font, script language.Script, text []rune) []shaped {
	key := script.String() + string(text)
	if glyphs, ok := s.shaped[key]; ok {
		return glyphs
	}
	if s.fonts == nil {
		s.fonts, s.shaped = map[*font.Font]*harfbuzz.Font{}, map[string][]shaped{}
		s.buffer = harfbuzz.NewBuffer()
	}
	h := s.fonts[f]
	if h == nil {
		h = harfbuzz.NewFont(font.NewFace(f))
		s.fonts[f] = h
	}
	b := s.buffer
	b.Clear()
	b.ClusterLevel = harfbuzz.MonotoneGraphemes
	b.Props = harfbuzz.SegmentProperties{Direction: harfbuzz.LeftToRight, Script: script}
	b.AddRunes(text, 0, len(text))
	b.Shape(h, nil)
	glyphs := make([]shaped, len(b.Info))
	for i, g := range b.Info {
		p := b.Pos[i]
		extent, _ := h.Face().GlyphExtents(g.Glyph)
		glyphs[i] = shaped{g.Glyph, g.Cluster, float32(p.XOffset), float32(p.YOffset), float32(p.XAdvance), extent}
	}
	s.shaped[key] = glyphs
	return glyphs
}

// space is the width between words.
func (s *setter) space(f face) int {
	if f.bits != nil {
		if g := f.bits.Glyphs[' ']; g != nil {
			return g.Advance * f.scale
		}
	}
	sans := library().sans.Font
	return max(1, round(s.shape(sans, language.Latin, []rune{' '})[0].advance*float32(f.ppem)/float32(sans.Upem())))
}

// divide cuts a word that alone is wider than a line into parts that are not, as
// far as one letter is not wider.
func (w setWord) divide(width int) []setWord {
	var parts []setWord
	from, left := start{}, 0 // where the part begins, and its pen
	cut := func(to start, right int) {
		part := setWord{word: word{letters: w.letters[from.letter:to.letter], space: w.space && from.glyph == 0}, width: right - left}
		for _, g := range w.glyphs[from.glyph:to.glyph] {
			part.glyphs = append(part.glyphs, glyph{g.shape, g.x - left, g.y})
		}
		part.embrace()
		parts = append(parts, part)
		from, left = to, right
	}
	for i, at := range w.starts {
		end := w.width
		if i+1 < len(w.starts) {
			end = w.glyphs[w.starts[i+1].glyph].x
		}
		if at.glyph > from.glyph && end-left > width {
			cut(at, w.glyphs[at.glyph].x)
		}
	}
	cut(start{len(w.glyphs), len(w.letters)}, w.width)
	parts[0].weight, parts[0].missing, parts[0].unreadable = w.weight, w.missing, w.unreadable
	return parts
}
