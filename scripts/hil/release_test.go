package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"loa/scripts/hil/disk"
)

// Updates that must be refused are what they are for the reason for which they are made.
func TestPress(t *testing.T) {
	for _, tool := range []string{"rauc", "mksquashfs", "openssl"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip("no ", tool, " here; runs with make hil")
		}
	}
	t.Chdir("../..")
	dir := t.TempDir()
	image, keys := filepath.Join(dir, "x.img"), filepath.Join(dir, "keys")
	os.WriteFile(image, nil, 0o644)
	made := exec.Command("scripts/image/keys.sh")
	made.Env = append(os.Environ(), "LOA_RELEASE="+keys)
	if err := runs(made); err != nil {
		t.Fatal(err)
	}
	p := press{board: "virt-arm64", image: disk.Disk{File: image}, keys: keys, dir: filepath.Join(dir, "releases")}
	for kind, says := range map[string]string{foreign: "'loa-another'", strange: "signature verification failed", cutShort: "exceeds bundle size"} {
		file, err := p.bundle(t.Context(), kind)
		if err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		out, err := exec.Command("rauc", "info", "--keyring="+filepath.Join(keys, "release.crt"), file).CombinedOutput()
		if (err == nil) != (kind == foreign) || !strings.Contains(string(out), says) {
			t.Errorf("%s: %v\n%s", kind, err, out)
		}
		before, _ := os.Stat(file)
		if again, err := p.bundle(t.Context(), kind); err != nil || again != file {
			t.Errorf("%s: made again as %s, %v", kind, again, err)
		} else if after, _ := os.Stat(again); !os.SameFile(before, after) {
			t.Errorf("%s was made twice of the same image", kind)
		}
	}
	if _, err := p.bundle(t.Context(), "another"); err == nil {
		t.Error("a kind that there is not was made")
	}
}

// A stick holds what a box without a network needs to take an update: who may say so, that
// it is not old, what it should run, and that itself.
func TestLade(t *testing.T) {
	if testing.Short() {
		t.Skip("makes an authority, which takes seconds; runs with make hil")
	}
	for _, tool := range []string{"/sbin/mkfs.vfat", "mcopy"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip("no ", tool, " here; runs with make hil")
		}
	}
	dir := t.TempDir()
	c, err := newCentre(t.Context(), dir, "virt-arm64")
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	bundle := filepath.Join(dir, "x.raucb")
	content := bytes.Repeat([]byte("update "), 1000)
	os.WriteFile(bundle, content, 0o644)
	r := &rig{o: options{board: "virt-arm64"}, dir: dir, centre: c}
	if _, err := r.lade(t.Context(), bundle); err == nil {
		t.Error("a stick was made before anybody wanted an update")
	}
	if err := c.offer(t.Context(), "virt-arm64", "1.2", bundle); err != nil {
		t.Fatal(err)
	}
	file, err := r.lade(t.Context(), bundle)
	if err != nil {
		t.Fatal(err)
	}
	back := t.TempDir()
	if out, err := exec.Command("mcopy", "-s", "-Q", "-i", file, "::loa", back).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	documents, err := os.ReadFile(filepath.Join(back, "loa", "documents.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{"vnd.loa.root", "vnd.loa.list", "vnd.loa.beat", "vnd.loa.want"} {
		if !bytes.Contains(documents, []byte(kind)) {
			t.Errorf("there is no %s on it", kind)
		}
	}
	media, _ := filepath.Glob(filepath.Join(back, "loa", "media", "*"))
	if len(media) != 1 {
		t.Fatalf("%d files on it", len(media))
	}
	if got, err := os.ReadFile(media[0]); err != nil || !bytes.Equal(got, content) {
		t.Errorf("%d bytes of the update, %v", len(got), err)
	}
}
