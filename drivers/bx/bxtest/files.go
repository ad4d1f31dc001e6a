package bxtest

// An upload is a file of which blocks come in.
type upload struct {
	name string
	size int
	sum  uint32
	data []byte

	written bool
}

// obeyFiles is group A1: the flash.
func (c *Card) obeyFiles(cmd byte, d []byte) result {
	r := &reader{b: d}
	switch cmd {
	case 0x01:
		for range r.u16() {
			name := string(r.bytes(4))
			if _, ok := c.flash[name]; !ok {
				return refuse(6)
			}
			delete(c.flash, name)
			delete(c.flash, "D"+name[1:])
		}
	case 0x02:
		name := string(r.bytes(4))
		kind := r.u8()
		u := &upload{name: name, size: r.u32()}
		if r.u8() != 1 {
			return refuse(15)
		}
		u.sum = uint32(r.number(4))
		if r.bad || kind != map[byte]byte{'P': 0, 'D': 9}[name[0]] {
			return refuse(10)
		}
		c.file = u
	case 0x03:
		name, last, at := string(r.bytes(4)), r.u8(), r.u32()
		switch {
		case c.file == nil || name != c.file.name:
			return refuse(9)
		case at+len(r.b) == len(c.file.data): // again: its reply was lost
			if last == 1 {
				return c.finish()
			}
		case at != len(c.file.data):
			return refuse(16)
		default:
			c.file.data = append(c.file.data, r.b...)
			if last == 1 {
				return c.finish()
			}
		}
	case 0x08:
		c.loading, c.file = true, nil
	case 0x09:
		c.loading, c.file = false, nil
	case 0x12:
		return tell(0x92, append(le.AppendUint32(nil, 1<<20), 0, 0, 8, 0))
	default:
		return refuse(2)
	}
	return ack()
}

// finish writes a file that is whole into the flash.
func (c *Card) finish() result {
	u := c.file
	if len(u.data) != u.size || sum32(u.data) != u.sum || len(u.data) < 9 || sum32(u.data[:len(u.data)-4]) != le.Uint32(u.data[len(u.data)-4:]) {
		return refuse(11)
	}
	if u.written {
		return ack()
	}
	u.written = true
	c.flash[u.name] = u.data
	c.writes++
	return ack()
}

// program is what a program in flash shows; nil: nothing that can be read.
func (c *Card) program(name string) *area {
	b, ok := c.flash[name]
	if !ok || len(b) < 20 {
		return nil
	}
	r := &reader{b: b[:len(b)-4]}
	r.bytes(1 + 4 + 1 + 1 + 1 + 2)
	var rest *reader
	if c.model.versions[0] == 7 {
		r.bytes(1 + 7 + 2)
		bitmaps, ok := c.flash["D"+name[1:]]
		if !ok || len(bitmaps) < 17 {
			return nil
		}
		rest = &reader{b: bitmaps[13 : len(bitmaps)-4]}
	}
	r.bytes(1 + 8)
	if hours, frame := r.u8(), r.u8(); hours != 0 || frame != 0 {
		return nil
	}
	r.u8()
	if r.u8() != 1 {
		return nil
	}
	a := &area{}
	part := &reader{b: r.bytes(r.u32())}
	if !c.pages(part, rest, 0, a) || part.bad || r.bad || len(r.b) > 0 || len(part.b) > 0 {
		return nil
	}
	return a
}

// sum32 is the files' checksum, bit by bit: begins with 0, ends as it is.
func sum32(p []byte) (c uint32) {
	for _, b := range p {
		c ^= uint32(b)
		for range 8 {
			low := c & 1
			c >>= 1
			if low == 1 {
				c ^= 0xEDB88320
			}
		}
	}
	return c
}
