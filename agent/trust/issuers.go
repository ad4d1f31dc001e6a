package trust

import (
	"bytes"
	"crypto/ed25519"
	"fmt"
	"slices"
	"time"

	"loa/agent/clock"
	"loa/agent/message"
	"loa/agent/plan"
)

// rootKeys finds the keys of a root document by key id.
func rootKeys(r plan.Root) func(string) ed25519.PublicKey {
	keys := map[string]ed25519.PublicKey{}
	for _, k := range r.Keys {
		if pub, err := plan.ParseKey(k.Key); err == nil {
			keys[message.KeyID(pub)] = pub
		}
	}
	return func(id string) ed25519.PublicKey { return keys[id] }
}

// signedByRoot demands the threshold of a root document's keys. Holders of a
// root document are distinct, so keys count as people.
func signedByRoot(e message.Envelope, r plan.Root) (keys []string, err error) {
	pub := rootKeys(r)
	pae := message.PAE(e.PayloadType, e.Payload)
	for i, s := range e.Signatures {
		key := pub(s.KeyID)
		if key == nil {
			continue
		}
		if !ed25519.Verify(key, pae, s.Sig) {
			return nil, refuse(plan.Signature, fmt.Sprintf("signatures[%d]", i), "it does not fit the payload and the root key %.12s…", s.KeyID)
		}
		keys = append(keys, s.KeyID)
	}
	if len(keys) == 0 {
		return nil, refuse(plan.UnknownKey, "signatures", "no key of root %d signed", r.Number)
	}
	if len(keys) < r.Threshold {
		return keys, refuse(plan.Quorum, "signatures", "%d keys of root %d signed; %d are needed", len(keys), r.Number, r.Threshold)
	}
	return keys, nil
}

// root takes the root document that follows the one in force. Time has no say:
// a box whose clock is wrong must be able to learn whom to ask.
func (j *judgement) root(r plan.Root) error {
	mine := j.t.s.root
	_, err := signedByRoot(j.e, mine)
	if err == nil || codeOf(err) == plan.Quorum {
		j.v.Verified = true
	}
	if r.Number <= mine.Number {
		digest, known := j.t.s.Digests[r.Number]
		if known && err != nil {
			return err
		}
		if known && digest != j.v.SHA256 {
			return refuse(plan.Conflict, "number", "another root %d is known", r.Number)
		}
		return refuse(plan.Replay, "number", "root %d; root %d is in force", r.Number, mine.Number)
	}
	if r.Number > mine.Number+1 {
		// Its keys may be strangers by now; what is missing comes first anyway.
		return refuse(plan.Stale, "number", "root %d; root %d must come first", r.Number, mine.Number+1)
	}
	if err != nil {
		return err
	}
	if _, err := signedByRoot(j.e, r); err != nil {
		if codeOf(err) == plan.UnknownKey {
			err = refuse(plan.Quorum, "signatures", "none of root %d's own keys signed; %d are needed", r.Number, r.Threshold)
		}
		return err
	}
	payload := bytes.Clone(j.e.Payload)
	j.v.Persist, j.v.Rejudge = true, true
	j.accept(plan.Proof{SHA256: j.v.SHA256, Signer: plan.RootPlace}, func(t *Trust) { t.s.setRoot(r, payload) })
	return nil
}

// clockReset lowers the clock's floor. It is ordered by version: a box that
// learned a time in 2100 would find any other document old.
func (j *judgement) clockReset(r plan.ClockReset) error {
	if err := j.byRoot(); err != nil {
		return err
	}
	if err := j.newer(j.t.s.Clock, plan.Replay); err != nil {
		return err
	}
	rec := record{Version: r.Version(), SHA256: j.v.SHA256, Keys: j.keys, At: j.now}
	j.v.Persist = true
	j.accept(plan.Proof{SHA256: j.v.SHA256, Signer: plan.RootPlace}, func(t *Trust) { t.s.Clock = rec })
	return nil
}

func (j *judgement) byRoot() error {
	keys, err := signedByRoot(j.e, j.t.s.root)
	j.keys = keys
	j.v.Verified = len(keys) > 0
	return err
}

// list takes one issuer's complete list in place of the one before.
func (j *judgement) list(l plan.List) error {
	var err error
	if l.Place == plan.RootPlace {
		err = j.byRoot()
	} else {
		err = j.delegateList(l)
	}
	if err != nil {
		return err
	}
	if j.late != nil {
		return j.late
	}
	if old, ok := j.t.s.lists[l.Place]; ok {
		rec := record{Version: old.Epoch(), SHA256: message.Digest(j.t.s.Lists[l.Place].Payload)}
		if err := j.newer(rec, plan.Rollback); err != nil {
			return err
		}
	}
	if err := j.depths(l); err != nil {
		return err
	}
	payload, keys, now := bytes.Clone(j.e.Payload), j.keys, j.now
	j.v.Persist, j.v.Rejudge = true, true
	j.accept(plan.Proof{SHA256: j.v.SHA256, Signer: l.Place}, func(t *Trust) {
		t.s.Lists[l.Place], t.s.lists[l.Place] = issued{payload, keys}, l
		t.reindex(now)
	})
	return nil
}

