package media

import (
	"context"
	"sync"
	"time"
)

// A watch cancels a fetch in which too little comes: it guards the dial, the
// handshake, the head and the body alike.
type watch struct {
	every   time.Duration
	atLeast int64
	cancel  context.CancelCauseFunc

	mu    sync.Mutex
	timer *time.Timer
	got   int64 // since the timer was set
	done  bool
}

func (l *Library) watch(cancel context.CancelCauseFunc) *watch {
	w := &watch{every: l.pace.stall, atLeast: l.pace.stallAtLeast, cancel: cancel}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.timer = time.AfterFunc(w.every, w.look)
	return w
}

func (w *watch) came(n int) {
	w.mu.Lock()
	w.got += int64(n)
	w.mu.Unlock()
}

func (w *watch) look() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.done {
		return
	}
	if w.got < w.atLeast {
		w.cancel(errStalled)
		return
	}
	w.got = 0
	w.timer.Reset(w.every)
}

func (w *watch) stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.done = true
	w.timer.Stop()
}
