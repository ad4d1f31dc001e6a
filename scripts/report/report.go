// Package report makes the plan's annual report from the ledgers that boxes
// signed: tables of numbers, each of them a sum over entries that can be named.
package report

import (
	"errors"
	"io/fs"
	"slices"
	"strings"
	"time"

	"loa/agent/ledger"
	"loa/scripts/authority/archive"
)

// A Box is a device as the books have it.
type Box struct {
	Name    string
	Label   string // as people call it
	Board   string // the kind of box
	Panel   bool   // it has a board that people read
	Added   time.Time
	Revoked time.Time // zero: never
}

// A Place is an administrative unit or a group, as it is at the end of the window.
type Place struct {
	Code, Name, Parent string
	Width              int  // 0: a commune or less
	Ended              bool // Parent is what it became a part of
}

// A Bulletin is a document that was issued, by the key that entries name it by.
type Bulletin struct {
	Key, Title, Place string
	Drill             bool
	Issued            time.Time
}

// Books say where boxes stand and stood.
type Books interface {
	// Stood are the place where a box stood at a time and all above it then, nearest
	// first; none: nowhere.
	Stood(device string, at time.Time) []string
}

// Ledgers are what boxes signed.
type Ledgers interface {
	// Entries calls f with every entry of a box in order, each once and verified,
	// until something is wrong: archive.ErrFork, damage, or a file that cannot be read.
	Entries(device string, f func(e ledger.Entry, arrived time.Time)) error
	// Forked reports whether the box has ever told another past than before.
	Forked(device string) bool
}

// An Input is all that a report is made from.
type Input struct {
	Name      string   // of who reports
	Top       string   // only this place and what is below it; empty: all
	Boxes     []Box    // also those that were revoked
	Strangers []string // boxes whose ledgers are here and which nobody knows
	Places    []Place
	Bulletins []Bulletin
	Books     Books
	Ledgers   Ledgers
	Residents []Complaints
}

// Complaints are how many reports of residents came about a box in a month.
type Complaints struct {
	Device, Place          string // where it stood; Device empty: about none in particular
	Month                  string // 2026-11
	Loud, Unheard, Another int64
}

// A Ref names what stands behind a number: an entry of a box's ledger, or with
// Seq 0 a line of the authority's books.
type Ref struct {
	Device string    `json:"device"`
	Seq    int64     `json:"seq,omitempty"`
	Hash   string    `json:"hash,omitempty"`
	Time   time.Time `json:"time,omitzero"`
	Note   string    `json:"note,omitempty"`
}

// An Evidence is what one Ref adds to a row.
type Evidence struct {
	Ref
	Cells []int64 `json:"cells"`
}

// A Row is a line of a table. Its cells are counts or milliseconds, as the
// table's columns say.
type Row struct {
	ID      string // of the table and the key, as Why takes it
	Key     string
	Name    string // what people call Key, when the words of this package do not know it
	Cells   []int64
	Late    int64 // how many entries behind it came after the report was due
	Pending bool  // only the official text says what belongs here
}

// A Table is a part of a report.
type Table struct {
	ID      string
	Columns []Column
	Rows    []Row
	Sum     []int64 // over the rows, where rows do not overlap; else nil
}

// A Report is what Make gives.
type Report struct {
	Name    string
	Top     string // code of the place, when it is of one
	TopName string
	Window  Window
	AsOf    time.Time // of the newest entry within the window: nothing is known beyond it
	Tables  []Table
}

// Table is the table of that name.
func (r Report) Table(id string) Table {
	i := slices.IndexFunc(r.Tables, func(t Table) bool { return t.ID == id })
	if i < 0 {
		return Table{}
	}
	return r.Tables[i]
}

// Row finds a row by its ID.
func (r Report) Row(id string) (Row, bool) {
	table, _, _ := strings.Cut(id, "/")
	rows := r.Table(table).Rows
	i := slices.IndexFunc(rows, func(row Row) bool { return row.ID == id })
	if i < 0 {
		return Row{}, false
	}
	return rows[i], true
}

// Make reads every ledger once. It keeps sums, not entries.
func Make(in Input, w Window) (Report, error) { return run(in, w, "", nil) }

// Why is Make that also calls f with everything that makes up one row, in the
// order of boxes and entries. The cells that f is given sum up to the row's.
func Why(in Input, w Window, row string, f func(Evidence)) (Report, error) {
	return run(in, w, row, f)
}

func run(in Input, w Window, watch string, f func(Evidence)) (Report, error) {
	in.Boxes = slices.Clone(in.Boxes)
	slices.SortFunc(in.Boxes, func(x, y Box) int { return strings.Compare(x.Name, y.Name) })
	m := newMaker(in, w, watch, f)
	for i, b := range in.Boxes {
		fo := newFold(m, i, b)
		err := in.Ledgers.Entries(b.Name, fo.entry)
		var file *fs.PathError
		if errors.As(err, &file) {
			return Report{}, err
		}
		fo.end(errors.Is(err, archive.ErrFork) || in.Ledgers.Forked(b.Name), err)
	}
	m.finish()
	return m.report(), nil
}
