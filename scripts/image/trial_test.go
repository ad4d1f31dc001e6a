package image

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// An agent that has given up is started again in a slot that is known, which no other slot
// would do better; a slot on trial makes room. The loader has taken one try from either.
func TestWhoGivesUp(t *testing.T) {
	conf, err := os.ReadFile("overlay/etc/rauc/system.conf")
	if err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`(?m)^boot-attempts=9$`).Match(conf) || !regexp.MustCompile(`(?m)^boot-attempts-primary=3$`).Match(conf) {
		t.Fatal("the tries are others than the script knows")
	}
	script, err := os.ReadFile("overlay/usr/lib/loa/trial")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	write("cmdline", "root=PARTUUID=4c4f4131-03 rauc.slot=B ro quiet\n")
	write("trial", strings.ReplaceAll(string(script), "/proc/cmdline", dir+"/cmdline"))
	write("fw_printenv", "#!/bin/sh\n[ \"$*\" = '-n BOOT_B_LEFT' ] || exit 1\n[ -n \"$LEFT\" ] || exit 1\necho $LEFT\n")
	write("systemctl", "#!/bin/sh\ncase \"$*\" in *is-active*) [ -n \"$RUNS\" ] ;; *) echo \"$*\" ;; esac\n")
	for _, c := range []struct{ left, runs, want string }{
		{"9", "", "start --no-block loa.service"},
		{"8", "", "start --no-block loa.service"}, // known, and not marked good since this start
		{"3", "", "start --no-block loa.service"},
		{"2", "", "reboot"},
		{"0", "", "reboot"},
		{"", "", "reboot"}, // nobody knows
		{"8", "yes", ""},
	} {
		cmd := exec.Command("sh", filepath.Join(dir, "trial"))
		cmd.Env = []string{"PATH=" + dir + ":/usr/bin:/bin", "LEFT=" + c.left, "RUNS=" + c.runs}
		out, err := cmd.Output()
		lines := strings.Split(strings.TrimSpace(string(out)), "\n")
		if got := lines[len(lines)-1]; err != nil || got != c.want {
			t.Errorf("%q tries left: %q, %v; want %q", c.left, out, err, c.want)
		}
	}
}
