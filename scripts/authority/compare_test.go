package authority

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"loa/agent/clock"
	"loa/agent/message"
	"loa/agent/plan"
	"loa/agent/trust"
)

func topicOf(t *testing.T, place, id string) message.Topic {
	t.Helper()
	return message.DocTopic(place, plan.KindBulletin, id)
}

// A field is a broker and a box with its own code.
type field struct {
	t    *testing.T
	box  *trust.Trust
	kept map[string][]byte
}

// take is a broker and a box that are sent a document.
func (f *field) take(is Issued) plan.Code {
	f.t.Helper()
	if is.Topic.Retained() {
		f.kept[is.Topic.String()] = is.Raw
	}
	v := f.box.Judge(is.Topic.String(), is.Raw, time.Now(), clock.Signed)
	f.box.Commit(v)
	return v.Code
}

// sync sends what the broker lacks, as loactl send and the dispatcher do.
func (f *field) sync(a *Authority) {
	f.t.Helper()
	all, err := a.Issued()
	if err != nil {
		f.t.Fatal(err)
	}
	for _, is := range all {
		there, err := Read(f.kept[is.Topic.String()])
		if !a.Sendable(is) || err == nil && !versionAfter(is, there) {
			continue
		}
		if code := f.take(is); code != plan.Accepted {
			f.t.Errorf("the box says %s of %s", code, is.Topic)
		}
	}
}

func versionAfter(x, y Issued) bool {
	h, _ := message.HeadOf(x.Doc)
	k, _ := message.HeadOf(y.Doc)
	return h.Issued.After(k.Issued)
}

// have is what the box reports, signed with its key.
func (f *field) have(a *Authority) map[string][]byte {
	f.t.Helper()
	data, err := os.ReadFile(filepath.Join(a.BoxDir("box-1"), "etc", "loa", "box.key"))
	if err != nil {
		f.t.Fatal(err)
	}
	block, _ := pem.Decode(data)
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		f.t.Fatal(err)
	}
	h := message.Have{Device: "box-1", At: time.Now(), Documents: map[string]int64{}, Epochs: f.box.Epochs()}
	p := f.box.Plan(time.Now())
	for k, d := range p.Bulletins {
		h.Documents[k.String()] = d.Version()
	}
	h.Documents[p.Want.Key().String()] = p.Want.Version()
	return map[string][]byte{"loa/v1/d/box-1/have": message.SealHave(h, key.(ed25519.PrivateKey))}
}

// lived is an authority of which a backup was made, and then went on: a new version of
// a bulletin, another one, a new place with a new officer, a new root, beats and acts.
func lived(t *testing.T) (a *Authority, f *field, old []byte) {
	t.Helper()
	a = sample(t)
	roots, err := a.RootFile()
	if err != nil {
		t.Fatal(err)
	}
	f = &field{t: t, box: box(t, a, roots), kept: make(map[string][]byte)}
	say(t, a, f, "tin")
	f.sync(a)
	beat(t, a, f)
	old = backup(t, a, false)

	say(t, a, f, "tin")
	say(t, a, f, "moi")
	newHolders(t, a, "hoa", "root-1b")
	if err := a.AddPlace("26735", Place{Name: "Bình Nhâm", Parent: "74"}); err != nil {
		t.Fatal(err)
	}
	if err := a.AddGrant(Grant{Person: "hoa", Place: "26735", Kinds: []plan.Kind{plan.KindBulletin}, Classes: []plan.Class{plan.Normal}}); err != nil {
		t.Fatal(err)
	}
	list, err := a.IssueList(plan.RootPlace)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Keep(list); err != nil {
		t.Fatal(err)
	}
	if p := rotated(t, a, [][2]string{{"root-1", "root-1b"}}, "root-2", "root-3", "root-4"); !p.Done {
		t.Fatal(p)
	}
	f.sync(a)
	for range 20 {
		beat(t, a, f)
	}
	return a, f, old
}

func say(t *testing.T, a *Authority, f *field, id string) {
	t.Helper()
	is, err := a.Sign(bulletin("26734", id), "lan")
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Keep(is); err != nil {
		t.Fatal(err)
	}
}

