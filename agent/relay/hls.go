package relay

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"sync"
	"time"

	"loa/agent/sound"
)

const (
	ahead       = 256 << 10 // compressed bytes fetched before they are needed: 16 s at 128 kbit/s
	maxSegment  = 16 << 20  // bytes on the wire, pictures included
	maxRuns     = 3         // stretches of one codec that may wait for their turn
	maxFailures = 3         // segments or playlists in a row
)

// An hls source follows a live playlist. One goroutine fetches; each stretch
// between two discontinuities, a run, has its own decoder.
type hls struct {
	ctx    context.Context
	cancel context.CancelFunc
	web    *web
	dec    decoder

	mu   sync.Mutex
	runs []*run        // the first is heard
	err  error         // why nothing more comes
	last error         // what the last fetch came to
	gone chan struct{} // a run has ended; buffered

	at *url.URL // of the media playlist, for the fetcher alone
}

// A run is what one decoder can play in one go.
type run struct {
	mime string
	pipe *pipe
	src  sound.Source // nil while the decoder looks at the first bytes
	err  error
}

// openHLS follows the playlist text, which was found at addr. If it is a
// master playlist the station's best fitting variant is taken, for good.
func openHLS(ctx context.Context, w *web, addr *url.URL, text []byte, dec decoder) (sound.Source, error) {
	p, err := parsePlaylist(text)
	if err != nil {
		return nil, fmt.Errorf("relay: %s: %w", addr.Redacted(), err)
	}
	h := &hls{web: w, dec: dec, at: addr, gone: make(chan struct{}, 1)}
	if len(p.variants) > 0 {
		v := p.pick()
		u, err := addr.Parse(v.uri)
		if err != nil {
			return nil, fmt.Errorf("relay: %s: variant %q is no address: %w", addr.Redacted(), v.uri, err)
		}
		h.at = u
		if p, err = h.load(ctx); err != nil {
			return nil, err
		}
		if len(p.variants) > 0 {
			return nil, fmt.Errorf("relay: %s: its variant %s is a master playlist again", addr.Redacted(), u.Redacted())
		}
	}
	h.ctx, h.cancel = context.WithCancel(ctx)
	go func() { // ends with the source
		err := h.follow(p)
		h.mu.Lock()
		defer h.mu.Unlock()
		if n := len(h.runs); n > 0 {
			h.runs[n-1].pipe.end()
		}
		h.err = err
	}()
	return h, nil
}

// load fetches the media playlist. A redirect moves it for good.
func (h *hls) load(ctx context.Context) (*playlist, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	resp, err := h.web.get(ctx, h.at.String())
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	text, err := readPlaylist(resp.Body)
	if err == nil {
		var p *playlist
		if p, err = parsePlaylist(text); err == nil {
			h.at = resp.Request.URL
			return p, nil
		}
	}
	return nil, fmt.Errorf("relay: %s: %w", h.at.Redacted(), err)
}

// follow plays p and what it becomes. It always ends with an error: a live
// station that ends is out of order.
func (h *hls) follow(p *playlist) error {
	var e edge
	failures := 0
	for {
		asked := time.Now()
		for _, s := range e.advance(p, asked) {
			if err := h.note(h.play(s, p.target)); err == nil {
				failures = 0
			} else if failures++; failures >= maxFailures || h.ctx.Err() != nil || errors.Is(err, io.ErrClosedPipe) {
				return err
			}
		}
		if p.ended {
			return errEnded
		}
		for {
			if err := sleep(h.ctx, time.Until(asked.Add(e.pause(p)))); err != nil {
				return err
			}
			asked = time.Now()
			next, err := h.load(h.ctx)
			if err == nil && len(next.variants) > 0 {
				err = fmt.Errorf("relay: %s has become a master playlist", h.at.Redacted())
			}
			if err == nil {
				p = next
				break
			}
			h.note(err)
			e.changed = false
			if failures++; failures >= maxFailures {
				return err
			}
		}
	}
}

