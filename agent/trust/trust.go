// Package trust opens an envelope: who signed, for which place, for what, until
// when, seen before? It answers with one coded verdict.
package trust

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"loa/agent/clock"
	"loa/agent/message"
	"loa/agent/plan"
)

// Bounds of what a signer may keep on a box. A signer who fills them is refused
// with storage; nothing of another signer gives way.
const (
	maxSeenActs = 256     // of one signer place and purpose, within the 75 minutes that an act is remembered
	maxRecords  = 4096    // of one signer place: ten documents a day, remembered for 400 days
	maxBytes    = 4 << 20 // of one signer place's documents in force
	maxOld      = 8       // older versions of a policy that still hold
	maxRevoked  = 4096    // keys remembered as revoked
	maxShown    = 1024    // issuers, and alert slots, of which beats have told and that are not this box's
)

// How long things take.
const (
	maxAhead   = 120 * time.Second  // a document's time of issue may be ahead by so much
	seenAfter  = time.Hour          // an act is remembered so long after it has expired
	beatLost   = 6 * time.Minute    // of which one may be lost: the dispatcher sends them every 160 s
	beatOld    = 6 * time.Minute    // an older one says nothing about now
	carriedOld = 7 * 24 * time.Hour // the same of one that a technician has brought
	alertGrace = 10 * time.Second   // the beat may arrive before the alert that it tells of
	roundTrip  = 10 * time.Second   // of a time question
	loosening  = 24 * time.Hour     // before one signer's looser policy counts
)

// Opts is what a box knows about itself.
type Opts struct {
	// Built is when the running software was built. A time answer from before
	// it is a wrong one.
	Built time.Time
	// Security is the running software's security number: older firmware is refused.
	Security int64
	// Now is what Place, Subscriptions, Load, Rejudge and Expire go by; nil is the
	// host's time, believed. From its value in New on the first beat may take its time.
	Now func() (time.Time, clock.Level)
}

// Trust is one box's knowledge of who may say what. Make one with [New]; its
// methods may be called from several goroutines.
type Trust struct {
	device  string
	o       Opts
	started time.Time

	mu       sync.RWMutex
	s        state
	x        index                // made from s.Root and s.Lists
	bodies   map[string]body      // documents in force, by topic
	acts     []plan.Act           // in order of arrival
	shown    map[string]shown     // epochs that beats and time answers have shown, by issuer
	slots    map[string]shown     // alert versions that beats have shown, by place/office
	root     int64                // newest root number that was shown
	beats    map[string]beat      // the last of every place
	brought  time.Time            // that of the newest sign of life that came on a stick
	along    *plan.Rollout        // what it says of a release
	question Question             // the open one
	live     map[string]*sequence // by session
}

// A body is a document in force.
type body struct {
	doc  any
	size int
}

// shown is a number that the authority told of, and when.
type shown struct {
	n  int64
	at time.Time
}

// New makes the trust of a box from the root documents that its image carries,
// one envelope a line, in order from any number on. The first is believed as it
// stands; each later one must be signed by the one before it.
func New(root []byte, device string, o Opts) (*Trust, error) {
	if !plan.ValidID(device) {
		return nil, fmt.Errorf("trust: %q is no device id", device)
	}
	if o.Now == nil {
		o.Now = func() (time.Time, clock.Level) { return time.Now(), clock.RTC }
	}
	started, _ := o.Now()
	t := &Trust{
		device: device, o: o, started: started, s: newState(o.Security),
		bodies: map[string]body{}, shown: map[string]shown{}, slots: map[string]shown{},
		beats: map[string]beat{}, live: map[string]*sequence{},
	}
	if err := t.s.anchor(root); err != nil {
		return nil, fmt.Errorf("trust: cannot use the root that the box carries: %w", err)
	}
	t.x = indexOf(&t.s, t.o.Built)
	return t, nil
}

// Fingerprint is the SHA-256 of the root document in force, to be compared with
// the one on paper.
func (t *Trust) Fingerprint() string {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.s.Digests[t.s.root.Number]
}

// Root is the root document in force. Its end only warns.
func (t *Trust) Root() plan.Root {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.s.root
}

// Place is where the box belongs: its own place, the places above it, nearest
// first, and its groups. A box that nobody has assigned has none.
func (t *Trust) Place() (own string, above, groups []string) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	now, _ := t.o.Now()
	w := t.want()
	above, _ = t.x.above(w.OwnPlace, now)
	return w.OwnPlace, above, slices.Clone(w.Groups)
}

// Subscriptions are the topic filters that the box needs now. They change with
// every change of a list or of the want.
func (t *Trust) Subscriptions() []string {
	now, _ := t.o.Now()
	t.mu.RLock()
	defer t.mu.RUnlock()
	w := t.want()
	if w.OwnPlace == "" {
		return message.Subscriptions(t.device, nil, nil)
	}
	above, _ := t.x.above(w.OwnPlace, now)
	places := append([]string{w.OwnPlace}, above...)
	lists := slices.Clone(places)
	for _, g := range w.Groups {
		over, _ := t.x.above(g, now)
		for _, p := range append([]string{g}, over...) {
			if !slices.Contains(lists, p) {
				lists = append(lists, p)
			}
		}
		if !slices.Contains(places, g) {
			places = append(places, g)
		}
	}
	return message.Subscriptions(t.device, lists, places)
}

// want is the accepted want, or none.
func (t *Trust) want() plan.Want {
	w, _ := t.bodies[message.DeviceTopic(t.device, message.LeafWant).String()].doc.(plan.Want)
	return w
}

// mine are the places whose messages are for this box.
func (t *Trust) mine(now time.Time) []string {
	w := t.want()
	if w.OwnPlace == "" {
		return nil
	}
	above, _ := t.x.above(w.OwnPlace, now)
	return append(append([]string{w.OwnPlace}, above...), w.Groups...)
}

// Judge says what to make of raw, which came on topic at now, when the clock
// was trusted as far as level. It changes nothing: see [Trust.Commit].
func (t *Trust) Judge(topic string, raw []byte, now time.Time, level clock.Level) Verdict {
	t.mu.RLock()
	defer t.mu.RUnlock()
	j := judgement{t: t, raw: raw, now: now, level: level}
	j.v.Raw = raw
	err := j.run(topic)
	return j.verdict(err)
}

// JudgeCarried is Judge for what a technician has brought to the box by hand. The
// folder on a stick is as hostile as a broker, and what it holds is judged by the
// same rules in the same order; but it is days old when it comes. So a sign of life
// in it may be [carriedOld] old, and then lets documents in, from a stick alone:
// nothing that a broker brings counts for more by it, and no act does. And a
// receipt for the ledger has no end, because it stays true.
func (t *Trust) JudgeCarried(topic string, raw []byte, now time.Time, level clock.Level) Verdict {
	t.mu.RLock()
	defer t.mu.RUnlock()
	j := judgement{t: t, raw: raw, now: now, level: level, carried: true}
	j.v.Raw = raw
	err := j.run(topic)
	return j.verdict(err)
}

// Commit lets a verdict have its effect: what it accepted is known and in force
// from now on. A refusal has none. Only Commit, Load and Rejudge change
// what the box trusts.
func (t *Trust) Commit(v Verdict) {
	if v.apply == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	v.apply(t)
}