func beat(t *testing.T, a *Authority, f *field) {
	t.Helper()
	is, err := a.Beat("74", "clock", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if code := f.take(is); code != plan.Accepted {
		t.Errorf("a beat: %s", code)
	}
}

// An old backup comes back, the broker has kept everything: the authority takes over
// what it had forgotten, and the box notices nothing.
func TestRestoredBesideABroker(t *testing.T) {
	_, f, old := lived(t)
	a := restore(t, old)
	beat(t, a, f) // the dispatcher may run at once
	if _, err := a.IssueList(plan.RootPlace); code(err) != "uncompared" {
		t.Errorf("a list before it was compared: %v", err)
	}
	if _, err := a.RotateRoot(nil, 0, "root-1"); code(err) != "uncompared" {
		t.Errorf("a root before it was compared: %v", err)
	}
	f.sync(a) // sends nothing
	c, err := a.Compare(f.kept, nil, false)
	if err != nil || !c.Done {
		t.Fatalf("%+v, %v", c, err)
	}
	for _, topic := range []string{"loa/v1/p/26734/doc/bulletin/tin", "loa/v1/p/26734/doc/bulletin/moi", "loa/v1/trust/root", "loa/v1/trust/root/2"} {
		if !slices.Contains(c.Adopted, topic) {
			t.Errorf("%s was not taken over: %+v", topic, c)
		}
	}
	if a.Places()["26735"].Name != "Bình Nhâm" || a.People()["hoa"].Key == "" {
		t.Error("the books do not know the new place and its officer")
	}
	if holders, _ := a.Root(); !slices.Contains(holders, "root-1b") {
		t.Errorf("root: %v", holders)
	}
	say(t, a, f, "tin")
	f.sync(a)
	beat(t, a, f)
	list, err := a.IssueList(plan.RootPlace, "root-2", "root-3", "root-4")
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Keep(list); err != nil {
		t.Fatal(err)
	}
	f.sync(a)
	if l := list.Doc.(plan.List); !slices.ContainsFunc(l.Grants, func(g plan.Grant) bool { return g.Holder == "hoa" }) {
		t.Error("the next list revokes the new officer")
	}
	if got := f.box.Epochs()[plan.RootPlace]; got != list.Doc.(plan.List).Epoch() {
		t.Error("the box did not take the next list")
	}
}

// The broker is gone, too: the boxes' own word keeps the authority from sending what
// they would refuse, and from giving a number twice.
func TestRestoredWithBoxesOnly(t *testing.T) {
	_, f, old := lived(t)
	a := restore(t, old)
	f.kept = make(map[string][]byte)
	c, err := a.Compare(f.kept, nil, false)
	if err != nil || c.Done || c.Boxes != 1 || c.Heard != 0 {
		t.Fatalf("nobody was asked: %+v, %v", c, err)
	}
	f.sync(a)
	if len(f.kept) > 0 {
		t.Error("sent before it was compared")
	}
	c, err = a.Compare(f.kept, f.have(a), false)
	if err != nil || !c.Done || c.Heard != 1 {
		t.Fatalf("%+v, %v", c, err)
	}
	want := []string{"loa/v1/p/26734/doc/bulletin/moi", "loa/v1/p/26734/doc/bulletin/tin", "loa/v1/trust/root"}
	if !slices.Equal(c.Outrun, want) {
		t.Errorf("outrun: %v", c.Outrun)
	}
	f.sync(a) // nothing that the box refuses
	if f.kept["loa/v1/p/26734/doc/bulletin/tin"] != nil {
		t.Error("an old version went out")
	}
	beat(t, a, f)
	say(t, a, f, "tin")
	f.sync(a)
	if f.kept["loa/v1/p/26734/doc/bulletin/tin"] == nil {
		t.Error("the new version did not go out")
	}
}

// Nothing is left but the backup: what comes next is newer all the same.
func TestRestoredAlone(t *testing.T) {
	gone, f, old := lived(t)
	a := restore(t, old)
	f.kept = make(map[string][]byte)
	if c, err := a.Compare(nil, nil, true); err != nil || !c.Done {
		t.Fatalf("%+v, %v", c, err)
	}
	if a.read().Seq <= gone.read().Seq {
		t.Error("numbers of beats and acts come again")
	}
	for _, id := range []string{"tin", "moi"} {
		is, err := a.Sign(bulletin("26734", id), "lan")
		if err != nil {
			t.Fatal(err)
		}
		if code := f.take(is); code != plan.Accepted {
			t.Errorf("the box says %s of %s", code, id)
		}
	}
	beat(t, a, f)
	slow, err := Open(a.Dir(), Opts{Secret: pass, Now: func() time.Time { return time.Now().Add(-10 * time.Minute) }})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := slow.Sign(bulletin("26734", "never-before"), "lan"); code(err) != "clock" {
		t.Errorf("a version from before the restoration: %v", err)
	}

	// Restored once more from the same backup, after it went on.
	b := restore(t, old)
	if _, err := b.Compare(nil, nil, true); err != nil {
		t.Fatal(err)
	}
	last := a.read().Seq
	if n, err := b.Seq(); err != nil || n <= last {
		t.Errorf("number %d again, %v", n, err)
	}
}

// A broker that lies adds nothing, and neither does a box beyond itself.
func TestComparedWithLiars(t *testing.T) {
	_, f, old := lived(t)
	a := restore(t, old)
	other := sample(t)
	say(t, other, f, "lie")
	foreign, _ := other.Find(topicOf(t, "26734", "lie"))
	kept := map[string][]byte{
		foreign.Topic.String():        foreign.Raw,
		"loa/v1/p/26734/doc/policy/x": f.kept["loa/v1/p/26734/doc/bulletin/moi"], // moved
		"loa/v1/trust/74":             []byte("{}"),
	}
	have := f.have(a)
	have["loa/v1/d/box-1/have"][40] ^= 1
	c, err := a.Compare(kept, have, false)
	if err != nil || c.Done || c.Heard > 0 || len(c.Adopted)+len(c.Outrun)+len(c.Passed) > 0 {
		t.Errorf("%+v, %v", c, err)
	}
}
