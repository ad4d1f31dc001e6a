package main

import (
	"crypto/ed25519"
	"maps"
	"slices"
	"sync"
	"time"

	"loa/agent/message"
	"loa/agent/plan"
	"loa/boards"
	"loa/scripts/authority"
)

// A fleet is what is known of all boxes from their reports. What a box should
// have signed counts only with its signature.
type fleet struct {
	au        *authority.Authority
	keys      map[string]ed25519.PublicKey
	bulletins []plan.Bulletin // with files, in force or to come

	mu    sync.Mutex
	boxes map[string]*boxState
	came  chan struct{}
}

// boxState is the latest of each report.
type boxState struct {
	state  message.State
	have   message.Have
	health message.HealthReport
	forged int       // reports that the box did not sign
	board  bool      // people read it
	stick  time.Time // its newest reports that a stick brought; zero: none
}

// carried reports that a box is served by stick: no broker has heard of it, and a stick
// has brought its reports not long ago. What once had a link is missed when it is lost.
func (b *boxState) carried(now time.Time) bool {
	return b.state.State == "" && now.Sub(b.stick) < carriedFor
}

// now is how it is: online, offline, lost, retired, silent when no broker ever heard of
// it, or carried; and since when, as far as it is known.
func (b *boxState) now(now time.Time) (state string, since time.Time) {
	switch {
	case b.carried(now):
		return "carried", b.stick
	case b.state.State == "":
		return "silent", time.Time{}
	case b.state.State == "online" && b.have.Overdue(now):
		return "lost", b.have.At
	}
	return printable(b.state.State), b.state.At
}

// fleetFilters are the reports that a fleet is made of.
var fleetFilters = []string{"loa/v1/d/+/state", "loa/v1/d/+/have", "loa/v1/d/+/health"}

func newFleet(au *authority.Authority, now time.Time) (*fleet, error) {
	f := &fleet{au: au, keys: make(map[string]ed25519.PublicKey), boxes: make(map[string]*boxState), came: make(chan struct{}, 1)}
	for name, b := range au.Boxes() {
		key, err := plan.ParseKey(b.Key)
		if err != nil {
			return nil, err
		}
		f.keys[name] = key
		kind, err := boards.Load(b.Board) // one that is not known here: without
		f.boxes[name] = &boxState{board: err == nil && kind.Panel.There(), stick: carriedAt(au, name)}
	}
	issued, err := au.Issued()
	if err != nil {
		return nil, err
	}
	for _, is := range issued {
		if b, ok := is.Doc.(plan.Bulletin); ok && hasFiles(b) && !b.Withdrawn && now.Before(b.ValidUntil) {
			f.bulletins = append(f.bulletins, b)
		}
	}
	return f, nil
}

// meetFleet listens to the boxes until the reports that the broker keeps have come. The
// link is the caller's to stop.
func (a *app) meetFleet(au *authority.Authority) (*fleet, *link, error) {
	f, err := newFleet(au, a.now())
	if err != nil {
		return nil, nil, err
	}
	l, err := a.connect(au, fleetFilters, f.receive)
	if err != nil {
		return nil, nil, err
	}
	c := collector{came: f.came}
	if err := c.quiet(a, settle); err != nil {
		l.stop()
		return nil, nil, err
	}
	return f, l, nil
}

