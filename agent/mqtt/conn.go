package mqtt

import (
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"time"
)

// maxPacket bounds what a broker may send in one packet. The largest document
// is 64 KiB; the library by itself allocates 256 MiB on five hostile bytes.
const maxPacket = 256 << 10

var errHostile = errors.New("the broker breaks the protocol")

// The packet types a server may send to a client that never uses QoS 2.
const (
	typeConnack  = 2
	typePublish  = 3
	typePuback   = 4
	typeSuback   = 9
	typeUnsuback = 11
	typePingresp = 13
)

// A conn stands between the library and the network. It follows the framing of
// what comes in and ends the connection before the library could be hurt: by a
// packet too large, by a QoS 2 message (kept in memory until released, so
// 65,535 of them), by more codes in a SUBACK than filters were asked for (the
// library panics in a goroutine of its own). It puts a deadline on every write,
// pings and acknowledgements too, which the library leaves without one: a link
// that takes no more bytes was not noticed in 150 s.
type conn struct {
	net.Conn
	writeTimeout time.Duration
	filters      *atomic.Int32 // in the one SUBSCRIBE that may be outstanding

	// The state of the framing, used by the one reading goroutine.
	typ    byte // of the packet whose header is being read
	header int  // bytes of the header read so far
	length int  // remaining length as far as read
	body   int  // bytes of the body still to come

	failed atomic.Pointer[error] // the first one; the library forgets it on the way up
}

func (c *conn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if bad := c.follow(p[:n]); bad != nil {
		c.Conn.Close()
		n, err = 0, bad
	}
	return n, c.note(err)
}

func (c *conn) Write(p []byte) (int, error) {
	if err := c.Conn.SetWriteDeadline(time.Now().Add(c.writeTimeout)); err != nil {
		return 0, c.note(err)
	}
	n, err := c.Conn.Write(p)
	return n, c.note(err)
}

// SetWriteDeadline does nothing: the library would lift the deadline between
// two writes, and the next ping would have none.
func (c *conn) SetWriteDeadline(time.Time) error { return nil }

func (c *conn) note(err error) error {
	if err != nil {
		c.failed.CompareAndSwap(nil, &err)
	}
	return err
}

// why is the first thing that went wrong here, or nil.
func (c *conn) why() error {
	if p := c.failed.Load(); p != nil {
		return *p
	}
	return nil
}

// follow steps through incoming bytes, packet by packet.
func (c *conn) follow(p []byte) error {
	for len(p) > 0 {
		if c.body > 0 {
			k := min(c.body, len(p))
			c.body -= k
			p = p[k:]
			continue
		}
		b := p[0]
		p = p[1:]
		if c.header == 0 {
			if err := allowed(b); err != nil {
				return err
			}
			c.typ, c.header, c.length = b>>4, 1, 0
			continue
		}
		c.length |= int(b&0x7f) << (7 * (c.header - 1))
		c.header++
		if c.length > maxPacket {
			return fmt.Errorf("%w: a packet of %d bytes or more, at most %d are taken", errHostile, c.length, maxPacket)
		}
		if b >= 0x80 {
			if c.header > 4 {
				return fmt.Errorf("%w: a length of more than four bytes", errHostile)
			}
			continue
		}
		if err := c.plausible(); err != nil {
			return err
		}
		c.header, c.body = 0, c.length
	}
	return nil
}

// allowed judges the first byte of a packet.
func allowed(b byte) error {
	switch b >> 4 {
	case typePublish:
		if qos := b >> 1 & 3; qos > 1 {
			return fmt.Errorf("%w: a message with QoS %d, which was not asked for", errHostile, qos)
		}
	case typeConnack, typePuback, typeSuback, typeUnsuback, typePingresp:
	default:
		return fmt.Errorf("%w: a packet of type %d", errHostile, b>>4)
	}
	return nil
}

// plausible judges a complete header by the length that its type may have.
func (c *conn) plausible() error {
	least, most := 0, maxPacket
	switch c.typ {
	case typeConnack, typePuback, typeUnsuback:
		least, most = 2, 2
	case typePingresp:
		least, most = 0, 0
	case typePublish:
		least = 3
	case typeSuback:
		least, most = 3, 2+int(c.filters.Load())
	}
	if c.length < least || c.length > most {
		return fmt.Errorf("%w: a packet of type %d with %d bytes, not %d to %d", errHostile, c.typ, c.length, least, most)
	}
	return nil
}
