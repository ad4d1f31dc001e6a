package poll

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/base32"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"path/filepath"
	"strings"
	"time"

	"loa/scripts/authority/sqlfile"
)

// A Store is the polls of one authority, in a file of its folder. Its methods may be
// called from any goroutine, and from several processes.
type Store struct {
	db  *sql.DB
	now func() time.Time
}

const version = 1

// Of a ticket only the hash is there; of an answer nothing that leads to a ticket: its
// number is drawn.
const schema = `
CREATE TABLE poll (id TEXT PRIMARY KEY, place TEXT NOT NULL, body TEXT NOT NULL, secret BLOB);
CREATE INDEX poll_place ON poll (place);
CREATE TABLE ticket (poll TEXT NOT NULL, hash TEXT NOT NULL, used INTEGER NOT NULL DEFAULT 0, code TEXT, until INTEGER NOT NULL DEFAULT 0, asked INTEGER NOT NULL DEFAULT 0, wrong INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (poll, hash)) WITHOUT ROWID;
CREATE TABLE answer (poll TEXT NOT NULL, n INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (poll, n)) WITHOUT ROWID;
`

// Folder is where an authority's folder has them.
const Folder = "polls"

// file is where they are.
func file(dir string) string { return filepath.Join(dir, Folder, "polls.db") }

// Open opens the polls of an authority, or begins them. There is no log beside the file:
// it would have tickets and answers next to each other, in the order in which they came.
func Open(dir string, now func() time.Time) (*Store, error) {
	db, err := sqlfile.Open(file(dir), sqlfile.Synced, sqlfile.Bare, sqlfile.Blanked)
	if err != nil {
		return nil, fmt.Errorf("poll: %w", err)
	}
	if err := sqlfile.Begin(db, version, schema); err != nil {
		return nil, errors.Join(fmt.Errorf("poll: %s: %w", file(dir), err), db.Close())
	}
	return &Store{db, now}, nil
}

// Still lays a copy beside them for a backup, until done is called.
func Still(dir string) (done func(), err error) { return sqlfile.Still(file(dir)) }

// Close closes the file.
func (s *Store) Close() error { return s.db.Close() }

func (s *Store) write(f func(*sql.Tx) error) error {
	tx, err := s.db.Begin()
	if err != nil {
		return fmt.Errorf("poll: %w", err)
	}
	defer tx.Rollback()
	if err := f(tx); err != nil {
		return err
	}
	return tx.Commit()
}

// Begin opens a poll.
func (s *Store) Begin(p Poll) error {
	p.Opened, p.Closed = s.now().UTC().Truncate(time.Second), time.Time{}
	body, err := json.Marshal(p)
	if err != nil {
		return err
	}
	secret := make([]byte, 32)
	rand.Read(secret)
	return s.write(func(tx *sql.Tx) error {
		r, err := tx.Exec("INSERT OR IGNORE INTO poll VALUES (?,?,?,?)", p.ID, p.Place, body, secret)
		if err != nil {
			return err
		}
		if n, err := r.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, ErrThere)
		}
		return nil
	})
}

func scanned(body []byte) (p Poll, err error) { return p, json.Unmarshal(body, &p) }

// Get is a poll.
func (s *Store) Get(id string) (Poll, error) {
	p, _, err := get(s.db, id)
	return p, err
}

type row interface {
	QueryRow(string, ...any) *sql.Row
}

func get(by row, id string) (p Poll, secret []byte, err error) {
	var body []byte
	err = by.QueryRow("SELECT body, secret FROM poll WHERE id = ?", id).Scan(&body, &secret)
	if errors.Is(err, sql.ErrNoRows) {
		return p, nil, ErrNone
	}
	if err != nil {
		return p, nil, err
	}
	p, err = scanned(body)
	return p, secret, err
}

