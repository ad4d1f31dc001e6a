package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"loa/agent/ledger"
	"loa/agent/message"
	"loa/agent/plan"
	"loa/agent/schedule"
	"loa/scripts/authority"
)

// What became of a drill at a box: heard is what the box measured, not what it was sent.
const (
	drillHeard       = "heard"
	drillNotHeard    = "not-heard"   // with the result or the code that says why
	drillUnreachable = "unreachable" // no word from the box since then
)

// A drillRow is what became of a drill at one box.
type drillRow struct {
	Place  string      `json:"place"`
	Box    string      `json:"box"`
	State  string      `json:"state"`
	Result plan.Result `json:"result,omitempty"`
	Code   plan.Code   `json:"code,omitempty"`
	HeardS float64     `json:"heard_s,omitempty"`
	LevelD float64     `json:"level_dbfs,omitempty"`
	Proof  string      `json:"proof,omitempty"` // how it was measured
}

// drillResult is the list in which a drill ends: each place by name, passed or failed,
// from what its boxes have measured and signed.
func (a *app) drillResult(args []string) error {
	rest, err := a.parse(a.flags("drill result"), args, 0, 1)
	if err != nil {
		return err
	}
	au, err := a.open()
	if err != nil {
		return err
	}
	id := ""
	if len(rest) > 0 {
		id = rest[0]
	}
	act, err := a.findDrill(au, id)
	if err != nil {
		return err
	}
	rows := []drillRow{}
	for _, name := range sortedKeys(au.Boxes()) {
		b := au.Boxes()[name]
		if name != act.Device && (act.Place == "" || !au.Reaches(act.Place, b)) {
			continue
		}
		row, err := drilled(au, name, b, act)
		if err != nil {
			return err
		}
		rows = append(rows, row)
	}
	slices.SortStableFunc(rows, func(x, y drillRow) int { return strings.Compare(x.Place, y.Place) })
	passed := !slices.ContainsFunc(rows, func(r drillRow) bool { return r.State != drillHeard })
	result := map[string]any{"id": act.ID, "issued": act.Issued, "passed": passed && len(rows) > 0, "boxes": rows}
	return a.show(result, func(w io.Writer) {
		fmt.Fprintln(w, a.text("drill.of", act.ID, a.second(act.Issued)))
		for i := 0; i < len(rows); {
			j := i
			for j < len(rows) && rows[j].Place == rows[i].Place {
				j++
			}
			a.drillPlace(w, au, rows[i:j])
			i = j
		}
		if len(rows) == 0 {
			fmt.Fprintln(w, a.text("drill.nobody"))
		}
	})
}

// drillPlace writes a place, and those of its boxes that did not sound.
func (a *app) drillPlace(w io.Writer, au *authority.Authority, rows []drillRow) {
	heard := 0
	for _, r := range rows {
		if r.State == drillHeard {
			heard++
		}
	}
	verdict := "drill.failed"
	if heard == len(rows) {
		verdict = "drill.passed"
	}
	fmt.Fprintf(w, "%s %s %s\n", a.text(verdict), rows[0].Place, strings.TrimSpace(au.Places()[rows[0].Place].Name+"  "+a.text("drill.count", heard, len(rows))))
	for _, r := range rows {
		if r.State == drillHeard {
			continue
		}
		why := a.codeWord(r.Code)
		if r.Result != "" && r.Code == plan.Accepted {
			why = word(a.text("result."+string(r.Result)), string(r.Result))
		}
		fmt.Fprintf(w, "    %-20s %s\n", r.Box, strings.TrimSpace(a.text("drill."+r.State)+"  "+why))
	}
}

// findDrill is a drill from the history: the one of that id, or the last.
func (a *app) findDrill(au *authority.Authority, id string) (plan.Act, error) {
	past, err := au.History()
	if err != nil {
		return plan.Act{}, err
	}
	slices.SortFunc(past, func(x, y authority.Past) int { return int(y.Version - x.Version) })
	for _, p := range past {
		if t, err := message.ParseTopic(p.Topic); err != nil || t.Leaf != message.LeafAct {
			continue
		}
		is, err := au.Recorded(p)
		if err != nil {
			return plan.Act{}, err
		}
		if act, ok := is.Doc.(plan.Act); ok && act.Kind == plan.KindDrill && (id == "" || act.ID == id) {
			return act, nil
		}
	}
	if id != "" {
		return plan.Act{}, errors.New(a.text("drill.unknown", id))
	}
	return plan.Act{}, errors.New(a.text("drill.none"))
}

// drilled is what a box's signed ledger says of a drill.
func drilled(au *authority.Authority, name string, b authority.Box, act plan.Act) (drillRow, error) {
	row := drillRow{Place: b.Place, Box: name, State: drillUnreachable}
	pub, err := plan.ParseKey(b.Key)
	if err != nil {
		return row, nil // it has never been seen
	}
	id := schedule.ActID(&act.Head)
	last := time.Time{}
	err = ledgers(au).Each(name, pub, func(e ledger.Entry) bool {
		last = e.Time
		if e.ID != id {
			return true
		}
		switch e.Kind {
		case ledger.Refused:
			row.State, row.Code = drillNotHeard, e.Code
		case ledger.End, ledger.Pause:
			row.State, row.Result, row.Code = drillNotHeard, e.Result, e.Code
			row.HeardS, row.LevelD, row.Proof = e.HeardS, e.LevelDBFS, e.Proof
			if e.Kind == ledger.End && e.Result == plan.Heard {
				row.State, row.Code = drillHeard, plan.Accepted
			}
		}
		return true
	})
	if row.State == drillUnreachable && last.After(act.Until) {
		row.State, row.Result = drillNotHeard, plan.Missed // it is there, and knows nothing of it
	}
	return row, err
}
