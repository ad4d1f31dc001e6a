package enrol

import (
	"crypto/x509"
	"time"
)

// Half is when a box should have its next certificate.
func Half(c *x509.Certificate) time.Time {
	return c.NotBefore.Add(c.NotAfter.Sub(c.NotBefore) / 2)
}

// Between visits to the door. All boxes of a batch come under one name, of which a
// broker lets in one at a time, so each stays for seconds and comes again. A box that was
// approved should have its name while the person still stands before it; one that lies in
// a store may wait, and visits cost it 6 KB each.
const (
	soon     = 10 * time.Second
	soonFor  = 60 // visits
	farthest = 15 * time.Minute
)

// Wait is how long after so many visits the next one comes; at is between 0 and 1, at
// random, so that boxes that were switched on together part.
func Wait(visits int, at float64) time.Duration {
	d := soon
	for n := soonFor; n < visits && d < farthest; n++ {
		d *= 2
	}
	d = min(d, farthest)
	return d/2 + time.Duration(at*float64(d))
}
