package desk

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"
	"unicode/utf8"

	"loa/agent/plan"
)

// languages are those that a draft can be translated into, as programmes for the peoples
// of the country have them. None of them is read aloud here: who speaks them records them.
var languages = []string{"km", "cjm", "hmn", "rad", "jra", "bdq", "sed", "kpm", "cmo", "ktv", "hre", "blt", "tyz", "nut", "mtq", "ium", "zh", "en"}

const (
	maxLanguages = 8    // of one draft; as many names stand in a bulletin
	maxVersion   = 2000 // letters, of a page
)

// A Version is a draft in a further language. Somebody who knows the language vouches for
// it; before that nobody signs the draft.
type Version struct {
	Lang    string      `json:"lang"`
	Text    string      `json:"text"`
	Audio   *plan.Audio `json:"audio,omitempty"`
	LUFS    float64     `json:"lufs,omitempty"`
	Who     string      `json:"who"`               // is to vouch for it
	Vouched string      `json:"vouched,omitempty"` // the digest of what that person has vouched for
	At      time.Time   `json:"at,omitzero"`       // when
}

// A Vouch is what is kept of a version when the bulletin is signed.
type Vouch struct {
	Lang   string    `json:"lang"`
	Who    string    `json:"who"`
	At     time.Time `json:"at"`
	Digest string    `json:"digest"`
}

// version is the place of a language in a draft, or -1.
func (d Draft) version(lang string) int {
	return slices.IndexFunc(d.Languages, func(v Version) bool { return v.Lang == lang })
}

// digest is of all that somebody vouches for: this translation, of this text.
func (d Draft) digest(v Version) string {
	audio := ""
	if v.Audio != nil {
		audio = v.Audio.SHA256
	}
	said, err := json.Marshal([]string{d.ID, d.Title, d.Text, v.Lang, v.Text, audio, v.Who})
	if err != nil {
		return "" // strings are always written
	}
	return fmt.Sprintf("%x", sha256.Sum256(said))
}

// State is another after each change of what is typed or recorded.
func (v Version) State() string { return Draft{}.digest(v) }

func (d Draft) vouched(v Version) bool { return v.Vouched != "" && v.Vouched == d.digest(v) }

// mute reports that a version would not be heard where the draft is: nobody has recorded it.
func (d Draft) mute(v Version) bool { return d.Audio != nil && v.Audio == nil }

// vouches are those of a draft that is signed as it is.
func (d Draft) vouches() (all []Vouch) {
	for _, v := range d.Languages {
		all = append(all, Vouch{v.Lang, v.Who, v.At, v.Vouched})
	}
	return all
}

// inLanguages adds to a bulletin what a draft says in further languages.
func (d Draft) inLanguages(b *plan.Bulletin) {
	for _, v := range d.Languages {
		b.Pages = append(b.Pages, plan.Page{Text: v.Text, Style: d.Style, Lang: v.Lang})
		if !slices.Contains(b.ApprovedBy, v.Who) {
			b.ApprovedBy = append(b.ApprovedBy, v.Who)
		}
		if v.Audio == nil {
			continue
		}
		audio := *v.Audio
		audio.Lang = v.Lang
		b.Audio = append(b.Audio, audio)
		if diff := v.LUFS - b.LoudnessLUFS; len(b.Audio) == 1 {
			b.LoudnessLUFS = v.LUFS
		} else if diff > 0.5 || diff < -0.5 {
			b.LoudnessLUFS = 0 // one number is not true of both: boxes measure each
		}
	}
}

var (
	errUnvouched = &fault{http.StatusConflict, "error.unvouched"}
	errMute      = &fault{http.StatusConflict, "error.mute"}
	errTwice     = &fault{http.StatusConflict, "error.language-twice"}
)

// ready refuses a draft of which a language is not finished.
func (d Draft) ready() error {
	for _, v := range d.Languages {
		switch {
		case d.mute(v):
			return errMute
		case !d.vouched(v):
			return errUnvouched
		}
	}
	return nil
}

// addLanguage begins a translation.
func (d *Desk) addLanguage(w http.ResponseWriter, r *http.Request, v *visitor) error {
	dr, err := d.mine(r, v)
	if err != nil {
		return err
	}
	lang, who := r.PostFormValue("lang"), r.PostFormValue("who")
	can, err := d.vouchers(dr.Place)
	if err != nil {
		return err
	}
	if !slices.Contains(languages, lang) || !slices.Contains(can, who) {
		return errInput
	}
	if err := d.drafts.change(dr.ID, func(dr *Draft) error {
		switch {
		case dr.version(lang) >= 0 || lang == dr.Lang:
			return errTwice
		case len(dr.Languages) >= maxLanguages:
			return errInput
		}
		dr.Languages, dr.Changed = append(dr.Languages, Version{Lang: lang, Who: who}), d.o.Now().UTC()
		return nil
	}); err != nil {
		return err
	}
	http.Redirect(w, r, "/desk/language/"+dr.ID+"/"+lang, http.StatusSeeOther)
	return nil
}

