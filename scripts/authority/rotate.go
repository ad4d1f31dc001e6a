package authority

import (
	"errors"
	"io/fs"
	"os"
	"slices"

	"loa/agent/message"
	"loa/agent/plan"
)

// A rotation is one step from root n to root n+1. Two documents wait for it together:
// the root, which takes the thresholds of n and of n+1, and the root's list as it is
// now, because a box that has root n+1 believes no list of root n. Whoever signs one
// signs the other.

// A Rotation is how far a step has come.
type Rotation struct {
	Number    int64    `json:"number"` // of the root that waits
	Threshold int      `json:"threshold"`
	Holders   []string `json:"holders"`
	Signed    []string `json:"signed"`
	Old       int      `json:"old"`      // holders of the root in force who signed
	OldNeed   int      `json:"old_need"` // of them are needed
	New       int      `json:"new"`      // holders of the root that waits who signed; Threshold are needed
	Done      bool     `json:"done"`     // it is in force
}

// maxSignatures is how many a box reads.
const maxSignatures = 8

// RotateRoot proposes the next root: replace says who takes whose share; an empty
// name on the left adds a share, on the right drops one. A threshold of 0 stays as it
// is. Signers sign as in ApproveRoot.
func (a *Authority) RotateRoot(replace [][2]string, threshold int, signers ...string) (Rotation, error) {
	s := a.read()
	topic := message.RootTopic(s.Root.Number + 1)
	if _, waits := a.Waiting(topic); waits {
		return Rotation{}, fail("root-pending", nil, s.Root.Number+1)
	}
	if s.Restored != nil {
		return Rotation{}, fail("uncompared", nil)
	}
	holders := slices.Clone(s.Root.Holders)
	for _, r := range replace {
		from, to := r[0], r[1]
		if p, ok := s.People[to]; to != "" && (!ok || p.Online) {
			return Rotation{}, fail("no-person", nil, to)
		}
		at := slices.Index(holders, from)
		switch {
		case from != "" && at < 0:
			return Rotation{}, fail("no-holder", nil, from)
		case to != "" && slices.Contains(holders, to):
			return Rotation{}, fail("holder-twice", nil, to)
		case from == "" && to == "":
			return Rotation{}, fail("no-holder", nil, "")
		case from == "":
			holders = append(holders, to)
		case to == "":
			holders = slices.Delete(holders, at, at+1)
		default:
			holders[at] = to
		}
	}
	if threshold == 0 {
		threshold = s.Root.Threshold
	}
	if threshold < 1 || threshold > len(holders) {
		return Rotation{}, fail("threshold", nil, threshold, len(holders))
	}
	stay := 0
	for _, h := range holders {
		if slices.Contains(s.Root.Holders, h) {
			stay++
		}
	}
	if threshold+s.Root.Threshold-min(stay, threshold, s.Root.Threshold) > maxSignatures {
		return Rotation{}, fail("root-step", nil, maxSignatures)
	}
	r := &plan.Root{Number: s.Root.Number + 1, Threshold: threshold, Expires: a.o.Now().Add(rootLife).UTC().Truncate(1e9)}
	for _, h := range holders {
		r.Keys = append(r.Keys, plan.RootKey{Holder: h, Key: s.People[h].Key})
	}
	for _, p := range signers {
		if !slices.Contains(holders, p) && !slices.Contains(s.Root.Holders, p) {
			return Rotation{}, fail("no-holder", nil, p)
		}
	}
	root, err := a.Sign(r, signers...)
	if err != nil {
		return Rotation{}, fail("sign-root", err)
	}
	list, err := a.Sign(a.read().list(plan.RootPlace, a.o.Now()), signers...)
	if err != nil {
		return Rotation{}, fail("sign-list", err, plan.RootPlace)
	}
	return a.settle(root, list)
}

// ApproveRoot adds holders of the old and of the next root, in any order and on as many
// days as it takes. When there are enough of both the root is in force, and the list.
func (a *Authority) ApproveRoot(signers ...string) (Rotation, error) {
	root, list, err := a.rotation()
	if err != nil {
		return Rotation{}, err
	}
	next := root.Doc.(plan.Root)
	for _, p := range signers {
		pub := a.read().People[p].Key
		if !slices.Contains(a.read().Root.Holders, p) && !slices.ContainsFunc(next.Keys, func(k plan.RootKey) bool { return k.Holder == p && k.Key == pub }) {
			return Rotation{}, fail("no-holder", nil, p)
		}
		k, err := a.key(p)
		if err != nil {
			return Rotation{}, err
		}
		for _, is := range []*Issued{&root, &list} {
			e, err := message.Open(is.Raw)
			if err != nil {
				return Rotation{}, err
			}
			e.AddSignature(k)
			is.Raw = e.Encode()
		}
	}
	return a.settle(root, list)
}

