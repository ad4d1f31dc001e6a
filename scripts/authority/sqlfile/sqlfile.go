// Package sqlfile opens the SQLite files in an authority's folder, for their owner alone,
// and lays copies of them beside them for a backup.
package sqlfile

import (
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	_ "modernc.org/sqlite" // the driver "sqlite": no C, so loactl is built anywhere

	"loa/scripts/authority/durable"
)

// What a file may be asked for when it is opened.
const (
	Synced  = "synchronous(FULL)"    // what was committed is there after a power cut
	Logged  = "journal_mode(WAL)"    // readers wait for no writer; a log lies beside the file
	Bare    = "journal_mode(DELETE)" // no log that would show what was written next to what
	Blanked = "secure_delete(1)"     // what is deleted is overwritten
)

// Open opens a file, or makes it. If there is none but a copy that Still made, as after a
// backup was restored, that becomes the file.
func Open(name string, pragmas ...string) (*sql.DB, error) {
	if err := durable.Folder(filepath.Dir(name), 0o700); err != nil {
		return nil, err
	}
	if _, err := os.Stat(name); errors.Is(err, fs.ErrNotExist) {
		if err := os.Rename(copyOf(name), name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	// It is its owner's before SQLite sees it, and so are the files beside it.
	f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	f.Close()
	address := "file:" + strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(name) + "?_txlock=immediate&_pragma=busy_timeout(10000)"
	for _, p := range pragmas {
		address += "&_pragma=" + p
	}
	return sql.Open("sqlite", address)
}

// Begin gives a file its tables, once, whoever else opens it just now. A file of another
// version is an error.
func Begin(db *sql.DB, version int, schema string) error {
	tx, err := db.Begin()
	if err != nil {
		return err
	}
	defer tx.Rollback()
	var found int
	if err := tx.QueryRow("PRAGMA user_version").Scan(&found); err != nil || found == version {
		return err
	}
	if found != 0 {
		return fmt.Errorf("written by another version (%d)", found)
	}
	if _, err := tx.Exec(schema + fmt.Sprintf("PRAGMA user_version = %d;", version)); err != nil {
		return err
	}
	return tx.Commit()
}

// copyOf is the name of the copy of a file.
func copyOf(name string) string { return strings.TrimSuffix(name, ".db") + ".copy" }

// Still lays a copy beside a file, which nobody writes to and in which nothing that was
// deleted lives on, until done is called. Without the file there is none.
func Still(name string) (done func(), err error) {
	if _, err := os.Stat(name); errors.Is(err, fs.ErrNotExist) {
		return func() {}, nil
	}
	db, err := Open(name)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	to := copyOf(name)
	os.Remove(to) // of a backup that was cut off
	if _, err := db.Exec("VACUUM INTO ?", to); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return func() { os.Remove(to) }, os.Chmod(to, 0o600)
}
