package requests

import (
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"
)

const columns = "id, place, box, kind, state, text, contact, photo, voice, came, changed, same, (SELECT count(*) FROM request o WHERE o.same = request.id AND o.state <> 'refused')"

func scan(f func(...any) error) (r Request, err error) {
	var came, changed int64
	err = f(&r.ID, &r.Place, &r.Box, &r.Kind, &r.State, &r.Text, &r.Contact, &r.Photo, &r.Voice, &came, &changed, &r.Same, &r.Others)
	r.Came, r.Changed = moment(came), moment(changed)
	return r, err
}

// one is the report of which where is true, with its events.
func (s *Store) one(where, arg string) (Request, error) {
	r, err := scan(s.db.QueryRow("SELECT "+columns+" FROM request WHERE "+where, arg).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return r, ErrNone
	}
	if err != nil {
		return r, fmt.Errorf("requests: %w", err)
	}
	rows, err := s.db.Query("SELECT at, by, what, text FROM event WHERE request = ? ORDER BY at, rowid", r.ID)
	if err != nil {
		return r, fmt.Errorf("requests: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var e Event
		var at int64
		if err := rows.Scan(&at, &e.By, &e.What, &e.Text); err != nil {
			return r, fmt.Errorf("requests: %w", err)
		}
		e.At = moment(at)
		r.Events = append(r.Events, e)
	}
	return r, rows.Err()
}

// Which reports List gives; what is empty does not matter.
type Which struct {
	Places []string // only of these: whoever may see a place asks for it by name
	States []State
	Kind   Kind
	Before time.Time // that came before that
	Limit  int       // 0: 100
	Folded bool      // without those that say the same as an earlier one
}

// List are reports, the newest first, without their events. Without places it is none.
func (s *Store) List(w Which) ([]Request, error) {
	if w.Limit == 0 {
		w.Limit = 100
	}
	before := int64(1) << 62
	if !w.Before.IsZero() {
		before = stamp(w.Before)
	}
	all := []Request{}
	rows, err := s.db.Query("SELECT "+columns+" FROM request WHERE came < ? AND (? = '' OR kind = ?) AND (NOT ? OR same = '') ORDER BY came DESC, n DESC", before, w.Kind, w.Kind, w.Folded)
	if err != nil {
		return nil, fmt.Errorf("requests: %w", err)
	}
	defer rows.Close()
	for rows.Next() && len(all) < w.Limit {
		r, err := scan(rows.Scan)
		if err != nil {
			return nil, fmt.Errorf("requests: %w", err)
		}
		if slices.Contains(w.Places, r.Place) && (len(w.States) == 0 || slices.Contains(w.States, r.State)) {
			all = append(all, r)
		}
	}
	return all, rows.Err()
}

// Get is one report with its events. Whoever shows it has looked whether its place is
// theirs to see.
func (s *Store) Get(id string) (Request, error) { return s.one("id = ?", id) }

// Answer answers a report, which is over then.
func (s *Store) Answer(id, by, text string) error {
	return s.change(id, Event{By: by, What: "answer", Text: text}, Answered)
}

// SetState says how far a report is, and to the staff why. Those that say the same are
// refused with it, and taken up again with it.
func (s *Store) SetState(id, by string, to State, why string) error {
	if !slices.Contains([]State{New, Working, Answered, Refused}, to) {
		return fmt.Errorf("requests: no state %q", to)
	}
	return s.change(id, Event{By: by, What: "state", Text: why}, to)
}

// Said notes that the answer has become a bulletin, by its key place/bulletin/id.
func (s *Store) Said(id, by, bulletin string) error {
	return s.change(id, Event{By: by, What: "bulletin", Text: bulletin}, "")
}

func (s *Store) change(id string, e Event, to State) error {
	e.At = s.now()
	return s.write(func(tx *sql.Tx) error {
		var state State
		err := tx.QueryRow("SELECT state FROM request WHERE id = ?", id).Scan(&state)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return ErrNone
		case err != nil:
			return err
		case state == Erased:
			return ErrOver
		case to == "":
			to = state
		}
		if err := s.event(tx, id, e); err != nil {
			return err
		}
		if _, err = tx.Exec("UPDATE request SET state = ?, changed = ? WHERE id = ?", to, stamp(e.At), id); err != nil {
			return err
		}
		switch {
		case to == Refused:
			_, err = tx.Exec("UPDATE request SET state = ?, changed = ? WHERE same = ? AND state <> ?", Refused, stamp(e.At), id, Erased)
		case state == Refused:
			_, err = tx.Exec("UPDATE request SET state = ?, changed = ? WHERE same = ? AND state = ?", New, stamp(e.At), id, Refused)
		}
		return err
	})
}

