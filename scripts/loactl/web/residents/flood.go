package residents

import (
	"maps"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// A Flood is how many reports are taken: at once, and over time. Many residents share one
// address of their mobile network, so that one counts for many.
type Flood struct {
	Every time.Duration // between two, over time
	Burst int
}

var (
	fromOneNet  = Flood{30 * time.Second, 20} // IPv4 /24, IPv6 /48
	aboutAPlace = Flood{5 * time.Second, 100}
	codesTried  = Flood{5 * time.Second, 30} // from one net
)

// maxBuckets bounds what is remembered of who sends.
const maxBuckets = 50_000

// buckets hold each key to a flood. Only [buckets.take] is asked.
type buckets struct {
	of Flood
	mu sync.Mutex
	by map[string]*rate.Limiter
}

// take reports whether there is room for one more.
func (b *buckets) take(key string, now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	one := b.by[key]
	if one == nil {
		if len(b.by) >= maxBuckets { // whoever has sent nothing for a while begins anew anyway
			maps.DeleteFunc(b.by, func(_ string, l *rate.Limiter) bool { return l.TokensAt(now) >= float64(b.of.Burst) })
		}
		if len(b.by) >= maxBuckets {
			return false
		}
		if b.by == nil {
			b.by = make(map[string]*rate.Limiter)
		}
		one = rate.NewLimiter(rate.Every(b.of.Every), b.of.Burst)
		b.by[key] = one
	}
	return one.AllowN(now, 1)
}

// network is where a question comes from, as far as it counts: it is written nowhere.
func (s *Site) network(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return host
	}
	ip = s.beyond(ip.Unmap(), r.Header.Values("X-Forwarded-For"))
	bits := 48
	if ip.Is4() {
		bits = 24
	}
	p, err := ip.Prefix(bits)
	if err != nil {
		return host
	}
	return p.String()
}

// beyond is who asks through machines of ours: the last in the list that none of them is.
// What stands before it anybody can have written.
func (s *Site) beyond(ip netip.Addr, forwarded []string) netip.Addr {
	ours := func(a netip.Addr) bool {
		return slices.ContainsFunc(s.o.Proxies, func(p netip.Prefix) bool { return p.Contains(a) })
	}
	hops := strings.Split(strings.Join(forwarded, ","), ",")
	for i := len(hops) - 1; i >= 0 && ours(ip); i-- {
		next, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		ip = next.Unmap()
	}
	return ip
}
