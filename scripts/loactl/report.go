package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"loa/agent/ledger"
	"loa/agent/message"
	"loa/agent/plan"
	"loa/boards"
	"loa/scripts/authority"
	"loa/scripts/authority/archive"
	"loa/scripts/authority/places"
	"loa/scripts/report"
)

// report makes the plan's annual report from the boxes' ledgers.
func (a *app) report(args []string) error {
	fs := a.flags("report")
	year := fs.Int("year", 0, "")
	out := fs.String("out", "", "")
	why := fs.String("why", "", "")
	rest, err := a.parse(fs, args, 0, 1)
	if err != nil {
		return err
	}
	if *year < 2020 || *year > 9998 {
		return &usageError{a.text("report.year")}
	}
	if (*out == "") == (*why == "") {
		return &usageError{a.text("report.what")}
	}
	au, err := a.open()
	if err != nil {
		return err
	}
	in, err := reportInput(au, report.Year(*year).Until.Add(-1))
	if err != nil {
		return err
	}
	if len(rest) == 1 {
		if !slices.ContainsFunc(in.Places, func(p report.Place) bool { return p.Code == rest[0] }) {
			return errors.New(a.text("place.none", rest[0]))
		}
		in.Top = rest[0]
	}
	switch w := report.Year(*year); {
	case a.now().Before(w.From):
		a.note("report.future", w.Year, a.onDay(w.From))
	case a.now().Before(w.Until):
		a.note("report.running", w.Year, a.onDay(w.Until.Add(-1)))
	}
	if *why != "" {
		return a.reportWhy(in, report.Year(*year), *why)
	}
	r, err := report.Make(in, report.Year(*year))
	if err != nil {
		return err
	}
	return a.reportFiles(r, *out)
}

// reportFiles writes a report into a folder, each file whole or not at all.
func (a *app) reportFiles(r report.Report, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	name := fmt.Sprintf("bao-cao-%d", r.Window.Year)
	if a.lang == "en" {
		name = fmt.Sprintf("report-%d", r.Window.Year)
	}
	if r.Top != "" {
		name += "-" + r.Top
	}
	files := []string{}
	for _, f := range []struct {
		ext   string
		write func(io.Writer, string) error
	}{{".csv", r.WriteCSV}, {".xlsx", r.WriteXLSX}, {".html", r.WriteHTML}} {
		var b bytes.Buffer
		if err := f.write(&b, a.lang); err != nil {
			return err
		}
		path := filepath.Join(dir, name+f.ext)
		if err := os.WriteFile(path+".new", b.Bytes(), 0o644); err != nil {
			return err
		}
		if err := os.Rename(path+".new", path); err != nil {
			return err
		}
		files = append(files, path)
	}
	return a.show(files, func(w io.Writer) {
		for _, f := range files {
			fmt.Fprintln(w, f)
		}
		if lost := r.Table("lost"); len(lost.Rows) > 0 {
			fmt.Fprintln(w, a.text("report.lost", len(lost.Rows)))
		}
	})
}

// reportWhy shows what a row is made of as it is read: a year of a province does not
// fit in memory.
func (a *app) reportWhy(in report.Input, w report.Window, row string) error {
	id, found := row, false
	r, err := report.Why(in, w, id, func(e report.Evidence) {
		found = true
		if a.json {
			line, err := json.Marshal(e)
			if err == nil {
				fmt.Fprintf(a.out, "%s\n", line)
			}
			return
		}
		fmt.Fprintf(a.out, "%-20s %8s  %-19s  %-12.12s  %s  %s\n", e.Device, entryNumber(e.Seq), a.second(e.Time), e.Hash, a.cellsOf(table(id), e.Cells), printable(e.Note))
	})
	if err != nil {
		return err
	}
	total, ok := r.Row(id)
	if !ok {
		return errors.New(a.text("report.row", id))
	}
	if a.json {
		return nil
	}
	if !found {
		fmt.Fprintln(a.out, a.text("report.nothing"))
		return nil
	}
	fmt.Fprintln(a.out, a.text("report.sum", id, a.cellsOf(table(id), total.Cells)))
	return nil
}

func table(row string) string {
	id, _, _ := strings.Cut(row, "/")
	return id
}

