package desk

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"loa/agent/message"
	"loa/agent/plan"
)

// A waiting document lacks a signature.
type waiting struct {
	SHA256, Kind, Title string
	Place, PlaceName    string
	Signers             []string
	At                  time.Time
	Mine                bool // the reader has signed it
}

// home is what waits for somebody, and how the boxes are.
func (d *Desk) home(w http.ResponseWriter, r *http.Request, v *visitor) error {
	waits, err := d.waits(v)
	if err != nil {
		return err
	}
	books, err := d.books(v, "")
	if err != nil {
		return err
	}
	var mine []book
	for _, b := range books {
		if b.State == "draft" && len(mine) < 10 {
			mine = append(mine, b)
		}
	}
	boxes, err := d.glances(v, "")
	if err != nil {
		return err
	}
	bad := 0
	for _, b := range boxes {
		if b.Bad() {
			bad++
		}
	}
	vouch, err := d.toVouch(v)
	if err != nil {
		return err
	}
	d.show(w, r, v, http.StatusOK, "home", map[string]any{
		"Vouch": vouch, "Waits": waits, "Drafts": mine, "Boxes": len(boxes), "Bad": bad, "Posts": v.tasks(), "Key": d.o.Authority.People()[v.person].Key != "",
	})
	return nil
}

// A task is what somebody is at a place.
type task struct{ Role, Place string }

func (v *visitor) tasks() (all []task) {
	for _, p := range v.posts {
		all = append(all, task{string(p.role), v.places[p.place].Name})
	}
	return all
}

func (d *Desk) waits(v *visitor) (all []waiting, err error) {
	pending, err := d.o.Authority.Pending()
	for _, is := range pending {
		h, err := message.HeadOf(is.Doc)
		place := d.placeOf(is.Doc)
		if err != nil || !v.may(viewer, place) {
			continue
		}
		w := waiting{SHA256: is.SHA256, Kind: string(h.Kind), Title: cmp.Or(h.ID, h.Device, string(h.Kind)), Place: place, PlaceName: v.places[place].Name, Signers: d.o.Authority.Signers(is.Raw), At: h.Issued}
		switch doc := is.Doc.(type) {
		case plan.Bulletin:
			w.Title = doc.Title
		case plan.AlertSet:
			if len(doc.Alerts) > 0 {
				w.Title = doc.Alerts[len(doc.Alerts)-1].Headline
			}
		}
		w.Mine = slices.Contains(w.Signers, v.person)
		all = append(all, w)
	}
	slices.SortFunc(all, func(x, y waiting) int { return y.At.Compare(x.At) })
	return all, err
}

// key is where a person's browser makes the key that signs, and where one reads out its
// mark until it is in the list.
func (d *Desk) key(w http.ResponseWriter, r *http.Request, v *visitor) error {
	all, err := d.people.All()
	if err != nil {
		return err
	}
	x := map[string]any{"Person": v.person, "Key": d.o.Authority.People()[v.person].Key, "Asked": "", "Mark": ""}
	if a := all[v.person]; a.Asked != nil {
		x["Asked"], x["Mark"] = a.Asked.Key, Mark(a.Asked.Key)
	}
	d.show(w, r, v, http.StatusOK, "key", x)
	return nil
}

// keyAsk takes the public half of a key, and a proof that the browser has the other.
func (d *Desk) keyAsk(w http.ResponseWriter, r *http.Request, v *visitor) error {
	var in struct {
		Key string `json:"key"`
		Sig []byte `json:"sig"`
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		return errInput
	}
	pub, err := plan.ParseKey(in.Key)
	if err != nil {
		return errInput
	}
	e := message.Envelope{PayloadType: keyType, Payload: []byte(v.person), Signatures: []message.Sig{{KeyID: message.KeyID(pub), Sig: in.Sig}}}
	if !e.Verify(pub) {
		return errSig
	}
	if base64.StdEncoding.EncodeToString(pub) != in.Key {
		return errInput
	}
	if err := d.people.Ask(v.person, in.Key, d.o.Now()); err != nil {
		return err
	}
	answer(w, http.StatusOK, map[string]string{"to": "/desk/key"})
	return nil
}

// keyType is under what a person's browser signs the person's name; no box knows it.
const keyType = "application/vnd.loa.desk-key"
