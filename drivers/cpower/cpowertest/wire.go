package cpowertest

// ear takes bytes one by one and gives a body when it is complete: what lies
// between type and sum, without escapes.
func (c *Card) ear() func(byte) []byte {
	if c.o.Network {
		return c.networkEar()
	}
	var body []byte
	open, escaped := false, false
	return func(b byte) []byte {
		switch {
		case b == 0xA5:
			body, open, escaped = nil, true, false
		case !open:
		case b == 0xAE:
			open = false
			return body
		case b == 0xAA:
			escaped = true
		case escaped:
			escaped = false
			switch b {
			case 0x05:
				body = append(body, 0xA5)
			case 0x0A:
				body = append(body, 0xAA)
			case 0x0E:
				body = append(body, 0xAE)
			default:
				open = false
			}
		default:
			body = append(body, b)
		}
		return nil
	}
}

// networkEar counts bytes; it never finds its place again once that is lost.
func (c *Card) networkEar() func(byte) []byte {
	var got []byte
	return func(b byte) []byte {
		got = append(got, b)
		if len(got) < 8 {
			return nil
		}
		length := int(got[4]) | int(got[5])<<8
		if len(got) < 8+length {
			return nil
		}
		id := uint32(got[0])<<24 | uint32(got[1])<<16 | uint32(got[2])<<8 | uint32(got[3])
		body := got[8:]
		got = nil
		if id != c.o.NetworkID || length == 0 {
			return nil
		}
		return body
	}
}

// frame puts an answer into what goes over the wire.
func (c *Card) frame(body []byte) []byte {
	if c.o.Network {
		id, n := c.o.NetworkID, len(body)
		return append([]byte{byte(id >> 24), byte(id >> 16), byte(id >> 8), byte(id), byte(n), byte(n >> 8), 0, 0}, body...)
	}
	b := []byte{0xA5}
	for _, x := range body {
		switch x {
		case 0xA5:
			b = append(b, 0xAA, 0x05)
		case 0xAA:
			b = append(b, 0xAA, 0x0A)
		case 0xAE:
			b = append(b, 0xAA, 0x0E)
		default:
			b = append(b, x)
		}
	}
	return append(b, 0xAE)
}

// reply is the body of an answer.
func (c *Card) reply(cmd, mark byte, data ...byte) []byte {
	kind := byte(0xE8)
	if c.o.OldApp {
		kind = 0x68
	}
	b := append([]byte{kind, 0x32, c.o.ID, cmd, mark}, data...)
	total := 0
	for _, x := range b {
		total += int(x)
	}
	return append(b, byte(total), byte(total>>8))
}
