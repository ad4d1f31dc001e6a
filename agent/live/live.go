// Package live makes sound of what a person says now: signed packets that come one
// by one, some late, some never, some forged.
//
// A session is listened to from when its act has the speaker until it is over. What
// comes for any other session is thrown away unlooked at, so that forged packets cost
// a box in silence nothing; while one sounds the signatures that are verified are
// rationed.
package live

import (
	"fmt"
	"sync"
	"time"

	"loa/agent/decode"
	"loa/agent/message"
	"loa/agent/plan"
	"loa/agent/sound"
	"loa/agent/trust"
)

// judge is what the room asks of trust.
type judge interface {
	JudgeLive(topic string, raw []byte, now time.Time, may func() bool) (message.LivePacket, trust.Verdict)
	Commit(trust.Verdict)
}

// Opts are what a room works with.
type Opts struct {
	Trust judge
	Now   func() time.Time // the box's clock, by which acts end
	// Refused is told of packets that were refused, at most once a minute for each
	// code: what was wrong with one of the n.
	Refused func(code plan.Code, topic, why string, n int)
}

// A Room has the sessions that are listened to. Make one with [New].
type Room struct {
	o Opts

	mu       sync.Mutex
	sessions map[string]*session // by topic
	ration   ration
	counts   map[plan.Code]*count
}

// A session is one talk, while it sounds and while something else does.
type session struct {
	mu      sync.Mutex
	buffer  buffer
	refused int
	sounds  bool
	left    time.Time // when it lost the speaker
}

type count struct {
	n    int
	told time.Time
}

// New makes a room in which nobody speaks.
func New(o Opts) *Room {
	return &Room{o: o, sessions: make(map[string]*session), counts: make(map[plan.Code]*count)}
}

// mostSessions is how many talks are remembered after they lost the speaker.
const mostSessions = 4

// Receive takes what came on a topic of live talk.
func (r *Room) Receive(topic string, raw []byte) {
	now := time.Now()
	r.mu.Lock()
	s := r.sessions[topic]
	r.mu.Unlock()
	may := func() bool { return false }
	if s != nil {
		may = func() bool {
			r.mu.Lock()
			defer r.mu.Unlock()
			return r.ration.spend(now)
		}
	}
	p, v := r.o.Trust.JudgeLive(topic, raw, r.o.Now(), may)
	switch {
	case v.Accepted() && s != nil:
		r.o.Trust.Commit(v)
		s.mu.Lock()
		s.buffer.push(p, now)
		s.mu.Unlock()
	case s == nil && (v.Accepted() || v.Code == plan.Signature):
		// A talk that was refused, or waits for an alarm to end: nobody listens.
	default:
		if s != nil {
			s.mu.Lock()
			s.refused++
			s.mu.Unlock()
		}
		r.count(v, topic, now)
	}
}

// count tells of refusals, not of each.
func (r *Room) count(v trust.Verdict, topic string, now time.Time) {
	r.mu.Lock()
	c := r.counts[v.Code]
	if c == nil {
		c = new(count)
		r.counts[v.Code] = c
	}
	c.n++
	n := c.n
	if !c.told.IsZero() && now.Sub(c.told) < time.Minute {
		r.mu.Unlock()
		return
	}
	c.n, c.told = 0, now
	r.mu.Unlock()
	why := ""
	if v.Err != nil {
		why = v.Err.Error()
	}
	r.o.Refused(v.Code, topic, why, n)
}

// Open listens to a talk, from its beginning or again after something else had the
// speaker.
func (r *Room) Open(t plan.Talk) (*Source, error) {
	dec, err := decode.NewTalk()
	if err != nil {
		return nil, fmt.Errorf("cannot decode live talk: %w", err)
	}
	topic := message.LiveTopic(t.Place, t.Session).String()
	now := time.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.sessions[topic]
	if s == nil {
		r.forget()
		s = &session{buffer: newBuffer(now)}
		r.sessions[topic] = s
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.buffer.comeBack()
	s.sounds = true
	return &Source{s: s, dec: dec}, nil
}

// forget makes room: those that lost the speaker longest ago go first.
func (r *Room) forget() {
	for {
		oldest, left, n := "", time.Time{}, 0
		for topic, s := range r.sessions {
			s.mu.Lock()
			if !s.sounds {
				n++
				if oldest == "" || s.left.Before(left) {
					oldest, left = topic, s.left
				}
			}
			s.mu.Unlock()
		}
		if n < mostSessions {
			return
		}
		delete(r.sessions, oldest)
	}
}

// A ration bounds how many signatures are verified: a small processor does a
// thousand a second and has sound to make.
type ration struct {
	left float64
	at   time.Time
}

const (
	rationRate  = 100 // a second; talk of 20 ms packets needs 50
	rationBurst = 200 // a second of a line that stood still
)

// spend takes one, if there is one.
func (r *ration) spend(now time.Time) bool {
	if r.at.IsZero() {
		r.left = rationBurst
	} else {
		r.left = min(rationBurst, r.left+now.Sub(r.at).Seconds()*rationRate)
	}
	r.at = now
	if r.left < 1 {
		return false
	}
	r.left--
	return true
}

// sound.Source is what the speaker reads.
var _ sound.Source = (*Source)(nil)
