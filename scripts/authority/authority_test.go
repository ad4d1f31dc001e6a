package authority

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"loa/agent/message"
	"loa/agent/plan"
)

func pass(string) ([]byte, error) { return []byte("correct horse"), nil }

// sample is a province with a commune, two officers each, and a box.
func sample(t *testing.T) *Authority {
	t.Helper()
	a, err := New(filepath.Join(t.TempDir(), "a"), Setup{Name: "Bình Dương", ThrowAway: true}, Opts{Secret: pass})
	if err != nil {
		t.Fatal(err)
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(a.SetAddresses([]string{"tls://localhost:8883"}, []string{"https://localhost:8443"}))
	must(a.AddPlace("74", Place{Name: "Bình Dương", Width: 1}))
	must(a.AddPlace("26734", Place{Name: "An Sơn", Parent: "74"}))
	must(a.AddOnline("clock"))
	must(a.AddGrant(Grant{Person: "clock", Place: "74", Kinds: []plan.Kind{plan.KindBeat}}))
	must(a.AddGrant(Grant{Person: "clock", Place: "74", Kinds: []plan.Kind{plan.GrantService}}))
	all := []plan.Class{plan.Emergency, plan.Drill, plan.PriorityC, plan.Normal}
	for person, place := range map[string]string{"tinh-1": "74", "tinh-2": "74", "lan": "26734", "minh": "26734"} {
		must(a.AddPerson(person))
		must(a.AddGrant(Grant{Person: person, Place: place, Office: "pctt", Classes: all,
			Kinds: []plan.Kind{plan.KindBulletin, plan.KindSchedule, plan.KindPolicy, plan.KindAlert, plan.KindPlay, plan.KindStop}}))
		if place == "74" {
			must(a.AddGrant(Grant{Person: person, Place: place, Kinds: []plan.Kind{plan.GrantAssign, plan.GrantSettings}}))
		}
	}
	list, err := a.IssueList(plan.RootPlace)
	must(err)
	must(a.Keep(list))
	must(a.AddBox("box-1", "desk", Box{Place: "26734", Name: "Chợ"}))
	want, err := a.Want("box-1", nil, "tinh-1", "tinh-2")
	must(err)
	must(a.Keep(want))
	return a
}

func bulletin(place, id string) *plan.Bulletin {
	b := &plan.Bulletin{Class: plan.Normal, Origin: plan.Own, Lang: "vi", Title: "Thông báo", Text: "Chiều nay họp tổ dân phố."}
	b.Place, b.ID = place, id
	b.ValidUntil = time.Now().Add(24 * time.Hour)
	return b
}

func TestKeysAreSealed(t *testing.T) {
	a := sample(t)
	wrong, err := Open(a.Dir(), Opts{Secret: func(string) ([]byte, error) { return []byte("wrong"), nil }})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := wrong.Sign(bulletin("26734", "b1"), "lan"); !errors.Is(err, ErrPassphrase) {
		t.Errorf("signed with a wrong passphrase: %v", err)
	}
	// One person's file does not open as another's.
	file := func(p string) string { return filepath.Join(a.Dir(), "people", p+".key") }
	minh, err := os.ReadFile(file("minh"))
	if err != nil {
		t.Fatal(err)
	}
	for _, data := range [][]byte{minh, []byte(strings.Replace(string(minh), `"minh"`, `"lan"`, 1)), []byte("{}"), nil} {
		os.WriteFile(file("lan"), data, 0o600)
		again, err := Open(a.Dir(), Opts{Secret: pass})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := again.Sign(bulletin("26734", "b1"), "lan"); err == nil {
			t.Errorf("signed with the key file %.40q", data)
		}
	}
	if err := filepath.WalkDir(a.Dir(), func(path string, d os.DirEntry, err error) error {
		if info, e := d.Info(); err == nil && e == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s is open to others: %v", path, info.Mode())
		}
		return err
	}); err != nil {
		t.Error(err)
	}
}

