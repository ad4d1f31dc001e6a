package channel

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"loa/scripts/bilingual"
)

// A failure is what a service answered, or that it did not. Passes says that the same may
// go out later; wait that it is not to be asked before.
type failure struct {
	text   string
	passes bool
	wait   time.Duration
}

func (f *failure) Error() string { return f.text }

// passes reports an error that may pass, and how long it is to be waited at least. What
// nobody has classified may: a cable, a name server, a modem that searches.
func passes(err error) (may bool, wait time.Duration) {
	var f *failure
	var own *bilingual.Error
	switch {
	case err == nil, errors.As(err, &own):
		return false, 0
	case errors.As(err, &f):
		return f.passes, f.wait
	}
	return true, 0
}

// Open makes the way of a channel. Nothing is asked of its service yet.
func Open(c Channel) (Way, error) {
	if c.Kind == Modem {
		return &modemWay{c, make(chan struct{}, 1)}, nil
	}
	s, err := newService(c)
	if err != nil {
		return nil, err
	}
	switch c.Kind {
	case ESMS:
		return &esmsWay{s}, nil
	case Telegram:
		return &telegramWay{s}, nil
	case Zalo:
		return &zaloWay{service: s}, nil
	case Facebook:
		return &facebookWay{s}, nil
	}
	return nil, bilingual.Wrong("không có loại kênh %q", "there is no kind of channel %q", c.Kind)
}

// A service is one that is spoken to over HTTPS.
type service struct {
	c      Channel
	client *http.Client
}

func newService(c Channel) (service, error) {
	conf := &tls.Config{MinVersion: tls.VersionTLS12}
	if c.CAFile != "" {
		pem, err := os.ReadFile(c.CAFile)
		if err != nil {
			return service{}, err
		}
		conf.RootCAs = x509.NewCertPool()
		if !conf.RootCAs.AppendCertsFromPEM(pem) {
			return service{}, bilingual.Wrong("trong %s không có chứng thư nào", "%s has no certificate", c.CAFile)
		}
	}
	return service{c, &http.Client{
		Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, TLSClientConfig: conf, IdleConnTimeout: time.Minute, ForceAttemptHTTP2: true},
		Timeout:   20 * time.Second,
		// A service that sends us elsewhere gets neither our words nor our token there.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// mostAnswer is how much of an answer is read.
const mostAnswer = 64 << 10

// ask posts a body and reads the JSON that is answered. The texts of its errors hold no
// address, because a token may be part of one.
func (s service) ask(ctx context.Context, address, kind string, body []byte, header map[string]string, into any) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return &failure{text: "the address cannot be used"}
	}
	r.Header.Set("Content-Type", kind)
	for k, v := range header {
		r.Header.Set(k, v)
	}
	res, err := s.client.Do(r)
	if err != nil {
		var of *url.Error
		if errors.As(err, &of) {
			err = of.Err
		}
		return &failure{text: err.Error(), passes: true}
	}
	defer res.Body.Close()
	data, err := io.ReadAll(io.LimitReader(res.Body, mostAnswer))
	if err != nil {
		return &failure{text: "the answer was cut off", passes: true}
	}
	if err := json.Unmarshal(data, into); err != nil {
		return &failure{text: fmt.Sprintf("%s, and no JSON", res.Status), passes: res.StatusCode >= 500 || res.StatusCode == http.StatusTooManyRequests}
	}
	return nil
}

func (s service) askJSON(ctx context.Context, address string, body any, header map[string]string, into any) error {
	data, err := json.Marshal(body)
	if err != nil {
		return err
	}
	return s.ask(ctx, address, "application/json", data, header, into)
}

func (s service) askForm(ctx context.Context, address string, body url.Values, header map[string]string, into any) error {
	return s.ask(ctx, address, "application/x-www-form-urlencoded", []byte(body.Encode()), header, into)
}

// secret is what a file holds, without white space around it. It is read each time, so
// that a new token needs no restart.
func secret(file string) (string, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	text := strings.TrimSpace(string(data))
	if text == "" {
		return "", bilingual.Wrong("%s trống", "%s is empty", file)
	}
	return text, nil
}

// whole is a post as one text of so many letters at most.
func whole(p Post, place string, most int) string {
	text := p.Head(place)
	if body := p.Body(); body != "" {
		text += "\n\n" + body
	}
	return Short(text, most)
}
