package line

import "time"

// ahead is how much line time the kernel holds at least while a Write goes on,
// and how much more it is given at once. It bridges the time that a busy board
// takes to come back to us.
const ahead = 50 * time.Millisecond

// A pace knows when the bytes that were handed over will have gone out. Its
// zero value, of a wire without a baud, never waits.
type pace struct {
	baud int
	busy time.Time // until then the wire is
}

// wait is how long to wait before more is handed over.
func (p *pace) wait(now time.Time) time.Duration {
	if p.busy.Before(now) { // as long as nothing was sent: hundreds of years ago
		return 0
	}
	return p.busy.Sub(now) - ahead
}

// chunk is how many bytes of n to hand over at once.
func (p *pace) chunk(n int) int {
	if p.baud == 0 {
		return n
	}
	return max(1, p.baud/10*int(ahead/time.Millisecond)/1000)
}

// sent notes that n bytes of ten bits each were handed over.
func (p *pace) sent(now time.Time, n int) {
	if p.baud == 0 || n == 0 {
		return
	}
	if p.busy.Before(now) {
		p.busy = now
	}
	p.busy = p.busy.Add(time.Duration(n) * 10 * time.Second / time.Duration(p.baud))
}
