package kms

import (
	"encoding/binary"
	"fmt"
	"image"
	"unsafe"
)

// A buffer is memory of the card that it can show. It is dark at first.
type buffer struct {
	canvas
	handle, fb uint32
}

// mostMemory is that of a screen of 8K: a card that wants more is mistaken.
const mostMemory = 256 << 20

func newBuffer(d device, size image.Point) (*buffer, error) {
	dumb := dumbState{width: uint32(size.X), height: uint32(size.Y), bpp: 32}
	if err := d.ioctl(createDumb, unsafe.Pointer(&dumb)); err != nil {
		return nil, fmt.Errorf("no memory for a picture of %dx%d: %w", size.X, size.Y, err)
	}
	b := &buffer{handle: dumb.handle, canvas: canvas{pitch: int(dumb.pitch), format: xrgb8888}}
	if need := uint64(dumb.pitch) * uint64(size.Y); dumb.pitch < 4*dumb.width || dumb.size < need || dumb.size > mostMemory {
		b.free(d)
		return nil, fmt.Errorf("the card gives %d bytes with rows of %d for a picture of %dx%d", dumb.size, dumb.pitch, size.X, size.Y)
	}
	fb := framebufferState{width: dumb.width, height: dumb.height, pitch: dumb.pitch, bpp: 32, depth: 24, handle: dumb.handle}
	if err := d.ioctl(addFB, unsafe.Pointer(&fb)); err != nil {
		b.free(d)
		return nil, fmt.Errorf("the card cannot show its memory: %w", err)
	}
	b.fb = fb.id
	where := dumbMap{handle: dumb.handle}
	err := d.ioctl(mapDumb, unsafe.Pointer(&where))
	if err == nil {
		b.mem, err = d.mmap(int64(where.offset), int(dumb.size))
	}
	if err != nil {
		b.free(d)
		return nil, fmt.Errorf("cannot reach the card's memory: %w", err)
	}
	return b, nil
}

// free is for a buffer that was never shown. Of an error nothing would follow.
func (b *buffer) free(d device) {
	if b.mem != nil {
		_ = d.munmap(b.mem)
	}
	if b.fb != 0 {
		_ = d.ioctl(rmFB, unsafe.Pointer(&b.fb))
	}
	_ = d.ioctl(destroyDumb, unsafe.Pointer(&b.handle))
}

// leave is for the end of a descriptor, with which the kernel frees all of it. Before
// Linux 6.8, which knows no closeFB, it also makes a screen dark that shows a buffer.
func (b *buffer) leave(d device) {
	_ = d.munmap(b.mem)
	id := [2]uint32{b.fb}
	_ = d.ioctl(closeFB, unsafe.Pointer(&id))
}

// sendEvent is DRM_MODE_PAGE_FLIP_EVENT.
const sendEvent = 1

// flipped looks for a flip in the events of a card: struct drm_event of drm.h, of the
// kind DRM_EVENT_FLIP_COMPLETE. There is never more than one on its way.
func flipped(events []byte) bool {
	const head, flipComplete = 8, 2
	for len(events) >= head {
		kind, length := binary.LittleEndian.Uint32(events), binary.LittleEndian.Uint32(events[4:])
		if kind == flipComplete {
			return true
		}
		if length < head || uint64(length) > uint64(len(events)) {
			return false
		}
		events = events[length:]
	}
	return false
}
