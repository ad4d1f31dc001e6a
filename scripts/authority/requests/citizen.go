package requests

import (
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Follow is a resident's own report, with what became of it, and nothing of who of the
// staff did it or what they noted. One that says the same as an earlier one has that one's
// state and answers, and nothing else of it.
func (s *Store) Follow(code string) (Request, error) {
	r, err := s.followed(code)
	r.Events = slices.DeleteFunc(r.Events, func(e Event) bool { return e.What == "state" })
	for i := range r.Events {
		r.Events[i].By = ""
	}
	return r, err
}

func (s *Store) followed(code string) (Request, error) {
	r, err := s.one("code = ?", hashed(code))
	if err != nil || r.Same == "" {
		return r, err
	}
	first, err := s.one("id = ?", r.Same)
	if errors.Is(err, ErrNone) || err == nil && first.State == Erased {
		return r, nil
	}
	if err != nil {
		return Request{}, err
	}
	if r.State == New {
		r.State, r.Changed = first.State, first.Changed
	}
	for _, e := range first.Events {
		if e.What == "answer" || e.What == "bulletin" {
			r.Events = append(r.Events, e)
		}
	}
	return r, nil
}

// Reopen takes up an answered report again: the answer was none. It becomes one of its
// own if it was the same as another.
func (s *Store) Reopen(code, text string) error {
	if len([]rune(text)) > MaxText {
		return errors.New("requests: too long")
	}
	r, err := s.Follow(code)
	if err != nil {
		return err
	}
	if r.State != Answered {
		return ErrOver
	}
	return s.write(func(tx *sql.Tx) error {
		if err := s.event(tx, r.ID, Event{At: s.now(), What: "reopen", Text: text}); err != nil {
			return err
		}
		_, err := tx.Exec("UPDATE request SET state = ?, same = '', gist = NULL, changed = ? WHERE id = ?", New, stamp(s.now()), r.ID)
		return err
	})
}

// An Export is everything that is kept of a report, for the resident.
type Export struct {
	Request
	PhotoJPEG []byte `json:"photo_jpeg,omitempty"`
	VoiceOgg  []byte `json:"voice_ogg,omitempty"`
}

// Export is everything that is kept.
func (s *Store) Export(code string) (Export, error) {
	r, err := s.Follow(code)
	if err != nil {
		return Export{}, err
	}
	e := Export{Request: r}
	if r.Photo {
		if e.PhotoJPEG, err = s.Attachment(r.ID, "photo"); err != nil {
			return e, err
		}
	}
	if r.Voice {
		e.VoiceOgg, err = s.Attachment(r.ID, "voice")
	}
	return e, err
}

// Delete forgets a report but for its count: what it was about, where, and when. The
// code opens nothing after that.
func (s *Store) Delete(code string) error {
	r, err := s.one("code = ?", hashed(code))
	if err != nil {
		return err
	}
	return s.erase(r.ID)
}

func (s *Store) erase(ids ...string) error {
	for _, id := range ids {
		err := s.write(func(tx *sql.Tx) error {
			if err := handOn(tx, id); err != nil {
				return err
			}
			if _, err := tx.Exec("UPDATE request SET code = NULL, text = '', contact = '', photo = 0, voice = 0, gist = NULL, state = CASE state WHEN ? THEN state ELSE ? END WHERE id = ?", Refused, Erased, id); err != nil {
				return err
			}
			_, err := tx.Exec("DELETE FROM event WHERE request = ?", id)
			return err
		})
		if err != nil {
			return err
		}
		s.forget(id)
	}
	// The log beside the file has the words still.
	_, err := s.db.Exec("PRAGMA wal_checkpoint(TRUNCATE)")
	return err
}

// handOn makes the next of those that say the same as a report the first of them, with the
// answers that all of them have: they are no less true when the first is erased.
func handOn(tx *sql.Tx, id string) error {
	var next string
	err := tx.QueryRow("SELECT id FROM request WHERE same = ? AND state NOT IN (?, ?) ORDER BY n LIMIT 1", id, Refused, Erased).Scan(&next)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, change := range []struct {
		do   string
		args []any
	}{
		{"UPDATE event SET request = ? WHERE request = ? AND what IN ('answer', 'bulletin')", []any{next, id}},
		{"UPDATE request SET same = '' WHERE id = ?", []any{next}},
		{"UPDATE request SET (state, changed) = (SELECT state, changed FROM request WHERE id = ?) WHERE id = ? AND state = ?", []any{id, next, New}},
		{"UPDATE request SET same = ? WHERE same = ?", []any{next, id}},
	} {
		if _, err := tx.Exec(change.do, change.args...); err != nil {
			return err
		}
	}
	return nil
}

// Attachment is the photo or the voice of a report.
func (s *Store) Attachment(id, what string) ([]byte, error) {
	end := map[string]string{"photo": ".jpg", "voice": ".ogg"}[what]
	if end == "" || strings.ContainsAny(id, "/.\\") {
		return nil, ErrNone
	}
	data, err := os.ReadFile(filepath.Join(s.dir, id+end))
	if errors.Is(err, os.ErrNotExist) {
		return nil, ErrNone
	}
	return data, err
}