func entryNumber(seq int64) string {
	if seq == 0 {
		return ""
	}
	return fmt.Sprint(seq)
}

// cellsOf are the cells of a row with the names of their columns.
func (a *app) cellsOf(table string, cells []int64) string {
	var parts []string
	for i, c := range report.Columns(table) {
		v := fmt.Sprint(cells[i])
		if c.Unit == report.Millis {
			v = fmt.Sprintf("%d.%03ds", cells[i]/1000, cells[i]%1000)
		}
		parts = append(parts, report.Heading(c, a.lang)+"="+v)
	}
	return strings.Join(parts, ", ")
}

// reportInput is what the authority's books and archive give a report; places are as
// they are just before until.
func reportInput(au *authority.Authority, until time.Time) (report.Input, error) {
	books, boxes := au.Book(), au.EveryBox()
	in := report.Input{Name: au.Name(), Books: dated{books}, Ledgers: keyed{ledgers(au), boxes}}
	for name, b := range boxes {
		box := report.Box{Name: name, Label: b.Name, Board: b.Board, Added: b.Added}
		if kind, err := boards.Load(b.Board); err == nil {
			box.Panel = kind.Panel.There()
		}
		if r, ok := au.Revocation(b); ok {
			box.Revoked = r.At
		}
		in.Boxes = append(in.Boxes, box)
	}
	for code := range books.Places {
		if p, ok := books.At(code, until); ok {
			in.Places = append(in.Places, report.Place{Code: code, Name: p.Name, Parent: books.Parent(code, until), Width: p.Width, Ended: p.Into != ""})
		}
	}
	var err error
	if in.Bulletins, err = bulletinsUntil(au, until); err != nil {
		return in, err
	}
	devices, err := ledgers(au).Devices()
	if err != nil {
		return in, err
	}
	for _, d := range devices {
		if _, ok := boxes[d]; !ok {
			in.Strangers = append(in.Strangers, d)
		}
	}
	slices.Sort(in.Strangers)
	in.Residents, err = complaints(au, until)
	return in, err
}

// bulletinsUntil are those issued up to then, each as it was at last: the history has them
// also when they were withdrawn or written anew since.
func bulletinsUntil(au *authority.Authority, until time.Time) ([]report.Bulletin, error) {
	past, err := au.History()
	if err != nil {
		return nil, err
	}
	last := make(map[string]int64) // by topic
	for _, p := range past {
		if t, err := message.ParseTopic(p.Topic); err == nil && t.Kind == plan.KindBulletin && p.Version <= until.UnixMilli() {
			last[p.Topic] = max(last[p.Topic], p.Version)
		}
	}
	all, err := au.Issued() // by an authority from before there was a history
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(is authority.Issued) bool { return last[is.Topic.String()] != 0 })
	for _, topic := range sortedKeys(last) {
		is, err := au.Recorded(authority.Past{Topic: topic, Version: last[topic]})
		if err != nil {
			return nil, err
		}
		all = append(all, is)
	}
	var bulletins []report.Bulletin
	for _, is := range all {
		if b, ok := is.Doc.(plan.Bulletin); ok && !b.Issued.After(until) {
			bulletins = append(bulletins, report.Bulletin{
				Key: b.Key().String(), Title: b.Title, Place: b.Place, Drill: b.Class == plan.Drill, Issued: b.Issued,
			})
		}
	}
	return bulletins, nil
}

// dated is what the books knew of places and boxes at a time.
type dated struct{ places.Book }

// Stood are the place where a box stood and those above it.
func (d dated) Stood(device string, at time.Time) []string {
	place, ok := d.Of(device, at)
	if !ok {
		return nil
	}
	return append([]string{place}, d.Above(place, at)...)
}

// keyed is the archive with the key of every box.
type keyed struct {
	*archive.Archive
	boxes map[string]authority.Box
}

// Entries gives a box's ledger, verified.
func (k keyed) Entries(device string, f func(ledger.Entry, time.Time)) error {
	pub, err := plan.ParseKey(k.boxes[device].Key)
	if err != nil {
		return err
	}
	return k.EachArrived(device, pub, func(e ledger.Entry, arrived time.Time) bool {
		f(e, arrived)
		return true
	})
}
