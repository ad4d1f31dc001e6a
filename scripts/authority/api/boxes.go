package api

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"time"

	"loa/agent/health"
	agentledger "loa/agent/ledger"
	"loa/agent/message"
	"loa/agent/plan"
	"loa/scripts/authority"
	"loa/scripts/authority/index"
	"loa/scripts/authority/rollup"
)

// A Fault is a condition that holds at a box.
type Fault struct {
	Code     string          `json:"code"`
	Severity health.Severity `json:"severity"`
	Since    time.Time       `json:"since"`
	Detail   string          `json:"detail,omitempty"`
	VI       string          `json:"vi"`
	EN       string          `json:"en"`
	PartVI   string          `json:"part_vi,omitempty"` // to buy
	PartEN   string          `json:"part_en,omitempty"`
}

// A Box is one box at a glance.
type Box struct {
	Box        string            `json:"box"`
	Place      string            `json:"place"`
	Name       string            `json:"name"`
	Board      string            `json:"board,omitempty"` // the kind of box
	State      string            `json:"state"`           // online, offline, lost, or silent: it never reported
	Since      time.Time         `json:"since,omitzero"`  // of State
	Version    string            `json:"version,omitempty"`
	Clock      string            `json:"clock,omitempty"`
	Sounds     string            `json:"sounds,omitempty"`
	Level      float64           `json:"level_dbfs,omitempty"` // of what sounds, when the box said it
	LevelAt    time.Time         `json:"level_at,omitzero"`    // when that was: it is told soon after the beginning, and seldom since
	Shows      string            `json:"shows,omitempty"`
	MutedUntil time.Time         `json:"muted_until,omitzero"`
	MutedWhy   string            `json:"muted_reason,omitempty"`
	LocalUntil time.Time         `json:"local_until,omitzero"` // a technician works at it, and nothing remote sounds
	LocalWhy   string            `json:"local_reason,omitempty"`
	Started    []message.Started `json:"started,omitempty"`      // alerts that were started at it and stand
	Sync       *message.Sync     `json:"sync,omitempty"`         // how it keeps time with its neighbours
	Looked     *message.Looked   `json:"commissioned,omitempty"` // who looked it over
	Wanted     int               `json:"media_wanted"`
	Present    int               `json:"media_present"`
	Faults     []Fault           `json:"faults"`
	Refused    *message.Refused  `json:"refused,omitempty"` // last
	Revoked    bool              `json:"revoked,omitempty"`
}

func (a *API) glance(name string, b authority.Box, r *reports) Box {
	if r == nil {
		r = new(reports)
	}
	_, revoked := a.o.Authority.Revocation(b)
	g := Box{
		Box: name, Place: b.Place, Name: b.Name, Board: b.Board, State: cmp.Or(r.state.State, "silent"), Since: r.state.At,
		Version: r.state.Version, MutedUntil: r.have.MutedUntil, MutedWhy: r.have.MutedWhy, LocalUntil: r.have.LocalUntil, LocalWhy: r.have.LocalWhy, Looked: r.have.Looked, Faults: []Fault{}, Refused: r.have.Refused, Revoked: revoked,
	}
	for _, s := range r.have.Started {
		if s.Until.After(time.Now()) {
			g.Started = append(g.Started, s)
		}
	}
	if !r.have.At.IsZero() {
		g.Clock = r.have.Clock.String()
	}
	g.Wanted, g.Present = r.media()
	if g.State == "online" && r.have.Overdue(time.Now()) {
		g.State = "lost"
	}
	if g.State != "online" {
		return g // what it last said of itself is not of today
	}
	g.Sync = r.have.Sync
	if s := r.have.Sounds; s != nil {
		g.Sounds, g.Level, g.LevelAt = s.Title, s.LevelDBFS, r.have.At
	}
	if s := r.have.Shows; s != nil && s.Taken {
		g.Shows = s.Title
	}
	for _, c := range r.health.Active {
		row, ok := health.Lookup(c.Code)
		if !ok {
			row = health.Condition{VI: c.Code, EN: c.Code} // of a newer box
		}
		g.Faults = append(g.Faults, Fault{c.Code, c.Severity, c.Since, c.Detail, row.VI, row.EN, row.PartVI, row.PartEN})
	}
	return g
}

// unit is what counts of a box in its place.
func (b Box) unit() rollup.Unit {
	return rollup.Unit{
		Place: b.Place, Online: b.State == "online", Wanted: b.Wanted, Present: b.Present,
		Faulty: slices.ContainsFunc(b.Faults, func(f Fault) bool { return f.Severity == health.Fault }),
	}
}

// all are the boxes in the order of their names.
func (a *API) all() ([]Box, error) {
	boxes := a.o.Authority.Boxes()
	var all []Box
	err := a.fleet.see(a.o.Index, func(of map[string]*reports) {
		for _, name := range slices.Sorted(maps.Keys(boxes)) {
			all = append(all, a.glance(name, boxes[name], of[name]))
		}
	})
	return all, err
}

// Status is how the centre itself is.
type Status struct {
	Name    string    `json:"name"`
	At      time.Time `json:"at"`
	Broker  bool      `json:"broker"` // there is a connection
	Foreign []string  `json:"foreign"`
	Boxes   int       `json:"boxes"`
	Online  int       `json:"online"`
}

func (a *API) status(http.ResponseWriter, *http.Request) (any, error) {
	all, err := a.all()
	if err != nil {
		return nil, err
	}
	s := Status{Name: a.o.Authority.Name(), At: time.Now().UTC(), Broker: a.o.Broker.Connected(), Foreign: a.o.Broker.Foreign(), Boxes: len(all)}
	if s.Foreign == nil {
		s.Foreign = []string{}
	}
	for _, b := range all {
		if b.State == "online" {
			s.Online++
		}
	}
	return s, nil
}

