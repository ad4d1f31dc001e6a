package main

import (
	"bytes"
	"debug/elf"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"loa/boards"
)

// A kind is what the image of a board must have, by its chip's manual.
type kind struct {
	machine elf.Machine
	boots   string   // what the boot script does with a kernel of this architecture
	kernel  mark     // in the kernel
	marks   []mark   // in the image
	fat     []string // what a Raspberry Pi's firmware wants
	trees   []string // its device trees; elsewhere /boot/board.dtb
	lay     bool     // the boot script lays /boot/board.dtb
	drivers []string // without which no slot is found
}

// A mark is what stands at a byte.
type mark struct {
	at   int
	says string
}

var (
	arm64 = kind{machine: elf.EM_AARCH64, boots: "booti ", kernel: mark{56, "ARM\x64"}}
	armhf = kind{machine: elf.EM_ARM, boots: "bootz ", kernel: mark{36, "\x18\x28\x6f\x01"}}
)

func (k kind) with(change func(*kind)) kind { change(&k); return k }

var (
	// H3 User Manual 1.2, "BROM": the card's SPL at 8 KiB, a header with eGON.BT0.
	sunxi = armhf.with(func(k *kind) {
		k.lay, k.marks, k.drivers = true, []mark{{8<<10 + 4, "eGON.BT0"}, {40 << 10, "\x27\x05\x19\x56"}}, []string{"sunxi-mmc.ko", "sunxi_wdt.ko"}
	})
	// Rockchip's ROM reads at sector 64 a header under RC4, whose first word is 0x0ff0aa55
	// in clear; its SPL takes a flattened image at 8 MiB.
	rockchip = arm64.with(func(k *kind) {
		k.lay, k.marks, k.drivers = true, []mark{{32 << 10, "\x3b\x8c\xdc\xfc"}, {8 * mib, "\xd0\x0d\xfe\xed"}}, []string{"dw_mmc-rockchip.ko"}
	})
	virt = []string{"virtio_blk.ko"}
)

func raspberry(fat, trees []string, drivers ...string) kind {
	return arm64.with(func(k *kind) { k.fat, k.trees, k.drivers = fat, trees, drivers })
}

var kinds = map[string]kind{
	"virt-arm64":         arm64.with(func(k *kind) { k.drivers = virt }),
	"virt-armhf":         armhf.with(func(k *kind) { k.drivers = virt }),
	"orangepi-zero":      sunxi,
	"nanopi-neo":         sunxi,
	"rock64":             rockchip,
	"raspberrypi3":       raspberry([]string{"bootcode.bin", "start.elf", "fixup.dat"}, []string{"bcm2837-rpi-3-b.dtb", "bcm2837-rpi-3-b-plus.dtb"}, "bcm2835.ko"),
	"raspberrypi-zero2w": raspberry([]string{"bootcode.bin", "start.elf", "fixup.dat"}, []string{"bcm2837-rpi-zero-2-w.dtb"}, "bcm2835.ko"),
	"raspberrypi4":       raspberry([]string{"start4.elf", "fixup4.dat"}, []string{"bcm2711-rpi-4-b.dtb"}, "sdhci-iproc.ko"),
}

type reader func(file string) ([]byte, error)

// script wants the boot script for this architecture, with nothing left to fill in.
func script(k kind, fat reader) error {
	text, err := fat("boot.scr")
	if err != nil {
		return err
	}
	var errs []error
	if !bytes.HasPrefix(text, []byte("\x27\x05\x19\x56")) || !bytes.Contains(text, []byte("  "+k.boots)) {
		errs = append(errs, fmt.Errorf("boot.scr is no script that says %s", k.boots))
	}
	if laid := bytes.Contains(text, []byte("/boot/board.dtb;")); laid != k.lay {
		errs = append(errs, fmt.Errorf("boot.scr takes the slot's device tree: %v", laid))
	}
	if left := gap.Find(text); left != nil {
		errs = append(errs, fmt.Errorf("boot.scr has a gap: %s", left))
	}
	return errors.Join(errs...)
}

// firmware wants what a Raspberry Pi starts from, with the amplifier's line held low.
func firmware(k kind, b boards.Board, fat reader) error {
	if k.fat == nil {
		return nil
	}
	var errs []error
	for _, name := range k.fat {
		_, err := fat(name)
		errs = append(errs, err)
	}
	var found []string
	for _, name := range k.trees {
		tree, err := fat(name)
		if err == nil {
			found = append(found, compatible(tree)...)
		}
		errs = append(errs, err)
	}
	for _, want := range b.Compatible {
		if !slices.Contains(found, want) {
			errs = append(errs, fmt.Errorf("no device tree of %s among %q", want, found))
		}
	}
	binary, err := fat("u-boot.bin")
	if err == nil {
		err = uboot(binary)
	}
	config, err2 := fat("config.txt")
	errs = append(errs, err, err2)
	for _, line := range []string{"arm_64bit=1", "kernel=u-boot.bin", "upstream_kernel=1", "enable_uart=1", fmt.Sprintf("gpio=%d=op,dl", *b.Amp.Line)} {
		if !slices.Contains(strings.Split(string(config), "\n"), line) {
			errs = append(errs, fmt.Errorf("config.txt lacks %s", line))
		}
	}
	return errors.Join(errs...)
}

