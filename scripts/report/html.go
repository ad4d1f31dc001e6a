package report

import (
	_ "embed"
	"html/template"
	"io"
)

//go:embed page.html
var pageText string

var page = template.Must(template.New("page").Parse(pageText))

// WriteHTML writes a page to print on A4, without scripts and without anything from
// outside.
func (r Report) WriteHTML(w io.Writer, lang string) error {
	data := struct {
		Lang, Title string
		Name        string
		Heading     []string
		Parts       []Part
		T           func(string) string
	}{Lang: pick(lang, "vi", "en"), Title: r.title(lang), Name: printable(r.Name), Heading: r.heading(lang), Parts: r.Parts(lang), T: func(k string) string { return text(lang, k) }}
	return page.Execute(w, data)
}
