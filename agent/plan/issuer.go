package plan

import (
	"slices"
	"strconv"
	"time"
)

// MaxDepth is how many places may stand above one another.
const MaxDepth = 8

// MaxWidth is the width of the widest place.
const MaxWidth = 7

// ExpiredKept is how long a grant or a place that has ended must stay listed,
// so that last year's report can still name who spoke.
const ExpiredKept = 400 * 24 * time.Hour

// online are the kinds of keys that lie at the dispatcher; such a key may hold nothing else.
var online = []Kind{KindBeat, GrantService}

// Speaks reports whether a grant of the kind makes boxes sound or show, or
// decides what may; its life is bounded.
func (k Kind) Speaks() bool {
	switch k {
	case KindBulletin, KindSchedule, KindPolicy, KindAlert, KindPlay, KindStop, KindLive, KindDrill, KindMute:
		return true
	}
	return false
}

// Validate says what is wrong with the root.
func (r Root) Validate() error {
	var c check
	c.head(r.Head, KindRoot)
	if r.Place != RootPlace {
		c.fail("place", "%q; write %q", r.Place, RootPlace)
	}
	c.between("number", r.Number, 1, 1<<53-1)
	if r.ID != strconv.FormatInt(r.Number, 10) {
		c.fail("id", "%q; write the number, %d", r.ID, r.Number)
	}
	c.when("expires", r.Expires)
	c.count("keys", len(r.Keys), 1, 16)
	for i, k := range r.Keys {
		at := index("keys", i)
		c.id(at+".holder", k.Holder)
		c.key(at+".key", k.Key)
		if slices.ContainsFunc(r.Keys[:i], func(o RootKey) bool { return o.Key == k.Key || o.Holder == k.Holder }) {
			c.fail(at, "a key or a holder that stands here already: every share needs its own")
		}
	}
	c.between("threshold", int64(r.Threshold), 1, int64(max(1, len(r.Keys))))
	return c.result()
}

// Validate says what is wrong with the clock reset.
func (r ClockReset) Validate() error {
	var c check
	c.head(r.Head, KindClock)
	if r.Place != RootPlace || r.ID != string(KindClock) {
		c.fail("place", "write the place %q and the id %q", RootPlace, KindClock)
	}
	c.when("floor", r.Floor)
	return c.result()
}

// Validate says what is wrong with the list in itself; whether its issuer may
// say all that is judged by trust.
func (l List) Validate() error {
	var c check
	c.head(l.Head, KindList)
	if l.Place == "" || l.Place == ClockPlace {
		c.fail("place", "write the place whose list this is, or %q", RootPlace)
	}
	if l.ID != string(KindList) {
		c.fail("id", "%q; write list", l.ID)
	}
	isOnline := map[string]bool{}
	for i, g := range l.Grants {
		at := index("grants", i)
		c.grant(at, g)
		is := slices.ContainsFunc(g.Kinds, func(k Kind) bool { return slices.Contains(online, k) })
		if was, listed := isOnline[g.Key]; listed && was != is && len(g.Kinds) > 0 {
			c.fail(at+".key", "a key at the dispatcher may hold nothing else, in no other grant either")
		}
		isOnline[g.Key] = is
	}
	c.children(l)
	if l.Place != RootPlace && len(l.Quorum) > 0 {
		c.fail("quorum", "only the root's list has the table: leave it out")
	}
	c.count("quorum", len(l.Quorum), 0, 200)
	for i, q := range l.Quorum {
		at := index("quorum", i)
		if q.Kind == "" {
			c.fail(at+".kind", "missing")
		}
		c.line(at+".kind", string(q.Kind), 40)
		c.line(at+".class", string(q.Class), 40)
		c.between(at+".width", int64(q.Width), 0, MaxWidth)
		c.between(at+".holders", int64(q.Holders), 1, 8)
	}
	return c.result()
}

func (c *check) grant(at string, g Grant) {
	c.key(at+".key", g.Key)
	c.id(at+".holder", g.Holder)
	c.id(at+".place", g.Place)
	if g.Place == ClockPlace {
		c.fail(at+".place", "%q is reserved and no place", g.Place)
	}
	if g.Office != "" {
		c.id(at+".office", g.Office)
	}
	c.count(at+".kinds", len(g.Kinds), 0, 32)
	c.count(at+".classes", len(g.Classes), 0, 16)
	for i, k := range g.Kinds {
		c.line(index(at+".kinds", i), string(k), 40)
		if slices.Contains(online, k) && slices.ContainsFunc(g.Kinds, func(o Kind) bool { return !slices.Contains(online, o) }) {
			c.fail(index(at+".kinds", i), "a key for %s lies at the dispatcher and may hold nothing else", k)
		}
	}
	for i, class := range g.Classes {
		c.line(index(at+".classes", i), string(class), 40)
	}
	if slices.Contains(g.Kinds, KindAlert) && g.Office == "" {
		c.fail(at+".office", "missing: an alert grant names the office whose slot it writes")
	}
	c.between(at+".quorum", int64(g.Quorum), 0, 8)
	c.when(at+".not_before", g.NotBefore)
	c.when(at+".not_after", g.NotAfter)
	if !g.NotAfter.After(g.NotBefore) {
		c.fail(at+".not_after", "it ends before it begins")
	}
	if slices.ContainsFunc(g.Kinds, Kind.Speaks) {
		c.life(at+".not_after", g.NotBefore, g.NotAfter, MaxGrantLife)
	}
}

// children demands that the entries, with the issuer on top, are a tree.
func (c *check) children(l List) {
	parent := map[string]string{}
	for i, child := range l.Children {
		at := index("children", i)
		c.place(at+".place", child.Place)
		c.required(at+".name", child.Name, 200)
		c.between(at+".width", int64(child.Width), 0, MaxWidth)
		if !child.From.IsZero() {
			c.when(at+".from", child.From)
		}
		if !child.Until.IsZero() {
			c.when(at+".until", child.Until)
			if !child.Until.After(child.From) {
				c.fail(at+".until", "it ends before it begins")
			}
		}
		if child.Place == l.Place {
			c.fail(at+".place", "the issuer below itself: a place cannot stand above itself")
		}
		if _, twice := parent[child.Place]; twice {
			c.fail(at+".place", "%q stands here twice: codes are never reused", child.Place)
		}
		parent[child.Place] = child.Parent
		if child.Parent == "" {
			parent[child.Place] = l.Place
		}
	}
	for i, child := range l.Children {
		at := index("children", i)
		depth := 0
		for p := child.Place; p != l.Place; depth++ {
			up, ok := parent[p]
			if !ok {
				c.fail(at+".parent", "%q is neither the issuer nor in this list: an orphan", p)
				return
			}
			if depth > MaxDepth {
				c.fail(at+".parent", "a circle, or more than %d places above one another", MaxDepth)
				return
			}
			p = up
		}
	}
}
