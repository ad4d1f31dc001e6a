package trust

import (
	"slices"
	"time"

	"loa/agent/plan"
)

// A claim is what a message asks for: to say something of a kind and class to a place.
type claim struct {
	place  string // empty: to a box that nobody has assigned; then only the root's grants count
	kind   plan.Kind
	class  plan.Class // empty: the kind has none
	office string     // whose alert slot; empty: any
	least  int        // holders, whatever the table says; 0: as the table says
	lower  bool       // least is also the most that is asked for: all clear
}

// proof is who stands behind a message.
type proof struct {
	grants []held
}

// authorise looks for enough distinct holders among keys whose grants carry the
// claim. With a zero now it does not ask whether they still run: their mere end
// does not revoke what was accepted before.
func (x *index) authorise(keys []string, c claim, at, now time.Time) (proof, error) {
	var all []held
	for _, id := range keys {
		if k := x.keys[id]; k != nil {
			all = append(all, k.grants...)
		}
	}
	keep := func(f func(held) bool) bool {
		all = slices.DeleteFunc(all, func(h held) bool { return !f(h) })
		return len(all) > 0
	}
	if c.place == "" {
		if !keep(func(h held) bool { return h.listed }) {
			return proof{}, refuse(plan.Scope, "device", "nobody has assigned this box; only those whom the root lists may speak to it")
		}
	} else if !keep(func(h held) bool { return x.covers(h.Place, c.place, at) && x.covers(h.issuer, c.place, at) }) {
		return proof{}, refuse(plan.Scope, "place", "no grant of the signers covers %s", c.place)
	}
	if c.kind == plan.KindAlert && c.office != "" {
		ours := func(h held) bool { return !slices.Contains(h.Kinds, plan.KindAlert) || h.Office == c.office }
		if !keep(ours) {
			return proof{}, refuse(plan.Scope, "office", "the signers hold the slots of other offices, not that of %s", c.office)
		}
	}
	if !keep(func(h held) bool { return slices.Contains(h.Kinds, c.kind) }) {
		return proof{}, refuse(plan.WrongKind, "kind", "no grant of the signers names %s", c.kind)
	}
	if c.class != "" && !keep(func(h held) bool { return slices.Contains(h.Classes, c.class) }) {
		return proof{}, refuse(plan.WrongClass, "class", "no grant of the signers names %s", c.class)
	}
	need, listed := x.need(c, at)
	if listed && !keep(func(h held) bool { return h.listed }) {
		return proof{}, refuse(plan.Quorum, "signatures", "%s needs %d holders whom the root itself lists", c.kind, need)
	}
	enough, most := quorum(all, need)
	if enough == nil {
		return proof{}, refuse(plan.Quorum, "signatures", "%d holders signed; %d are needed", distinct(all), most)
	}
	if now.IsZero() {
		return proof{enough}, nil
	}
	running := slices.DeleteFunc(slices.Clone(all), func(h held) bool { return now.Before(h.NotBefore) || !now.Before(h.NotAfter) })
	if enough, _ = quorum(running, need); enough == nil {
		if slices.ContainsFunc(all, func(h held) bool { return now.Before(h.NotBefore) }) {
			return proof{}, refuse(plan.NotYet, "signatures", "a signer's grant has not begun")
		}
		return proof{}, refuse(plan.Expired, "signatures", "a signer's grant has ended")
	}
	return proof{enough}, nil
}

// need is how many distinct holders the claim takes, and whether the root
// itself must list them.
func (x *index) need(c claim, at time.Time) (n int, listed bool) {
	if c.lower {
		return c.least, false
	}
	n = max(1, c.least)
	width := x.width(c.place, at)
	for _, q := range x.quorum {
		if q.Kind == c.kind && (q.Class == "" || q.Class == c.class) && width >= q.Width {
			n = max(n, q.Holders)
		}
	}
	wide := c.class == plan.Emergency && width > 0
	if wide || slices.Contains(rootOnly, c.kind) {
		return max(n, rootHolders), true
	}
	return n, false
}

// quorum picks the grants that are enough together. A grant may ask for more
// company than the table, never for less. It is nil when there are too few; most
// is then how many would do.
func quorum(grants []held, need int) (enough []held, most int) {
	most = need
	for n := need; n <= 8; n++ {
		fits := slices.DeleteFunc(slices.Clone(grants), func(h held) bool { return h.Quorum > n })
		if len(fits) > 0 && distinct(fits) >= n {
			return fits, n
		}
	}
	for _, h := range grants {
		most = max(most, h.Quorum)
	}
	return nil, most
}

// and joins two proofs of one message.
func (p proof) and(o proof) proof {
	return proof{append(slices.Clone(p.grants), o.grants...)}
}

// holders are the distinct people, by name.
func (p proof) holders() []string { return people(p.grants) }

// all demands every one of the claims, as authorise does.
func (j *judgement) all(claims []claim, now time.Time) (proof, error) {
	var all proof
	for _, c := range claims {
		p, err := j.t.x.authorise(j.keys, c, j.now, now)
		if err != nil {
			return proof{}, err
		}
		all = all.and(p)
	}
	return all, nil
}

// widest is the place of the grant that stands highest above the target, and how
// high: sound limits count per signer place.
func (x *index) widest(p proof, target string, at time.Time) (best string, rank int) {
	up, _ := x.above(target, at)
	chain := append([]string{target}, up...)
	rank = -1
	for _, h := range p.grants {
		r := slices.Index(chain, h.Place)
		if h.Place == plan.RootPlace {
			r = len(chain)
		}
		if r > rank {
			best, rank = h.Place, r
		}
	}
	return best, rank
}
