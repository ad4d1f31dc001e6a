// Check reads a finished image, as the board that it is for will, and names what is not
// as it must be there:
//
//	check BOARD IMAGE
//
// It knows of a board what its chip's manual and boards/ say, and nothing of how
// image.sh makes an image. It needs debugfs, mtools and dtc's fdtget.
package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"

	"loa/boards"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "check BOARD IMAGE")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintf(os.Stderr, "check: %s:\n%v\n", os.Args[2], err)
		os.Exit(1)
	}
}

// A slice of an image is N bytes at byte At.
const (
	mib      = 1 << 20
	fatAt    = 16 * mib
	slotA    = 80 * mib
	slotB    = 592 * mib
	slotSize = 512 * mib
	dataAt   = 1104 * mib
)

func run(name, image string) error {
	b, err := boards.Load(name)
	if err != nil {
		return err
	}
	kind, ok := kinds[name]
	if !ok {
		return fmt.Errorf("nobody has said what an image of %s has", name)
	}
	disk, err := os.Open(image)
	if err != nil {
		return err
	}
	defer disk.Close()
	head := make([]byte, fatAt)
	if _, err := disk.ReadAt(head, 0); err != nil {
		return err
	}
	fat := func(file string) ([]byte, error) {
		return tool("mcopy", "-i", fmt.Sprint(image, "@@", fatAt), "::"+file, "-")
	}
	slot := func(file string) ([]byte, error) { return cat(image, slotA, file) }
	return errors.Join(
		table(head[:512]),
		loader(kind, head),
		firmware(kind, b, fat),
		script(kind, fat),
		system(name, kind, b, slot),
		asleep(image),
		same(disk),
		data(image),
	)
}

// tool is what a program says. mtools and debugfs say nothing of a file that is not there
// but on standard error.
func tool(name string, args ...string) ([]byte, error) {
	cmd := exec.Command(name, args...)
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err == nil && len(out) == 0 {
		err = errors.New("nothing there")
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %s", strings.Join(slices.Concat([]string{name}, args), " "), err, bytes.TrimSpace(said.Bytes()))
	}
	return out, nil
}

// cat is a file of the ext4 at a byte of image.
func cat(image string, at int, file string) ([]byte, error) {
	return tool("debugfs", "-R", "cat "+file, fmt.Sprint(image, "?offset=", at))
}

// table wants the four partitions where the boot script, the mounts and RAUC look.
func table(mbr []byte) error {
	if mbr[510] != 0x55 || mbr[511] != 0xaa || binary.LittleEndian.Uint32(mbr[440:]) != 0x4c4f4131 {
		return errors.New("no partition table of ours")
	}
	var errs []error
	for i, want := range [4][3]uint32{{0x0c, 16, 64}, {0x83, 80, 512}, {0x83, 592, 512}, {0x83, 1104, 64}} {
		e := mbr[446+16*i:]
		const sectors = 2048 // in a MiB
		start, size := binary.LittleEndian.Uint32(e[8:]), binary.LittleEndian.Uint32(e[12:])
		if uint32(e[4]) != want[0] || start != want[1]*sectors || size != want[2]*sectors {
			errs = append(errs, fmt.Errorf("partition %d: type %#x, %d sectors at %d; it must have type, MiBs and size %d", i+1, e[4], size, start, want))
		}
	}
	if mbr[446] != 0x80 {
		errs = append(errs, errors.New("partition 1 does not start anything"))
	}
	return errors.Join(errs...)
}

// loader wants at its byte what the chip's ROM looks for, and a U-Boot that takes no key.
func loader(k kind, head []byte) error {
	var errs []error
	for _, m := range k.marks {
		if !bytes.HasPrefix(head[m.at:], []byte(m.says)) {
			errs = append(errs, fmt.Errorf("at byte %d there is % x, not % x", m.at, head[m.at:m.at+len(m.says)], m.says))
		}
	}
	if len(k.marks) > 0 {
		errs = append(errs, uboot(head))
	} else if n := len(bytes.TrimLeft(head[512:], "\x00")); n > 0 {
		errs = append(errs, errors.New("something lies between table and first partition, and nothing starts from there"))
	}
	return errors.Join(errs...)
}

func uboot(binary []byte) error {
	var errs []error
	for _, v := range []string{"\x00bootdelay=-2\x00", "\x00bootcmd=setenv stdin nulldev; ", "; reset\x00"} {
		if !bytes.Contains(binary, []byte(v)) {
			errs = append(errs, fmt.Errorf("U-Boot lacks %q", v))
		}
	}
	return errors.Join(errs...)
}

// asleep wants nothing that starts ModemManager but udev.
func asleep(image string) error {
	var errs []error
	for _, link := range []string{"multi-user.target.wants/ModemManager.service", "dbus-org.freedesktop.ModemManager1.service"} {
		link = "/etc/systemd/system/" + link
		if out, _ := tool("debugfs", "-R", "stat "+link, fmt.Sprint(image, "?offset=", slotA)); bytes.HasPrefix(out, []byte("Inode:")) {
			errs = append(errs, fmt.Errorf("%s starts ModemManager where there is no modem", link))
		}
	}
	return errors.Join(errs...)
}

// same wants one system in both slots.
func same(disk *os.File) error {
	a, b := make([]byte, 4*mib), make([]byte, 4*mib)
	for at := int64(0); at < slotSize; at += int64(len(a)) {
		if _, err := disk.ReadAt(a, slotA+at); err != nil {
			return err
		}
		if _, err := disk.ReadAt(b, slotB+at); err != nil {
			return err
		}
		if !bytes.Equal(a, b) {
			return fmt.Errorf("the slots differ at MiB %d", at/mib)
		}
	}
	return nil
}

// data wants a partition that the agent may write to, with nobody's files in it.
func data(image string) error {
	var errs []error
	for _, dir := range []string{"/etc/loa", "/lib/loa"} {
		out, err := tool("debugfs", "-R", "stat "+dir, fmt.Sprint(image, "?offset=", dataAt))
		if err == nil && (!bytes.Contains(out, []byte("Type: directory")) || !bytes.Contains(out, []byte("Mode:  0750")) || !ownedBy960(out)) {
			err = fmt.Errorf("%s is not the agent's alone", dir)
		}
		errs = append(errs, err)
	}
	if out, err := tool("debugfs", "-R", "ls -p /etc/loa", fmt.Sprint(image, "?offset=", dataAt)); err != nil || bytes.Count(out, []byte("\n")) > 3 {
		errs = append(errs, fmt.Errorf("in /etc/loa there is something already: %s, %v", out, err))
	}
	return errors.Join(errs...)
}

func ownedBy960(stat []byte) bool {
	f := strings.Fields(string(stat))
	i := slices.Index(f, "User:")
	return i > 0 && i+3 < len(f) && f[i+1] == "960" && f[i+2] == "Group:" && f[i+3] == "960"
}
