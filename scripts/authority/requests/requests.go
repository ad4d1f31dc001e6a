// Package requests keeps what residents report about loudspeakers (phản ánh; a service
// request, in the words of Open311), what they were answered, and forgets it in time. A
// resident is known by a secret code alone, of which only the hash is kept.
package requests

import (
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"loa/scripts/authority/durable"
	"loa/scripts/authority/sqlfile"
)

// A Kind says what a report is about.
type Kind string

// The kinds.
const (
	Loud    Kind = "loud"    // too loud
	Early   Kind = "early"   // too early, or too late at night
	Unheard Kind = "unheard" // cannot be heard
	Broken  Kind = "broken"
	Content Kind = "content" // what was said is wrong
	Other   Kind = "other"
)

// Kinds are all of them, in the order in which people are asked.
var Kinds = []Kind{Loud, Early, Unheard, Broken, Content, Other}

// A State is how far a report is.
type State string

// The states.
const (
	New      State = "new"      // nobody has looked at it
	Working  State = "working"  // somebody has it
	Answered State = "answered" // it is over, unless the resident opens it again
	Refused  State = "refused"  // spam, abuse: it counts nowhere
	Erased   State = "erased"   // the resident has deleted it, or its time was over; only its count is left
)

// Kept is how long the words, picture and voice of a report are kept after the last that
// happened to it. Its count stays: what, where and in which month.
const Kept = 365 * 24 * time.Hour

// The bounds of what a resident writes, in letters.
const (
	MaxText    = 2000
	MaxContact = 100
)

// An Ask is a new report.
type Ask struct {
	Place   string
	Box     string // none: about no box in particular
	Kind    Kind
	Text    string
	Contact string // only if the resident wants to be called back
	Photo   []byte // JPEG, from [Photo]
	Voice   []byte // Ogg Opus, from [Voice]
}

// A Request is a report as staff see it.
type Request struct {
	ID      string    `json:"id"`
	Place   string    `json:"place"`
	Box     string    `json:"box,omitempty"`
	Kind    Kind      `json:"kind"`
	State   State     `json:"state"`
	Text    string    `json:"text,omitempty"`
	Contact string    `json:"contact,omitempty"`
	Photo   bool      `json:"photo,omitempty"`
	Voice   bool      `json:"voice,omitempty"`
	Came    time.Time `json:"came"`
	Changed time.Time `json:"changed"`
	Same    string    `json:"same,omitempty"`   // the report before it that says just the same: it is answered there
	Others  int       `json:"others,omitempty"` // how many later ones say the same as this
	Events  []Event   `json:"events,omitempty"` // the oldest first; only Get and Follow give them
}

// An Event is something that happened to a report.
type Event struct {
	At   time.Time `json:"at"`
	By   string    `json:"by,omitempty"` // who of the staff; empty: the resident
	What string    `json:"what"`         // answer, state, reopen, bulletin
	Text string    `json:"text,omitempty"`
}

// ErrNone says that there is no such report, or that a code is not one.
var ErrNone = errors.New("there is no such report")

// ErrOver says that a report cannot be changed any more.
var ErrOver = errors.New("this report is closed for good")

// A Store is the reports of one authority. Its methods may be called from any goroutine.
type Store struct {
	db  *sql.DB
	dir string // of pictures and voices
	now func() time.Time

	left func(dir string) (int64, error) // free bytes

	turn    chan struct{} // cap 1: whoever has it writes for all who wait
	mu      sync.Mutex
	waiting []*change
}

const version = 1

const schema = `
CREATE TABLE request (
	n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, code TEXT UNIQUE, place TEXT NOT NULL, box TEXT NOT NULL, kind TEXT NOT NULL,
	state TEXT NOT NULL, text TEXT NOT NULL, contact TEXT NOT NULL, photo INTEGER NOT NULL, voice INTEGER NOT NULL,
	came INTEGER NOT NULL, changed INTEGER NOT NULL, gist TEXT, same TEXT NOT NULL DEFAULT ''
);
CREATE INDEX request_place ON request (place, n);
CREATE INDEX request_box ON request (box, came);
CREATE INDEX request_gist ON request (gist, came);
CREATE INDEX request_same ON request (same) WHERE same <> '';
CREATE TABLE event (request TEXT NOT NULL, at INTEGER NOT NULL, by TEXT NOT NULL, what TEXT NOT NULL, text TEXT NOT NULL);
CREATE INDEX event_request ON event (request, at);
`

// folder is where they are, with pictures and voices.
func folder(dir string) string { return filepath.Join(dir, "requests") }

func file(dir string) string { return filepath.Join(folder(dir), "requests.db") }

