package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"loa/agent/ledger"
	"loa/agent/plan"
	"loa/scripts/authority"
	"loa/scripts/authority/archive"
)

// ledger shows what boxes have really played, from the segments that the
// dispatcher took in. Nothing is shown that the box did not sign.
func (a *app) ledger(args []string) error {
	fs := a.flags("ledger")
	verify := fs.Bool("verify", false, "")
	last := fs.Int("last", 50, "")
	rest, err := a.parse(fs, args, 0, 1)
	if err != nil {
		return err
	}
	au, err := a.open()
	if err != nil {
		return err
	}
	if len(rest) == 0 {
		return a.ledgerAll(au)
	}
	box, ok := au.EveryBox()[rest[0]]
	if !ok {
		return errors.New(a.text("box.none", rest[0]))
	}
	pub, err := plan.ParseKey(box.Key)
	if err != nil {
		return err
	}
	if *verify {
		r, err := ledgers(au).Verify(rest[0], pub)
		if err != nil {
			return err
		}
		return a.ledgerReport(rest[0], r)
	}
	entries := []ledger.Entry{}
	if err := ledgers(au).Each(rest[0], pub, func(e ledger.Entry) bool {
		if entries = append(entries, e); len(entries) > *last {
			entries = entries[1:]
		}
		return true
	}); err != nil {
		return err
	}
	return a.show(entries, func(w io.Writer) {
		for _, e := range entries {
			result := string(e.Result)
			if e.Kind != ledger.End && e.Kind != ledger.Pause {
				result = "" // a refusal says so in its kind
			}
			heard := ""
			if e.HeardS > 0 {
				heard = a.decimal(e.HeardS) + "/" + a.decimal(e.PlannedS) + " s"
			}
			line := fmt.Sprintf("%6d  %s  %-10s %-11s %-12s %14s  %s", e.Seq, a.second(e.Time),
				word(a.text("kind."+string(e.Kind)), string(e.Kind)), word(a.text("class."+string(e.Class)), string(e.Class)),
				word(a.text("result."+result), result), heard, cmp.Or(e.Title, e.ID))
			detail := e.Says().EN
			if a.lang == "vi" {
				if detail = e.Says().VI; e.Code != plan.Accepted && detail == e.Detail {
					detail = "" // a box tells particulars in English
				}
			}
			if why := strings.TrimSpace(a.codeWord(e.Code) + " " + detail); why != "" {
				line += "  [" + why + "]"
			}
			fmt.Fprintln(w, strings.TrimRight(line, " "))
		}
		if len(entries) == 0 {
			fmt.Fprintln(w, a.text("ledger.none", rest[0]))
		}
	})
}

// codeWord is the sentence of a code.
func (a *app) codeWord(c plan.Code) string {
	switch {
	case c == plan.Accepted:
		return ""
	case a.lang == "vi":
		return c.Sentence().VI
	}
	return c.Sentence().EN
}

// vietnam is the time people here live by, wherever the tool runs.
var vietnam = time.FixedZone("+07", 7*3600)

// ledgerAll verifies the ledgers of all boxes, those without any too.
func (a *app) ledgerAll(au *authority.Authority) error {
	type line struct {
		Box string `json:"box"`
		archive.Report
		Error string `json:"error,omitempty"`
	}
	lines := []line{}
	for _, name := range sortedKeys(au.EveryBox()) {
		l := line{Box: name}
		pub, err := plan.ParseKey(au.EveryBox()[name].Key)
		if err == nil {
			l.Report, err = ledgers(au).Verify(name, pub)
		}
		if err != nil {
			l.Error = a.explain(err)
		}
		lines = append(lines, l)
	}
	err := a.show(lines, func(w io.Writer) {
		for _, l := range lines {
			if l.Error != "" {
				fmt.Fprintf(w, "%-20s %s\n", l.Box, l.Error)
				continue
			}
			fmt.Fprintf(w, "%-20s %s\n", l.Box, a.ledgerLine(l.Report))
		}
	})
	for _, l := range lines {
		if l.Error != "" {
			return errors.Join(err, errTold)
		}
	}
	return err
}

func (a *app) ledgerReport(box string, r archive.Report) error {
	return a.show(r, func(w io.Writer) { fmt.Fprintf(w, "%s: %s\n", box, a.ledgerLine(r)) })
}

func (a *app) ledgerLine(r archive.Report) string {
	if r.Entries == 0 {
		return a.text("ledger.empty")
	}
	s := a.text("ledger.good", r.Entries, r.To, r.Head[:min(12, len(r.Head))])
	for _, g := range r.Gaps {
		s += "; " + a.text("ledger.gap", g.From, g.To)
	}
	return s
}
