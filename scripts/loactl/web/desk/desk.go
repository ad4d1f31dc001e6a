// Package desk is where people make, approve and watch what boxes say: pages for a
// browser, in the process of the centre. It holds no key that can speak. What it is
// asked to sign it shows, the person's own browser signs it, and the API judges it.
package desk

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"html/template"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"loa/agent/ahead"
	"loa/agent/message"
	"loa/agent/plan"
	"loa/scripts/authority"
	"loa/scripts/authority/api"
	"loa/scripts/loactl/web/look"
	"loa/scripts/report"
)

// centre is what the desk asks of the API.
type centre interface {
	Take(ctx context.Context, raw []byte, t api.Terms) (api.Taken, error)
	Drop(sha256 string) error
	Room() error // nil while the disk has room for recordings
	Boxes() ([]api.Box, error)
	Talk(topic message.Topic, packet []byte) error // passes a packet of live talk on
	Explain(error) *api.Error
}

// Tools make and try what people write: what loactl does with the same words. lang is
// the language of what they say.
type Tools interface {
	// Speak reads a text aloud, keeps the recording where boxes fetch it, and tells how
	// it was read.
	Speak(ctx context.Context, lang, text, region string) (Spoken, error)
	// Record takes any recording in, levels it, trims its silence and keeps it.
	Record(ctx context.Context, lang string, r io.Reader) (Recording, error)
	// Picture takes any picture in, for the boards at a place and below, and keeps it.
	Picture(ctx context.Context, lang, place string, r io.Reader) (plan.Page, error)
	// Read tells how a text would be read aloud.
	Read(lang, text, region string) Reading
	// Draw is what a kind of board shows of a bulletin.
	Draw(lang, board string, b *plan.Bulletin) ([]Picture, []string, error)
	// Boards are the kinds of board of the boxes at a place and below.
	Boards(place string) []string
	// Doubts are what is not right with a bulletin's words, and what policies refuse of it.
	Doubts(lang string, b *plan.Bulletin) []string
	// Unheard is what boxes will not play of a schedule within a week.
	Unheard(lang string, s *plan.Schedule) ([]string, error)
	// Ahead is what will sound and be shown; with: as if this had been signed too.
	Ahead(h plan.Head, hours int, with any) ([]ahead.Line, error)
	// ID makes an id of a title.
	ID(title string) string
	// Report is the annual report of a place and below; Why is what a row is made of.
	Report(place string, year int) (report.Report, error)
	Why(place string, year int, row string, f func(report.Evidence)) (report.Report, error)
	// Slips are codes to be printed, as a page by itself; Phones reports that codes can be
	// sent by SMS.
	Slips(lang, id string, n int) ([]byte, error)
	Phones() bool
	// Trace is what each box of a place and below has made of one bulletin; no title: none.
	Trace(place string, year int, item string) (title string, told []report.Told, err error)
}

// A Reading is how a text is read aloud.
type Reading struct {
	Sentences  []string
	Doubts     []Doubt
	Unreadable []string
}

// A Doubt is a piece of a text that somebody should look at.
type Doubt struct{ Text, Say, Why string }

// A Recording is one that boxes can fetch.
type Recording struct {
	Audio plan.Audio
	LUFS  float64
}

// Spoken is a text that has become a recording.
type Spoken struct {
	Recording
	Reading Reading
}

// A Picture is one page of a board.
type Picture struct {
	Type string // image/png, or image/gif when it moves
	Data []byte
	Text string
	Stay time.Duration
}

// Opts are what a desk works with.
type Opts struct {
	Authority *authority.Authority
	Centre    centre
	Tools     Tools
	Inbox     inbox  // of residents' reports
	Polls     polls  // of people's opinions
	Host      string // under which browsers find the desk, with its port where it is not 443
	Name      string // the same without the port: a passkey is bound to it
	Now       func() time.Time
	Log       *slog.Logger
}

// A Desk is an [http.Handler].
type Desk struct {
	o        Opts
	people   *People
	drafts   *drafts
	shelf    shelf
	sessions sessions
	tries    tries
	passkeys *webauthn.WebAuthn
	ceremony ceremonies
	proposed proposals
	talks    talks
	making   making
	pages    *look.Pages
	files    *look.Files
	mux      *http.ServeMux
	handler  http.Handler
}

//go:embed pages/*.html
var pageFiles embed.FS

//go:embed assets
var assetFiles embed.FS

