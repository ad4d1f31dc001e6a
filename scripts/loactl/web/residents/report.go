package residents

import (
	"context"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"loa/scripts/authority/requests"
)

// store keeps what residents report.
type store interface {
	Add(requests.Ask) (requests.Request, string, error)
	Room() (bool, error) // for a picture and a voice
	Follow(code string) (requests.Request, error)
	Reopen(code, text string) error
	Export(code string) (requests.Export, error)
	Delete(code string) error
}

// maxForm is a report with picture and voice, in bytes.
const maxForm = requests.MaxPhoto + requests.MaxVoice + 64<<10

// A form is the page on which one reports, with what has been filled in already.
type form struct {
	Place, Name string
	Box, Label  string
	Kinds       []requests.Kind
	Kind        requests.Kind
	Text        string
	Contact     string
	Wrong       string // a text's key
	Photo       int    // MB, at most
}

func newForm() form { return form{Kinds: requests.Kinds, Photo: requests.MaxPhoto >> 20} }

// pole is where the code on a pole leads: the form, with its box filled in.
func (s *Site) pole(w http.ResponseWriter, r *http.Request) {
	box := r.PathValue("box")
	s.give(w, r, "pole "+box+" "+lang(r), html, func() ([]byte, error) {
		place, label, ok := s.o.Book.Box(box)
		if !ok {
			return nil, errNone
		}
		f := newForm()
		f.Place, f.Name, f.Box, f.Label = place.Code, place.Name, box, label
		return s.render("report", s.plain(r, f))
	})
}

// ask is the form for a place.
func (s *Site) ask(w http.ResponseWriter, r *http.Request) {
	s.giveTold(w, r, "ask", html, func(t *told) ([]byte, error) {
		f := newForm()
		f.Place, f.Name = t.Place, t.Name
		return s.render("report", s.plain(r, f))
	})
}

