package channel

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"loa/agent/plan"
)

// A Memory is what has become of posts.
type Memory struct {
	Since map[string]time.Time // by channel: when it was turned on
	Lines map[string]Line      // by Post.ID
}

// NewMemory is that of somebody who has posted nothing.
func NewMemory() *Memory {
	return &Memory{Since: make(map[string]time.Time), Lines: make(map[string]Line)}
}

// A Line is what has become of one post.
type Line struct {
	Post  Post      `json:"post"`
	State string    `json:"state"`
	At    time.Time `json:"at"`
	Tries int       `json:"tries,omitempty"`
	Again time.Time `json:"again,omitzero"` // of waiting: not before
	Ref   string    `json:"ref,omitempty"`  // the service's own name of it
	Err   string    `json:"err,omitempty"`
}

// States of a post.
const (
	Sending = "sending" // begun: after a crash nobody knows
	Sent    = "sent"
	Waiting = "waiting" // it failed, and is tried again
	Failed  = "failed"
)

// What is tried, and for how long.
const (
	firstWait = time.Minute
	lastWait  = time.Hour
	mostTries = 8
	// An emergency is tried for as long as it holds, and not less often than this.
	urgentWait = 5 * time.Minute
	// stale is how long after its begin a bulletin is still news.
	stale = 24 * time.Hour
	// remember is how long a line is kept after its item has ended.
	remember = 48 * time.Hour
)

// Due are the posts that are to go out now, what is most urgent first. What a channel
// was not there for it does not make up, but for alerts that are active. covers reports
// whether a place is another or below it.
func Due(c Config, items []Item, falseAlarm map[string]bool, m *Memory, covers func(place, top string) bool, now time.Time) []Post {
	var due []Post
	add := func(p Post) {
		if l, ok := m.Lines[p.ID()]; ok && !l.again(now) {
			return
		}
		due = append(due, p)
	}
	alive := make(map[string]bool)
	for _, i := range items {
		if now.Before(i.Until) {
			alive[i.Key] = true
		}
	}
	for _, ch := range c.Channels {
		since, known := m.Since[ch.Name]
		if !ch.On || !known {
			continue
		}
		past := m.of(ch.Name, now)
		// What has ended first: of a false alarm nobody should hear a minute longer.
		for _, p := range past.last {
			if p.Class == plan.Emergency && !alive[p.Key] && now.Before(p.Until) {
				p.What, p.Text = Over, ""
				if falseAlarm[p.Key] {
					p.What = False
				}
				add(p)
			}
		}
		for _, i := range items {
			switch {
			case now.Before(i.From), !now.Before(i.Until), !ch.Carries(i, covers):
				continue
			case i.Class != plan.Emergency && (ch.quiet.At(now) || i.Issued.Before(since) || now.Sub(i.From) > stale):
				continue
			case i.Class != plan.Emergency && !past.begun[i.Key+" "+i.Version]:
				if past.today >= ch.PerDay {
					continue
				}
				past.today++
			}
			p := PostOf(ch, i)
			if !ch.SMS() {
				add(past.renewed(p))
			}
			for _, r := range ch.to {
				if r.of(i, covers) {
					p.To = r.number
					add(past.renewed(p))
				}
			}
		}
	}
	slices.SortStableFunc(due, func(a, b Post) int {
		return cmp.Or(urgency(a)-urgency(b), strings.Compare(a.Channel, b.Channel), strings.Compare(a.To, b.To), strings.Compare(a.Key, b.Key))
	})
	return due
}

func urgency(p Post) int {
	switch {
	case p.What != Said:
		return 0
	case p.Class == plan.Emergency:
		return 1
	}
	return 2
}

// again reports whether a post that was tried may be tried once more. What was begun when
// the machine died may have gone out: an emergency twice is better than never.
func (l Line) again(now time.Time) bool {
	switch l.State {
	case Waiting:
		return !now.Before(l.Again)
	case Sending:
		return l.Post.Class == plan.Emergency && l.Tries < mostTries
	}
	return false
}

// reached reports whether somebody may have read it.
func (l Line) reached() bool { return l.State == Sent || l.State == Sending }

// A past is what has become of one channel's posts.
type past struct {
	begun map[string]bool // by key and version: it went to somebody
	today int             // bulletins of the last 24 hours
	last  map[[2]string]Post
	ends  map[[2]string]time.Time // by address and key, when it was told that an alert had ended
}

func (m *Memory) of(channel string, now time.Time) past {
	p := past{begun: make(map[string]bool), last: make(map[[2]string]Post), ends: make(map[[2]string]time.Time)}
	when := make(map[[2]string]time.Time)
	for _, l := range m.Lines {
		if l.Post.Channel != channel {
			continue
		}
		at, wording := [2]string{l.Post.To, l.Post.Key}, l.Post.Key+" "+l.Post.Version
		switch {
		case l.Post.What != Said:
			p.ends[at] = latest(p.ends[at], l.At)
			continue
		case l.Post.Class != plan.Emergency && !p.begun[wording] && now.Sub(l.At) < 24*time.Hour:
			p.today++
		}
		p.begun[wording] = true
		if l.reached() && !l.At.Before(when[at]) {
			p.last[at], when[at] = l.Post, l.At
		}
	}
	return p
}

// renewed is a post of what was told to have ended, and begins once more.
func (p past) renewed(post Post) Post {
	if end := p.ends[[2]string{post.To, post.Key}]; !end.IsZero() {
		post.Version += " " + end.UTC().Format(time.RFC3339)
	}
	return post
}

// Turn brings the memory up to date with the channels that are on, and forgets what is
// long over.
func (m *Memory) Turn(c Config, now time.Time) {
	on := make(map[string]bool)
	for _, ch := range c.Channels {
		if on[ch.Name] = ch.On; ch.On && m.Since[ch.Name].IsZero() {
			m.Since[ch.Name] = now
		}
	}
	maps.DeleteFunc(m.Since, func(name string, _ time.Time) bool { return !on[name] })
	maps.DeleteFunc(m.Lines, func(_ string, l Line) bool { return now.Sub(l.Post.Until) > remember })
}

// Begin notes that a post goes out now.
func (m *Memory) Begin(p Post, now time.Time) Line {
	l := Line{Post: p, State: Sending, At: now, Tries: m.Lines[p.ID()].Tries + 1}
	m.Lines[p.ID()] = l
	return l
}

// End notes what became of it. What may pass is tried again.
func (m *Memory) End(p Post, ref string, err error, now time.Time) Line {
	l := m.Lines[p.ID()]
	l.State, l.Ref, l.Err, l.At = Sent, ref, "", now
	if err != nil {
		l.State, l.Err = Failed, Short(err.Error(), 300)
		longest := lastWait
		if isEmergency(p) {
			longest = urgentWait
		}
		if may, wait := passes(err); may && (l.Tries < mostTries || isEmergency(p)) {
			l.State, l.Again = Waiting, now.Add(max(wait, min(longest, firstWait<<min(l.Tries-1, mostTries))))
		}
	}
	m.Lines[p.ID()] = l
	return l
}

func isEmergency(p Post) bool { return p.What != Said || p.Class == plan.Emergency }
