package lan

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"time"
)

// What a box says of a TCP port that is knocked at.
type port byte

const (
	silent port = iota
	closed      // a reset came
	open        // it would take a connection
)

const (
	protoTCP = 6
	myPort   = 40000
	syn      = 0x02
	rst      = 0x04
	ack      = 0x10
)

// Knock asks every TCP port of the box whether somebody listens there, and gives those where
// somebody does. An error says that ports were left without an answer.
func (n *LAN) Knock(ctx context.Context) (listens []int, err error) {
	n.mu.Lock()
	conn, mac := n.conn, n.mac
	n.ports = new([1 << 16]port)
	n.mu.Unlock()
	if conn == nil {
		return nil, errors.New("lan: nobody is at the cable")
	}
	const burst, rounds = 256, 5
	left := 0
	for range rounds {
		sent := 0
		for p := 1; p < 1<<16; p++ {
			if n.said(p) != silent {
				continue
			}
			if err := n.send(conn, ethernet(mac, etherIPv4, knock(uint16(p)))); err != nil {
				return nil, err
			}
			if sent++; sent%burst == 0 {
				if err := wait(ctx, 20*time.Millisecond); err != nil {
					return nil, err
				}
			}
		}
		if err := wait(ctx, 2*time.Second); err != nil {
			return nil, err
		}
		listens, left = nil, 0
		for p := 1; p < 1<<16; p++ {
			switch n.said(p) {
			case open:
				listens = append(listens, p)
			case silent:
				left++
			}
		}
		if left == 0 {
			return listens, nil
		}
	}
	return listens, fmt.Errorf("lan: %d ports have not answered", left)
}

func wait(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

func (n *LAN) said(p int) port {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.ports[p]
}

// heard notes what the box says of a port (RFC 9293).
func (n *LAN) heard(segment []byte) {
	if len(segment) < 20 || binary.BigEndian.Uint16(segment[2:]) != myPort {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.ports == nil {
		return
	}
	switch p, flags := binary.BigEndian.Uint16(segment), segment[13]; {
	case flags&rst != 0:
		n.ports[p] = closed
	case flags&(syn|ack) == syn|ack:
		n.ports[p] = open
	}
}

// knock is the packet that would begin a connection to a port.
func knock(port uint16) []byte {
	server, to := Server.As4(), box.As4()
	s := binary.BigEndian.AppendUint16(nil, myPort)
	s = binary.BigEndian.AppendUint16(s, port)
	s = append(s, 0, 0, 0, 1, 0, 0, 0, 0, 5<<4, syn, 0x20, 0, 0, 0, 0, 0)
	pseudo := append(append(append([]byte{}, server[:]...), to[:]...), 0, protoTCP, 0, byte(len(s)))
	binary.BigEndian.PutUint16(s[16:], ^sum(append(pseudo, s...)))
	return ipv4(box, protoTCP, s)
}

// here is who is at the cable; nil: nobody.
func (n *LAN) here() net.Conn {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.conn
}

// join remembers who is at the cable.
func (n *LAN) join(conn net.Conn, mac []byte) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.conn, n.mac = conn, append([]byte{}, mac...)
}
