package roster

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"loa/scripts/authority/places"
)

// A Box is one that a file takes in.
type Box struct {
	Line   int      `json:"line"`
	Device string   `json:"box"`
	Place  string   `json:"place"`
	Board  string   `json:"board"`
	Name   string   `json:"name"`
	Groups []string `json:"groups,omitempty"`
}

// boxColumns are the headings of a list of boxes.
var boxColumns = map[string][]string{
	"device": {"thiết bị", "mã thiết bị", "tên thiết bị", "box", "box name", "serial", "id"},
	"place":  {"địa bàn", "mã địa bàn", "nơi đặt", "xã", "mã xã", "place code"},
	"board":  {"loại thiết bị", "loại", "bo mạch", "kind"},
	"name":   {"tên", "tên gọi", "vị trí", "tên cụm", "title"},
	"groups": {"nhóm", "các nhóm", "group"},
}

// maxGroups is how many groups a box may have.
const maxGroups = 16

// A BoxList is what a file says about boxes.
type BoxList struct {
	Add     []Box
	Ignored []string
}

// Boxes reads a list of boxes and checks it against the books. may says in two
// languages why a device cannot be taken in, board why there is no such kind of box;
// both say nothing where all is well.
func Boxes(data []byte, books places.Book, now time.Time, may, board func(string) (en, vi string)) (BoxList, []Problem) {
	s := read(data, boxColumns, "device", "place", "board")
	l := BoxList{Ignored: s.ignored}
	d := newDirectory(books, now, false) // a box stands where there is something
	lines := make(map[string]int)
	for _, r := range s.rows {
		b := Box{Line: r.line, Device: r.cell["device"], Board: r.cell["board"]}
		if s.code(r.line, "device", b.Device) {
			if first, twice := lines[b.Device]; twice {
				s.bad(r.line, "device", "device-twice", b.Device, first)
			} else if lines[b.Device] = r.line; true {
				s.told(r.line, "device", b.Device, may)
			}
		}
		if b.Board == "" {
			s.bad(r.line, "board", "missing")
		} else {
			s.told(r.line, "board", b.Board, board)
		}
		b.Name = cmp.Or(s.name(r.line, "name", r.cell["name"], false), b.Device)
		if p := r.cell["place"]; p == "" {
			s.bad(r.line, "place", "missing")
		} else {
			b.Place, _ = d.find(s, r.line, "place", p)
		}
		b.Groups = s.groups(d, r, b.Place)
		l.Add = append(l.Add, b)
	}
	return l, s.sorted()
}

func (s *sheet) told(line int, column, what string, why func(string) (en, vi string)) {
	if en, vi := why(what); en != "" {
		s.problems = append(s.problems, Problem{Line: line, Column: column, EN: en, VI: vi})
	}
}

func (s *sheet) groups(d *directory, r row, own string) []string {
	var groups []string
	for _, g := range strings.FieldsFunc(r.cell["groups"], func(c rune) bool { return c == ',' || c == ';' || c == '|' }) {
		if g = strings.TrimSpace(g); g == "" {
			continue
		}
		code, ok := d.find(s, r.line, "groups", g)
		switch {
		case !ok:
		case code == own, slices.Contains(groups, code):
			s.bad(r.line, "groups", "group-twice", g)
		default:
			groups = append(groups, code)
		}
	}
	if len(groups) > maxGroups {
		s.bad(r.line, "groups", "groups", len(groups), maxGroups)
	}
	return groups
}
