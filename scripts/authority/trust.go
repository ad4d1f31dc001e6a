package authority

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"time"

	"loa/agent/message"
	"loa/agent/plan"
)

// issueRoot signs the first root document with as many holders as it takes.
func (a *Authority) issueRoot() error {
	s := a.read()
	r := &plan.Root{Number: s.Root.Number + 1, Threshold: s.Root.Threshold, Expires: a.o.Now().Add(rootLife).UTC().Truncate(1e9)}
	for _, h := range s.Root.Holders {
		r.Keys = append(r.Keys, plan.RootKey{Holder: h, Key: s.People[h].Key})
	}
	is, err := a.Sign(r, s.Root.Holders[:s.Root.Threshold]...)
	if err != nil {
		return fail("sign-root", err)
	}
	return a.Keep(is)
}

// IssueList signs an issuer's complete list as the state has it now: what is
// absent from it is revoked. Without signers the root's list is signed by the
// first holders of the root. A list that says the same and waits for signatures
// gets these too: keys that are kept apart sign one after another.
func (a *Authority) IssueList(issuer string, signers ...string) (Issued, error) {
	s := a.read()
	if s.Restored != nil {
		return Issued{}, fail("uncompared", nil)
	}
	if issuer == plan.RootPlace && len(signers) == 0 {
		signers = s.Root.Holders[:s.Root.Threshold]
	}
	l := s.list(issuer, a.o.Now())
	if err := fits(l); err != nil {
		return Issued{}, err
	}
	is, waits := a.Waiting(message.ListTopic(issuer))
	var err error
	if waits && sameList(*l, is.Doc) {
		have := a.Signers(is.Raw)
		for _, p := range signers {
			if slices.Contains(have, p) {
				continue // the same change once more
			}
			if is, err = a.Approve(is.Raw, p); err != nil {
				return is, err
			}
		}
		return is, nil
	}
	if is, err = a.Sign(l, signers...); err != nil {
		return is, fail("sign-list", err, issuer)
	}
	return is, nil
}

// list is what an issuer's list has to say at now.
func (s state) list(issuer string, now time.Time) *plan.List {
	l := &plan.List{Grants: []plan.Grant{}, Children: s.children(issuer, now)}
	l.Place = issuer
	if issuer == plan.RootPlace {
		l.Quorum = s.Quorum
	}
	for _, g := range s.grantsAt(now) {
		if g.Issuer == issuer {
			l.Grants = append(l.Grants, plan.Grant{
				Key: s.People[g.Person].Key, Holder: g.Person, Place: g.Place, Office: g.Office,
				Kinds: g.Kinds, Classes: g.Classes, Quorum: g.Quorum, NotBefore: g.NotBefore, NotAfter: g.NotAfter,
			})
		}
	}
	return l
}

// room is what an envelope needs besides its payload: eight signatures, and their frame.
const room = 2 << 10

// fits says when a list is larger than boxes take one, before anything is written down.
func fits(l *plan.List) error {
	data, err := json.Marshal(l)
	if err == nil && len(data)*4/3+room > message.MaxEnvelope {
		return fail("list-size", nil, l.Place, len(l.Children), len(l.Grants))
	}
	return err
}

// Signed are the people who have signed an issuer's list as it is to be now, by name,
// while it waits for others.
func (a *Authority) Signed(issuer string) []string {
	is, waits := a.Waiting(message.ListTopic(issuer))
	if s := a.read(); !waits || !sameList(*s.list(issuer, a.o.Now()), is.Doc) {
		return nil
	}
	return a.Signers(is.Raw)
}

// sameList reports whether a list that was signed says what l says.
func sameList(l plan.List, signed any) bool {
	old, ok := signed.(plan.List)
	if !ok {
		return false
	}
	l.Head = old.Head
	x, err1 := message.Encode(l)
	y, err2 := message.Encode(old)
	return err1 == nil && err2 == nil && bytes.Equal(x, y)
}

// Try makes a change to places, grants and boxes and signs what follows from it. When
// that fails, the books are as before, unless somebody else has gone on with
// them meanwhile.
func (a *Authority) Try(change, sign func() error) error {
	before := a.read()
	if err := change(); err != nil {
		return err
	}
	after := a.read()
	err := sign()
	if err == nil {
		return nil
	}
	return errors.Join(err, a.change(func(s *state) error {
		if reflect.DeepEqual(s.Places, after.Places) && reflect.DeepEqual(s.Grants, after.Grants) {
			s.Places, s.Grants = before.Places, before.Grants
		}
		if reflect.DeepEqual(s.Boxes, after.Boxes) {
			s.Boxes = before.Boxes
		}
		return nil
	}))
}

// RootFile is what an image or a new box carries: every root document so far,
// one a line.
func (a *Authority) RootFile() ([]byte, error) {
	var file []byte
	for n := int64(1); n <= a.read().Root.Number; n++ {
		is, ok := a.Find(message.RootTopic(n))
		if !ok {
			return nil, fail("no-root", nil, n, a.dir)
		}
		file = append(append(file, is.Raw...), '\n')
	}
	return file, nil
}

// Founded is when the first root was signed.
func (a *Authority) Founded() time.Time {
	is, _ := a.Find(message.RootTopic(1))
	r, _ := is.Doc.(plan.Root)
	return r.Issued
}

// epochs are those of the lists issued, as beats and time answers tell them.
func (a *Authority) epochs() (map[string]int64, error) {
	all, err := a.Issued()
	if err != nil {
		return nil, err
	}
	e := make(map[string]int64)
	for _, is := range all {
		if l, ok := is.Doc.(plan.List); ok {
			e[l.Place] = l.Epoch()
		}
	}
	return e, nil
}
