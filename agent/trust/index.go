package trust

import (
	"crypto/ed25519"
	"slices"
	"strings"
	"time"

	"loa/agent/message"
	"loa/agent/plan"
)

// index is what the lists in force say together: which places there are, and
// who holds what. It is made anew whenever a list changes.
type index struct {
	places map[string][]entry // by code; a place that moved has several, of different times
	keys   map[string]*signer // by key id
	quorum []plan.QuorumRule
	built  time.Time // a clock that is behind the software reads the registry as of then
}

// entry is one issuer's registration of a place.
type entry struct {
	plan.Child
	issuer string
	parent string
}

// signer is a key with all its grants.
type signer struct {
	pub    ed25519.PublicKey
	grants []held
}

// held is a grant as it counts: a delegate's grants end with the delegate's own.
type held struct {
	plan.Grant
	keyID  string
	issuer string
	listed bool // by the root itself
}

// rootOnly are the kinds that need two holders whom the root itself listed, so
// that only the root's list may grant them.
var rootOnly = []plan.Kind{plan.GrantDelegate, plan.GrantAssign, plan.GrantFirmware}

// rootHolders is how many root-listed holders these kinds, and an emergency in
// a wide place, need at least, whatever the table says.
const rootHolders = 2

// indexOf takes the root's list and every delegate's list whose signers the
// root's list still names.
func indexOf(s *state, built time.Time) index {
	x := index{built: built, places: map[string][]entry{}, keys: map[string]*signer{}}
	root := s.lists[plan.RootPlace]
	x.quorum = root.Quorum
	x.register(root)
	for _, g := range root.Grants {
		x.hold(g, plan.RootPlace)
	}
	// The grants of delegates are looked at in the light of the root's list
	// alone, so that no delegate's list can change the worth of another's.
	light := index{places: x.places, keys: x.keys}
	var lists []plan.List
	for _, issuer := range sorted(s.Lists) {
		if issuer == plan.RootPlace {
			continue
		}
		l, keys := s.lists[issuer], s.Lists[issuer].Keys
		if granters := light.delegates(issuer, keys); distinct(granters) >= rootHolders {
			l.Grants = within(l.Grants, granters)
			lists = append(lists, l)
		}
	}
	for _, l := range lists {
		x.register(l)
	}
	for _, l := range lists {
		for _, g := range l.Grants {
			x.hold(g, l.Place)
		}
	}
	x.partOnline()
	return x
}

func (x *index) register(l plan.List) {
	for _, c := range l.Children {
		parent := c.Parent
		if parent == "" {
			parent = l.Place
		}
		x.places[c.Place] = append(x.places[c.Place], entry{Child: c, issuer: l.Place, parent: parent})
	}
}

func (x *index) hold(g plan.Grant, issuer string) {
	pub, err := plan.ParseKey(g.Key)
	if err != nil {
		return // cannot be: the list was validated
	}
	id := message.KeyID(pub)
	k := x.keys[id]
	if k == nil {
		k = &signer{pub: pub}
		x.keys[id] = k
	}
	k.grants = append(k.grants, held{Grant: g, keyID: id, issuer: issuer, listed: issuer == plan.RootPlace})
}

// partOnline keeps keys that lie at the dispatcher apart from all others, also
// when two issuers list one key: the root's word counts, and a delegate can
// neither let an online key speak nor silence a key by calling it online.
func (x *index) partOnline() {
	for _, k := range x.keys {
		rootOnline := slices.ContainsFunc(k.grants, func(h held) bool { return h.listed && onlineGrant(h.Grant) })
		speaks := slices.ContainsFunc(k.grants, func(h held) bool { return !onlineGrant(h.Grant) })
		if !speaks {
			continue
		}
		k.grants = slices.DeleteFunc(k.grants, func(h held) bool { return onlineGrant(h.Grant) != rootOnline })
	}
}

func onlineGrant(g plan.Grant) bool {
	return slices.Contains(g.Kinds, plan.KindBeat) || slices.Contains(g.Kinds, plan.GrantService)
}