// note keeps err for whoever asks why there is no sound.
func (h *hls) note(err error) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.last = err
	return err
}

// Trouble is what went wrong with the last thing that was fetched, nil: nothing.
func (h *hls) Trouble() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.last
}

// play fetches one segment and passes its sound on. A segment that cannot be
// had is left out: the next one is already there.
func (h *hls) play(s segment, target time.Duration) error {
	if s.jump {
		h.cut()
	}
	if s.gap {
		return nil
	}
	if err := h.room(); err != nil {
		return err
	}
	u, err := h.at.Parse(s.uri)
	if err != nil {
		return fmt.Errorf("relay: segment %q is no address: %w", s.uri, err)
	}
	ctx, cancel := context.WithTimeout(h.ctx, max(2*target, 5*time.Second))
	defer cancel()
	resp, err := h.web.get(ctx, u.String())
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if err := elementary(ctx, io.LimitReader(resp.Body, maxSegment), h.write); err != nil {
		return fmt.Errorf("relay: segment %s: %w", u.Redacted(), err)
	}
	return nil
}

// room waits until the listener has caught up. A fetch that has begun is never
// held up, so that its time limit measures the network.
func (h *hls) room() error {
	if r := h.latest(); r != nil {
		return r.pipe.below(h.ctx, ahead)
	}
	for {
		h.mu.Lock()
		n := len(h.runs)
		h.mu.Unlock()
		if n < maxRuns {
			return nil
		}
		select {
		case <-h.ctx.Done():
			return h.ctx.Err()
		case <-h.gone:
		}
	}
}

// latest is the run that is being written, nil: the next sound begins one.
func (h *hls) latest() *run {
	h.mu.Lock()
	defer h.mu.Unlock()
	if n := len(h.runs); n > 0 && !h.runs[n-1].pipe.isEnded() {
		return h.runs[n-1]
	}
	return nil
}

// cut ends the run that is being written.
func (h *hls) cut() {
	if r := h.latest(); r != nil {
		r.pipe.end()
	}
}

// write passes compressed sound on, to a new run if it is of another kind.
func (h *hls) write(mime string, b []byte) error {
	r := h.latest()
	if r != nil && r.mime != mime {
		r.pipe.end()
		r = nil
	}
	if r == nil {
		r = h.begin(mime)
	}
	_, err := r.pipe.Write(b)
	return err
}

// begin starts a run. A segment has one kind of sound, so it begins one at most.
func (h *hls) begin(mime string) *run {
	r := &run{mime: mime, pipe: newPipe()}
	h.mu.Lock()
	h.runs = append(h.runs, r)
	h.mu.Unlock()
	go func() { // ends when the pipe does: the source's Close ends both
		src, err := h.dec(r.pipe, mime)
		h.mu.Lock()
		defer h.mu.Unlock()
		switch {
		case err != nil:
			r.err = err
			r.pipe.Close()
		case h.ctx.Err() != nil:
			src.Close()
		default:
			r.src = src
		}
	}()
	return r
}

// Read gives the sound of one run after the other.
func (h *hls) Read(p []float32) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for len(h.runs) > 0 {
		r := h.runs[0]
		if r.src == nil && r.err == nil {
			return 0, nil
		}
		err := r.err
		if err == nil {
			var n int
			if n, err = r.src.Read(p); n > 0 || err == nil {
				return n, nil
			}
		}
		if !errors.Is(err, io.EOF) {
			return 0, err
		}
		r.close()
		h.runs = h.runs[1:]
		select {
		case h.gone <- struct{}{}:
		default:
		}
	}
	return 0, h.err
}

func (r *run) close() {
	r.pipe.Close()
	if r.src != nil {
		r.src.Close()
	}
}

// Close ends fetching and decoding.
func (h *hls) Close() error {
	h.cancel()
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, r := range h.runs {
		r.close()
	}
	h.runs = nil
	h.err = errClosed
	return nil
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