// versionOf is a translation, for who writes at its place and for who is to vouch for it.
func (d *Desk) versionOf(r *http.Request, v *visitor) (Draft, Version, error) {
	dr, err := d.drafts.get(r.PathValue("id"))
	if err != nil {
		return dr, Version{}, err
	}
	i := dr.version(r.PathValue("lang"))
	if i < 0 || !v.may(author, dr.Place) && !(dr.Languages[i].Who == v.person && v.may(viewer, dr.Place)) {
		return dr, Version{}, errNone
	}
	return dr, dr.Languages[i], nil
}

// A versionPage is a translation with all that can be told of it.
type versionPage struct {
	Version
	Of          Draft
	PlaceName   string
	Edit, Mine  bool // the reader writes here; the reader is to vouch
	Good, Mute  bool // it is vouched for as it stands; it lacks a recording
	Digest      string
	People      []string
	Boards      []boardOf
	Length      time.Duration
	LettersMost int
}

// alone is what boards show of one language of a draft.
func (d Draft) alone(v Version, now time.Time) *plan.Bulletin {
	d.Languages, d.Audio, d.Pictures = []Version{v}, nil, nil
	b := d.bulletin(now)
	b.Pages = slices.DeleteFunc(b.Pages, func(p plan.Page) bool { return p.Lang != v.Lang })
	b.Text = v.Text
	return b
}

func (d *Desk) language(w http.ResponseWriter, r *http.Request, v *visitor) error {
	dr, ver, err := d.versionOf(r, v)
	if err != nil {
		return err
	}
	x := versionPage{
		Version: ver, Of: dr, PlaceName: v.places[dr.Place].Name, Edit: v.may(author, dr.Place), Mine: ver.Who == v.person, Good: dr.vouched(ver), Mute: dr.mute(ver),
		Digest: dr.digest(ver), LettersMost: maxVersion,
	}
	if ver.Text != "" {
		x.Boards = d.boards(v, dr.alone(ver, d.o.Now()))
	}
	if ver.Audio != nil {
		x.Length = time.Duration(ver.Audio.DurationMS) * time.Millisecond
	}
	if x.People, err = d.vouchers(dr.Place); err != nil {
		return err
	}
	d.show(w, r, v, http.StatusOK, "language", x)
	return nil
}

// languageDrawn is one page of a board in one language.
func (d *Desk) languageDrawn(w http.ResponseWriter, r *http.Request, v *visitor) error {
	dr, ver, err := d.versionOf(r, v)
	if err != nil {
		return err
	}
	return d.picture(w, v, r.PathValue("board"), dr.alone(ver, d.o.Now()), r.PathValue("page"))
}

// inLanguage changes a translation and leads back to it.
func (d *Desk) inLanguage(w http.ResponseWriter, r *http.Request, v *visitor, f func(dr *Draft, i int) error) error {
	lang := r.PathValue("lang")
	if err := d.drafts.change(r.PathValue("id"), func(dr *Draft) error {
		i := dr.version(lang)
		if i < 0 {
			return errNone
		}
		dr.Changed = d.o.Now().UTC()
		return f(dr, i)
	}); err != nil {
		return err
	}
	http.Redirect(w, r, "/desk/language/"+r.PathValue("id")+"/"+lang, http.StatusSeeOther)
	return nil
}

// languageKept keeps what was changed of a translation, or takes it out.
func (d *Desk) languageKept(w http.ResponseWriter, r *http.Request, v *visitor) error {
	dr, err := d.mine(r, v)
	if err != nil {
		return err
	}
	seen := r.PostFormValue("seen")
	moved := func(v Version) bool { return seen != "" && seen != v.State() } // in another tab, or by somebody else
	if r.PostFormValue("then") == "remove" {
		if err := d.drafts.change(dr.ID, func(dr *Draft) error {
			i := dr.version(r.PathValue("lang"))
			switch {
			case i < 0:
				return errNone
			case moved(dr.Languages[i]):
				return errMoved
			}
			dr.Languages = slices.Delete(dr.Languages, i, i+1)
			return nil
		}); err != nil {
			return err
		}
		http.Redirect(w, r, "/desk/draft/"+dr.ID+"#languages", http.StatusSeeOther)
		return nil
	}
	text, who := typed(r.PostFormValue("text")), r.PostFormValue("who")
	can, err := d.vouchers(dr.Place)
	if err != nil {
		return err
	}
	if text == "" || utf8.RuneCountInString(text) > maxVersion || !slices.Contains(can, who) {
		return errInput
	}
	return d.inLanguage(w, r, v, func(dr *Draft, i int) error {
		if moved(dr.Languages[i]) {
			return errMoved
		}
		dr.Languages[i].Text, dr.Languages[i].Who = text, who
		w.Header().Set("Loa-Draft", dr.Languages[i].State())
		return nil
	})
}

// languageSound takes a translation's recording in.
func (d *Desk) languageSound(w http.ResponseWriter, r *http.Request, v *visitor) error {
	if _, err := d.mine(r, v); err != nil {
		return err
	}
	rec, err := d.recorded(r, v)
	if err != nil {
		return err
	}
	return d.inLanguage(w, r, v, func(dr *Draft, i int) error {
		dr.Languages[i].Audio, dr.Languages[i].LUFS = &rec.Audio, rec.LUFS
		return nil
	})
}
