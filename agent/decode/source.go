package decode

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"loa/agent/plan"
	"loa/agent/sound"
)

const (
	chunk        = 4096             // float32 values decoded between two looks at the listener
	fileBuffer   = 48000 * 2        // 1 s ahead: a slow card must not be heard
	ready        = 36000 * 2        // of that, before reading begins: a sink takes more than half a second at once
	streamBuffer = 4 * 48000 * 2    // 4 s ahead: what a radio station sends at once on joining
	cushion      = 24000 * 2        // what a stream gathers before it is read, and again when it has run dry: one gap, not many
	refill       = 12000 * 2        // a full buffer is left alone for 0.25 s: to be woken costs as much as to decode
	stall        = 5 * time.Second  // a recording that gives no sound for so long is given up
	windStall    = 30 * time.Second // to go to a place the frames of hours may have to be counted
)

// A Source is a [sound.Source] that decodes in a goroutine of its own and keeps a
// bounded amount of sound ready, so that neither a slow disk nor a slow network
// nor a codec that hangs can hold up whoever reads.
type Source struct {
	info   Info
	closer io.Closer
	cancel context.CancelFunc
	budget time.Duration // 0: a stream, whose sender may pause for ever
	done   chan struct{} // closed when the decoding goroutine has ended

	mu      sync.Mutex
	turn    sync.Cond // something below has changed
	ring    []float32
	head    int // of the oldest value in ring
	fill    int // values in ring
	err     error
	closed  bool
	wound   *winding  // a wish to go elsewhere that the decoder has not met yet
	starved time.Time // since when reads found nothing; zero: they did not
	dry     bool      // a stream that gathers a cushion
}

// A winding is one call of SeekTo.
type winding struct {
	to  time.Duration
	err error
}

var _ sound.Source = (*Source)(nil)

// start sets the decoder going. Close ends the goroutine; nobody waits for it,
// because a codec that hangs would hang them too.
func start(c *converter, cancel context.CancelFunc, buffer int, budget time.Duration) *Source {
	s := &Source{info: c.info, cancel: cancel, budget: budget, dry: budget == 0, ring: make([]float32, buffer), done: make(chan struct{})}
	s.turn.L = &s.mu
	go func() {
		defer close(s.done)
		defer c.close()
		s.run(c)
	}()
	return s
}

// run decodes until the source is closed.
func (s *Source) run(c *converter) {
	p := make([]float32, chunk)
	for {
		w, ok := s.room()
		if !ok {
			return
		}
		if w != nil {
			s.arrive(w, wind(c, w.to))
			continue
		}
		n, err := step(c, p)
		s.put(p[:n], err)
	}
}

// step decodes one piece, with a panic as an error.
func step(c *converter, p []float32) (n int, err error) {
	defer guard(&err)
	return c.read(p)
}

// wind goes to a place, with a panic as an error: what lies there is read anew.
func wind(c *converter, to time.Duration) (err error) {
	defer guard(&err)
	return c.wind(to)
}

// room waits until there is something to do: a place to go to, or room for a
// piece. It reports false when the source has been closed.
func (s *Source) room() (*winding, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	need := chunk
	if len(s.ring)-s.fill < need {
		need = refill
	}
	for !s.closed && s.wound == nil && (s.err != nil || len(s.ring)-s.fill < need) {
		s.turn.Wait()
	}
	return s.wound, !s.closed
}

// put appends a piece, and notes the end.
func (s *Source) put(p []float32, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.turn.Broadcast()
	if s.wound != nil || s.closed {
		return // of the place we are about to leave
	}
	at := (s.head + s.fill) % len(s.ring)
	n := copy(s.ring[at:], p)
	copy(s.ring, p[n:])
	s.fill += len(p)
	s.err = err
}

// arrive ends a winding, unless a newer wish has come up meanwhile.
func (s *Source) arrive(w *winding, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.turn.Broadcast()
	if s.wound == w {
		s.wound = nil
		s.err = err
	}
	w.err = err
}

