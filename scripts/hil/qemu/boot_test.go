package qemu

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
	"time"
)

// The boot loader alone, with an empty disk: power, lines, GPIO and cable are joined
// before the first instruction, and come again after a cut.
func TestBootLoader(t *testing.T) {
	kind, _ := KindOf("virt-arm64")
	if testing.Short() {
		t.Skip("takes seconds; runs with make hil")
	}
	if _, err := exec.LookPath(kind.program); err != nil {
		t.Skip("no emulator here; runs with make hil")
	}
	disk := filepath.Join(t.TempDir(), "disk.img")
	if err := os.WriteFile(disk, make([]byte, 1<<20), 0o644); err != nil {
		t.Fatal(err)
	}
	m, err := New(Opts{Kind: kind, Disk: disk, Loader: "/usr/lib/u-boot/qemu_arm64/u-boot.bin", Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for range 2 {
		from := m.Console.Len()
		if err := m.On(ctx); err != nil {
			t.Fatal(err)
		}
		if err := m.On(ctx); err == nil {
			t.Error("it was switched on twice")
		}
		if _, _, err := m.Console.Wait(ctx, from, regexp.MustCompile(`U-Boot 20\d\d`)); err != nil {
			t.Fatal(err)
		}
		if err := m.Cable(ctx, false); err != nil {
			t.Error(err)
		}
		if err := m.Drive(ctx, 4, true); err != nil {
			t.Error(err)
		}
		if err := m.Cut(); err != nil {
			t.Error(err)
		}
	}
	if _, err := m.Sound(); err == nil {
		t.Error("a box without power has a sound")
	}
}
