package report

import (
	"cmp"
	"time"
)

// pending are the plan's indicators that no ledger tells of, or whose wording was not
// at hand. Nobody guesses them.
var pending = []string{"stations-all", "web-pages", "boards-large", "annexes"}

// finish adds what the books say to what the ledgers have said.
func (m *maker) finish() {
	serving, boards := m.serving()
	m.absent()
	for _, code := range inOrder(m.places) {
		if m.places[code].Width > 0 || m.places[code].Ended || m.in.Top != "" && !below(m.chain(code), m.in.Top) {
			continue
		}
		ref := Ref{Device: code, Note: "books"}
		m.row("indicator", "places-with-boxes")
		m.add("indicator", "places-with-boxes", ref, false, flag(serving[code]), 1)
		if !serving[code] {
			continue
		}
		m.add("indicator", "places-speaking", ref, false, 0, 1)
		if ref, ok := m.spoke[code]; ok {
			m.add("indicator", "places-speaking", ref, false, 1, 0)
		}
	}
	for _, b := range boards {
		m.add("indicator", "boards-showing", Ref{Device: b.Name, Note: "books"}, false, 0, 1)
		m.add("board-kind", key(b.Board), Ref{Device: b.Name, Note: "books"}, false, 1, 0)
		if ref, ok := m.showed[b.Name]; ok {
			m.add("indicator", "boards-showing", ref, false, 1, 0)
			m.add("board-kind", key(b.Board), ref, false, 0, 1)
		}
	}
	for _, k := range []string{"places-with-boxes", "places-speaking", "boards-showing"} {
		m.row("indicator", k)
	}
	for _, k := range pending {
		m.row("indicator", k).Pending = true
	}
	for _, c := range m.in.Residents {
		if m.in.Top == "" || below(m.chain(c.Place), m.in.Top) {
			m.add("residents", cmp.Or(c.Device, c.Place)+"/"+c.Month, Ref{Device: cmp.Or(c.Device, c.Place), Note: "residents"}, false, c.Loud, c.Unheard, c.Another)
		}
	}
	for _, name := range m.in.Strangers {
		m.add("lost", name, Ref{Device: name, Note: "no such box in the books: its ledger cannot be verified"}, false, 0, 0, 0, 1, 0, 0)
	}
}

func below(up []string, top string) bool {
	for _, p := range up {
		if p == top {
			return true
		}
	}
	return false
}

// serving counts for how long boxes were in service. It gives the places that had one,
// with all above them, and the boxes with a board.
func (m *maker) serving() (places map[string]bool, boards []Box) {
	places = make(map[string]bool)
	for _, b := range m.in.Boxes {
		there := false
		ref := Ref{Device: b.Name, Note: "books"}
		m.served(b, func(from, until time.Time, up []string) {
			there = true
			ref.Time = from
			length := until.Sub(from).Milliseconds()
			m.add("uptime-box", b.Name, ref, false, length, 0)
			for i, p := range up {
				places[p] = true
				m.add("uptime-place", p, ref, false, own(i, length), 0, length, 0)
			}
		})
		if !there {
			continue
		}
		if b.Panel {
			boards = append(boards, b)
		}
		if m.rows["ledger"][b.Name] == nil {
			m.add("lost", b.Name, Ref{Device: b.Name, Note: "books"}, false, 0, 0, 0, 0, 1, 0)
		}
	}
	return places, boards
}