// DropRoot forgets the step that waits.
func (a *Authority) DropRoot() error {
	root, _, err := a.rotation()
	if err != nil {
		return err
	}
	return errors.Join(a.unwait(root.Topic), a.unwait(besideRoot))
}

// Rotating is the step that waits, if one does.
func (a *Authority) Rotating() (Rotation, bool) {
	root, _, err := a.rotation()
	if err != nil {
		return Rotation{}, false
	}
	return a.progress(root), true
}

// rotation is the root that waits, and the list beside it.
func (a *Authority) rotation() (root, list Issued, err error) {
	root, ok := a.Waiting(message.RootTopic(a.read().Root.Number + 1))
	if !ok {
		return root, list, fail("no-rotation", nil)
	}
	if list, ok = a.Waiting(besideRoot); !ok {
		return root, list, fail("damaged", nil, a.pendingFile(besideRoot))
	}
	return root, list, nil
}

// besideRoot is where the list of a step waits: not where another list of the root
// would, which counts before the step is done.
var besideRoot = message.ListTopic("root-rotation")

// settle keeps what enough have signed, and lets the rest wait.
func (a *Authority) settle(root, list Issued) (Rotation, error) {
	p := a.progress(root)
	if p.Old < p.OldNeed || p.New < p.Threshold {
		list.Topic = besideRoot
		if err := a.KeepPending(list); err != nil {
			return p, err
		}
		return p, a.KeepPending(root)
	}
	v, err := a.Judge(root)
	if err != nil {
		return p, err
	}
	if v.Code != plan.Accepted {
		return p, fail("root-refused", v.Err)
	}
	// The list first: it counts under both roots. If places or grants have changed since
	// the step was proposed, it is old; see ListHolds.
	list.Topic = message.ListTopic(plan.RootPlace)
	current, _ := a.Find(list.Topic)
	if was, _ := current.Doc.(plan.List); was.Epoch() < list.Doc.(plan.List).Epoch() {
		if err := a.Keep(list); err != nil {
			return p, err
		}
	}
	if err := a.Keep(root); err != nil {
		return p, err
	}
	p.Done = true
	return p, a.unwait(besideRoot)
}

// ListHolds reports whether enough holders of the root in force have signed the root's
// list. Until they have, a new box learns nothing.
func (a *Authority) ListHolds() bool {
	list, ok := a.Find(message.ListTopic(plan.RootPlace))
	s, n := a.read(), 0
	for _, name := range a.Signers(list.Raw) {
		if slices.Contains(s.Root.Holders, name) {
			n++
		}
	}
	return ok && n >= s.Root.Threshold
}

func (a *Authority) unwait(t message.Topic) error {
	if err := os.Remove(a.pendingFile(t)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fail("keep", err, t)
	}
	return nil
}

func (a *Authority) progress(root Issued) Rotation {
	s, next := a.read(), root.Doc.(plan.Root)
	p := Rotation{Number: next.Number, Threshold: next.Threshold, OldNeed: s.Root.Threshold, Signed: a.Signers(root.Raw)}
	for _, k := range next.Keys {
		p.Holders = append(p.Holders, k.Holder)
	}
	for _, name := range p.Signed {
		if slices.Contains(s.Root.Holders, name) {
			p.Old++
		}
		if slices.Contains(p.Holders, name) {
			p.New++
		}
	}
	return p
}

// rooted writes down whose the root is now.
func (a *Authority) rooted(r plan.Root) error {
	return a.change(func(s *state) error {
		if r.Number < s.Root.Number {
			return nil
		}
		s.Root = rootState{Number: r.Number, Threshold: r.Threshold}
		for _, k := range r.Keys {
			s.Root.Holders = append(s.Root.Holders, k.Holder)
			if _, ok := s.People[k.Holder]; !ok {
				s.People[k.Holder] = Person{Key: k.Key}
			}
		}
		return nil
	})
}
