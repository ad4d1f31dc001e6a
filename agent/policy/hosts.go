package policy

import (
	"cmp"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	"loa/agent/plan"
)

// Hosts are the hosts from which ps let a relay come at now: those listed by at
// least one policy in force and by every one that lists any.
func Hosts(ps []plan.Policy, now time.Time) []string {
	j := judge{now: now}
	laws := j.inForce(ps)
	var hosts []string
	for _, l := range laws {
		for _, h := range l.RelayHosts {
			h = strings.ToLower(h)
			if listedByAll(laws, h) && !slices.Contains(hosts, h) {
				hosts = append(hosts, h)
			}
		}
	}
	slices.Sort(hosts)
	return hosts
}

// listed reports whether a relay may come from the address, and names its host.
func (j *judge) listed(address string) (host string, ok bool) {
	if strings.HasPrefix(address, "alsa:") {
		return address, true
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || u.Hostname() == "" {
		return address, false
	}
	host = strings.ToLower(u.Hostname())
	return host, listedByAll(j.laws, host, net.JoinHostPort(host, cmp.Or(u.Port(), "443")))
}

// listedByAll reports whether every law that lists hosts has one of names, which
// are the same host without and with its port, and at least one law does.
func listedByAll(laws []law, names ...string) bool {
	listed := false
	for _, l := range laws {
		if len(l.RelayHosts) == 0 {
			continue
		}
		if !slices.ContainsFunc(l.RelayHosts, func(h string) bool { return slices.Contains(names, strings.ToLower(h)) }) {
			return false
		}
		listed = listed || !l.unripe
	}
	return listed
}
