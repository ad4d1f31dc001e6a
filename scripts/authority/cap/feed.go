package cap

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

const (
	maxFeed    = 2 << 20
	maxEntries = 500              // of a feed that are looked at
	maxFetched = 50               // messages in one round; the rest comes with the next
	maxTries   = 30               // at one message, half an hour
	fetchTime  = 20 * time.Second // for one of them
)

// An atom feed, RFC 4287, as far as it matters here. What it says is not believed: it
// only says where messages are, or has them in itself, and those are signed.
type atom struct {
	XMLName xml.Name    `xml:"http://www.w3.org/2005/Atom feed"`
	Entries []atomEntry `xml:"entry"`
}

type atomEntry struct {
	ID      string     `xml:"id"`
	Updated string     `xml:"updated"`
	Links   []atomLink `xml:"link"`
	Content atomInline `xml:"content"`
}

// An atomInline is what an entry has in itself.
type atomInline struct {
	Type  string `xml:"type,attr"`
	Inner []byte `xml:",innerxml"`
}

type atomLink struct {
	Rel  string `xml:"rel,attr"`
	Type string `xml:"type,attr"`
	Href string `xml:"href,attr"`
}

// read takes a feed apart. encoding/xml looks no entity up; a DTD before it is refused all
// the same. What an entry has in itself is judged by itself.
func (a *atom) read(raw []byte) error {
	d := xml.NewDecoder(bytes.NewReader(raw))
	for {
		t, err := d.RawToken()
		if _, root := t.(xml.StartElement); root || err != nil {
			break // what is wrong is said below
		}
		if _, dtd := t.(xml.Directive); dtd {
			return refuse(CodeMalformed, "nguồn có DOCTYPE", "the feed has a DOCTYPE")
		}
	}
	if err := xml.Unmarshal(raw, a); err != nil {
		return refuse(CodeMalformed, "nguồn không phải Atom: %v", "the feed is no Atom: %v", err)
	}
	return nil
}

// feed takes the messages of a sender's feed that are new.
func (w *Watch) feed(ctx context.Context, s Sender, src *source) error {
	client, err := w.client(s)
	if err != nil {
		return err
	}
	raw, head, err := get(ctx, client, s.Feed, maxFeed, src)
	if err != nil || raw == nil {
		return err
	}
	var a atom
	if err := a.read(raw); err != nil {
		return err
	}
	base, err := url.Parse(s.Feed)
	if err != nil {
		return err
	}
	fetched, whole := 0, true
	for _, e := range a.Entries[:min(len(a.Entries), maxEntries)] {
		key := short(e.ID + "\x00" + e.Updated)
		if src.seen(key) {
			continue
		}
		if fetched++; fetched > maxFetched {
			whole = false
			break
		}
		link, raw, final, err := e.message(ctx, client, base)
		if err == nil {
			err = w.take(cmp.Or(link, s.Feed), raw)
		}
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			// One that cannot be had is tried again, and holds up none that comes after it.
			if src.tries[key]++; !final && src.tries[key] < maxTries {
				whole = false
				continue
			}
			w.o.Came(cmp.Or(link, s.Feed), Proposal{}, err)
		}
		delete(src.tries, key)
		src.see(key)
	}
	if whole { // else the feed has to come again
		src.ETag, src.Modified = head.Get("ETag"), head.Get("Last-Modified")
	}
	return nil
}

// message is an entry's message, and where it was if the entry only leads to it; final: it
// cannot be had however often one asks. Of an entry that has it in itself not a byte is
// changed, so that what was signed is what is read: a prefix that only the feed declares is
// unknown there, which is told as malformed.
func (e atomEntry) message(ctx context.Context, client *http.Client, base *url.URL) (link string, raw []byte, final bool, err error) {
	switch kind, _, _ := strings.Cut(e.Content.Type, ";"); strings.ToLower(strings.TrimSpace(kind)) {
	case "application/cap+xml", "application/xml", "text/xml":
		if raw = bytes.TrimSpace(e.Content.Inner); len(raw) > 0 {
			return "", raw, false, nil
		}
	}
	if link, err = e.link(base); err != nil {
		return "", nil, true, err
	}
	raw, _, err = get(ctx, client, link, MaxBytes, nil)
	return link, raw, false, err
}

// link is where an entry's message is: at the server of the feed, and nowhere else.
func (e atomEntry) link(base *url.URL) (string, error) {
	best := ""
	for _, l := range e.Links {
		if l.Type == "application/cap+xml" {
			best = l.Href
			break
		}
		if best == "" && (l.Rel == "" || l.Rel == "alternate" || l.Rel == "enclosure") {
			best = l.Href
		}
	}
	u, err := base.Parse(strings.TrimSpace(best))
	if best == "" || err != nil || u.Scheme != "https" || u.Host != base.Host || u.User != nil {
		return "", refuse(CodeReference, "mục %s không có liên kết https tới %s", "the entry %s has no https link to %s", clip(e.ID), base.Host)
	}
	return u.String(), nil
}

// client speaks HTTPS with a sender's server.
func (w *Watch) client(s Sender) (*http.Client, error) {
	c := &http.Client{Transport: w.o.Transport, Timeout: fetchTime, CheckRedirect: func(r *http.Request, via []*http.Request) error {
		if len(via) > 3 || r.URL.Scheme != "https" || r.URL.Host != via[0].URL.Host {
			return errors.New("it leads elsewhere")
		}
		return nil
	}}
	if w.o.Transport != nil {
		return c, nil
	}
	conf := &tls.Config{MinVersion: tls.VersionTLS12}
	if s.FeedCA != "" {
		pem, err := os.ReadFile(s.FeedCA)
		if err != nil {
			return nil, err
		}
		conf.RootCAs = x509.NewCertPool()
		if !conf.RootCAs.AppendCertsFromPEM(pem) {
			return nil, listed("%s: không có chứng thư", "%s: there is no certificate in it", s.FeedCA)
		}
	}
	c.Transport = &http.Transport{Proxy: http.ProxyFromEnvironment, TLSClientConfig: conf, DisableKeepAlives: true, MaxResponseHeaderBytes: 32 << 10}
	return c, nil
}

// get fetches an address; src says what of it is known already, and then raw is nil when
// it has not changed.
func get(ctx context.Context, client *http.Client, address string, most int64, src *source) (raw []byte, head http.Header, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, nil, err
	}
	if src != nil && src.ETag != "" {
		r.Header.Set("If-None-Match", src.ETag)
	}
	if src != nil && src.Modified != "" {
		r.Header.Set("If-Modified-Since", src.Modified)
	}
	resp, err := client.Do(r)
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	if src != nil && resp.StatusCode == http.StatusNotModified {
		return nil, resp.Header, nil
	}
	if resp.StatusCode != http.StatusOK {
		return nil, nil, fmt.Errorf("%s: %s", address, resp.Status)
	}
	raw, err = atMost(resp.Body, most+1)
	if err == nil && int64(len(raw)) > most && src != nil {
		err = refuse(CodeTooLarge, "nguồn dài hơn %d byte", "the feed is longer than %d bytes", most)
	}
	return raw, resp.Header, err
}

func atMost(r io.Reader, most int64) ([]byte, error) { return io.ReadAll(io.LimitReader(r, most)) }
