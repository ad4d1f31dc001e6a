package authority

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"loa/scripts/authority/pki"
)

// What a province's machine is given holds no person's key, and follows the authority's
// list of the revoked.
func TestBridge(t *testing.T) {
	a := sample(t)
	if err := a.WriteRevocations(); err != nil {
		t.Fatal(err)
	}
	if got := a.Within("74"); !slices.Contains(got, "26734") || !slices.Contains(got, "74") || slices.Contains(got, "") {
		t.Errorf("within 74: %v", got)
	}
	if got := a.Within("26734"); !slices.Contains(got, "74") {
		t.Errorf("a commune hears what is said above it: %v", got)
	}
	var e *Error
	if err := a.IssueBridge("999", []string{"x"}); !errors.As(err, &e) || e.Code != "no-place" {
		t.Errorf("a place that there is not: %v", err)
	}
	if err := a.IssueBridge("74", []string{"bd.example"}); err != nil {
		t.Fatal(err)
	}
	if got, err := a.Bridges(); err != nil || !slices.Equal(got, []string{"74"}) {
		t.Errorf("bridges %v, %v", got, err)
	}
	dir := filepath.Join(a.BridgeDir("74"), "tls")
	for _, name := range []string{"ca.crt", "ca.crl"} {
		mine, err := os.ReadFile(filepath.Join(dir, name))
		theirs, err2 := os.ReadFile(a.tlsFile(name))
		if err := errors.Join(err, err2); err != nil || !slices.Equal(mine, theirs) {
			t.Errorf("%s is another: %v", name, err)
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 6 {
		t.Errorf("%v, %v", entries, err)
	}
	if cert, err := os.ReadFile(filepath.Join(dir, "bridge.crt")); err != nil {
		t.Error(err)
	} else if _, err := pki.Serial(cert); err != nil {
		t.Error(err)
	}
}

// A restored bridge still follows the list of the revoked, and a bridge knows a commune
// that was put below its province, or became another, later on.
func TestBridgeLater(t *testing.T) {
	a := sample(t)
	if err := errors.Join(a.WriteRevocations(), a.IssueBridge("74", []string{"bd.example"})); err != nil {
		t.Fatal(err)
	}
	b := restore(t, backup(t, a, false))
	for _, name := range []string{"ca.crt", "ca.crl"} {
		got, err := os.ReadFile(filepath.Join(b.BridgeDir("74"), "tls", name))
		if want, err2 := os.ReadFile(b.tlsFile(name)); errors.Join(err, err2) != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v, %v", name, err, err2)
		}
	}
	if err := errors.Join(a.AddPlace("77", Place{Name: "Vũng Tàu", Width: 1}), a.AddPlace("1", Place{Name: "Côn Đảo", Parent: "77"})); err != nil {
		t.Fatal(err)
	}
	if err := a.Reparent("1", "74", a.o.Now()); err != nil {
		t.Fatal(err)
	}
	if got := a.Within("74"); !slices.Contains(got, "1") {
		t.Errorf("within 74: %v", got)
	}
	if got := a.Within("77"); slices.Contains(got, "1") {
		t.Errorf("within 77: %v", got)
	}
}
