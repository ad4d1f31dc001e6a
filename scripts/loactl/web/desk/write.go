package desk

import (
	"cmp"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"loa/agent/plan"
	"loa/agent/viet"
)

// typed is what people have written, as boxes take it: in NFC, mended, without what no
// text has.
func typed(s string) string {
	s, _ = viet.Mend(strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\t", " "))
	return strings.TrimSpace(s)
}

// A choice is a place that one can choose.
type choice struct {
	Code, Name string
	Chosen     bool
}

func (v *visitor) choices(r role, chosen string) (all []choice) {
	for _, code := range v.seen(r) {
		all = append(all, choice{code, v.places[code].Name, code == chosen})
	}
	return all
}

// deepest is the place where somebody most likely works: the last of those seen.
func deepest(all []string) string {
	if len(all) == 0 {
		return ""
	}
	return all[len(all)-1]
}

func (d *Desk) write(w http.ResponseWriter, r *http.Request, v *visitor) error {
	place := cmp.Or(r.FormValue("place"), deepest(v.seen(author)))
	templates, err := d.templates(v)
	if err != nil {
		return err
	}
	d.show(w, r, v, http.StatusOK, "write", map[string]any{"Places": v.choices(author, place), "Text": "", "Templates": templates})
	return nil
}

// written makes a draft of a text, and reads it aloud at once.
func (d *Desk) written(w http.ResponseWriter, r *http.Request, v *visitor) error {
	text, place := typed(r.PostFormValue("text")), r.PostFormValue("place")
	if !v.may(author, place) {
		return errRole
	}
	if text == "" {
		return errInput
	}
	title := cmp.Or(typed(r.PostFormValue("title")), heading(text))
	dr := Draft{
		ID: d.o.Tools.ID(title), Place: place, By: v.person, Title: title, Text: text, Lang: "vi", Region: r.PostFormValue("region"),
		Class: plan.Normal, Days: 30, Changed: d.o.Now().UTC(),
	}
	id, err := d.drafts.add(dr)
	if err != nil {
		return err
	}
	http.Redirect(w, r, "/desk/draft/"+id, http.StatusSeeOther)
	return nil
}

// heading is the first line of a text, cut where it is long.
func heading(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	if r := []rune(line); len(r) > 80 {
		line = string(r[:79]) + "…"
	}
	return line
}

// mine is a draft of a place that somebody writes for.
func (d *Desk) mine(r *http.Request, v *visitor) (Draft, error) {
	dr, err := d.drafts.get(r.PathValue("id"))
	if err == nil && !v.may(author, dr.Place) {
		err = errNone // nobody learns that there is one
	}
	return dr, err
}

// A draftPage is a draft with all that can be told of it.
type draftPage struct {
	Draft
	PlaceName string
	Reading   Reading
	Boards    []boardOf
	Doubts    []string
	Length    time.Duration
	Classes   []plan.Class
	Regions   []string
	Styles    []string
	Spoken    bool // a machine can read it
	Versions  []versionPage
	Further   []string // languages that it is not in yet
	People    []string // who can vouch for them
	Ready     bool     // to be signed
}

func (d *Desk) draft(w http.ResponseWriter, r *http.Request, v *visitor) error {
	dr, err := d.mine(r, v)
	if err != nil {
		return err
	}
	b := dr.bulletin(d.o.Now())
	x := draftPage{
		Draft: dr, PlaceName: v.places[dr.Place].Name, Boards: d.boards(v, b),
		Doubts: d.o.Tools.Doubts(v.lang, b), Classes: classes(v, dr.Place), Regions: []string{"north", "central", "south"},
		Styles: []string{"", "scroll"}, Spoken: dr.Lang == spoken, Ready: !dr.Stale() && dr.ready() == nil,
	}
	if dr.Audio != nil {
		x.Length = time.Duration(dr.Audio.DurationMS) * time.Millisecond
	}
	if x.Spoken {
		x.Reading = d.o.Tools.Read(v.lang, dr.Text, dr.Region)
	}
	for _, ver := range dr.Languages {
		x.Versions = append(x.Versions, versionPage{Version: ver, Good: dr.vouched(ver), Mute: dr.mute(ver)})
	}
	for _, l := range languages {
		if l != dr.Lang && dr.version(l) < 0 {
			x.Further = append(x.Further, l)
		}
	}
	if x.People, err = d.vouchers(dr.Place); err != nil {
		return err
	}
	d.show(w, r, v, http.StatusOK, "draft", x)
	return nil
}

// spoken is the language that a machine reads aloud here.
const spoken = "vi"

// classes are those that somebody writes at a place. What an alarm says is written where
// alarms are raised.
func classes(v *visitor, place string) []plan.Class {
	all := []plan.Class{plan.Normal, plan.PriorityC}
	if v.may(emergency, place) {
		all = append(all, plan.Drill)
	}
	return all
}

// drafted keeps what was changed.
func (d *Desk) drafted(w http.ResponseWriter, r *http.Request, v *visitor) error {
	dr, err := d.mine(r, v)
	if err != nil {
		return err
	}
	days, err := strconv.Atoi(cmp.Or(r.PostFormValue("days"), "30"))
	if err != nil || days < 1 || days > 366 {
		return errInput
	}
	class := plan.Class(r.PostFormValue("class"))
	if !slices.Contains(classes(v, dr.Place), class) {
		return errInput
	}
	if typed(r.PostFormValue("text")) == "" || typed(r.PostFormValue("title")) == "" {
		return errInput
	}
	seen, then := r.PostFormValue("seen"), r.PostFormValue("then")
	if err := d.drafts.change(dr.ID, func(dr *Draft) error {
		if seen != "" && seen != dr.State() {
			return errMoved // in another tab, or by somebody else: nobody's words are overwritten
		}
		dr.Title, dr.Text, dr.Board = typed(r.PostFormValue("title")), typed(r.PostFormValue("text")), typed(r.PostFormValue("board"))
		dr.Style, dr.Ticker = r.PostFormValue("style"), typed(r.PostFormValue("ticker"))
		dr.Region, dr.Class, dr.Days, dr.Changed = r.PostFormValue("region"), class, days, d.o.Now().UTC()
		if then == "submit" && dr.Stale() {
			return errStale
		}
		w.Header().Set("Loa-Draft", dr.State())
		return nil
	}); err != nil {
		return err
	}
	switch then {
	case "speak":
		return d.speak(w, r, v)
	case "submit":
		return d.submit(w, r, v)
	}
	http.Redirect(w, r, "/desk/draft/"+dr.ID, http.StatusSeeOther)
	return nil
}

// speak has a draft read aloud.
func (d *Desk) speak(w http.ResponseWriter, r *http.Request, v *visitor) error {
	dr, err := d.mine(r, v)
	if err != nil {
		return err
	}
	if dr.Lang != spoken {
		return errUnspoken
	}
	if err := d.o.Centre.Room(); err != nil {
		return err
	}
	var s Spoken
	if err := d.making.alone(r.Context(), func() (err error) {
		s, err = d.o.Tools.Speak(r.Context(), v.lang, dr.Text, dr.Region)
		return err
	}); err != nil {
		return err
	}
	return d.sounds(w, r, dr, s.Recording, dr.Text)
}

// upload takes a draft's recording in.
func (d *Desk) upload(w http.ResponseWriter, r *http.Request, v *visitor) error {
	dr, err := d.mine(r, v)
	if err != nil {
		return err
	}
	rec, err := d.recorded(r, v)
	if err != nil {
		return err
	}
	return d.sounds(w, r, dr, rec, "")
}

// recorded is a file of sound that was chosen, or what the browser has recorded.
func (d *Desk) recorded(r *http.Request, v *visitor) (rec Recording, err error) {
	err = d.sent(r, "audio", func(sound io.Reader) (err error) {
		rec, err = d.o.Tools.Record(r.Context(), v.lang, sound)
		return err
	})
	return rec, err
}

// sent runs f, alone, with the file of that name in a form.
func (d *Desk) sent(r *http.Request, name string, f func(io.Reader) error) error {
	if err := d.o.Centre.Room(); err != nil {
		return err
	}
	parts, err := r.MultipartReader()
	if err != nil {
		return errInput
	}
	for {
		part, err := parts.NextPart()
		if err != nil {
			return errInput // there was no such file in it
		}
		if part.FormName() == name {
			return d.making.taken(r.Context(), part, f)
		}
	}
}

// sounds gives a draft its recording; read is the text that a machine has read.
func (d *Desk) sounds(w http.ResponseWriter, r *http.Request, dr Draft, rec Recording, read string) error {
	if err := d.drafts.change(dr.ID, func(dr *Draft) error {
		dr.Audio, dr.LUFS, dr.Read, dr.Changed = &rec.Audio, rec.LUFS, read, d.o.Now().UTC()
		return nil
	}); err != nil {
		return err
	}
	http.Redirect(w, r, "/desk/draft/"+dr.ID+"#sound", http.StatusSeeOther)
	return nil
}

var (
	errMoved    = &fault{http.StatusConflict, "error.moved"}
	errStale    = &fault{http.StatusConflict, "error.stale"}
	errUnspoken = &fault{http.StatusConflict, "error.unspoken"}
)

// submit makes the bulletin of a draft, to be signed by whoever wrote it.
func (d *Desk) submit(w http.ResponseWriter, r *http.Request, v *visitor) error {
	dr, err := d.mine(r, v)
	if err != nil {
		return err
	}
	if dr.Template {
		return errInput
	}
	if dr.Stale() {
		return errStale
	}
	if err := dr.ready(); err != nil {
		return err
	}
	return d.propose(w, r, v, dr.bulletin(d.o.Now()), proposal{draft: dr.ID, vouches: dr.vouches()})
}

// archive puts a draft away, or takes it out again.
func (d *Desk) archive(w http.ResponseWriter, r *http.Request, v *visitor) error {
	dr, err := d.mine(r, v)
	if err != nil {
		return err
	}
	if err := d.drafts.change(dr.ID, func(dr *Draft) error { dr.Archived = !takesOut(r); return nil }); err != nil {
		return err
	}
	to := "/desk/library?place=" + dr.Place
	if dr.Template {
		to = "/desk/write#templates"
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

// board draws what a kind of board shows of a text that is being written.
func (d *Desk) board(w http.ResponseWriter, r *http.Request, v *visitor) error {
	dr := Draft{
		ID: "x", Title: "x", Place: deepest(v.seen(author)), Text: typed(r.FormValue("text")), Board: typed(r.FormValue("board")),
		Style: r.FormValue("style"), Ticker: typed(r.FormValue("ticker")), Class: plan.Normal, Lang: "vi",
	}
	if id := r.FormValue("draft"); id != "" {
		kept, err := d.drafts.get(id)
		if err != nil || !v.may(author, kept.Place) {
			return errNone
		}
		dr.Place, dr.Pictures, dr.Languages = kept.Place, kept.Pictures, kept.Languages
	}
	return d.picture(w, v, r.PathValue("board"), dr.bulletin(d.o.Now()), cmp.Or(r.FormValue("page"), "0"))
}
