package authority

import (
	"crypto/tls"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"loa/agent/message"
	"loa/agent/plan"
)

// clockOf gives an authority a clock that a test sets; it never stands still.
func clockOf(a *Authority) *time.Time {
	now := time.Now()
	a.o.Now = func() time.Time { now = now.Add(10 * time.Millisecond); return now }
	return &now
}

// A province merges into another: its communes, its boxes and the time go over, and no
// grant to speak does.
func TestAProvinceMerges(t *testing.T) {
	a := sample(t)
	now := clockOf(a)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(a.AddPlace("79", Place{Name: "Thành phố Hồ Chí Minh", Width: 1}))
	must(a.AddPerson("hcm-1"))
	must(a.AddPerson("hcm-2"))
	for _, p := range []string{"hcm-1", "hcm-2"} {
		must(a.AddGrant(Grant{Person: p, Place: "79", Kinds: []plan.Kind{plan.GrantAssign, plan.GrantSettings}}))
	}
	day := now.Add(48 * time.Hour)
	must(a.Merge(Merger{Of: []string{"74"}, Into: "79", On: day}))
	if got := a.Due(); len(got.Lists) != 1 { // the new place; nothing of the merger
		t.Errorf("due before the day: %+v", got)
	}
	list, err := a.IssueList(plan.RootPlace)
	must(err)
	must(a.Keep(list))
	if got := a.Due(); len(got.Lists)+len(got.Moves) != 0 {
		t.Errorf("due before the day: %+v", got)
	}
	box, err := a.boxTrust("box-1")
	must(err)
	*now = day.Add(time.Minute)
	if got := a.Due(); !slices.Equal(got.Lists, []string{"root"}) || len(got.Moves) != 0 {
		t.Errorf("due on the day: %+v", got)
	}
	list, err = a.IssueList(plan.RootPlace)
	must(err)
	if v := a.feed(box, []Issued{list}); v.Code != plan.Accepted {
		t.Fatal(v.Err)
	}
	must(a.Keep(list))
	l := list.Doc.(plan.List)
	for _, c := range l.Children {
		if c.Place == "74" && (c.Parent != "79" || !c.Until.Equal(day)) || c.Place == "26734" && c.Parent != "79" {
			t.Errorf("%+v", c)
		}
	}
	holders := map[string]string{}
	for _, g := range l.Grants {
		holders[g.Holder] = g.Place
	}
	if holders["clock"] != "79" || holders["tinh-1"] != "" || holders["lan"] != "26734" {
		t.Errorf("grants: %v", holders)
	}
	// The box in 26734 hears the new province's clock and obeys its people.
	beat, err := a.Beat("79", "clock", 0)
	must(err)
	if v := a.feed(box, []Issued{beat}); v.Code != plan.Accepted {
		t.Errorf("the beat of the new province: %v", v.Err)
	}
	want, err := a.Want("box-1", &plan.Settings{Metered: true}, "hcm-1", "hcm-2")
	must(err)
	if v := a.feed(box, []Issued{want}); v.Code != plan.Accepted {
		t.Errorf("the new province sets the box: %v", v.Err)
	}
	if !a.Reaches("79", a.Boxes()["box-1"]) || a.Reaches("74", a.Boxes()["box-1"]) {
		t.Error("what is said to the new province does not reach the box, or the old one's does")
	}
	if code(a.MayAdd("box-2", Box{Place: "74"})) != "place-ended" || code(a.AddPlace("26735", Place{Parent: "74"})) != "no-parent" {
		t.Error("something can be put below what has ended")
	}
}

