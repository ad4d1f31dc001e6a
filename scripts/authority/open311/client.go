package open311

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

// A client speaks to one endpoint.
type client struct {
	c    Config
	http *http.Client
}

func newClient(c Config) (*client, error) {
	conf := &tls.Config{MinVersion: tls.VersionTLS12}
	if c.CAFile != "" {
		pem, err := os.ReadFile(c.CAFile)
		if err != nil {
			return nil, err
		}
		conf.RootCAs = x509.NewCertPool()
		if !conf.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s has no certificate", c.CAFile)
		}
	}
	return &client{c, &http.Client{
		Transport:     &http.Transport{Proxy: http.ProxyFromEnvironment, TLSClientConfig: conf, ForceAttemptHTTP2: true},
		Timeout:       30 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// A refusal is an answer that asking again does not change.
type refusal struct{ text string }

func (r *refusal) Error() string { return r.text }

// later is an error that passes, of a request that the endpoint has not taken.
type later struct{ text string }

func (l *later) Error() string { return l.text }

// mostAnswer is how much of an answer is read.
const mostAnswer = 256 << 10

// A given is what an endpoint has made of a request: one of both.
type given struct {
	ID    string `json:"service_request_id"`
	Token string `json:"token"`
}

// create hands a report over.
func (c *client) create(ctx context.Context, form url.Values) (given, error) {
	key, err := os.ReadFile(c.c.KeyFile)
	if err != nil {
		return given{}, err
	}
	form.Set("api_key", strings.TrimSpace(string(key)))
	if c.c.Jurisdiction != "" {
		form.Set("jurisdiction_id", c.c.Jurisdiction)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.at("requests.json", false), strings.NewReader(form.Encode()))
	if err != nil {
		return given{}, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	var all []given
	if err := c.do(r, &all); err != nil {
		return given{}, err
	}
	if len(all) != 1 || (all[0].ID == "") == (all[0].Token == "") {
		return given{}, &refusal{"an answer with neither service_request_id nor token"}
	}
	return all[0], nil
}

// number is what a token has become; empty: nothing yet.
func (c *client) number(ctx context.Context, token string) (string, error) {
	var all []given
	err := c.get(ctx, "tokens/"+url.PathEscape(token)+".json", &all)
	if err != nil || len(all) == 0 {
		return "", err
	}
	return all[0].ID, nil
}

// A status is how far a request is over there.
type status struct {
	ID     string `json:"service_request_id"`
	Status string `json:"status"` // open or closed
	Notes  string `json:"status_notes"`
}

func (c *client) status(ctx context.Context, id string) (status, error) {
	var all []status
	if err := c.get(ctx, "requests/"+url.PathEscape(id)+".json", &all); err != nil {
		return status{}, err
	}
	if len(all) != 1 || all[0].ID != id || all[0].Status != "open" && all[0].Status != "closed" {
		return status{}, &refusal{"an answer that is not about " + id}
	}
	return all[0], nil
}

func (c *client) at(path string, ask bool) string {
	at := strings.TrimSuffix(c.c.URL, "/") + "/" + path
	if ask && c.c.Jurisdiction != "" {
		at += "?jurisdiction_id=" + url.QueryEscape(c.c.Jurisdiction)
	}
	return at
}

func (c *client) get(ctx context.Context, path string, into any) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, c.at(path, true), nil)
	if err != nil {
		return err
	}
	return c.do(r, into)
}

// do asks, and tells an error in the endpoint's own words.
func (c *client) do(r *http.Request, into any) error {
	res, err := c.http.Do(r)
	if err != nil {
		var of *url.Error
		if errors.As(err, &of) {
			err = of.Err // its address is ours to know
		}
		var dial *net.OpError
		var stranger *tls.CertificateVerificationError
		if errors.As(err, &dial) && dial.Op == "dial" || errors.As(err, &stranger) {
			return &later{err.Error()}
		}
		return err
	}
	defer res.Body.Close()
	data, err := io.ReadAll(io.LimitReader(res.Body, mostAnswer))
	if err != nil {
		return err
	}
	if res.StatusCode/100 == 2 {
		if err := json.Unmarshal(data, into); err != nil {
			return &refusal{fmt.Sprintf("%s, and no JSON of GeoReport", res.Status)}
		}
		return nil
	}
	var all []struct {
		Description string `json:"description"`
	}
	text := res.Status
	if json.Unmarshal(data, &all) == nil && len(all) > 0 {
		text += ": " + clip(all[0].Description, 200)
	}
	if res.StatusCode == http.StatusTooManyRequests || res.StatusCode/100 == 5 {
		return &later{text}
	}
	return &refusal{text}
}

func clip(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}
