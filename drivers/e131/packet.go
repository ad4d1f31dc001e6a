package e131

import (
	"crypto/sha256"
	"encoding/binary"
)

// Offsets of the layers, each of which begins with its length, and of what changes.
const (
	rootLayer    = 16
	framingLayer = 38
	dmpLayer     = 115
	sequenceAt   = 111
	universeAt   = 113
	countAt      = 123
	startCodeAt  = 125
	slotsAt      = 126
)

// newPacket is a packet of 512 slots with all in it that never changes.
func newPacket(source string, priority byte) []byte {
	b := make([]byte, slotsAt+512)
	b[1] = 0x10 // size of the preamble
	copy(b[4:], "ASC-E1.17")
	b[rootLayer+5] = 4 // VECTOR_ROOT_E131_DATA
	cid := newCID(source)
	copy(b[22:], cid[:])
	b[framingLayer+5] = 2 // VECTOR_E131_DATA_PACKET
	copy(b[44:108], source)
	b[108] = priority
	b[dmpLayer+2] = 2    // VECTOR_DMP_SET_PROPERTY
	b[dmpLayer+3] = 0xA1 // addresses of two bytes, a range
	b[dmpLayer+7] = 1    // one address apart
	return b
}

// fill puts a universe into the packet and returns the part of it to be sent.
func fill(b []byte, universe int, sequence byte, slots []byte) []byte {
	end := slotsAt + len(slots)
	for _, layer := range []int{rootLayer, framingLayer, dmpLayer} {
		binary.BigEndian.PutUint16(b[layer:], 0x7000|uint16(end-layer))
	}
	b[sequenceAt] = sequence
	binary.BigEndian.PutUint16(b[universeAt:], uint16(universe))
	binary.BigEndian.PutUint16(b[countAt:], uint16(1+len(slots)))
	copy(b[slotsAt:], slots)
	return b[:end]
}

// newCID is a UUID of version 8 (RFC 9562): the same for the same name, so that an
// agent that starts again goes on as the same source.
func newCID(source string) [16]byte {
	sum := sha256.Sum256([]byte("loa e131 " + source))
	cid := [16]byte(sum[:16])
	cid[6] = cid[6]&0x0F | 0x80
	cid[8] = cid[8]&0x3F | 0x80
	return cid
}
