package authority

import (
	"encoding/base64"
	"maps"
	"slices"
	"strings"
	"time"

	"loa/agent/message"
	"loa/agent/plan"
	"loa/scripts/authority/places"
)

// A Comparison is what an authority that comes from a backup has learnt of the time
// since.
type Comparison struct {
	Adopted   []string `json:"adopted"`   // topics whose newer document a broker kept
	Passed    []string `json:"passed"`    // topics whose newer document counts no more, such as one that has expired
	Outrun    []string `json:"outrun"`    // topics of which boxes have a newer document that nobody keeps
	Strangers []string `json:"strangers"` // boxes that were taken in since
	Boxes     int      `json:"boxes"`
	Heard     int      `json:"heard"` // of these boxes have said what they have
	Done      bool     `json:"done"`  // the authority may sign lists and send
}

// Compare takes over what was issued since the backup, as far as a broker keeps it and
// a box would believe it, and passes every version that boxes have. kept are retained
// documents and beats, have the reports of boxes, by topic. It is done when the broker
// keeps the root's list or every box has reported, or when nobody wants to wait longer.
func (a *Authority) Compare(kept, have map[string][]byte, anyway bool) (Comparison, error) {
	c := Comparison{Adopted: []string{}, Passed: []string{}, Outrun: []string{}, Strangers: []string{}}
	var all []Issued
	for _, topic := range slices.Sorted(maps.Keys(kept)) {
		is, err := Read(kept[topic])
		if err == nil && is.Topic.String() == topic {
			all = append(all, is)
		}
	}
	slices.SortStableFunc(all, func(x, y Issued) int { return order(x) - order(y) })
	for _, is := range all {
		if err := a.adopt(is, &c); err != nil {
			return c, err
		}
	}
	if err := a.heed(have, &c); err != nil {
		return c, err
	}
	_, there := kept[message.ListTopic(plan.RootPlace).String()]
	c.Done = there || c.Heard == c.Boxes || anyway
	if !c.Done {
		return c, nil
	}
	return c, a.change(func(s *state) error {
		s.Restored = nil
		return nil
	})
}

// adopt keeps a broker's document if it is newer than ours and a box would take it.
func (a *Authority) adopt(is Issued, c *Comparison) error {
	topic := is.Topic.String()
	at, ok := a.versionOf(is.Doc)
	ours, have := a.Find(is.Topic)
	if mine, _ := a.versionOf(ours.Doc); !ok || have && !at.After(mine) {
		return nil
	}
	v, err := a.Judge(is)
	if err != nil || v.Code != plan.Accepted && !v.Verified {
		return nil // it is not ours, whoever put it there; or of a place that is gone
	}
	beat, isBeat := is.Doc.(plan.Beat)
	if err := a.pass(topic, at, beat.Seq); err != nil || isBeat {
		return err
	}
	if v.Code != plan.Accepted {
		c.Passed = append(c.Passed, topic)
		return nil
	}
	c.Adopted = append(c.Adopted, topic)
	switch doc := is.Doc.(type) {
	case plan.List:
		if err := a.adoptList(doc); err != nil {
			return err
		}
	case plan.Want:
		if _, known := a.read().Boxes[doc.Device]; !known {
			c.Strangers = append(c.Strangers, doc.Device)
		}
	}
	return a.Keep(is)
}

// versionOf is when a document was issued, if that can be.
func (a *Authority) versionOf(doc any) (time.Time, bool) {
	h, err := message.HeadOf(doc)
	if err != nil {
		return time.Time{}, false
	}
	return h.Issued, !h.Issued.After(a.o.Now().Add(maxAhead))
}

// pass makes sure that no version and no number comes again.
func (a *Authority) pass(topic string, at time.Time, seq int64) error {
	return a.change(func(s *state) error {
		if s.Issued[topic].Before(at) {
			s.Issued[topic] = at
		}
		if seq < 1<<52 { // of one that signed more somebody else had the key
			s.Seq = max(s.Seq, seq)
		}
		return nil
	})
}

