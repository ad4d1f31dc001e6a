package policy

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"loa/agent/plan"
	"loa/agent/viet"
)

// An Unwanted is words that a place does not want to hear or read.
type Unwanted struct {
	Place string // whose policy it is
	Words string // as they stand in the policy
}

// UnwantedIn are the words of b that the policies in force at now forbid, each once:
// a box will refuse b for any of them. An emergency may say everything.
func UnwantedIn(ps []plan.Policy, b *plan.Bulletin, now time.Time) (all []Unwanted) {
	o := plan.Occurrence{Class: b.Class, Title: b.Title, Text: b.Text, Pages: b.Pages, Ticker: b.Ticker}
	j := judge{o: &o, now: now, until: now.Add(horizon)}
	j.laws = j.inForce(ps)
	for u := range j.unwanted {
		if !slices.Contains(all, u) {
			all = append(all, u)
		}
	}
	return all
}

// unwanted calls yield with all that the laws do not want of what is said or shown.
func (j *judge) unwanted(yield func(Unwanted) bool) {
	if j.isEmergency() || !slices.ContainsFunc(j.laws, func(l law) bool { return len(l.BannedWords) > 0 }) {
		return
	}
	texts := []viet.Words{readings.of(j.o.Title), readings.of(j.o.Text), readings.of(j.o.Ticker)}
	for _, p := range j.o.Pages {
		texts = append(texts, readings.of(p.Text))
	}
	for _, l := range j.laws {
		for _, w := range l.BannedWords {
			banned := readings.of(w)
			if slices.ContainsFunc(texts, func(t viet.Words) bool { return t.Has(banned) }) && !yield(Unwanted{l.Place, w}) {
				return
			}
		}
	}
}

func (j *judge) words() *Verdict {
	for u := range j.unwanted {
		return &Verdict{
			Code: plan.Scope, Final: true,
			Why: fmt.Sprintf("the policy of %s does not want the words %q", u.Place, u.Words),
			VI:  fmt.Sprintf("quy định của %s không cho dùng từ %q", u.Place, u.Words),
		}
	}
	return nil
}

// A memory keeps how texts read. A box asks for the same few at every decision, and
// folding the five hundred words of a long list would take longer than all the rest.
type memory struct {
	mu    sync.Mutex
	known map[string]viet.Words
	bytes int // of the texts
}

// readings changes how long an answer takes and nothing else.
var readings = memory{known: make(map[string]viet.Words)}

// maxMemory bounds the texts in a memory; it then begins anew.
const maxMemory = 256 << 10

func (m *memory) of(text string) viet.Words {
	m.mu.Lock()
	defer m.mu.Unlock()
	w, ok := m.known[text]
	if ok {
		return w
	}
	if m.bytes += len(text); m.bytes > maxMemory {
		clear(m.known)
		m.bytes = len(text)
	}
	w = viet.Read(text)
	m.known[text] = w
	return w
}
