package image

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"loa/boards"
)

// made lists the boards that board.sh knows, by asking it for one that it does not.
func made(t *testing.T) []string {
	t.Helper()
	out, err := boardSh("nothing", "")
	if err == nil {
		t.Fatal("board.sh knows a board that is none")
	}
	_, list, ok := strings.Cut(out, "): ")
	if !ok {
		t.Fatalf("board.sh says %q", out)
	}
	return strings.Fields(list)
}

// boardSh sources board.sh for a board and runs what follows.
func boardSh(board, then string) (string, error) {
	cmd := exec.Command("bash", "-c", "set -euo pipefail; here=.; . ./board.sh; "+then)
	cmd.Env = append(os.Environ(), "BOARD="+board)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// Whoever solders goes by README's table, the box by its board file.
func TestReadmeSaysWhatTheBoardFilesSay(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range made(t) {
		b, err := boards.Load(name)
		if err != nil {
			t.Error(err)
			continue
		}
		row := regexp.MustCompile("(?m)^\\|.*`" + name + "`.*$").FindString(string(readme))
		for _, want := range []string{fmt.Sprintf("`%s`, %d ", b.Amp.Chip[0], *b.Amp.Line), "`" + b.Console.TTY + "`"} {
			if !strings.Contains(row, want) {
				t.Errorf("%s: README's row %q lacks %s", name, row, want)
			}
		}
		if len(b.Amp.Chip) != 1 {
			t.Errorf("%s: an image is for one board, and has one chip; there are %q", name, b.Amp.Chip)
		}
		if len(b.Compatible) == 0 {
			t.Errorf("%s: on another machine its image would drive what it calls the amplifier's line", name)
		}
		if b.Amp.Active != "high" {
			t.Errorf("%s: the scripts hold the line low, and low is on", name)
		}
	}
}

// The boot loader switches off the line that the agent will use, and no other.
func TestTheBootLoaderHoldsTheLineOff(t *testing.T) {
	for board, want := range map[string]string{"orangepi-zero": "gpio clear PA%d", "nanopi-neo": "gpio clear PA%d"} {
		b, err := boards.Load(board)
		if err != nil {
			t.Fatal(err)
		}
		out, err := boardSh(board, `printf %s "$safe"`)
		if want := fmt.Sprintf(want, *b.Amp.Line); err != nil || out != want {
			t.Errorf("%s: the boot script says %q, %v; want %q", board, out, err, want)
		}
	}
	script, err := os.ReadFile("board.sh")
	if err != nil {
		t.Fatal(err)
	}
	for _, board := range []string{"raspberrypi3", "raspberrypi4", "raspberrypi-zero2w"} {
		b, err := boards.Load(board)
		if err != nil {
			t.Fatal(err)
		}
		if want := fmt.Sprintf("gpio=%d=op,dl", *b.Amp.Line); !bytes.Contains(script, []byte(want)) {
			t.Errorf("%s: config.txt lacks %s", board, want)
		}
	}
	overlay, err := os.ReadFile("dts/rock64.dtso")
	if err != nil {
		t.Fatal(err)
	}
	b, err := boards.Load("rock64")
	if err != nil {
		t.Fatal(err)
	}
	if want := fmt.Sprintf("rockchip,pins = <%s %d 0 &amp_pull>", strings.TrimPrefix(b.Amp.Chip[0], "gpio"), *b.Amp.Line); !bytes.Contains(overlay, []byte(want)) {
		t.Errorf("rock64: the device tree does not pull the line down: no %s", want)
	}
}

// What is common to boot script, initial RAM disk, mounts and updates: one number for the
// disk, in all of them.
func TestOneSignatureOfTheDisk(t *testing.T) {
	for _, file := range []string{"image.sh", "boot.cmd", "overlay/etc/fstab", "overlay/etc/rauc/system.conf", "overlay/etc/udev/rules.d/61-bootdisk.rules", "overlay/etc/udev/rules.d/62-loa-stick.rules"} {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(data, []byte("4c4f4131")) {
			t.Errorf("%s does not know the disk", file)
		}
	}
}

// No getty, no login, no way in; and no address of a mirror.
func TestNobodyGetsIn(t *testing.T) {
	for _, unit := range []string{"getty@.service", "serial-getty@.service", "console-getty.service", "debug-shell.service", "systemd-logind.service"} {
		if to, err := os.Readlink(filepath.Join("overlay/etc/systemd/system", unit)); err != nil || to != "/dev/null" {
			t.Errorf("%s is not masked: %q, %v", unit, to, err)
		}
	}
	packages, err := os.ReadFile("packages.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(packages)) {
		name, _, _ := strings.Cut(line, " ")
		if name = strings.TrimSpace(name); slices.Contains([]string{"openssh-server", "dropbear", "login", "telnetd"}, name) {
			t.Errorf("packages.txt has %s", name)
		}
	}
	out, err := exec.Command("git", "grep", "-InE", `(https?|ftp)://[^ ]*debian`, "--", ".", ":!*_test.go").CombinedOutput()
	if err == nil {
		t.Errorf("an address of a mirror: %s", out)
	}
}

// On most boards the technician's port is U-Boot's and the kernel's as well. U-Boot ends a
// loop at Ctrl-C, and what then is left of a script is its prompt; the kernel takes a
// break and a key for a command.
func TestTheBootScriptCannotBeStopped(t *testing.T) {
	script, err := os.ReadFile("boot.cmd")
	if err != nil {
		t.Fatal(err)
	}
	if loop := regexp.MustCompile(`(?m)^\s*(for|while|until)\b.*`).Find(script); loop != nil {
		t.Errorf("the boot script has a loop: %s", loop)
	}
	if lines := strings.Split(strings.TrimSpace(string(script)), "\n"); lines[len(lines)-1] != "reset" {
		t.Errorf("the boot script ends in %q", lines[len(lines)-1])
	}
	args := regexp.MustCompile(`setenv bootargs ".*"`).Find(script)
	if !bytes.Contains(args, []byte(" sysctl.kernel.sysrq=0")) || bytes.Contains(args, []byte("console=")) {
		t.Errorf("the kernel is told %s", args)
	}
}

// Each board's initial RAM disk has the drivers of what that board starts from.
func TestEveryBoardFindsItsRoot(t *testing.T) {
	for _, board := range append(made(t), "nothing") {
		cmd := exec.Command("bash", "initrd.sh", t.TempDir(), "/bin/true", filepath.Join(t.TempDir(), "out"))
		cmd.Env = append(os.Environ(), "BOARD="+board)
		out, _ := cmd.CombinedOutput() // there are no modules here: it fails later, or not at all
		if unknown := bytes.Contains(out, []byte("start from?")); unknown != (board == "nothing") {
			t.Errorf("%s: %s", board, out)
		}
	}
}

// What is masked is not what a box is made of.
func TestMasked(t *testing.T) {
	masked, err := os.ReadFile("masked.txt")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for line := range strings.Lines(string(masked)) {
		unit, _, _ := strings.Cut(line, "#")
		if unit = strings.TrimSpace(unit); unit == "" {
			continue
		}
		n++
		if regexp.MustCompile(`^(loa|dbus|data|etc-|var-|tmp|rauc|systemd-(journald|udev|networkd|resolved|timesyncd|tmpfiles|fsck@|growfs|modules-load|sysctl))`).MatchString(unit) && unit != "systemd-journald-audit.socket" {
			t.Errorf("a box needs %s", unit)
		}
	}
	if n == 0 {
		t.Error("nothing is masked")
	}
}

// Every script is one that bash can read.
func TestScriptsAreBash(t *testing.T) {
	scripts, err := filepath.Glob("*.sh")
	if err != nil || len(scripts) < 10 {
		t.Fatalf("scripts: %q, %v", scripts, err)
	}
	for _, s := range append(scripts, "init", "overlay/usr/lib/loa/first", "overlay/usr/lib/loa/keep") {
		if out, err := exec.Command("bash", "-n", s).CombinedOutput(); err != nil {
			t.Errorf("%s: %s", s, out)
		}
	}
}
