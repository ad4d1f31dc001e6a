package cpowertest

import (
	"image"
	"image/color"
)

// obey is what the card does and answers; nil: nothing.
func (c *Card) obey(body []byte) []byte {
	if len(body) < 7 || body[0] != 0x68 || body[1] != 0x32 || body[2] != c.o.ID && body[2] != 0xFF {
		return nil
	}
	cmd, want, data := body[3], body[4]&1 == 1, body[5:len(body)-2]
	total := 0
	for _, x := range body[:len(body)-2] {
		total += int(x)
	}
	if byte(total) != body[len(body)-2] || byte(total>>8) != body[len(body)-1] {
		if cmd != 0x7B {
			return nil // only external calls have an error for it
		}
		return c.reply(cmd, 1, 0, 0, 0, 0)
	}
	if cmd != 0x7B && c.o.Forgetful {
		c.next = 0
	}
	answer := c.command(cmd, data)
	if !want {
		return nil
	}
	return answer
}

func (c *Card) command(cmd byte, data []byte) []byte {
	query := len(data) > 0 && data[0] == 1
	switch cmd {
	case 0x2E:
		return c.reply(cmd, 1, 0, 0x52, 0x21, 0x14, 0, 0, 0, 0x33)
	case 0x3C:
		if c.o.NoEthernet || !query {
			return nil
		}
		id := c.o.NetworkID
		return c.reply(cmd, 1, 1, 192, 168, 1, 222, 192, 168, 1, 1, 255, 255, 255, 0, 0x14, 0x50,
			byte(id>>24), byte(id>>16), byte(id>>8), byte(id))
	case 0x46:
		if query {
			return c.reply(cmd, 1, append([]byte{1}, c.levels[:]...)...)
		}
		if len(data) != 25 {
			return c.reply(cmd, 1, 0)
		}
		copy(c.levels[:], data[1:])
		c.writes++
		return c.reply(cmd, 1, 1)
	case 0x47:
		if query {
			return c.reply(cmd, 1, append([]byte{1}, c.clock[:]...)...)
		}
		if len(data) != 8 {
			return c.reply(cmd, 1, 0)
		}
		copy(c.clock[:], data[1:])
		return c.reply(cmd, 1, 1)
	case 0x76:
		if !query && len(data) > 1 {
			c.on = data[1] == 1
		}
		is := byte(0)
		if c.on {
			is = 1
		}
		if query {
			return c.reply(cmd, 1, 1, is, 0, 0, 0, 0, 0, 0, 0, 0)
		}
		return c.reply(cmd, 1, 0, is)
	case 0x7B:
		return c.packet(data)
	}
	return nil
}

// packet takes one packet of an external call.
func (c *Card) packet(data []byte) []byte {
	const sequence, refused = 2, 0x10
	if len(data) < 5 || int(data[0])|int(data[1])<<8 != len(data)-4 || len(data)-4 > c.o.MaxPacket {
		return c.reply(0x7B, refused, 0, 0, 0, 0)
	}
	number, last, part := int(data[2]), int(data[3]), data[4:]
	if number == 0 {
		c.call, c.next = nil, 0
	}
	if number != c.next || number > last {
		c.next = 0
		return c.reply(0x7B, sequence, 0, 0, 0, 0)
	}
	c.call = append(c.call, part...)
	c.next++
	code := byte(0)
	if number == last {
		if !c.external(c.call) {
			code = refused
		}
		c.next = 0
	}
	return c.reply(0x7B, code, 1, 0, 0, 0, c.call[0])
}

func (c *Card) external(call []byte) bool {
	switch call[0] {
	case 0x01:
		return c.split(call[1:])
	case 0x03:
		return len(call) > 11 && call[6] == 4 && c.draw(int(call[1]), big(call[7:]), big(call[9:]), call[11:])
	}
	return false
}

func big(b []byte) int { return int(b[0])<<8 | int(b[1]) }

// split makes windows, and clears the screen.
func (c *Card) split(b []byte) bool {
	if len(b) < 1 || b[0] < 1 || b[0] > 8 || len(b) != 1+8*int(b[0]) {
		return false
	}
	c.windows = nil
	for b = b[1:]; len(b) > 0; b = b[8:] {
		x, y := big(b), big(b[2:])
		c.windows = append(c.windows, image.Rect(x, y, x+big(b[4:]), y+big(b[6:])).Intersect(c.screen.Rect))
	}
	clear(c.screen.Pix)
	return true
}

// draw draws a simple picture at x, y of a window.
func (c *Card) draw(window, x, y int, b []byte) bool {
	if window >= len(c.windows) || len(b) < 8 || b[0] != 'I' || b[1] != '1' || b[6]&7 == 0 || b[7] != 0 {
		return false
	}
	w, h, property := int(b[2])|int(b[3])<<8, int(b[4])|int(b[5])<<8, b[6]
	row := w
	switch property >> 4 {
	case 0:
		row = (w + 7) / 8
	case 7:
	default:
		return false
	}
	var planes [3][]byte
	b = b[8:]
	for i := range planes {
		if property>>i&1 == 0 {
			continue
		}
		if len(b) < row*h {
			return false
		}
		planes[i], b = b[:row*h], b[row*h:]
	}
	if len(b) > 0 {
		return false
	}
	level := func(plane []byte, px, py int) uint8 {
		switch {
		case plane == nil:
			return 0
		case property>>4 == 7:
			return plane[py*row+px]
		case plane[py*row+px/8]&(128>>(px%8)) != 0:
			return 255
		}
		return 0
	}
	for py := range h {
		for px := range w {
			at := c.windows[window].Min.Add(image.Pt(x+px, y+py))
			if at.In(c.windows[window]) {
				c.screen.SetRGBA(at.X, at.Y, color.RGBA{level(planes[0], px, py), level(planes[1], px, py), level(planes[2], px, py), 255})
			}
		}
	}
	c.shows++
	return true
}