// delegates are the root's grants by which keys may publish the list of a place.
func (x *index) delegates(place string, keys []string) []held {
	var g []held
	for _, id := range keys {
		if k := x.keys[id]; k != nil {
			for _, h := range k.grants {
				if h.listed && h.Place == place && slices.Contains(h.Kinds, plan.GrantDelegate) {
					g = append(g, h)
				}
			}
		}
	}
	return g
}

// within keeps of a delegate's grants what the granters' own still allow, and
// lets them end together.
func within(grants []plan.Grant, granters []held) []plan.Grant {
	var kept []plan.Grant
	for _, g := range grants {
		over := slices.DeleteFunc(slices.Clone(granters), func(h held) bool { return !subset(g, h.Grant) })
		if distinct(over) < rootHolders {
			continue
		}
		// The first whose end leaves fewer than two ends the grant too.
		slices.SortFunc(over, func(a, b held) int { return b.NotAfter.Compare(a.NotAfter) })
		for n := range over {
			if distinct(over[:n+1]) >= rootHolders {
				if end := over[n].NotAfter; end.Before(g.NotAfter) {
					g.NotAfter = end
				}
				break
			}
		}
		kept = append(kept, g)
	}
	return kept
}

// subset reports whether every kind and class of g is one that the granter holds too.
func subset(g, granter plan.Grant) bool {
	for _, k := range g.Kinds {
		if !slices.Contains(granter.Kinds, k) {
			return false
		}
	}
	for _, c := range g.Classes {
		if !slices.Contains(granter.Classes, c) {
			return false
		}
	}
	return true
}

// at is the registration of a place that counts at now. A delegate's list that
// claims a place of another issuer is refused when it comes; should the root
// claim it later, the root's word, which stands first, counts. A place that has
// ended stays where it was last: a box that nobody has moved yet, the day after
// communes have merged, must still hear an alarm.
func (x *index) at(place string, now time.Time) (entry, bool) {
	if now.Before(x.built) {
		now = x.built
	}
	var last entry
	ended := false
	for _, e := range x.places[place] {
		if e.At(now) {
			return e, true
		}
		if !e.Until.IsZero() && !now.Before(e.Until) && e.Until.After(last.Until) {
			last, ended = e, true
		}
	}
	return last, ended
}

// above are the places above place, nearest first, without the root. It is
// false for a place that no list registers.
func (x *index) above(place string, now time.Time) ([]string, bool) {
	var up []string
	for at := place; ; {
		e, ok := x.at(at, now)
		if !ok {
			return nil, false
		}
		if e.parent == plan.RootPlace {
			return up, true
		}
		if len(up) == plan.MaxDepth {
			return nil, false
		}
		up = append(up, e.parent)
		at = e.parent
	}
}

// covers reports whether over is target or above it.
func (x *index) covers(over, target string, now time.Time) bool {
	if over == target || over == plan.RootPlace {
		return true
	}
	up, _ := x.above(target, now)
	return slices.Contains(up, over)
}

func (x *index) width(place string, now time.Time) int {
	e, _ := x.at(place, now)
	return e.Width
}

// people are the distinct holders, by name. Two grants are two people's only if
// neither the key nor the holder is the same, also by way of a third; of people
// with several names it is the first in the alphabet.
func people(grants []held) []string {
	name := map[string]string{} // keys and holders → the one whose they are
	find := func(id string) string {
		for name[id] != "" && name[id] != id {
			id = name[id]
		}
		return id
	}
	for _, h := range grants {
		a, b := find("key "+h.keyID), find("holder "+h.Holder)
		name[a], name[b] = min(a, b), min(a, b) // "holder" sorts before "key"
	}
	var names []string
	for _, h := range grants {
		names = append(names, strings.TrimPrefix(find("holder "+h.Holder), "holder "))
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func distinct(grants []held) int { return len(people(grants)) }

func sorted[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
