package main

import (
	"debug/elf"
	"encoding/binary"
	"errors"
	"io/fs"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"loa/boards"
)

// Every board of which there is an image is known here, and no other.
func TestEveryBoard(t *testing.T) {
	out, _ := exec.Command("bash", "-c", "BOARD=nothing; . ../board.sh").CombinedOutput()
	_, list, ok := strings.Cut(string(out), "): ")
	if !ok {
		t.Fatalf("board.sh says %q", out)
	}
	for _, name := range strings.Fields(list) {
		if _, ok := kinds[name]; !ok {
			t.Errorf("nobody has said what an image of %s has", name)
		}
	}
	for name := range kinds {
		if !slices.Contains(strings.Fields(list), name) {
			t.Errorf("there is no image of %s", name)
		}
	}
}

// head is the first MiBs of an image of k, as they must be.
func head(k kind) []byte {
	h := make([]byte, fatAt)
	h[510], h[511], h[446] = 0x55, 0xaa, 0x80
	binary.LittleEndian.PutUint32(h[440:], 0x4c4f4131)
	for i, p := range [][3]uint32{{0x0c, 16, 64}, {0x83, 80, 512}, {0x83, 592, 512}, {0x83, 1104, 64}} {
		e := h[446+16*i:]
		e[4] = byte(p[0])
		binary.LittleEndian.PutUint32(e[8:], p[1]*2048)
		binary.LittleEndian.PutUint32(e[12:], p[2]*2048)
	}
	for _, m := range k.marks {
		copy(h[m.at:], m.says)
	}
	if len(k.marks) > 0 {
		copy(h[1<<20:], loaderText)
	}
	return h
}

const loaderText = "\x00bootcmd=setenv stdin nulldev; run loa; reset\x00bootdelay=-2\x00"

func TestHead(t *testing.T) {
	for name, k := range kinds {
		h := head(k)
		if err := errors.Join(table(h[:512]), loader(k, h)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, tt := range []struct {
		what, kind, want string
		spoil            func(h []byte)
	}{
		{"a slot elsewhere", "rock64", "partition 3", func(h []byte) { h[446+32+8]++ }},
		{"another disk", "rock64", "no partition table", func(h []byte) { h[440]++ }},
		{"nothing starts", "rock64", "does not start", func(h []byte) { h[446] = 0 }},
		{"SPL elsewhere", "orangepi-zero", "at byte 8196", func(h []byte) { copy(h[128<<10:], h[8<<10:16<<10]); clear(h[8<<10 : 16<<10]) }},
		{"no U-Boot", "rock64", "at byte 8388608", func(h []byte) { h[8<<20]++ }},
		{"Debian's U-Boot", "nanopi-neo", "bootdelay=-2", func(h []byte) {
			clear(h[1<<20 : 2<<20])
			copy(h[1<<20:], "\x00bootcmd=run distro_bootcmd\x00bootdelay=2\x00\x00")
		}},
		{"a U-Boot too many", "raspberrypi3", "nothing starts from there", func(h []byte) { h[8<<10]++ }},
	} {
		h := head(kinds[tt.kind])
		tt.spoil(h)
		if err := errors.Join(table(h[:512]), loader(kinds[tt.kind], h)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", tt.what, err)
		}
	}
}

// files is a file system.
type files map[string]string

func (f files) read(name string) ([]byte, error) {
	if text, ok := f[name]; ok {
		return []byte(text), nil
	}
	return nil, fs.ErrNotExist
}

func TestScript(t *testing.T) {
	const scr = "\x27\x05\x19\x56 header\n  load /boot/board.dtb; then\n  booti ${kernel_addr_r}\nreset\n"
	k := kinds["rock64"]
	if err := script(k, files{"boot.scr": scr}.read); err != nil {
		t.Error(err)
	}
	for what, text := range map[string]string{
		"another architecture": strings.Replace(scr, "booti", "bootz", 1),
		"no device tree":       strings.Replace(scr, "/boot/board.dtb;", "/boot/;", 1),
		"a gap":                strings.Replace(scr, "reset", "@SAFE@", 1),
		"no script":            scr[4:],
	} {
		if err := script(k, files{"boot.scr": text}.read); err == nil {
			t.Errorf("%s: nothing is said", what)
		}
	}
}

func TestFirmware(t *testing.T) {
	b, err := boards.Load("raspberrypi4")
	if err != nil {
		t.Fatal(err)
	}
	k := kinds["raspberrypi4"]
	k.trees, b.Compatible = nil, nil // those need a tool
	good := files{
		"start4.elf": "x", "fixup4.dat": "x", "u-boot.bin": loaderText,
		"config.txt": "arm_64bit=1\nkernel=u-boot.bin\nupstream_kernel=1\nenable_uart=1\ngpio=17=op,dl\n",
	}
	if err := firmware(k, b, good.read); err != nil {
		t.Error(err)
	}
	for name, text := range map[string]string{"start4.elf": "", "u-boot.bin": "bootdelay=2", "config.txt": strings.Replace(good["config.txt"], "17", "27", 1)} {
		bad := files{}
		for n, v := range good {
			bad[n] = v
		}
		if bad[name] = text; text == "" {
			delete(bad, name)
		}
		if err := firmware(k, b, bad.read); err == nil {
			t.Errorf("%s: nothing is said of %.20q", name, text)
		}
	}
}

// An agent of another architecture is found, and what is none.
func TestAgent(t *testing.T) {
	header := make([]byte, 64)
	copy(header, "\x7fELF\x02\x01\x01")
	header[16], header[20], header[52], header[54] = 2, 1, 64, 56
	for machine, ok := range map[elf.Machine]bool{elf.EM_AARCH64: true, elf.EM_ARM: false} {
		binary.LittleEndian.PutUint16(header[18:], uint16(machine))
		if err := agent(arm64, files{"/usr/bin/agent": string(header)}.read); (err == nil) != ok {
			t.Errorf("%v: %v", machine, err)
		}
	}
	if err := agent(arm64, files{"/usr/bin/agent": "#!/bin/sh"}.read); err == nil {
		t.Error("a script is an agent")
	}
}
