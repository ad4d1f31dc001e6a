package layout

import (
	"image"
	"slices"
	"time"
	"unicode"

	"loa/agent/plan"
)

const (
	noticeTime = 1500 * time.Millisecond // to see that there is something new
	wordTime   = 500 * time.Millisecond
	leastStay  = 4 * time.Second

	capsPerMetre = 4.0 // millimetres of a capital letter for every metre to its reader
)

// readingTime is how long a page of so many words stays.
func readingTime(words int, e Effect) time.Duration {
	d := max(leastStay, noticeTime+time.Duration(words)*wordTime)
	if e == Blink { // it is dark for a part of the time
		d = (d*(blinkPeriod/time.Millisecond) + blinkLit/time.Millisecond - 1) / (blinkLit / time.Millisecond)
	}
	return d
}

// legible tells whether readers can make out the letters, as far as is known.
func (s *setter) legible(f face) bool {
	return float64(f.caps)*s.board.PitchMM >= s.board.ReaderM*capsPerMetre || s.board.PitchMM == 0
}

// report says what is wrong with a text in the face that was chosen.
func (s *setter) report(f fill) {
	seen := map[letter]bool{}
	for _, page := range f.pages {
		for _, r := range page {
			for _, w := range r.words {
				s.reportWord(w, seen)
			}
		}
	}
	for _, w := range f.divided {
		at := w.letters[0]
		s.find(Finding{Code: plan.TooBig, Warning: true, Line: at.line, Column: at.column,
			EN: sprintf("%q is wider than the board and is divided.", w.word),
			VI: sprintf("“%s” rộng hơn bảng nên bị ngắt giữa chừng.", w.word)})
	}
	if !s.legible(f.face) {
		have := float64(f.face.caps) * s.board.PitchMM
		s.find(Finding{Code: plan.TooBig, Warning: true,
			EN: sprintf("Capital letters are %.0f mm high; readers at %.0f m need %.0f mm.", have, s.board.ReaderM, s.board.ReaderM*capsPerMetre),
			VI: sprintf("Chữ hoa cao %.0f mm; người đọc cách %.0f m cần %.0f mm.", have, s.board.ReaderM, s.board.ReaderM*capsPerMetre)})
	}
}

func (s *setter) reportWord(w setWord, seen map[letter]bool) {
	for _, l := range w.missing {
		if seen[l] {
			continue
		}
		seen[l] = true
		f := Finding{Code: plan.GlyphMissing, Rune: l.r, Line: l.line, Column: l.column,
			EN: sprintf("No font has %q (U+%04X).", l.r, l.r),
			VI: sprintf("Không phông chữ nào có ký tự %q (U+%04X).", l.r, l.r)}
		if unicode.Is(unicode.Mn, l.r) {
			f.EN = sprintf("The mark U+%04X stands on no letter that takes it.", l.r)
			f.VI = sprintf("Dấu U+%04X đứng sau một chữ không mang được dấu đó.", l.r)
		}
		s.find(f)
	}
	if w.unreadable {
		l := w.letters[slices.IndexFunc(w.letters, func(l letter) bool { return khmer(l.r) })]
		s.find(Finding{Code: plan.TooBig, Rune: l.r, Line: l.line, Column: l.column,
			EN: sprintf("Khmer needs lines of %d rows.", khmerRows),
			VI: sprintf("Chữ Khmer cần dòng cao ít nhất %d hàng điểm.", khmerRows)})
	}
}

// audit says what is wrong with the pages.
func (s *setter) audit(pages []Page) {
	moves := s.look.Effect == ScrollLeft || s.look.Effect == ScrollUp
	if len(pages) > 1 && !moves {
		var all time.Duration
		for _, p := range pages {
			all += p.Length()
		}
		s.find(Finding{Code: plan.TooBig, Warning: true,
			EN: sprintf("The text takes %d pages and %.0f seconds.", len(pages), all.Seconds()),
			VI: sprintf("Văn bản chiếm %d trang, hết %.0f giây.", len(pages), all.Seconds())})
	}
	for _, p := range pages {
		whole := image.Rectangle{Max: p.size}
		for _, g := range p.glyphs {
			if ink := g.shape.ink().Add(image.Pt(g.x, g.y)); !ink.In(whole) {
				s.find(Finding{Code: plan.TooBig,
					EN: "A letter is larger than the board.",
					VI: "Có chữ cái lớn hơn bảng."})
				return
			}
		}
	}
}
