package kms

import (
	"os"
	"path/filepath"
	"slices"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// kernel has devices.
type kernel interface {
	cards() []string // their paths, those of low numbers first
	open(path string) (device, error)
	edid(card, connector string) []byte // nil: there is none
}

// device takes orders.
type device interface {
	ioctl(request uint, arg unsafe.Pointer) error
	mmap(offset int64, length int) ([]byte, error)
	munmap(mem []byte) error
	read(b []byte, wait time.Duration) (int, error) // 0, nil: nothing came
	close() error
}

// Requests and structs of include/uapi/drm/drm.h and drm_mode.h. The fields lie as
// in C on 32-bit boards, too: each is at a multiple of its size.
var (
	setMaster    = request(none, 0x1e, 0)
	authMagic    = request(write, 0x11, 4)
	getResources = request(both, 0xa0, unsafe.Sizeof(resources{}))
	getCRTC      = request(both, 0xa1, unsafe.Sizeof(crtcState{}))
	setCRTC      = request(both, 0xa2, unsafe.Sizeof(crtcState{}))
	getEncoder   = request(both, 0xa6, unsafe.Sizeof(encoderState{}))
	getConnector = request(both, 0xa7, unsafe.Sizeof(connectorState{}))
	addFB        = request(both, 0xae, unsafe.Sizeof(framebufferState{}))
	rmFB         = request(both, 0xaf, 4)
	pageFlip     = request(both, 0xb0, unsafe.Sizeof(flipOrder{}))
	createDumb   = request(both, 0xb2, unsafe.Sizeof(dumbState{}))
	mapDumb      = request(both, 0xb3, unsafe.Sizeof(dumbMap{}))
	destroyDumb  = request(both, 0xb4, 4)
	closeFB      = request(both, 0xd0, 8)
)

const (
	none  = 0
	write = 1
	both  = 3
)

func request(direction, number uint, size uintptr) uint {
	return direction<<30 | uint(size)<<16 | 'd'<<8 | number
}

type resources struct {
	fbs, crtcs, connectors, encoders     uint64 // addresses
	nfbs, ncrtcs, nconnectors, nencoders uint32
	minWidth, maxWidth                   uint32
	minHeight, maxHeight                 uint32
}

type modeInfo struct {
	clock                                     uint32 // kHz
	width, hsyncStart, hsyncEnd, htotal, skew uint16
	height, vsyncStart, vsyncEnd, vtotal      uint16
	vscan                                     uint16
	refresh, flags, kind                      uint32
	name                                      [32]byte
}

type connectorState struct {
	encoders, modes, props, values uint64 // addresses
	nmodes, nprops, nencoders      uint32
	encoder, id, kind, number      uint32
	connection                     uint32
	widthMM, heightMM, subpixel    uint32
	_                              uint32
}

type encoderState struct{ id, kind, crtc, possibleCRTCs, possibleClones uint32 }

type crtcState struct {
	connectors  uint64 // address
	nconnectors uint32
	id, fb      uint32
	x, y        uint32
	gamma       uint32
	modeValid   uint32
	mode        modeInfo
}

type framebufferState struct{ id, width, height, pitch, bpp, depth, handle uint32 }

type flipOrder struct {
	crtc, fb, flags, _ uint32
	_                  uint64 // comes back with the event
}

type dumbState struct {
	height, width, bpp, flags uint32
	handle, pitch             uint32
	size                      uint64
}

type dumbMap struct {
	handle, _ uint32
	offset    uint64
}

// linux is the kernel that runs.
type linux struct{}

func (linux) cards() []string {
	found, _ := filepath.Glob("/dev/dri/card[0-9]*") // its one error is a bad pattern
	slices.SortFunc(found, func(a, b string) int {
		if len(a) != len(b) {
			return len(a) - len(b) // card10 comes after card9
		}
		return slices.Compare([]byte(a), []byte(b))
	})
	return found
}

// edid comes from sysfs: the way through the card's properties is four ioctls long.
func (linux) edid(card, connector string) []byte {
	if real, err := filepath.EvalSymlinks(card); err == nil {
		card = real
	}
	b, _ := os.ReadFile("/sys/class/drm/" + filepath.Base(card) + "-" + connector + "/edid")
	return b
}

func (linux) open(path string) (device, error) {
	fd, err := unix.Open(path, unix.O_RDWR|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	return descriptor(fd), nil
}

type descriptor int

func (d descriptor) ioctl(request uint, arg unsafe.Pointer) error {
	for {
		_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(d), uintptr(request), uintptr(arg))
		switch errno {
		case 0:
			return nil
		case unix.EINTR, unix.EAGAIN: // a signal came; the kernel asks to be asked again
		default:
			return errno
		}
	}
}

func (d descriptor) mmap(offset int64, length int) ([]byte, error) {
	return unix.Mmap(int(d), offset, length, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
}

func (d descriptor) munmap(mem []byte) error { return unix.Munmap(mem) }

func (d descriptor) read(b []byte, wait time.Duration) (int, error) {
	poll := []unix.PollFd{{Fd: int32(d), Events: unix.POLLIN}}
	n, err := unix.Poll(poll, int(wait.Milliseconds()))
	if err == unix.EINTR || err == nil && n == 0 {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	n, err = unix.Read(int(d), b)
	if err == unix.EINTR || err == unix.EAGAIN {
		return 0, nil
	}
	return n, err
}

func (d descriptor) close() error { return unix.Close(int(d)) }
