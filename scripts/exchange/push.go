package exchange

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"loa/scripts/authority/durable"
	"loa/scripts/bilingual"
)

// A Given is what the other side is known to have: by entity and key the hash of what was
// sent to it; of what grows the highest number, by what stands before it.
type Given struct {
	Profile string                       `json:"profile"` // hash of the mapping; another one sends all anew
	Hashes  map[string]map[string]string `json:"hashes"`
}

// Recall reads what is remembered in a file.
func Recall(file string) (Given, error) {
	var g Given
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return g, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &g)
	}
	if err != nil {
		return g, fmt.Errorf("%s: %w", file, err)
	}
	return g, nil
}

// A Result is what became of one entity.
type Result struct {
	Entity  string   `json:"entity"`
	All     int      `json:"all"`
	Sent    int      `json:"sent"`
	Known   int      `json:"known"` // the other side has it
	Left    int      `json:"left_out,omitempty"`
	Refused []string `json:"refused,omitempty"` // what could not be put into their form, or was not taken
}

// mostRefused bounds what is told of one entity.
const mostRefused = 20

// A Sender hands records over.
type Sender struct {
	p      Profile
	file   string // what it remembers
	client *http.Client
	wait   func(context.Context, time.Duration) error
}

// NewSender makes one that remembers in file.
func NewSender(p Profile, file string) (*Sender, error) {
	conf := &tls.Config{MinVersion: tls.VersionTLS12}
	if p.CAFile != "" {
		pem, err := os.ReadFile(p.CAFile)
		if err != nil {
			return nil, err
		}
		conf.RootCAs = x509.NewCertPool()
		if !conf.RootCAs.AppendCertsFromPEM(pem) {
			return nil, bilingual.Wrong("trong %s không có chứng thư nào", "%s has no certificate", p.CAFile)
		}
	}
	return &Sender{p: p, file: file, wait: sleep, client: &http.Client{
		Transport:     &http.Transport{Proxy: http.ProxyFromEnvironment, TLSClientConfig: conf, ForceAttemptHTTP2: true},
		Timeout:       time.Minute,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// Push sends what the other side does not have. A record that cannot be put into its form
// is told and passed over; a request that fails ends it, with what went before kept.
func (s *Sender) Push(ctx context.Context, all map[string][]Record) (results []Result, err error) {
	given, err := Recall(s.file)
	if err != nil {
		return nil, err
	}
	if now := s.p.Hash(); given.Profile != now || given.Hashes == nil {
		given = Given{now, make(map[string]map[string]string)}
	}
	token, err := os.ReadFile(s.p.TokenFile)
	if err != nil {
		return nil, err
	}
	for _, m := range s.p.Entities {
		r, err := s.push(ctx, m, all[m.Entity], given, strings.TrimSpace(string(token)))
		results = append(results, r)
		if err != nil {
			return results, fmt.Errorf("%s: %w", m.Entity, err)
		}
	}
	return results, nil
}

func (s *Sender) push(ctx context.Context, m Mapping, records []Record, given Given, token string) (Result, error) {
	e, _ := Known(m.Entity)
	r := Result{Entity: m.Entity, All: len(records)}
	known := given.Hashes[m.Entity]
	if known == nil {
		known = make(map[string]string)
		given.Hashes[m.Entity] = known
	}
	var batch []json.RawMessage
	sums := make(map[string]string)
	var keys []string
	// give sends some, and remembers that.
	give := func(from, to int) error {
		body, err := m.body(s.p, batch[from:to])
		if err == nil {
			err = s.post(ctx, m.Path, body, token)
		}
		if err != nil {
			return err
		}
		for _, key := range keys[from:to] {
			known[e.at(key)] = sums[key]
		}
		r.Sent += to - from
		return nil
	}
	flush := func() error {
		if len(batch) == 0 {
			return nil
		}
		err := give(0, len(batch))
		var no *refusal
		if errors.As(err, &no) && len(batch) > 1 && no.one {
			// One of them is not to their liking: that is left out, and not all after it.
			err = nil
			for i := range batch {
				one := give(i, i+1)
				if !errors.As(one, &no) {
					err = errors.Join(err, one)
				} else if len(r.Refused) < mostRefused {
					r.Refused = append(r.Refused, keys[i]+": "+no.text)
				}
				if err != nil {
					break
				}
			}
		} else if errors.As(err, &no) && no.one {
			err = nil
			if len(r.Refused) < mostRefused {
				r.Refused = append(r.Refused, keys[0]+": "+no.text)
			}
		}
		if err != nil {
			if errors.As(err, &no) && len(r.Refused) < mostRefused {
				r.Refused = append(r.Refused, no.text)
			}
			return err
		}
		batch, keys, sums = nil, nil, make(map[string]string)
		data, err := json.Marshal(given)
		if err != nil {
			return err
		}
		return durable.Write(s.file, data)
	}
	for _, record := range records {
		key, _ := record[e.Fields[0].Name].(string)
		line, err := m.Map(record)
		switch {
		case err != nil:
			if len(r.Refused) < mostRefused {
				r.Refused = append(r.Refused, err.Error())
			}
			continue
		case line == nil:
			r.Left++
			continue
		}
		at, hash := e.mark(key, line)
		if e.has(known[at], hash) {
			r.Known++
			continue
		}
		batch, keys, sums[key] = append(batch, line), append(keys, key), hash
		if len(batch) == s.p.Batch {
			if err := flush(); err != nil {
				return r, err
			}
		}
	}
	return r, flush()
}

// mark is under which key it is remembered that a record was sent, and as what.
func (e Entity) mark(key string, line []byte) (at, as string) {
	if e.Grows {
		n := strings.LastIndexByte(key, ':')
		return key[:max(n, 0)], key[n+1:]
	}
	sum := sha256.Sum256(line)
	return key, hex.EncodeToString(sum[:12])
}

// at is under which key it is remembered that a record was sent.
func (e Entity) at(key string) string {
	at, _ := e.mark(key, nil)
	return at
}

// has reports whether what is remembered says that a record was sent.
func (e Entity) has(known, as string) bool {
	if !e.Grows {
		return known == as
	}
	last, err1 := strconv.ParseInt(known, 10, 64)
	n, err2 := strconv.ParseInt(as, 10, 64)
	return err1 == nil && err2 == nil && n <= last
}

// Last is the highest number that the other side has of what grows, before which stands
// that; 0: none.
func (g Given) Last(entity, before string) int64 {
	n, _ := strconv.ParseInt(g.Hashes[entity][before], 10, 64)
	return n
}

// Hash is that of all that decides what a record looks like over there.
func (p Profile) Hash() string {
	data, _ := json.Marshal([]any{p.URL, p.Sender, p.Entities})
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:12])
}

// body is one request.
func (m Mapping) body(p Profile, batch []json.RawMessage) ([]byte, error) {
	if m.Wrap == "" {
		return json.Marshal(batch)
	}
	whole := map[string]any{m.Wrap: batch}
	if m.Sent != "" {
		whole[m.Sent] = p.Sender
	}
	return json.Marshal(whole)
}

// A refusal is an answer that asking again does not change; one: it is about what was sent,
// and not about who sends or where.
type refusal struct {
	text string
	one  bool
}

func (r *refusal) Error() string { return r.text }

const (
	tries      = 4
	firstWait  = 2 * time.Second
	mostAnswer = 4 << 10
)

// post sends one request, again where that may help.
func (s *Sender) post(ctx context.Context, path string, body []byte, token string) (err error) {
	for i := range tries {
		if i > 0 {
			if err := s.wait(ctx, firstWait<<(i-1)); err != nil {
				return err
			}
		}
		var again bool
		if again, err = s.once(ctx, path, body, token); err == nil || !again {
			return err
		}
	}
	return err
}

func (s *Sender) once(ctx context.Context, path string, body []byte, token string) (again bool, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(s.p.URL, "/")+path, bytes.NewReader(body))
	if err != nil {
		return false, err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+token)
	res, err := s.client.Do(r)
	if err != nil {
		var of *url.Error
		if errors.As(err, &of) {
			err = of.Err
		}
		return true, err
	}
	defer res.Body.Close()
	said, _ := io.ReadAll(io.LimitReader(res.Body, mostAnswer))
	switch {
	case res.StatusCode/100 == 2:
		return false, nil
	case res.StatusCode == http.StatusTooManyRequests, res.StatusCode/100 == 5:
		return true, fmt.Errorf("%s", res.Status)
	}
	one := res.StatusCode == http.StatusBadRequest || res.StatusCode == http.StatusConflict || res.StatusCode == http.StatusUnprocessableEntity
	return false, &refusal{fmt.Sprintf("%s: %s", res.Status, strings.Map(printable, string(said))), one}
}

func printable(r rune) rune {
	if r < ' ' {
		return ' '
	}
	return r
}