// Open opens the reports in an authority's folder, or begins them. What was deleted is
// overwritten: a resident was promised that it is gone.
func Open(dir string, now func() time.Time) (*Store, error) {
	db, err := sqlfile.Open(file(dir), sqlfile.Synced, sqlfile.Logged, sqlfile.Blanked)
	if err != nil {
		return nil, fmt.Errorf("requests: %w", err)
	}
	if err := sqlfile.Begin(db, version, schema); err != nil {
		return nil, errors.Join(fmt.Errorf("requests: %s: %w", file(dir), err), db.Close())
	}
	return &Store{db: db, dir: folder(dir), now: now, left: left, turn: make(chan struct{}, 1)}, nil
}

// Still lays a copy beside the reports for a backup, until done is called: what residents
// delete must not live on in it.
func Still(dir string) (done func(), err error) { return sqlfile.Still(file(dir)) }

// Begun reports whether there are reports in an authority's folder.
func Begun(dir string) bool {
	_, err := os.Stat(file(dir))
	return err == nil
}

// Close closes the file.
func (s *Store) Close() error { return s.db.Close() }

// alphabet is Crockford's: no letter that is taken for another one.
const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// newCode is 80 bits that nobody guesses, as people copy them.
func newCode() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // it never fails
	var c strings.Builder
	for i, x := range b {
		if i > 0 && i%4 == 0 {
			c.WriteByte('-')
		}
		c.WriteByte(alphabet[x&31])
	}
	return c.String()
}

// hashed is a code as it is kept, however it was typed.
func hashed(code string) string {
	code = strings.NewReplacer("-", "", " ", "", "O", "0", "I", "1", "L", "1").Replace(strings.ToUpper(strings.TrimSpace(code)))
	sum := sha256.Sum256([]byte("loa request " + code))
	return hex.EncodeToString(sum[:])
}

// same is how long an equal report is taken for the same.
const same = 24 * time.Hour

// gist is what two reports have in common that say the same; empty for one that says
// something of its own by picture or voice, or whose resident is to be called back.
func (a Ask) gist() string {
	if len(a.Photo)+len(a.Voice)+len(a.Contact) > 0 {
		return ""
	}
	words := strings.Join(strings.Fields(strings.ToLower(a.Text)), " ")
	sum := sha256.Sum256([]byte(a.Place + "\x00" + a.Box + "\x00" + string(a.Kind) + "\x00" + words))
	return hex.EncodeToString(sum[:])
}

// check says what is wrong with a report.
func (a Ask) check() error {
	switch {
	case a.Place == "":
		return errors.New("requests: no place")
	case !slices.Contains(Kinds, a.Kind):
		return fmt.Errorf("requests: no kind %q", a.Kind)
	case len([]rune(a.Text)) > MaxText || len([]rune(a.Contact)) > MaxContact:
		return errors.New("requests: too long")
	}
	return nil
}

// Add takes a report in. The code is given once, and kept nowhere.
func (s *Store) Add(a Ask) (r Request, code string, err error) {
	if err := a.check(); err != nil {
		return Request{}, "", err
	}
	now := s.now().UTC()
	r = Request{
		ID: now.Format("060102") + "-" + strings.ToLower(rand.Text()[:10]), Place: a.Place, Box: a.Box, Kind: a.Kind, State: New,
		Text: a.Text, Contact: a.Contact, Photo: len(a.Photo) > 0, Voice: len(a.Voice) > 0, Came: now, Changed: now,
	}
	for end, data := range map[string][]byte{".jpg": a.Photo, ".ogg": a.Voice} {
		if len(data) > 0 {
			if err := durable.Write(filepath.Join(s.dir, r.ID+end), data); err != nil {
				return Request{}, "", fmt.Errorf("requests: %w", err)
			}
		}
	}
	code = newCode()
	err = s.write(func(tx *sql.Tx) error {
		gist := sql.NullString{String: a.gist(), Valid: a.gist() != ""}
		if gist.Valid {
			err := tx.QueryRow("SELECT id FROM request WHERE gist = ? AND came > ? AND same = '' AND state <> ? ORDER BY n LIMIT 1",
				gist, stamp(now.Add(-same)), Refused).Scan(&r.Same)
			if err != nil && !errors.Is(err, sql.ErrNoRows) {
				return err
			}
		}
		_, err := tx.Exec("INSERT INTO request (id, code, place, box, kind, state, text, contact, photo, voice, came, changed, gist, same) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
			r.ID, hashed(code), r.Place, r.Box, r.Kind, r.State, r.Text, r.Contact, r.Photo, r.Voice, stamp(now), stamp(now), gist, r.Same)
		return err
	})
	if err != nil {
		s.forget(r.ID)
		return Request{}, "", err
	}
	return r, code, nil
}

// forget removes picture and voice.
func (s *Store) forget(id string) {
	for _, end := range []string{".jpg", ".ogg"} {
		os.Remove(filepath.Join(s.dir, id+end)) // most reports have none
	}
}

func stamp(t time.Time) int64   { return t.UnixMilli() }
func moment(ms int64) time.Time { return time.UnixMilli(ms).UTC() }
