package novastar

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// A target is one part of a wall, or all of its receiving cards.
type target struct {
	box    byte // 0: the first; all
	kind   byte
	output byte
	card   uint16
}

const (
	theBox       = 0
	receiverCard = 1
	all          = 0xff
	computer     = 0xfe
)

// everyCard of the wall takes a write.
var everyCard = target{all, receiverCard, all, all<<8 | all}

// A frame is a request or the answer to one.
type frame struct {
	status   byte // of an answer
	serial   byte
	to       target
	write    bool
	register uint32
	data     []byte // of a read: as many bytes as are asked for
}

const (
	overhead = 20
	// mostData is more than any register here has, and bounds what a line may say.
	mostData = 256
)

var (
	requestHead = []byte{0x55, 0xaa}
	answerHead  = []byte{0xaa, 0x55}
)

// request is f on the line.
func (f frame) request() []byte {
	b := append(make([]byte, 0, overhead+len(f.data)), requestHead...)
	b = append(b, 0, f.serial, computer, f.to.box, f.to.kind, f.to.output)
	b = binary.LittleEndian.AppendUint16(b, f.to.card)
	var direction byte
	if f.write {
		direction = 1
	}
	b = append(b, direction, 0)
	b = binary.LittleEndian.AppendUint32(b, f.register)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(f.data)))
	if f.write {
		b = append(b, f.data...)
	}
	return binary.LittleEndian.AppendUint16(b, checksum(b[2:]))
}

func checksum(b []byte) uint16 {
	sum := uint16(0x5555)
	for _, v := range b {
		sum += uint16(v)
	}
	return sum
}

// next takes the first whole answer from the line and gives what follows it. Without
// one it gives what may become one once more has come. Noise is skipped, and a head
// whose answer never ends does not hide those that come after it.
func next(b []byte) (f frame, rest []byte, ok bool) {
	for wait := []byte(nil); ; b = b[1:] {
		i := bytes.IndexByte(b, answerHead[0])
		if i < 0 {
			return frame{}, wait, false
		}
		b = b[i:]
		end, more := measure(b)
		if end > 0 {
			return decode(b[:end]), b[end:], true
		}
		if more && wait == nil {
			wait = b
		}
	}
}

// measure finds where an answer ends, 0 if it is none; more: it may become one.
func measure(b []byte) (end int, more bool) {
	if !bytes.HasPrefix(b, answerHead[:min(len(b), 2)]) {
		return 0, false
	}
	if len(b) < overhead-2 {
		return 0, true
	}
	length := int(binary.LittleEndian.Uint16(b[16:]))
	if length > mostData || b[10] > 1 {
		return 0, false
	}
	ends := []int{overhead + length}
	if b[10] == 1 || b[2] != 0 {
		// The answer to a write repeats the length and has no data, as the command layout
		// has it. Nothing is said about refusals. Either is taken.
		ends = []int{overhead, overhead + length}
	}
	for _, end := range ends {
		if len(b) < end {
			return 0, true
		}
		if binary.LittleEndian.Uint16(b[end-2:]) == checksum(b[2:end-2]) {
			return end, false
		}
	}
	return 0, false
}

func decode(b []byte) frame {
	return frame{
		status:   b[2],
		serial:   b[3],
		to:       target{b[4], b[6], b[7], binary.LittleEndian.Uint16(b[8:])},
		write:    b[10] == 1,
		register: binary.LittleEndian.Uint32(b[12:]),
		data:     b[18 : len(b)-2],
	}
}

// A refusal is an answer that says no.
type refusal byte

const (
	cardSilent refusal = 1
	unknown    refusal = 4
)

func (r refusal) Error() string {
	switch r {
	case cardSilent:
		return "the box answers, but the receiving card behind it does not: look at the cable and the supply of the wall"
	case 2, 3:
		return "the box heard a wrong check sum"
	case unknown:
		return "the box does not know this command"
	}
	return fmt.Sprintf("the box answers with status %d", byte(r))
}