// compatible is what a device tree says that its machine is.
func compatible(tree []byte) []string { return property(tree, "/", "compatible") }

func property(tree []byte, node, name string) []string {
	dir, err := os.MkdirTemp("", "check")
	if err != nil {
		return nil
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "tree.dtb")
	if err := os.WriteFile(file, tree, 0o600); err != nil {
		return nil
	}
	out, _ := tool("fdtget", "-t", "s", file, node, name)
	return strings.Fields(string(out))
}

// gap is what image.sh should have filled in.
var gap = regexp.MustCompile(`@[A-Z]+@`)

// system wants in a slot a kernel, its drivers and an agent of this architecture, and
// RAUC and systemd told which board this is.
func system(name string, k kind, b boards.Board, slot reader) error {
	var errs []error
	kernel, err := slot("/boot/vmlinuz")
	if err == nil && (len(kernel) < 4*mib || !bytes.HasPrefix(kernel[k.kernel.at:], []byte(k.kernel.says))) {
		err = errors.New("/boot/vmlinuz is no kernel of this architecture")
	}
	errs = append(errs, err, drivers(k, slot), agent(k, slot))
	if k.lay {
		errs = append(errs, tree(b, slot))
	}
	for _, f := range []struct{ file, has string }{
		{"/etc/rauc/system.conf", "compatible=loa-" + name + "\n"},
		{"/etc/rauc/keyring.pem", "-----BEGIN CERTIFICATE-----"},
		{"/usr/lib/os-release", "\nIMAGE_ID=loa-" + name + "\n"},
		{"/etc/systemd/system.conf.d/loa.conf", "RuntimeWatchdogSec="},
		{"/usr/lib/systemd/system/loa.service", "ExecStart=/usr/bin/agent"},
	} {
		text, err := slot(f.file)
		switch {
		case err != nil:
			errs = append(errs, err)
		case !bytes.Contains(text, []byte(f.has)):
			errs = append(errs, fmt.Errorf("%s lacks %q", f.file, f.has))
		case gap.Match(text):
			errs = append(errs, fmt.Errorf("%s has a gap", f.file))
		}
	}
	return errors.Join(errs...)
}

// drivers wants in the initial RAM disk what leads to the card.
func drivers(k kind, slot reader) error {
	disk, err := slot("/boot/initrd.img")
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "check")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "initrd")
	if err := os.WriteFile(file, disk, 0o600); err != nil {
		return err
	}
	list, err := tool("sh", "-c", `zstd -dcq "$0" | cpio -t --quiet`, file)
	if err != nil {
		return err
	}
	var errs []error
	for _, want := range append([]string{"init", "bin/busybox"}, prefixed("modules/", k.drivers)...) {
		if !slices.Contains(strings.Split(string(list), "\n"), want) {
			errs = append(errs, fmt.Errorf("the initial RAM disk lacks %s", want))
		}
	}
	return errors.Join(errs...)
}

func prefixed(p string, names []string) (all []string) {
	for _, n := range names {
		all = append(all, p+n)
	}
	return all
}

func agent(k kind, slot reader) error {
	data, err := slot("/usr/bin/agent")
	if err != nil {
		return err
	}
	f, err := elf.NewFile(bytes.NewReader(data))
	if err != nil {
		return fmt.Errorf("/usr/bin/agent: %w", err)
	}
	if f.Machine != k.machine {
		return fmt.Errorf("/usr/bin/agent is for %v", f.Machine)
	}
	return nil
}

// tree wants the board's device tree, with a port for the technician that has the number
// which the board file names.
func tree(b boards.Board, slot reader) error {
	data, err := slot("/boot/board.dtb")
	if err != nil {
		return err
	}
	var errs []error
	if is := compatible(data); !slices.ContainsFunc(b.Compatible, func(want string) bool { return slices.Contains(is, want) }) {
		errs = append(errs, fmt.Errorf("/boot/board.dtb is of %q, not of %q", is, b.Compatible))
	}
	port, ok := strings.CutPrefix(b.Console.TTY, "/dev/ttyS")
	if !ok {
		return errors.Join(append(errs, fmt.Errorf("%s is no port of a chip", b.Console.TTY))...)
	}
	at := property(data, "/aliases", "serial"+port)
	if len(at) != 1 {
		return errors.Join(append(errs, fmt.Errorf("/boot/board.dtb has no %s", b.Console.TTY))...)
	}
	if is := property(data, at[0], "status"); !slices.Equal(is, []string{"okay"}) {
		errs = append(errs, fmt.Errorf("/boot/board.dtb: %s, which is %s, is %q", at[0], b.Console.TTY, is))
	}
	return errors.Join(errs...)
}
