package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"loa/agent/ledger"
	"loa/agent/plan"
	"loa/scripts/authority"
)

// What became of a drill at a box: heard is what the box measured, not what it was sent.
const (
	drillHeard       = "heard"
	drillProven      = "proven"      // of a silent one: it would have been heard
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
// from what its boxes have measured and signed. One that failed anywhere ends with exit
// code 4.
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
	run, err := a.findDrill(au, id)
	if err != nil {
		return err
	}
	rows := []drillRow{}
	for _, name := range sortedKeys(au.Boxes()) {
		b := au.Boxes()[name]
		if name != run.device && (run.place == "" || !au.Reaches(run.place, b)) {
			continue
		}
		row, err := drilled(au, name, b, run)
		if err != nil {
			return err
		}
		rows = append(rows, row)
	}
	slices.SortStableFunc(rows, func(x, y drillRow) int { return strings.Compare(x.Place, y.Place) })
	passed := !slices.ContainsFunc(rows, func(r drillRow) bool { return !r.good() })
	passed = passed && len(rows) > 0
	result := map[string]any{"id": run.id, "issued": run.at, "silent": run.silent, "passed": passed, "boxes": rows}
	err = a.show(result, func(w io.Writer) {
		fmt.Fprintln(w, a.text("drill.of", run.id, a.second(run.at)))
		if run.silent {
			fmt.Fprintln(w, a.text("drill.silent"))
		}
		for i := 0; i < len(rows); {
			j := i
			for j < len(rows) && rows[j].Place == rows[i].Place {
				j++
			}
			a.drillPlace(w, au, rows[i:j], run.silent)
			i = j
		}
		if len(rows) == 0 {
			fmt.Fprintln(w, a.text("drill.nobody"))
		}
	})
	if err == nil && !passed {
		err = errNobody
	}
	return err
}

// good reports whether the box did what was wanted.
func (r drillRow) good() bool { return r.State == drillHeard || r.State == drillProven }

// drillPlace writes a place, and those of its boxes that did not sound.
func (a *app) drillPlace(w io.Writer, au *authority.Authority, rows []drillRow, silent bool) {
	heard, count := 0, "drill.count"
	if silent {
		count = "drill.proven"
	}
	for _, r := range rows {
		if r.good() {
			heard++
		}
	}
	verdict := "drill.failed"
	if heard == len(rows) {
		verdict = "drill.passed"
	}
	fmt.Fprintf(w, "%s %s %s\n", a.text(verdict), rows[0].Place, strings.TrimSpace(au.Places()[rows[0].Place].Name+"  "+a.text(count, heard, len(rows))))
	for _, r := range rows {
		if r.good() {
			continue
		}
		why := a.codeWord(r.Code)
		if r.Result != "" && r.Code == plan.Accepted {
			why = word(a.text("result."+string(r.Result)), string(r.Result))
		}
		fmt.Fprintf(w, "    %-20s %s\n", r.Box, strings.TrimSpace(a.text("drill."+r.State)+"  "+why))
	}
}

// drilled is what a box's signed ledger says of a drill: of each of its items.
func drilled(au *authority.Authority, name string, b authority.Box, run drillRun) (drillRow, error) {
	row := drillRow{Place: b.Place, Box: name, State: drillUnreachable}
	pub, err := plan.ParseKey(b.Key)
	if err != nil {
		return row, nil // it has never been seen
	}
	good, want := drillHeard, plan.Heard
	if run.silent {
		good, want = drillProven, plan.Proven
	}
	done, last := make(map[string]bool), time.Time{}
	err = ledgers(au).Each(name, pub, func(e ledger.Entry) bool {
		last = e.Time
		if !slices.Contains(run.items, e.ID) {
			return true
		}
		switch e.Kind {
		case ledger.Refused:
			row.State, row.Code = drillNotHeard, e.Code
		case ledger.End, ledger.Pause:
			row.State, row.Result, row.Code = drillNotHeard, e.Result, e.Code
			row.HeardS, row.LevelD, row.Proof = e.HeardS, e.LevelDBFS, e.Proof
			done[e.ID] = e.Kind == ledger.End && e.Result == want
		}
		return true
	})
	all := !slices.ContainsFunc(run.items, func(id string) bool { return !done[id] })
	switch {
	case all && len(run.items) > 0:
		row.State, row.Code = good, plan.Accepted
	case row.State == drillUnreachable && last.After(run.until):
		row.State, row.Result = drillNotHeard, plan.Missed // it is there, and knows nothing of it
	}
	return row, err
}
