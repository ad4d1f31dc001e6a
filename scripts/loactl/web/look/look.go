// Package look gives all pages of loactl serve one frame, one stylesheet and the same
// guards: pages are html/template in the reader's language, files lie under names that
// change with their content, and no page runs a script that is written in it.
package look

import (
	"embed"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"net/url"
	"path"
	"slices"
	"time"
)

//go:embed frame.html style.css icon.svg
var shared embed.FS

// Prefix is where the shared files are served.
const Prefix = "/look/"

// Langs are the languages of the pages, the first for whoever asks for none.
var Langs = []string{"vi", "en"}

// Lang is the language that a question asks for. It stands in the address and in no
// cookie: what is sent does not depend on who reads.
func Lang(r *http.Request) string {
	if l := r.URL.Query().Get("lang"); slices.Contains(Langs, l) {
		return l
	}
	return Langs[0]
}

// Zone is that of every time on a page.
var Zone = time.FixedZone("", 7*3600)

// A View is one page for one reader.
type View struct {
	Lang string
	At   *url.URL // of this page: the other language is offered beside it
	Tone string   // a class of the body: "alarm" for what raises one
	Nav  []Link
	Data any
}

// A Link is where one can go from here.
type Link struct {
	To, Text string
	Here     bool
}

// Other is this page in another language.
func (v View) Other(lang string) string {
	if v.At == nil {
		return "?lang=" + lang
	}
	q := v.At.Query()
	q.Set("lang", lang)
	return v.At.EscapedPath() + "?" + q.Encode()
}

// Opts are what one set of pages has of its own.
type Opts struct {
	// Pages has one *.html for each page (embed it with all:), which defines "title" and "main", and may
	// define "head"; names that begin with _ are parts that all of them may use.
	Pages fs.FS
	Words map[string]map[string]string // by language; Check holds them to each other
	Files *Files                       // scripts and icons of these pages; nil: none
	Funcs template.FuncMap
}

// Pages are ready to be shown.
type Pages struct {
	by     map[string]*template.Template // by language/name
	shared *Files
}

// New reads the templates, and fails on one that cannot be read.
func New(o Opts) (*Pages, error) {
	style, err := NewFiles(Prefix, shared)
	if err != nil {
		return nil, err
	}
	names, err := fs.Glob(o.Pages, "*.html")
	if err != nil {
		return nil, err
	}
	p := &Pages{by: make(map[string]*template.Template), shared: style}
	for _, lang := range Langs {
		words := maps.Clone(common[lang])
		maps.Copy(words, languages[lang])
		maps.Copy(words, o.Words[lang])
		funcs := template.FuncMap{
			"t":     func(key string, args ...any) (string, error) { return Say(words, key, args...) },
			"look":  style.URL,
			"day":   func(t time.Time) string { return t.In(Zone).Format(words["look.day"]) },
			"clock": func(t time.Time) string { return t.In(Zone).Format("15:04") },
			"iso":   func(t time.Time) string { return t.In(Zone).Format(time.RFC3339) },
			"lang":  func() string { return lang },
			"langs": func() []string { return Langs },
		}
		if o.Files != nil {
			funcs["file"] = o.Files.URL
		}
		maps.Copy(funcs, o.Funcs)
		for _, name := range names {
			if name[0] == '_' {
				continue
			}
			t, err := template.New("frame.html").Funcs(funcs).ParseFS(shared, "frame.html")
			if err != nil {
				return nil, err
			}
			for _, part := range names {
				if part[0] == '_' || part == name {
					if t, err = t.ParseFS(o.Pages, part); err != nil {
						return nil, err
					}
				}
			}
			p.by[lang+"/"+name[:len(name)-len(path.Ext(name))]] = t
		}
	}
	return p, nil
}

// Render writes the page of that name in its frame.
func (p *Pages) Render(w io.Writer, name string, v View) error {
	return p.run(w, name, "frame.html", v)
}

// Bare writes what the page defines as "bare": one that others put into theirs.
func (p *Pages) Bare(w io.Writer, name string, v View) error { return p.run(w, name, "bare", v) }

func (p *Pages) run(w io.Writer, name, define string, v View) error {
	t, ok := p.by[v.Lang+"/"+name]
	if !ok {
		return fmt.Errorf("look: no page %s/%s", v.Lang, name)
	}
	return t.ExecuteTemplate(w, define, v)
}

// ServeHTTP gives out the shared files, below Prefix.
func (p *Pages) ServeHTTP(w http.ResponseWriter, r *http.Request) { p.shared.ServeHTTP(w, r) }

// Style is where the stylesheet is, for what keeps it to be read without a network.
func (p *Pages) Style() string { return p.shared.URL("style.css") }

// Icon is where the icon is.
func (p *Pages) Icon() string { return p.shared.URL("icon.svg") }
