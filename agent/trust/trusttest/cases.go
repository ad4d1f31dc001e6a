package trusttest

import (
	"time"

	"loa/agent/clock"
	"loa/agent/plan"
	"loa/agent/trust"
)

// A Case is one attack, or one thing that must not be mistaken for an attack.
type Case struct {
	Name   string
	Bare   bool      // without the world's Setup: the box knows its root only
	Before []Message // arrives first and is accepted, sure of the time
	Reboot bool      // the box restarts between Before and the message
	Asked  *trust.Question

	Message
	Live  bool          // the message is a packet of live talk
	After time.Duration // when it comes, after the world's Now
	Level clock.Level
	Want  plan.Code
	Same  bool // known already: nothing is said or done
	// Room names whoever refuses when it is not trust, which accepts: policy,
	// relay or media.
	Room string
}

// Cases is the table of attacks. Those of one heading are judged in the order of
// acceptance.
func (w *World) Cases() []Case {
	var all []Case
	for _, heading := range []func() []Case{
		w.forms, w.addresses, w.authority, w.quorums, w.lists, w.roots, w.times, w.repeats, w.alarms, w.acts, w.wants, w.answers, w.live, w.local,
	} {
		all = append(all, heading()...)
	}
	for i := range all {
		if all[i].Level == 0 {
			all[i].Level = clock.Signed
		}
	}
	return all
}

// Unsure stands for a box that knows no time: the zero level is "not said" in a Case.
const Unsure = clock.Floor

func (w *World) addresses() []Case {
	note := w.Bulletin(Commune, "note", plan.Normal)
	sealed := Seal(note, Author1)
	act := Seal(w.Gong(Commune, "gong-1"), Author1)
	otherWant := w.Want()
	otherWant.Device = "box-2"
	moved := Seal(otherWant, Prov1, Prov2)
	return []Case{
		{Name: "commune message moved to the province topic", Message: Message{"loa/v1/p/74/doc/bulletin/note", sealed.Raw}, Want: plan.NotAddressed},
		{Name: "commune message moved to the sibling's topic", Message: Message{"loa/v1/p/26735/doc/bulletin/note", sealed.Raw}, Want: plan.NotAddressed},
		{Name: "act moved to the province topic", Message: Message{"loa/v1/p/74/act", act.Raw}, Want: plan.NotAddressed},
		{Name: "act moved to the box's own topic", Message: Message{"loa/v1/d/box-1/cmd", act.Raw}, Want: plan.NotAddressed},
		{Name: "the sibling's own message", Message: Seal(w.Bulletin(Sibling, "note", plan.Normal), Neighbour), Want: plan.NotAddressed},
		{Name: "another province's message", Message: Seal(w.Bulletin(Other, "note", plan.Normal), Other1), Want: plan.NotAddressed},
		{Name: "another box's want", Message: moved, Want: plan.NotAddressed},
		{Name: "another box's want on this box's topic", Message: Message{"loa/v1/d/box-1/want", moved.Raw}, Want: plan.NotAddressed},
		{Name: "the group's message", Message: Seal(w.Bulletin(Market, "note", plan.Normal), Prov1), Want: plan.Accepted},
		{Name: "the province's message", Message: Seal(w.Bulletin(Province, "note", plan.Normal), Prov1), Want: plan.Accepted},
		{Name: "the commune's message", Message: sealed, Want: plan.Accepted},
	}
}

func (w *World) authority() []Case {
	urgent := w.Bulletin(Commune, "flood", plan.Emergency)
	item := plan.Item{Ref: RefTo(urgent)}
	slot := Seal(w.Schedule(Commune, "daily", item), Author1)
	exercise := w.Bulletin(Commune, "exercise", plan.Drill)
	drilled := func(way plan.Rehearse, b plan.Bulletin) plan.Schedule {
		s := w.Schedule(Commune, "drills", plan.Item{Ref: RefTo(b)})
		s.Slots[0].Drill = way
		return s
	}
	relay := plan.Item{Relay: &plan.Relay{URLs: []string{"https://radio.example.vn/live"}, Title: "VOV1", Class: plan.PriorityC, Origin: plan.Higher, Lang: "vi"}}
	return []Case{
		{Name: "a key that no list names", Message: Seal(w.Gong(Commune, "gong-1"), Stranger), Want: plan.UnknownKey},
		{Name: "a stranger's signature beside a good one", Message: Seal(w.Gong(Commune, "gong-1"), Stranger, Author1), Want: plan.Accepted},
		{Name: "a signature of something else", Message: forged(w.Gong(Commune, "gong-1"), Author1), Want: plan.Signature},
		{Name: "a bad signature beside a good one", Message: forged(w.Gong(Commune, "gong-1"), Author2, Author1), Want: plan.Signature},
		{Name: "a bit of the payload flipped", Message: flipped(Seal(w.Gong(Commune, "gong-1"), Author1)), Want: plan.Signature},
		{Name: "a commune speaks for the province", Message: Seal(w.Bulletin(Province, "note", plan.Normal), Author1), Want: plan.Scope},
		{Name: "the neighbour speaks for the commune", Message: Seal(w.Bulletin(Commune, "note", plan.Normal), Neighbour), Want: plan.Scope},
		{Name: "another province speaks for the commune", Message: Seal(w.Gong(Commune, "gong-1"), Other1), Want: plan.Scope},
		{Name: "a bulletin key signs a schedule", Message: Seal(w.Schedule(Commune, "daily", plan.Item{Chime: "gong"}), Reader), Want: plan.WrongKind},
		{Name: "the beat key signs a mute", Message: Seal(w.Mute("mute-1", time.Hour), Pulse), Want: plan.WrongKind},
		{Name: "the service key plays", Message: Seal(w.Gong(Commune, "gong-1"), Desk), Want: plan.WrongKind},
		{Name: "an author without alerts warns", Message: Seal(w.Alerts(Commune, Office, "a1"), Author1, Author2), Want: plan.WrongKind},
		{Name: "a normal grant sends an emergency bulletin", Message: Seal(urgent, Reader), Want: plan.WrongClass},
		{Name: "a play of another's emergency bulletin", Before: []Message{Seal(urgent, Warner1)}, Message: Seal(w.Play(Commune, "play-1", item), Author1), Want: plan.WrongClass},
		{Name: "a slot with an emergency item", Before: []Message{Seal(urgent, Warner1)}, Message: slot, Want: plan.WrongClass},
		{Name: "a slot that says it is a drill", Before: []Message{Seal(exercise, Author1)}, Message: Seal(drilled(plan.Audible, exercise), Author1), Want: plan.Accepted},
		{Name: "a slot of a drill with an emergency item", Before: []Message{Seal(urgent, Warner1)}, Message: Seal(drilled(plan.Audible, urgent), Author1), Want: plan.WrongClass},
		{Name: "a normal grant plays a priority relay", Message: Seal(w.Play(Commune, "play-1", relay), Reader), Want: plan.WrongClass},
		{Name: "a commune stops an emergency", Message: Seal(w.Stop(Commune, "stop-1", plan.Emergency), Author1), Want: plan.WrongClass},
		{Name: "a commune stops what it may sound", Message: Seal(w.Stop(Commune, "stop-1", plan.Normal, plan.PriorityC), Author1), Want: plan.Accepted},
	}
}

