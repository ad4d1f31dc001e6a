package network

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"loa/agent/config"
)

// ModemFile holds the [Modem] that loa-modem.service keeps connected. Root alone reads it.
const ModemFile = "/run/loa-modem.json"

// Apply makes a description, a [config.Network] in JSON, the machine's network: files in
// dir, each whole, those of before gone, and the modem's connection in modemFile, for a
// [Keeper]. It is for root; run runs one of the system's programs. A description with
// anything wrong in it changes nothing.
func Apply(description []byte, dir, modemFile string, run func(name string, args ...string) error) error {
	var n config.Network
	d := json.NewDecoder(bytes.NewReader(description))
	d.DisallowUnknownFields()
	if err := d.Decode(&n); err != nil {
		return fmt.Errorf("the network's description: %w", err)
	}
	m, err := Make(n)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	changed := false
	for _, f := range m.Files {
		if was, err := os.ReadFile(filepath.Join(dir, f.Name)); err == nil && string(was) == f.Text {
			continue
		}
		changed = true
		draft := filepath.Join(dir, "."+f.Name)
		if err := os.WriteFile(draft, []byte(f.Text), 0o644); err != nil {
			return err
		}
		if err := os.Rename(draft, filepath.Join(dir, f.Name)); err != nil {
			return err
		}
	}
	there, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range there {
		ours := slices.ContainsFunc(m.Files, func(f File) bool { return f.Name == e.Name() })
		if strings.HasPrefix(e.Name(), Prefix) && !ours {
			changed = true
			if err := os.Remove(filepath.Join(dir, e.Name())); err != nil {
				return err
			}
		}
	}
	if changed {
		if err := run(reload[0], reload[1:]...); err != nil {
			return err
		}
	}
	return applyModem(m.Modem, modemFile, run)
}

// reload lets networkd read its files anew. "networkctl reload" says the same, and refuses
// where the unit has a network of its own, which is none.
var reload = []string{"busctl", "call", "org.freedesktop.network1", "/org/freedesktop/network1", "org.freedesktop.network1.Manager", "Reload"}

// applyModem lets the keeper begin anew if its connection is to be another one. Without
// ModemManager, which udev starts where there is a modem, neither of them runs.
func applyModem(m *Modem, file string, run func(name string, args ...string) error) error {
	var text []byte
	if m != nil {
		var err error
		if text, err = json.Marshal(m); err != nil {
			return err
		}
	}
	was, err := os.ReadFile(file)
	if err != nil && !os.IsNotExist(err) {
		return err
	}
	if bytes.Equal(was, text) {
		return nil
	}
	if m == nil {
		err = os.Remove(file)
	} else if err = os.WriteFile(file+".new", text, 0o600); err == nil {
		err = os.Rename(file+".new", file)
	}
	if err != nil {
		return err
	}
	return run("systemctl", "--no-block", "restart", "loa-modem.service")
}
