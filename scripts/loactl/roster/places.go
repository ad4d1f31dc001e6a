package roster

import (
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"loa/agent/plan"
	"loa/agent/viet"
	"loa/scripts/authority/places"
)

// A Place is one that a file adds.
type Place struct {
	Line   int       `json:"line"`
	Code   string    `json:"place"`
	Name   string    `json:"name"`
	Parent string    `json:"parent,omitempty"`
	Width  int       `json:"width,omitempty"`
	From   time.Time `json:"from,omitzero"`
	Until  time.Time `json:"until,omitzero"`
	Into   string    `json:"into,omitempty"`
}

// Facts are what is known of the place.
func (p Place) Facts() []places.Fact {
	all := []places.Fact{{On: p.From, Name: p.Name, Parent: p.Parent, Width: p.Width}}
	if !p.Until.IsZero() {
		all = append(all, places.Fact{On: p.Until, Name: p.Name, Parent: p.Into, Width: p.Width, Into: p.Into})
	}
	return all
}

// placeColumns are the headings of a place list, with other words for them; the first
// is the Vietnamese one.
var placeColumns = map[string][]string{
	"code":   {"mã", "mã số", "mã đơn vị", "mã địa bàn", "mã xã", "mã đvhc", "id"},
	"name":   {"tên", "tên đơn vị", "tên địa bàn", "tên xã", "tên đvhc"},
	"parent": {"cấp trên", "mã cấp trên", "thuộc", "mã cha", "mã tỉnh", "parent code", "above"},
	"width":  {"độ rộng", "rộng"},
	"kind":   {"cấp", "loại", "loại hình", "loại đơn vị", "type", "unit"},
	"from":   {"từ", "từ ngày", "hiệu lực từ", "ngày hiệu lực"},
	"until":  {"đến", "đến ngày", "hết hiệu lực"},
	"into":   {"sáp nhập vào", "nhập vào", "merged into"},
}

// A PlaceList is what a file says about places.
type PlaceList struct {
	Add       []Place  // in the order of the file
	Unchanged int      // that the books have already
	Ignored   []string // headings that are none of ours
}

// Places reads a place list and checks it against the books. With a problem nothing of
// it counts.
func Places(data []byte, books places.Book, now time.Time) (PlaceList, []Problem) {
	s := read(data, placeColumns, "code", "name")
	l := PlaceList{Ignored: s.ignored}
	d := newDirectory(books, now, true)
	lines := make(map[string]int) // of each code in the file
	var all []Place
	for _, r := range s.rows {
		p, ok := s.place(r, lines)
		if ok {
			all = append(all, p)
		}
		if _, there := books.Places[p.Code]; !there && lines[p.Code] == r.line {
			d.add(p.Code, p.Name, "") // also of a line that has to be mended: others may be below it
		}
	}
	s.zeros(all)
	with := places.Book{Places: make(map[string][]places.Fact, len(books.Places)+len(all))}
	for code, facts := range books.Places {
		with.Places[code] = facts
	}
	parents := make(map[string]bool)
	for i := range all {
		p := &all[i]
		p.Parent, p.Into = s.link(d, p, "parent", p.Parent), s.link(d, p, "into", p.Into)
		d.above[p.Code] = p.Parent
		parents[p.Parent] = true
		if !p.Until.IsZero() && p.Into == "" {
			p.Into = p.Parent // a group that was for a time only
		}
		if p.Until.IsZero() != (p.Into == "") {
			s.bad(p.Line, "into", "until-into")
		}
	}
	for _, p := range all {
		if p.Width < 0 {
			p.Width = 0
			if p.Parent == "" && parents[p.Code] {
				p.Width = 1 // what has others below it and nothing above is a province
			}
		}
		if s.known(p, books, now) {
			l.Unchanged++
			continue
		}
		with.Places[p.Code] = p.Facts()
		l.Add = append(l.Add, p)
	}
	if len(s.problems) == 0 {
		s.faults(with, lines)
	}
	return l, s.sorted()
}

// place reads one line.
func (s *sheet) place(r row, lines map[string]int) (Place, bool) {
	p := Place{Line: r.line, Code: r.cell["code"], Name: r.cell["name"], Parent: r.cell["parent"], Into: r.cell["into"], Width: -1}
	before := len(s.problems)
	if s.code(r.line, "code", p.Code) {
		if first, twice := lines[p.Code]; twice {
			s.bad(r.line, "code", "twice", p.Code, first)
		} else {
			lines[p.Code] = r.line
		}
	}
	p.Name = s.name(r.line, "name", p.Name, true)
	if kind := r.cell["kind"]; kind != "" && !strings.HasPrefix(viet.Fold(p.Name), viet.Fold(kind)+" ") {
		p.Name = kind + " " + p.Name
	}
	if w := r.cell["width"]; w != "" {
		n, err := strconv.Atoi(w)
		if err != nil || n < 0 || n > plan.MaxWidth {
			s.bad(r.line, "width", "width", w, plan.MaxWidth)
		}
		p.Width = n
	}
	p.From, p.Until = s.date(r, "from"), s.date(r, "until")
	if !p.Until.IsZero() && !p.Until.After(p.From) {
		s.bad(r.line, "until", "backwards")
	}
	return p, len(s.problems) == before
}

