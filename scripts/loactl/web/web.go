// Package web reads how the pages of loactl serve are found by the public: web.toml in
// the folder of the authority.
package web

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"

	"github.com/pelletier/go-toml/v2"
)

// File is the name of the settings in an authority's folder.
const File = "web.toml"

// A Config is web.toml. Without one the pages have the authority's own certificate,
// which no stranger's browser knows.
type Config struct {
	URL         string   `toml:"url"`         // https://loa.example: stands on the labels and in feeds
	Certificate string   `toml:"certificate"` // PEM, with what leads to a root that browsers know
	Key         string   `toml:"key"`         // PEM
	Proxies     []string `toml:"proxies"`     // 127.0.0.1 or 10.0.0.0/24: machines of ours before the pages, whose X-Forwarded-For counts
	Frames      []string `toml:"frames"`      // origins whose pages may show the strip; none: any
}

// Load reads the settings in an authority's folder.
func Load(dir string) (Config, error) {
	name := filepath.Join(dir, File)
	data, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return Config{}, nil
	}
	if err != nil {
		return Config{}, err
	}
	c, err := Parse(data)
	if err != nil {
		return c, fmt.Errorf("%s: %w", name, err)
	}
	return c, nil
}

// Parse reads settings and says what is wrong with them.
func Parse(data []byte) (Config, error) {
	var c Config
	if err := toml.NewDecoder(bytes.NewReader(data)).DisallowUnknownFields().Decode(&c); err != nil {
		return c, err
	}
	if c.URL != "" && !origin(c.URL) {
		return c, fmt.Errorf("url: %q is no address such as https://loa.example", c.URL)
	}
	if (c.Certificate == "") != (c.Key == "") {
		return c, errors.New("certificate, key: one of them is missing")
	}
	for _, p := range c.Proxies {
		if _, err := prefix(p); err != nil {
			return c, fmt.Errorf("proxies: %q is no address such as 127.0.0.1 or 10.0.0.0/24", p)
		}
	}
	for _, f := range c.Frames {
		if !origin(f) {
			return c, fmt.Errorf("frames: %q is no origin such as https://xa.example", f)
		}
	}
	return c, nil
}

// Before are the addresses of Proxies.
func (c Config) Before() (all []netip.Prefix) {
	for _, p := range c.Proxies {
		if one, err := prefix(p); err == nil {
			all = append(all, one)
		}
	}
	return all
}

func prefix(s string) (netip.Prefix, error) {
	if ip, err := netip.ParseAddr(s); err == nil {
		return ip.Prefix(ip.BitLen())
	}
	return netip.ParsePrefix(s)
}

// origin reports whether s is scheme, host and perhaps port, and nothing else.
func origin(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.Scheme+"://"+u.Host == s
}

// Certify puts the certificate of the settings in the place of another, read anew for
// each connection: whatever renews it need not tell us.
func (c Config) Certify(conf *tls.Config) {
	if c.Certificate == "" {
		return
	}
	conf.Certificates = nil
	conf.GetCertificate = func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
		pair, err := tls.LoadX509KeyPair(c.Certificate, c.Key)
		return &pair, err
	}
}
