package desk

import (
	"cmp"
	"crypto/rand"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/go-webauthn/webauthn/webauthn"
)

// network is where a request comes from, as far as it counts: whoever has one address has
// all of its /24, or of its /64.
func network(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return host
	}
	bits := 64
	if ip = ip.Unmap(); ip.Is4() {
		bits = 24
	}
	p, err := ip.WithZone("").Prefix(bits)
	if err != nil {
		return host
	}
	return p.String()
}

// ceremonies are those that have begun: each is used once, and soon.
type ceremonies struct {
	mu  sync.Mutex
	all map[string]ceremony
}

type ceremony struct {
	data       webauthn.SessionData
	name, code string // of a registration
	net        string // in which it began
	until      time.Time
}

const (
	ceremonyTime  = 5 * time.Minute
	maxCeremonies = 1000
)

// begin takes one up. Where there are too many, the network that has begun the most loses
// its oldest: nobody shuts others out.
func (c *ceremonies) begin(of ceremony, now time.Time) (id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.all == nil {
		c.all = make(map[string]ceremony)
	}
	maps.DeleteFunc(c.all, func(_ string, o ceremony) bool { return now.After(o.until) })
	if len(c.all) >= maxCeremonies {
		many := make(map[string]int)
		for _, o := range c.all {
			many[o.net]++
		}
		delete(c.all, slices.MinFunc(slices.Collect(maps.Keys(c.all)), func(x, y string) int {
			a, b := c.all[x], c.all[y]
			return cmp.Or(cmp.Compare(many[b.net], many[a.net]), a.until.Compare(b.until))
		}))
	}
	id = rand.Text()
	of.until = now.Add(ceremonyTime)
	c.all[id] = of
	return id
}

func (c *ceremonies) take(id string, now time.Time) (ceremony, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	o, ok := c.all[id]
	delete(c.all, id)
	return o, ok && now.Before(o.until)
}

// tries bounds how often a network may try a code or a passkey.
type tries struct {
	mu  sync.Mutex
	all map[string][]time.Time
}

const (
	triesIn   = 10 * time.Minute
	maxTry    = 30
	maxTriers = 10000
)

func (t *tries) ok(r *http.Request, now time.Time) bool {
	from := network(r)
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.all == nil {
		t.all = make(map[string][]time.Time)
	}
	at, known := t.all[from]
	if !known && len(t.all) >= maxTriers {
		t.forget(now)
	}
	for len(at) > 0 && now.Sub(at[0]) > triesIn {
		at = at[1:]
	}
	if len(at) >= maxTry {
		t.all[from] = at
		return false
	}
	t.all[from] = append(at, now)
	return true
}

// forget makes room: of those whose tries are over, else of whoever has tried least, so
// that nobody gets rid of a count by coming from elsewhere.
func (t *tries) forget(now time.Time) {
	maps.DeleteFunc(t.all, func(_ string, at []time.Time) bool { return now.Sub(at[len(at)-1]) > triesIn })
	if len(t.all) < maxTriers {
		return
	}
	delete(t.all, slices.MinFunc(slices.Collect(maps.Keys(t.all)), func(x, y string) int {
		return cmp.Or(cmp.Compare(len(t.all[x]), len(t.all[y])), t.all[x][0].Compare(t.all[y][0]))
	}))
}
