package mqtt

import (
	"net"
	"sync"
	"sync/atomic"
	"testing"
)

// A proxy stands between client and broker and can do what a bad line does.
type proxy struct {
	l      net.Listener
	to     string
	silent atomic.Bool // takes bytes and passes nothing on
	deaf   atomic.Bool // does not even take bytes any more
	end    chan struct{}

	mu    sync.Mutex
	conns []net.Conn
}

func newProxy(t *testing.T, to string) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{l: l, to: to, end: make(chan struct{})}
	go p.serve() // ends with the listener
	t.Cleanup(func() { l.Close(); close(p.end); p.cut() })
	return p
}

func (p *proxy) addr() string { return p.l.Addr().String() }

func (p *proxy) serve() {
	for {
		in, err := p.l.Accept()
		if err != nil {
			return
		}
		out, err := net.Dial("tcp", p.to)
		if err != nil {
			in.Close()
			continue
		}
		p.mu.Lock()
		p.conns = append(p.conns, in, out)
		p.mu.Unlock()
		go p.copy(out, in) // both end with cut
		go p.copy(in, out)
	}
}

func (p *proxy) copy(to, from net.Conn) {
	buf := make([]byte, 4096)
	for {
		if p.deaf.Load() {
			<-p.end
			return
		}
		n, err := from.Read(buf)
		if err != nil {
			to.Close()
			return
		}
		if p.silent.Load() {
			continue
		}
		if _, err := to.Write(buf[:n]); err != nil {
			return
		}
	}
}

// cut ends every connection.
func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.conns {
		c.Close()
	}
	p.conns = nil
}