func (s *Store) event(tx *sql.Tx, id string, e Event) error {
	_, err := tx.Exec("INSERT INTO event VALUES (?,?,?,?,?)", id, stamp(e.At), e.By, e.What, e.Text)
	return err
}

// A Count is how many reports of a kind came about a box in a month.
type Count struct {
	Place string `json:"place"`
	Box   string `json:"box,omitempty"`
	Month string `json:"month"` // 2026-11, in Vietnam
	Kind  Kind   `json:"kind"`
	N     int    `json:"n"`
}

// Counts are those of [from, to): erased reports count, refused ones do not.
func (s *Store) Counts(from, to time.Time) ([]Count, error) {
	rows, err := s.db.Query(`SELECT place, box, strftime('%Y-%m', came / 1000 + 7 * 3600, 'unixepoch') AS month, kind, count(*) FROM request
		WHERE came >= ? AND came < ? AND state <> ? GROUP BY place, box, month, kind ORDER BY place, box, month, kind`, stamp(from), stamp(to), Refused)
	if err != nil {
		return nil, fmt.Errorf("requests: %w", err)
	}
	defer rows.Close()
	all := []Count{}
	for rows.Next() {
		var c Count
		if err := rows.Scan(&c.Place, &c.Box, &c.Month, &c.Kind, &c.N); err != nil {
			return nil, fmt.Errorf("requests: %w", err)
		}
		all = append(all, c)
	}
	return all, rows.Err()
}

// Enough is how many reports of one kind about one box in a day make a fault.
const Enough = 3

// A Complaint is a box of which enough residents say the same.
type Complaint struct {
	Place, Box string
	Kind       Kind
	N          int
}

// Complaints are the boxes that are too loud, or are not heard, by what residents said in
// the last day.
func (s *Store) Complaints(now time.Time) ([]Complaint, error) {
	rows, err := s.db.Query(`SELECT place, box, kind, count(*) FROM request WHERE box <> '' AND came > ? AND kind IN (?,?) AND state <> ?
		GROUP BY place, box, kind HAVING count(*) >= ? ORDER BY box, kind`, stamp(now.Add(-24*time.Hour)), Loud, Unheard, Refused, Enough)
	if err != nil {
		return nil, fmt.Errorf("requests: %w", err)
	}
	defer rows.Close()
	var all []Complaint
	for rows.Next() {
		var c Complaint
		if err := rows.Scan(&c.Place, &c.Box, &c.Kind, &c.N); err != nil {
			return nil, fmt.Errorf("requests: %w", err)
		}
		all = append(all, c)
	}
	return all, rows.Err()
}

// Sweep erases what has been kept long enough, and gives how many it were.
func (s *Store) Sweep() (int, error) {
	rows, err := s.db.Query("SELECT id FROM request WHERE code IS NOT NULL AND changed < ?", stamp(s.now().Add(-Kept)))
	if err != nil {
		return 0, fmt.Errorf("requests: %w", err)
	}
	defer rows.Close()
	var ids []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return 0, fmt.Errorf("requests: %w", err)
		}
		ids = append(ids, id)
	}
	if err := rows.Err(); err != nil || len(ids) == 0 {
		return 0, err
	}
	return len(ids), s.erase(ids...)
}
