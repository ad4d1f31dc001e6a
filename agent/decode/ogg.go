package decode

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
)

// An oggPage is the unit of an Ogg stream (RFC 3533): some packets of one logical
// stream, with the position at its end and a checksum over all of it.
type oggPage struct {
	continued bool // begins with the rest of a packet
	bos, eos  bool // first and last of its logical stream
	granule   int64
	serial    uint32
	seq       uint32
	lacing    []byte
	body      []byte
	pos, end  int64 // where it lies in the input
}

// oggPages finds whole, undamaged pages.
type oggPages struct {
	in   *input
	lost bool // bytes were left out before the last page
}

const oggHead = 27

// next gives the next page, valid until take.
func (o *oggPages) next() (p oggPage, err error) {
	o.lost = false
	for {
		head, err := o.in.peek(oggHead)
		if len(head) < oggHead {
			return p, ended(err)
		}
		if ok, err := o.page(head, &p); ok || err != nil {
			return p, err
		}
		o.lost = true
		b, _ := o.in.ready(oggHead)
		n := bytes.Index(b[1:], []byte("OggS"))
		if n++; n == 0 {
			n = max(1, len(b)-3) // the last three may be the beginning of it
		}
		if err := o.in.skip(int64(n)); err != nil {
			return p, ended(err)
		}
	}
}

// page reads the page that begins here and reports whether there is a whole one.
func (o *oggPages) page(head []byte, p *oggPage) (bool, error) {
	if string(head[:5]) != "OggS\x00" {
		return false, nil
	}
	segments := int(head[26])
	b, err := o.in.peek(oggHead + segments)
	if len(b) < oggHead+segments {
		return false, unlessEnd(err)
	}
	size := oggHead + segments
	for _, n := range b[oggHead:] {
		size += int(n)
	}
	if b, err = o.in.peek(size); len(b) < size {
		return false, unlessEnd(err)
	}
	le := binary.LittleEndian
	if oggSum(b) != le.Uint32(b[22:]) {
		return false, nil
	}
	*p = oggPage{
		continued: b[5]&1 != 0,
		bos:       b[5]&2 != 0,
		eos:       b[5]&4 != 0,
		granule:   int64(le.Uint64(b[6:])),
		serial:    le.Uint32(b[14:]),
		seq:       le.Uint32(b[18:]),
		lacing:    b[oggHead : oggHead+segments],
		body:      b[oggHead+segments : size],
		pos:       o.in.pos,
		end:       o.in.pos + int64(size),
	}
	return true, nil
}

// unlessEnd is err unless it says that the input ends: then there may still be a
// shorter page before the end.
func unlessEnd(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// take leaves a page behind.
func (o *oggPages) take(p *oggPage) error { return o.in.skip(p.end - p.pos) }

// oggSum is the checksum of a page: CRC-32 by 0x04c11db7, highest bit first, with
// zeros in place of the checksum itself.
func oggSum(b []byte) (crc uint32) {
	for i, v := range b {
		if i >= 22 && i < 26 {
			v = 0
		}
		crc = crc<<8 ^ oggTable[byte(crc>>24)^v]
	}
	return crc
}

var oggTable = func() (t [256]uint32) {
	for i := range t {
		crc := uint32(i) << 24
		for range 8 {
			if crc&(1<<31) != 0 {
				crc = crc<<1 ^ 0x04c11db7
			} else {
				crc <<= 1
			}
		}
		t[i] = crc
	}
	return t
}()

// maxPacket bounds a packet: no packet of sound is near it. A longer one is a
// comment with pictures in it; what is beyond is forgotten, and nobody needs it.
const maxPacket = 256 << 10

// oggPackets puts the packets of one logical stream together.
type oggPackets struct {
	part    []byte // the beginning of a packet that goes on in the next page
	spare   []byte // part by turns: a packet it has completed is still being read
	partial bool
	seq     uint32 // of the last page
	any     bool   // there was one
	list    [][]byte
}

// split gives the packets that end on p, valid until the next call, and reports
// whether something is missing before the first of them.
func (o *oggPackets) split(p *oggPage) (packets [][]byte, hole bool) {
	hole = o.any && p.seq != o.seq+1 || p.continued != o.partial
	o.any, o.seq = true, p.seq
	if hole {
		o.partial = false
	}
	orphan := p.continued && !o.partial // the rest of a packet whose beginning is lost
	o.list = o.list[:0]
	body, n := p.body, 0
	for _, lace := range p.lacing {
		n += int(lace)
		if lace == 255 {
			continue
		}
		packet := body[:n]
		if o.partial {
			o.keep(packet)
			packet = o.part
			o.part, o.spare = o.spare, o.part
			o.partial = false
		}
		if !orphan {
			o.list = append(o.list, packet)
		}
		orphan = false
		body, n = body[n:], 0
	}
	if n > 0 && !orphan {
		if !o.partial {
			o.part, o.partial = o.part[:0], true
		}
		o.keep(body[:n])
	}
	return o.list, hole
}

func (o *oggPackets) keep(b []byte) {
	o.part = append(o.part, b[:min(len(b), maxPacket-len(o.part))]...)
}
