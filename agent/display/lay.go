package display

import (
	"cmp"
	"errors"
	"strings"
	"time"

	"loa/agent/layout"
	"loa/agent/plan"
)

// How pages become pictures: the same for a board and for a preview of it.

// Pictures opens a picture by its SHA-256, as large as the board; of an animation
// all. An error that is a *plan.Error says with its code why there is none.
type Pictures func(sha256 string, b layout.Board) ([]Still, error)

// Lay lays one page out; a text that is long becomes several.
func Lay(page plan.Page, b layout.Board, pictures Pictures, f layout.Fields) ([]layout.Page, []layout.Finding) {
	if page.Image != "" {
		return layPicture(page, b, pictures)
	}
	look, ok := layout.LookNamed(page.Style)
	look.Stay = time.Duration(page.StayS) * time.Second
	pages, findings := layout.Set(page.Text, look, b, f)
	if !ok {
		findings = append(findings, layout.Finding{
			Code: plan.Unsupported, Warning: true,
			EN: "No style is called " + page.Style + "; there are " + strings.Join(layout.LookNames(), ", ") + ".",
			VI: "Không có kiểu trang " + page.Style + "; có " + strings.Join(layout.LookNames(), ", ") + ".",
		})
	}
	return pages, findings
}

func layPicture(page plan.Page, b layout.Board, pictures Pictures) ([]layout.Page, []layout.Finding) {
	if pictures == nil {
		return nil, []layout.Finding{{Code: plan.Unsupported, EN: "This board shows no pictures.", VI: "Bảng này không hiện hình."}}
	}
	stills, err := pictures(page.Image, b)
	if err != nil {
		return nil, []layout.Finding{notOpened(err)}
	}
	var laid []layout.Page
	var findings []layout.Finding
	for _, s := range stills {
		g, f := layout.FromPicture(s.Picture, b)
		g.Stay = cmp.Or(s.Stay, page.Stay())
		laid, findings = append(laid, g), append(findings, f...)
	}
	return laid, findings
}

// notOpened says why a picture cannot be shown.
func notOpened(err error) layout.Finding {
	f := layout.Finding{Code: plan.MediaMissing}
	var coded *plan.Error
	if errors.As(err, &coded) {
		f.Code = coded.Code
	}
	said := f.Code.Sentence()
	f.EN, f.VI = said.EN+" ("+err.Error()+")", said.VI
	if coded != nil && coded.VI != "" {
		f.VI += " (" + coded.VI + ")"
	}
	return f
}

// Beside sets the ticker that runs under pages, and gives the board that is left for
// them. On a board that has no room for one the ticker is nil and the last of the
// pages instead.
func Beside(ticker string, pages []plan.Page, b layout.Board, f layout.Fields) ([]plan.Page, layout.Board, *layout.Ticker, []layout.Finding) {
	if ticker == "" {
		return pages, b, nil, nil
	}
	t, findings := layout.SetTicker(ticker, b, f)
	if t == nil {
		return append(pages[:len(pages):len(pages)], plan.Page{Text: ticker, Style: "scroll"}), b, nil, findings
	}
	return pages, t.Pages(), t, findings
}
