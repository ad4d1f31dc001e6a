// Package push tells residents' telephones what boxes say, by Web Push (RFC 8030, 8291,
// 8292), where a browser offers it and its owner has asked for it.
//
// What is kept of a reader is what the browser gives: an address at its maker's push
// service, two keys, and the place. None of it tells who that is; it is gone when the
// reader says so, or the service that nobody is there any more.
package push

import (
	"crypto/ecdh"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	webpush "github.com/SherClockHolmes/webpush-go"

	"loa/scripts/authority/durable"
	"loa/scripts/authority/sqlfile"
)

// Folder is where an authority's folder has the keys and the readers.
const Folder = "push"

// A Store is the readers who want to be told. Its methods may be called from any
// goroutine.
type Store struct {
	db   *sql.DB
	keys keys
	now  func() time.Time
}

// keys say to push services that it is us (VAPID).
type keys struct {
	Public  string `json:"public"`
	Private string `json:"private"`
}

const version = 1

const schema = `CREATE TABLE reader (endpoint TEXT PRIMARY KEY, place TEXT NOT NULL, p256dh TEXT NOT NULL, auth TEXT NOT NULL, lang TEXT NOT NULL, since INTEGER NOT NULL);
CREATE INDEX reader_place ON reader (place);`

// Open opens the readers of an authority, or begins them, with new keys.
func Open(dir string, now func() time.Time) (*Store, error) {
	at := filepath.Join(dir, Folder)
	if err := durable.Folder(at, 0o700); err != nil {
		return nil, fmt.Errorf("push: %w", err)
	}
	k, err := ours(filepath.Join(at, "vapid.json"))
	if err != nil {
		return nil, fmt.Errorf("push: %w", err)
	}
	db, err := sqlfile.Open(file(dir), sqlfile.Bare, sqlfile.Blanked)
	if err != nil {
		return nil, fmt.Errorf("push: %w", err)
	}
	if err := sqlfile.Begin(db, version, schema); err != nil {
		return nil, errors.Join(fmt.Errorf("push: %s: %w", file(dir), err), db.Close())
	}
	return &Store{db, k, now}, nil
}

// file is where they are.
func file(dir string) string { return filepath.Join(dir, Folder, "readers.db") }

// Still lays a copy beside them for a backup, until done is called.
func Still(dir string) (done func(), err error) { return sqlfile.Still(file(dir)) }

func ours(name string) (k keys, err error) {
	data, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		if k.Private, k.Public, err = webpush.GenerateVAPIDKeys(); err != nil {
			return k, err
		}
		if data, err = json.Marshal(k); err != nil {
			return k, err
		}
		return k, durable.Write(name, data)
	}
	if err == nil {
		err = json.Unmarshal(data, &k)
	}
	if err == nil && (k.Public == "" || k.Private == "") {
		err = errors.New("no keys")
	}
	if err != nil {
		return k, fmt.Errorf("%s: %w", name, err)
	}
	return k, nil
}

// Close closes the file.
func (s *Store) Close() error { return s.db.Close() }

// Key is what a browser needs to be told by us and nobody else.
func (s *Store) Key() string { return s.keys.Public }

// A Reader is a browser that wants to be told.
type Reader struct {
	Endpoint string
	Place    string
	P256dh   string
	Auth     string
	Lang     string
}

// Errors of Add.
var (
	ErrReader = errors.New("this is no push subscription of a browser that is known")
	ErrFull   = errors.New("too many want to be told")
)

const mostReaders = 200_000

// services are the makers' push services: whoever asks cannot make us call another machine.
var services = []string{"fcm.googleapis.com", "updates.push.services.mozilla.com", ".notify.windows.com", ".push.apple.com"}

// check says whether a reader is one that can be told.
func (r Reader) check() error {
	u, err := url.Parse(r.Endpoint)
	if err != nil || u.Scheme != "https" || u.User != nil || u.Port() != "" || len(r.Endpoint) > 1000 {
		return ErrReader
	}
	if !slices.ContainsFunc(services, func(s string) bool {
		return u.Host == s || s[0] == '.' && strings.HasSuffix(u.Host, s)
	}) {
		return ErrReader
	}
	point, err1 := base64.RawURLEncoding.DecodeString(strings.TrimRight(r.P256dh, "="))
	auth, err2 := base64.RawURLEncoding.DecodeString(strings.TrimRight(r.Auth, "="))
	if _, off := ecdh.P256().NewPublicKey(point); off != nil { // nothing could be sealed for it
		return ErrReader
	}
	if err1 != nil || err2 != nil || len(auth) != 16 || r.Lang != "vi" && r.Lang != "en" {
		return ErrReader
	}
	return nil
}

// Add takes a reader in, or to another place.
func (s *Store) Add(r Reader) error {
	if err := r.check(); err != nil {
		return err
	}
	done, err := s.db.Exec(`INSERT INTO reader SELECT ?,?,?,?,?,? WHERE (SELECT count(*) FROM reader) < ? OR EXISTS (SELECT 1 FROM reader WHERE endpoint = ?)
		ON CONFLICT DO UPDATE SET place = excluded.place, p256dh = excluded.p256dh, auth = excluded.auth, lang = excluded.lang`,
		r.Endpoint, r.Place, r.P256dh, r.Auth, r.Lang, s.now().Unix(), mostReaders, r.Endpoint)
	if err != nil {
		return fmt.Errorf("push: %w", err)
	}
	if n, err := done.RowsAffected(); err != nil || n == 0 {
		return errors.Join(err, ErrFull)
	}
	return nil
}

// Remove forgets a reader.
func (s *Store) Remove(endpoint string) error {
	if _, err := s.db.Exec("DELETE FROM reader WHERE endpoint = ?", endpoint); err != nil {
		return fmt.Errorf("push: %w", err)
	}
	return nil
}

// readers are those of places for which near is true.
func (s *Store) readers(near func(place string) bool) (all []Reader, err error) {
	rows, err := s.db.Query("SELECT endpoint, place, p256dh, auth, lang FROM reader")
	if err != nil {
		return nil, fmt.Errorf("push: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var r Reader
		if err := rows.Scan(&r.Endpoint, &r.Place, &r.P256dh, &r.Auth, &r.Lang); err != nil {
			return nil, err
		}
		if near(r.Place) {
			all = append(all, r)
		}
	}
	return all, rows.Err()
}
