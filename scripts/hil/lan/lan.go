// Package lan is the cable of a small network: one box at it gets an address and the name of
// a time server by DHCP, and the time by NTP, and is knocked at. Nothing else is there, and no
// way out.
//
// The emulator's own network answers neither a time server's address nor NTP. Frames come as
// QEMU's netdev "stream" sends them: 4 bytes of length, then the frame.
package lan

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Where things are in it.
var (
	Server = netip.MustParseAddr("10.9.0.1")
	box    = netip.MustParseAddr("10.9.0.2")
	mask   = [4]byte{255, 255, 255, 0}
	own    = net.HardwareAddr{0x52, 0x54, 0, 0, 9, 1}
)

// A LAN is the cable and what is at its other end.
type LAN struct {
	Path string // of the socket that is its cable

	l  net.Listener
	wg sync.WaitGroup

	mu      sync.Mutex
	conns   map[net.Conn]bool
	conn    net.Conn // of the box that asked for an address last
	mac     net.HardwareAddr
	ports   *[1 << 16]port // what it said of each, see Knock
	lie     time.Duration
	mute    bool
	answers int

	sending sync.Mutex
}

// New makes a LAN. Its time server is silent at first.
func New() (*LAN, error) {
	dir, err := os.MkdirTemp("", "lan") // the path of a socket has at most 107 bytes
	if err != nil {
		return nil, err
	}
	path := filepath.Join(dir, "cable")
	l, err := net.Listen("unix", path)
	if err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	n := &LAN{Path: path, l: l, conns: map[net.Conn]bool{}, mute: true}
	n.wg.Go(n.accept)
	return n, nil
}

// Close pulls the cable for good.
func (n *LAN) Close() error {
	err := n.l.Close()
	n.mu.Lock()
	for c := range n.conns {
		c.Close()
	}
	n.mu.Unlock()
	n.wg.Wait()
	return errors.Join(err, os.RemoveAll(filepath.Dir(n.Path)))
}

// Tell makes the time server answer from now on, with a time that is wrong by lie.
func (n *LAN) Tell(lie time.Duration) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.mute, n.lie, n.answers = false, lie, 0
}

// Answers is how often somebody was told the time since [LAN.Tell].
func (n *LAN) Answers() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.answers
}

// accept takes one box after another: each power-on joins anew.
func (n *LAN) accept() {
	for {
		conn, err := n.l.Accept()
		if err != nil {
			return
		}
		n.mu.Lock()
		n.conns[conn] = true
		n.mu.Unlock()
		n.serve(conn)
		conn.Close()
		n.mu.Lock()
		delete(n.conns, conn)
		n.mu.Unlock()
	}
}

// longest is of an Ethernet frame, with a tag.
const longest = 1518

func (n *LAN) serve(conn net.Conn) error {
	var size [4]byte
	for {
		if _, err := io.ReadFull(conn, size[:]); err != nil {
			return err
		}
		length := binary.BigEndian.Uint32(size[:])
		if length > longest {
			return errors.New("lan: a frame that is too long")
		}
		frame := make([]byte, length)
		if _, err := io.ReadFull(conn, frame); err != nil {
			return err
		}
		if len(frame) >= 12 {
			n.join(conn, frame[6:12])
		}
		if answer := n.answer(frame); answer != nil {
			if err := n.send(conn, answer); err != nil {
				return err
			}
		}
	}
}

func (n *LAN) send(conn io.Writer, frame []byte) error {
	n.sending.Lock()
	defer n.sending.Unlock()
	_, err := conn.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(frame))), frame...))
	return err
}

const (
	etherIPv4 = 0x0800
	etherARP  = 0x0806
)

// answer is the frame that a frame is answered with; nil: none.
func (n *LAN) answer(frame []byte) []byte {
	if len(frame) < 14 {
		return nil
	}
	from, body := frame[6:12], frame[14:]
	switch binary.BigEndian.Uint16(frame[12:]) {
	case etherARP:
		return ethernet(from, etherARP, arp(body))
	case etherIPv4:
		return ethernet(from, etherIPv4, n.ip(body))
	}
	return nil
}

func ethernet(to []byte, kind uint16, body []byte) []byte {
	if body == nil {
		return nil
	}
	frame := append(append([]byte{}, to...), own...)
	return append(binary.BigEndian.AppendUint16(frame, kind), body...)
}

// arp answers who asks for the server (RFC 826).
func arp(body []byte) []byte {
	const request, reply = 1, 2
	if len(body) < 28 || binary.BigEndian.Uint16(body[6:]) != request || [4]byte(body[24:28]) != Server.As4() {
		return nil
	}
	answer := append([]byte{}, body[:6]...)
	answer = binary.BigEndian.AppendUint16(answer, reply)
	answer = append(append(answer, own...), body[24:28]...)
	return append(answer, body[8:18]...)
}

// ip answers UDP to the ports of DHCP and NTP.
func (n *LAN) ip(packet []byte) []byte {
	const dhcpServer, dhcpClient, ntp = 67, 68, 123
	if len(packet) < 20 || packet[0]>>4 != 4 || packet[9] != protoUDP && packet[9] != protoTCP {
		return nil
	}
	head, length := int(packet[0]&15)*4, int(binary.BigEndian.Uint16(packet[2:]))
	if head < 20 || length < head+8 || length > len(packet) {
		return nil
	}
	segment := packet[head:length]
	if packet[9] == protoTCP {
		n.heard(segment)
		return nil
	}
	port, asked := binary.BigEndian.Uint16(segment), segment[8:]
	switch binary.BigEndian.Uint16(segment[2:]) {
	case dhcpServer:
		if offer := dhcp(asked); offer != nil {
			return datagram(netip.AddrFrom4([4]byte{255, 255, 255, 255}), dhcpServer, dhcpClient, offer)
		}
	case ntp:
		if told := n.ntp(asked); told != nil {
			return datagram(netip.AddrFrom4([4]byte(packet[12:16])), ntp, port, told)
		}
	}
	return nil
}

// datagram is a packet of the server; its UDP has no checksum (RFC 768 allows it).
func datagram(to netip.Addr, from, port uint16, data []byte) []byte {
	u := binary.BigEndian.AppendUint16(nil, from)
	u = binary.BigEndian.AppendUint16(u, port)
	u = binary.BigEndian.AppendUint16(u, uint16(8+len(data)))
	return ipv4(to, protoUDP, append(append(u, 0, 0), data...))
}

const protoUDP = 17

// ipv4 is a packet from the server (RFC 791).
func ipv4(to netip.Addr, proto byte, data []byte) []byte {
	p := binary.BigEndian.AppendUint16([]byte{0x45, 0}, uint16(20+len(data)))
	p = append(p, 0, 0, 0, 0, 64, proto, 0, 0)
	server, dest := Server.As4(), to.As4()
	p = append(append(p, server[:]...), dest[:]...)
	binary.BigEndian.PutUint16(p[10:], ^sum(p))
	return append(p, data...)
}

// sum is the one that IPv4 and TCP take the complement of.
func sum(data []byte) uint16 {
	total := uint32(0)
	for i := 0; i+1 < len(data); i += 2 {
		total += uint32(binary.BigEndian.Uint16(data[i:]))
	}
	for total>>16 != 0 {
		total = total&0xffff + total>>16
	}
	return uint16(total)
}
