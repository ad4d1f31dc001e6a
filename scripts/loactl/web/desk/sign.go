package desk

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"loa/agent/message"
	"loa/agent/plan"
	"loa/scripts/authority"
	"loa/scripts/authority/api"
)

// A paper is what a person sees of what is to be signed.
type paper struct {
	SHA256, Type, Payload string
	Refs, Words           string // JSON, for the script
	Kind                  string
	Place, PlaceName      string
	Signers               []string
	Mine                  bool // the reader has signed it
	Key                   string
	Two                   bool
	Drop                  bool      // it waits, and the reader may drop it
	Until                 time.Time // of an order
	Boards                []boardOf
	Doubts, Unheard       []string
	Ahead                 []line
	Reading               *Reading
	Vouches               []Vouch // for what it says in further languages
	Live                  bool    // whoever signs speaks then
	Chime                 int64   // ms that sound before that
	Talk                  int64   // ms that may be said
}

type boardOf struct {
	Board    string
	Pictures []Picture
	Wrong    []string
}

func (d *Desk) sign(w http.ResponseWriter, r *http.Request, v *visitor) error {
	sum := r.PathValue("sha256")
	p, waits, err := d.found(v, sum)
	if err != nil {
		return err
	}
	e := p.paper
	h, err := message.HeadOf(p.is.Doc)
	if err != nil {
		return err
	}
	x := paper{
		SHA256: sum, Type: e.PayloadType, Payload: base64.StdEncoding.EncodeToString(e.Payload),
		Kind: string(h.Kind), Place: d.placeOf(p.is.Doc), Key: d.o.Authority.People()[v.person].Key, Two: p.two,
	}
	x.PlaceName = v.places[x.Place].Name
	if waits {
		x.Signers = d.o.Authority.Signers(p.is.Raw)
		x.Mine = slices.Contains(x.Signers, v.person)
		x.Drop = drops(v, h.Kind, x.Place)
	}
	refs, err := d.referred(p.is.Doc)
	if err != nil {
		return err
	}
	if x.Refs, err = asJSON(refs); err != nil {
		return err
	}
	if x.Words, err = asJSON(fieldWords(v.lang)); err != nil {
		return err
	}
	x.Vouches = d.vouchedFor(p)
	d.consequences(v, &x, h, p.is.Doc)
	d.show(w, r, v, http.StatusOK, "sign", x)
	return nil
}

// consequences tell what follows from a signature, as far as the centre knows.
func (d *Desk) consequences(v *visitor, x *paper, h plan.Head, doc any) {
	switch doc := doc.(type) {
	case plan.Bulletin:
		x.Boards = d.boards(v, &doc)
		x.Doubts = d.o.Tools.Doubts(v.lang, &doc)
		for _, a := range doc.Audio {
			if a.Voice != "" {
				reading := d.o.Tools.Read(v.lang, doc.Text, regionOf(a.Voice))
				x.Reading = &reading
			}
		}
	case plan.Schedule:
		unheard, err := d.o.Tools.Unheard(v.lang, &doc)
		if err != nil {
			unheard = []string{err.Error()}
		}
		x.Unheard = unheard
	case plan.AlertSet:
		x.Boards = d.boards(v, shownOf(doc))
	case plan.Act:
		x.Until = doc.Until
		x.Live, x.Chime = doc.Kind == plan.KindLive, before(doc).Milliseconds()
		x.Talk = int64(doc.ForS)*1000 - x.Chime - talkSpare.Milliseconds()
	}
	lines, err := d.o.Tools.Ahead(plan.Head{Place: h.Place, Device: h.Device}, 24, doc)
	if err != nil {
		d.o.Log.Error("desk: what comes", "err", err)
		return
	}
	x.Ahead = lined(v.lang, lines)
	if act, ok := doc.(plan.Act); ok {
		if why := refusal(v.lang, lines, &act); why != "" {
			x.Unheard = append(x.Unheard, why)
		}
	}
}

// shownOf is what boards show of a document, as a bulletin: of a set of alarms all that
// have no bulletin of their own. Nil: they show nothing of it.
func shownOf(doc any) *plan.Bulletin {
	switch doc := doc.(type) {
	case plan.Bulletin:
		return &doc
	case plan.AlertSet:
		b := &plan.Bulletin{Class: plan.Emergency}
		b.Place = doc.Place
		for _, al := range doc.Alerts {
			if al.Bulletin == nil {
				b.Pages = append(b.Pages, al.Shown()...)
			}
		}
		return b
	}
	return nil
}

// boards is what the boards at a bulletin's place show of it.
func (d *Desk) boards(v *visitor, b *plan.Bulletin) (all []boardOf) {
	if len(b.Shown()) == 0 {
		return nil
	}
	for _, board := range d.o.Tools.Boards(b.Place) {
		pictures, wrong, err := d.o.Tools.Draw(v.lang, board, b)
		if err != nil {
			wrong = append(wrong, err.Error())
		}
		all = append(all, boardOf{board, pictures, wrong})
	}
	return all
}

// A cited document is one that another names by its hash.
type cited struct {
	Type    string `json:"type"`
	Payload []byte `json:"payload"`
}

