package desk

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"

	"loa/agent/message"
	"loa/agent/plan"
)

// A book is one bulletin or draft in the library.
type book struct {
	ID, Place, PlaceName string
	Title, Text, Class   string
	State                string // draft, pending, signed, over, withdrawn, archived
	SHA256               string // to sign, while it waits
	Audio                string
	Signers              []string
	At, Until            time.Time
	Play                 bool // the reader may have it played
	Edit                 bool
	Away                 bool // out of sight, for who does not look for it
}

// libraryPage is how many bulletins one page has.
const libraryPage = 100

// library is all that was written for the places that somebody sees.
func (d *Desk) library(w http.ResponseWriter, r *http.Request, v *visitor) error {
	query, archived := r.FormValue("q"), r.FormValue("archived") != ""
	books, err := d.allBooks(v, r.FormValue("place"))
	if err != nil {
		return err
	}
	books = slices.DeleteFunc(books, func(b book) bool {
		if archived {
			return !b.Away || !matches(b.Title+" "+b.Text+" "+b.ID, query)
		}
		return b.Away && strings.TrimSpace(query) == "" || !matches(b.Title+" "+b.Text+" "+b.ID, query)
	})
	from, err := strconv.Atoi(cmp.Or(r.FormValue("from"), "0"))
	if err != nil || from < 0 {
		return errInput
	}
	books = books[min(from, len(books)):]
	next := ""
	if len(books) > libraryPage {
		books = books[:libraryPage]
		to := r.URL.Query()
		to.Set("from", strconv.Itoa(from+libraryPage))
		next = "/desk/library?" + to.Encode()
	}
	d.show(w, r, v, http.StatusOK, "library", map[string]any{
		"Next": next, "Books": books, "Query": query, "Archived": archived, "Places": v.choices(viewer, r.FormValue("place")), "Mine": v.choices(operator, ""),
	})
	return nil
}

// books are the drafts and bulletins of a place, or of all, the newest first, without
// those that were put away.
func (d *Desk) books(v *visitor, place string) (all []book, err error) {
	all, err = d.allBooks(v, place)
	return slices.DeleteFunc(all, func(b book) bool { return b.Away }), err
}

func (d *Desk) allBooks(v *visitor, place string) (all []book, err error) {
	here := func(p string) bool { return (place == "" || p == place) && v.may(viewer, p) }
	now := d.o.Now()
	signed := make(map[string]bool)
	issued, err := d.o.Authority.Issued()
	if err != nil {
		return nil, err
	}
	waiting, err := d.o.Authority.Pending()
	if err != nil {
		return nil, err
	}
	shelved, err := d.shelf.all()
	if err != nil {
		return nil, err
	}
	for i, is := range append(slices.Clone(waiting), issued...) {
		b, ok := is.Doc.(plan.Bulletin)
		if !ok || !here(b.Place) {
			continue
		}
		signed[is.SHA256] = true
		k := book{
			ID: b.ID, Place: b.Place, PlaceName: v.places[b.Place].Name, Title: b.Title, Text: b.Text, Class: string(b.Class), State: "signed",
			Signers: d.o.Authority.Signers(is.Raw), At: b.Issued, Until: b.ValidUntil, Play: v.may(operator, b.Place), Edit: v.may(author, b.Place),
		}
		if len(b.Audio) > 0 {
			k.Audio = b.Audio[0].SHA256
		}
		switch {
		case i < len(waiting):
			k.State, k.SHA256, k.Play = "pending", is.SHA256, false
		case b.Withdrawn:
			k.State, k.Play = "withdrawn", false
		case !now.Before(b.ValidUntil):
			k.State, k.Play = "over", false
		}
		_, k.Away = shelved[b.Place+"/"+b.ID]
		k.Away = k.Away && i >= len(waiting)
		k.Play = k.Play && b.Class != plan.Drill && !k.Away
		all = append(all, k)
	}
	drafts, err := d.drafts.all()
	if err != nil {
		return nil, err
	}
	for _, dr := range drafts {
		if !here(dr.Place) || !v.may(author, dr.Place) || signed[dr.SHA256] || dr.Template {
			continue
		}
		k := book{ID: dr.ID, Place: dr.Place, PlaceName: v.places[dr.Place].Name, Title: dr.Title, Text: dr.Text, Class: string(dr.Class), State: "draft", At: dr.Changed, Edit: true}
		if dr.Audio != nil {
			k.Audio = dr.Audio.SHA256
		}
		if dr.Archived {
			k.State, k.Away = "archived", true
		}
		all = append(all, k)
	}
	slices.SortStableFunc(all, func(x, y book) int { return y.At.Compare(x.At) })
	return all, nil
}