func TestVersionsNeverGoBack(t *testing.T) {
	a := sample(t)
	now := time.Now()
	a.o.Now = func() time.Time { return now }
	version := func(want bool) int64 {
		t.Helper()
		is, err := a.Sign(bulletin("26734", "b1"), "lan")
		if (err == nil) != want {
			t.Fatalf("signed: %v", err)
		}
		if err != nil {
			return 0
		}
		return is.Doc.(plan.Bulletin).Version()
	}
	first := version(true)
	if second := version(true); second <= first {
		t.Errorf("two versions in one instant: %d, %d", first, second)
	}
	now = now.Add(-time.Minute)
	if third := version(true); third <= first+1 {
		t.Errorf("a version from a clock set back: %d after %d", third, first+1)
	}
	now = now.Add(-time.Hour)
	version(false)

	// Several tools at once, each with the authority opened for itself.
	now = now.Add(2 * time.Hour)
	var mu sync.Mutex
	seen := make(map[int64]bool)
	var wg sync.WaitGroup
	for range 4 {
		b, err := Open(a.Dir(), Opts{Secret: pass, Now: func() time.Time { return now }})
		if err != nil {
			t.Fatal(err)
		}
		wg.Go(func() {
			for range 5 {
				is, err := b.Sign(bulletin("26734", "b1"), "lan")
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				if v := is.Doc.(plan.Bulletin).Version(); seen[v] {
					t.Errorf("version %d was given twice", v)
				} else {
					seen[v] = true
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
}

func TestKeptDocumentsComeInTheOrderOfTrust(t *testing.T) {
	a := sample(t)
	is, err := a.Sign(bulletin("26734", "b1"), "lan")
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Keep(is); err != nil {
		t.Fatal(err)
	}
	again, err := Open(a.Dir(), Opts{Secret: pass})
	if err != nil {
		t.Fatal(err)
	}
	all, err := again.Issued()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, is := range all {
		got = append(got, strings.TrimPrefix(is.Topic.String(), message.Prefix))
	}
	if s := strings.Join(got, " "); s != "trust/root/1 trust/root d/box-1/want p/26734/doc/bulletin/b1" {
		t.Errorf("kept: %s", s)
	}
	if found, ok := again.Find(message.DocTopic("26734", plan.KindBulletin, "b1")); !ok || found.SHA256 != is.SHA256 {
		t.Error("the bulletin is not found by its topic")
	}
	if s := again.Signers(is.Raw); len(s) != 1 || s[0] != "lan" {
		t.Errorf("signers: %v", s)
	}
}

// An online key never speaks, and no person's key says the time.
func TestOnlineKeysHoldNothingElse(t *testing.T) {
	a := sample(t)
	if err := a.AddGrant(Grant{Person: "clock", Place: "74", Kinds: []plan.Kind{plan.KindBeat, plan.KindBulletin}}); err == nil {
		t.Error("the dispatcher may speak")
	}
	if err := a.AddGrant(Grant{Person: "lan", Place: "26734", Kinds: []plan.Kind{plan.KindBeat}}); err == nil {
		t.Error("a person says the time")
	}
}

func TestNewRefusesWhatCannotWork(t *testing.T) {
	a := sample(t)
	if _, err := New(a.Dir(), Setup{}, Opts{Secret: pass}); err == nil {
		t.Error("a second authority in one directory")
	}
	for _, s := range []Setup{{Threshold: 6}, {Threshold: -1}, {Holders: []string{"Lan Anh"}, Threshold: 1}} {
		if _, err := New(t.TempDir(), s, Opts{Secret: pass}); err == nil {
			t.Errorf("New(%+v) succeeded", s)
		}
	}
	if _, err := Open(t.TempDir(), Opts{}); err == nil || !strings.Contains(err.Error(), "loactl init") {
		t.Errorf("an empty directory: %v", err)
	}
	for _, err := range []error{
		a.AddPerson("lan"), a.AddPlace("root", Place{}), a.AddPlace("Xã", Place{}), a.AddPlace("x", Place{Parent: "none"}),
		a.AddBox("box-1", "desk", Box{Place: "26734"}), a.AddBox("box-2", "desk", Box{Place: "none"}), a.AddBox("Box", "desk", Box{Place: "74"}),
		a.AddGrant(Grant{Person: "nobody", Place: "74"}), a.AddGrant(Grant{Person: "lan", Place: "none"}),
	} {
		if err == nil {
			t.Error("something that cannot work was taken")
		}
	}
}

// A dispatcher that has run for months knows the box that was added a moment ago
// by another program.
func TestAnotherProgramsChangesAreSeen(t *testing.T) {
	a := sample(t)
	running, err := Open(a.dir, Opts{Secret: pass})
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := running.Boxes()["box-2"]; ok {
		t.Fatal("box-2 is there already")
	}
	if err := a.AddBox("box-2", "desk", Box{Place: "26734", Name: "Đình"}); err != nil {
		t.Fatal(err)
	}
	if _, ok := running.Boxes()["box-2"]; !ok {
		t.Error("box-2 is unknown")
	}
	if err := os.WriteFile(filepath.Join(a.dir, stateFile), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, ok := running.Boxes()["box-2"]; !ok {
		t.Error("a damaged file made a running program forget its boxes")
	}
}
