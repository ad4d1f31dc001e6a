package kms

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"unsafe"
)

// Requests and structs of include/uapi/linux/fb.h.
const (
	getVariable = 0x4600
	getFixed    = 0x4602
)

type variable struct {
	width, height               uint32
	virtualWidth, virtualHeight uint32
	xoffset, yoffset            uint32
	bits                        uint32 // of a pixel
	grey                        uint32
	red, green, blue, alpha     bitfield
	_                           [20]uint32
}

type bitfield struct{ offset, length, right uint32 }

type fixed struct {
	id                [16]byte
	memory            uintptr
	length            uint32
	kind, aux, visual uint32
	_                 [3]uint16
	pitch             uint32
	_                 uintptr
	_, _              uint32
	_                 [3]uint16
}

// A framebuffer is one memory that is seen while it is written.
type framebuffer struct {
	k    kernel
	path string
	s    image.Point

	dev device // nil: it has to be opened
	mem []byte
	now variable
	fix fixed
}

func openFramebuffer(path, mode string, k kernel) (*framebuffer, error) {
	size, err := parseMode(mode)
	if err != nil {
		return nil, err
	}
	f := &framebuffer{k: k, path: path, s: size}
	if err := f.attach(); err != nil {
		return nil, fmt.Errorf("kms: %w", err)
	}
	return f, nil
}

func (f *framebuffer) size() image.Point { return f.s }

func (f *framebuffer) attach() error {
	if f.dev == nil {
		dev, err := f.k.open(f.path)
		if err != nil {
			return fmt.Errorf("cannot open %s: %w", f.path, err)
		}
		f.dev = dev
	}
	if err := f.ask(); err != nil {
		f.detach()
		return fmt.Errorf("%s: %w", f.path, err)
	}
	return nil
}

// ask learns how the framebuffer is set up now, and maps it the first time.
func (f *framebuffer) ask() error {
	var now variable
	if err := f.dev.ioctl(getVariable, unsafe.Pointer(&now)); err != nil {
		return fmt.Errorf("it is no framebuffer: %w", err)
	}
	if f.mem != nil && now == f.now {
		return nil
	}
	var fix fixed
	if err := f.dev.ioctl(getFixed, unsafe.Pointer(&fix)); err != nil {
		return fmt.Errorf("it is no framebuffer: %w", err)
	}
	size := image.Pt(int(now.width), int(now.height))
	if size.X < 1 || size.Y < 1 || size.X > 1<<14 || size.Y > 1<<14 {
		return fmt.Errorf("it says it has %dx%d pixels", now.width, now.height)
	}
	if f.s != (image.Point{}) && f.s != size {
		return fmt.Errorf("it has %dx%d pixels, not %dx%d", size.X, size.Y, f.s.X, f.s.Y)
	}
	if now.bits != 16 && now.bits != 32 || !now.red.fits(now.bits) || !now.green.fits(now.bits) || !now.blue.fits(now.bits) {
		return fmt.Errorf("its pixels of %d bits are of an unknown kind", now.bits)
	}
	end := (uint64(now.yoffset)+uint64(now.height)-1)*uint64(fix.pitch) + (uint64(now.xoffset)+uint64(now.width))*uint64(now.bits/8)
	if fix.length > mostMemory || end > uint64(fix.length) || uint64(fix.pitch) < uint64(now.width)*uint64(now.bits/8) {
		return fmt.Errorf("it has %d bytes with rows of %d for %dx%d pixels of %d bits", fix.length, fix.pitch, size.X, size.Y, now.bits)
	}
	if f.mem != nil {
		_ = f.dev.munmap(f.mem)
		f.mem = nil
	}
	mem, err := f.dev.mmap(0, int(fix.length))
	if err != nil {
		return fmt.Errorf("cannot reach its memory: %w", err)
	}
	f.mem, f.now, f.fix, f.s = mem, now, fix, size
	return nil
}

func (b bitfield) fits(bits uint32) bool {
	return b.length >= 1 && b.length <= 8 && b.offset < bits && b.offset+b.length <= bits
}

func (f *framebuffer) detach() {
	if f.mem != nil {
		_ = f.dev.munmap(f.mem)
	}
	if f.dev != nil {
		f.dev.close()
	}
	f.dev, f.mem = nil, nil
}

func (f *framebuffer) close() { f.detach() }

func (f *framebuffer) show(_ context.Context, paint func(canvas)) error {
	if err := f.attach(); err != nil {
		return fmt.Errorf("kms: %w", err)
	}
	at := func(b bitfield) field { return field{b.offset, b.length} }
	seen := int(f.now.yoffset)*int(f.fix.pitch) + int(f.now.xoffset)*int(f.now.bits/8)
	paint(canvas{
		mem:    f.mem[seen:],
		pitch:  int(f.fix.pitch),
		format: newFormat(int(f.now.bits), at(f.now.red), at(f.now.green), at(f.now.blue)),
	})
	return nil
}

func (f *framebuffer) probe() (map[string]string, error) {
	if err := f.attach(); err != nil {
		return nil, fmt.Errorf("kms: %w", err)
	}
	name, _, _ := bytes.Cut(f.fix.id[:], []byte{0})
	return map[string]string{
		"model":  string(bytes.ToValidUTF8(name, []byte("?"))),
		"device": f.path,
		"mode":   fmt.Sprintf("%dx%d", f.s.X, f.s.Y),
	}, nil
}
