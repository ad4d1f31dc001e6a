// Package notify tells named people of faults and silent boxes, by mail or webhook,
// with patience and not in their quiet hours.
package notify

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"
)

// A Trouble is something that is wrong with a box now.
type Trouble struct {
	Device string `json:"device"`
	Place  string `json:"place"`
	Code   string `json:"code"` // of the condition, or silent
	What   string `json:"what"` // silent, fault or warning
	Detail string `json:"detail,omitempty"`
}

func (t Trouble) key() string { return t.Device + "/" + t.Code }

// A Memory is what was wrong and who was told of it.
type Memory struct {
	Known map[string]Known     `json:"known"` // by device/code
	Retry map[string]Retry     `json:"retry"` // by person: what could not be sent
	Last  map[string]time.Time `json:"last"`  // by person: the last message
}

// A Known is a trouble that holds, or that has gone and somebody is to hear of it.
type Known struct {
	Trouble
	Since time.Time            `json:"since"`
	Gone  time.Time            `json:"gone,omitzero"`
	Told  map[string]time.Time `json:"told"` // by person: when last
}

// A Retry is when sending is tried again, and how long after that.
type Retry struct {
	At   time.Time     `json:"at"`
	Wait time.Duration `json:"wait_ns"`
}

// A Message is what one person is told.
type Message struct {
	ID        string    `json:"id"` // the same for the same content on the same day
	Person    string    `json:"person"`
	At        time.Time `json:"at"`
	Test      bool      `json:"test,omitempty"`
	Troubles  []Known   `json:"troubles"`
	Recovered []Known   `json:"recovered"`
	Proposal  *Proposal `json:"proposal,omitempty"`
}

const (
	again    = 24 * time.Hour   // between two messages about the same
	gap      = 15 * time.Minute // between two messages to one person: what comes together is told together
	steady   = 10 * time.Minute // what is gone for so long is over
	firstTry = time.Minute
	lastTry  = time.Hour
)

// Look brings the memory up to what is wrong now. What known does not know of stays as
// it was: a box that has gone silent has not mended its sound card.
func (m Memory) Look(active []Trouble, known func(Trouble) bool, now time.Time) Memory {
	next := m.clone()
	holds := make(map[string]bool)
	for _, t := range active {
		k, ok := next.Known[t.key()]
		if !ok {
			k = Known{Since: now, Told: make(map[string]time.Time)}
		}
		k.Trouble, k.Gone = t, time.Time{}
		next.Known[t.key()], holds[t.key()] = k, true
	}
	for key, k := range next.Known {
		if holds[key] || !known(k.Trouble) {
			continue
		}
		if k.Gone.IsZero() {
			k.Gone = now
			next.Known[key] = k
		}
		if len(k.Told) == 0 && now.Sub(k.Gone) >= steady {
			delete(next.Known, key) // nobody has heard of it
		}
	}
	return next
}

// Due is what people are to be told now, at most one message each.
func Due(c Config, m Memory, covers func(place, top string) bool, now time.Time) (all []Message) {
	for _, p := range c.People {
		if p.rests(now) || now.Before(m.Retry[p.Name].At) || now.Sub(m.Last[p.Name]) < gap {
			continue
		}
		msg := Message{Person: p.Name, At: now, Troubles: []Known{}, Recovered: []Known{}}
		for _, k := range m.Known {
			told, before := k.Told[p.Name]
			switch {
			case !k.Gone.IsZero():
				if before && now.Sub(k.Gone) >= steady {
					msg.Recovered = append(msg.Recovered, k)
				}
			case !p.minds(k, covers) || now.Sub(k.Since) < c.patience[k.What]:
			case !before || now.Sub(told) >= again:
				msg.Troubles = append(msg.Troubles, k)
			}
		}
		if len(msg.Troubles)+len(msg.Recovered) == 0 {
			continue
		}
		for _, list := range [][]Known{msg.Troubles, msg.Recovered} {
			slices.SortFunc(list, func(x, y Known) int {
				return cmp.Or(rank(x.What)-rank(y.What), x.Since.Compare(y.Since), strings.Compare(x.key(), y.key()))
			})
		}
		msg.ID = msg.digest()
		all = append(all, msg)
	}
	return all
}

func (p Person) minds(k Known, covers func(place, top string) bool) bool {
	return slices.Contains(p.Severities, k.What) && slices.ContainsFunc(p.Places, func(top string) bool { return covers(k.Place, top) })
}

func rank(what string) int { return slices.Index([]string{Silent, Fault, Warning}, what) }

// digest names a message by its content: whoever gets it twice, because we died before
// we wrote down that it was sent, can see that.
func (m Message) digest() string {
	h := sha256.New()
	fmt.Fprintln(h, m.Person, m.At.In(vietnam).Format(time.DateOnly))
	for _, k := range m.Troubles {
		fmt.Fprintln(h, "+", k.key(), k.Since.UnixMilli())
	}
	for _, k := range m.Recovered {
		fmt.Fprintln(h, "-", k.key(), k.Since.UnixMilli())
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// Sent is the memory after a message has gone out.
func (m Memory) Sent(msg Message, now time.Time) Memory {
	next := m.clone()
	delete(next.Retry, msg.Person)
	next.Last[msg.Person] = now
	for _, t := range msg.Troubles {
		if k, ok := next.Known[t.key()]; ok {
			k.Told[msg.Person] = now
		}
	}
	for _, t := range msg.Recovered {
		if k, ok := next.Known[t.key()]; ok && !k.Gone.IsZero() {
			if delete(k.Told, msg.Person); len(k.Told) == 0 {
				delete(next.Known, t.key())
			}
		}
	}
	return next
}

// Failed is the memory after a message could not be sent: what is due then is told
// later, each time after a longer wait.
func (m Memory) Failed(msg Message, now time.Time) Memory {
	next := m.clone()
	wait := min(max(firstTry, 2*m.Retry[msg.Person].Wait), lastTry)
	next.Retry[msg.Person] = Retry{now.Add(wait), wait}
	return next
}

func (m Memory) clone() Memory {
	next := Memory{Known: make(map[string]Known), Retry: make(map[string]Retry), Last: make(map[string]time.Time)}
	for key, k := range m.Known {
		told := make(map[string]time.Time)
		for p, at := range k.Told {
			told[p] = at
		}
		k.Told = told
		next.Known[key] = k
	}
	for p, r := range m.Retry {
		next.Retry[p] = r
	}
	for p, at := range m.Last {
		next.Last[p] = at
	}
	return next
}

// forget drops what concerns nobody any more: people who have left are told no more.
func (m Memory) forget(c Config) Memory {
	next := m.clone()
	gone := func(name string) bool {
		return !slices.ContainsFunc(c.People, func(p Person) bool { return p.Name == name })
	}
	for _, k := range next.Known {
		for p := range k.Told {
			if gone(p) {
				delete(k.Told, p)
			}
		}
	}
	return next
}