func (w *World) quorums() []Case {
	wide := w.Alerts(Province, ProvinceOffice, "a1")
	twoKeys := w.Later(time.Minute).ProvinceList()
	again := w.Grant("commune-1-second-key", Commune, Speak, Calm...)
	again.Holder = Author1
	again.Quorum = 2
	twoKeys.Grants = append(twoKeys.Grants, again)
	lower := w.Later(time.Minute).RootList()
	for i := range lower.Grants {
		lower.Grants[i].Quorum = 1
	}
	raised := w.Later(time.Minute).ProvinceList()
	for i := range raised.Grants {
		if raised.Grants[i].Holder == Author1 {
			raised.Grants[i].Quorum = 2
		}
	}
	noTable := w.Later(time.Minute).RootList()
	noTable.Quorum = nil
	list := w.Later(time.Minute).ProvinceList()
	return []Case{
		{Name: "a wide alert with one signer", Message: Seal(wide, Prov1), Want: plan.Quorum},
		{Name: "a wide alert with two signers", Message: Seal(wide, Prov1, Prov2), Want: plan.Accepted},
		{Name: "one holder with two keys", Before: []Message{Seal(twoKeys, Prov1, Prov2)}, Message: Seal(w.Gong(Commune, "gong-1"), "commune-1-second-key"), Want: plan.Quorum},
		{Name: "both keys of one holder", Before: []Message{Seal(raisedBoth(w, again), Prov1, Prov2)}, Message: Seal(w.Gong(Commune, "gong-1"), Author1, "commune-1-second-key"), Want: plan.Quorum},
		{Name: "a grant that lowers the table", Before: []Message{Seal(lower, w.RootSigners()...)}, Message: Seal(wide, Prov1), Want: plan.Quorum},
		{Name: "a grant that raises the table", Before: []Message{Seal(raised, Prov1, Prov2)}, Message: Seal(w.Gong(Commune, "gong-1"), Author1), Want: plan.Quorum},
		{Name: "a grant that raises the table, with company", Before: []Message{Seal(raised, Prov1, Prov2)}, Message: Seal(w.Gong(Commune, "gong-1"), Author1, Author2), Want: plan.Accepted},
		{Name: "a wide alert with one signer and no table", Before: []Message{Seal(noTable, w.RootSigners()...)}, Message: Seal(wide, Prov1), Want: plan.Quorum},
		{Name: "the root's list by two of five", Message: Seal(w.Later(time.Minute).RootList(), "root-1", "root-2"), Want: plan.Quorum},
		{Name: "the province's list by one of two", Message: Seal(list, Prov1), Want: plan.Quorum},
		{Name: "a want by one of two", Message: Seal(w.move(Sibling), Prov1), Want: plan.Quorum},
		{Name: "an alert of the commune by one of two", Message: Seal(w.Alerts(Commune, Office, "a1"), Warner1), Want: plan.Quorum},
		{Name: "a wide alert whose second signer a delegate listed", Before: []Message{Seal(borrowed(w), Prov1, Prov2)}, Message: Seal(wide, Prov1, Warner1), Want: plan.Quorum},
	}
}

// raisedBoth lists both keys of Author1 with a quorum of two.
func raisedBoth(w *World, second plan.Grant) plan.List {
	l := w.Later(time.Minute).ProvinceList()
	for i := range l.Grants {
		if l.Grants[i].Holder == Author1 {
			l.Grants[i].Quorum = 2
		}
	}
	l.Grants = append(l.Grants, second)
	return l
}

// borrowed gives a warner of the commune the name of the province's second officer.
func borrowed(w *World) plan.List {
	l := w.Later(time.Minute).ProvinceList()
	for i := range l.Grants {
		if l.Grants[i].Holder == Warner1 {
			l.Grants[i].Holder = Prov2
		}
	}
	return l
}

// move is a want that takes the box to another place.
func (w *World) move(place string) plan.Want {
	want := w.Later(time.Minute).Want()
	want.OwnPlace = place
	return want
}
