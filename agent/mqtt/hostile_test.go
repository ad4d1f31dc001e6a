package mqtt

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"loa/scripts/broker"
)

// A villain accepts clients, answers the connection, and sends its bytes after
// the first SUBSCRIBE, whose packet id stands where the bytes say 0xEE 0xEE.
func villain(t *testing.T, say []byte) (url string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() { // ends with the listener
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() { // ends with the connection
				defer c.Close()
				r := bufio.NewReader(c)
				if typ, _, err := packet(r); err != nil || typ != 1 {
					return
				}
				c.Write([]byte{0x20, 2, 0, 0})
				for {
					typ, body, err := packet(r)
					if err != nil {
						return
					}
					if typ == 8 {
						c.Write(bytes.Replace(say, []byte{0xEE, 0xEE}, body[:2], 1))
					}
				}
			}()
		}
	}()
	return "tcp://" + l.Addr().String()
}

func packet(r *bufio.Reader) (typ byte, body []byte, err error) {
	b, err := r.ReadByte()
	if err != nil {
		return 0, nil, err
	}
	n, shift := 0, 0
	for {
		l, err := r.ReadByte()
		if err != nil {
			return 0, nil, err
		}
		n |= int(l&0x7f) << shift
		shift += 7
		if l < 0x80 {
			break
		}
	}
	body = make([]byte, n)
	_, err = io.ReadFull(r, body)
	return b >> 4, body, err
}

// Whatever a broker sends, the box neither dies nor swells: it goes on to the
// next address.
func TestHostileBrokerIsLeft(t *testing.T) {
	publish := func(qos byte) []byte { return []byte{0x30 | qos<<1, 7, 0, 1, 'x', 0, 9, 'h', 'i'} }
	for name, say := range map[string][]byte{
		"more codes than filters": append([]byte{0x90, 42, 0xEE, 0xEE}, make([]byte, 40)...),
		"256 MiB announced":       {0x30, 0xff, 0xff, 0xff, 0x7f},
		"endless length":          {0x30, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01},
		"QoS 2":                   publish(2),
		"QoS 3":                   publish(3),
		"a client's packet":       {0xc0, 0},
		"type 15":                 {0xf0, 0},
		"type 0":                  {0x00, 0},
		"short puback":            {0x40, 1, 0},
		"empty suback":            {0x90, 2, 0xEE, 0xEE},
		"empty publish":           {0x30, 0},
		"pingresp with a body":    {0xd0, 1, 0},
		"topic past the end":      {0x30, 4, 0xff, 0xff, 'x', 'y'},
	} {
		t.Run(name, func(t *testing.T) {
			honest := startBroker(t, broker.Opts{})
			b := start(t, Opts{Brokers: []string{villain(t, say), honest.URL()}, Subscriptions: subscriptions(wantTopic, actTopic)})
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			until(t, "the honest broker", func() bool { return b.Connected() && honest.Clients() == 1 })
			runtime.ReadMemStats(&after)
			if grown := after.TotalAlloc - before.TotalAlloc; grown > 8<<20 {
				t.Errorf("allocated %d KiB for it", grown>>10)
			}
		})
	}
}

// A message as large as the largest that is allowed comes through.
func TestLargestPacketPasses(t *testing.T) {
	br := startBroker(t, broker.Opts{})
	b := start(t, Opts{Brokers: []string{br.URL()}, Subscriptions: subscriptions(wantTopic)})
	until(t, "connected", b.Connected)
	big := string(bytes.Repeat([]byte("x"), 255<<10))
	br.Publish(wantTopic, []byte(big), false)
	until(t, "the message", func() bool { return b.heard(wantTopic + " " + big) })
}

// A link that is open but dead is noticed: idle by its ping, busy by the
// deadline on its writes.
func TestHalfOpenLinkIsNoticed(t *testing.T) {
	for _, busy := range []bool{false, true} {
		t.Run(map[bool]string{false: "idle", true: "busy"}[busy], func(t *testing.T) {
			br := startBroker(t, broker.Opts{})
			p := newProxy(t, br.Addr())
			b := start(t, Opts{Brokers: []string{"tcp://" + p.addr(), br.URL()}, KeepAlive: 2 * time.Second})
			until(t, "connected", b.Connected)
			if busy {
				p.deaf.Store(true)
				for i := range 60 {
					b.Queue(ackTopic, bytes.Repeat([]byte{byte(i)}, 200<<10), "")
				}
			} else {
				p.silent.Store(true)
			}
			until(t, "the loss noticed and the other broker found", func() bool { return b.had(CodeUnreachable) != nil && b.Connected() })
			t.Log(b.had(CodeUnreachable))
			until(t, "everything delivered", func() bool { return b.Waiting() == 0 })
		})
	}
}

// Reconnecting for ever leaves nothing behind.
func TestReconnectionsLeakNothing(t *testing.T) {
	br := startBroker(t, broker.Opts{})
	var births atomic.Int32
	b := start(t, Opts{
		Brokers: []string{br.URL(), br.URL()},
		Birth:   func() []Message { births.Add(1); return nil },
	})
	until(t, "connected", b.Connected)
	var steady int
	for n := int32(1); n <= 200; n++ {
		b.NextBroker()
		until(t, "another connection", func() bool { return births.Load() > n && b.Connected() })
		if n == 20 {
			steady = runtime.NumGoroutine()
		}
	}
	until(t, "no more goroutines than after 20 connections", func() bool { return runtime.NumGoroutine() <= steady+5 })
}

// A stream is a network connection that gives its bytes in pieces.
type stream struct {
	net.Conn
	data  []byte
	piece int
}

func (s *stream) Read(p []byte) (int, error) {
	if len(s.data) == 0 {
		return 0, io.EOF
	}
	n := copy(p, s.data[:min(s.piece, len(s.data))])
	s.data = s.data[n:]
	return n, nil
}
func (s *stream) Close() error { return nil }

func guarded(data []byte, piece int) ([]byte, error) {
	c := &conn{Conn: &stream{data: bytes.Clone(data), piece: piece}, filters: new(atomic.Int32)}
	c.filters.Store(2)
	return io.ReadAll(c)
}

// FuzzConn: however the bytes are cut, the guard comes to the same verdict, and
// what it lets through are whole headers within the bounds.
func FuzzConn(f *testing.F) {
	f.Add([]byte{0x20, 2, 0, 0, 0x90, 4, 0, 1, 0, 0}, 1)
	f.Add([]byte{0x30, 0xff, 0xff, 0xff, 0x7f}, 2)
	f.Add([]byte{0x30, 0x80, 0x80, 0x80, 0x00}, 3)
	f.Fuzz(func(t *testing.T, data []byte, piece int) {
		_, whole := guarded(data, len(data)+1)
		_, pieces := guarded(data, max(1, piece&0xf))
		if errors.Is(whole, errHostile) != errors.Is(pieces, errHostile) {
			t.Fatalf("whole: %v; in pieces: %v", whole, pieces)
		}
	})
}
