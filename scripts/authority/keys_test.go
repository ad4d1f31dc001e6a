package authority

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"loa/agent/plan"
)

// reopened is the authority as another program sees it that runs later and knows this
// passphrase.
func reopened(t *testing.T, a *Authority, pass string, keys string) *Authority {
	t.Helper()
	b, err := Open(a.Dir(), Opts{Secret: func(string) ([]byte, error) { return []byte(pass), nil }, Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func code(err error) string {
	var own *Error
	if errors.As(err, &own) {
		return own.Code
	}
	return ""
}

// A key that is on a stick signs from there, and nowhere else.
func TestKeyOnAStick(t *testing.T) {
	a := sample(t)
	stick := t.TempDir()
	file := filepath.Join(stick, "lan.key")
	if err := a.ExportKey("lan", file, true); err != nil {
		t.Fatal(err)
	}
	if _, err := reopened(t, a, "correct horse", "").Sign(bulletin("26734", "x"), "lan"); code(err) != "key-elsewhere" {
		t.Errorf("a key that is not here signs: %v", err)
	}
	if _, err := reopened(t, a, "correct horse", stick).Sign(bulletin("26734", "x"), "lan"); err != nil {
		t.Error(err)
	}
	if err := a.ExportKey("minh", file, true); code(err) != "file-exists" || !a.HasKey("minh") {
		t.Errorf("over another's key: %v", err)
	}
	data, _ := os.ReadFile(file)
	if _, err := reopened(t, a, "wrong", "").ImportKey(data); !errors.Is(err, ErrPassphrase) || a.HasKey("lan") {
		t.Errorf("imported without the passphrase: %v", err)
	}
	if _, err := a.ImportKey([]byte(strings.Replace(string(data), `"lan"`, `"minh"`, 1))); code(err) != "key-unknown" {
		t.Errorf("imported in another's name: %v", err)
	}
	if name, err := a.ImportKey(data); name != "lan" || err != nil || !a.HasKey("lan") {
		t.Errorf("%s, %v", name, err)
	}
}

func TestSetPassphrase(t *testing.T) {
	a := sample(t)
	for _, name := range []string{"lan", caName} {
		if err := reopened(t, a, "wrong", "").SetPassphrase(name, []byte("new")); !errors.Is(err, ErrPassphrase) {
			t.Errorf("%s without the old one: %v", name, err)
		}
		if err := reopened(t, a, "correct horse", "").SetPassphrase(name, []byte("new")); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := reopened(t, a, "correct horse", "").Sign(bulletin("26734", "x"), "lan"); !errors.Is(err, ErrPassphrase) {
		t.Errorf("the old passphrase: %v", err)
	}
	b := reopened(t, a, "new", "")
	if _, err := b.Sign(bulletin("26734", "x"), "lan"); err != nil {
		t.Error(err)
	}
	if err := b.WriteRevocations(); err != nil { // by the CA
		t.Error(err)
	}
	if err := a.SetPassphrase("clock", []byte("new")); code(err) != "key-online" {
		t.Errorf("an online key: %v", err)
	}
}

func TestKeyOnPaper(t *testing.T) {
	a := sample(t)
	lines, err := a.PaperKey("root-1")
	if err != nil {
		t.Fatal(err)
	}
	if len(lines) > 12 {
		t.Errorf("%d lines are to be typed", len(lines))
	}
	typed := strings.ToLower(strings.Join(lines, "\n"))
	if err := a.ExportKey("root-1", filepath.Join(t.TempDir(), "gone"), true); err != nil {
		t.Fatal(err)
	}
	data, err := FromPaper(typed)
	if err != nil {
		t.Fatal(err)
	}
	b := reopened(t, a, "correct horse", "")
	if name, err := b.ImportKey(data); name != "root-1" || err != nil {
		t.Fatalf("%s, %v", name, err)
	}
	if _, err := b.IssueList(plan.RootPlace, "root-1", "root-2", "root-3"); err != nil {
		t.Error(err)
	}
	wrong := []byte(strings.Join(lines, "\n"))
	at := strings.Index(string(wrong), "\n04")
	wrong[at+6] = map[bool]byte{true: 'A', false: 'B'}[wrong[at+6] == 'B']
	if _, err := FromPaper(string(wrong)); code(err) != "paper-wrong" || !strings.Contains(err.Error(), "line 4") {
		t.Errorf("%v", err)
	}
}

// A rehearsal changes nothing but its own record.
func TestProveKey(t *testing.T) {
	a := sample(t)
	before, _ := os.ReadFile(a.personFile("root-1"))
	data, err := a.SealedKey("root-1")
	if err != nil {
		t.Fatal(err)
	}
	if err := reopened(t, a, "wrong", "").ProveKey("root-1", data, "file"); !errors.Is(err, ErrPassphrase) {
		t.Error(err)
	}
	if p := a.People()["root-1"].Proof; p == nil || p.Passed {
		t.Errorf("a failure is not on record: %v", p)
	}
	if err := a.ProveKey("root-2", data, "file"); code(err) != "key-of-other" {
		t.Errorf("another's key: %v", err)
	}
	if err := a.ProveKey("root-1", data, "paper"); err != nil {
		t.Fatal(err)
	}
	p := a.People()["root-1"].Proof
	if p == nil || !p.Passed || p.With != "paper" || time.Since(p.At) > time.Minute {
		t.Errorf("%v", p)
	}
	after, _ := os.ReadFile(a.personFile("root-1"))
	if string(before) != string(after) {
		t.Error("the key file changed")
	}
	silent, _ := Open(a.Dir(), Opts{})
	if err := silent.ProveKey("root-1", data, "file"); code(err) != "no-passphrase" || !a.People()["root-1"].Proof.Passed {
		t.Errorf("what was not tried failed: %v", err)
	}
}
