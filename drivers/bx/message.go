package bx

import (
	"encoding/binary"
	"errors"
	"fmt"
)

var le = binary.LittleEndian

// A dialect is how the header around a command looks.
type dialect byte

const (
	fonts   dialect = 2    // K cards: 14 bytes, checksum at the end
	fifth   dialect = 5    // common commands of BX-5: 27 bytes
	sixth   dialect = 7    // common commands of BX-6: 28 bytes
	dynamic dialect = 0xF0 // dynamic areas of BX-5E, 5Q, 6E, 6Q: 16 bytes, checksum at the end
)

const (
	anyCard   = 0xFFFE // this address is answered by whoever hears it
	anyDevice = 0xFFFE
	ourself   = 0x8000
)

// A request is one command to a card.
type request struct {
	dialect dialect
	to      uint16 // the card's address
	device  uint16 // its type
	tcp     bool
	seq     uint16 // comes back in the reply; the common dialects only
	random  byte   // of use only with encryption
	group   byte
	cmd     byte
	data    []byte
}

// payload is the request before it is wrapped.
func (q request) payload() []byte {
	p := make([]byte, 0, len(q.data)+40)
	p = le.AppendUint16(p, q.to)
	p = le.AppendUint16(p, ourself)
	if q.dialect == fonts {
		p = append(p, 0, 0, 0, 0 /* no barcode */, 0 /* CRC */, 0 /* with programs */, byte(q.device), byte(fonts))
		p = le.AppendUint16(p, uint16(5+len(q.data)))
		p = append(p, q.group, q.cmd, 1)
		reserved := uint16(0)
		if q.group == 0xA2 && q.cmd == 0x03 {
			reserved = uint16(len(q.data)) // so in the document's example of the clock, 8.10
		}
		p = le.AppendUint16(p, reserved)
		p = append(p, q.data...)
		return le.AppendUint16(p, crc16(p))
	}
	p = append(p, byte(q.dialect), 0)
	p = le.AppendUint16(p, q.device)
	if q.dialect == dynamic {
		p = append(p, 0, 0, 0, 0)
		p = le.AppendUint32(p, uint32(5+len(q.data)))
		p = q.appendBody(p)
		return le.AppendUint16(p, crc16(p))
	}
	phy := byte(0)
	if q.tcp && q.dialect == fifth {
		phy = 1
	}
	p = append(p, phy, 0)
	p = le.AppendUint16(p, q.seq)
	if q.dialect == fifth {
		p = append(p, 0, 0x90)
	} else {
		p = le.AppendUint16(p, 400)
	}
	p = append(p, 0x96 /* not encrypted */, q.random, 0, 0, 0, 0, 0, 0)
	body := q.appendBody(nil)
	p = le.AppendUint16(p, uint16(len(body)))
	p = le.AppendUint16(p, crc16(body))
	if q.dialect == sixth {
		p = append(p, 0)
	}
	sum := byte(0)
	for _, b := range p {
		sum ^= b
	}
	return append(append(p, sum), body...)
}

func (q request) appendBody(p []byte) []byte {
	n := len(q.data)
	if n > 0xFFFF {
		n = 0 // the manuals call this length reserved; only short commands fill it
	}
	p = append(p, 1, q.group, q.cmd)
	p = le.AppendUint16(p, uint16(n))
	return append(p, q.data...)
}

// A reply is what a card says.
type reply struct {
	dialect dialect
	seq     uint16
	group   byte
	cmd     byte
	code    fault
	data    []byte
}

func (r reply) ack() bool  { return r.group == 0xA0 && r.cmd == 0 }
func (r reply) nack() bool { return r.group == 0xA0 && r.cmd == 1 || r.code != 0 }

var errEcho = errors.New("our own bytes")

