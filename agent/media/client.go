package media

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"loa/agent/plan"
)

// address is where a base keeps a recording.
func address(base, sha string) (*url.URL, *failure) {
	u, err := url.Parse(base)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil {
		return nil, &failure{cond: CodeScope, code: plan.Scope, err: fmt.Errorf("%.80q is no https address of a media server", base)}
	}
	u.RawQuery, u.Fragment = "", ""
	return u.JoinPath("m", sha), nil
}

// NewClient makes a client for recordings, and for relays: it knows the servers
// by conf (nil: by the system's authorities) and takes no proxy from the
// environment, because nobody looks after a box's environment.
func NewClient(conf *tls.Config) *http.Client {
	// HTTP/2 keeps up to 4 MB of a body in memory; with HTTP/1 the kernel
	// holds the sender back.
	var http1 http.Protocols
	http1.SetHTTP1(true)
	return &http.Client{Transport: &http.Transport{
		TLSClientConfig:       conf,
		Protocols:             &http1,
		MaxIdleConnsPerHost:   2,
		IdleConnTimeout:       time.Minute,
		TLSHandshakeTimeout:   20 * time.Second,
		ResponseHeaderTimeout: 30 * time.Second,
	}}
}

// guarded is the client that all fetches use: redirects only within the bases.
func (l *Library) guarded(given *http.Client) *http.Client {
	if given == nil {
		given = NewClient(nil)
	}
	return &http.Client{Transport: given.Transport, CheckRedirect: l.redirect}
}

// A scopeError is a redirect that leads away.
type scopeError struct{ to string }

func (e *scopeError) Error() string {
	return fmt.Sprintf("it redirects to %.120q, which is not listed", e.to)
}

func (l *Library) redirect(req *http.Request, via []*http.Request) error {
	if len(via) > 3 {
		return errors.New("it redirects in circles")
	}
	for _, base := range l.o.Bases() {
		if b, err := url.Parse(base); err == nil && req.URL.Scheme == "https" && hostPort(b) == hostPort(req.URL) {
			return nil
		}
	}
	return &scopeError{to: req.URL.Redacted()}
}

func hostPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = "443"
	}
	return strings.ToLower(u.Hostname()) + ":" + port
}
