// Package said tells what was said in public at a place in the last three days, what
// sounds there now, and which alerts hold: the times come from ledgers and reports that
// boxes signed, every word from documents that people signed.
package said

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"time"

	"loa/agent/plan"
	"loa/scripts/authority"
	"loa/scripts/authority/archive"
	"loa/scripts/authority/index"
)

// Kept is how long what was said is told.
const Kept = 72 * time.Hour

// An Item is one bulletin that sounded or was shown, once or several times, or a stretch
// of live talk, whose words nobody signed beforehand.
type Item struct {
	Place     string      `json:"place"`
	Kind      string      `json:"kind"` // bulletin, live
	ID        string      `json:"id"`
	SHA256    string      `json:"sha256,omitempty"` // of the signed payload
	Class     plan.Class  `json:"class"`
	Origin    plan.Origin `json:"origin,omitempty"`
	Lang      string      `json:"lang,omitempty"`
	Title     string      `json:"title,omitempty"` // none: words were not signed beforehand
	Text      string      `json:"text,omitempty"`
	Audio     []Audio     `json:"audio,omitempty"`
	First     time.Time   `json:"first"` // when it began to sound first, in these days
	Last      time.Time   `json:"last"`
	Times     int         `json:"times"`
	Withdrawn bool        `json:"withdrawn,omitempty"` // taken back since: its words are not told any more
	Now       bool        `json:"now,omitempty"`
}

// An Audio is a recording of an item.
type Audio struct {
	SHA256  string `json:"sha256"`
	Type    string `json:"type"`
	Lang    string `json:"lang"`
	Bytes   int64  `json:"bytes"`
	Seconds int    `json:"seconds"`
	Machine bool   `json:"machine,omitempty"` // no person reads it
}

// An Alert is an emergency that holds, or one that was a mistake.
type Alert struct {
	Place       string    `json:"place"`
	Office      string    `json:"office"`
	ID          string    `json:"id"`
	Event       string    `json:"event"`
	Severity    string    `json:"severity"`
	Headline    string    `json:"headline"`
	Instruction string    `json:"instruction,omitempty"`
	From        time.Time `json:"from"`
	Until       time.Time `json:"until"`
	Retracted   bool      `json:"retracted,omitempty"` // it was a false alarm
	Audio       []Audio   `json:"audio,omitempty"`
}

// A Told is everything that a reader is told of one place.
type Told struct {
	Place  string  `json:"place"`
	Name   string  `json:"name"`
	Above  []Named `json:"above,omitempty"` // nearest first
	Alerts []Alert `json:"alerts"`
	Items  []Item  `json:"items"` // the newest first; what sounds now before all others
}

// A Named is a place with its name.
type Named struct {
	Code string `json:"code"`
	Name string `json:"name"`
}

// A Book tells it. Its methods may be called from any goroutine.
type Book struct {
	au      *authority.Authority
	archive *archive.Archive
	index   *index.Index
	now     func() time.Time

	mu     sync.Mutex
	looked time.Time
	heads  map[string]int64     // how far each box's ledger was read
	read   map[string]time.Time // when what was read of it last arrived
	heard  map[string][]hearing // by box
	sounds map[string]sounding  // by box
	n      int64                // the newest report that was read
}

// New opens the book of an authority.
func New(au *authority.Authority, ledgers *archive.Archive, x *index.Index, now func() time.Time) *Book {
	return &Book{
		au: au, archive: ledgers, index: x, now: now,
		heads: make(map[string]int64), read: make(map[string]time.Time), heard: make(map[string][]hearing),
		sounds: make(map[string]sounding),
	}
}

// At tells of a place: of its own bulletins and of those of the places above it, as far
// as a box there took them. It is false for a place that there is not. With below, also
// of those of the places below.
func (b *Book) At(place string, below bool) (Told, bool, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	where, ok := b.place(place, now)
	if !ok {
		return Told{}, false, nil
	}
	if err := b.look(now); err != nil {
		return Told{}, true, err
	}
	told := Told{Place: place, Name: where.name, Above: where.above, Items: []Item{}}
	alerts, err := b.alerts(where, below, now)
	if err != nil {
		return told, true, err
	}
	told.Alerts = alerts
	items, err := b.items(where, below, now)
	if err != nil {
		return told, true, err
	}
	told.Items = items
	return told, true, nil
}

// Recording is the one of that SHA-256, if it is told of here.
func (t Told) Recording(sha256 string) (Audio, bool) {
	for _, i := range t.Items {
		for _, a := range i.Audio {
			if a.SHA256 == sha256 {
				return a, true
			}
		}
	}
	for _, x := range t.Alerts {
		for _, a := range x.Audio {
			if a.SHA256 == sha256 {
				return a, true
			}
		}
	}
	return Audio{}, false
}