// Read gives what has been decoded. It never waits: 0, nil means that the decoder
// is behind. A recording whose decoder is behind for 5 s has failed.
func (s *Source) Read(p []float32) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return 0, errClosed
	}
	if s.dry = s.dry && s.fill < cushion && s.err == nil; s.dry {
		return 0, nil
	}
	n := min(len(p)&^1, s.fill)
	if n > 0 {
		k := copy(p[:n], s.ring[s.head:])
		copy(p[k:n], s.ring)
		s.head = (s.head + n) % len(s.ring)
		s.fill -= n
		s.starved = time.Time{}
		if len(s.ring)-s.fill >= refill {
			s.turn.Broadcast()
		}
		return n, nil
	}
	if s.err != nil || len(p) < 2 {
		return 0, s.err
	}
	s.dry = s.budget == 0
	if s.budget > 0 {
		if s.starved.IsZero() {
			s.starved = time.Now()
		}
		if d := time.Since(s.starved); d > s.budget {
			s.err = tooSlow(d)
			return 0, s.err
		}
	}
	return 0, nil
}

// SeekTo goes to the frame that sounds at d, to the sample where the format
// allows it and within 50 ms everywhere, and waits until its sound is ready.
// Beyond the end lies the end. A stream goes on where it was, and the error is
// [errors.ErrUnsupported].
func (s *Source) SeekTo(d time.Duration) error {
	if s.budget == 0 {
		return fmt.Errorf("decode: cannot go to %v in a stream: %w", d, errors.ErrUnsupported)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return errClosed
	}
	w := &winding{to: max(d, 0)}
	s.wound = w
	s.head, s.fill, s.err, s.starved = 0, 0, nil, time.Time{}
	s.turn.Broadcast()
	err := s.await(windStall, func() bool { return s.wound != w && s.begins() })
	if err == nil && w.err != nil {
		err = w.err
	}
	if err != nil {
		return fmt.Errorf("decode: cannot go to %v: %w", d, err)
	}
	return nil
}

// begins reports whether reading can begin: of a recording there is enough,
// because a sink that was idle takes its whole queue at once, faster than a busy
// machine decodes; of a station there is some sound; or there is no more to come. s.mu is
// held.
func (s *Source) begins() bool {
	enough := ready
	if s.budget == 0 {
		enough = 1
	}
	return s.err != nil || s.fill >= enough
}

// first waits until reading can begin.
func (s *Source) first() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.await(stall, s.begins)
	if s.fill > 0 {
		return nil // a slow beginning is better than none
	}
	if err != nil {
		return err
	}
	if errors.Is(s.err, io.EOF) {
		return unplayable("no sound could be decoded from this %s", s.info.Type)
	}
	return s.err
}

// await waits, with the lock held, until ok or closed, but not for longer than most.
func (s *Source) await(most time.Duration, ok func() bool) error {
	late := false
	t := time.AfterFunc(most, func() {
		s.mu.Lock()
		late = true
		s.turn.Broadcast()
		s.mu.Unlock()
	})
	defer t.Stop()
	for !ok() {
		if s.closed {
			return errClosed
		}
		if late {
			return tooSlow(most)
		}
		s.turn.Wait()
	}
	return nil
}

// Left is how many frames are left, known once the decoder has come to the end.
func (s *Source) Left() (frames int64, known bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return int64(s.fill / sound.Channels), s.err != nil
}

// Info says what is being decoded, as far as the head of it tells.
func (s *Source) Info() Info { return s.info }

// Buffered is how much sound is ready to be read.
func (s *Source) Buffered() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return sound.Duration(s.fill / sound.Channels)
}

// Close ends the decoding and closes what is decoded. It does not wait for
// either to notice.
func (s *Source) Close() error {
	s.mu.Lock()
	already := s.closed
	s.closed = true
	s.turn.Broadcast()
	s.mu.Unlock()
	if already {
		return nil
	}
	s.cancel()
	if s.closer == nil {
		return nil
	}
	if err := s.closer.Close(); err != nil {
		return fmt.Errorf("decode: cannot close what was decoded: %w", err)
	}
	return nil
}

var errClosed = errors.New("decode: the source is closed")

func tooSlow(d time.Duration) error {
	return &plan.Error{Code: plan.MediaFormat, Msg: fmt.Sprintf("the decoder has given no sound for %v", d.Round(100*time.Millisecond))}
}
