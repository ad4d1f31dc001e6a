package residents

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
	"golang.org/x/text/unicode/norm"

	"loa/scripts/authority/said"
	"loa/scripts/loactl/web/look"
)

const html = "text/html; charset=utf-8"

// errNone says that there is no such place, box or recording.
var errNone = errors.New("there is none")

// view is a page for whoever asks.
func (s *Site) view(r *http.Request, data any) look.View {
	return look.View{Lang: look.Lang(r), At: r.URL, Data: data}
}

// render is a page as bytes.
func (s *Site) render(name string, v look.View) ([]byte, error) {
	var b bytes.Buffer
	err := s.pages.Render(&b, name, v)
	return b.Bytes(), err
}

// bare is a page without the frame.
func (s *Site) bare(name string, v look.View) ([]byte, error) {
	var b bytes.Buffer
	err := s.pages.Bare(&b, name, v)
	return b.Bytes(), err
}

// give sends what key stands for, made by make if need be.
func (s *Site) give(w http.ResponseWriter, r *http.Request, key, kind string, make func() ([]byte, error)) {
	s.giveOf(w, r, "", key, kind, make)
}

// giveOf sends what key stands for, made by make of that version of what it tells of.
func (s *Site) giveOf(w http.ResponseWriter, r *http.Request, version, key, kind string, make func() ([]byte, error)) {
	s.answered(w, r, s.cache.get(key, version, kind, s.o.Now(), make))
}

// giveTold sends what is made of what was told of the place of a question.
func (s *Site) giveTold(w http.ResponseWriter, r *http.Request, form, kind string, make func(*told) ([]byte, error)) {
	place := r.PathValue("place")
	t, err := s.told(place, false)
	if err != nil {
		s.answered(w, r, &answer{err: err})
		return
	}
	s.giveOf(w, r, t.Version, form+" "+place+" "+look.Lang(r), kind, func() ([]byte, error) { return make(t) })
}

// answered sends an answer, or says why there is none.
func (s *Site) answered(w http.ResponseWriter, r *http.Request, a *answer) {
	switch {
	case errors.Is(a.err, errNone):
		s.missing(w, r)
	case a.err != nil:
		s.o.Log.Error("residents", "page", r.URL.Path, "err", a.err)
		s.fail(w, r, http.StatusInternalServerError, "fault")
	default:
		a.send(w, r)
	}
}

// missing says that there is nothing here.
func (s *Site) missing(w http.ResponseWriter, r *http.Request) {
	s.fail(w, r, http.StatusNotFound, "none")
}

// fail is a page that says what went wrong.
func (s *Site) fail(w http.ResponseWriter, r *http.Request, code int, key string) {
	body, err := s.render("fault", s.view(r, key))
	if err != nil {
		http.Error(w, http.StatusText(code), code)
		return
	}
	w.Header().Set("Content-Type", html)
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	_, _ = w.Write(body) // whoever asked has gone
}

// home lists the places.
func (s *Site) home(w http.ResponseWriter, r *http.Request) {
	q := strings.TrimSpace(r.URL.Query().Get("q"))
	if q != "" { // nobody else asks just this
		body, err := s.render("home", s.view(r, s.listed(q)))
		if err != nil {
			s.fail(w, r, http.StatusInternalServerError, "fault")
			return
		}
		w.Header().Set("Content-Type", html)
		_, _ = w.Write(body) // whoever asked has gone
		return
	}
	s.give(w, r, "home "+look.Lang(r), html, func() ([]byte, error) { return s.render("home", s.plain(r, s.listed(""))) })
}

// A listing is the page of all places.
type listing struct {
	Name, Query string
	Places      []said.Listed
}

func (s *Site) listed(q string) listing {
	l := listing{Name: s.o.Name, Query: q}
	for _, p := range s.o.Book.Places() {
		if q == "" || strings.Contains(bare(p.Name), bare(q)) || p.Code == q {
			l.Places = append(l.Places, p)
		}
	}
	return l
}

// bare is a name as people type it who have no Vietnamese keyboard.
func bare(s string) string {
	t := transform.Chain(norm.NFD, runes.Remove(runes.In(unicode.Mn)), norm.NFC, cases.Fold())
	s, _, err := transform.String(t, s)
	if err != nil {
		return ""
	}
	return strings.ReplaceAll(s, "đ", "d")
}

// told is what was said at a place, some seconds ago at the most.
func (s *Site) told(place string, below bool) (*told, error) {
	return s.books.get(where{place, below}, s.o.Now(), func(place string, below bool) (said.Told, error) {
		t, ok, err := s.o.Book.At(place, below)
		if err == nil && !ok {
			err = errNone
		}
		return t, err
	})
}

// place is the page of one place.
func (s *Site) place(w http.ResponseWriter, r *http.Request) {
	s.giveTold(w, r, "place", html, func(t *told) ([]byte, error) {
		polls, err := s.asked(t.Told)
		if err != nil {
			return nil, err
		}
		return s.render("place", s.plain(r, placed{t.Told, t.Version, polls, s.pushKey()}))
	})
}

// A Now is what may have changed since a reader opened a page.
type Now struct {
	Version string   `json:"version"` // that of the page that tells it, in its data-version
	Sounds  []string `json:"sounds"`  // titles
	Alerts  int      `json:"alerts"`
}

// now is asked every 20 seconds by every open page, and answered by 304 while nothing
// has changed. We chose asking over a stream of events because a phone on 3G drops and
// wakes its line all day, a question passes every proxy and cache, and ten thousand open
// pages cost no connection; we would reconsider if 25 s were too late.
func (s *Site) now(w http.ResponseWriter, r *http.Request) {
	s.giveTold(w, r, "now", "application/json", func(t *told) ([]byte, error) {
		n := Now{Version: t.Version, Sounds: []string{}}
		for _, i := range t.Items {
			if i.Now && !i.Withdrawn {
				n.Sounds = append(n.Sounds, titled(i))
			}
		}
		for _, a := range t.Alerts {
			if !a.Retracted {
				n.Alerts++
			}
		}
		return json.Marshal(n)
	})
}

// audio gives out a recording that was said, and no other that lies in the folder.
func (s *Site) audio(w http.ResponseWriter, r *http.Request) {
	t, err := s.told(r.PathValue("place"), true)
	if err != nil {
		s.answered(w, r, &answer{err: err})
		return
	}
	a, ok := t.Recording(r.PathValue("sha256"))
	if !ok {
		s.missing(w, r)
		return
	}
	f, err := os.Open(filepath.Join(s.o.Media, a.SHA256))
	if err != nil {
		s.missing(w, r)
		return
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		s.missing(w, r)
		return
	}
	h := w.Header()
	h.Set("ETag", `"`+a.SHA256+`"`)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Content-Type", a.Type)
	http.ServeContent(w, r, "", info.ModTime(), f)
}
