package console

import (
	"strings"
	"testing"
	"time"

	"loa/agent/ledger"
	"loa/agent/plan"
)

// A diary is a ledger with one refusal of a board.
type diary struct{ Ledger }

func (diary) Query(ledger.Query) ([]ledger.Entry, error) {
	return []ledger.Entry{{Time: noon, Kind: ledger.Refused, Title: "Cháy rừng", Code: plan.GlyphMissing, Board: true}}, nil
}

func TestWhySaysThatItWasTheBoard(t *testing.T) {
	box := (&pole{}).box()
	box.Ledger = diary{box.Ledger}
	if got, _ := New(box, Opts{}).Do(t.Context(), "why", Asker{}); !strings.Contains(got, "Cháy rừng (bảng, glyph-missing)") {
		t.Error(got)
	}
}

// A technician sees at the board why something is not on it.
func TestBoardShowTellsWhatWasRefused(t *testing.T) {
	board := newSign()
	board.status.Undimmed = "NAK"
	board.status.Refused = []BoardRefusal{
		{At: noon.Add(-time.Hour), Title: "Cháy rừng", ID: "a", Code: plan.GlyphMissing, Detail: "line 1, letter 6"},
		{At: noon.Add(-time.Minute), ID: "26734/act.play/x", Code: plan.Priority},
	}
	box := (&pole{}).box()
	box.Board = board
	for lang, want := range map[string]string{
		"vi": `
Độ sáng        60 %
Độ sáng        KHÔNG NHẬN: NAK
Từ chối        11:00  Cháy rừng: Phông chữ thiếu ký tự cần hiển thị. [glyph-missing]
Từ chối        11:59  26734/act.play/x: Nhường cho bản tin có mức ưu tiên cao hơn. [priority]
`,
		"en": "Refused        11:00  Cháy rừng: The font lacks a character of the text. [glyph-missing]\n",
	} {
		got, code := New(box, Opts{}).Do(t.Context(), "board show", Asker{Lang: lang})
		if code != OK || !strings.Contains(got, strings.TrimPrefix(want, "\n")) {
			t.Errorf("%s: %d\n%s\nwant\n%s", lang, code, got, want)
		}
	}
	got, _ := New(box, Opts{}).Do(t.Context(), "board show --json", Asker{})
	if !strings.Contains(got, `"code":"glyph-missing"`) || !strings.Contains(got, `"undimmed":"NAK"`) {
		t.Error(got)
	}
}
