package kms

import (
	"encoding/binary"
	"image"
	"image/color"
	"os"
	"strings"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"loa/agent/display/displaytest"
)

// A fileKernel has a framebuffer that is a plain file: its memory is what the file
// holds. Only the two questions that a file cannot answer are answered here.
type fileKernel struct {
	path  string
	setup setup
	gone  bool
}

type setup struct {
	now variable
	fix fixed
}

var framebuffers = map[string]setup{
	"32 bits": {
		now: variable{width: 40, height: 30, virtualWidth: 40, virtualHeight: 30, bits: 32,
			red: bitfield{offset: 16, length: 8}, green: bitfield{offset: 8, length: 8}, blue: bitfield{length: 8}},
		fix: fixed{pitch: 160, length: 160 * 30},
	},
	"32 bits, blue first, wide rows": {
		now: variable{width: 40, height: 30, bits: 32,
			red: bitfield{length: 8}, green: bitfield{offset: 8, length: 8}, blue: bitfield{offset: 16, length: 8}},
		fix: fixed{pitch: 256, length: 256 * 30},
	},
	"565": {
		now: variable{width: 40, height: 30, bits: 16,
			red: bitfield{offset: 11, length: 5}, green: bitfield{offset: 5, length: 6}, blue: bitfield{length: 5}},
		fix: fixed{pitch: 80, length: 80 * 30},
	},
	"565, wide rows, the second of two pages": {
		now: variable{width: 40, height: 30, virtualWidth: 48, virtualHeight: 64, xoffset: 4, yoffset: 32, bits: 16,
			red: bitfield{offset: 11, length: 5}, green: bitfield{offset: 5, length: 6}, blue: bitfield{length: 5}},
		fix: fixed{pitch: 128, length: 128 * 64},
	},
}

func (k *fileKernel) cards() []string         { return nil }
func (k *fileKernel) edid(_, _ string) []byte { return nil }
func (k *fileKernel) open(path string) (device, error) {
	if path != k.path || k.gone {
		return nil, unix.ENOENT
	}
	d, err := linux{}.open(path)
	return fileDevice{d, k}, err
}

type fileDevice struct {
	device
	k *fileKernel
}

func (d fileDevice) ioctl(request uint, arg unsafe.Pointer) error {
	switch {
	case d.k.gone:
		return unix.ENODEV
	case request == getVariable:
		*(*variable)(arg) = d.k.setup.now
	case request == getFixed:
		fix := d.k.setup.fix
		copy(fix.id[:], "simple")
		*(*fixed)(arg) = fix
	default:
		return unix.ENOTTY
	}
	return nil
}

func (d fileDevice) read([]byte, time.Duration) (int, error) { return 0, unix.EINVAL }

// picture decodes the file without the help of the driver.
func (k *fileKernel) picture(t *testing.T) image.Image {
	b, err := os.ReadFile(k.path)
	if err != nil {
		t.Fatal(err)
	}
	now, p := k.setup.now, image.NewRGBA(image.Rect(0, 0, 40, 30))
	for y := range 30 {
		for x := range 40 {
			at := b[(int(now.yoffset)+y)*int(k.setup.fix.pitch)+(int(now.xoffset)+x)*int(now.bits/8):]
			var c color.RGBA
			if now.bits == 16 {
				v := binary.LittleEndian.Uint16(at)
				r, g, b := v>>11, v>>5&63, v&31
				c = color.RGBA{uint8(r<<3 | r>>2), uint8(g<<2 | g>>4), uint8(b<<3 | b>>2), 255}
			} else if now.red.offset == 16 {
				c = color.RGBA{at[2], at[1], at[0], 255}
			} else {
				c = color.RGBA{at[0], at[1], at[2], 255}
			}
			p.SetRGBA(x, y, c)
		}
	}
	return p
}

// Where the kernel has no cards, the framebuffer is found without being named.
func TestFramebufferIsTheFallback(t *testing.T) {
	k := &fileKernel{path: "/dev/fb0", gone: true}
	_, err := open(Opts{}, k)
	if err == nil || !strings.Contains(err.Error(), "/dev/fb0") {
		t.Errorf("without a card and a framebuffer: %v", err)
	}
}

// Another program pans to another page, or sets other colours: the next Show follows.
// Another size is an error.
func TestFramebufferChanges(t *testing.T) {
	k := &fileKernel{path: t.TempDir() + "/fb0", setup: framebuffers["565, wide rows, the second of two pages"]}
	if err := os.WriteFile(k.path, make([]byte, k.setup.fix.length), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := open(Opts{Device: k.path, Mode: "64x48"}, k); err == nil || !strings.Contains(err.Error(), "40x30 pixels, not 64x48") {
		t.Errorf("open says %v", err)
	}
	p, err := open(Opts{Device: k.path, Mode: "40x30"}, k)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	for _, offset := range []uint32{32, 0, 5} {
		k.setup.now.yoffset = offset
		want := plain(p.Size(), uint8(200+offset))
		if err := p.Show(t.Context(), want); err != nil {
			t.Fatal(err)
		}
		if err := displaytest.Same(k.picture(t), want, 4); err != nil {
			t.Errorf("on the page at row %d: %v", offset, err)
		}
	}
	k.setup.now.width = 39
	if err := p.Show(t.Context(), plain(p.Size(), 1)); err == nil || !strings.Contains(err.Error(), "39x30 pixels, not 40x30") {
		t.Errorf("Show says %v", err)
	}
	k.setup.now.width = 40
	if err := p.Show(t.Context(), plain(p.Size(), 1)); err != nil {
		t.Error(err)
	}
}

func TestFramebufferOfNonsense(t *testing.T) {
	good := framebuffers["565"]
	for name, spoil := range map[string]func(*setup){
		"no pixels":           func(s *setup) { s.now.width = 0 },
		"too many pixels":     func(s *setup) { s.now.height = 1 << 31 },
		"24 bits":             func(s *setup) { s.now.bits = 24 },
		"a colour of 17 bits": func(s *setup) { s.now.red.length = 17 },
		"a colour outside":    func(s *setup) { s.now.red.offset = 14 },
		"narrow rows":         func(s *setup) { s.fix.pitch = 79 },
		"little memory":       func(s *setup) { s.fix.length-- },
		"a page beyond":       func(s *setup) { s.now.yoffset = 1<<32 - 1 },
		"no memory":           func(s *setup) { s.fix.length = 0 },
		"a terabyte":          func(s *setup) { s.fix.length, s.fix.pitch = 1<<32-1, 1<<31 },
	} {
		bad := good
		spoil(&bad)
		k := &fileKernel{path: t.TempDir() + "/fb0", setup: bad}
		if err := os.WriteFile(k.path, make([]byte, good.fix.length), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := open(Opts{Device: k.path}, k); err == nil {
			t.Errorf("%s: it opened", name)
		}
	}
}
