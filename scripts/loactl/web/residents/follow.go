package residents

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"

	"loa/scripts/authority/requests"
	"loa/scripts/loactl/web/look"
)

// lang is the language of a question, for the key of its answer.
func lang(r *http.Request) string { return look.Lang(r) }

// page sends one that is for this reader alone.
func (s *Site) page(w http.ResponseWriter, r *http.Request, code int, name string, data any) {
	v := s.plain(r, data)
	if r.Method == http.MethodPost {
		v.At = &url.URL{Path: "/"} // what was sent is not sent again in another language
		if name == "follow" || name == "code" {
			v.At.Path = "/follow"
		}
		if name == "poll" {
			v.At.Path = "/poll/" + r.PathValue("poll")
		}
	}
	body, err := s.render(name, v)
	if err != nil {
		s.o.Log.Error("residents", "page", name, "err", err)
		s.fail(w, r, http.StatusInternalServerError, "fault")
		return
	}
	w.Header().Set("Content-Type", html)
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	_, _ = w.Write(body) // whoever asked has gone
}

// plain is a page without what else stood in the address.
func (s *Site) plain(r *http.Request, data any) look.View {
	v := s.view(r, data)
	at := *r.URL
	at.RawQuery = ""
	v.At = &at
	return v
}

// A followed is a report as its resident sees it. The code stands in the page and in no
// address: addresses are kept by browsers, proxies and logs.
type followed struct {
	Code    string
	Request requests.Request
	Wrong   string
	Done    string
}

// code asks for the code.
func (s *Site) code(w http.ResponseWriter, r *http.Request) {
	s.page(w, r, http.StatusOK, "code", "")
}

// follow does what the resident asks of the own report.
func (s *Site) follow(w http.ResponseWriter, r *http.Request) {
	if !s.codes.take(s.network(r), s.o.Now()) {
		s.fail(w, r, http.StatusTooManyRequests, "often")
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	code := r.PostFormValue("code")
	var err error
	f := followed{Code: code}
	switch r.PathValue("do") {
	case "":
	case "reopen":
		err = s.o.Requests.Reopen(code, clip(clean(r.PostFormValue("text"), true), requests.MaxText))
		f.Done = "follow.reopened"
	case "delete":
		if err = s.o.Requests.Delete(code); err == nil {
			s.page(w, r, http.StatusOK, "code", "follow.deleted")
			return
		}
	case "export":
		var all requests.Export
		if all, err = s.o.Requests.Export(code); err == nil {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Content-Disposition", `attachment; filename="phan-anh.json"`)
			w.Header().Set("Cache-Control", "no-store")
			_ = json.NewEncoder(w).Encode(all) // whoever asked has gone
			return
		}
	default:
		s.missing(w, r)
		return
	}
	if errors.Is(err, requests.ErrOver) {
		f.Done, f.Wrong, err = "", "follow.over", nil
	}
	if err == nil {
		f.Request, err = s.o.Requests.Follow(code)
	}
	switch {
	case errors.Is(err, requests.ErrNone):
		s.page(w, r, http.StatusNotFound, "code", "follow.none")
	case err != nil:
		s.o.Log.Error("residents: a report", "err", err)
		s.fail(w, r, http.StatusInternalServerError, "fault")
	default:
		s.page(w, r, http.StatusOK, "follow", f)
	}
}

func clip(text string, letters int) string {
	if r := []rune(text); len(r) > letters {
		return string(r[:letters])
	}
	return text
}

// A leaving is what goes from here to others, as far as it does.
type leaving struct {
	HandedTo  string
	Push, SMS bool
}

// privacy says why each datum is asked, who else gets it, and how long it is kept.
func (s *Site) privacy(w http.ResponseWriter, r *http.Request) {
	s.give(w, r, "privacy "+lang(r), html, func() ([]byte, error) {
		return s.render("privacy", s.plain(r, leaving{s.o.HandedTo, s.o.Push != nil, s.o.SMS != nil}))
	})
}
