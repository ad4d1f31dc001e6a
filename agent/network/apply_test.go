package network

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"loa/agent/config"
)

// What root is asked for is done whole, what it replaces is gone, files of others stay,
// and what is wrong changes nothing.
func TestApply(t *testing.T) {
	dir, modem := filepath.Join(t.TempDir(), "network"), filepath.Join(t.TempDir(), "modem.json")
	var ran []string
	var fails error
	run := func(name string, args ...string) error {
		ran = append(ran, strings.Join(append([]string{name}, args...), " "))
		return fails
	}
	apply := func(n config.Network) error {
		t.Helper()
		ran = nil
		data, err := json.Marshal(n)
		if err != nil {
			t.Fatal(err)
		}
		return Apply(data, dir, modem, run)
	}
	names := func() (all []string) {
		there, _ := os.ReadDir(dir)
		for _, e := range there {
			all = append(all, e.Name())
		}
		return all
	}
	fixed := config.Network{Address: "192.0.2.7/24", Gateway: "192.0.2.1", DNS: []string{"192.0.2.1"}}
	if err := apply(fixed); err != nil {
		t.Fatal(err)
	}
	made, err := Make(fixed)
	if err != nil || len(made.Files) == 0 {
		t.Fatal(made, err)
	}
	for _, f := range made.Files {
		if text, err := os.ReadFile(filepath.Join(dir, f.Name)); err != nil || string(text) != f.Text {
			t.Errorf("%s: %v\n%s", f.Name, err, text)
		}
	}
	if !slices.Equal(ran, []string{strings.Join(reload, " "), "systemctl --no-block restart loa-modem.service"}) {
		t.Errorf("ran %q", ran)
	}
	if err := os.WriteFile(filepath.Join(dir, "50-other.network"), nil, 0o644); err != nil {
		t.Fatal(err)
	}

	before := names()
	for _, wrong := range []string{`{"address":"nonsense"}`, `{"shell":"rm"}`, `[`, ``} {
		ran = nil
		if err := Apply([]byte(wrong), dir, modem, run); err == nil || len(ran) > 0 || !slices.Equal(names(), before) {
			t.Errorf("%q: %v, ran %q, there are %q", wrong, err, ran, names())
		}
	}

	if err := apply(config.Network{}); err != nil || !slices.Equal(names(), []string{"50-other.network"}) { // the modem is as it was
		t.Errorf("back to what the image does: %v, there are %q", err, names())
	}
	const keeper = "systemctl --no-block restart loa-modem.service"
	if err := apply(config.Network{APN: "m3-world", PIN: "1234"}); err != nil || len(ran) != 2 || ran[1] != keeper {
		t.Errorf("a modem: %v, ran %q", err, ran)
	}
	text, err := os.ReadFile(modem)
	if info, err2 := os.Stat(modem); errors.Join(err, err2) != nil || info.Mode().Perm() != 0o600 || !strings.Contains(string(text), `apn=\"m3-world\"`) || !strings.Contains(string(text), `"metric":200`) {
		t.Errorf("the keeper reads %s, %v", text, err)
	}
	if err := apply(config.Network{APN: "m3-world", PIN: "1234"}); err != nil || len(ran) > 0 {
		t.Errorf("the same again: %v, ran %q", err, ran)
	}
	if err := apply(config.Network{Order: []string{"ethernet"}}); err != nil || len(ran) != 2 || ran[1] != keeper {
		t.Errorf("a modem no more: %v, ran %q", err, ran)
	}
	if _, err := os.Stat(modem); !os.IsNotExist(err) {
		t.Error("the PIN is still there")
	}
	fails = errors.New("no such service")
	if err := apply(fixed); !errors.Is(err, fails) {
		t.Errorf("what failed is not told: %v", err)
	}
}
