package oto

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"
	"unsafe"
)

// Opts are the choices of a Sink. Command is needed.
type Opts struct {
	// Command starts this program so that it calls [Child] with the arguments
	// that follow. For example: /proc/self/exe sink.
	Command []string

	// Card is the card's name or number in /proc/asound/cards, or [System],
	// which is also what "" means.
	Card   string
	Device int // PCM device on the card

	// Buffer is how much the card holds; zero is 200 ms. Sound breaks up on a
	// busy box? make it longer. Alarms come late? They start up to two buffers
	// after a Drop.
	Buffer time.Duration

	// Env is added to the environment of the child.
	Env []string
}

// Limits on the child. A card that has something to do answers within its
// buffer; opening a USB card takes some hundred milliseconds.
const (
	openTime   = 5 * time.Second
	answerTime = 3 * time.Second
)

// A Sink is an open sound card: 48 kHz, stereo, 16 bit. After an error from
// Write, Drain or Drop other than a context's the card is lost and the Sink has
// to be closed; Open makes a new one.
type Sink struct {
	child *process
	conn  *link

	writing sync.Mutex // one message at a time on conn
	out     []byte

	mu      sync.Mutex
	news    chan struct{} // closed when something below has changed
	sent    int64
	clock   clock
	drained uint32 // the last one answered
	dropped uint32
	still   int64
	drains  uint32 // the last one asked
	drops   uint32
	err     error // why the card is lost
}

// Open starts the child and returns when the card is open.
func Open(o Opts) (*Sink, error) {
	if len(o.Command) == 0 {
		return nil, errors.New("oto: no command that starts the child")
	}
	if o.Card == "" {
		o.Card = System
	}
	if o.Buffer == 0 {
		o.Buffer = 200 * time.Millisecond
	}
	child, conn, err := startProcess(o.Command, o.args(), o.Env)
	if err != nil {
		return nil, fmt.Errorf("oto: cannot start the sink process: %w", err)
	}
	s := &Sink{child: child, conn: conn, news: make(chan struct{})}
	ready := make(chan struct{})
	go s.listen(ready) // ends with the child; Close waits for both
	timeout := time.NewTimer(openTime)
	defer timeout.Stop()
	select {
	case <-ready:
		return s, nil
	case <-child.ended:
		<-child.heard // it may have said why
		s.lost(child.err)
	case <-timeout.C:
		s.lost(fmt.Errorf("no answer within %v", openTime))
	}
	s.Close()
	return nil, fmt.Errorf("oto: cannot open card %q: %w", o.Card, s.lostErr())
}

// listen takes what the child says.
func (s *Sink) listen(ready chan<- struct{}) {
	defer close(s.child.heard)
	in := bufio.NewReaderSize(s.conn, 512)
	var buf []byte
	for {
		kind, body, grown, err := readMessage(in, buf)
		if buf = grown; err != nil {
			return // Open and the waiters below see the child's end
		}
		switch {
		case kind == msgReady && ready != nil:
			close(ready)
			ready = nil
		case kind == msgFailed:
			s.lost(errors.New(string(body)))
		default:
			if err := s.note(kind, body); err != nil {
				s.lost(err)
				s.child.kill()
				return
			}
		}
	}
}

// note takes the answers that change what is known of the card.
func (s *Sink) note(kind byte, body []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.changed()
	switch {
	case kind == msgClock:
		c, err := parseClock(body)
		s.clock = c
		return err
	case kind == msgDrained && len(body) == 4:
		s.drained = binary.LittleEndian.Uint32(body)
	case kind == msgDropped && len(body) == 8:
		s.dropped, s.still = binary.LittleEndian.Uint32(body), int64(binary.LittleEndian.Uint32(body[4:]))
	default:
		return fmt.Errorf("the sink process said %q", kind)
	}
	return nil
}

// Room returns how many frames Write would take at once, as soon as there are any,
// or ctx's error.
func (s *Sink) Room(ctx context.Context) (frames int, err error) {
	err = s.await(ctx, func() bool {
		frames = int(s.clock.limit - s.sent)
		return frames > 0
	})
	return frames, err
}

// Write takes whole stereo frames and returns when the child has room for all
// of them. A Drop meanwhile forgets them and ends Write without an error.
func (s *Sink) Write(p []int16) error {
	if len(p)%channels != 0 {
		return fmt.Errorf("oto: %d samples are not whole stereo frames", len(p))
	}
	s.mu.Lock()
	drops := s.drops
	s.mu.Unlock()
	for len(p) > 0 {
		room := 0
		err := s.await(context.Background(), func() bool {
			room = int(s.clock.limit - s.sent)
			return room > 0 || s.drops != drops
		})
		if err != nil {
			return err
		}
		n := min(len(p), room*channels, maxMessage/frameSize*channels)
		sent, err := s.sendSound(p[:n], drops)
		if err != nil || !sent {
			return err
		}
		p = p[n:]
	}
	return nil
}

