package rauctest

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Variable names the machine of a process that is to be its RAUC.
const Variable = "LOA_RAUCTEST"

// Handle is for the beginning of a test's TestMain: where the process was started as a
// machine's RAUC it carries the command out, and code is how it ends.
func Handle() (handled bool, code int) {
	dir := os.Getenv(Variable)
	if dir == "" {
		return false, 0
	}
	return true, At(dir).Main(os.Args[1:], os.Stdout, os.Stderr)
}

// Program writes a script that is the machine's rauc, run by this test's own binary, and
// gives its path. The binary must call [Handle].
func (m *Machine) Program() (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	path := filepath.Join(m.dir, "rauc")
	script := fmt.Sprintf("#!/bin/sh\n%s=%q exec %q \"$@\"\n", Variable, m.dir, self)
	return path, os.WriteFile(path, []byte(script), 0o700)
}

// CutNext lets the next installation end in the middle, as a power cut does.
func (m *Machine) CutNext() error { return os.WriteFile(filepath.Join(m.dir, "cut"), nil, 0o600) }

// Busy makes the machine's RAUC still work, or no longer, on what somebody asked of it who
// has gone: it is a service, and tells everybody else so.
func (m *Machine) Busy(is bool) error {
	if is {
		return os.WriteFile(m.busyFile(), nil, 0o600)
	}
	return os.Remove(m.busyFile())
}

func (m *Machine) busyFile() string { return filepath.Join(m.dir, "busy") }

func (m *Machine) busy() bool {
	_, err := os.Stat(m.busyFile())
	return err == nil
}

// Main is the program rauc, as far as a box uses it.
func (m *Machine) Main(args []string, out, errs io.Writer) int {
	fmt.Fprintln(errs, "rauc-Message: Using central status file /data/rauc.status")
	var err error
	switch line := strings.Join(args, " "); {
	case m.busy():
		err = fmt.Errorf("%s", "Failed: GDBus.Error:org.gtk.GDBus.UnmappedGError.Quark._g_2dio_2derror_2dquark.Code30: Already processing a different method")
	case line == "status --output-format=json":
		err = m.status(out)
	case line == "status mark-good":
		err = m.set(out, func(s *state) string { s.mark(s.Booted, true); return "marked slot %s as good" }, true)
	case line == "status mark-bad":
		err = m.set(out, func(s *state) string { s.mark(s.Booted, false); return "marked slot %s as bad" }, true)
	case line == "status mark-active booted":
		err = m.set(out, func(s *state) string { s.first(s.Booted); return "activated slot %s" }, true)
	case line == "status mark-active other":
		err = m.set(out, func(s *state) string { s.first(s.other()); return "activated slot %s" }, false)
	case len(args) == 2 && args[0] == "install":
		return m.install(args[1], out, errs)
	default:
		err = fmt.Errorf("rauctest: a box does not say %q", line)
	}
	if err != nil {
		fmt.Fprintln(errs, err)
		return 1
	}
	return 0
}

func nameOf(slot string) string { return map[string]string{"A": "rootfs.0", "B": "rootfs.1"}[slot] }

func (m *Machine) set(out io.Writer, change func(*state) string, booted bool) error {
	s, err := m.read()
	if err != nil {
		return err
	}
	said, slot := change(&s), s.other()
	if booted {
		slot = s.Booted
	}
	fmt.Fprintf(out, "rauc status: "+said+"\n", nameOf(slot))
	return m.write(s)
}

func (m *Machine) status(out io.Writer) error {
	s, err := m.read()
	if err != nil {
		return err
	}
	type slot struct {
		Class      string  `json:"class"`
		Device     string  `json:"device"`
		Type       string  `json:"type"`
		Bootname   string  `json:"bootname"`
		State      string  `json:"state"`
		Parent     *string `json:"parent"`
		Mountpoint *string `json:"mountpoint"`
		BootStatus string  `json:"boot_status"`
	}
	var slots []map[string]slot
	for _, name := range []string{"B", "A"} { // RAUC's order is that of a hash
		is := slot{Class: "rootfs", Device: "/dev/disk/by-partuuid/" + name, Type: "ext4", Bootname: name, State: "inactive", BootStatus: "bad"}
		if name == s.Booted {
			is.State = "booted"
		}
		if s.Left[name] > 0 && slices.Contains(s.Order, name) {
			is.BootStatus = "good"
		}
		slots = append(slots, map[string]slot{nameOf(name): is})
	}
	primary := ""
	if len(s.Order) > 0 {
		primary = nameOf(s.Order[0])
	}
	return json.NewEncoder(out).Encode(map[string]any{
		"compatible": "loa-" + s.Board, "variant": "", "booted": s.Booted, "boot_primary": primary, "slots": slots,
	})
}

func (m *Machine) install(file string, out, errs io.Writer) int {
	fmt.Fprintln(out, "installing\n  0% Installing\n  0% Determining slot states\n 20% Determining slot states done.\n 20% Checking bundle")
	b, err := m.begin(file)
	if err == nil {
		if cut := filepath.Join(m.dir, "cut"); os.Remove(cut) == nil {
			return 137 // as one that was killed
		}
		err = m.end(b)
	}
	if err != nil {
		fmt.Fprintf(out, "100%% Installing failed.\nLastError: %v\nidle\n", err)
		fmt.Fprintf(errs, "Installing `%s` failed\n", file)
		return 1
	}
	fmt.Fprintf(out, "100%% Installing done.\nidle\nInstalling `%s` succeeded\n", file)
	return 0
}
