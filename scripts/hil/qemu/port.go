package qemu

import (
	"context"
	"fmt"
	"io"
	"net"
	"regexp"
	"sync"
)

// A Port is the far end of one of the box's serial lines. It outlasts the box's power:
// what came over the line in the runs before is still in it.
type Port struct {
	name string

	mu    sync.Mutex
	conn  net.Conn // nil: the box has no power
	heard []byte
	log   io.Writer
	news  chan struct{}
}

func newPort(name string, log io.Writer) *Port {
	return &Port{name: name, log: log, news: make(chan struct{})}
}

// attach reads conn until it ends.
func (p *Port) attach(conn net.Conn) {
	p.mu.Lock()
	p.conn = conn
	p.mu.Unlock()
	buf := make([]byte, 4096)
	for {
		n, err := conn.Read(buf)
		p.mu.Lock()
		p.heard = append(p.heard, buf[:n]...)
		p.log.Write(buf[:n])
		if err != nil && p.conn == conn {
			p.conn = nil
		}
		close(p.news)
		p.news = make(chan struct{})
		p.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// Write sends to the box; what is sent while it has no power is lost.
func (p *Port) Write(b []byte) (int, error) {
	p.mu.Lock()
	conn := p.conn
	p.mu.Unlock()
	if conn == nil {
		return len(b), nil
	}
	return conn.Write(b)
}

// Len is how many bytes have come so far, a place for [Port.Wait].
func (p *Port) Len() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.heard)
}

// Wait waits until what came after the place from matches, and returns what the first
// group of the expression matched (or the whole) and the place behind the match.
func (p *Port) Wait(ctx context.Context, from int, expr *regexp.Regexp) (match string, end int, err error) {
	for {
		p.mu.Lock()
		heard, news := p.heard, p.news
		p.mu.Unlock()
		if m := expr.FindSubmatchIndex(heard[min(from, len(heard)):]); m != nil {
			i := 0
			if len(m) > 2 && m[2] >= 0 {
				i = 2
			}
			return string(heard[from+m[i] : from+m[i+1]]), from + m[1], nil
		}
		select {
		case <-ctx.Done():
			tail := heard[min(from, len(heard)):]
			return "", from, fmt.Errorf("%s: no %q came, but %q: %w", p.name, expr, tail[max(0, len(tail)-300):], ctx.Err())
		case <-news:
		}
	}
}

// Stream is what comes from now on, for a device that sits at the other end. It has
// no end but that of Close.
func (p *Port) Stream() io.ReadWriteCloser {
	return &stream{port: p, at: p.Len(), closed: make(chan struct{})}
}

type stream struct {
	port   *Port
	at     int
	closed chan struct{}
	once   sync.Once
}

func (s *stream) Read(b []byte) (int, error) {
	for {
		s.port.mu.Lock()
		heard, news := s.port.heard, s.port.news
		s.port.mu.Unlock()
		if n := copy(b, heard[s.at:]); n > 0 {
			s.at += n
			return n, nil
		}
		select {
		case <-s.closed:
			return 0, io.EOF
		case <-news:
		}
	}
}

func (s *stream) Write(b []byte) (int, error) { return s.port.Write(b) }

func (s *stream) Close() error {
	s.once.Do(func() { close(s.closed) })
	return nil
}
