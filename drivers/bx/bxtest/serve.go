package bxtest

import (
	"encoding/binary"
	"fmt"
	"io"
	"time"
)

var le = binary.LittleEndian

// A frame is a command as it came over the line.
type frame struct {
	raw        []byte
	head       int  // where the body begins
	version    byte // 2, 5, 7 or F0
	group, cmd byte
	data       []byte
	good       bool
}

// serve reads frames and answers them until the connection ends.
func (c *Card) serve(conn io.ReadWriteCloser) {
	defer conn.Close()
	var payload []byte
	state := byte(0) // 0 between frames, A5 inside, A6 or 5B escaped
	buf := make([]byte, 4096)
	for {
		n, err := conn.Read(buf)
		if err != nil {
			return
		}
		c.mu.Lock()
		echo, silent := c.faults.echo, c.faults.silent
		c.mu.Unlock()
		if echo {
			if _, err := conn.Write(buf[:n]); err != nil {
				return
			}
		}
		if silent {
			state, payload = 0, nil
			continue
		}
		for _, b := range buf[:n] {
			switch {
			case b == 0xA5:
				state, payload = 0xA5, payload[:0]
			case state == 0:
			case b == 0x5A:
				if len(payload) > 0 {
					c.hear(conn, payload)
				}
				state, payload = 0, payload[:0]
			case state == 0xA6 || state == 0x5B:
				if b == 2 {
					payload = append(payload, state-1)
				} else {
					payload = append(payload, state)
				}
				state = 0xA5
			case b == 0xA6 || b == 0x5B:
				state = b
			default:
				payload = append(payload, b)
			}
		}
	}
}

// hear obeys one frame and answers.
func (c *Card) hear(conn io.Writer, payload []byte) {
	f, ok := parse(payload)
	if !ok {
		return
	}
	c.mu.Lock()
	answer := c.judge(f)
	flaws := c.flaw(answer != nil)
	c.mu.Unlock()
	if answer == nil || flaws.lose {
		return
	}
	out := envelope(answer)
	if flaws.wreck {
		out[len(out)/2] ^= 0x04
	}
	if flaws.noise {
		out = append(append([]byte{0x00, 0x17, 0x5A, 0x5B, 0x09, 0xA5, 0x33}, out...), 0xFF, 0x00, 0x5B, 0x5A)
	}
	if flaws.twice {
		out = append(out, out...)
	}
	if flaws.late > 0 {
		c.running.Go(func() { // Close waits for it
			select {
			case <-time.After(flaws.late):
				conn.Write(out)
			case <-c.closed:
			}
		})
		return
	}
	conn.Write(out)
}

type flaws struct {
	lose, twice, wreck, noise bool
	late                      time.Duration
}

func (c *Card) flaw(answers bool) (now flaws) {
	if !answers {
		return now
	}
	f := &c.faults
	use := func(n *int) bool {
		if *n == 0 {
			return false
		}
		*n--
		return true
	}
	now.noise = f.noise
	switch {
	case use(&f.lose):
		now.lose = true
	case use(&f.late):
		now.late = f.lateBy
	case use(&f.twice):
		now.twice = true
	case use(&f.wreck):
		now.wreck = true
	}
	return now
}

// judge returns the payload of the answer; nil: none.
func (c *Card) judge(f frame) []byte {
	if !c.model.speaks(f.version) {
		return nil
	}
	to := le.Uint16(f.raw)
	if to != 0xFFFE && to != c.address() || le.Uint16(f.raw[2:]) != 0x8000 {
		return nil
	}
	c.asked[fmt.Sprintf("%02X%02X", f.group, f.cmd)]++
	switch {
	case f.version == 2 && len(f.data) > c.model.limit:
		return nil // its buffer ran over
	case !f.good || c.faults.nak > 0:
		c.faults.nak = max(0, c.faults.nak-1)
		return f.answer(0xA0, 1, 5, nil)
	case c.faults.busy > 0:
		c.faults.busy--
		return f.answer(0xA0, 1, 3, nil)
	}
	if c.faults.cut {
		if c.faults.cutAfter == 0 {
			c.faults.cut, c.memory = false, memory{lock: c.locks}
			return nil
		}
		c.faults.cutAfter--
	}
	r := c.obey(f)
	if r.code != 0 {
		return f.answer(0xA0, 1, r.code, nil)
	}
	if r.cmd == 0 {
		return f.answer(0xA0, 0, 0, nil)
	}
	return f.answer(f.group, r.cmd, 0, r.data)
}

