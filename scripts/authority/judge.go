package authority

import (
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"time"

	"loa/agent/clock"
	"loa/agent/message"
	"loa/agent/plan"
	"loa/agent/trust"
)

// rehearser is the device that stands in for a box where there is none.
const rehearser = "rehearsal"

// Judge says what a box would make of a document, by the same code. For what is
// said to a place it asks a box of that place, a made-up one if need be; for
// what is said to one box, or about trust, it asks with the real root.
func (a *Authority) Judge(is Issued) (trust.Verdict, error) {
	var t *trust.Trust
	var err error
	switch {
	case is.Topic.Dir == message.DirPlace:
		t, err = a.Rehearse(is.Topic.Place, nil)
	case is.Topic.Dir == message.DirDevice:
		t, err = a.boxTrust(is.Topic.Device)
	default:
		t, err = a.boxTrust(rehearser)
	}
	if err != nil {
		return trust.Verdict{}, err
	}
	now, level := a.boxClock()
	return t.Judge(is.Topic.String(), is.Raw, now, level), nil
}

// boxTrust is what a box knows that carries the first root and has received
// everything issued since.
func (a *Authority) boxTrust(device string) (*trust.Trust, error) {
	all, err := a.Issued()
	if err != nil {
		return nil, err
	}
	return a.trustOf(device, all)
}

// Rehearse is what a box at place, and in groups, knows after receiving
// everything issued. Since nobody has assigned such a box, its root is made up,
// and its list is the real one with two more holders, who assign it.
func (a *Authority) Rehearse(place string, groups []string) (*trust.Trust, error) {
	all, err := a.Issued()
	if err != nil {
		return nil, err
	}
	r, err := newRehearsal(a.o.Now())
	if err != nil {
		return nil, err
	}
	t, err := trust.New(r.root, rehearser, trust.Opts{Now: a.boxClock})
	if err != nil {
		return nil, err
	}
	var rest []Issued
	for _, is := range all {
		switch doc := is.Doc.(type) {
		case plan.Root, plan.Want:
		case plan.List:
			if doc.Place == plan.RootPlace {
				if is, err = r.list(doc); err != nil {
					return nil, err
				}
			}
			a.feed(t, []Issued{is})
		default:
			rest = append(rest, is)
		}
	}
	want, err := r.want(place, groups, a.o.Now())
	if err != nil {
		return nil, err
	}
	if v := a.feed(t, []Issued{want}); v.Code != plan.Accepted {
		return nil, fail("no-such-box", v.Err, place)
	}
	a.feed(t, rest)
	return t, nil
}

// feed hands documents to a box and returns the last verdict. What it refuses,
// such as what has expired, it does without, as it would in the field.
func (a *Authority) feed(t *trust.Trust, all []Issued) (v trust.Verdict) {
	for _, is := range all {
		now, level := a.boxClock()
		v = t.Judge(is.Topic.String(), is.Raw, now, level)
		t.Commit(v)
	}
	return v
}

// A rehearsal is a root of its own.
type rehearsal struct {
	root []byte
	keys []ed25519.PrivateKey
}

func newRehearsal(now time.Time) (*rehearsal, error) {
	r := new(rehearsal)
	doc := plan.Root{Number: 1, Threshold: 2, Expires: now.Add(24 * time.Hour)}
	doc.Head = plan.Head{Format: 1, Kind: plan.KindRoot, Place: plan.RootPlace, ID: "1", Issued: now.Truncate(time.Millisecond)}
	for i := range 2 {
		pub, priv, err := newKey()
		if err != nil {
			return nil, err
		}
		r.keys = append(r.keys, priv)
		doc.Keys = append(doc.Keys, plan.RootKey{Holder: holder(i), Key: base64.StdEncoding.EncodeToString(pub)})
	}
	is, err := r.sign(doc)
	r.root = is.Raw
	return r, err
}

func holder(i int) string { return fmt.Sprintf("rehearsal-%d", i+1) }

func (r *rehearsal) sign(doc any) (Issued, error) {
	raw, err := message.Seal(doc, r.keys...)
	if err != nil {
		return Issued{}, err
	}
	return Read(raw)
}

// list is the root's list with two more holders who assign.
func (r *rehearsal) list(l plan.List) (Issued, error) {
	for _, c := range l.Children {
		if c.Parent != "" {
			continue
		}
		for i, k := range r.keys {
			l.Grants = append(l.Grants, plan.Grant{
				Key: base64.StdEncoding.EncodeToString(k.Public().(ed25519.PublicKey)), Holder: holder(i), Place: c.Place,
				Kinds: []plan.Kind{plan.GrantAssign}, Classes: []plan.Class{},
				NotBefore: l.Issued.Add(-maxAhead), NotAfter: l.Issued.Add(10 * 365 * 24 * time.Hour), // a version may be ahead of the clock
			})
		}
	}
	return r.sign(l)
}

func (r *rehearsal) want(place string, groups []string, now time.Time) (Issued, error) {
	w := plan.Want{OwnPlace: place, Groups: groups}
	w.Head = plan.Head{Format: 1, Kind: plan.KindWant, Device: rehearser, ID: "want", Issued: now.Truncate(time.Millisecond)}
	return r.sign(w)
}

// boxClock is the clock of a box that knows what time it is.
func (a *Authority) boxClock() (time.Time, clock.Level) { return a.o.Now(), clock.Signed }
