package relay

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// maxRedirects is how often one request may be sent elsewhere.
const maxRedirects = 5

// web asks stations for bytes, and nobody else: every request, also the one
// that follows a redirect or a playlist, goes to a host of the policy's list.
type web struct {
	client   *http.Client
	hosts    map[string]bool
	loopback bool
}

func newWeb(o Opts) *web {
	w := &web{hosts: make(map[string]bool), loopback: o.Loopback}
	for _, h := range o.Hosts {
		w.hosts[strings.TrimSuffix(strings.ToLower(h), ".")] = true
	}
	c := http.Client{Transport: transport()}
	if o.Client != nil {
		c = *o.Client
	}
	c.Timeout = 0 // a station is read for hours; the watchdog looks at its sound
	c.Jar = nil
	c.CheckRedirect = func(req *http.Request, via []*http.Request) error {
		if len(via) > maxRedirects {
			return fmt.Errorf("more than %d redirects", maxRedirects)
		}
		return w.allowed(req.URL)
	}
	w.client = &c
	return w
}

// transport has a limit on everything that comes before the sound. It uses no
// proxy: the host list is checked against where the bytes really come from.
func transport() *http.Transport {
	// One station at a time on a connection; HTTP/2 would keep up to 4 MB of it.
	var http1 http.Protocols
	http1.SetHTTP1(true)
	return &http.Transport{
		DialContext:            (&net.Dialer{Timeout: 5 * time.Second, KeepAlive: 15 * time.Second}).DialContext,
		TLSHandshakeTimeout:    5 * time.Second,
		ResponseHeaderTimeout:  6 * time.Second,
		MaxResponseHeaderBytes: 64 << 10,
		IdleConnTimeout:        30 * time.Second,
		MaxIdleConnsPerHost:    2,
		DisableCompression:     true,
		Protocols:              &http1,
	}
}

// allowed says why u must not be asked; nil: it may.
func (w *web) allowed(u *url.URL) error {
	host := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	local := w.loopback && isLoopback(host)
	switch {
	case u.Scheme != "https" && !(u.Scheme == "http" && local):
		return fmt.Errorf("%s is not an https address", u.Redacted())
	case u.User != nil:
		return fmt.Errorf("the address of %s carries a user name", host)
	case host == "":
		return fmt.Errorf("%q names no host", u.Redacted())
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"https": "443", "http": "80"}[u.Scheme]
	}
	if !w.hosts[host] && !w.hosts[net.JoinHostPort(host, port)] {
		return fmt.Errorf("%s is not in the policy's list of relay hosts", host)
	}
	return nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// get asks for addr. The answer has status 200 or it is an error; the caller
// closes its body. Ending ctx ends a read of the body too.
func (w *web) get(ctx context.Context, addr string, header ...string) (*http.Response, error) {
	u, err := url.Parse(addr)
	if err != nil {
		return nil, fmt.Errorf("relay: %q is no address: %w", addr, err)
	}
	if err := w.allowed(u); err != nil {
		return nil, fmt.Errorf("relay: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, addr, nil)
	if err != nil {
		return nil, fmt.Errorf("relay: cannot ask %s: %w", addr, err)
	}
	req.Header.Set("User-Agent", "loa")
	req.Header.Set("Accept-Encoding", "identity")
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := w.client.Do(req)
	if err != nil {
		var ue *url.Error
		if errors.As(err, &ue) {
			err = ue.Err // it repeats the method and the address
		}
		return nil, fmt.Errorf("relay: cannot get %s: %w", addr, err)
	}
	if resp.StatusCode != http.StatusOK {
		resp.Body.Close()
		return nil, fmt.Errorf("relay: %s answers %s", addr, resp.Status)
	}
	return resp, nil
}