// New makes a desk; what it keeps lies in the authority's folder.
func New(o Opts) (*Desk, error) {
	dir := filepath.Join(o.Authority.Dir(), "desk")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	assets, err := fs.Sub(assetFiles, "assets")
	if err != nil {
		return nil, err
	}
	pages, err := fs.Sub(pageFiles, "pages")
	if err != nil {
		return nil, err
	}
	d := &Desk{o: o, people: OpenPeople(o.Authority.Dir()), drafts: &drafts{dir: dir}, shelf: newShelf(dir), making: newMaking(), mux: http.NewServeMux()}
	if d.files, err = look.NewFiles("/desk/files/", assets); err != nil {
		return nil, err
	}
	if d.pages, err = look.New(look.Opts{Pages: pages, Words: words, Files: d.files, Funcs: template.FuncMap{"moment": moment, "span": span, "date": date, "join": join, "seconds": seconds, "list": list, "add": func(x, y int) int { return x + y }}}); err != nil {
		return nil, err
	}
	// Whoever takes part has shown that it is that person, and not only that device.
	verified := protocol.AuthenticatorSelection{ResidentKey: protocol.ResidentKeyRequirementRequired, UserVerification: protocol.VerificationRequired}
	if d.passkeys, err = webauthn.New(&webauthn.Config{
		RPID: o.Name, RPDisplayName: "Loa", RPOrigins: []string{"https://" + o.Host}, AuthenticatorSelection: verified,
	}); err != nil {
		return nil, err
	}
	for _, r := range routes() {
		d.mux.HandleFunc(r.pattern, func(w http.ResponseWriter, req *http.Request) { d.serve(w, req, r) })
	}
	d.mux.Handle("GET /desk/files/", d.files)
	d.mux.Handle("GET "+look.Prefix, d.pages)
	d.mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, req *http.Request) { http.Redirect(w, req, "/desk/", http.StatusSeeOther) })
	d.handler = look.Guard(d.mux)
	return d, nil
}

// ServeHTTP answers one browser.
func (d *Desk) ServeHTTP(w http.ResponseWriter, r *http.Request) { d.handler.ServeHTTP(w, r) }

// A visitor is who asks, as what and in which language.
type visitor struct {
	person string // empty: nobody has signed in
	lang   string
	posts  []post
	places map[string]authority.Place
}

// visit finds out who asks.
func (d *Desk) visit(w http.ResponseWriter, r *http.Request) (*visitor, error) {
	v := &visitor{lang: language(w, r), places: d.o.Authority.Places()}
	began, ok := d.sessions.of(r, d.o.Now())
	if !ok {
		return v, nil
	}
	person := began.person
	all, err := d.people.All()
	if err != nil {
		return nil, err
	}
	known := d.o.Authority.People()
	_, isPerson := known[person]
	a, hasAccount := all[person]
	if !isPerson && !hasAccount {
		return v, nil // loactl has taken the person out
	}
	if began.cert {
		if shown, ok := d.certified(r); !ok || shown != person {
			return v, nil
		}
	} else if !bytes.Equal(began.handle, a.Handle) {
		return v, nil // it began by a passkey of an account that loactl has ended
	}
	v.person = person
	v.posts = posts(person, d.o.Authority.Grants(), a, d.o.Now())
	return v, nil
}

// language is what the address asks for, else what it asked for last.
func language(w http.ResponseWriter, r *http.Request) string {
	const name = "__Host-loa-lang"
	if r.URL.Query().Has("lang") {
		l := look.Lang(r)
		http.SetCookie(w, &http.Cookie{Name: name, Value: l, Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteStrictMode, MaxAge: 365 * 24 * 3600})
		return l
	}
	if c, err := r.Cookie(name); err == nil && words[c.Value] != nil {
		return c.Value
	}
	return look.Langs[0]
}

// serve lets a request through to its page: who asks, as what, how much.
func (d *Desk) serve(w http.ResponseWriter, r *http.Request, to route) {
	w.Header().Set("Cache-Control", "no-store")
	v, err := d.visit(w, r)
	if err == nil && to.role != "" {
		switch {
		case v.person == "" && r.Method == http.MethodGet:
			http.Redirect(w, r, "/desk/sign-in", http.StatusSeeOther)
			return
		case v.person == "":
			err = &fault{http.StatusUnauthorized, "error.signed-out"}
		case to.role != anybody && !v.has(to.role):
			err = errRole
		}
	}
	if err == nil {
		r.Body = http.MaxBytesReader(w, r.Body, to.body)
		if wantsJSON(r) {
			w = toScript{w}
		}
		err = to.answer(d, w, r, v)
	}
	if err != nil {
		d.fail(w, r, v, err)
	}
}

// A fault is an answer that has a text of its own.
type fault struct {
	status int
	key    string
}

func (f *fault) Error() string { return f.key }

var (
	errRole  = &fault{http.StatusForbidden, "error.role"}
	errNone  = &fault{http.StatusNotFound, "error.none"}
	errInput = &fault{http.StatusBadRequest, "error.input"}
)

// fail says what went wrong: to a script as JSON, to a person on a page.
func (d *Desk) fail(w http.ResponseWriter, r *http.Request, v *visitor, err error) {
	if v == nil {
		v = &visitor{lang: look.Langs[0]}
	}
	status, text := d.explain(v.lang, err)
	if wantsJSON(r) {
		answer(w, status, map[string]string{"error": text})
		return
	}
	d.show(w, r, v, status, "error", text)
}

// explain is a status and a sentence for an error.
func (d *Desk) explain(lang string, err error) (int, string) {
	var own *fault
	var said *Told
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &own):
		return own.status, words[lang][own.key]
	case errors.As(err, &said):
		return http.StatusUnprocessableEntity, said.Text
	case errors.As(err, &large):
		return http.StatusRequestEntityTooLarge, words[lang]["error.large"]
	}
	e := d.o.Centre.Explain(err)
	if e.Code == "internal" {
		return http.StatusInternalServerError, words[lang]["error.internal"]
	}
	if lang == "vi" {
		return http.StatusUnprocessableEntity, e.VI
	}
	return http.StatusUnprocessableEntity, e.EN
}

// Told is an error in the language of who reads it.
type Told struct{ Text string }

func (t *Told) Error() string { return t.Text }
