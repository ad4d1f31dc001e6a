package mqtt

import "time"

// delay is how long to wait before the next attempt after so many failures in a
// row, for a random r in [0,1).
//
// The library retries in lockstep: when a broker died, 1,000 of 1,000 clients
// came back within the same 100 ms. So the first attempt after a working
// connection falls anywhere in the window, which the centre can widen for a
// large fleet, and every later one anywhere between 0 and a bound that doubles to
// top, from base or an eighth of the window: who came too early for a broker that
// was gone for two seconds must not come all at once beside those whose turn it is.
func delay(failures int, window, base, top time.Duration, r float64) time.Duration {
	if failures <= 0 {
		return time.Duration(r * float64(window))
	}
	base = max(base, window/8)
	bound := top
	if n := failures - 1; n < 16 && base<<n < top {
		bound = base << n
	}
	return time.Duration(r * float64(bound))
}
