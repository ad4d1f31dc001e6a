package kms

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"image"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// modules are what a virtual screen and a framebuffer in memory need of the kernel.
var modules = []string{"virtio_ring", "virtio", "virtio_pci_legacy_dev", "virtio_pci_modern_dev", "virtio_pci",
	"virtio_dma_buf", "drm", "drm_kms_helper", "drm_shmem_helper", "virtio-gpu",
	"fb_sys_fops", "syscopyarea", "sysfillrect", "sysimgblt"}

// late is loaded once the screen has its framebuffer, so as to be the second.
const late = "vfb"

// TestScreen boots a machine with a screen. It takes a minute, or two on a busy machine.
func TestScreen(t *testing.T) {
	if testing.Short() {
		t.Skip("a virtual machine is too slow for -short")
	}
	qemu, err := exec.LookPath("qemu-system-x86_64")
	if err != nil {
		t.Skip("needs qemu-system-x86: apt-get install --no-install-recommends qemu-system-x86")
	}
	root := os.Getenv("LOA_KERNEL")
	if root == "" {
		root = "../../build/kernel"
	}
	kernels, _ := filepath.Glob(filepath.Join(root, "boot/vmlinuz-*"))
	if len(kernels) == 0 {
		t.Skipf("needs a kernel in %s: run scripts/kms/kernel.sh, or say where one is by LOA_KERNEL", root)
	}
	dir := t.TempDir()
	initrd := filepath.Join(dir, "initrd")
	if err := os.WriteFile(initrd, archive(t, root, dir), 0o600); err != nil {
		t.Fatal(err)
	}
	m := boot(t, qemu, kernels[0], initrd, dir)
	watch(t, m)
}

// watch looks at the screen whenever the guest asks for it.
func watch(t *testing.T, m *machine) {
	scenes := map[string]Scene{}
	for _, s := range Scenes {
		scenes[s.Name] = s
	}
	ended := false
	for line := range m.lines {
		word, rest, _ := strings.Cut(line, " ")
		switch word {
		case "@show":
			got := m.dump(t)
			if s, ok := scenes[rest]; ok {
				compare(t, s, got)
				delete(scenes, rest)
			} else {
				t.Logf("%s: %s", rest, describe(got))
			}
			fmt.Fprintln(m.in)
		case "@info", "@ok":
			t.Log(word[1:], rest)
		case "@fail":
			t.Error(rest)
		case "@end":
			ended = true
		default:
			t.Log("console:", line)
		}
	}
	if !ended {
		t.Error("the machine went away")
	}
	for name := range scenes {
		t.Errorf("%s was not shown", name)
	}
}

func compare(t *testing.T, s Scene, got *image.RGBA) {
	want := s.Want(Picture(s.Size, 0))
	if got.Rect != want.Rect {
		t.Errorf("%s: the screen is %v, not %v", s.Name, got.Rect.Max, want.Rect.Max)
		return
	}
	bad, first := 0, ""
	for y := range want.Rect.Dy() {
		for x := range want.Rect.Dx() {
			if a, b := got.RGBAAt(x, y), want.RGBAAt(x, y); a != b {
				if bad++; bad == 1 {
					first = fmt.Sprintf("; (%d,%d) is %v instead of %v", x, y, a, b)
				}
			}
		}
	}
	t.Logf("%s: %d of %d pixels differ%s", s.Name, bad, want.Rect.Dx()*want.Rect.Dy(), first)
	if bad > 0 {
		t.Errorf("%s: the screen shows another picture", s.Name)
	}
}

func describe(p *image.RGBA) string {
	dark := 0
	for i := 0; i < len(p.Pix); i += 4 {
		if p.Pix[i]|p.Pix[i+1]|p.Pix[i+2] == 0 {
			dark++
		}
	}
	return fmt.Sprintf("a screen of %v, %d of %d pixels dark", p.Rect.Max, dark, len(p.Pix)/4)
}

