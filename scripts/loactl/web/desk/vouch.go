package desk

import (
	"maps"
	"net/http"
	"slices"
	"time"

	"loa/agent/plan"
)

// vouchers are the people who can vouch for something at a place: who sees it.
func (d *Desk) vouchers(place string) (names []string, err error) {
	accounts, err := d.people.All()
	if err != nil {
		return nil, err
	}
	all := slices.Collect(maps.Keys(accounts))
	for name, p := range d.o.Authority.People() {
		if !p.Online {
			all = append(all, name)
		}
	}
	slices.Sort(all)
	grants, places := d.o.Authority.Grants(), d.o.Authority.Places()
	for _, name := range slices.Compact(all) {
		v := visitor{posts: posts(name, grants, accounts[name], d.o.Now()), places: places}
		if v.may(viewer, place) {
			names = append(names, name)
		}
	}
	return names, nil
}

// vouch is the word of the person who was named, for what that person has seen.
func (d *Desk) vouch(w http.ResponseWriter, r *http.Request, v *visitor) error {
	dr, ver, err := d.versionOf(r, v)
	if err != nil {
		return err
	}
	seen := r.PostFormValue("digest")
	return d.inLanguage(w, r, v, func(now *Draft, i int) error {
		mine := &now.Languages[i]
		switch {
		case mine.Who != v.person:
			return errRole
		case mine.Text == "":
			return errInput
		case now.mute(*mine):
			return errMute
		case now.digest(*mine) != seen:
			return errChanged
		}
		mine.Vouched, mine.At = seen, d.o.Now().UTC().Truncate(time.Second)
		d.o.Log.Info("desk: a translation is vouched for", "draft", dr.ID, "lang", ver.Lang, "by", v.person, "digest", seen)
		return nil
	})
}

// toVouch are the translations that wait for somebody's word.
func (d *Desk) toVouch(v *visitor) (all []versionPage, err error) {
	drafts, err := d.drafts.all()
	for _, dr := range drafts {
		if dr.Archived || dr.Template || !v.may(viewer, dr.Place) {
			continue
		}
		for _, ver := range dr.Languages {
			if ver.Who == v.person && ver.Text != "" && !dr.mute(ver) && !dr.vouched(ver) {
				all = append(all, versionPage{Version: ver, Of: dr, PlaceName: v.places[dr.Place].Name})
			}
		}
	}
	return all, err
}

// vouchedFor are the languages of what is to be signed, with who vouches for them.
func (d *Desk) vouchedFor(p proposal) []Vouch {
	b, ok := p.is.Doc.(plan.Bulletin)
	if !ok || p.draft != "" {
		return p.vouches
	}
	if dr, err := d.drafts.get(b.ID); err == nil && dr.SHA256 == p.is.SHA256 {
		return dr.Vouches
	}
	return nil // it was not written here
}
