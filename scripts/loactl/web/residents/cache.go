package residents

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	"loa/scripts/authority/said"
	"loa/scripts/loactl/web/look"
)

// fresh is how long an answer is given to everybody who asks the same: what sounds is
// told within a minute, and ten thousand readers cost what one costs.
const fresh = 5 * time.Second

// What is remembered is bounded, in answers (places, times languages and filters) and in
// the bytes of their bodies: a province's feed with filters is 100 times a quiet commune's.
const (
	maxAnswers = 4096
	maxBytes   = 32 << 20
)

// books has what was last told of each place, so that all that is made of it says the
// same. Places that there are bound it. The zero value is empty.
type books struct {
	mu sync.Mutex
	by map[where]*told
}

// where is a place, with or without those below it.
type where struct {
	place string
	below bool
}

// A told is what the book said of a place, which one asks for while all others wait.
type told struct {
	said.Told
	Version string // changes with anything in it

	mu   sync.Mutex
	made time.Time
	err  error
}

// get is what was told of a place, asked for anew by ask when that is too long ago.
func (b *books) get(at where, now time.Time, ask func(place string, below bool) (said.Told, error)) (*told, error) {
	b.mu.Lock()
	t := b.by[at]
	if t == nil {
		if b.by == nil {
			b.by = make(map[where]*told)
		}
		t = new(told)
		b.by[at] = t
	}
	b.mu.Unlock()
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.made.IsZero() || now.Sub(t.made).Abs() >= fresh {
		t.made = now
		if t.Told, t.err = ask(at.place, at.below); t.err == nil {
			t.Version, t.err = versionOf(t.Told)
		}
		if errors.Is(t.err, errNone) {
			b.mu.Lock()
			delete(b.by, at)
			b.mu.Unlock()
		}
	}
	return &told{Told: t.Told, Version: t.Version}, t.err
}

func versionOf(t said.Told) (string, error) {
	whole, err := json.Marshal(t)
	return strings.Trim(tagOf(whole), `"`), err
}

// cache has ready answers by what was asked. The zero value is empty.
type cache struct {
	mu    sync.Mutex
	by    map[string]*answer
	bytes int // of all bodies in by
}

// An answer is made by one who asks while all others wait for it.
type answer struct {
	mu          sync.Mutex
	made        time.Time
	of          string // the version of what it was made of
	kind        string
	plain, tiny []byte
	tag         string
	err         error

	held int // bytes of it that the cache counts; under the cache's lock
}

// get is the answer to key, made anew when it is too old, or of something else. Without
// a key it is made for this one who asks.
func (c *cache) get(key, of, kind string, now time.Time, make func() ([]byte, error)) *answer {
	a := c.of(key)
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.made.IsZero() && a.of == of && now.Sub(a.made).Abs() < fresh {
		return a.copy()
	}
	body, err := make()
	a.made, a.of, a.kind, a.err = now, of, kind, err
	if tag := tagOf(body); tag != a.tag || err != nil {
		a.plain, a.tiny, a.tag = body, look.Gzip(body), tag
	}
	c.count(key, a)
	return a.copy()
}

// count counts what an answer holds now, and makes room if that is too much.
func (c *cache) count(key string, a *answer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.by[key] != a { // it had no key, or was put out while it was made
		return
	}
	if errors.Is(a.err, errNone) { // there are endless names of what there is not
		c.drop(key)
		return
	}
	size := len(a.plain) + len(a.tiny)
	c.bytes += size - a.held
	a.held = size
	for one := range c.by {
		if c.bytes <= maxBytes {
			return
		}
		c.drop(one)
	}
}

// drop forgets an answer: it is made again when somebody asks. The caller holds the lock.
func (c *cache) drop(key string) {
	c.bytes -= c.by[key].held
	delete(c.by, key)
}

// of is where the answer to key is, or is to be.
func (c *cache) of(key string) *answer {
	if key == "" {
		return new(answer)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	a := c.by[key]
	if a != nil {
		return a
	}
	if c.by == nil {
		c.by = make(map[string]*answer)
	}
	if len(c.by) >= maxAnswers {
		for one := range c.by { // any of them
			c.drop(one)
			break
		}
	}
	a = new(answer)
	c.by[key] = a
	return a
}

// copy is what has been made; bodies are never changed in place.
func (a *answer) copy() *answer {
	return &answer{made: a.made, kind: a.kind, plain: a.plain, tiny: a.tiny, tag: a.tag, err: a.err}
}

func tagOf(body []byte) string {
	sum := sha256.Sum256(body)
	return `"` + hex.EncodeToString(sum[:12]) + `"`
}

// send writes an answer, or only that it is still the one that the reader has.
func (a *answer) send(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "public, max-age=5")
	h.Set("ETag", a.tag)
	if strings.Contains(r.Header.Get("If-None-Match"), a.tag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	look.Send(w, r, a.kind, a.plain, a.tiny)
}