// sendSound sends p unless there was a drop after drops.
func (s *Sink) sendSound(p []int16, drops uint32) (sent bool, err error) {
	s.writing.Lock()
	defer s.writing.Unlock()
	s.mu.Lock()
	if s.drops != drops {
		s.mu.Unlock()
		return false, nil
	}
	s.sent += int64(len(p) / channels)
	s.mu.Unlock()
	s.out = slices.Grow(begin(s.out, msgWrite), 2*len(p))
	if len(p) > 0 { // both ends are this machine: samples go as they lie in memory
		s.out = append(s.out, unsafe.Slice((*byte)(unsafe.Pointer(&p[0])), 2*len(p))...)
	}
	return true, s.flush()
}

// Drain returns when all that was written has been heard, or ctx ends, or Drop
// forgets it.
func (s *Sink) Drain(ctx context.Context) error {
	s.mu.Lock()
	s.drains++
	number, drops := s.drains, s.drops
	s.mu.Unlock()
	if err := s.order(msgDrain, number); err != nil {
		return err
	}
	return s.await(ctx, func() bool { return s.drained == number || s.drops != drops })
}

// Drop forgets what oto has not taken, and returns how many frames still sound.
func (s *Sink) Drop() (frames int, err error) {
	s.mu.Lock()
	s.drops++
	number := s.drops
	s.changed()
	s.mu.Unlock()
	if err := s.order(msgDrop, number); err != nil {
		return 0, err
	}
	err = s.await(context.Background(), func() bool {
		frames = int(s.still)
		return s.dropped == number
	})
	if err != nil {
		return 0, err
	}
	return frames, nil
}

// Heard is how many frames have been heard since Open, without the dropped
// ones, and when. It moves on a few times a second.
func (s *Sink) Heard() (frames int64, at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.clock.heard, time.Now().Add(-time.Duration(monotonic() - s.clock.at))
}

// Mark is how many frames had been heard, counted as Heard does, by a moment that is as
// exact as the card's interrupt. There is a new one a few times a second.
func (s *Sink) Mark() (frames int64, at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.clock.mark, time.Now().Add(-time.Duration(monotonic() - s.clock.markAt))
}

// Xruns is how often the card ran dry by itself.
func (s *Sink) Xruns() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.clock.xruns
}

// Starved is how often the card had to play silence because Write came late.
func (s *Sink) Starved() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.clock.starved
}

// Close ends the child and waits for it. What it had queued is not heard.
func (s *Sink) Close() error {
	s.lost(os.ErrClosed)
	s.child.kill()
	<-s.child.ended
	s.conn.Close()
	<-s.child.heard
	return nil
}

// order sends a numbered message.
func (s *Sink) order(kind byte, number uint32) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	s.out = binary.LittleEndian.AppendUint32(begin(s.out, kind), number)
	return s.flush()
}

// flush sends s.out. s.writing is held.
func (s *Sink) flush() error {
	if err := s.lostErr(); err != nil {
		return fmt.Errorf("oto: %w", err)
	}
	err := s.conn.SetWriteDeadline(time.Now().Add(answerTime))
	if err == nil {
		_, err = s.conn.Write(finish(s.out))
	}
	if err != nil {
		<-s.died() // it may have said why
		s.lost(s.child.err)
		return fmt.Errorf("oto: %w", s.lostErr())
	}
	return nil
}

// await waits for cond, which is asked with s.mu held, for ctx, which may be
// nil, or for the loss of the card. A child that keeps silent for too long
// while something is due is killed: that is a loss, too.
func (s *Sink) await(ctx context.Context, cond func() bool) error {
	timeout := time.NewTimer(answerTime)
	defer timeout.Stop()
	for {
		s.mu.Lock()
		news, err := s.news, s.err
		if err == nil && cond() {
			s.mu.Unlock()
			return nil
		}
		s.mu.Unlock()
		if err != nil {
			return fmt.Errorf("oto: %w", err)
		}
		select {
		case <-news:
		case <-ctx.Done():
			return ctx.Err()
		case <-s.child.ended:
			<-s.child.heard // it may have said why
			s.lost(s.child.err)
		case <-timeout.C:
			s.lost(fmt.Errorf("the sink process has not answered for %v", answerTime))
			s.child.kill()
		}
	}
}

// died kills the child if it lives, and is closed when all it said is heard.
func (s *Sink) died() <-chan struct{} {
	s.child.kill()
	<-s.child.ended
	return s.child.heard
}

// lost notes why the card is lost; the first reason stays.
func (s *Sink) lost(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		s.err = err
		s.changed()
	}
}

func (s *Sink) lostErr() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// changed wakes those who wait. s.mu is held.
func (s *Sink) changed() {
	close(s.news)
	s.news = make(chan struct{})
}
