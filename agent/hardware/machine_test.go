package hardware

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"loa/boards"
)

// machine is a root folder whose device tree calls the machine by these names; without
// any there is no device tree.
func machine(t *testing.T, names ...string) string {
	t.Helper()
	root := t.TempDir()
	if len(names) > 0 {
		dir := filepath.Join(root, "proc/device-tree")
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		data := strings.Join(names, "\x00") + "\x00"
		if err := os.WriteFile(filepath.Join(dir, "compatible"), []byte(data), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestNoPinOfAnotherMachineIsOpened(t *testing.T) {
	b, err := boards.Load("speaker-and-sign") // an Orange Pi Zero with all there is
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name  string
		here  []string
		right bool
	}{
		{"its own", []string{"xunlong,orangepi-zero", "allwinner,sun8i-h2-plus"}, true},
		{"no device tree", nil, true},
		{"a sister with the same chip", []string{"xunlong,orangepi-r1", "allwinner,sun8i-h2-plus"}, false},
		{"a name that only begins alike", []string{"xunlong,orangepi-zero-plus2", "allwinner,sun50i-h5"}, false},
		{"another kind", []string{"pine64,rock64", "rockchip,rk3328"}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			root := machine(t, tt.here...)
			var r reporter
			d := Open(b, Opts{Root: root, State: t.TempDir(), Report: r.report})
			if got := r.now[BoardWrong] == nil; got != tt.right {
				t.Errorf("right machine: %v, want %v; conditions %s", got, tt.right, r.String())
			}
			if !tt.right && !strings.Contains(r.String(), tt.here[0]) {
				t.Errorf("%s does not name what is here", r.String())
			}
			if d.Console == nil {
				t.Error("nobody can be told")
			}
			if got := d.Amp != nil; got != tt.right {
				t.Errorf("the amplifier's line is opened: %v", got)
			}
			if got := d.Panel != nil; got != tt.right {
				t.Errorf("the panel is opened: %v", got)
			}
			if d.OpenSink == nil {
				t.Error("no sink that says why")
			}
			err := ampOff([]string{"-root", root, "-board", b.Name})
			if tt.right != (err == nil || !strings.Contains(err.Error(), "this machine is")) {
				t.Errorf("amp-off: %v", err)
			}
		})
	}
}
