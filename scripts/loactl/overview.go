package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"loa/agent/health"
	"loa/scripts/authority"
	"loa/scripts/authority/rollup"
)

// fleet shows how all boxes are by place, and what somebody has to see to, the silent
// ones first. It looks once; watch goes on looking.
func (a *app) fleet(args []string) error {
	if len(args) > 0 && args[0] == "notify" {
		return a.fleetNotify(args[1:])
	}
	rest, err := a.parse(a.flags("fleet"), args, 0, 1)
	if err != nil {
		return err
	}
	au, err := a.open()
	if err != nil {
		return err
	}
	places, top := au.Places(), ""
	if len(rest) > 0 {
		if top = rest[0]; places[top].Name == "" {
			return &usageError{a.text("fleet.place", top)}
		}
	}
	f, l, err := a.meetFleet(au)
	if err != nil {
		return err
	}
	l.stop()
	groups, troubles, versions, carried := f.overview(places, top, a.now())
	due := au.Due()
	for i := range troubles {
		t := &troubles[i]
		t.What = a.text("state." + t.Code)
		if c, ok := health.Lookup(t.Code); ok {
			t.What, t.Part = c.EN, c.PartEN
			if a.lang == "vi" {
				t.What, t.Part = c.VI, c.PartVI
			}
		}
	}
	return a.show(map[string]any{"at": a.now().UTC(), "places": groups, "trouble": troubles, "versions": versions, "carried": carried, "due": due}, func(w io.Writer) {
		var rows [][]string
		for _, g := range groups {
			media := ""
			if g.Wanted > 0 {
				media = fmt.Sprintf("%d/%d", g.Present, g.Wanted)
			}
			rows = append(rows, []string{strings.Repeat("  ", g.Depth) + g.Place, g.Name, fmt.Sprint(g.Boxes), fmt.Sprint(g.Online), fmt.Sprint(g.Boxes - g.Online - g.Carried), fmt.Sprint(g.Faulty), media})
		}
		a.table(w, rows, "place", "name", "boxes", "online", "silent", "faulty", "media")
		for _, v := range sortedKeys(versions) {
			fmt.Fprintln(w, a.text("fleet.version", cmp.Or(v, "?"), versions[v]))
		}
		for _, box := range sortedKeys(carried) {
			fmt.Fprintln(w, a.text("fleet.carried", box, a.moment(carried[box])))
		}
		if len(troubles) > 0 {
			fmt.Fprintln(w)
		}
		rows = nil
		for _, t := range troubles {
			since := ""
			if !t.Since.IsZero() {
				since = a.moment(t.Since)
			}
			rows = append(rows, []string{t.Box, t.Place, since, word(t.What, t.Code), t.Part})
		}
		a.table(w, rows, "box", "place", "since", "trouble", "part")
		a.warnDue(w, due)
	})
}

// A trouble is what somebody has to see to.
type trouble struct {
	Box      string          `json:"box"`
	Place    string          `json:"place"`
	Code     string          `json:"code"` // of a condition; or silent, lost, offline
	Severity health.Severity `json:"severity"`
	Since    time.Time       `json:"since,omitzero"`
	Detail   string          `json:"detail,omitempty"`
	What     string          `json:"what,omitempty"` // in the language that was asked for
	Part     string          `json:"part,omitempty"` // what to buy or bring
}

// overview is the fleet by place, what is wrong with it, how many boxes run which
// version, and when those that sticks serve were heard. What a box that is gone last said of itself is no trouble of today.
func (f *fleet) overview(places map[string]authority.Place, top string, now time.Time) (groups []rollup.Group, troubles []trouble, versions map[string]int, carried map[string]time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	boxes := f.au.Boxes()
	var units []rollup.Unit
	troubles, versions, carried = []trouble{}, make(map[string]int), make(map[string]time.Time)
	for _, name := range sortedKeys(f.boxes) {
		b, place := f.boxes[name], boxes[name].Place
		if top != "" && !rollup.Within(places, place, top) {
			continue
		}
		state, since := b.now(now)
		u := rollup.Unit{Place: place, Online: state == "online", Carried: state == "carried"}
		for _, m := range b.have.Media {
			u.Wanted, u.Present = u.Wanted+m.Wanted, u.Present+m.Present
		}
		switch {
		case u.Online:
			versions[printable(b.state.Version)]++
		case u.Carried:
			carried[name] = since
		default:
			troubles = append(troubles, trouble{Box: name, Place: place, Code: state, Severity: health.Fault, Since: since})
		}
		for _, c := range b.health.Active {
			if !u.Online {
				break
			}
			u.Faulty = u.Faulty || c.Severity == health.Fault
			if c.Severity > health.Info {
				troubles = append(troubles, trouble{Box: name, Place: place, Code: printable(c.Code), Severity: c.Severity, Since: c.Since, Detail: printable(c.Detail)})
			}
		}
		units = append(units, u)
	}
	slices.SortStableFunc(troubles, func(x, y trouble) int {
		return cmp.Or(-cmp.Compare(rank(x), rank(y)), x.Since.Compare(y.Since))
	})
	return rollup.Count(places, top, units), troubles, versions, carried
}

// rank puts boxes that say nothing above those that say what is wrong.
func rank(t trouble) int {
	if _, ok := health.Lookup(t.Code); !ok {
		return int(health.Fault) + 1
	}
	return int(t.Severity)
}
