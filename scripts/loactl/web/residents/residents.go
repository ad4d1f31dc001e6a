// Package residents is what the people of a place read, hear and answer on their phones:
// pages of what was said there, feeds of it, and the way back to who said it.
package residents

import (
	"context"
	"embed"
	"io/fs"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"loa/agent/plan"
	"loa/scripts/authority/said"
	"loa/scripts/loactl/web/look"
)

//go:embed all:pages static
var embedded embed.FS

// book tells what was said.
type book interface {
	At(place string, below bool) (said.Told, bool, error)
	Places() []said.Listed
	Box(device string) (place said.Named, label string, ok bool)
}

// Opts are what the pages are made from.
type Opts struct {
	Book     book
	Requests store
	Push     readers                                             // nil: nobody is told
	Polls    polls                                               // nil: nobody is asked anything
	SMS      func(ctx context.Context, phone, text string) error // nil: no codes are sent
	Media    string                                              // the folder of recordings
	Name     string                                              // of the authority
	URL      string                                              // at which the public finds these pages, without a slash at its end
	HandedTo string                                              // who else gets reports that are not for us; empty: nobody
	Proxies  []netip.Prefix                                      // of machines of ours before these pages, which say who asks
	Frames   []string                                            // origins whose pages may show the strip; none: any
	Now      func() time.Time
	Log      *slog.Logger // nil: silent
}

// Site is an [http.Handler].
type Site struct {
	o     Opts
	pages *look.Pages
	files *look.Files
	books books
	cache cache
	mux   *http.ServeMux

	nets, places, codes buckets
	photos, voices      chan struct{} // as many as are looked at at once
}

// New makes the pages.
func New(o Opts) (*Site, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	o.URL = strings.TrimSuffix(o.URL, "/")
	static, err := fs.Sub(embedded, "static")
	if err != nil {
		return nil, err
	}
	pages, err := fs.Sub(embedded, "pages")
	if err != nil {
		return nil, err
	}
	s := &Site{
		o: o, mux: http.NewServeMux(), photos: make(chan struct{}, 1), voices: make(chan struct{}, 1),
		nets: buckets{of: fromOneNet}, places: buckets{of: aboutAPlace}, codes: buckets{of: codesTried},
	}
	if s.files, err = look.NewFiles("/static/", static); err != nil {
		return nil, err
	}
	if s.pages, err = look.New(look.Opts{Pages: pages, Words: words, Files: s.files, Funcs: funcs()}); err != nil {
		return nil, err
	}
	s.mux.Handle("GET "+look.Prefix, s.pages)
	s.mux.Handle("GET /static/", s.files)
	s.mux.HandleFunc("GET /{$}", s.home)
	s.mux.HandleFunc("GET /p/{place}", s.named(s.place))
	s.mux.HandleFunc("GET /p/{place}/now.json", s.named(s.now))
	s.mux.HandleFunc("GET /p/{place}/audio/{sha256}", s.named(s.audio))
	s.mux.HandleFunc("GET /p/{place}/feed.json", s.named(s.feed("feed.json", "application/feed+json", s.jsonFeed)))
	s.mux.HandleFunc("GET /p/{place}/feed.atom", s.named(s.feed("feed.atom", "application/atom+xml; charset=utf-8", s.atom)))
	s.mux.HandleFunc("GET /p/{place}/feed.rss", s.named(s.feed("feed.rss", "application/rss+xml; charset=utf-8", s.rss)))
	s.mux.HandleFunc("GET /p/{place}/strip", s.named(s.strip))
	s.mux.HandleFunc("GET /p/{place}/manifest.webmanifest", s.named(s.manifest))
	s.mux.HandleFunc("GET /sw.js", s.worker)
	s.mux.HandleFunc("GET /privacy", s.privacy)
	s.mux.HandleFunc("GET /o/{box}", s.named(s.pole))
	s.mux.HandleFunc("GET /p/{place}/report", s.named(s.ask))
	s.mux.HandleFunc("POST /report", s.report)
	s.mux.HandleFunc("POST /p/{place}/push", s.named(s.tell))
	s.mux.HandleFunc("DELETE /p/{place}/push", s.named(s.tell))
	s.mux.HandleFunc("GET /poll/{poll}", s.named(s.poll))
	s.mux.HandleFunc("POST /poll/{poll}", s.named(s.answer))
	s.mux.HandleFunc("POST /poll/{poll}/code", s.named(s.answer))
	s.mux.HandleFunc("GET /follow", s.code)
	s.mux.HandleFunc("POST /follow", s.follow)
	s.mux.HandleFunc("POST /follow/{do}", s.follow)
	s.mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { s.missing(w, r) })
	return s, nil
}

// named answers only what names a place, a box or a poll as they can be called: a name
// stands in the key of what is remembered, and in the paths of files.
func (s *Site) named(h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		for _, name := range []string{"place", "box", "poll"} {
			if id := r.PathValue(name); id != "" && !plan.ValidID(id) {
				s.missing(w, r)
				return
			}
		}
		h(w, r)
	}
}

// ServeHTTP answers one question.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	look.Guard(s.mux).ServeHTTP(w, r)
}