// All are the polls of an authority, those that were opened last first.
func (s *Store) All() (all []Poll, err error) {
	rows, err := s.db.Query("SELECT body FROM poll ORDER BY rowid DESC")
	if err != nil {
		return nil, fmt.Errorf("poll: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var body []byte
		if err := rows.Scan(&body); err != nil {
			return nil, err
		}
		p, err := scanned(body)
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, rows.Err()
}

// mostSlips is how many slips one poll may have.
const mostSlips = 20000

// Slips makes codes to be handed out. They are nowhere after that.
func (s *Store) Slips(id string, n int) (codes []string, err error) {
	err = s.write(func(tx *sql.Tx) error {
		p, _, err := get(tx, id)
		if err != nil {
			return err
		}
		var there int
		if err := tx.QueryRow("SELECT count(*) FROM ticket WHERE poll = ?", id).Scan(&there); err != nil {
			return err
		}
		if p.By != BySlip || n < 1 || there+n > mostSlips {
			return fmt.Errorf("poll: slips are for polls by slip, %d at the most", mostSlips)
		}
		if !p.Runs(s.now()) {
			return ErrOver
		}
		for range n {
			raw := make([]byte, 10)
			rand.Read(raw)
			code := strings.ToLower(base32.StdEncoding.EncodeToString(raw))
			codes = append(codes, strings.Join([]string{code[:4], code[4:8], code[8:12], code[12:]}, "-"))
			if _, err := tx.Exec("INSERT INTO ticket (poll, hash) VALUES (?,?)", id, slipHash(id, code)); err != nil {
				return err
			}
		}
		return nil
	})
	return codes, err
}

// slipHash is of a code however it was typed: 80 bits need no stretching.
func slipHash(id, code string) string {
	code = strings.ToLower(strings.NewReplacer("-", "", " ", "").Replace(code))
	sum := sha256.Sum256([]byte("loa poll\x00" + id + "\x00" + code))
	return hex.EncodeToString(sum[:])
}

func phoneHash(secret []byte, phone string) string {
	m := hmac.New(sha256.New, secret)
	m.Write([]byte(phone))
	return hex.EncodeToString(m.Sum(nil))
}

// The bounds of codes by SMS: each is paid for, and six figures can be guessed.
const (
	codeFor   = 10 * time.Minute
	mostAsked = 3 // codes for one number in a day
	mostWrong = 5 // guesses at one code
	mostSMS   = 5000
	askedFor  = 24 * time.Hour
)

// Code is a new code to be sent to a number, which is as short messages have it. One that
// has answered gets none: ErrCode. If it could not be sent, Unsent takes it back.
func (s *Store) Code(id, phone string) (code string, err error) {
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		return "", err
	}
	code = fmt.Sprintf("%06d", n)
	return code, s.write(func(tx *sql.Tx) error {
		p, secret, err := get(tx, id)
		if err != nil {
			return err
		}
		if p.By != ByPhone || !p.Runs(s.now()) {
			return ErrOver
		}
		hash := phoneHash(secret, phone)
		var used bool
		var asked, all int
		var until int64
		err = tx.QueryRow("SELECT used, asked, until FROM ticket WHERE poll = ? AND hash = ?", id, hash).Scan(&used, &asked, &until)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		if s.now().Sub(time.UnixMilli(until)) > askedFor {
			asked = 0
		}
		if err := tx.QueryRow("SELECT coalesce(sum(asked), 0) FROM ticket WHERE poll = ?", id).Scan(&all); err != nil {
			return err
		}
		switch {
		case used:
			return ErrCode
		case asked >= mostAsked:
			return ErrOften
		case all >= mostSMS:
			return ErrFull
		}
		_, err = tx.Exec(`INSERT INTO ticket (poll, hash, code, until, asked) VALUES (?,?,?,?,?)
			ON CONFLICT DO UPDATE SET code = excluded.code, until = excluded.until, asked = excluded.asked, wrong = 0`,
			id, hash, phoneHash(secret, code), s.now().Add(codeFor).UnixMilli(), asked+1)
		return err
	})
}

// Unsent takes back the code of a number that it could not be sent to: it is as if nobody
// had asked.
func (s *Store) Unsent(id, phone string) error {
	return s.write(func(tx *sql.Tx) error {
		_, secret, err := get(tx, id)
		if err != nil {
			return err
		}
		hash := phoneHash(secret, phone)
		if _, err := tx.Exec("UPDATE ticket SET asked = asked - 1, code = NULL WHERE poll = ? AND hash = ? AND used = 0 AND asked > 0", id, hash); err != nil {
			return err
		}
		_, err = tx.Exec("DELETE FROM ticket WHERE poll = ? AND hash = ? AND used = 0 AND asked = 0", id, hash)
		return err
	})
}

// Answer counts an answer, once for each slip or number; phone is empty where people are
// known by slips.
func (s *Store) Answer(id, phone, code string, a Answer) error {
	var wrong bool
	err := s.write(func(tx *sql.Tx) error {
		p, secret, err := get(tx, id)
		switch {
		case err != nil:
			return err
		case !p.Runs(s.now()):
			return ErrOver
		}
		if err := p.fit(a); err != nil {
			return err
		}
		hash := slipHash(id, code)
		if p.By == ByPhone {
			hash = phoneHash(secret, phone)
			var want sql.NullString
			var until int64
			var guesses int
			err := tx.QueryRow("SELECT code, until, wrong FROM ticket WHERE poll = ? AND hash = ? AND used = 0", id, hash).Scan(&want, &until, &guesses)
			switch {
			case errors.Is(err, sql.ErrNoRows):
				return ErrCode
			case err != nil:
				return err
			case guesses >= mostWrong || s.now().UnixMilli() > until:
				return ErrCode
			case !hmac.Equal([]byte(want.String), []byte(phoneHash(secret, strings.TrimSpace(code)))):
				wrong = true
				_, err := tx.Exec("UPDATE ticket SET wrong = wrong + 1 WHERE poll = ? AND hash = ?", id, hash)
				return err
			}
		}
		r, err := tx.Exec("UPDATE ticket SET used = 1, code = NULL WHERE poll = ? AND hash = ? AND used = 0", id, hash)
		if err != nil {
			return err
		}
		if n, err := r.RowsAffected(); err != nil || n != 1 {
			return errors.Join(err, ErrCode)
		}
		body, err := json.Marshal(a)
		if err != nil {
			return err
		}
		n, err := rand.Int(rand.Reader, big.NewInt(1<<62))
		if err != nil {
			return err
		}
		_, err = tx.Exec("INSERT INTO answer VALUES (?,?,?)", id, n.Int64(), body)
		return err
	})
	if err == nil && wrong {
		return ErrCode
	}
	return err
}

// End closes a poll now, and throws away the key to its numbers. It may have been over.
func (s *Store) End(id string) error {
	return s.write(func(tx *sql.Tx) error {
		p, _, err := get(tx, id)
		if err != nil || !p.Closed.IsZero() {
			return err
		}
		p.Closed = s.now().UTC().Truncate(time.Second)
		body, err := json.Marshal(p)
		if err != nil {
			return err
		}
		_, err = tx.Exec("UPDATE poll SET body = ?, secret = NULL WHERE id = ?", body, id)
		return err
	})
}

// Sweep closes the polls whose time is over, so that the keys to their numbers go.
func (s *Store) Sweep() error {
	all, err := s.All()
	if err != nil {
		return err
	}
	for _, p := range all {
		if p.Closed.IsZero() && !p.Runs(s.now()) {
			if err := s.End(p.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

// Result counts the answers.
func (s *Store) Result(id string) (r Result, err error) {
	if r.Poll, err = s.Get(id); err != nil {
		return r, err
	}
	for _, q := range r.Questions {
		r.Counts = append(r.Counts, make([]int, len(q.Options)))
	}
	if err := s.db.QueryRow("SELECT count(*) FROM ticket WHERE poll = ?", id).Scan(&r.Given); err != nil {
		return r, err
	}
	rows, err := s.db.Query("SELECT body FROM answer WHERE poll = ?", id)
	if err != nil {
		return r, err
	}
	defer rows.Close()
	for rows.Next() {
		var body []byte
		var a Answer
		if err := rows.Scan(&body); err != nil {
			return r, err
		}
		if err := json.Unmarshal(body, &a); err != nil {
			return r, err
		}
		if err := r.fit(a); err != nil {
			return r, fmt.Errorf("poll: an answer in the file: %w", err)
		}
		r.Answers++
		for i, chosen := range a {
			for _, c := range chosen {
				r.Counts[i][c]++
			}
		}
	}
	return r, rows.Err()
}