// matches reports whether every word of a query is in a text, typed with its marks or
// without them.
func matches(text, query string) bool {
	text = plain(text)
	for _, word := range strings.Fields(plain(query)) {
		if !strings.Contains(text, word) {
			return false
		}
	}
	return true
}

func plain(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 0x300 && r < 0x370:
			return -1
		case r == 'đ':
			return 'd'
		}
		return r
	}, norm.NFD.String(strings.ToLower(s)))
}

// reuse makes a new draft of a bulletin.
func (d *Desk) reuse(w http.ResponseWriter, r *http.Request, v *visitor) error {
	place, id := r.PostFormValue("place"), r.PostFormValue("id")
	if !v.may(viewer, place) || !plan.ValidID(id) {
		return errNone
	}
	is, ok := d.o.Authority.Find(message.DocTopic(place, plan.KindBulletin, id))
	if !ok {
		return errNone
	}
	b, ok := is.Doc.(plan.Bulletin)
	if !ok || b.Class != plan.Normal && b.Class != plan.PriorityC {
		return errNone
	}
	if !v.may(author, place) {
		place = deepest(v.seen(author)) // what others have said can be said here too
	}
	dr := draftOf(b, v.person)
	dr.ID, dr.Place, dr.By, dr.Changed = d.o.Tools.ID(b.Title), place, v.person, d.o.Now().UTC()
	new, err := d.drafts.add(dr)
	if err != nil {
		return err
	}
	http.Redirect(w, r, "/desk/draft/"+new, http.StatusSeeOther)
	return nil
}

// draftOf is a draft that says what a bulletin said. Its translations wait for a new word:
// of whoever takes it up, until another person is named.
func draftOf(b plan.Bulletin, by string) Draft {
	main := cmp.Or(b.Lang, spoken)
	dr := Draft{Title: b.Title, Text: b.Text, Lang: main, Class: b.Class, Ticker: b.Ticker, Days: 30, LUFS: b.LoudnessLUFS}
	in := func(lang string) *Version {
		if !slices.Contains(languages, lang) {
			return nil
		}
		i := dr.version(lang)
		if i < 0 {
			i = len(dr.Languages)
			dr.Languages = append(dr.Languages, Version{Lang: lang, Who: by, LUFS: b.LoudnessLUFS})
		}
		return &dr.Languages[i]
	}
	for _, a := range b.Audio {
		lang := cmp.Or(a.Lang, main)
		a.Lang = ""
		if lang != main {
			if v := in(lang); v != nil {
				v.Audio = &a
			}
			continue
		}
		if dr.Audio != nil {
			continue // of two there is no telling which
		}
		dr.Audio, dr.Region = &a, regionOf(a.Voice)
		if a.Voice != "" {
			dr.Read = b.Text
		}
	}
	var words []plan.Page
	for _, p := range b.Pages {
		switch lang := cmp.Or(p.Lang, main); {
		case p.Image != "":
			dr.Pictures = append(dr.Pictures, p)
		case lang == main:
			words = append(words, p)
		default:
			if v := in(lang); v != nil {
				v.Text = strings.TrimSpace(v.Text + "\n" + p.Text)
			}
		}
	}
	if len(words) == 1 {
		dr.Style = words[0].Style
		if words[0].Text != b.Text {
			dr.Board = words[0].Text
		}
	}
	return dr
}
