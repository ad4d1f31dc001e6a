package authority

import (
	"encoding/base64"
	"testing"
	"time"

	"loa/agent/clock"
	"loa/agent/message"
	"loa/agent/plan"
	"loa/agent/trust"
)

// What the authority issues a box accepts, and what it would refuse is known
// before it is sent.
func TestJudgeIsWhatABoxSays(t *testing.T) {
	a := sample(t)
	for _, c := range []struct {
		name    string
		doc     any
		signers []string
		want    plan.Code
	}{
		{"own place", bulletin("26734", "b1"), []string{"lan"}, plan.Accepted},
		{"unsigned", bulletin("26734", "b2"), nil, plan.Unsigned},
		{"the place above", bulletin("74", "b3"), []string{"lan"}, plan.Scope},
		{"from above", bulletin("26734", "b4"), []string{"tinh-1"}, plan.Accepted},
		{"an online key", bulletin("26734", "b5"), []string{"clock"}, plan.WrongKind},
		{"a root key", bulletin("26734", "b6"), []string{"root-1"}, plan.UnknownKey},
		{"wide emergency, one signer", emergency("74"), []string{"tinh-1"}, plan.Quorum},
		{"wide emergency, two", emergency("74"), []string{"tinh-1", "tinh-2"}, plan.Accepted},
		{"no such place", bulletin("99999", "b7"), []string{"lan"}, plan.NotAddressed},
	} {
		is, err := a.Sign(c.doc, c.signers...)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		v, err := a.Judge(is)
		if c.want == plan.NotAddressed {
			if err == nil {
				t.Errorf("%s: %q", c.name, v.Code)
			}
			continue
		}
		if err != nil || v.Code != c.want {
			t.Errorf("%s: %q (%v), want %q; %v", c.name, v.Code, v.Err, c.want, err)
		}
	}
}

func emergency(place string) *plan.Bulletin {
	b := bulletin(place, "storm")
	b.Class = plan.Emergency
	return b
}

func TestApprovalIsASecondSignatureOnTheSameBytes(t *testing.T) {
	a := sample(t)
	is, err := a.Sign(emergency("74"), "tinh-1")
	if err != nil {
		t.Fatal(err)
	}
	if err := a.KeepPending(is); err != nil {
		t.Fatal(err)
	}
	again, err := a.Approve(is.Raw, "tinh-2")
	if err != nil {
		t.Fatal(err)
	}
	if again.SHA256 != is.SHA256 {
		t.Error("the approver signed other bytes")
	}
	if v, err := a.Judge(again); err != nil || v.Code != plan.Accepted {
		t.Errorf("%q, %v, %v", v.Code, v.Err, err)
	}
	if err := a.Keep(again); err != nil {
		t.Fatal(err)
	}
	if p, err := a.Pending(); err != nil || len(p) != 0 {
		t.Errorf("still pending: %v, %v", p, err)
	}
}

// A box as it is in the field takes what comes, in the order it is sent.
func TestBoxTakesEverything(t *testing.T) {
	a := sample(t)
	root, err := a.RootFile()
	if err != nil {
		t.Fatal(err)
	}
	box, err := trust.New(root, "box-1", trust.Opts{})
	if err != nil {
		t.Fatal(err)
	}
	take := func(is Issued) {
		t.Helper()
		v := box.Judge(is.Topic.String(), is.Raw, time.Now(), clock.Signed)
		if v.Code != plan.Accepted {
			t.Fatalf("%s: %q, %v", is.Topic, v.Code, v.Err)
		}
		box.Commit(v)
	}
	must := func(is Issued, err error) Issued {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return is
	}
	all, err := a.Issued()
	if err != nil {
		t.Fatal(err)
	}
	for _, is := range all {
		take(is)
	}
	take(must(a.Beat("74", "clock", 30*time.Second)))
	take(must(a.Beat("74", "clock", 30*time.Second)))
	act := plan.Act{Classes: []plan.Class{plan.Normal}}
	act.Kind, act.Place = plan.KindStop, "26734"
	take(must(a.Act(act, "lan")))
	take(must(a.Act(act, "lan")))

	nonce := base64.StdEncoding.EncodeToString(make([]byte, plan.NonceBytes))
	q := trust.Question{Nonce: nonce, Asked: time.Now()}
	is := must(a.Time("box-1", nonce, "clock"))
	if v := box.JudgeTime(is.Topic.String(), is.Raw, q, time.Now()); v.Code != plan.Accepted {
		t.Errorf("time answer: %q, %v", v.Code, v.Err)
	}
	acked := plan.Act{Seq: 7, HeadHash: message.Digest(nil)}
	acked.Kind, acked.Device = plan.KindAcked, "box-1"
	take(must(a.Act(acked, "clock")))
}

// Taking a grant away ends what its key has signed.
func TestRevocation(t *testing.T) {
	a := sample(t)
	is, err := a.Sign(bulletin("26734", "b1"), "lan")
	if err != nil {
		t.Fatal(err)
	}
	if found, err := a.Revoke("lan", ""); err != nil || !found {
		t.Fatal(found, err)
	}
	list, err := a.IssueList(plan.RootPlace)
	if err != nil {
		t.Fatal(err)
	}
	if v, err := a.Judge(list); err != nil || v.Code != plan.Accepted {
		t.Fatalf("the new list: %q, %v, %v", v.Code, v.Err, err)
	}
	if err := a.Keep(list); err != nil {
		t.Fatal(err)
	}
	if v, err := a.Judge(is); err != nil || v.Code != plan.UnknownKey && v.Code != plan.Revoked {
		t.Errorf("signed by a revoked key: %q, %v", v.Code, err)
	}
}

// Renewing takes nothing back: an older grant stays listed.
func TestRenewal(t *testing.T) {
	a := sample(t)
	before := len(a.Grants())
	if n, err := a.Renew(plan.RootPlace); err != nil || n != 0 {
		t.Errorf("renewed %d grants on their first day, %v", n, err)
	}
	later := time.Now().Add(60 * 24 * time.Hour)
	a.o.Now = func() time.Time { return later }
	n, err := a.Renew(plan.RootPlace)
	if err != nil || n == 0 || len(a.Grants()) != before+n {
		t.Fatalf("renewed %d of %d, %v", n, before, err)
	}
	if n, err := a.Renew(plan.RootPlace); err != nil || n != 0 {
		t.Errorf("renewed %d grants a second time, %v", n, err)
	}
	list, err := a.IssueList(plan.RootPlace)
	if err != nil {
		t.Fatal(err)
	}
	if v, err := a.Judge(list); err != nil || v.Code != plan.Accepted {
		t.Fatalf("the new list: %q, %v, %v", v.Code, v.Err, err)
	}
	if err := a.Keep(list); err != nil {
		t.Fatal(err)
	}
	later = later.Add(60 * 24 * time.Hour) // past the end of the first grants
	b := bulletin("26734", "b1")
	b.ValidUntil = later.Add(24 * time.Hour)
	is, err := a.Sign(b, "lan")
	if err != nil {
		t.Fatal(err)
	}
	if v, err := a.Judge(is); err != nil || v.Code != plan.Accepted {
		t.Errorf("under the renewed grant: %q, %v, %v", v.Code, v.Err, err)
	}
}
