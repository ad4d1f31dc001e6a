package authority

import (
	"bytes"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"loa/agent/clock"
	"loa/agent/message"
	"loa/agent/plan"
	"loa/agent/trust"
)

// box is a real box's trust that carries the roots of this file, in the hands of the
// holders of that time.
func box(t *testing.T, a *Authority, roots []byte) *trust.Trust {
	t.Helper()
	b, err := trust.New(roots, "box-1", trust.Opts{Now: a.boxClock})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// deliver hands a box everything that is issued and fails if it refuses anything.
func deliver(t *testing.T, a *Authority, b *trust.Trust) {
	t.Helper()
	all, err := a.Issued()
	if err != nil {
		t.Fatal(err)
	}
	for _, is := range all {
		v := b.Judge(is.Topic.String(), is.Raw, a.o.Now(), clock.Signed)
		if v.Code != plan.Accepted && !(is.Topic.Leaf == message.LeafRoot && v.Code == plan.Replay) {
			t.Errorf("a box refuses %s: %s %v", is.Topic, v.Code, v.Err)
		}
		b.Commit(v)
	}
}

// newHolders gives new people keys.
func newHolders(t *testing.T, a *Authority, names ...string) {
	t.Helper()
	for _, n := range names {
		if err := a.AddPerson(n); err != nil {
			t.Fatal(err)
		}
	}
}

func rotated(t *testing.T, a *Authority, replace [][2]string, signers ...string) Rotation {
	t.Helper()
	p, err := a.RotateRoot(replace, 0, signers...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Five of five are replaced in two steps. A box that was offline during both, one that
// was not, and one that is made afterwards, all end with the newest root and believe
// the list; the old holders can say nothing any more.
func TestTwoRotations(t *testing.T) {
	a := sample(t)
	first, err := a.RootFile()
	if err != nil {
		t.Fatal(err)
	}
	online, offline := box(t, a, first), box(t, a, first)
	deliver(t, a, online)
	deliver(t, a, offline)
	newHolders(t, a, "new-1", "new-2", "new-3", "new-4", "new-5")
	old := a.read().list(plan.RootPlace, a.o.Now())

	p := rotated(t, a, [][2]string{{"root-1", "new-1"}, {"root-2", "new-2"}, {"root-3", "new-3"}}, "root-1", "root-2", "root-3")
	if p.Done || p.Old != 3 || p.New != 0 {
		t.Fatalf("signed by the old alone: %+v", p)
	}
	if _, err := a.RotateRoot(nil, 0, "root-1"); code(err) != "root-pending" {
		t.Errorf("a second step while one waits: %v", err)
	}
	// On other days, in another order, on the machine of each.
	for _, n := range []string{"new-2", "root-4"} {
		if p, err = a.ApproveRoot(n); err != nil || p.Done {
			t.Fatalf("%s: %+v, %v", n, p, err)
		}
	}
	if _, err := a.ApproveRoot("lan"); code(err) != "no-holder" {
		t.Errorf("an officer signs the root: %v", err)
	}
	if p, err = a.ApproveRoot("new-1"); err != nil || !p.Done || !a.ListHolds() {
		t.Fatalf("%+v, %v, list holds: %v", p, err, a.ListHolds())
	}
	deliver(t, a, online)
	if online.Root().Number != 2 {
		t.Errorf("root %d", online.Root().Number)
	}

	p = rotated(t, a, [][2]string{{"root-4", "new-4"}, {"root-5", "new-5"}}, "new-1", "new-2", "new-3")
	if !p.Done {
		t.Fatalf("%+v", p)
	}
	file, err := a.RootFile()
	if err != nil || strings.Count(string(file), "\n") != 3 {
		t.Fatalf("%d roots for a new box, %v", strings.Count(string(file), "\n"), err)
	}
	for name, b := range map[string]*trust.Trust{"online": online, "offline": offline, "new": box(t, a, file)} {
		deliver(t, a, b)
		if b.Root().Number != 3 || b.Epochs()[plan.RootPlace] == 0 {
			t.Errorf("%s: root %d, epochs %v", name, b.Root().Number, b.Epochs())
		}
	}
	if holders, n := a.Root(); !slices.Equal(holders, []string{"new-1", "new-2", "new-3", "new-4", "new-5"}) || n != 3 {
		t.Errorf("%v, %d", holders, n)
	}
	if is, err := a.Sign(old, "root-1", "root-2", "root-3"); err != nil {
		t.Fatal(err)
	} else if v, _ := a.Judge(is); v.Code != plan.UnknownKey {
		t.Errorf("the old holders still sign lists: %s", v.Code)
	}
}

// Up to two of five keys may be lost. With three lost nothing can be done, as it should be.
func TestLostKeys(t *testing.T) {
	for lost := 1; lost <= 3; lost++ {
		a := sample(t)
		var replace [][2]string
		var left []string
		for i, h := range []string{"root-1", "root-2", "root-3", "root-4", "root-5"} {
			if i >= lost {
				left = append(left, h)
				continue
			}
			if err := os.Remove(a.personFile(h)); err != nil {
				t.Fatal(err)
			}
			replace = append(replace, [2]string{h, h + "b"})
			newHolders(t, a, h+"b")
		}
		b := reopened(t, a, "correct horse", "")
		file, _ := a.RootFile()
		boxed := box(t, a, file)
		p := rotated(t, b, replace, append(left, replace[0][1])...)
		deliver(t, b, boxed)
		if want := lost <= 2; p.Done != want || (boxed.Root().Number == 2) != want {
			t.Errorf("%d lost: %+v, a box has root %d", lost, p, boxed.Root().Number)
		}
		if _, err := b.ApproveRoot("root-1"); lost == 3 && code(err) != "key-elsewhere" {
			t.Errorf("a lost key signs: %v", err)
		}
	}
}

func TestRotationsThatCannotBe(t *testing.T) {
	a := sample(t)
	newHolders(t, a, "n1", "n2", "n3", "n4", "n5")
	all := [][2]string{{"root-1", "n1"}, {"root-2", "n2"}, {"root-3", "n3"}, {"root-4", "n4"}, {"root-5", "n5"}}
	for name, tt := range map[string]struct {
		replace   [][2]string
		threshold int
		want      string
	}{
		"nobody":    {[][2]string{{"root-1", "hoa"}}, 0, "no-person"},
		"a program": {[][2]string{{"root-1", "clock"}}, 0, "no-person"},
		"no holder": {[][2]string{{"lan", "n1"}}, 0, "no-holder"},
		"twice":     {[][2]string{{"root-1", "root-2"}}, 0, "holder-twice"},
		"too many":  {nil, 6, "threshold"},
		"8 sign":    {all, 5, ""},
		"none left": {[][2]string{{"root-1", ""}, {"root-2", ""}, {"root-3", ""}}, 0, "threshold"},
	} {
		_, err := a.RotateRoot(tt.replace, tt.threshold, "root-1")
		if code(err) != tt.want {
			t.Errorf("%s: %v", name, err)
		}
		if tt.want == "" {
			if err := a.DropRoot(); err != nil {
				t.Error(err)
			}
		}
		if _, waits := a.Rotating(); waits {
			t.Fatalf("%s: it waits", name)
		}
	}
	// 5 of 5 to five others: ten signatures, of which a box reads eight.
	if p := rotated(t, a, nil, "root-1", "root-2", "root-3"); !p.Done {
		t.Fatalf("%+v", p)
	}
	if p, err := a.RotateRoot(nil, 5, "root-1", "root-2", "root-3", "root-4", "root-5"); err != nil || !p.Done {
		t.Fatalf("%+v, %v", p, err)
	}
	if _, err := a.RotateRoot(all, 5, "root-1"); code(err) != "root-step" {
		t.Error(err)
	}
}

// A list that was issued while the step waited is the newer one; it is signed anew.
func TestListChangesWhileRootWaits(t *testing.T) {
	a := sample(t)
	newHolders(t, a, "n1", "n2", "n3")
	rotated(t, a, [][2]string{{"root-1", "n1"}, {"root-2", "n2"}, {"root-3", "n3"}}, "root-1", "root-2", "root-3")
	if err := a.AddPlace("26735", Place{Name: "Bình Nhâm", Parent: "74"}); err != nil {
		t.Fatal(err)
	}
	list, err := a.IssueList(plan.RootPlace, "root-1", "root-2", "root-3")
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Keep(list); err != nil {
		t.Fatal(err)
	}
	p, err := a.ApproveRoot("n1", "n2", "n3")
	if err != nil || !p.Done || a.ListHolds() {
		t.Fatalf("%+v, %v, list holds: %v", p, err, a.ListHolds())
	}
	now, _ := a.Find(list.Topic)
	if now.SHA256 != list.SHA256 {
		t.Error("an older list came back")
	}
}

// Holders sign on machines that have no authority.
func TestHandOut(t *testing.T) {
	a := sample(t)
	newHolders(t, a, "n1")
	stick := t.TempDir()
	for _, h := range []string{"root-2", "root-3", "n1"} {
		if err := a.ExportKey(h, filepath.Join(stick, h), true); err != nil {
			t.Fatal(err)
		}
	}
	b := reopened(t, a, "correct horse", "")
	rotated(t, b, [][2]string{{"root-1", "n1"}}, "root-1")
	file, err := b.HandOut()
	if err != nil {
		t.Fatal(err)
	}
	var parts [][]byte
	for _, h := range []string{"root-2", "root-3", "n1"} {
		key, _ := os.ReadFile(filepath.Join(stick, h))
		signed, name, err := Cosign(file, key, pass)
		if err != nil || name != h {
			t.Fatalf("%s: %v", name, err)
		}
		parts = append(parts, signed)
	}
	if _, err := b.TakeBack([]byte("{}\n")); code(err) != "no-handout" {
		t.Error(err)
	}
	line, _, _ := bytes.Cut(parts[0], []byte("\n"))
	e, err := message.Open(line)
	if err != nil {
		t.Fatal(err)
	}
	e.Signatures[len(e.Signatures)-1].Sig[0] ^= 1
	if _, err := b.TakeBack(e.Encode()); code(err) != "handout-forged" {
		t.Errorf("a forged signature is taken back: %v", err)
	}
	for i, part := range parts {
		p, err := b.TakeBack(part)
		if err != nil {
			t.Fatal(err)
		}
		if p.Done != (i == 2) {
			t.Errorf("%d: %+v", i, p)
		}
	}
	if !b.ListHolds() {
		t.Error("the list was not signed with the root")
	}
	if _, err := b.TakeBack(parts[0]); code(err) != "handout-old" {
		t.Errorf("once more: %v", err)
	}
}

// A rehearsal goes all the way and leaves no trace.
func TestRehearseRotation(t *testing.T) {
	a := sample(t)
	before := tree(t, a.Dir())
	p, err := a.RehearseRotation([][2]string{{"root-1", "n1"}, {"root-2", "n2"}}, 0, "root-3", "root-4", "root-5")
	if err != nil || !p.Done || p.Number != 2 {
		t.Fatalf("%+v, %v", p, err)
	}
	p, err = a.RehearseRotation([][2]string{{"root-1", "n1"}}, 0, "root-3", "root-4")
	if err != nil || p.Done {
		t.Errorf("two of three: %+v, %v", p, err)
	}
	if _, err := reopened(t, a, "wrong", "").RehearseRotation(nil, 0, "root-3"); err == nil {
		t.Error("with a wrong passphrase")
	}
	if after := tree(t, a.Dir()); !maps.Equal(before, after) {
		t.Errorf("the rehearsal left something: %v, %v", before, after)
	}
}

// tree is every file of a folder.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := make(map[string]string)
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		name, _ := filepath.Rel(dir, path)
		all[name] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
