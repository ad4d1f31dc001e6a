package qemu

import (
	"os"
	"sync"
	"time"

	"loa/scripts/hil/tape"
)

// A recorder notes when the emulator's WAV file grew: it stands while nothing plays.
type recorder struct {
	file string

	mu    sync.Mutex
	noted []tape.Mark
}

const (
	header     = 44 // bytes of a WAV file before its sound
	frame      = 4  // bytes of a sample of two channels
	glanceTime = 5 * time.Millisecond
)

func (r *recorder) follow(ended <-chan struct{}) {
	tick := time.NewTicker(glanceTime)
	defer tick.Stop()
	last := 0
	for {
		select {
		case <-ended:
			return
		case <-tick.C:
		}
		info, err := os.Stat(r.file)
		if err != nil {
			continue // it is not there yet
		}
		n := int(info.Size()-header) / frame
		if n == last || n < 0 {
			continue
		}
		r.mu.Lock()
		if n < last {
			r.noted = nil // a card that was plugged in begins the file anew
		}
		r.noted = append(r.noted, tape.Mark{At: time.Now(), N: n})
		r.mu.Unlock()
		last = n
	}
}

func (r *recorder) marks() []tape.Mark {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]tape.Mark(nil), r.noted...)
}