// delegateList demands two holders whom the root named issuers of this place,
// and that they hand on only what they hold, below their place.
func (j *judgement) delegateList(l plan.List) error {
	x := &j.t.x
	if err := j.signatures(x.pub); err != nil {
		return err
	}
	granters := x.delegates(l.Place, j.keys)
	if len(granters) == 0 {
		return refuse(plan.Scope, "place", "the root names none of the signers an issuer of %s", l.Place)
	}
	if _, ok := x.above(l.Place, j.now); !ok {
		return refuse(plan.Scope, "place", "no list registers the place %s", l.Place)
	}
	table, _ := x.need(claim{place: l.Place, kind: plan.GrantDelegate}, j.now)
	granters, _ = quorum(granters, table)
	if granters == nil {
		return refuse(plan.Quorum, "signatures", "too few issuers of %s signed; %d are needed", l.Place, table)
	}
	for i, g := range l.Grants {
		if err := j.handsOn(fmt.Sprintf("grants[%d]", i), l, g, granters); err != nil {
			return err
		}
	}
	for i, c := range l.Children {
		if err := j.below(fmt.Sprintf("children[%d]", i), l, c); err != nil {
			return err
		}
	}
	if err := j.issuedInTime(clock.RTC); err != nil {
		return err
	}
	running := slices.DeleteFunc(slices.Clone(granters), func(h held) bool {
		return j.now.Before(h.NotBefore) || !j.now.Before(h.NotAfter)
	})
	if enough, _ := quorum(running, table); enough == nil {
		return refuse(plan.Expired, "signatures", "the authority of an issuer has ended or has not begun")
	}
	return nil
}

func (j *judgement) handsOn(at string, l plan.List, g plan.Grant, granters []held) error {
	if g.Place == l.Place || !registers(l, g.Place) && !j.t.x.covers(l.Place, g.Place, j.now) {
		return refuse(plan.Scope, at+".place", "%s is not below %s", g.Place, l.Place)
	}
	for _, k := range g.Kinds {
		if slices.Contains(rootOnly, k) {
			return refuse(plan.WrongKind, at+".kinds", "only the root grants %s", k)
		}
	}
	over := slices.DeleteFunc(slices.Clone(granters), func(h held) bool { return !hasKinds(g, h.Grant) })
	if distinct(over) < rootHolders {
		return refuse(plan.WrongKind, at+".kinds", "a kind that the issuers do not hold themselves")
	}
	over = slices.DeleteFunc(over, func(h held) bool { return !subset(g, h.Grant) })
	if distinct(over) < rootHolders {
		return refuse(plan.WrongClass, at+".classes", "a class that the issuers do not hold themselves")
	}
	over = slices.DeleteFunc(over, func(h held) bool { return g.NotAfter.After(h.NotAfter) })
	if distinct(over) < rootHolders {
		return refuse(plan.Lifetime, at+".not_after", "it outlives the authority that grants it")
	}
	return nil
}

func hasKinds(g, granter plan.Grant) bool {
	g.Classes = nil
	return subset(g, granter)
}

// below demands that a child place is no one else's, is no wider than its
// issuer, and is not the issuer's own ancestor.
func (j *judgement) below(at string, l plan.List, c plan.Child) error {
	x := &j.t.x
	if up, _ := x.above(l.Place, j.now); slices.Contains(up, c.Place) {
		return refuse(plan.Malformed, at+".place", "%s stands above %s: a circle", c.Place, l.Place)
	}
	for _, e := range x.places[c.Place] {
		if e.issuer != l.Place && overlap(e.Child, c) {
			return refuse(plan.Conflict, at+".place", "%s is a place of %s at the same time", c.Place, e.issuer)
		}
	}
	if c.Width > x.width(l.Place, j.now) {
		return refuse(plan.Scope, at+".width", "wider than %s itself", l.Place)
	}
	return nil
}

func overlap(a, b plan.Child) bool {
	return (a.Until.IsZero() || b.From.Before(a.Until)) && (b.Until.IsZero() || a.From.Before(b.Until))
}

// depths demands that with the new list no place has more than plan.MaxDepth
// places above it and none stands above itself. Entries of all times count, so
// that no date makes a circle of what is a tree today.
func (j *judgement) depths(l plan.List) error {
	parents := map[string][]string{}
	add := func(l plan.List) {
		for _, c := range l.Children {
			p := c.Parent
			if p == "" {
				p = l.Place
			}
			parents[c.Place] = append(parents[c.Place], p)
		}
	}
	add(l)
	for issuer, other := range j.t.s.lists {
		if issuer != l.Place {
			add(other)
		}
	}
	var climb func(place string, depth int) bool
	climb = func(place string, depth int) bool {
		if depth > plan.MaxDepth {
			return false
		}
		for _, p := range parents[place] {
			if p != plan.RootPlace && !climb(p, depth+1) {
				return false
			}
		}
		return true
	}
	for i, c := range l.Children {
		if !climb(c.Place, 0) {
			return refuse(plan.Malformed, fmt.Sprintf("children[%d]", i), "%s stands in a circle, or below more than %d places", c.Place, plan.MaxDepth)
		}
	}
	return nil
}

func registers(l plan.List, place string) bool {
	return slices.ContainsFunc(l.Children, func(c plan.Child) bool { return c.Place == place })
}

// reindex takes the lists anew and remembers the keys that lost their last grant.
func (t *Trust) reindex(now time.Time) {
	before := t.x.keys
	t.x = indexOf(&t.s, t.o.Built)
	for id := range before {
		if t.x.keys[id] == nil {
			t.s.Revoked[id] = now
		}
	}
	for id := range t.x.keys {
		delete(t.s.Revoked, id)
	}
	for len(t.s.Revoked) > maxRevoked {
		oldest := ""
		for id, at := range t.s.Revoked {
			if oldest == "" || at.Before(t.s.Revoked[oldest]) {
				oldest = id
			}
		}
		delete(t.s.Revoked, oldest)
	}
}

func codeOf(err error) plan.Code {
	if e, ok := err.(*plan.Error); ok {
		return e.Code
	}
	return plan.Malformed
}