// archive is the root of the machine: the guest and the modules, as cpio "newc".
func archive(t *testing.T, root, dir string) []byte {
	guest := filepath.Join(dir, "guest")
	build := exec.Command("go", "build", "-o", guest, "./guest")
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOARCH=amd64")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("cannot build the guest: %v\n%s", err, out)
	}
	var b bytes.Buffer
	add := func(name string, mode uint32, data []byte) {
		pad := func() {
			for b.Len()%4 != 0 {
				b.WriteByte(0)
			}
		}
		fmt.Fprintf(&b, "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%s\x00",
			b.Len()+1, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name)+1, 0, name)
		pad()
		b.Write(data)
		pad()
	}
	read := func(path string) []byte {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	add("init", 0o100755, read(guest))
	add("modules", 0o040755, nil)
	add("late", 0o040755, nil)
	for _, name := range append(modules, late) {
		to := "modules/"
		if name == late {
			to = "late/"
		}
		err := filepath.WalkDir(filepath.Join(root, "lib/modules"), func(path string, d os.DirEntry, err error) error {
			if base, _, _ := strings.Cut(filepath.Base(path), ".ko"); err == nil && base == name && !d.IsDir() {
				add(to+filepath.Base(path), 0o100644, read(path))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	add("TRAILER!!!", 0, nil)
	return b.Bytes()
}

// A machine is a running QEMU.
type machine struct {
	dir     string
	in      io.Writer
	lines   chan string // what the guest says; closed at its end
	monitor net.Conn
}

func boot(t *testing.T, qemu, kernel, initrd, dir string) *machine {
	socket := filepath.Join(dir, "monitor")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	// TCG everywhere: nested KVM hangs on some hosts, and a screen needs no speed.
	cmd := exec.Command(qemu, "-accel", "tcg", "-m", "256", "-nodefaults", "-no-reboot", "-display", "none",
		"-vga", "none", "-device", fmt.Sprintf("virtio-gpu-pci,xres=%d,yres=%d", Screen.X, Screen.Y),
		"-serial", "stdio", "-monitor", "unix:"+socket,
		"-kernel", kernel, "-initrd", initrd, "-append", "console=ttyS0 quiet panic=-1 vt.global_cursor_default=0")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	m := &machine{dir: dir, in: in, lines: make(chan string)}
	watchdog := time.AfterFunc(5*time.Minute, func() {
		t.Error("the machine took more than five minutes")
		_ = cmd.Process.Kill()
	})
	ended := make(chan struct{})
	t.Cleanup(func() {
		watchdog.Stop()
		_ = cmd.Process.Kill()
		for range m.lines { // of a test that gave up
		}
		<-ended
	})
	go func() { // the cleanup waits for it
		defer close(ended)
		defer close(m.lines)
		for s := bufio.NewScanner(out); s.Scan(); {
			if line := strings.TrimSpace(s.Text()); line != "" {
				m.lines <- line
			}
		}
		_ = cmd.Wait() // it was killed, or is off
	}()
	_ = listener.(*net.UnixListener).SetDeadline(time.Now().Add(time.Minute))
	if m.monitor, err = listener.Accept(); err != nil {
		t.Fatalf("QEMU does not start: %v", err)
	}
	if _, err := m.ask(""); err != nil {
		t.Fatal(err)
	}
	return m
}

// ask gives an order to the monitor of the machine.
func (m *machine) ask(order string) (string, error) {
	if err := m.monitor.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		return "", err
	}
	if order != "" {
		if _, err := fmt.Fprintln(m.monitor, order); err != nil {
			return "", err
		}
	}
	var said []byte
	for one := make([]byte, 1); !bytes.HasSuffix(said, []byte("(qemu) ")); {
		if _, err := m.monitor.Read(one); err != nil {
			return "", fmt.Errorf("the monitor says %q: %w", said, err)
		}
		said = append(said, one...)
	}
	return string(said), nil
}

// dump is what the machine's screen shows.
func (m *machine) dump(t *testing.T) *image.RGBA {
	path := filepath.Join(m.dir, "screen.ppm")
	said, err := m.ask("screendump " + path)
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("no picture of the screen: %v; the monitor says %q", err, said)
	}
	p, err := readPPM(data)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func readPPM(data []byte) (*image.RGBA, error) {
	var w, h, most int
	r := bytes.NewReader(data)
	if _, err := fmt.Fscanf(r, "P6\n%d %d\n%d\n", &w, &h, &most); err != nil {
		return nil, err
	}
	rgb, _ := io.ReadAll(r)
	if most != 255 || len(rgb) != 3*w*h {
		return nil, errors.New("no PPM of QEMU")
	}
	p := image.NewRGBA(image.Rect(0, 0, w, h))
	for i := range w * h {
		copy(p.Pix[4*i:], rgb[3*i:3*i+3])
		p.Pix[4*i+3] = 255
	}
	return p, nil
}
