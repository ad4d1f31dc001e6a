package authority

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"loa/agent/message"
	"loa/agent/plan"
	"loa/agent/trust"
)

// Unseal opens the keys of people, so that a wrong passphrase is known before anything
// is changed.
func (a *Authority) Unseal(people ...string) error {
	for _, p := range people {
		if _, err := a.key(p); err != nil {
			return err
		}
	}
	return nil
}

// registries are the people who may sign the list of a place, in the order of their
// names, by place.
func (s state) registries(now time.Time) map[string][]string {
	who := make(map[string][]string)
	for _, g := range s.grantsAt(now) {
		if g.Issuer == plan.RootPlace && slices.Contains(g.Kinds, plan.GrantDelegate) && now.Before(g.NotAfter) && !slices.Contains(who[g.Place], g.Person) {
			who[g.Place] = append(who[g.Place], g.Person)
		}
	}
	for place := range who {
		slices.Sort(who[place])
	}
	return who
}

// Registrars are the people who may sign an issuer's list, by name.
func (a *Authority) Registrars(issuer string) []string {
	s := a.read()
	if issuer == plan.RootPlace {
		return s.Root.Holders
	}
	return s.registries(a.o.Now())[issuer]
}

// AssignAll is Assign for many boxes, in their order. They need not be registered yet.
func (a *Authority) AssignAll(wants []plan.Want, signers ...string) ([]Issued, error) {
	media := a.read().Media
	docs := make([]any, len(wants))
	for i, w := range wants {
		w.Media = media
		docs[i] = &w
	}
	return a.signAll(docs, func(int) []string { return signers })
}

// IssueLists is IssueList for many issuers, in their order; who says who signs for each.
func (a *Authority) IssueLists(issuers []string, who map[string][]string) ([]Issued, error) {
	s, now := a.read(), a.o.Now()
	all := make([]Issued, len(issuers))
	var docs []any
	var at []int
	for i, issuer := range issuers {
		l := s.list(issuer, now)
		if err := fits(l); err != nil {
			return nil, err
		}
		is, waits := a.Waiting(message.ListTopic(issuer))
		if !waits || !sameList(*l, is.Doc) {
			docs, at = append(docs, l), append(at, i)
			continue
		}
		for _, p := range who[issuer] {
			var err error
			if is, err = a.Approve(is.Raw, p); err != nil {
				return nil, err
			}
		}
		all[i] = is
	}
	fresh, err := a.signAll(docs, func(i int) []string { return who[issuers[at[i]]] })
	for i, is := range fresh {
		all[at[i]] = is
	}
	return all, err
}

// signAll is Sign for many documents, whose versions are written down at once.
func (a *Authority) signAll(docs []any, who func(int) []string) ([]Issued, error) {
	topics := make([]message.Topic, len(docs))
	for i, doc := range docs {
		head, value, err := headOf(doc)
		if err != nil {
			return nil, err
		}
		head.Format = 1
		if topics[i], err = message.TopicOf(value()); err != nil {
			return nil, err
		}
	}
	if err := a.change(func(s *state) error {
		for i, doc := range docs {
			at, err := s.stamp(topics[i].String(), a.o.Now())
			if err != nil {
				return err
			}
			head, _, _ := headOf(doc)
			head.Issued = at
		}
		return nil
	}); err != nil {
		return nil, err
	}
	all := make([]Issued, len(docs))
	for i, doc := range docs {
		_, value, _ := headOf(doc)
		is, err := a.sealed(topics[i], value(), who(i))
		if err != nil {
			return nil, err
		}
		all[i] = is
	}
	return all, nil
}

// JudgeLists is Judge for lists that come one after another.
func (a *Authority) JudgeLists(lists []Issued) ([]trust.Verdict, error) {
	all, err := a.walk(trustDir)
	if err != nil {
		return nil, err
	}
	t, err := a.trustOf(rehearser, all)
	if err != nil {
		return nil, err
	}
	verdicts := make([]trust.Verdict, len(lists))
	for i, is := range lists {
		verdicts[i] = a.feed(t, []Issued{is})
	}
	return verdicts, nil
}

// trustDir is where the roots and lists are kept.
const trustDir = "issued/loa/v1/trust"

