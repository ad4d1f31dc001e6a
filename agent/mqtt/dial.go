package mqtt

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// brokerURL reads one broker address. The port is 8883 with TLS and 1883 without.
func brokerURL(s string, conf *tls.Config) (*url.URL, error) {
	u, err := url.Parse(s)
	if err != nil {
		return nil, fmt.Errorf("mqtt: broker address: %w", err)
	}
	port := ""
	switch u.Scheme {
	case "tls", "mqtts", "ssl":
		if conf == nil {
			return nil, fmt.Errorf("mqtt: broker %s needs a CA certificate to check the broker by", s)
		}
		u.Scheme, port = "tls", "8883"
	case "tcp", "mqtt":
		u.Scheme, port = "tcp", "1883"
	default:
		return nil, fmt.Errorf("mqtt: broker %q: write tls://host:port or tcp://host:port", s)
	}
	if u.Hostname() == "" {
		return nil, fmt.Errorf("mqtt: broker %q names no host: write tls://host:port", s)
	}
	if u.RawQuery != "" && u.RawQuery != sparing {
		return nil, fmt.Errorf("mqtt: broker %q: after ? only %s is understood", s, sparing)
	}
	if u.Port() == "" {
		u.Host = net.JoinHostPort(u.Hostname(), port)
	}
	return u, nil
}

// dial opens the guarded connection. Proxies named in the environment are left
// alone, unlike in the library, which would follow ALL_PROXY without a word.
func (c *Client) dial(ctx context.Context, u *url.URL, filters *atomic.Int32) (*conn, error) {
	d := net.Dialer{
		KeepAlive: -1, // MQTT pings and TCP_USER_TIMEOUT do it
		Control: func(_, _ string, raw syscall.RawConn) error {
			var err error
			ms := int(c.t.user.Milliseconds())
			if e := raw.Control(func(fd uintptr) {
				err = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, ms)
			}); e != nil {
				return e
			}
			return err
		},
	}
	nc, err := d.DialContext(ctx, "tcp", u.Host)
	if err != nil {
		return nil, err
	}
	if u.Scheme == "tls" {
		conf := c.o.TLS.Clone()
		conf.Time = c.o.Clock
		if conf.ServerName == "" {
			conf.ServerName = u.Hostname()
		}
		secure := tls.Client(nc, conf)
		if err := secure.HandshakeContext(ctx); err != nil {
			nc.Close()
			return nil, err
		}
		nc = secure
	}
	return &conn{Conn: nc, writeTimeout: c.t.write, filters: filters}, nil
}

// diagnose names the condition behind a failed connection, with a sentence for
// whoever has to mend it.
func diagnose(u *url.URL, err error, now time.Time) (code string, told error) {
	var (
		authority x509.UnknownAuthorityError
		invalid   x509.CertificateInvalidError
		host      x509.HostnameError
		remote    *net.OpError
		refused   connack
	)
	switch {
	case errors.As(err, &authority):
		return CodeTLSCA, fmt.Errorf("mqtt: the certificate of broker %s is not signed by this box's CA: %w", u.Host, err)
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return CodeTLSExpired, fmt.Errorf("mqtt: the certificate of broker %s is not valid at %s by this box's clock: %w",
			u.Host, now.UTC().Format(time.RFC3339), err)
	case errors.As(err, &host):
		return CodeTLSName, fmt.Errorf("mqtt: the certificate of broker %s is for another host: %w", u.Host, err)
	case errors.As(err, &invalid):
		return CodeTLSCA, fmt.Errorf("mqtt: the certificate of broker %s cannot be used: %w", u.Host, err)
	case errors.As(err, &refused):
		return CodeRefused, fmt.Errorf("mqtt: broker %s refuses this device: %w", u.Host, err)
	case errors.As(err, &remote) && remote.Op == "remote error":
		// A TLS alert: with TLS 1.3 the broker's opinion of our certificate
		// comes only with the first read after the handshake.
		return CodeRefused, fmt.Errorf("mqtt: broker %s refuses this box's certificate: %w", u.Host, err)
	}
	return CodeUnreachable, fmt.Errorf("mqtt: broker %s cannot be reached: %w", u.Host, err)
}