// referred are the bulletins that a document names, as they were signed.
func (d *Desk) referred(doc any) (all []cited, err error) {
	all = []cited{}
	var refs []*plan.Ref
	at := ""
	switch doc := doc.(type) {
	case plan.Act:
		at = doc.Place
		if doc.Item != nil {
			refs = append(refs, doc.Item.Ref)
		}
		if doc.Device != "" {
			at = d.placeOf(doc)
		}
	case plan.Schedule:
		at = doc.Place
		for _, s := range doc.Slots {
			for _, it := range s.Items {
				refs = append(refs, it.Ref)
			}
		}
	case plan.AlertSet:
		at = doc.Place
		for _, al := range doc.Alerts {
			refs = append(refs, al.Bulletin)
		}
	}
	done := make(map[string]bool)
	for _, ref := range refs {
		if ref == nil || done[ref.SHA256] {
			continue
		}
		done[ref.SHA256] = true
		place := ref.Place
		if place == "" {
			place = at
		}
		for _, find := range []func(message.Topic) (authority.Issued, bool){d.o.Authority.Find, d.o.Authority.Waiting} {
			is, ok := find(message.DocTopic(place, plan.KindBulletin, ref.ID))
			if !ok || is.SHA256 != ref.SHA256 {
				continue
			}
			e, err := message.Open(is.Raw)
			if err != nil {
				return nil, err
			}
			all = append(all, cited{e.PayloadType, e.Payload})
			break
		}
	}
	return all, nil
}

func asJSON(v any) (string, error) {
	data, err := json.Marshal(v)
	return string(data), err
}

var (
	errKey     = &fault{http.StatusForbidden, "error.key"}
	errSig     = &fault{http.StatusForbidden, "error.signature"}
	errAlready = &fault{http.StatusConflict, "error.already"}
)

// A result is what became of a signature, for the script.
type result struct {
	State string `json:"state"`
	Text  string `json:"text"`
	To    string `json:"to"`
}

// signed takes one person's signature in, as the person's browser made it.
func (d *Desk) signed(w http.ResponseWriter, r *http.Request, v *visitor) error {
	var in struct {
		KeyID string `json:"keyid"`
		Sig   []byte `json:"sig"`
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		return errInput
	}
	p, waits, err := d.found(v, r.PathValue("sha256"))
	if err != nil {
		return err
	}
	done, err := d.takes(r.Context(), v, p, waits, message.Sig{KeyID: in.KeyID, Sig: in.Sig})
	if err != nil {
		return err
	}
	answer(w, http.StatusOK, done)
	return nil
}

// takes judges a signature: it has to be the reader's own, over the bytes that were shown.
// The API judges what comes of it as a box would.
func (d *Desk) takes(ctx context.Context, v *visitor, p proposal, waits bool, sig message.Sig) (result, error) {
	pub, err := plan.ParseKey(d.o.Authority.People()[v.person].Key)
	if err != nil || message.KeyID(pub) != sig.KeyID {
		return result{}, errKey
	}
	if waits && slices.Contains(d.o.Authority.Signers(p.is.Raw), v.person) {
		return result{}, errAlready
	}
	alone := message.Envelope{PayloadType: p.paper.PayloadType, Payload: p.paper.Payload, Signatures: []message.Sig{sig}}
	if !alone.Verify(pub) {
		return result{}, errSig
	}
	taken, err := d.o.Centre.Take(ctx, alone.Encode(), api.Terms{Still: d.still(p, waits), Two: p.two})
	if err != nil {
		return result{}, err
	}
	d.proposed.drop(p.is.SHA256)
	if p.draft != "" {
		if err := d.drafts.change(p.draft, func(dr *Draft) error { dr.SHA256, dr.Vouches = p.is.SHA256, p.vouches; return nil }); err != nil {
			d.o.Log.Error("desk: a draft", "id", p.draft, "err", err)
		}
	}
	if taken.State == "sent" || taken.State == "kept" {
		d.answered(p.is.Doc, v.person)
	}
	if act, ok := p.is.Doc.(plan.Act); ok && act.Kind == plan.KindLive && taken.State == "sent" {
		if err := d.talks.begin(act, v.person, d.o.Now()); err != nil {
			return result{}, err
		}
	}
	say := "signed." + taken.State
	if p.two && taken.State == "pending" {
		say = "signed.two"
	}
	return result{taken.State, words[v.lang][say], whereNext(p.is.Doc)}, nil
}

// whereNext is the page on which one sees what has become of a document.
func whereNext(doc any) string {
	h, err := message.HeadOf(doc)
	if err != nil {
		return "/desk/"
	}
	switch h.Kind {
	case plan.KindBulletin:
		return "/desk/library?place=" + h.Place + "#" + h.ID
	case plan.KindSchedule:
		return "/desk/week?place=" + h.Place
	case plan.KindAlert:
		return "/desk/emergency"
	case plan.KindPlay, plan.KindStop, plan.KindMute, plan.KindDrill, plan.KindLive:
		return "/desk/now"
	}
	return "/desk/"
}

// regionOf is the region of a voice such as espeak-ng/south.
func regionOf(voice string) string {
	_, rest, _ := strings.Cut(voice, "/")
	region, _, _ := strings.Cut(rest, "/")
	return region
}
