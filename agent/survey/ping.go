package survey

import (
	"context"
	"crypto/tls"
	"net"
	"net/url"
	"strings"
	"time"
)

// A Ping is one try to reach a broker.
type Ping struct {
	URL     string  `json:"url"`
	Address string  `json:"address,omitempty"` // that the name stands for
	NameMS  float64 `json:"name_ms"`           // until it was found
	TCPMS   float64 `json:"tcp_ms,omitempty"`
	TLSMS   float64 `json:"tls_ms,omitempty"` // the handshake; 0: without TLS
	Error   string  `json:"error,omitempty"`
}

// Reach opens a connection to a broker and closes it again; it says no word of MQTT, so
// the box's own connection stays. A tls.Config of nil does for tcp:// only.
func Reach(ctx context.Context, broker string, conf *tls.Config) (p Ping) {
	p.URL = broker
	u, err := url.Parse(broker)
	if err != nil || u.Hostname() == "" {
		p.Error = "this is no address"
		return p
	}
	secure, port := u.Scheme != "tcp" && u.Scheme != "mqtt", u.Port()
	if port == "" {
		port = map[bool]string{true: "8883", false: "1883"}[secure]
	}
	at := time.Now()
	lap := func() float64 {
		d := time.Since(at)
		at = time.Now()
		return float64(d.Microseconds()) / 1000
	}
	found, err := net.DefaultResolver.LookupHost(ctx, u.Hostname())
	p.NameMS = lap()
	if err != nil {
		p.Error = err.Error()
		return p
	}
	p.Address = strings.Join(found[:min(len(found), 2)], " ")
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", net.JoinHostPort(u.Hostname(), port))
	if err != nil {
		p.TCPMS, p.Error = 0, err.Error()
		return p
	}
	defer conn.Close()
	p.TCPMS = lap()
	if !secure {
		return p
	}
	conf = conf.Clone()
	if conf == nil {
		conf = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	conf.ServerName = u.Hostname()
	if err := tls.Client(conn, conf).HandshakeContext(ctx); err != nil {
		p.Error = err.Error()
		return p
	}
	p.TLSMS = lap()
	return p
}
