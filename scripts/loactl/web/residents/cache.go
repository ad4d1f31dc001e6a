package residents

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"sync"
	"time"

	"loa/scripts/loactl/web/look"
)

// fresh is how long an answer is given to everybody who asks the same: what sounds is
// told within a minute, and ten thousand readers cost what one costs.
const fresh = 5 * time.Second

// maxAnswers bounds what is remembered: places, times languages and filters.
const maxAnswers = 4096

// cache has ready answers by what was asked. The zero value is empty.
type cache struct {
	mu sync.Mutex
	by map[string]*answer
}

// An answer is made by one who asks while all others wait for it.
type answer struct {
	mu          sync.Mutex
	made        time.Time
	kind        string
	plain, tiny []byte
	tag         string
	err         error
}

// get is the answer to key, made anew when it is too old.
func (c *cache) get(key, kind string, now time.Time, make func() ([]byte, error)) *answer {
	c.mu.Lock()
	a := c.by[key]
	if a == nil {
		if c.by == nil || len(c.by) >= maxAnswers {
			c.by = map[string]*answer{}
		}
		a = new(answer)
		c.by[key] = a
	}
	c.mu.Unlock()
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.made.IsZero() && now.Sub(a.made).Abs() < fresh {
		return a.copy()
	}
	body, err := make()
	a.made, a.kind, a.err = now, kind, err
	if tag := tagOf(body); tag != a.tag || err != nil {
		a.plain, a.tiny, a.tag = body, look.Gzip(body), tag
	}
	return a.copy()
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
