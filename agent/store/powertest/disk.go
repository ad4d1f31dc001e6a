// Package powertest gives tests a real file system whose power can be cut, and
// processes to be killed.
package powertest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// shutdown is EXT4_IOC_SHUTDOWN; with flag 2 (NOLOGFLUSH) the file system stops
// where it stands, and what had not reached the disk never does. After the next
// mount the journal has recovered exactly what a power cut leaves.
const (
	shutdown   = 0x8004587d
	noLogFlush = 2
)

// A Disk is a small ext4 file system on a loop device.
type Disk struct {
	t     testing.TB
	image string
	dir   string
}

// New makes a disk of megabytes MB and mounts it. It skips the test where that
// is not allowed: it needs root, mkfs.ext4 and loop devices.
func New(t testing.TB, megabytes int) *Disk {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("cutting the power of a file system needs root, to mount it")
	}
	if _, err := exec.LookPath("mkfs.ext4"); err != nil {
		t.Skip("cutting the power of a file system needs mkfs.ext4 (Debian package e2fsprogs)")
	}
	dir := t.TempDir()
	d := &Disk{t: t, image: filepath.Join(dir, "disk.img"), dir: filepath.Join(dir, "mnt")}
	if err := os.Mkdir(d.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(d.image)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Truncate(int64(megabytes) << 20); err != nil {
		t.Fatal(err)
	}
	f.Close()
	d.run("mkfs.ext4", "-q", "-m", "0", d.image)
	if out, err := exec.Command("mount", "-o", "loop", d.image, d.dir).CombinedOutput(); err != nil {
		t.Skipf("cutting the power of a file system needs loop mounts: %s", out)
	}
	t.Cleanup(func() {
		// Lazily, for a test that failed with files open.
		_ = exec.Command("umount", "-l", d.dir).Run()
	})
	if err := d.cut(); err != nil {
		t.Skipf("this kernel's ext4 cannot be shut down: %v", err)
	}
	d.Boot()
	return d
}

// Dir is where the disk is mounted.
func (d *Disk) Dir() string { return d.dir }

// Cut cuts the power, from any goroutine. From now on every access fails;
// whoever holds a file open must close it before Boot.
func (d *Disk) Cut() {
	if err := d.cut(); err != nil {
		d.t.Errorf("cannot cut the power: %v", err)
	}
}

func (d *Disk) cut() error {
	f, err := os.Open(d.dir)
	if err != nil {
		return err
	}
	defer f.Close()
	return unix.IoctlSetPointerInt(int(f.Fd()), shutdown, noLogFlush)
}

// Boot mounts the disk again, as after a power cut.
func (d *Disk) Boot() {
	d.t.Helper()
	d.run("umount", d.dir)
	d.run("mount", "-o", "loop", d.image, d.dir)
}

// ReadOnly makes the disk refuse writes, as a dying card does.
func (d *Disk) ReadOnly() {
	d.t.Helper()
	d.run("mount", "-o", "remount,ro", d.dir)
}

// Fill takes all the room that is left; the name of the file that holds it is returned.
func (d *Disk) Fill() string {
	d.t.Helper()
	name := filepath.Join(d.dir, "filler")
	f, err := os.Create(name)
	if err != nil {
		d.t.Fatal(err)
	}
	defer f.Close()
	for _, n := range []int{1 << 20, 4096, 1} {
		for b := make([]byte, n); err == nil; {
			_, err = f.Write(b)
		}
		err = nil
	}
	_ = f.Sync()
	return name
}

func (d *Disk) run(name string, args ...string) {
	d.t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		d.t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
}
