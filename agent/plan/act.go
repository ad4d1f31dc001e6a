package plan

import (
	"slices"
	"time"
)

// actFields says which fields an act of each kind has beside its head and until.
var actFields = map[Kind][]string{
	KindPlay:     {"item", "class", "repeat", "volume_percent", "for_s"},
	KindStop:     {"classes", "reason"},
	KindLive:     {"session_key", "item", "for_s", "volume_percent", "reason"},
	KindDrill:    {"item", "repeat", "volume_percent", "for_s"},
	KindMute:     {"mute_until", "reason"},
	KindTest:     {"command"},
	KindIdentify: {},
	KindAsk:      {"command"},
	KindAcked:    {"seq", "head"},
}

// actPlaces are the acts that a whole place may be told; the others are for one box.
var actPlaces = []Kind{KindPlay, KindStop, KindLive, KindDrill}

// actBoxes are the acts that one box may be told.
var actBoxes = []Kind{KindPlay, KindStop, KindMute, KindTest, KindIdentify, KindAsk, KindAcked}

// Ends is when nothing is left of the act: it may begin before Until, and what
// it began lasts ForS longer at most.
func (a Act) Ends() time.Time {
	end := a.Until.Add(time.Duration(a.ForS) * time.Second)
	if a.MuteUntil.After(end) {
		return a.MuteUntil
	}
	return end
}

// actMemory is how long an act that never had its turn is kept after its end, so
// that someone writes that down.
const actMemory = 2 * time.Minute

// Forgotten reports whether nothing is left of the act at now, not even what is
// to be said of it.
func (a Act) Forgotten(now time.Time) bool {
	end := a.Ends()
	if a.Kind == KindPlay || a.Kind == KindDrill || a.Kind == KindLive {
		end = end.Add(actMemory)
	}
	return !now.Before(end)
}

// Supersedes reports whether a is a mute that takes the place of the mute b: the
// newer of the same signer place counts, so that a mute can be cut short. A mute
// that two holders signed, which silences emergencies too, takes two to end.
func (a Act) Supersedes(b Act) bool {
	return a.Kind == KindMute && b.Kind == KindMute && a.Proof.Signer == b.Proof.Signer &&
		a.Issued.After(b.Issued) && (len(b.Proof.Holders) < 2 || len(a.Proof.Holders) >= 2)
}

// Validate says what is wrong with the act.
func (a Act) Validate() error {
	var c check
	if a.Device != "" {
		c.head(a.Head, actBoxes...)
	} else {
		c.broadcast(a.Head, actPlaces...)
	}
	c.when("until", a.Until)
	if !a.Until.After(a.Issued) {
		c.fail("until", "it ends before it begins")
	}
	c.life("until", a.Issued, a.Until, MaxActLife)
	c.onlyFields(a)
	c.between("repeat", int64(a.Repeat), 0, 20)
	c.percent("volume_percent", a.VolumePercent)
	c.between("for_s", int64(a.ForS), 0, 6*3600)
	c.line("reason", a.Reason, 300)
	switch a.Kind {
	case KindPlay:
		c.play(a)
	case KindDrill:
		if a.Item == nil || a.Item.Ref == nil {
			c.fail("item.ref", "missing: a drill plays a bulletin of class drill")
			break
		}
		c.item("item", *a.Item)
	case KindStop:
		c.count("classes", len(a.Classes), 1, 7)
		for i, class := range a.Classes {
			enum(&c, index("classes", i), class, Emergency, Live, Drill, PriorityC, Normal, Filler, Test)
			if slices.Contains(a.Classes[:i], class) {
				c.fail(index("classes", i), "%q stands here twice", class)
			}
		}
	case KindLive:
		c.key("session_key", a.SessionKey)
		c.between("for_s", int64(a.ForS), 1, 6*3600)
		if a.Item != nil {
			c.item("item", *a.Item)
			if a.Item.Chime == "" {
				c.fail("item", "before live talk goes a chime and nothing else")
			}
		}
	case KindMute:
		c.when("mute_until", a.MuteUntil)
		if !a.MuteUntil.After(a.Issued) {
			c.fail("mute_until", "it ends before it begins")
		}
		c.life("mute_until", a.Issued, a.MuteUntil, MaxMute)
	case KindTest:
		c.id("command", a.Command)
	case KindAsk:
		c.required("command", a.Command, 200)
	case KindAcked:
		c.between("seq", a.Seq, 1, 1<<53-1)
		c.sha("head", a.HeadHash)
	}
	return c.result()
}

func (c *check) play(a Act) {
	if a.Item == nil {
		c.fail("item", "missing: write what is to be played")
		return
	}
	c.item("item", *a.Item)
	if a.Item.Chime == "" {
		if a.Class != "" {
			c.fail("class", "it follows from what is played: leave it out")
		}
		return
	}
	enum(c, "class", a.Class, Normal, PriorityC, Filler, Test)
}

// onlyFields refuses what belongs to another kind of act: a field that a box
// would ignore is one that its author misunderstood.
func (c *check) onlyFields(a Act) {
	for _, f := range []struct {
		name string
		set  bool
	}{
		{"item", a.Item != nil},
		{"class", a.Class != ""},
		{"repeat", a.Repeat != 0},
		{"volume_percent", a.VolumePercent != 0},
		{"for_s", a.ForS != 0},
		{"classes", a.Classes != nil},
		{"mute_until", !a.MuteUntil.IsZero()},
		{"reason", a.Reason != ""},
		{"session_key", a.SessionKey != ""},
		{"command", a.Command != ""},
		{"seq", a.Seq != 0},
		{"head", a.HeadHash != ""},
	} {
		if f.set && !slices.Contains(actFields[a.Kind], f.name) {
			c.fail(f.name, "it does not belong to %s: leave it out", a.Kind)
		}
	}
}
