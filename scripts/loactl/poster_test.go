package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestPoster(t *testing.T) {
	w := newWorld(t).sample()
	out := filepath.Join(w.dir, "poster.html")
	w.fails(exitFailed, "web.toml", "box", "poster", "26734", "--out", out)
	if err := os.WriteFile(filepath.Join(w.env["LOA_AUTHORITY"], "web.toml"), []byte("url = \"https://loa.example\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	w.fails(exitUsage, "--out", "box", "poster", "74")
	w.must("box", "poster", "74", "--out", out)
	page, err := os.ReadFile(out)
	if err != nil || strings.Count(string(page), "<svg") != 1 || !strings.Contains(string(page), "https://loa.example/o/box-1") || !strings.Contains(string(page), "An Sơn") {
		t.Errorf("%v\n%s", err, page)
	}
}
