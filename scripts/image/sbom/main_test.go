package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

const status = `Package: libc6
Status: install ok installed
Architecture: arm64
Version: 2.36-9+deb12u14
Description: GNU C Library
 Version: no field, but a line of the description

Package: gone
Status: deinstall ok config-files
Version: 1

Package: zstd
Version: 1.5.4+dfsg2-5
Status: install ok installed
`

func lay(t *testing.T, root string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTheListNamesWhatIsInstalled(t *testing.T) {
	root := t.TempDir()
	lay(t, root, map[string]string{
		"var/lib/dpkg/status":              status,
		"usr/share/doc/libc6/copyright":    "Files: *\nLicense: LGPL-2.1+\n\nFiles: x\nLicense: GPL-2+\n\nLicense: LGPL-2.1+\n text\n",
		"x/linux-image_6.12/usr/share/doc": "",
	})
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var first, second bytes.Buffer
	for _, w := range []*bytes.Buffer{&first, &second} {
		if err := run(w, "loa-x-1.0", root, self, []string{"/x/linux-image_6.12-1"}, time.Unix(1700000000, 0)); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(first.Bytes(), second.Bytes()) {
		t.Error("two lists of the same differ")
	}
	var doc struct {
		SPDXVersion string `json:"spdxVersion"`
		Packages    []struct {
			Name, VersionInfo, LicenseComments string
			ExternalRefs                       []struct{ ReferenceLocator string }
		}
	}
	if err := json.Unmarshal(first.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range doc.Packages[:4] {
		got = append(got, strings.TrimSpace(p.Name+" "+p.VersionInfo+" "+p.LicenseComments))
	}
	want := []string{"libc6 2.36-9+deb12u14 GPL-2+, LGPL-2.1+", "zstd 1.5.4+dfsg2-5", "linux-image 6.12-1", "go " + doc.Packages[3].VersionInfo + " BSD-3-Clause"}
	if !slices.Equal(got, want) {
		t.Errorf("packages %q, want %q", got, want)
	}
	if ref := doc.Packages[0].ExternalRefs[0].ReferenceLocator; ref != "pkg:deb/debian/libc6@2.36-9+deb12u14" {
		t.Errorf("locator %s", ref)
	}
}

func TestNoListWithoutDpkgs(t *testing.T) {
	if err := run(&bytes.Buffer{}, "x", t.TempDir(), "", nil, time.Time{}); err == nil {
		t.Error("an empty root file system is listed")
	}
}
