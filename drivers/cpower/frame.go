package cpower

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
)

// Bytes of the serial framing.
const (
	start  = 0xA5
	escape = 0xAA
	end    = 0xAE
)

// Packet and card type. Apps before 3.3 answer with asks, later ones with answers.
const (
	asks     = 0x68
	answers  = 0xE8
	cardType = 0x32
)

// maxAnswer bounds the body of an answer. The longest that is asked for, the
// brightness of 24 hours, has 32 bytes.
const maxAnswer = 1024

// A packet is a question to the card or its answer.
type packet struct {
	card byte
	cmd  byte
	mark byte // of a question: 1, answer me; of an answer to cmdExternal: its error
	data []byte
}

// body is the packet with its sum, as it is in either framing.
func (p packet) body() []byte {
	b := append([]byte{asks, cardType, p.card, p.cmd, p.mark}, p.data...)
	return binary.LittleEndian.AppendUint16(b, sum(b))
}

func sum(b []byte) (s uint16) {
	for _, c := range b {
		s += uint16(c)
	}
	return s
}

// parse reads the body of an answer.
func parse(body []byte) (packet, error) {
	const head, tail = 5, 2
	switch {
	case len(body) < head+tail || len(body) > maxAnswer:
		return packet{}, errors.New("its length is wrong")
	case body[0] != asks && body[0] != answers || body[1] != cardType:
		return packet{}, errors.New("it is of another kind")
	}
	n := len(body) - tail
	if binary.LittleEndian.Uint16(body[n:]) != sum(body[:n]) {
		return packet{}, errors.New("its sum is wrong")
	}
	return packet{card: body[2], cmd: body[3], mark: body[4], data: body[head:n]}, nil
}

// A framing is what lies around a body: start, end and escapes on a serial
// line, a header on the network.
type framing struct {
	network bool
	id      uint32 // of the network card
}

func (f framing) wrap(body []byte) []byte {
	if f.network {
		b := binary.BigEndian.AppendUint32(nil, f.id)
		b = binary.LittleEndian.AppendUint16(b, uint16(len(body)))
		return append(append(b, 0, 0), body...)
	}
	b := append(make([]byte, 0, len(body)+len(body)/16+2), start)
	for _, c := range body {
		if c == start || c == escape || c == end {
			b = append(b, escape, c&0x0F)
		} else {
			b = append(b, c)
		}
	}
	return append(b, end)
}

// unescape undoes wrap's escapes; ok is false when there is one that nobody writes.
func unescape(b []byte) (body []byte, ok bool) {
	for i := 0; i < len(b); i++ {
		c := b[i]
		if c == escape {
			if i++; i == len(b) {
				return nil, false
			}
			switch b[i] {
			case start & 0x0F, escape & 0x0F, end & 0x0F:
				c = 0xA0 | b[i]
			default:
				return nil, false
			}
		}
		body = append(body, c)
	}
	return body, true
}

// A scanner finds the answers in what comes from the line, in pieces of any size
// and between bytes of any kind.
type scanner struct {
	framing
	buf    []byte
	noise  int    // bytes that were part of no answer
	sample []byte // the first of them
}

// next returns the next answer, or false when more bytes are needed; body is
// the answer as it came.
func (s *scanner) next() (p packet, body []byte, ok bool) {
	for {
		var n int
		if s.network {
			body, n = s.cutNetwork()
		} else {
			body, n = s.cutSerial()
		}
		if n == 0 {
			return packet{}, nil, false
		}
		if p, err := parse(body); err == nil {
			s.buf = s.buf[n:]
			return p, body, true
		}
		s.skip(1) // a frame may begin within what looked like one
	}
}

func (s *scanner) skip(n int) {
	const few = 8
	s.sample = append(s.sample, s.buf[:min(n, few-len(s.sample))]...)
	s.buf = s.buf[n:]
	s.noise += n
}

// cutSerial finds the first frame; n is its length, 0 when there is none yet.
func (s *scanner) cutSerial() (body []byte, n int) {
	for {
		if i := bytes.IndexByte(s.buf, start); i < 0 {
			s.skip(len(s.buf))
			return nil, 0
		} else {
			s.skip(i)
		}
		stop := slices.IndexFunc(s.buf[1:], func(c byte) bool { return c == start || c == end })
		switch {
		case stop < 0 && len(s.buf) <= 2*maxAnswer:
			return nil, 0
		case stop < 0 || s.buf[1+stop] == start: // cut off, or no frame at all
			s.skip(1)
			continue
		}
		if body, ok := unescape(s.buf[1 : 1+stop]); ok {
			return body, stop + 2
		}
		s.skip(1)
	}
}

// cutNetwork does the same in the network's framing.
func (s *scanner) cutNetwork() (body []byte, n int) {
	const head = 8
	for len(s.buf) >= head {
		length := int(binary.LittleEndian.Uint16(s.buf[4:]))
		if binary.BigEndian.Uint32(s.buf) != s.id || length > maxAnswer || s.buf[6] != 0 || s.buf[7] != 0 {
			s.skip(1)
			continue
		}
		if len(s.buf) < head+length {
			break
		}
		return s.buf[head : head+length], head + length
	}
	return nil, 0
}
