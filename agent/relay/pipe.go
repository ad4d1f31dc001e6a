package relay

import (
	"context"
	"errors"
	"io"
	"sync"
)

// maxPipe bounds what one segment may add to a pipe: ten seconds at 320 kbit/s
// are 400 kB.
const maxPipe = 4 << 20

// A pipe carries compressed sound from whoever fetches to whoever decodes. A
// write never blocks, so that the time limit on a fetch measures the network;
// the writer waits between segments instead.
type pipe struct {
	mu     sync.Mutex
	turn   sync.Cond
	buf    []byte
	ended  bool // by the writer: what is left is still read
	closed bool // by the reader
}

func newPipe() *pipe {
	p := new(pipe)
	p.turn.L = &p.mu
	return p
}

var errPipeFull = errors.New("the segment holds more sound than it can")

func (p *pipe) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return 0, io.ErrClosedPipe
	}
	if len(p.buf)+len(b) > maxPipe {
		return 0, errPipeFull
	}
	p.buf = append(p.buf, b...)
	p.turn.Broadcast()
	return len(b), nil
}

// Read blocks until there is something to read.
func (p *pipe) Read(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.buf) == 0 && !p.ended && !p.closed {
		p.turn.Wait()
	}
	if p.closed {
		return 0, io.ErrClosedPipe
	}
	if len(p.buf) == 0 {
		return 0, io.EOF
	}
	n := copy(b, p.buf)
	if p.buf = p.buf[n:]; len(p.buf) == 0 {
		p.buf = nil
	}
	p.turn.Broadcast()
	return n, nil
}

// end says that nothing more will be written.
func (p *pipe) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended = true
	p.turn.Broadcast()
}

// Close ends reads and writes at once.
func (p *pipe) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	p.buf = nil
	p.turn.Broadcast()
	return nil
}

// below waits until fewer than n bytes are unread.
func (p *pipe) below(ctx context.Context, n int) error {
	stop := context.AfterFunc(ctx, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.turn.Broadcast()
	})
	defer stop()
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.buf) >= n && !p.closed && ctx.Err() == nil {
		p.turn.Wait()
	}
	return ctx.Err()
}

func (p *pipe) isEnded() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.ended
}