// trustOf is what a device knows that has received these documents.
func (a *Authority) trustOf(device string, received []Issued) (*trust.Trust, error) {
	root, err := a.RootFile()
	if err != nil {
		return nil, err
	}
	first, _, _ := bytes.Cut(root, []byte("\n"))
	t, err := trust.New(first, device, trust.Opts{Now: a.boxClock})
	if err != nil {
		return nil, err
	}
	a.feed(t, received)
	return t, nil
}

// Judged are wants by what their boxes would make of them.
type Judged struct {
	Ready   []Issued // accepted
	Pending []Issued // they lack a signature
	Refused Issued   // the first that is refused, if Verdict says so
	Verdict trust.Verdict
}

// JudgeAll is Judge for wants. One box is asked for all that the same people have signed,
// that go the same way and change the same things: their verdicts differ in nothing.
func (a *Authority) JudgeAll(wants []Issued) (Judged, error) {
	var j Judged
	j.Verdict.Code = plan.Accepted
	lists, err := a.walk(trustDir)
	if err != nil {
		return j, err
	}
	nobody, err := a.trustOf(rehearser, lists)
	if err != nil {
		return j, err
	}
	asked := make(map[string]trust.Verdict)
	for _, is := range wants {
		w := is.Doc.(plan.Want)
		old, moves := a.Find(is.Topic)
		way := wayOf(is, old)
		v, ok := asked[way]
		if !ok {
			t, told := nobody, is
			if moves {
				t, err = a.trustOf(w.Device, append(slices.Clone(lists), old))
			} else {
				// All boxes that know nothing yet are alike; this one stands in for them.
				w.Device = rehearser
				told, err = a.sealed(message.DeviceTopic(rehearser, message.LeafWant), w, a.Signers(is.Raw))
			}
			if err != nil {
				return j, err
			}
			now, level := a.boxClock()
			v = t.Judge(told.Topic.String(), told.Raw, now, level)
			asked[way] = v
		}
		switch v.Code {
		case plan.Accepted:
			j.Ready = append(j.Ready, is)
		case plan.Quorum:
			j.Pending = append(j.Pending, is)
		default:
			j.Refused, j.Verdict = is, v
			return j, nil
		}
	}
	return j, nil
}

// wayOf is what a verdict about a want depends on, besides the lists: who has signed it,
// and in what it differs from the want before, if there was one.
func wayOf(is, old Issued) string {
	w := is.Doc.(plan.Want)
	way := fmt.Sprint(w.OwnPlace, w.Groups)
	if e, err := message.Open(is.Raw); err == nil {
		for _, s := range e.Signatures {
			way += " " + s.KeyID
		}
	}
	if o, ok := old.Doc.(plan.Want); ok {
		way += fmt.Sprint(" < ", o.OwnPlace, o.Groups, slices.Equal(o.Media, w.Media), o.Name == w.Name,
			reflect.DeepEqual(o.Settings, w.Settings), reflect.DeepEqual(o.Firmware, w.Firmware))
	}
	return way
}

// KeepAll is Keep for wants and lists or, if they lack a signature, KeepPending. The disk
// is waited for once.
func (a *Authority) KeepAll(all []Issued, pending bool) error {
	if len(all) == 0 {
		return nil
	}
	file := a.issuedFile
	if pending {
		file = a.pendingFile
	}
	for _, is := range all {
		if err := putFile(file(is.Topic), is.Raw); err != nil {
			return fail("keep", err, is.Topic)
		}
	}
	if err := syncDisk(a.dir); err != nil || pending {
		return err
	}
	for _, is := range all {
		os.Remove(a.pendingFile(is.Topic))
	}
	now := a.o.Now()
	return a.change(func(s *state) error {
		book := s.book()
		for _, is := range all {
			w, _ := is.Doc.(plan.Want)
			if b, ok := s.Boxes[w.Device]; ok {
				s.Boxes[w.Device] = b.assigned(book, w, now)
			}
		}
		return nil
	})
}

// putFile writes a file whole, only for its owner, and does not wait for the disk.
func putFile(name string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(name+".new", data, 0o600); err != nil {
		return err
	}
	return os.Rename(name+".new", name)
}

// syncDisk waits until everything on the disk of a folder is on it.
func syncDisk(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return unix.Syncfs(int(d.Fd()))
}