// Places are all places with their figures, in the order of the tree.
type Places struct {
	Places []rollup.Group `json:"places"`
}

func (a *API) places(_ http.ResponseWriter, r *http.Request) (any, error) {
	places, top := a.o.Authority.Places(), r.FormValue("place")
	if _, ok := places[top]; top != "" && !ok {
		return nil, &Error{Code: "not-found"}
	}
	all, err := a.all()
	if err != nil {
		return nil, err
	}
	var units []rollup.Unit
	for _, b := range all {
		if top == "" || rollup.Within(places, b.Place, top) {
			units = append(units, b.unit())
		}
	}
	return Places{rollup.Count(places, top, units)}, nil
}

// Boxes are a page of boxes.
type Boxes struct {
	Boxes []Box  `json:"boxes"`
	Next  string `json:"next,omitempty"` // after this one
}

func (a *API) boxes(_ http.ResponseWriter, r *http.Request) (any, error) {
	limit, err := number(r, "limit", 100, 1000)
	if err != nil {
		return nil, err
	}
	all, err := a.all()
	if err != nil {
		return nil, err
	}
	places, top, after := a.o.Authority.Places(), r.FormValue("place"), r.FormValue("after")
	all = slices.DeleteFunc(all, func(b Box) bool {
		return b.Box <= after || top != "" && !rollup.Within(places, b.Place, top)
	})
	page := Boxes{Boxes: all[:min(len(all), int(limit))]}
	if len(all) > len(page.Boxes) {
		page.Next = page.Boxes[len(page.Boxes)-1].Box
	}
	if page.Boxes == nil {
		page.Boxes = []Box{}
	}
	return page, nil
}

// One is everything about one box.
type One struct {
	Box
	Groups   []string       `json:"groups"`
	Added    time.Time      `json:"added"`
	Report   *message.State `json:"report,omitempty"`
	Have     *message.Have  `json:"have,omitempty"`
	Acks     []index.Ack    `json:"acks"`
	Forged   int            `json:"forged"` // reports in its name that it did not sign
	Ledger   index.Head     `json:"ledger"`
	LastWant plan.Want      `json:"want"`
}

// recent is how many acknowledgements come with a box or a document.
const recent = 50

// named is the box of the path, also one that was revoked.
func (a *API) named(r *http.Request) (string, authority.Box, error) {
	name := r.PathValue("box")
	b, ok := a.o.Authority.EveryBox()[name]
	if !ok {
		return "", b, &Error{Code: "not-found"}
	}
	return name, b, nil
}

func (a *API) box(_ http.ResponseWriter, r *http.Request) (any, error) {
	name, b, err := a.named(r)
	if err != nil {
		return nil, err
	}
	rows, err := a.o.Index.Reports(name)
	if err != nil {
		return nil, err
	}
	r1 := new(reports)
	for _, row := range rows {
		if err := r1.read(row); err != nil {
			return nil, err
		}
	}
	one := One{Box: a.glance(name, b, r1), Groups: b.Groups, Added: b.Added}
	if one.Groups == nil {
		one.Groups = []string{}
	}
	if len(rows) > 0 {
		one.Report = &r1.state
	}
	if !r1.have.At.IsZero() {
		one.Have = &r1.have
	}
	if one.LastWant, err = a.o.Authority.LastWant(name); err != nil {
		return nil, err
	}
	if one.Acks, err = a.o.Index.Acks(index.Which{Device: name, Limit: recent}); err != nil {
		return nil, err
	}
	if one.Forged, err = a.o.Index.Forged(name); err != nil {
		return nil, err
	}
	heads, err := a.o.Index.Heads()
	one.Ledger = heads[name]
	return one, err
}

// Acks are a page of acknowledgements, the newest first.
type Acks struct {
	Acks []index.Ack `json:"acks"`
	Next int64       `json:"next,omitempty"` // before this one
}

func (a *API) acks(_ http.ResponseWriter, r *http.Request) (any, error) {
	name, _, err := a.named(r)
	if err != nil {
		return nil, err
	}
	return a.answers(r, index.Which{Device: name})
}

func (a *API) refusals(_ http.ResponseWriter, r *http.Request) (any, error) {
	return a.answers(r, index.Which{Refused: true})
}

func (a *API) answers(r *http.Request, which index.Which) (any, error) {
	limit, err := number(r, "limit", 100, 1000)
	if err != nil {
		return nil, err
	}
	if which.Before, err = number(r, "before", 0, 1<<53); err != nil {
		return nil, err
	}
	which.Limit = int(limit)
	acks, err := a.o.Index.Acks(which)
	page := Acks{Acks: acks}
	if len(acks) == int(limit) {
		page.Next = acks[len(acks)-1].N
	}
	return page, err
}

// Entries are a page of a ledger, the oldest first.
type Entries struct {
	Entries []agentledger.Entry `json:"entries"`
	Next    int64               `json:"next,omitempty"` // from this one
}

func (a *API) ledger(_ http.ResponseWriter, r *http.Request) (any, error) {
	name, b, err := a.named(r)
	if err != nil {
		return nil, err
	}
	limit, err := number(r, "limit", 100, 1000)
	if err != nil {
		return nil, err
	}
	from, err := number(r, "from", 1, 1<<53)
	if err != nil {
		return nil, err
	}
	key, err := plan.ParseKey(b.Key)
	if err != nil {
		return nil, err
	}
	page := Entries{Entries: []agentledger.Entry{}}
	err = a.o.Archive.From(name, key, from, func(e agentledger.Entry) bool {
		if len(page.Entries) == int(limit) {
			page.Next = e.Seq
			return false
		}
		page.Entries = append(page.Entries, e)
		return true
	})
	return page, err
}
