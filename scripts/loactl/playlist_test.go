package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What a box could not read or would not play to its end is told before anybody
// signs it, and drafts that were edited by hand stay.
func TestPlaylistIsChecked(t *testing.T) {
	w := newWorld(t).sample()
	dir := filepath.Join(w.dir, "nhac")
	os.Mkdir(dir, 0o755)
	w.tone("nhac/01 Dâng Bác.wav", 3, 0.5)
	w.tone("nhac/02 Kết thúc.wav", 2, 0.05)
	w.tone("nhac/03 Lặp lại.wav", 3, 0.5)
	out := filepath.Join(w.dir, "out")
	run := []string{"playlist", dir, "--place", "26734", "--out", out}
	for _, c := range [][]string{
		{"05:30", "--at", "5h30"}, {"05:30", "--at", "24:00"}, {"05:30", "--at", "05:30,25:00"}, {"05:30", "--at", ""},
		{"mon,tue", "--days", "thứ hai"}, {"24h", "--for", "-1s"}, {"24h", "--for", "25h"}, {"24h", "--for", "10ms"}, {"1h", "--gap", "2h"},
	} {
		w.fails(exitUsage, c[0], append(run, c[1:]...)...)
	}
	if _, err := os.Stat(out); err == nil {
		t.Error("drafts were written all the same")
	}
	var r struct {
		Items    []itemReport
		Warnings []string
	}
	w.json(&r, append(run, "--for", "4s")...)
	said := strings.Join(r.Warnings, "\n")
	for _, want := range []string{"03 Lặp lại.wav and ", "01 Dâng Bác.wav are the same file", `"Kết thúc" is cut: the slot is 4s long, and 1s are missing`, `"Lặp lại" is not played`} {
		if !strings.Contains(said, want) {
			t.Errorf("%q is missing in %q", want, said)
		}
	}
	if len(r.Items) != 3 || r.Items[0].Title != "Dâng Bác" {
		t.Errorf("%+v", r.Items)
	}
	draft := filepath.Join(out, "schedule.toml")
	os.WriteFile(draft, []byte("by hand"), 0o644)
	w.fails(exitFailed, "--force", run...)
	if text, _ := os.ReadFile(draft); string(text) != "by hand" {
		t.Error("a draft was written over")
	}
	w.must(append(run, "--force")...)
	if text, _ := os.ReadFile(draft); string(text) == "by hand" {
		t.Error("--force does not write over")
	}
	os.Mkdir(filepath.Join(w.dir, "empty"), 0o755)
	w.must("playlist", dir, "--place", "26734", "--out", filepath.Join(w.dir, "empty"))
}
