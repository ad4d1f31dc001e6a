package trusttest

import (
	"time"

	"loa/agent/plan"
)

// lists are about who may say who may speak.
func (w *World) lists() []Case {
	next := w.Later(time.Minute)
	change := func(f func(*plan.List)) plan.List {
		l := next.ProvinceList()
		f(&l)
		return l
	}
	give := func(g plan.Grant) plan.List {
		return change(func(l *plan.List) { l.Grants = append(l.Grants, g) })
	}
	own := plan.List{Head: next.Head(plan.KindList, Commune, "list"), Grants: []plan.Grant{w.Grant("commune-9", Commune, Speak, plan.Normal)}}
	foreign := give(w.Grant(Prov1, Commune, []plan.Kind{plan.KindBulletin}, plan.Normal))
	online := give(w.Grant(Prov1, Commune, []plan.Kind{plan.KindBeat}))
	long := w.Grant("commune-9", Commune, Speak, plan.Normal)
	long.NotAfter = w.Now.Add(61 * 24 * time.Hour)
	year := w.Grant("commune-9", Commune, Speak, plan.Normal)
	year.NotAfter = year.NotBefore.Add(91 * 24 * time.Hour)
	without := change(func(l *plan.List) { l.Grants = l.Grants[1:] })
	up := change(func(l *plan.List) { l.Children = append(l.Children, plan.Child{Place: "deep", Name: "x"}) })
	for i := range 8 {
		id := "deep" + string(rune('a'+i))
		up.Children = append(up.Children, plan.Child{Place: id, Parent: up.Children[len(up.Children)-1].Place, Name: id})
	}
	stolen := plan.List{Head: next.Head(plan.KindList, Other, "list"), Children: []plan.Child{{Place: Commune, Name: "Xã An Sơn"}}}
	broad := change(func(l *plan.List) { l.Children[0].Width = 3 })
	late := w.Later(2 * time.Minute).ProvinceList()
	far := w.Later(74 * 365 * 24 * time.Hour).ProvinceList()
	other := next.ProvinceList()
	other.Children[0].Name = "Xã khác"
	return []Case{
		{Name: "the next list of the province", Message: Seal(next.ProvinceList(), Prov1, Prov2), Want: plan.Accepted},
		{Name: "an author publishes the commune's list", Message: Seal(own, Author1, Author2), Want: plan.Scope},
		{Name: "the province's officers publish the commune's list", Message: Seal(own, Prov1, Prov2), Want: plan.Scope},
		{Name: "a province publishes another's list", Message: Seal(next.ProvinceList(), Other1, Other2), Want: plan.Scope},
		{Name: "a delegate grants at its own place", Message: Seal(give(w.Grant("commune-9", Province, Speak, plan.Normal)), Prov1, Prov2), Want: plan.Scope},
		{Name: "a delegate grants in another province", Message: Seal(give(w.Grant("commune-9", Other, Speak, plan.Normal)), Prov1, Prov2), Want: plan.Scope},
		{Name: "a delegate grants everywhere", Message: Seal(give(w.Grant("commune-9", plan.RootPlace, Speak, plan.Normal)), Prov1, Prov2), Want: plan.Scope},
		{Name: "a delegate grants delegation", Message: Seal(give(w.Grant("commune-9", Commune, []plan.Kind{plan.GrantDelegate})), Prov1, Prov2), Want: plan.WrongKind},
		{Name: "a delegate grants assignment", Message: Seal(give(w.Grant("commune-9", Commune, []plan.Kind{plan.GrantAssign})), Prov1, Prov2), Want: plan.WrongKind},
		{Name: "a delegate grants a kind that it lacks", Message: Seal(give(w.Grant("commune-9", Commune, []plan.Kind{plan.GrantService})), Prov1, Prov2), Want: plan.WrongKind},
		{Name: "a grant outlives its granters", Message: Seal(give(long), Prov1, Prov2), Want: plan.Lifetime},
		{Name: "a speaking grant of 91 days", Message: edited(give(w.Grant("commune-9", Commune, Speak, plan.Normal)), stampOf(w.Grant("", "", nil).NotAfter)+`"}],"children"`, stampOf(year.NotAfter)+`"}],"children"`, Prov1, Prov2), Want: plan.Lifetime},
		{Name: "the beat key with something else", Message: edited(give(w.Grant(Pulse, Commune, []plan.Kind{plan.KindBeat})), `["beat"]`, `["beat","mute"]`, Prov1, Prov2), Want: plan.Malformed},
		{Name: "a table in a delegate's list", Message: edited(next.ProvinceList(), `"grants":[`, `"quorum":[{"kind":"alert","holders":1}],"grants":[`, Prov1, Prov2), Want: plan.Malformed},
		{Name: "an orphan in the registry", Message: edited(next.ProvinceList(), `"place":"26735","name"`, `"place":"26735","parent":"99999","name"`, Prov1, Prov2), Want: plan.Malformed},
		{Name: "a circle in the registry", Message: edited(edges(next.ProvinceList()), `"place":"26735","name"`, `"place":"26735","parent":"26734","name"`, Prov1, Prov2), Want: plan.Malformed},
		{Name: "the issuer below itself", Message: edited(next.ProvinceList(), `"children":[{"place":"26734"`, `"children":[{"place":"74"`, Prov1, Prov2), Want: plan.Malformed},
		{Name: "nine places above one another", Message: Seal(up, Prov1, Prov2), Want: plan.Malformed},
		{Name: "a province takes another's commune", Message: Seal(stolen, Other1, Other2), Want: plan.Conflict},
		{Name: "a commune wider than its province", Message: Seal(broad, Prov1, Prov2), Want: plan.Scope},
		{Name: "a list that is older", Before: []Message{Seal(next.ProvinceList(), Prov1, Prov2)}, Message: Seal(w.ProvinceList(), Prov1, Prov2), Want: plan.Rollback},
		{Name: "an old list after a restart", Before: []Message{Seal(next.ProvinceList(), Prov1, Prov2)}, Reboot: true, Message: Seal(w.ProvinceList(), Prov1, Prov2), Want: plan.Rollback},
		{Name: "an older list of the root", Before: []Message{Seal(next.RootList(), w.RootSigners()...)}, Message: Seal(w.RootList(), w.RootSigners()...), Want: plan.Rollback},
		{Name: "another list of the same epoch", Before: []Message{Seal(next.ProvinceList(), Prov1, Prov2)}, Message: Seal(other, Prov1, Prov2), Want: plan.Conflict},
		{Name: "a list in force once more", Message: Seal(w.ProvinceList(), Prov1, Prov2), Want: plan.Accepted, Same: true},
		{Name: "a delegate's epoch in 2100", Message: Seal(far, Prov1, Prov2), Want: plan.NotYet},
		{Name: "a delegate's list without a clock", Message: Seal(next.ProvinceList(), Prov1, Prov2), Level: Unsure, Want: plan.ClockCode},
		{Name: "the root's list without a clock", Message: Seal(next.RootList(), w.RootSigners()...), Level: Unsure, Want: plan.Accepted},
		{Name: "a delegate lists a foreign key, which keeps its grant", Before: []Message{Seal(foreign, Prov1, Prov2)}, Message: Seal(w.Bulletin(Province, "note", plan.Normal), Prov1), Want: plan.Accepted},
		{Name: "a key that was revoked", Before: []Message{Seal(without, Prov1, Prov2)}, Message: Seal(w.Gong(Commune, "gong-1"), Author1), Want: plan.Revoked},
		{Name: "a key whose granter was revoked", Before: []Message{Seal(w.withoutProvince(), w.RootSigners()...)}, Message: Seal(w.Gong(Commune, "gong-1"), Author1), Want: plan.Revoked},
		{Name: "a document before its grant", Bare: true, Before: w.Setup()[:1], Message: Seal(w.Bulletin(Commune, "note", plan.Normal), Author1), Want: plan.NotAddressed},
		{Name: "a document before its key is listed", Before: []Message{Seal(without, Prov1, Prov2)}, Message: Seal(w.Bulletin(Commune, "note", plan.Normal), "commune-9"), Want: plan.UnknownKey},
		{Name: "a document after its key is listed", Before: []Message{Seal(give(w.Grant("commune-9", Commune, Speak, plan.Normal)), Prov1, Prov2)}, Message: Seal(w.Bulletin(Commune, "note", plan.Normal), "commune-9"), Want: plan.Accepted},
		{Name: "an online key that a delegate may not name", Message: Seal(online, Prov1, Prov2), Want: plan.WrongKind},
		{Name: "late but in order", Before: []Message{Seal(next.ProvinceList(), Prov1, Prov2)}, After: 2 * time.Minute, Message: Seal(late, Prov1, Prov2), Want: plan.Accepted},
	}
}

