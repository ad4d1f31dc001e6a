package desk

import (
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"loa/agent/message"
	"loa/scripts/authority"
)

// A proposal is a document that is complete but for a signature. It is shown to whoever
// made it, and to nobody else before that person has signed it.
type proposal struct {
	is      authority.Issued
	paper   message.Envelope // what is signed
	by      string
	two     bool    // the desk asks for a second person, whatever the list says
	onTop   bool    // it is base with something changed, and counts only while base is what is issued
	base    string  // the SHA-256 of that document; empty: there is none
	draft   string  // what it was made of
	vouches []Vouch // for the languages in it
	until   time.Time
}

// proposals are kept in memory: what was not signed was not said.
type proposals struct {
	mu  sync.Mutex
	all map[string]proposal // by the SHA-256 of the payload
}

const (
	proposedFor  = time.Hour
	maxProposals = 20 // of one person
)

// put keeps a proposal. Whoever makes too many loses the oldest of their own.
func (p *proposals) put(of proposal, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.all == nil {
		p.all = make(map[string]proposal)
	}
	maps.DeleteFunc(p.all, func(_ string, o proposal) bool { return now.After(o.until) })
	var mine []proposal
	for _, o := range p.all {
		if o.by == of.by {
			mine = append(mine, o)
		}
	}
	if len(mine) >= maxProposals {
		oldest := slices.MinFunc(mine, func(x, y proposal) int { return x.until.Compare(y.until) })
		delete(p.all, oldest.is.SHA256)
	}
	of.until = now.Add(proposedFor)
	p.all[of.is.SHA256] = of
}

func (p *proposals) get(sum string, now time.Time) (proposal, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	o, ok := p.all[sum]
	return o, ok && !now.After(o.until)
}

func (p *proposals) drop(sum string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.all, sum)
}

// propose stamps a document, given by pointer, and leads its maker to where it is signed.
func (d *Desk) propose(w http.ResponseWriter, r *http.Request, v *visitor, doc any, of proposal) error {
	var err error
	if of.is, of.paper, err = d.o.Authority.Stamp(doc); err != nil {
		return err
	}
	of.by = v.person
	d.proposed.put(of, d.o.Now())
	http.Redirect(w, r, "/desk/sign/"+of.is.SHA256, http.StatusSeeOther)
	return nil
}

// found is what is to be signed: one's own proposal, or what waits for a second person
// at a place that one sees.
func (d *Desk) found(v *visitor, sum string) (p proposal, waits bool, err error) {
	if p, ok := d.proposed.get(sum, d.o.Now()); ok && p.by == v.person {
		return p, false, nil
	}
	all, err := d.o.Authority.Pending()
	if err != nil {
		return p, false, err
	}
	for _, is := range all {
		if is.SHA256 == sum && v.may(viewer, d.placeOf(is.Doc)) {
			e, err := message.Open(is.Raw)
			return proposal{is: is, paper: e}, true, err
		}
	}
	return p, false, errGone
}

// errGone is also for what there never was: nobody learns of a paper that is not theirs.
var errGone = &fault{http.StatusNotFound, "error.gone"}

// placeOf is the place that a document is said to, or where the box stands that it is for.
func (d *Desk) placeOf(doc any) string {
	h, err := message.HeadOf(doc)
	if err != nil {
		return ""
	}
	if h.Device != "" {
		return d.o.Authority.Boxes()[h.Device].Place
	}
	return h.Place
}