// report takes one in.
func (s *Site) report(w http.ResponseWriter, r *http.Request) {
	if !s.nets.take(s.network(r), s.o.Now()) {
		s.fail(w, r, http.StatusTooManyRequests, "often")
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseMultipartForm(128 << 10); err != nil && !errors.Is(err, http.ErrNotMultipart) {
		s.fail(w, r, http.StatusRequestEntityTooLarge, "large")
		return
	}
	if r.MultipartForm != nil {
		defer r.MultipartForm.RemoveAll()
	}
	f, ok := s.filled(r)
	if !ok {
		s.missing(w, r)
		return
	}
	if r.PostFormValue("website") != "" { // people do not see this field
		s.page(w, r, http.StatusOK, "sent", sent{Place: f.Place})
		return
	}
	if !s.places.take(f.Place, s.o.Now()) {
		s.fail(w, r, http.StatusTooManyRequests, "often")
		return
	}
	ask := requests.Ask{Place: f.Place, Box: f.Box, Kind: f.Kind, Text: f.Text, Contact: f.Contact}
	wordsOnly := attached(r) && !s.room()
	if !wordsOnly {
		f.Wrong = s.attach(r, &ask)
	}
	if f.Wrong == "" {
		f.Wrong = lacks(f, ask)
	}
	if f.Wrong == "wrong.empty" && wordsOnly {
		f.Wrong = "wrong.room"
	}
	if f.Wrong != "" {
		s.page(w, r, http.StatusUnprocessableEntity, "report", f)
		return
	}
	_, code, err := s.o.Requests.Add(ask)
	if err != nil {
		s.o.Log.Error("residents: a report", "err", err)
		s.fail(w, r, http.StatusInternalServerError, "fault")
		return
	}
	s.page(w, r, http.StatusOK, "sent", sent{Place: f.Place, Code: code, WordsOnly: wordsOnly})
}

// A sent is what a resident gets for a report: the code, this once.
type sent struct {
	Place, Code string
	WordsOnly   bool // picture and voice were not kept
}

// filled reads the fields; false for a place or a box that there is not, or that do not
// belong together.
func (s *Site) filled(r *http.Request) (form, bool) {
	f := newForm()
	f.Place, f.Box = r.PostFormValue("place"), r.PostFormValue("box")
	f.Kind = requests.Kind(r.PostFormValue("kind"))
	f.Text, f.Contact = clean(r.PostFormValue("text"), true), clean(r.PostFormValue("contact"), false)
	if f.Box != "" {
		at, label, ok := s.o.Book.Box(f.Box)
		if !ok {
			return f, false
		}
		f.Place, f.Name, f.Label = at.Code, at.Name, label // the box says where it stands, not the form
		return f, true
	}
	t, err := s.told(f.Place, false)
	if err != nil {
		return f, false
	}
	f.Name = t.Name
	return f, true
}

// clean is a text as it is kept: NFC, without what a terminal or a reader obeys.
func clean(text string, lines bool) string {
	if !utf8.ValidString(text) {
		return ""
	}
	text = strings.ReplaceAll(norm.NFC.String(text), "\r\n", "\n")
	text = strings.Map(func(c rune) rune {
		switch {
		case c == '\n' && lines || c >= ' ' && c < 0x7f || c >= 0xa0 && !hidden(c):
			return c
		case c == '\n' || c == '\t':
			return ' '
		}
		return -1
	}, text)
	return strings.TrimSpace(text)
}

// hidden reports signs that turn the direction of what follows, or cannot be seen.
func hidden(c rune) bool {
	return c == 0xad || c >= 0x200b && c <= 0x200f || c >= 0x202a && c <= 0x202e || c >= 0x2060 && c <= 0x206f || c == 0xfeff || c >= 0xe0000 && c <= 0xe0fff
}

// lacks says what is missing in a report, or too much.
func lacks(f form, ask requests.Ask) string {
	switch {
	case !slices.Contains(requests.Kinds, f.Kind):
		return "wrong.kind"
	case utf8.RuneCountInString(f.Text) > requests.MaxText || utf8.RuneCountInString(f.Contact) > requests.MaxContact:
		return "wrong.long"
	case (f.Kind == requests.Other || f.Kind == requests.Content) && f.Text == "" && ask.Photo == nil && ask.Voice == nil:
		return "wrong.empty"
	}
	return ""
}

// attached reports whether a picture or a voice came with a report.
func attached(r *http.Request) bool {
	return r.MultipartForm != nil && slices.ContainsFunc(
		slices.Concat(r.MultipartForm.File["photo"], r.MultipartForm.File["voice"]),
		func(h *multipart.FileHeader) bool { return h.Size > 0 })
}

// room reports whether the disk has room for them.
func (s *Site) room() bool {
	ok, err := s.o.Requests.Room()
	if err != nil {
		s.o.Log.Error("residents: a report", "err", err)
	}
	return ok
}

// attach reads picture and voice, one of each at a time: what comes in may be made to
// cost as much as it can.
func (s *Site) attach(r *http.Request, ask *requests.Ask) (wrong string) {
	for _, one := range []struct {
		name string
		turn chan struct{}
		to   *[]byte
		read func(context.Context, io.Reader) ([]byte, error)
	}{
		{"photo", s.photos, &ask.Photo, func(_ context.Context, r io.Reader) ([]byte, error) { return requests.Photo(r) }},
		{"voice", s.voices, &ask.Voice, requests.Voice},
	} {
		file, err := sentFile(r, one.name)
		if err != nil || file == nil {
			continue
		}
		defer file.Close()
		select {
		case one.turn <- struct{}{}:
		case <-r.Context().Done():
			return "wrong." + one.name
		}
		*one.to, err = one.read(r.Context(), file)
		<-one.turn
		if err != nil {
			if !errors.Is(err, requests.ErrAttachment) {
				s.o.Log.Error("residents: "+one.name, "err", err)
			}
			return "wrong." + one.name
		}
	}
	return ""
}

// sentFile is a file of the form; nil when nothing was chosen.
func sentFile(r *http.Request, name string) (multipart.File, error) {
	if r.MultipartForm == nil || len(r.MultipartForm.File[name]) == 0 || r.MultipartForm.File[name][0].Size == 0 {
		return nil, nil
	}
	return r.MultipartForm.File[name][0].Open()
}
