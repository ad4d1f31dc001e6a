package update

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"loa/agent/plan"
	"loa/agent/update/rauctest"
)

func TestMain(m *testing.M) {
	if handled, code := rauctest.Handle(); handled {
		os.Exit(code)
	}
	os.Exit(m.Run())
}

// What RAUC 1.8-2 of Debian 12 answered on 27 November 2026, two slots and U-Boot's
// names, booted from A.
const real18 = `{"compatible":"loa-virt-arm64","variant":"","booted":"A","boot_primary":"rootfs.0","slots":[{"rootfs.1":{"class":"rootfs","device":"/tmp/b.img","type":"raw","bootname":"B","state":"inactive","parent":null,"mountpoint":null,"boot_status":"bad"}},{"rootfs.0":{"class":"rootfs","device":"/tmp/a.img","type":"raw","bootname":"A","state":"booted","parent":null,"mountpoint":null,"boot_status":"good"}}]}
`

func TestReadsWhatRAUCAnswers(t *testing.T) {
	got, err := readSlots([]byte(real18))
	if want := (Slots{Board: "virt-arm64", Booted: "A", Other: "B"}); err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := readSlots([]byte(strings.ReplaceAll(real18, `"booted",`, `"inactive",`))); !errors.Is(err, ErrNoSlots) {
		t.Errorf("started from elsewhere: %v", err)
	}
	if _, err := readSlots([]byte("rauc: no")); err == nil {
		t.Error("nonsense is an answer")
	}
}

// The words of RAUC 1.8-2, taken down the same day; the two of a mismatch and of a slot
// from its program.
func TestRefusalsHaveCodes(t *testing.T) {
	failed := errors.New("exit status 1")
	for said, want := range map[string]plan.Code{
		"LastError: signature verification failed: Verify error: self-signed certificate\nidle\nInstalling `/x` failed":  plan.Signature,
		"LastError: Invalid bundle format: Signature size (3085219137679805876) exceeds bundle size\nidle":               plan.Malformed,
		"LastError: Compatible mismatch: Expected 'loa-rock64' but bundle manifest has 'loa-other'\nidle":                plan.Unsupported,
		"LastError: Installation error: Failed updating slot rootfs.1: Size of image (9) does not fit to slot size 8\nx": plan.TooBig,
		"LastError: Failed mounting bundle: Failed to open /dev/mapper/control: No such file or directory\nidle":         "",
	} {
		err := refusal("install", failed, said)
		var bad *plan.Error
		if errors.As(err, &bad) != (want != "") || bad != nil && bad.Code != want {
			t.Errorf("%.60q: %v, want %q", said, err, want)
		}
		if !strings.Contains(err.Error(), strings.TrimPrefix(strings.Split(said, "\n")[0], "LastError: ")) {
			t.Errorf("%.60q: the reason is lost: %v", said, err)
		}
	}
}

func machine(t *testing.T, flashed rauctest.Image) (*rauctest.Machine, Rauc) {
	t.Helper()
	m, err := rauctest.New(t.TempDir(), "rock64", flashed)
	if err != nil {
		t.Fatal(err)
	}
	program, err := m.Program()
	if err != nil {
		t.Fatal(err)
	}
	return m, Rauc{Program: program}
}

// The whole of what a box says to RAUC, to a program that answers as RAUC does.
func TestRaucProgram(t *testing.T) {
	m, r := machine(t, rauctest.Image{Version: "1.0"})
	if _, _, _, err := m.Start(); err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	slots := func(want Slots) {
		t.Helper()
		if got, err := r.Slots(ctx); err != nil || got != want {
			t.Errorf("%+v, %v; want %+v", got, err, want)
		}
	}
	slots(Slots{"rock64", "A", "B", true})
	bundle := func(b rauctest.Bundle, cut int) string {
		data := b.Encode(4000)
		file := filepath.Join(t.TempDir(), "bundle")
		if err := os.WriteFile(file, data[:len(data)-cut], 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	good := rauctest.Bundle{Image: rauctest.Image{Version: "1.1"}, Compatible: "loa-rock64", SignedBy: rauctest.Signer, Bytes: 1000}
	other, forged, big := good, good, good
	other.Compatible, forged.SignedBy, big.Bytes = "loa-orangepi-zero", "somebody", 2<<20
	for name, c := range map[string]struct {
		file string
		want plan.Code
	}{
		"another board": {bundle(other, 0), plan.Unsupported},
		"forged":        {bundle(forged, 0), plan.Signature},
		"cut":           {bundle(good, 3990), plan.Malformed},
		"too big":       {bundle(big, 0), plan.TooBig},
	} {
		var bad *plan.Error
		if err := r.Install(ctx, c.file); !errors.As(err, &bad) || bad.Code != c.want {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
		slots(Slots{"rock64", "A", "B", true}) // nothing was touched
	}
	if err := m.CutNext(); err != nil {
		t.Fatal(err)
	}
	if err := r.Install(ctx, bundle(good, 0)); err == nil {
		t.Error("one that was cut off succeeded")
	}
	slots(Slots{"rock64", "A", "B", false})
	if err := r.Install(ctx, bundle(good, 0)); err != nil {
		t.Error(err)
	}
	slots(Slots{"rock64", "A", "B", true})
	if is, _, _, err := m.Start(); err != nil || is.Version != "1.1" {
		t.Errorf("%v runs, %v", is, err)
	}
	slots(Slots{"rock64", "B", "A", true})
	if _, left := m.Booted(); left != 2 {
		t.Errorf("%d tries left", left)
	}
	if err := r.MarkGood(ctx); err != nil {
		t.Error(err)
	}
	if _, left := m.Booted(); left != 3 {
		t.Errorf("%d tries left after it was marked good", left)
	}
	if err := r.UseOther(ctx); err != nil {
		t.Error(err)
	}
	if is, _, _, err := m.Start(); err != nil || is.Version != "1.0" {
		t.Errorf("%v runs, %v", is, err)
	}
	if err := r.MarkBad(ctx); err != nil {
		t.Error(err)
	}
	if is, _, _, err := m.Start(); err != nil || is.Version != "1.1" {
		t.Errorf("%v runs, %v", is, err)
	}
	if _, err := (Rauc{Program: "no-such-rauc"}).Slots(ctx); !errors.Is(err, ErrNoSlots) {
		t.Errorf("no rauc: %v", err)
	}
}
