package console

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// A label fits a screen also where names are long: a line that is broken spoils the code.
func TestALabelFitsAScreen(t *testing.T) {
	for n := 1; n <= 64; n++ {
		f := fit()
		b := f.box()
		b.View = likeThis{f, func(st *Status) {
			st.Device, st.Name, st.Place = strings.Repeat("d", n), strings.Repeat("Ấ", 64), strings.Repeat("9", 32)
		}}
		s := New(b, Opts{}).At(Line{Wide: 80}).sit(false)
		text, code := s.answer(t.Context(), "label")
		lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
		picture, err := squares("loa:" + strings.Repeat("d", n) + "?code=K7QX-3MPA")
		if err != nil || code != OK || len(lines) != len(picture) || len(lines) > 24 {
			t.Fatalf("%d letters: code %d, %v, %d lines of %d", n, code, err, len(lines), len(picture))
		}
		for i, line := range lines {
			if utf8.RuneCountInString(line) > screen || !strings.HasPrefix(line, picture[i]) {
				t.Fatalf("%d letters: line %d is %q", n, i, line)
			}
		}
	}
}
