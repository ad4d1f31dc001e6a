package huidu

import (
	"bufio"
	"encoding/binary"
	"fmt"
)

type command uint16

const (
	heartbeatAsk    command = 0x005F
	heartbeatAnswer command = 0x0060
	errorAnswer     command = 0x2000
	serviceAsk      command = 0x2001
	serviceAnswer   command = 0x2002
	xmlAsk          command = 0x2003
	xmlAnswer       command = 0x2004
	fileStartAsk    command = 0x8001
	fileStartAnswer command = 0x8002
	contentAsk      command = 0x8003
	contentAnswer   command = 0x8004
	fileEndAsk      command = 0x8005
	fileEndAnswer   command = 0x8006
)

const (
	maxPacket = 9 * 1024
	maxPiece  = 8000      // bytes of XML or of a file in a packet
	maxXML    = 256 << 10 // of an answer: a card full of files lists thousands
	version   = 0x01000005
)

// packet makes one.
func packet(c command, data ...byte) []byte {
	b := make([]byte, 4, 4+len(data))
	binary.LittleEndian.PutUint16(b, uint16(4+len(data)))
	binary.LittleEndian.PutUint16(b[2:], uint16(c))
	return append(b, data...)
}

// xmlPackets cut a request into pieces.
func xmlPackets(request string) (packets []byte) {
	for at := 0; at < len(request); at += maxPiece {
		head := binary.LittleEndian.AppendUint32(nil, uint32(len(request)))
		head = binary.LittleEndian.AppendUint32(head, uint32(at))
		piece := request[at:min(at+maxPiece, len(request))]
		packets = append(packets, packet(xmlAsk, append(head, piece...)...)...)
	}
	return packets
}

// fileStart announces an image file.
func fileStart(md5 string, size int, name string) []byte {
	const image = 0
	b := append([]byte(md5), 0)
	b = binary.LittleEndian.AppendUint64(b, uint64(size))
	b = binary.LittleEndian.AppendUint16(b, image)
	b = append(append(b, name...), 0)
	return packet(fileStartAsk, b...)
}

// readPacket takes the next packet. An error in the middle of one, such as a timeout,
// loses nothing: the next call goes on. r holds a whole packet.
func readPacket(r *bufio.Reader) (c command, data []byte, err error) {
	head, err := r.Peek(2)
	if err != nil {
		return 0, nil, err
	}
	n := int(binary.LittleEndian.Uint16(head))
	if string(head) == "HR" {
		return 0, nil, fmt.Errorf("the card speaks the protocol of single and dual colour cards")
	}
	if n < 4 || n > maxPacket {
		return 0, nil, fmt.Errorf("a packet of %d bytes", n)
	}
	b, err := r.Peek(n)
	if err != nil {
		return 0, nil, err
	}
	data = append([]byte(nil), b[4:]...)
	c = command(binary.LittleEndian.Uint16(b[2:]))
	_, err = r.Discard(n)
	return c, data, err
}

// A refusal is what a card says when it does not do what it was asked for.
type refusal struct{ what, why string }

func (r *refusal) Error() string { return r.what + ": " + r.why }

// check looks at the status that many answers begin with.
func check(what string, data []byte) error {
	if len(data) < 2 {
		return fmt.Errorf("%s: an answer of %d bytes", what, len(data))
	}
	names := []string{ // of Huidu's SDK
		"kSuccess", "kWriteFinish", "kProcessError", "kVersionTooLow", "kDeviceOccupa", "kFileOccupa",
		"kReadFileExcessive", "kInvalidPacketLen", "kInvalidParam", "kNotSpaceToSave", "kCreateFileFailed",
		"kWriteFileFailed", "kReadFileFailed", "kInvalidFileData", "kFileContentError", "kOpenFileFailed",
		"kSeekFileFailed", "kRenameFailed", "kFileNotFound", "kFileNotFinish", "kXmlCmdTooLong",
		"kInvalidXmlIndex", "kParseXmlFailed", "kInvalidMethod",
	}
	switch n := int(binary.LittleEndian.Uint16(data)); {
	case n <= 1: // kWriteFinish is a success, too
		return nil
	case n < len(names):
		return &refusal{what, names[n]}
	default:
		return &refusal{what, fmt.Sprintf("error %d", n)}
	}
}
