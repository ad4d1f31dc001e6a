package desk

import (
	"crypto/rand"
	"net/http"
	"sync"
	"time"
)

// How long somebody stays signed in: without doing anything, and at all.
const (
	idleFor   = 30 * time.Minute
	signedFor = 10 * time.Hour
)

// cookie carries a session's name. The prefix binds it to this host, to HTTPS and to /.
const cookie = "__Host-loa-desk"

// A session is somebody who has signed in.
type session struct {
	person string
	handle []byte // of the account by whose passkey it began
	cert   bool   // it began by a certificate, which every request has to show
	began  time.Time
	seen   time.Time
}

// sessions are kept in memory: whoever restarts the centre signs everybody out.
type sessions struct {
	mu  sync.Mutex
	all map[string]session // by the name in the cookie
}

// begin signs a person in, as of says, under a name that nobody had before.
func (s *sessions) begin(w http.ResponseWriter, of session, now time.Time) {
	id := rand.Text()
	s.mu.Lock()
	if s.all == nil {
		s.all = make(map[string]session)
	}
	for old, o := range s.all {
		if o.over(now) {
			delete(s.all, old)
		}
	}
	of.began, of.seen = now, now
	s.all[id] = of
	s.mu.Unlock()
	http.SetCookie(w, &http.Cookie{Name: cookie, Value: id, Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteStrictMode, MaxAge: int(signedFor.Seconds())})
}

// of is who a request comes from.
func (s *sessions) of(r *http.Request, now time.Time) (of session, ok bool) {
	c, err := r.Cookie(cookie)
	if err != nil {
		return session{}, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	o, ok := s.all[c.Value]
	if !ok || o.over(now) {
		delete(s.all, c.Value)
		return session{}, false
	}
	o.seen = now
	s.all[c.Value] = o
	return o, true
}

// end signs out.
func (s *sessions) end(w http.ResponseWriter, r *http.Request) {
	if c, err := r.Cookie(cookie); err == nil {
		s.mu.Lock()
		delete(s.all, c.Value)
		s.mu.Unlock()
	}
	http.SetCookie(w, &http.Cookie{Name: cookie, Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteStrictMode, MaxAge: -1})
}

func (o session) over(now time.Time) bool {
	return now.Sub(o.seen) > idleFor || now.Sub(o.began) > signedFor
}
