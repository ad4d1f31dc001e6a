package roster

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"loa/agent/plan"
	"loa/agent/viet"
	"loa/scripts/authority/places"
)

// plainly is a heading as it is compared: small letters without marks or signs.
func plainly(s string) string {
	s, _, _ = strings.Cut(s, "(")
	var b strings.Builder
	for _, r := range norm.NFD.String(strings.ToLower(s)) {
		switch {
		case r == 'đ':
			b.WriteByte('d')
		case unicode.IsLetter(r), unicode.IsDigit(r):
			b.WriteRune(r)
		case unicode.IsSpace(r), r == '_', r == '-':
			b.WriteByte(' ')
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// units are the words before a name that people leave out.
var units = []string{"thành phố", "tỉnh", "tp", "tp.", "quận", "huyện", "thị xã", "thị trấn", "xã", "phường", "đặc khu", "thôn", "ấp", "bản", "buôn", "làng", "khu phố", "tổ dân phố"}

// bare is a name without the word for what it is.
func bare(folded string) string {
	for _, u := range units {
		if rest, ok := strings.CutPrefix(folded, u+" "); ok && rest != "" {
			return rest
		}
	}
	return folded
}

// A directory finds places by code or name.
type directory struct {
	names  map[string]string   // by code
	above  map[string]string   // by code
	coded  map[string][]string // codes by name
	simply map[string][]string // codes by name without its unit
	ended  map[string]string   // by code: what it has become
}

// newDirectory is of the places at now and, with ahead, of those that are still to come.
func newDirectory(b places.Book, now time.Time, ahead bool) *directory {
	d := &directory{names: map[string]string{}, above: map[string]string{}, coded: map[string][]string{}, simply: map[string][]string{}, ended: map[string]string{}}
	for code := range b.Places {
		f, ok := b.At(code, now)
		if !ok && !ahead {
			continue
		}
		if !ok {
			f = b.Places[code][0]
		}
		if f.Into != "" {
			d.ended[code] = b.Became(code, now)
			continue
		}
		d.add(code, f.Name, b.Parent(code, now))
	}
	return d
}

func (d *directory) add(code, name, parent string) {
	d.names[code], d.above[code] = name, parent
	folded := viet.Fold(name)
	d.coded[folded] = append(d.coded[folded], code)
	d.simply[bare(folded)] = append(d.simply[bare(folded)], code)
}

// find is the code of a place that a cell names, by code or by a name that only one
// place has.
func (d *directory) find(s *sheet, line int, column, what string) (string, bool) {
	code := strings.ToLower(what)
	if _, ok := d.names[code]; ok {
		return code, true
	}
	if into, ok := d.ended[code]; ok {
		s.bad(line, column, "ended", what, into, d.names[into])
		return "", false
	}
	folded := viet.Fold(what)
	found := d.coded[folded]
	if len(found) == 0 {
		found = d.simply[folded]
	}
	switch len(found) {
	case 0:
		s.bad(line, column, "no-place", what)
		if near := d.near(what); near != "" {
			p := &s.problems[len(s.problems)-1]
			p.EN += fmt.Sprintf(sentences["near"].EN, near)
			p.VI += fmt.Sprintf(sentences["near"].VI, near)
		}
		return "", false
	case 1:
		return found[0], true
	}
	s.bad(line, column, "ambiguous", what, len(found), d.list(found))
	return "", false
}

// list names places with their codes, and where they are.
func (d *directory) list(codes []string) string {
	slices.Sort(codes)
	var all []string
	for i, c := range codes {
		if i == 10 {
			all = append(all, "…")
			break
		}
		all = append(all, fmt.Sprintf("%s = %s (%s)", c, d.names[c], cmp.Or(d.names[d.above[c]], "-")))
	}
	return strings.Join(all, ", ")
}

// near is a code or a name that may have been meant.
func (d *directory) near(what string) string {
	best, least := "", 3
	folded := bare(viet.Fold(what))
	for _, code := range slices.Sorted(maps.Keys(d.names)) {
		n := min(plan.Distance(strings.ToLower(what), code, least), plan.Distance(folded, bare(viet.Fold(d.names[code])), least))
		if n < least && len(what) > 3 {
			best, least = code, n
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("%s = %s", best, d.names[best])
}