// edges gives the first child the second for a parent.
func edges(l plan.List) plan.List {
	l.Children[0].Parent = l.Children[1].Place
	return l
}

func (w *World) withoutProvince() plan.List {
	l := w.Later(time.Minute).RootList()
	var kept []plan.Grant
	for _, g := range l.Grants {
		if g.Holder != Prov2 {
			kept = append(kept, g)
		}
	}
	l.Grants = kept
	return l
}

func (w *World) roots() []Case {
	n := w.names("root", 5)
	after := []string{n[1], n[2], n[3], n[4], "root-6"}
	two := w.RootDoc(2, after...)
	strangers := []string{"new-1", "new-2", "new-3", "new-4", "new-5"}
	other := w.RootDoc(1, n...)
	other.Threshold = 1
	return []Case{
		{Name: "the next root, by both", Message: Seal(two, n[1], n[2], n[3]), Want: plan.Accepted},
		{Name: "the next root without a clock", Message: Seal(two, n[1], n[2], n[3]), Level: Unsure, Want: plan.Accepted},
		{Name: "the next root by the old keys only", Message: Seal(w.RootDoc(2, strangers...), n[:3]...), Want: plan.Quorum},
		{Name: "the next root by too few of the new", Message: Seal(two, n[0], n[1], n[2]), Want: plan.Quorum},
		{Name: "the next root by too few of the old", Message: Seal(two, n[3], n[4], "root-6"), Want: plan.Quorum},
		{Name: "the next root by strangers", Message: Seal(w.RootDoc(2, strangers...), strangers[:3]...), Want: plan.UnknownKey},
		{Name: "root 3 without root 2", Message: Seal(w.RootDoc(3, n...), n[:3]...), Want: plan.Stale},
		{Name: "the root in force once more", Message: Message{Topic: "loa/v1/trust/root/1", Raw: w.RootFile()}, Want: plan.Accepted, Same: true},
		{Name: "an older root after the next", Before: []Message{Seal(two, n[1], n[2], n[3])}, Message: Message{Topic: "loa/v1/trust/root/1", Raw: w.RootFile()}, Want: plan.Accepted, Same: true},
		{Name: "another root of the same number", Message: Seal(other, n[:3]...), Want: plan.Conflict},
		{Name: "a root on the wrong number's topic", Message: Message{Topic: "loa/v1/trust/root/3", Raw: Seal(two, n[1], n[2], n[3]).Raw}, Want: plan.Malformed},
		{Name: "a list by a root key that has left", Before: []Message{Seal(two, n[1], n[2], n[3])}, Message: Seal(w.Later(time.Minute).RootList(), n[0], n[1], n[2]), Want: plan.Quorum},
		{Name: "a clock reset by the root", Message: Seal(w.reset(), w.RootSigners()...), Level: Unsure, Want: plan.Accepted},
		{Name: "a clock reset by a province", Message: Seal(w.reset(), Prov1, Prov2), Want: plan.UnknownKey},
		{Name: "a clock reset by two of five", Message: Seal(w.reset(), n[:2]...), Want: plan.Quorum},
		{Name: "an older clock reset", Before: []Message{Seal(w.Later(time.Minute).reset(), n[:3]...)}, Message: Seal(w.reset(), n[:3]...), Want: plan.Replay},
	}
}

func (w *World) reset() plan.ClockReset {
	return plan.ClockReset{Head: w.Head(plan.KindClock, plan.RootPlace, "clock"), Floor: w.Now.AddDate(0, -1, 0)}
}

func stampOf(t time.Time) string { return t.Format(time.RFC3339Nano) }