// A box that nobody has moved yet belongs to the new commune from the list on.
func TestABoxBeforeItIsMoved(t *testing.T) {
	a := sample(t)
	clockOf(a)
	for _, err := range []error{
		a.AddPlace("26740", Place{Name: "Mới", Parent: "74"}),
		a.AddPerson("moi"),
		a.AddGrant(Grant{Person: "moi", Place: "26740", Kinds: []plan.Kind{plan.KindBulletin}, Classes: []plan.Class{plan.Normal}}),
		a.Merge(Merger{Of: []string{"26734"}, Into: "26740", On: a.o.Now()}),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	list, err := a.IssueList(plan.RootPlace)
	if err != nil {
		t.Fatal(err)
	}
	box, err := a.boxTrust("box-1")
	if err != nil {
		t.Fatal(err)
	}
	old, err := a.Sign(bulletin("26734", "cu"), "lan")
	if err != nil {
		t.Fatal(err)
	}
	if v := a.feed(box, []Issued{list}); v.Code != plan.Accepted {
		t.Fatal(v.Err)
	}
	fresh, err := a.Sign(bulletin("26740", "moi"), "moi")
	if err != nil {
		t.Fatal(err)
	}
	if v := a.feed(box, []Issued{fresh}); v.Code != plan.Accepted {
		t.Errorf("the new commune's bulletin: %v", v.Err)
	}
	if v := a.feed(box, []Issued{old}); v.Code == plan.Accepted {
		t.Error("the old commune's officer still speaks")
	}
}

func TestDatesThatMakeNoSense(t *testing.T) {
	a := sample(t)
	now := clockOf(a)
	day := func(n int) time.Time { return now.Add(time.Duration(n) * 24 * time.Hour) }
	for _, c := range []struct {
		want string
		do   func() error
	}{
		{"", func() error { return a.Rename("26734", "An Sơn Mới", day(10)) }},
		{"place-order", func() error { return a.Rename("26734", "Khác", day(9)) }},
		{"place-same", func() error { return a.Rename("26734", "An Sơn Mới", day(11)) }},
		{"no-place", func() error { return a.Rename("x", "X", day(1)) }},
		{"no-parent", func() error { return a.Reparent("26734", "x", day(12)) }},
		{"place-circle", func() error { return a.Reparent("74", "26734", day(12)) }},
		{"no-place", func() error { return a.Merge(Merger{Of: []string{"x"}, Into: "74", On: day(12)}) }},
		{"bad-name", func() error { return a.Merge(Merger{Of: []string{"26734"}, Into: "A B", On: day(12)}) }},
		{"", func() error { return a.Merge(Merger{Of: []string{"26734"}, Into: "26999", Name: "Mới", On: day(12)}) }},
		{"place-ends", func() error { return a.Rename("26734", "X", day(13)) }},
		{"place-later", func() error { return a.MoveBox("box-1", "26999", day(11)) }},
		{"place-ends", func() error { return a.MoveBox("box-1", "26734", day(13)) }},
		{"", func() error { return a.MoveBox("box-1", "74", day(14)) }},
		{"box-order", func() error { return a.MoveBox("box-1", "26999", day(13)) }},
		{"no-box", func() error { return a.MoveBox("box-9", "74", day(14)) }},
		{"", func() error { _, err := a.Cancel("26734"); return err }},
		{"nothing-ahead", func() error { _, err := a.Cancel("74"); return err }},
	} {
		if err := c.do(); code(err) != c.want || (err == nil) != (c.want == "") {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
	if _, ok := a.Book().Places["26999"]; ok {
		t.Error("a merger was taken back, and its place is still there")
	}
	if _, err := a.RevokeBox("box-1", "stolen"); err != nil {
		t.Fatal(err)
	}
	if place, ok := a.Book().Of("box-1", day(20)); ok {
		t.Errorf("a box that was revoked stands in %s", place)
	}
	if code(a.MoveBox("box-1", "74", day(30))) != "box-out" {
		t.Error("a box that was revoked can be moved")
	}
}

// Boxes of a list are as those that are taken in one at a time, and what fails leaves none.
func TestManyBoxes(t *testing.T) {
	a := sample(t)
	if err := a.AddBoxes(map[string]Box{"d-1": {Place: "26734", Board: "desk"}, "box-1": {Place: "26734"}}); code(err) != "box-exists" {
		t.Error(err)
	}
	if err := a.AddBoxes(map[string]Box{"d-1": {Place: "26734", Board: "desk"}, "d-2": {Place: "x"}}); code(err) != "no-place" {
		t.Error(err)
	}
	entries, err := os.ReadDir(filepath.Join(a.Dir(), "boxes"))
	if err != nil || len(entries) != 1 || len(a.Boxes()) != 1 {
		t.Errorf("what failed left %v (%v)", entries, err)
	}
	if err := a.AddBoxes(map[string]Box{"d-1": {Place: "26734", Board: "desk"}, "d-2": {Place: "26734", Board: "desk"}}); err != nil {
		t.Fatal(err)
	}
	etc := filepath.Join(a.BoxDir("d-1"), "etc", "loa")
	if _, err := tls.LoadX509KeyPair(filepath.Join(etc, "box.pem"), filepath.Join(etc, "box.key")); err != nil {
		t.Error(err)
	}
	if b := a.Boxes()["d-1"]; b.Key == "" || b.Key == a.Boxes()["d-2"].Key || b.Serial == "" || b.Added.IsZero() {
		t.Errorf("%+v", b)
	}
	wants := make([]plan.Want, 2)
	for i, d := range []string{"d-1", "d-2"} {
		wants[i] = plan.Want{OwnPlace: "26734", Name: d}
		wants[i].Device = d
	}
	for _, c := range []struct {
		signers []string
		want    plan.Code
	}{{[]string{"tinh-1"}, plan.Quorum}, {[]string{"lan", "minh"}, plan.WrongKind}, {[]string{"tinh-1", "tinh-2"}, plan.Accepted}} {
		signed, err := a.AssignAll(wants, c.signers...)
		if err != nil {
			t.Fatal(err)
		}
		j, err := a.JudgeAll(signed)
		got := j.Verdict.Code
		if len(j.Pending) == 2 {
			got = plan.Quorum
		}
		if err != nil || got != c.want || (len(j.Ready) == 2) != (c.want == plan.Accepted) {
			t.Errorf("signed by %v: %v %v, want %v", c.signers, got, err, c.want)
		}
		one, err := a.Judge(signed[1])
		if err != nil || one.Code != c.want {
			t.Errorf("signed by %v: a box says %v %v, want %v", c.signers, one.Code, err, c.want)
		}
		if c.want == plan.Accepted {
			if err := a.KeepAll(signed, false); err != nil {
				t.Fatal(err)
			}
			if is, ok := a.Find(message.DeviceTopic("d-2", message.LeafWant)); !ok || string(is.Raw) != string(signed[1].Raw) {
				t.Error("a want was not kept")
			}
		}
	}
}
