package player

import (
	"context"
	"errors"
	"os"
	"sync"
	"time"

	"loa/agent/decode"
	"loa/agent/sound"
)

// What measuring may cost. Whoever waits for a recording waits for its
// measurement, too, so it ends when enough is known, and else when it is time.
const (
	measured  = time.Minute     // of sound above the gate: it tells the level of speech
	searched  = 2 * time.Minute // of sound in all: what is silent for so long is left as it is
	measuring = 3 * time.Second // by the clock: a slow core decodes half a minute meanwhile
	hint      = 3 * time.Second // of sound above the gate: less may be a breath, and speech is not raised by that
)

// loudness knows that of recordings whose documents do not give it. Each is
// measured once, by whoever asks first; only who asks for the same one waits.
type loudness struct {
	mu sync.Mutex
	of map[string]*measurement // by SHA-256
}

type measurement struct {
	done      chan struct{} // closed when what follows is known
	lufs      float64
	abandoned bool // whoever measured was called off
}

// measure is the loudness of a recording. It returns soon after ctx ends.
func (l *loudness) measure(ctx context.Context, sha256, path, mime string) (lufs float64) {
	for {
		l.mu.Lock()
		m, known := l.of[sha256]
		if !known {
			m = &measurement{done: make(chan struct{})}
			l.of[sha256] = m
		}
		l.mu.Unlock()
		if !known {
			m.lufs = levelOf(ctx, path, mime)
			if m.abandoned = ctx.Err() != nil; m.abandoned {
				l.mu.Lock()
				delete(l.of, sha256)
				l.mu.Unlock()
			}
			close(m.done)
			return m.lufs
		}
		select {
		case <-m.done:
			if !m.abandoned {
				return m.lufs
			}
		case <-ctx.Done():
			return TargetLUFS
		}
	}
}

var errEnough = errors.New("enough is known")

// levelOf is the loudness of a recording as far as the bounds above let it be
// heard. One that has none, such as silence, counts as being at the target.
func levelOf(ctx context.Context, path, mime string) float64 {
	f, err := os.Open(path)
	if err != nil {
		return TargetLUFS
	}
	defer f.Close()
	ctx, cancel := context.WithTimeout(ctx, measuring)
	defer cancel()
	var all sound.Loudness
	var passed int64
	_, err = decode.Walk(ctx, f, mime, func(pcm []float32) error {
		all.Add(pcm)
		passed += int64(len(pcm) / sound.Channels)
		if all.Gated() >= measured || passed >= sound.Frames64(searched) {
			return errEnough
		}
		return nil
	})
	lufs := all.Integrated()
	if lufs <= sound.NoLoudness || err != nil && all.Gated() < hint {
		return TargetLUFS
	}
	return lufs
}