// where is a place among others at a moment.
type where struct {
	code, name string
	above      []Named
	signed     map[string]bool // places whose documents are told here
	boxes      []string        // that stand there or below
}

func (b *Book) place(code string, now time.Time) (where, bool) {
	book := b.au.Book()
	f, ok := book.At(code, now)
	if !ok || f.Into != "" {
		return where{}, false
	}
	w := where{code: code, name: f.Name, signed: map[string]bool{code: true}}
	for _, up := range book.Above(code, now) {
		f, _ := book.At(up, now)
		w.above = append(w.above, Named{up, f.Name})
		w.signed[up] = true
	}
	groups := b.au.Boxes()
	for device := range book.Boxes {
		at, ok := book.Of(device, now)
		if ok && (at == code || slices.Contains(book.Above(at, now), code) || slices.Contains(groups[device].Groups, code)) {
			w.boxes = append(w.boxes, device)
		}
	}
	slices.Sort(w.boxes)
	return w, true
}

// below reports whether place lies below code.
func (b *Book) below(place, code string, now time.Time) bool {
	return slices.Contains(b.au.Book().Above(place, now), code)
}

// items are what the boxes there took, folded by bulletin.
func (b *Book) items(w where, below bool, now time.Time) ([]Item, error) {
	type key struct{ place, kind, id string }
	by := make(map[key]*Item)
	at := make(map[key]map[string]bool) // rounds, over all boxes
	take := func(h hearing, sounds bool) {
		if !w.signed[h.place] && !(below && b.below(h.place, w.code, now)) {
			return
		}
		k := key{h.place, h.kind, h.id}
		i := by[k]
		if i == nil {
			i = &Item{Place: k.place, Kind: k.kind, ID: k.id, Class: h.class, Origin: h.origin, Lang: h.lang, First: h.at, Last: h.at}
			by[k], at[k] = i, make(map[string]bool)
		}
		if h.at.Before(i.First) {
			i.First = h.at
		}
		if h.at.After(i.Last) {
			i.Last = h.at
		}
		at[k][h.occurrence] = true
		i.Times = len(at[k])
		i.Now = i.Now || sounds
	}
	for _, device := range w.boxes {
		for _, h := range b.heard[device] {
			if now.Sub(h.at) < Kept {
				take(h, false)
			}
		}
	}
	for _, device := range w.boxes {
		s, ok := b.sounds[device]
		if !ok || now.Sub(s.came) > stale {
			continue
		}
		h, ok, err := b.signed(s, w)
		if err != nil {
			return nil, err
		}
		if ok {
			take(h, true)
		}
	}
	all := make([]Item, 0, len(by))
	for _, i := range by {
		if i.Kind == "bulletin" {
			ok, err := b.words(i)
			if err != nil {
				return nil, err
			}
			if !ok {
				continue
			}
		}
		all = append(all, *i)
	}
	slices.SortFunc(all, func(x, y Item) int {
		return cmp.Or(order(y.Now)-order(x.Now), y.Last.Compare(x.Last), strings.Compare(x.ID, y.ID))
	})
	return all, nil
}

func order(now bool) int {
	if now {
		return 1
	}
	return 0
}

// A Listed is a place in the list of all, with how deep it lies below the first.
type Listed struct {
	Named
	Depth int `json:"depth"`
}

// Places are all that there are now, each right before what lies below it, by name.
func (b *Book) Places() []Listed {
	book, now := b.au.Book(), b.now()
	below := make(map[string][]Named)
	for _, code := range book.Codes(now) {
		f, _ := book.At(code, now)
		up := book.Parent(code, now)
		below[up] = append(below[up], Named{code, f.Name})
	}
	var all []Listed
	var walk func(string, int)
	walk = func(up string, depth int) {
		slices.SortFunc(below[up], func(x, y Named) int {
			return cmp.Or(strings.Compare(x.Name, y.Name), strings.Compare(x.Code, y.Code))
		})
		for _, n := range below[up] {
			all = append(all, Listed{n, depth})
			walk(n.Code, depth+1)
		}
	}
	walk("", 0)
	return all
}

// Box is where a box stands now and what it is called; false for one that there is not.
func (b *Book) Box(device string) (place Named, label string, ok bool) {
	box, ok := b.au.Boxes()[device]
	if !ok {
		return Named{}, "", false
	}
	book, now := b.au.Book(), b.now()
	code, ok := book.Of(device, now)
	if !ok {
		return Named{}, "", false
	}
	f, _ := book.At(code, now)
	return Named{code, f.Name}, cmp.Or(box.Name, device), true
}
