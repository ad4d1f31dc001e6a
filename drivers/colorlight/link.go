package colorlight

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// A Link carries Ethernet frames, a whole one in each Write and Read.
type Link interface {
	io.ReadWriteCloser
	SetDeadline(time.Time) error
	Up() (bool, error) // whether somebody is at the other end of the cable
}

// answers is the EtherType that an answer seems to have: the type and the byte after
// it. The kernel keeps all else that comes in away.
const answers = typeAnswer<<8 | 0x05

// A port is a network interface of this machine.
type port struct {
	*os.File
	name string
}

func openPort(name string) (Link, error) {
	i, err := net.InterfaceByName(name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	proto := uint16(answers&0xFF<<8 | answers>>8) // in network order
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, int(proto))
	if err != nil {
		return nil, fmt.Errorf("%s: raw socket: %w", name, err)
	}
	if err := unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: proto, Ifindex: i.Index}); err != nil {
		unix.Close(fd)
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return &port{os.NewFile(uintptr(fd), name), name}, nil
}

// Write sends a frame. A full queue of the port is waited for, up to 100 ms: some
// drivers say so by an error instead of letting the socket block.
func (p *port) Write(b []byte) (int, error) {
	for try := 0; ; try++ {
		n, err := p.File.Write(b)
		if !errors.Is(err, unix.ENOBUFS) || try == 100 {
			return n, err
		}
		time.Sleep(time.Millisecond)
	}
}

// Up asks the kernel for the carrier.
func (p *port) Up() (bool, error) {
	raw, err := p.SyscallConn()
	if err != nil {
		return false, err
	}
	r, err := unix.NewIfreq(p.name)
	if err != nil {
		return false, err
	}
	var asked error
	err = raw.Control(func(fd uintptr) { asked = unix.IoctlIfreq(int(fd), unix.SIOCGIFFLAGS, r) })
	if err := errors.Join(err, asked); err != nil {
		return false, err
	}
	const both = unix.IFF_UP | unix.IFF_RUNNING
	return r.Uint16()&both == both, nil
}
