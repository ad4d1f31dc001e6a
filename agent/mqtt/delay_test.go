package mqtt

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

func TestDelayBounds(t *testing.T) {
	const window, base, top = 8 * time.Second, time.Second, time.Minute
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

// Five thousand lose their broker for two seconds: no second has more than it can
// shake hands with.
func TestHerdComesBackSlowly(t *testing.T) {
	const clients, gone, most = 5000, 2 * time.Second, 300
	rnd := rand.New(rand.NewPCG(1, 2))
	var back []time.Duration
	for range clients {
		at := delay(0, 30*time.Second, time.Second, time.Minute, rnd.Float64())
		for failures := 1; at < gone; failures++ {
			at += delay(failures, 30*time.Second, time.Second, time.Minute, rnd.Float64())
		}
		back = append(back, at)
	}
	slices.Sort(back)
	first, peak := 0, 0
	for i, at := range back {
		for at-back[first] >= time.Second {
			first++
		}
		peak = max(peak, i-first+1)
	}
	if last := back[clients-1]; peak > most || last > time.Minute {
		t.Errorf("%d within one second, the last after %v", peak, last)
	}
	t.Logf("%d within one second, the last after %v", peak, back[clients-1])
}
