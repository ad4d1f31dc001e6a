package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// What no other start mends is told apart from a panic, which ends with 2: loa.service
// starts the one again and leaves the other.
func TestUnfit(t *testing.T) {
	root := t.TempDir()
	etc := filepath.Join(root, "etc/loa")
	if err := os.MkdirAll(etc, 0o755); err != nil {
		t.Fatal(err)
	}
	for what, toml := range map[string]string{
		"no settings": "", "broken ones": "device", "no such board": "device = \"d-1\"\nboard = \"dekc\"\n", "no root keys": "device = \"d-1\"\n",
	} {
		file := filepath.Join(etc, "agent.toml")
		os.Remove(file)
		if toml != "" {
			if err := os.WriteFile(file, []byte(toml), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		var errs bytes.Buffer
		if code := run([]string{"-root", root}, nil, &errs, &errs); code != exitUnfit {
			t.Errorf("%s: exit code %d, want %d: %s", what, code, exitUnfit, &errs)
		}
	}
}
