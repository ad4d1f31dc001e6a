package deb

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// build makes this machine's package and gives its file.
func build(t *testing.T, env ...string) string {
	t.Helper()
	arch, err := exec.Command("dpkg", "--print-architecture").Output()
	if err != nil {
		t.Skip("this is no Debian: ", err)
	}
	out := t.TempDir()
	cmd := exec.Command("./build.sh", out, strings.TrimSpace(string(arch)))
	cmd.Env = append(os.Environ(), env...)
	if said, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build.sh: %v\n%s", err, said)
	}
	debs, err := filepath.Glob(filepath.Join(out, "*.deb"))
	if err != nil || len(debs) != 1 {
		t.Fatalf("built %v, %v", debs, err)
	}
	return debs[0]
}

// output of a program that must succeed.
func output(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// In the ordinary suite it would build the agent twice and change a machine's worth of
// files: scripts/test.sh runs it among the slow ones.
func TestPackage(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds packages")
	}
	deb := build(t)

	t.Run("two builds", func(t *testing.T) {
		again := build(t, "TZ=Asia/Ho_Chi_Minh", "LANG=vi_VN.UTF-8", "TMPDIR="+t.TempDir())
		a, errA := os.ReadFile(deb)
		b, errB := os.ReadFile(again)
		if errA != nil || errB != nil || !bytes.Equal(a, b) {
			t.Errorf("they differ, %v, %v: %s", errA, errB, output(t, "sha256sum", deb, again))
		}
	})
	t.Run("files", func(t *testing.T) {
		for line := range strings.Lines(output(t, "dpkg-deb", "--contents", deb)) {
			f := strings.Fields(line)
			mode, owner, name := f[0], f[1], f[5]
			// What lies in /etc is the box's: no file of the package asks anybody at an upgrade.
			if strings.HasPrefix(name, "./etc") || owner != "root/root" || mode[5] == 'w' || mode[8] == 'w' || strings.ContainsAny(mode[:10], "st") {
				t.Errorf("%s", line)
			}
		}
	})
	t.Run("libraries", func(t *testing.T) {
		dir := t.TempDir()
		output(t, "dpkg-deb", "--extract", deb, dir)
		var needs []string
		for line := range strings.Lines(output(t, "readelf", "-d", filepath.Join(dir, "usr/bin/agent"))) {
			if _, lib, ok := strings.Cut(line, "Shared library: ["); ok {
				needs = append(needs, strings.TrimSuffix(strings.TrimSpace(lib), "]"))
			}
		}
		slices.Sort(needs)
		// Another one here is a package more in Depends.
		known := []string{"ld-linux-x86-64.so.2", "libasound.so.2", "libc.so.6", "libm.so.6", "libmpg123.so.0"}
		for _, lib := range needs {
			if !slices.Contains(known, lib) {
				t.Errorf("the agent needs %s, which no package in Depends brings", lib)
			}
		}
		if !slices.Contains(needs, "libasound.so.2") {
			t.Errorf("needs only %v: what was looked at?", needs)
		}
	})
	t.Run("lintian", func(t *testing.T) {
		if _, err := exec.LookPath("lintian"); err != nil {
			t.Skip("no lintian here")
		}
		out, err := exec.Command("lintian", "--allow-root", "--fail-on", "error,warning", deb).CombinedOutput()
		if err != nil {
			t.Errorf("%v\n%s", err, out)
		}
	})
	t.Run("installed and removed", func(t *testing.T) {
		if os.Getuid() != 0 {
			t.Skip("only root can lay a root over this one")
		}
		try := exec.Command("unshare", "-m", "./try.sh", deb, t.TempDir())
		out, err := try.CombinedOutput()
		if try.ProcessState != nil && try.ProcessState.ExitCode() == 77 {
			t.Skipf("%s", out)
		}
		if err != nil {
			t.Errorf("%v\n%s", err, out)
		}
	})
}
