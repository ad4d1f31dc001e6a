package qemu

import (
	"fmt"
	"path/filepath"
	"strings"
)

// A Kind is a board that can be emulated.
type Kind struct {
	Name    string
	program string
	machine []string
	usb     string // bus of what is plugged in while it runs
	pl061   bool   // its lines can be watched and driven
	pio     bool   // what is written to its lines is in the emulator's log, on logFile
	soc     bool   // a board as a whole: its card is an SD card, of a power of two, its own sound is not emulated
	slow    int    // how many times longer than an emulated virt-arm64 it takes for the same; 0 is 1
	patient bool   // its watchdog is not heard while Linux starts
	beside  bool   // its boot loader lies beside the image, and not on it
}

// logFile is the emulator's log, a pipe that it is started with.
const logFile = "/dev/fd/3"

// Kinds are the boards that can be emulated: the image of each is booted as it is.
var Kinds = []Kind{
	{
		Name: "virt-arm64", program: "qemu-system-aarch64", usb: "xhci.0", pl061: true, beside: true,
		// With ACPI a GED takes the place of the PL061, and the guest has no GPIO.
		machine: []string{"-M", "virt,acpi=off", "-cpu", "cortex-a53", "-smp", "2", "-m", "512"},
	},
	{
		Name: "virt-armhf", program: "qemu-system-arm", usb: "xhci.0", pl061: true, beside: true,
		machine: []string{"-M", "virt,acpi=off", "-cpu", "cortex-a15", "-smp", "2", "-m", "512"},
	},
	{
		Name: "orangepi-zero", program: "qemu-system-arm", usb: "usb-bus.4", soc: true, pio: true,
		slow: 4, // its four processors wait for each other on a machine of two
		// The board's watchdog has 16 s at most, and an emulator needs longer for some of what
		// systemd does in one. It is also what U-Boot and Linux reset the board with.
		patient: true,
		// At QEMU's own frequency the guest's time runs 2.6 times too fast.
		machine: []string{"-M", "orangepi-pc", "-global", "cortex-a7-arm-cpu.cntfrq=24000000"},
	},
}

// KindOf is the board of that name; ok is false where it cannot be emulated.
func KindOf(name string) (k Kind, ok bool) {
	for _, k := range Kinds {
		if k.Name == name {
			return k, true
		}
	}
	return Kind{}, false
}

// Loader is the boot loader that the build of an image made for it; "" where it is on the
// image itself.
func (k Kind) Loader(image string) string {
	if !k.beside {
		return ""
	}
	return strings.TrimSuffix(image, ".img") + ".u-boot.bin"
}

// Slow is how many times longer than an emulated virt-arm64 this board takes for the same.
func (k Kind) Slow() int { return max(1, k.slow) }

// OwnSound reports whether the board's own sound card is emulated; else it has one on USB.
func (k Kind) OwnSound() bool { return !k.soc }

// A Forward is a server that the box finds at an address of its network.
type Forward struct {
	Guest string // host:port as the box calls it
	Relay string // a command that joins its input and output to the server
}

// args is the emulator's command line for one run in the folder dir.
func (k Kind) args(o Opts, dir, wav string) []string {
	sock := func(name string) string { return filepath.Join(dir, name+".sock") }
	serial := func(name string) []string {
		return []string{"-chardev", fmt.Sprintf("socket,id=%s,path=%s,server=on,wait=off", name, sock(name))}
	}
	net := "user,id=n0,restrict=on"
	for _, f := range o.Forwards {
		net += fmt.Sprintf(",guestfwd=tcp:%s-cmd:%s", f.Guest, f.Relay)
	}
	a := append([]string{}, k.machine...)
	if o.Loader != "" {
		a = append(a, "-bios", o.Loader)
	}
	a = append(a,
		"-S", "-display", "none", "-nodefaults", "-no-user-config", "-rtc", "base="+o.rtc(),
		"-qmp", "unix:"+sock("qmp")+",server=on,wait=off",
		"-qtest", "unix:"+sock("qtest")+",server=on,wait=off", "-qtest-log", "none",
		"-action", "watchdog=reset",
		"-audiodev", "wav,id=a0,path="+wav+",out.frequency=48000",
		"-netdev", net)
	a = append(a, serial("console")...)
	a = append(a, "-serial", "chardev:console")
	for _, name := range []string{"panel", "tech"} {
		a = append(a, serial(name)...)
		if k.soc {
			a = append(a, "-serial", "chardev:"+name)
		} else {
			a = append(a, "-device", "pci-serial,chardev="+name)
		}
	}
	// cache=unsafe: what the box wrote is in this machine's memory, and outlives the
	// emulator; that it is on a disk here is not what is tried.
	if k.soc {
		return append(a, "-drive", "if=sd,format=raw,cache=unsafe,file="+o.Disk, "-net", "nic,netdev=n0",
			"-device", "usb-audio,id=card,audiodev=a0,bus="+k.usb, "-d", "unimp", "-D", logFile)
	}
	a = append(a,
		"-drive", "if=none,id=d0,format=raw,cache=unsafe,file="+o.Disk, "-device", "virtio-blk-pci,drive=d0,bootindex=0",
		"-device", "qemu-xhci,id=xhci", "-device", "i6300esb", "-device", "virtio-net-pci,netdev=n0,romfile=", "-device", "virtio-rng-pci")
	if o.LAN != "" {
		a = append(a, "-netdev", "stream,id=n1,server=off,addr.type=unix,addr.path="+o.LAN, "-device", "virtio-net-pci,netdev=n1,romfile=")
	}
	if o.USBSound {
		return append(a, "-device", "usb-audio,id=card,audiodev=a0,bus="+k.usb)
	}
	return append(a, "-device", "virtio-sound-pci,audiodev=a0,streams=1")
}

// Needs are the programs and files that the emulation is made of.
func (k Kind) Needs() []string { return []string{k.program} }
