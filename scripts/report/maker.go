package report

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"
)

// A maker sums up what folds and books say. Every number of the report goes
// through add, so that Why can name what is behind it.
type maker struct {
	in     Input
	w      Window
	watch  string // ID of the row to explain
	tell   func(Evidence)
	specs  map[string]spec
	places map[string]Place
	chains map[string][]string        // by place; see chain
	rows   map[string]map[string]*Row // by table and key
	asOf   time.Time
	covers map[string]*cover // by bulletin
	spoke  map[string]Ref    // by place: something was heard there
	showed map[string]Ref    // by box: its board proved a page
}

func newMaker(in Input, w Window, watch string, tell func(Evidence)) *maker {
	m := &maker{
		in: in, w: w, watch: watch, tell: tell, asOf: w.From,
		specs: make(map[string]spec), places: make(map[string]Place), chains: make(map[string][]string), rows: make(map[string]map[string]*Row),
		covers: make(map[string]*cover), spoke: make(map[string]Ref), showed: make(map[string]Ref),
	}
	for _, s := range specs {
		m.specs[s.id], m.rows[s.id] = s, make(map[string]*Row)
	}
	for _, p := range in.Places {
		m.places[p.Code] = p
	}
	return m
}

// row is a row of a table, which it makes.
func (m *maker) row(table, key string) *Row {
	r := m.rows[table][key]
	if r == nil {
		r = &Row{ID: table + "/" + key, Key: key, Cells: make([]int64, len(m.specs[table].columns))}
		m.rows[table][key] = r
	}
	return r
}

// add adds what ref stands for to a row. Zeros add nothing.
func (m *maker) add(table, key string, ref Ref, late bool, cells ...int64) {
	if !slices.ContainsFunc(cells, func(c int64) bool { return c != 0 }) {
		return
	}
	r := m.row(table, key)
	for i, c := range cells {
		r.Cells[i] += c
	}
	if late {
		r.Late++
	}
	if r.ID == m.watch && m.tell != nil {
		m.tell(Evidence{ref, cells})
	}
}

// maxDepth bounds the walk up the places: the books may be wrong.
const maxDepth = 16

// chain is a place and all above it at the end of the window, nearest first.
func (m *maker) chain(place string) []string {
	if up, ok := m.chains[place]; ok {
		return up
	}
	var up []string
	from := place
	for place != "" && len(up) < maxDepth && !slices.Contains(up, place) {
		up = append(up, place)
		place = m.places[place].Parent
	}
	m.chains[from] = up
	return up
}

// nothing is the key of a row for what entries say nothing about.
const nothing = "-"

// where is the place where a box stood and all above it then, or the place "-"; none
// when the report is not about it.
func (m *maker) where(device string, at time.Time) []string {
	up := m.in.Books.Stood(device, at)
	if len(up) == 0 {
		up = []string{nothing}
	}
	if m.in.Top != "" && !slices.Contains(up, m.in.Top) {
		return nil
	}
	return up
}

// served calls f with the stretches of the window in which a box stood at one place.
func (m *maker) served(b Box, f func(from, until time.Time, up []string)) {
	from, until := m.w.cut(b.Added, m.asOf)
	if !b.Revoked.IsZero() && b.Revoked.Before(until) {
		until = b.Revoked
	}
	for from.Before(until) {
		stood := m.in.Books.Stood(b.Name, from)
		next := nextDay(from)
		for next.Before(until) && slices.Equal(m.in.Books.Stood(b.Name, next), stood) {
			next = nextDay(next)
		}
		if next.After(until) {
			next = until
		}
		if up := m.where(b.Name, from); up != nil {
			f(from, next, up)
		}
		from = next
	}
}

func nextDay(t time.Time) time.Time {
	y, mo, d := t.In(zone).Date()
	return time.Date(y, mo, d+1, 0, 0, 0, 0, zone)
}

// report is what was summed up.
func (m *maker) report() Report {
	r := Report{Name: m.in.Name, Top: m.in.Top, TopName: m.places[m.in.Top].Name, Window: m.w, AsOf: m.asOf}
	titles := make(map[string]string)
	for _, b := range m.in.Boxes {
		titles[b.Name] = b.Label
	}
	for _, s := range specs {
		t := Table{ID: s.id, Columns: s.columns, Rows: []Row{}}
		for _, row := range m.rows[s.id] {
			switch {
			case s.id == "coverage":
				row.Name = m.covers[row.Key].title
			case s.id == "residents":
				of, month, _ := strings.Cut(row.Key, "/")
				row.Name = cmp.Or(titles[of], m.places[of].Name, of) + ", " + month
			case strings.HasSuffix(s.id, "-place"):
				row.Name = m.places[row.Key].Name
			default:
				row.Name = titles[row.Key]
			}
			t.Rows = append(t.Rows, *row)
		}
		m.sort(s.id, t.Rows)
		if s.sum {
			t.Sum = make([]int64, len(s.columns))
			for _, row := range t.Rows {
				for i, c := range row.Cells {
					t.Sum[i] += c
				}
			}
		}
		r.Tables = append(r.Tables, t)
	}
	return r
}

// sort puts rows into the order of what they are about: places as a tree, classes by
// rank, the rest by name.
func (m *maker) sort(table string, rows []Row) {
	path := func(r Row) string {
		if !strings.HasSuffix(table, "-place") {
			return r.Key
		}
		up := slices.Clone(m.chain(r.Key))
		slices.Reverse(up)
		return strings.Join(up, "\x00")
	}
	slices.SortFunc(rows, func(x, y Row) int {
		return cmp.Or(order(table, x.Key)-order(table, y.Key), strings.Compare(path(x), path(y)))
	})
}

// inOrder are the keys of the maps whose order must not be left to chance.
func inOrder[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