// code demands a code as documents may have it.
func (s *sheet) code(line int, column, code string) bool {
	low := strings.ToLower(code)
	switch {
	case code == "":
		s.bad(line, column, "missing")
	case code == plan.RootPlace, code == plan.ClockPlace:
		s.bad(line, column, "reserved", code)
	case plan.ValidID(code):
		return true
	case strings.ContainsAny(code, ".,+") && strings.Trim(code, "0123456789.,+eE") == "":
		s.bad(line, column, "number", code)
	case plan.ValidID(low):
		s.bad(line, column, "capital", code, low)
	default:
		s.bad(line, column, "code", code)
	}
	return false
}

// name demands a name on one line, of at most 200 letters.
func (s *sheet) name(line int, column, name string, must bool) string {
	name = strings.Join(strings.Fields(name), " ")
	switch {
	case name == "" && must:
		s.bad(line, column, "missing")
	case utf8.RuneCountInString(name) > 200:
		s.bad(line, column, "long", utf8.RuneCountInString(name), 200)
	case strings.ContainsFunc(name, func(r rune) bool { return unicode.IsControl(r) || r == utf8.RuneError }):
		s.bad(line, column, "control")
	}
	return name
}

// vietnam is where a day begins.
var vietnam = time.FixedZone("+07:00", 7*3600)

func (s *sheet) date(r row, column string) time.Time {
	v := r.cell[column]
	if v == "" {
		return time.Time{}
	}
	t, ok := Date(v)
	if !ok {
		s.bad(r.line, column, "date", v)
	}
	return t
}

// Date reads a day as 2025-07-01 or 1/7/2025; it begins at midnight in Vietnam.
func Date(v string) (time.Time, bool) {
	for _, layout := range []string{"2006-01-02", "2/1/2006", "2-1-2006", "2.1.2006"} {
		if t, err := time.ParseInLocation(layout, v, vietnam); err == nil && t.Year() >= 1900 && t.Year() <= 2200 {
			return t, true
		}
	}
	return time.Time{}, false
}

// zeros finds codes that a spreadsheet took for numbers: shorter than all others that
// stand below the same place, and digits only.
func (s *sheet) zeros(all []Place) {
	lengths := make(map[string]map[int]int)
	for _, p := range all {
		if strings.Trim(p.Code, "0123456789") == "" {
			if lengths[p.Parent] == nil {
				lengths[p.Parent] = make(map[int]int)
			}
			lengths[p.Parent][len(p.Code)]++
		}
	}
	for _, p := range all {
		usual, most := 0, 0
		for length, n := range lengths[p.Parent] {
			if n > most || n == most && length > usual {
				usual, most = length, n
			}
		}
		if strings.Trim(p.Code, "0123456789") == "" && len(p.Code) < usual {
			s.bad(p.Line, "code", "zeros", p.Code, usual, strings.Repeat("0", usual-len(p.Code))+p.Code)
		}
	}
}

// link finds the place that a cell names.
func (s *sheet) link(d *directory, p *Place, column, what string) string {
	if what == "" {
		return ""
	}
	code, ok := d.find(s, p.Line, column, what)
	if ok && code == p.Code {
		s.bad(p.Line, column, "itself", what)
	}
	return code
}

// known reports whether the books have a place as the file has it. What differs is
// changed by other commands, with a date.
func (s *sheet) known(p Place, books places.Book, now time.Time) bool {
	if _, ok := books.Places[p.Code]; !ok {
		return false
	}
	f, ok := books.At(p.Code, now)
	if !ok {
		f = books.Places[p.Code][0]
	}
	switch {
	case f.Into != "" && !p.Until.IsZero() && p.Into == f.Into:
	case f.Into != "":
		s.bad(p.Line, "code", "reused", p.Code, books.Became(p.Code, now))
	case f.Name != p.Name:
		s.bad(p.Line, "name", "renamed", p.Code, f.Name, p.Code, p.Name)
	case books.Parent(p.Code, now) != p.Parent:
		s.bad(p.Line, "parent", "reparented", p.Code, books.Parent(p.Code, now), p.Code, p.Parent)
	case !p.Until.IsZero():
		s.bad(p.Line, "until", "merge", p.Code, p.Into)
	}
	return true
}

// faults says what makes no sense once all lines are in the books.
func (s *sheet) faults(b places.Book, lines map[string]int) {
	for _, f := range b.Faults(plan.MaxDepth) {
		line := max(1, lines[f.Code])
		switch f.Why {
		case places.Circle:
			s.bad(line, "parent", "circle", f.Code, f.Of)
		case places.Deep:
			s.bad(line, "parent", "deep", f.Code, plan.MaxDepth)
		case places.Orphan:
			s.bad(line, "parent", "orphan", f.Of)
		default:
			s.bad(line, "from", "backwards")
		}
	}
}
