package cap

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"loa/scripts/authority/durable"
)

// Every is how often a Watch looks.
const Every = time.Minute

const (
	lastTry     = 30 * time.Minute // between two tries at a feed that does not answer
	maxFiles    = 200              // of a folder, in one round
	maxSeen     = 5000             // entries and files that are known by each source
	stillGrows  = 2 * time.Second  // a file that is younger may not be whole
	sourcesFile = "sources.json"
)

// Opts are what a Watch works with.
type Opts struct {
	Desk *Desk
	// Came is told of each message that was taken or refused, once; from is its file or
	// its address.
	Came func(from string, p Proposal, err error)
	// Trouble is told when a source cannot be read, and with nil when it can again.
	Trouble func(source string, err error)
	// Transport is for tests; nil: HTTPS with the CA of each sender.
	Transport http.RoundTripper
}

// A Watch brings new messages from a folder and from feeds to a desk.
type Watch struct {
	o Opts

	sources map[string]*source // by folder or feed
}

// A source is what is remembered of a folder or a feed, so that each message comes once,
// also after a restart.
type source struct {
	ETag     string   `json:"etag,omitempty"`
	Modified string   `json:"last_modified,omitempty"`
	Seen     []string `json:"seen,omitempty"` // the oldest first

	broken bool
	wait   time.Duration
	again  time.Time
	tries  map[string]int // at what could not be had yet
}

func (s *source) seen(key string) bool { return slices.Contains(s.Seen, key) }

func (s *source) see(key string) {
	s.Seen = append(s.Seen, key)
	if n := len(s.Seen) - maxSeen; n > 0 {
		s.Seen = slices.Delete(s.Seen, 0, n)
	}
}

// NewWatch makes a Watch. Nothing is read before Run or Once.
func NewWatch(o Opts) *Watch {
	return &Watch{o: o}
}

// Run looks until ctx ends.
func (w *Watch) Run(ctx context.Context) error {
	tick := time.NewTicker(Every)
	defer tick.Stop()
	for {
		w.round(ctx, false)
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// Once looks into everything now, and says what could not be read.
func (w *Watch) Once(ctx context.Context) []error { return w.round(ctx, true) }

func (w *Watch) round(ctx context.Context, anyway bool) (failed []error) {
	if w.sources == nil {
		w.sources = w.recall()
	}
	now := w.o.Desk.Now()
	look := func(name string, f func(context.Context, *source) error) {
		s := w.sources[name]
		if s == nil {
			s = new(source)
			w.sources[name] = s
		}
		if s.tries == nil {
			s.tries = make(map[string]int)
		}
		if !anyway && now.Before(s.again) {
			return
		}
		err := f(ctx, s)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			s.wait = min(max(Every, 2*s.wait), lastTry)
			s.again = now.Add(s.wait)
			failed = append(failed, fmt.Errorf("%s: %w", name, err))
		} else {
			s.wait, s.again = 0, time.Time{}
		}
		if (err != nil) != s.broken {
			s.broken = err != nil
			w.o.Trouble(name, err)
		}
	}
	if w.o.Desk.List.Folder != "" {
		look(w.o.Desk.List.Folder, w.folder)
	}
	for _, s := range w.o.Desk.List.Senders {
		if s.Feed != "" {
			look(s.Feed, func(ctx context.Context, src *source) error { return w.feed(ctx, s, src) })
		}
	}
	if err := errors.Join(w.keep(), w.o.Desk.Sweep()); err != nil {
		failed = append(failed, err)
	}
	return failed
}

// folder takes new files. They stay where they are: whoever puts them there clears up.
func (w *Watch) folder(_ context.Context, s *source) error {
	names, err := os.ReadDir(w.o.Desk.List.Folder)
	if err != nil {
		return err
	}
	n := 0
	for _, f := range names {
		info, err := f.Info()
		if err != nil || !info.Mode().IsRegular() || !strings.HasSuffix(f.Name(), ".xml") || n == maxFiles {
			continue
		}
		if age := w.o.Desk.Now().Sub(info.ModTime()); age >= 0 && age < stillGrows {
			continue
		}
		key := fmt.Sprint(f.Name(), " ", info.Size(), " ", info.ModTime().UnixNano())
		if s.seen(key) {
			continue
		}
		n++
		file := filepath.Join(w.o.Desk.List.Folder, f.Name())
		raw, err := readFile(file)
		if err != nil {
			return err
		}
		if err := w.take(file, raw); err != nil {
			return err
		}
		s.see(key)
	}
	return nil
}

func readFile(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return atMost(f, MaxBytes+1)
}

// take hands a message to the desk. An error is one that may pass: the disk, or a clock
// that is behind the sender's.
func (w *Watch) take(from string, raw []byte) error {
	p, err := w.o.Desk.Take(raw)
	var own *Error
	switch {
	case p.Known: // also when it has been replaced since
	case err != nil && (!errors.As(err, &own) || own.Code == CodeNotYet || own.Code == codeStorage):
		return err
	default:
		w.o.Came(from, p, err)
	}
	return nil
}

func (w *Watch) file() string { return filepath.Join(w.o.Desk.Dir, sourcesFile) }

// recall reads what was remembered. What is damaged is forgotten: messages that come
// again are known by themselves.
func (w *Watch) recall() map[string]*source {
	sources := make(map[string]*source)
	data, err := os.ReadFile(w.file())
	if err != nil || json.Unmarshal(data, &sources) != nil {
		return make(map[string]*source)
	}
	for name, s := range sources {
		if s == nil {
			delete(sources, name)
		}
	}
	return sources
}

func (w *Watch) keep() error {
	for name := range w.sources {
		if name != w.o.Desk.List.Folder && !slices.ContainsFunc(w.o.Desk.List.Senders, func(s Sender) bool { return s.Feed == name }) {
			delete(w.sources, name)
		}
	}
	data, err := json.MarshalIndent(w.sources, "", " ")
	if err != nil {
		return err
	}
	if old, err := os.ReadFile(w.file()); err == nil && bytes.Equal(old, data) {
		return nil
	}
	return durable.Write(w.file(), data)
}

// short is a key of a fixed length.
func short(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:12])
}