// receive takes a report. Boxes that the authority does not know are passed over.
func (f *fleet) receive(topic string, payload []byte) {
	t, err := message.ParseTopic(topic)
	if err != nil || t.Dir != message.DirDevice {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	b, key := f.boxes[t.Device], f.keys[t.Device]
	if b == nil {
		return
	}
	switch t.Leaf {
	case message.LeafState:
		var s message.State
		if s, err = message.DecodeReport[message.State](payload); err == nil && (s.State != "lost" || s.Boot == b.state.Boot || b.state.Boot == "") {
			b.state = s // a will counts for the run that left it only
		}
	case message.LeafHave:
		var h message.Have
		if h, err = message.OpenReport[message.Have](message.ReportHave, payload, key); err == nil && h.Device == t.Device {
			b.have = h
		}
	case message.LeafHealth:
		var h message.HealthReport
		if h, err = message.DecodeReport[message.HealthReport](payload); err == nil {
			b.health = h
		}
	}
	if err != nil {
		b.forged++
	}
	select {
	case f.came <- struct{}{}:
	default:
	}
}

// A row is one box, for the table and for programs.
type row struct {
	Box        string            `json:"box"`
	Place      string            `json:"place"`
	State      string            `json:"state"` // online, offline, lost, silent: it never reported, or carried: by stick
	Clock      string            `json:"clock,omitempty"`
	Sounds     string            `json:"sounds,omitempty"`
	Board      bool              `json:"board,omitempty"` // its kind of box has one
	Shows      string            `json:"shows,omitempty"` // a default page: absent
	Dark       bool              `json:"dark,omitempty"`  // the board did not take it
	MutedUntil time.Time         `json:"muted_until,omitzero"`
	MutedWhy   string            `json:"muted_reason,omitempty"`
	LocalUntil time.Time         `json:"local_until,omitzero"` // a technician works at it
	LocalWhy   string            `json:"local_reason,omitempty"`
	Started    []message.Started `json:"started,omitempty"` // alerts that were started at it and stand
	LookedBy   string            `json:"commissioned_by,omitempty"`
	LookedAt   time.Time         `json:"commissioned_at,omitzero"`
	LookedBad  int               `json:"commissioned_failed,omitempty"` // steps
	Class      string            `json:"class,omitempty"`
	Sync       *message.Sync     `json:"sync,omitempty"` // how it keeps time with its neighbours; it was not asked to: absent
	Wanted     int               `json:"media_wanted"`
	Present    int               `json:"media_present"`
	Faults     []string          `json:"faults"`
	Refused    string            `json:"refused,omitempty"` // code of the last refusal
	What       string            `json:"refused_what,omitempty"`
	RefusedAt  time.Time         `json:"refused_at,omitzero"`
	Forged     int               `json:"forged,omitempty"`
	Carried    time.Time         `json:"carried,omitzero"` // when it wrote what the last stick brought
}

// A readiness says of one bulletin how many of its boxes have it whole.
type readiness struct {
	Bulletin string   `json:"bulletin"`
	Ready    int      `json:"ready"`
	Of       int      `json:"of"`
	Waiting  []string `json:"waiting"` // boxes
}

// rows is the fleet now.
func (f *fleet) rows(now time.Time) []row {
	f.mu.Lock()
	defer f.mu.Unlock()
	boxes := f.au.Boxes()
	rows := []row{}
	for _, name := range sortedKeys(f.boxes) {
		b := f.boxes[name]
		r := row{Box: name, Place: boxes[name].Place, Board: b.board, Faults: []string{}, Forged: b.forged}
		var since time.Time
		if r.State, since = b.now(now); r.State == "carried" {
			r.Carried = since
		}
		if !b.have.At.IsZero() {
			r.Clock = b.have.Clock.String()
		}
		if s := b.have.Sounds; s != nil && r.State == "online" {
			r.Sounds, r.Class = printable(s.Title), printable(string(s.Class))
		}
		if s := b.have.Shows; s != nil && r.State == "online" {
			r.Board, r.Shows, r.Dark = true, printable(s.Title), !s.Taken
		}
		r.Sync = b.have.Sync
		if b.have.MutedUntil.After(now) {
			r.MutedUntil, r.MutedWhy = b.have.MutedUntil, printable(b.have.MutedWhy)
		}
		if b.have.LocalUntil.After(now) {
			r.LocalUntil, r.LocalWhy = b.have.LocalUntil, printable(b.have.LocalWhy)
		}
		r.Started = startedAt(b.have, now)
		if l := b.have.Looked; l != nil {
			r.LookedBy, r.LookedAt, r.LookedBad = printable(l.By), l.At, l.Fail
		}
		for _, m := range b.have.Media {
			r.Wanted, r.Present = r.Wanted+m.Wanted, r.Present+m.Present
		}
		for _, a := range b.health.Active {
			r.Faults = append(r.Faults, printable(a.Code))
		}
		if no := b.have.Refused; no != nil {
			r.Refused, r.What, r.RefusedAt = printable(string(no.Code)), printable(no.ID), no.At
		}
		rows = append(rows, r)
	}
	return rows
}

func hasFiles(b plan.Bulletin) bool {
	return len(b.Audio) > 0 || slices.ContainsFunc(b.Pages, func(g plan.Page) bool { return g.Image != "" })
}

// ready counts, for each bulletin, the boxes that have its recordings and pictures.
func (f *fleet) ready() []readiness {
	f.mu.Lock()
	defer f.mu.Unlock()
	boxes := f.au.Boxes()
	all := []readiness{}
	for _, b := range f.bulletins {
		r := readiness{Bulletin: b.Key().String(), Waiting: []string{}}
		for _, name := range sortedKeys(f.boxes) {
			if !f.au.Reaches(b.Place, boxes[name]) {
				continue
			}
			r.Of++
			if has(f.boxes[name].have, b) {
				r.Ready++
			} else {
				r.Waiting = append(r.Waiting, name)
			}
		}
		all = append(all, r)
	}
	return all
}

// has reports whether a box has this version of a bulletin, and all it needs of it: a
// box without a board needs no pictures, and then tells of none.
func has(h message.Have, b plan.Bulletin) bool {
	return h.Documents[b.Key().String()] == b.Version() && !slices.ContainsFunc(h.Media, func(m message.MediaOf) bool {
		return m.Bulletin == b.Key().String() && m.Present < m.Wanted
	})
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
