package mqtt

import (
	"math/rand/v2"
	"testing"
	"time"
)

func TestDelayBounds(t *testing.T) {
	const window, base, top = 10 * time.Second, time.Second, time.Minute
	for failures, want := range []time.Duration{window, base, 2 * base, 4 * base, 8 * base, 16 * base, 32 * base, top, top} {
		if got := delay(failures, window, base, top, 0.999999); got > want || got < want*99/100 {
			t.Errorf("after %d failures: at most %v, want %v", failures, got, want)
		}
		if got := delay(failures, window, base, top, 0); got != 0 {
			t.Errorf("after %d failures: at least %v, want 0", failures, got)
		}
	}
	if got := delay(1<<30, window, base, top, 0.5); got != top/2 {
		t.Errorf("after very many failures: %v", got)
	}
}

// A thousand clients lose their broker at once. With the library's own
// reconnection all of them came back within 100 ms, and again 1 s later.
func TestHerdIsSpread(t *testing.T) {
	const clients = 1000
	rnd := rand.New(rand.NewPCG(1, 2))
	attempts := make(map[time.Duration]int) // by 100 ms
	for range clients {
		var at time.Duration
		for failures := range 6 {
			at += delay(failures, 30*time.Second, time.Second, time.Minute, rnd.Float64())
			attempts[at/(100*time.Millisecond)]++
		}
	}
	peak := 0
	for _, n := range attempts {
		peak = max(peak, n)
	}
	if peak > clients/30 {
		t.Errorf("%d of %d clients within the same 100 ms", peak, clients)
	}
	t.Logf("peak: %d attempts in 100 ms", peak)
}