// parseReply reads the payload of a frame. On RS-485 it may be an echo of what
// we sent ourselves: that comes from our address.
func parseReply(p []byte) (reply, error) {
	if len(p) < 16 {
		return reply{}, fmt.Errorf("a frame of %d bytes", len(p))
	}
	if le.Uint16(p[2:]) == ourself && le.Uint16(p) != ourself {
		return reply{}, errEcho
	}
	switch d := dialect(p[4]); d {
	case dynamic:
		n := int(le.Uint32(p[12:]))
		if n < 0 || n != len(p)-18 {
			return reply{}, errors.New("a length that is wrong")
		}
		if crc16(p[:16+n]) != le.Uint16(p[16+n:]) {
			return reply{}, errors.New("a wrong checksum")
		}
		return parseBody(d, 0, p[16:16+n])
	case fifth, sixth:
		head := 27
		if d == sixth {
			head = 28
		}
		if p[9]&2 != 0 {
			if len(p) < 26+6 { // the barcode stands between the flags and the rest
				return reply{}, errors.New("a header that is cut off")
			}
			p = append(append([]byte(nil), p[:10]...), p[26:]...)
		}
		if len(p) < head {
			return reply{}, errors.New("a header that is cut off")
		}
		body := p[head:]
		n := int(le.Uint16(p[22:]))
		if n != len(body) && n != len(body)-2 { // some replies carry a CRC after the body, too
			return reply{}, errors.New("a length that is wrong")
		}
		body = body[:n]
		// FFFF: not checked. The header's XOR is not looked at: the body is what counts.
		if sum := le.Uint16(p[24:]); sum != 0xFFFF && sum != crc16(body) {
			return reply{}, errors.New("a wrong checksum")
		}
		return parseBody(d, le.Uint16(p[10:]), body)
	}
	return parseFonts(p)
}

// parseBody reads "00 group command status(2) error(2) length(2) data".
func parseBody(d dialect, seq uint16, b []byte) (reply, error) {
	if len(b) < 9 || int(le.Uint16(b[7:])) > len(b)-9 {
		return reply{}, errors.New("a body that is cut off")
	}
	r := reply{dialect: d, seq: seq, group: b[1], cmd: b[2], code: fault(le.Uint16(b[5:])), data: b[9:][:le.Uint16(b[7:])]}
	if r.code == 0 && b[3]&1 != 0 {
		r.code = faultUnnamed
	}
	return r, nil
}

// parseFonts reads a frame of a K card: "group command error reserved(2) data".
func parseFonts(p []byte) (reply, error) {
	if p[7]&1 != 0 {
		if len(p) < 16+16 {
			return reply{}, errors.New("a header that is cut off")
		}
		p = append(append([]byte(nil), p[:8]...), p[24:]...)
	}
	if p[11] != byte(fonts) {
		return reply{}, fmt.Errorf("protocol version %d", p[11])
	}
	n := int(le.Uint16(p[12:]))
	if n < 5 || n != len(p)-16 {
		return reply{}, errors.New("a length that is wrong")
	}
	if p[8] == 0 && crc16(p[:14+n]) != le.Uint16(p[14+n:]) {
		return reply{}, errors.New("a wrong checksum")
	}
	return reply{dialect: fonts, group: p[14], cmd: p[15], code: fault(p[16]), data: p[19 : 14+n]}, nil
}

// A fault is why a card refused a command.
type fault uint16

const (
	faultBusy     fault = 3
	faultChecksum fault = 5
	faultUnnamed  fault = 0xFFFF
)

var faults = map[fault]string{
	1: "no such command group", 2: "no such command", 3: "busy", 4: "not enough memory", 5: "wrong checksum",
	6: "no such file", 7: "flash cannot be written", 8: "file transfer failed", 9: "wrong file name", 10: "wrong file type",
	11: "wrong file checksum", 12: "no such font", 13: "firmware of another card", 14: "wrong date or time",
	15: "the file exists", 16: "wrong block number", 17: "another type of card", 18: "wrong screen parameters",
	19: "wrong card number", faultUnnamed: "an error without a number",
}

func (f fault) Error() string {
	if s, ok := faults[f]; ok {
		return fmt.Sprintf("the card refuses: %s (error %d)", s, uint16(f))
	}
	return fmt.Sprintf("the card refuses: error %d", uint16(f))
}