func (c *Card) address() uint16 { return 1 }

// A result is an error number, or the data of an answer, or neither: an ACK.
type result struct {
	code byte
	cmd  byte
	data []byte
}

func (c *Card) obey(f frame) result {
	switch f.version {
	case 2:
		return c.obeyK(f)
	case 0xF0:
		return c.obeyArea(f)
	}
	return c.obeyCommon(f)
}

func parse(p []byte) (f frame, ok bool) {
	if len(p) < 16 {
		return f, false
	}
	f.raw, f.version = p, p[4]
	switch {
	case f.version == 0xF0:
		f.head = 16
		n := int(le.Uint32(p[12:]))
		if n != len(p)-18 {
			return f, false
		}
		f.good = sum16(p[:len(p)-2]) == le.Uint16(p[len(p)-2:])
		p = p[:len(p)-2]
	case f.version == 5 || f.version == 7:
		if f.head = 27; f.version == 7 {
			f.head = 28
		}
		if len(p) < f.head+5 || int(le.Uint16(p[22:])) != len(p)-f.head {
			return f, false
		}
		x := byte(0)
		for _, b := range p[:f.head-1] {
			x ^= b
		}
		f.good = x == p[f.head-1] && sum16(p[f.head:]) == le.Uint16(p[24:]) && p[14] == 0x96
	case f.version == 0 && p[11] == 2:
		f.version, f.head = 2, 14
		if int(le.Uint16(p[12:])) != len(p)-16 {
			return f, false
		}
		f.good = sum16(p[:len(p)-2]) == le.Uint16(p[len(p)-2:])
		p = p[:len(p)-2]
	default:
		return f, false
	}
	if len(p) < f.head+5 {
		return f, false
	}
	b := p[f.head:]
	if f.version == 2 {
		f.group, f.cmd, f.data = b[0], b[1], b[5:]
		return f, true
	}
	f.group, f.cmd, f.data = b[1], b[2], b[5:]
	return f, true
}

// answer makes the payload of a reply: the request's header turned round.
func (f frame) answer(group, cmd, code byte, data []byte) []byte {
	h := append([]byte(nil), f.raw[:f.head]...)
	h[0], h[1], h[2], h[3] = f.raw[2], f.raw[3], f.raw[0], f.raw[1]
	if f.version == 2 {
		body := append([]byte{group, cmd, code, 0, 0}, data...)
		le.PutUint16(h[12:], uint16(len(body)))
		p := append(h, body...)
		return le.AppendUint16(p, sum16(p))
	}
	status := byte(0)
	if code != 0 {
		status = 1
	}
	body := []byte{0, group, cmd, status, 0, code, 0}
	body = append(le.AppendUint16(body, uint16(len(data))), data...)
	if f.version == 0xF0 {
		le.PutUint32(h[12:], uint32(len(body)))
		p := append(h, body...)
		return le.AppendUint16(p, sum16(p))
	}
	le.PutUint16(h[22:], uint16(len(body)))
	le.PutUint16(h[24:], sum16(body))
	x := byte(0)
	for _, b := range h[:f.head-1] {
		x ^= b
	}
	h[f.head-1] = x
	return append(h, body...)
}

// envelope is the line layer; cards begin with nine A5, one more than they must.
func envelope(p []byte) []byte {
	out := []byte{0xA5, 0xA5, 0xA5, 0xA5, 0xA5, 0xA5, 0xA5, 0xA5, 0xA5}
	for _, b := range p {
		switch {
		case b == 0xA5 || b == 0x5A:
			out = append(out, b+1, 2)
		case b == 0xA6 || b == 0x5B:
			out = append(out, b, 1)
		default:
			out = append(out, b)
		}
	}
	return append(out, 0x5A)
}

// sum16 is CRC-16 by the book's polynomial x^16+x^15+x^2+1, bit by bit.
func sum16(p []byte) (c uint16) {
	for _, b := range p {
		c ^= uint16(b)
		for range 8 {
			low := c & 1
			c >>= 1
			if low == 1 {
				c ^= 0xA001
			}
		}
	}
	return c
}