// adoptList brings the books to what an issuer's newer list says.
func (a *Authority) adoptList(l plan.List) error {
	return a.change(func(s *state) error {
		before := maps.Clone(s.Places)
		maps.DeleteFunc(s.Places, func(_ string, p Place) bool { return p.Issuer == l.Place && p.Into == "" })
		for _, c := range l.Children {
			if c.Parent == "" && l.Place != plan.RootPlace {
				c.Parent = l.Place
			}
			old, known := before[c.Place]
			s.Places[c.Place] = old.became(c, known, l)
		}
		s.Grants = slices.DeleteFunc(s.Grants, func(g Grant) bool { return g.Issuer == l.Place })
		for _, g := range l.Grants {
			if p := s.People[g.Holder]; p.Key != g.Key {
				s.People[g.Holder] = Person{Key: g.Key, Online: slices.Contains(g.Kinds, plan.KindBeat) || slices.Contains(g.Kinds, plan.GrantService)}
			}
			s.Grants = append(s.Grants, Grant{
				Person: g.Holder, Issuer: l.Place, Place: g.Place, Office: g.Office,
				Kinds: g.Kinds, Classes: g.Classes, Quorum: g.Quorum, NotBefore: g.NotBefore, NotAfter: g.NotAfter,
			})
		}
		if l.Place == plan.RootPlace {
			s.Quorum = l.Quorum
		}
		return nil
	})
}

// heed passes the versions that boxes say they have. A box may lie about itself; it
// cannot claim more than today.
func (a *Authority) heed(have map[string][]byte, c *Comparison) error {
	latest := a.o.Now().Add(maxAhead).UnixMilli()
	seen := make(map[string]int64)
	boxes := a.Boxes()
	c.Boxes = len(boxes)
	for name, b := range boxes {
		pub, err := base64.StdEncoding.DecodeString(b.Key)
		if err != nil {
			continue
		}
		h, err := message.OpenReport[message.Have](message.ReportHave, have[message.DeviceTopic(name, message.LeafHave).String()], pub)
		if err != nil || h.Device != name {
			continue
		}
		c.Heard++
		for key, version := range h.Documents {
			if t, ok := topicOfKey(key, name); ok && version <= latest {
				seen[t.String()] = max(seen[t.String()], version)
			}
		}
		for issuer, epoch := range h.Epochs {
			if plan.ValidID(issuer) && epoch <= latest {
				t := message.ListTopic(issuer).String()
				seen[t] = max(seen[t], epoch)
			}
		}
	}
	err := a.change(func(s *state) error {
		for topic, version := range seen {
			t, err := message.ParseTopic(topic)
			if err != nil {
				continue
			}
			if at := time.UnixMilli(version); s.Issued[topic].Before(at) {
				s.Issued[topic] = at
			}
			ours, _ := a.Find(t)
			if mine, _ := a.versionOf(ours.Doc); mine.UnixMilli() >= version {
				continue
			}
			if s.Outrun == nil {
				s.Outrun = make(map[string]int64)
			}
			s.Outrun[topic] = version
			c.Outrun = append(c.Outrun, topic)
		}
		return nil
	})
	slices.Sort(c.Outrun)
	return err
}

// topicOfKey is the topic of a document that a box has.
func topicOfKey(key, device string) (message.Topic, bool) {
	l := strings.Split(key, "/")
	if len(l) != 3 {
		return message.Topic{}, false
	}
	t := message.DocTopic(l[0], plan.Kind(l[1]), l[2])
	switch plan.Kind(l[1]) {
	case plan.KindAlert:
		t = message.AlertTopic(l[0], l[2])
	case plan.KindWant:
		t = message.DeviceTopic(device, message.LeafWant)
	}
	parsed, err := message.ParseTopic(t.String())
	return parsed, err == nil
}

// Sendable reports whether a document may go out: an authority that comes from a backup
// keeps still until it was compared, and what boxes have newer they would refuse.
func (a *Authority) Sendable(is Issued) bool {
	s := a.read()
	at, _ := a.versionOf(is.Doc)
	return s.Restored == nil && at.UnixMilli() >= s.Outrun[is.Topic.String()]
}

// became is a place as a newer list has it. What was known of its past stays; what
// changed it, and when exactly, a list does not tell: it counts from the list on.
func (p Place) became(c plan.Child, known bool, l plan.List) Place {
	if !known {
		p = Place{Parent: c.Parent, Name: c.Name, Width: c.Width}
	}
	p.Issuer = l.Place
	f := places.Fact{On: l.Issued, Name: c.Name, Parent: c.Parent, Width: c.Width}
	if !c.Until.IsZero() {
		f.On, f.Into = c.Until, c.Parent
		p.Into = c.Parent
	}
	was, _ := places.Book{Places: map[string][]places.Fact{c.Place: p.facts()}}.At(c.Place, l.Issued)
	if was.On, was.Keep = f.On, false; was != f {
		p.Changes = append(slices.DeleteFunc(slices.Clone(p.Changes), func(o places.Fact) bool { return !o.On.Before(f.On) }), f)
	}
	return p
}
