package live

import (
	"errors"
	"fmt"
	"io"
	"time"

	"loa/agent/decode"
	"loa/agent/plan"
	"loa/agent/sound"
)

// A Source is a talk as it is heard. Read always gives sound, silence where there is
// none, until the talk is over.
type Source struct {
	s   *session
	dec *decode.Talk

	// Of Read alone; guarded by s.mu against Close.
	patch patch
	ready []float32 // decoded and not read yet
	hole  int       // frames of the hole that are still to be covered
	over  error
}

var errClosed = errors.New("live: read of a closed source")

// Read implements [sound.Source].
func (r *Source) Read(p []float32) (n int, err error) {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	p = p[:len(p)-len(p)%sound.Channels]
	now := time.Now()
	for n < len(p) {
		switch {
		case r.over != nil:
			if n > 0 {
				return n, nil
			}
			return 0, r.over
		case len(r.ready) > 0:
			c := copy(p[n:], r.ready)
			r.ready = r.ready[c:]
			n += c
		case r.hole > 0:
			c := min(len(p)-n, r.hole*sound.Channels)
			r.patch.cover(p[n : n+c])
			r.hole -= c / sound.Channels
			n += c
		default:
			n += r.step(p[n:], now)
		}
	}
	return n, nil
}

// step asks the buffer what comes next. While nothing does it fills p.
func (r *Source) step(p []float32, now time.Time) (n int) {
	switch what, packet, length := r.s.buffer.next(now); what {
	case sounds:
		pcm, err := r.dec.Decode(packet.Audio, packet.Duration)
		if err != nil { // a packet that holds no sound is a hole
			r.s.buffer.Heard -= packet.Duration
			r.s.buffer.Lost += packet.Duration
			r.hole = sound.Frames(packet.Duration)
			return 0
		}
		if quiet(pcm) && r.s.buffer.leaveOut(packet) {
			return 0
		}
		r.patch.heard(pcm)
		r.ready = pcm
	case hole:
		r.hole = sound.Frames(length)
	case waits:
		r.patch.cover(p)
		if r.s.buffer.begun {
			r.s.buffer.Waited += sound.Duration(len(p) / sound.Channels)
		}
		return len(p)
	case over:
		r.over = io.EOF
	case broken:
		r.over = &plan.Error{
			Code: plan.Expired, Msg: fmt.Sprintf("more than a fifth of %s of live talk was lost", window),
			VI: fmt.Sprintf("mất hơn một phần năm trong %d giây nói trực tiếp", int(window.Seconds())),
		}
	case stopped:
		r.over = &plan.Error{
			Code: plan.Expired, Msg: "live talk stopped without an end",
			VI: "lời nói trực tiếp bị ngắt giữa chừng",
		}
	}
	return 0
}

// quiet reports sound that nobody misses: no sample is above −40 dBFS.
func quiet(pcm []float32) bool {
	for _, v := range pcm {
		if v > 0.01 || v < -0.01 {
			return false
		}
	}
	return true
}

// Close lets the talk go on unheard: the session can be opened again.
func (r *Source) Close() error {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	if errors.Is(r.over, errClosed) {
		return nil
	}
	r.over, r.ready = errClosed, nil
	r.s.sounds, r.s.left = false, time.Now()
	r.s.buffer.leave()
	return nil
}

// Account is the share of the talk that was lost so far, and what there is to say of
// that.
func (r *Source) Account() (share float64, note string) {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	a := r.s.buffer.account
	if all := a.Heard + a.Lost; all > 0 {
		share = float64(a.Lost) / float64(all)
	}
	note = fmt.Sprintf("live talk: %.1f s came, %.1f s (%.1f %%) lost", a.Heard.Seconds(), a.Lost.Seconds(), 100*share)
	if a.Waited > 0 {
		note += fmt.Sprintf(", %.1f s waited for", a.Waited.Seconds())
	}
	if a.Left > 0 {
		note += fmt.Sprintf(", %.1f s of pauses left out", a.Left.Seconds())
	}
	if a.Late > 0 {
		note += fmt.Sprintf(", %d packets late", a.Late)
	}
	if r.s.refused > 0 {
		note += fmt.Sprintf(", %d refused", r.s.refused)
	}
	return share, note
}
