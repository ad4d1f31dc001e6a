package authority

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"loa/agent/message"
	"loa/agent/plan"
)

// Every version stays, whole; what is kept is the newest.
func TestHistory(t *testing.T) {
	a := sample(t)
	var versions []Issued
	for range 3 {
		is, err := a.Sign(bulletin("26734", "b1"), "lan")
		if err != nil {
			t.Fatal(err)
		}
		if err := a.Keep(is); err != nil {
			t.Fatal(err)
		}
		versions = append(versions, is)
	}
	for i, is := range versions {
		got, err := a.Recorded(Past{is.Topic.String(), versionOf(is)})
		if err != nil || !bytes.Equal(got.Raw, is.Raw) {
			t.Errorf("version %d: %v", i, err)
		}
	}
	if err := a.Keep(versions[0]); codeOf(err) != plan.Replay {
		t.Errorf("an older version was kept: %v", err)
	}
	if now, _ := a.Find(versions[0].Topic); !bytes.Equal(now.Raw, versions[2].Raw) {
		t.Error("an older version is in force")
	}
	act := plan.Act{Item: &plan.Item{Chime: "gong"}, Class: plan.Normal}
	act.Kind, act.Place = plan.KindPlay, "26734"
	order, err := a.Act(act, "lan")
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Keep(order); err != nil {
		t.Fatal(err)
	}
	all, err := a.History()
	if err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	for _, p := range all {
		if _, err := a.Recorded(p); err != nil {
			t.Error(err)
		}
		count[p.Topic]++
	}
	if count["loa/v1/p/26734/doc/bulletin/b1"] != 3 || count["loa/v1/p/26734/act"] != 1 || count["loa/v1/d/box-1/want"] != 1 || count["loa/v1/trust/root/1"] != 1 {
		t.Errorf("the history has %v", count)
	}
	if _, err := os.Stat(filepath.Join(a.Dir(), "issued", order.Topic.String()+".json")); err == nil {
		t.Error("an order is said again whenever a broker forgets")
	}
	// An authority from before there was a history.
	if err := os.RemoveAll(filepath.Join(a.Dir(), "history")); err != nil {
		t.Fatal(err)
	}
	if err := a.Remember(); err != nil {
		t.Fatal(err)
	}
	if again, err := a.History(); err != nil || len(again) != 4 { // root, list, want, bulletin
		t.Errorf("%v, %v", again, err)
	}
}

// A version that was signed elsewhere is not gone behind by the next one from here.
func TestVersionsFromElsewhere(t *testing.T) {
	a := sample(t)
	ahead := func() time.Time { return time.Now().Add(time.Minute) }
	b, err := Open(a.Dir(), Opts{Secret: pass, Now: ahead})
	if err != nil {
		t.Fatal(err)
	}
	there, err := b.Sign(bulletin("26734", "b1"), "lan")
	if err != nil {
		t.Fatal(err)
	}
	if err := a.change(func(s *state) error { delete(s.Issued, there.Topic.String()); return nil }); err != nil {
		t.Fatal(err)
	}
	if err := a.Keep(there); err != nil {
		t.Fatal(err)
	}
	here, err := a.Sign(bulletin("26734", "b1"), "lan")
	if err != nil || versionOf(here) <= versionOf(there) {
		t.Errorf("%d after %d, %v", versionOf(here), versionOf(there), err)
	}
}

// Signatures of one payload come together, each of somebody who has a say.
func TestJoin(t *testing.T) {
	a := sample(t)
	is, err := a.Sign(emergency("74"), "tinh-1")
	if err != nil {
		t.Fatal(err)
	}
	by := func(person string) []message.Sig {
		sig, err := a.Signature(is.Raw, person)
		if err != nil {
			t.Fatal(err)
		}
		return []message.Sig{sig}
	}
	for person, want := range map[string]plan.Code{"lan": plan.Scope, "clock": plan.WrongKind, "root-1": plan.UnknownKey} {
		if _, err := a.Join(is, by(person)); codeOf(err) != want {
			t.Errorf("%s: %v", person, err)
		}
	}
	broken := by("tinh-2")
	broken[0].Sig[3] ^= 1
	if _, err := a.Join(is, broken); codeOf(err) != plan.Signature {
		t.Errorf("a broken signature: %v", err)
	}
	both, err := a.Join(is, by("tinh-2"))
	if err != nil {
		t.Fatal(err)
	}
	if v, err := a.Judge(both); err != nil || v.Code != plan.Accepted {
		t.Errorf("%v, %v", v.Code, err)
	}
}

func codeOf(err error) plan.Code {
	var bad *plan.Error
	if errors.As(err, &bad) {
		return bad.Code
	}
	return plan.Accepted
}
