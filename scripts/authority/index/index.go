// Package index finds quickly what a centre knows, in one SQLite file that may be
// deleted: documents come back from the authority's history, ledger heads from the
// archive, and state, have and health from what boxes report again. What was
// acknowledged (and refused) is only here; the boxes' ledgers tell it as well.
package index

import (
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"loa/scripts/authority/sqlfile"
)

// An Index is an open file. Its methods may be called from any goroutine. What they
// have written is there after a power cut when they return.
type Index struct{ db *sql.DB }

// version is raised whenever the schema changes: an index of another one is made anew.
const version = 1

const schema = `
CREATE TABLE document (
	topic TEXT NOT NULL, version INTEGER NOT NULL, sha256 TEXT NOT NULL,
	kind TEXT NOT NULL, place TEXT NOT NULL, device TEXT NOT NULL, id TEXT NOT NULL,
	class TEXT NOT NULL, title TEXT NOT NULL, signers TEXT NOT NULL,
	withdrawn INTEGER NOT NULL, until INTEGER NOT NULL, retained INTEGER NOT NULL,
	PRIMARY KEY (topic, version)
) WITHOUT ROWID;
CREATE INDEX document_sha256 ON document (sha256);
CREATE TABLE report (
	device TEXT NOT NULL, leaf TEXT NOT NULL, came INTEGER NOT NULL, body TEXT NOT NULL, n INTEGER NOT NULL,
	PRIMARY KEY (device, leaf)
) WITHOUT ROWID;
CREATE INDEX report_n ON report (n);
CREATE TABLE ack (
	n INTEGER PRIMARY KEY, device TEXT NOT NULL, digest TEXT NOT NULL UNIQUE, sha256 TEXT NOT NULL,
	came INTEGER NOT NULL, refused INTEGER NOT NULL, body TEXT NOT NULL
);
CREATE INDEX ack_device ON ack (device, n);
CREATE INDEX ack_sha256 ON ack (sha256);
CREATE INDEX ack_refused ON ack (n) WHERE refused;
CREATE TABLE head (device TEXT PRIMARY KEY, seq INTEGER NOT NULL, hash TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE forged (device TEXT PRIMARY KEY, count INTEGER NOT NULL) WITHOUT ROWID;
`

// Open opens the index in file, or begins a new one. fresh says that there is nothing
// in it: there was none, or one of another version, or it was damaged and lies beside
// as file.damaged now.
func Open(file string) (x *Index, fresh bool, err error) {
	db, err := open(file)
	if err != nil {
		return nil, false, err
	}
	found, err := check(db)
	if err == nil && found == version {
		return &Index{db}, false, nil
	}
	if err != nil || found != 0 {
		if err := errors.Join(db.Close(), aside(file)); err != nil {
			return nil, false, fmt.Errorf("index: cannot put a damaged one aside: %w", err)
		}
		if db, err = open(file); err != nil {
			return nil, false, err
		}
	}
	if _, err := db.Exec(schema + fmt.Sprintf("PRAGMA user_version = %d;", version)); err != nil {
		return nil, false, fmt.Errorf("index: cannot make %s: %w", file, errors.Join(err, db.Close()))
	}
	return &Index{db}, true, nil
}

// open opens a file. A commit is synced: what was acknowledged in its name is in it.
func open(file string) (*sql.DB, error) {
	db, err := sqlfile.Open(file, sqlfile.Synced, sqlfile.Logged)
	if err != nil {
		return nil, fmt.Errorf("index: %w", err)
	}
	return db, nil
}

// check gives the version of what is there; 0: nothing is.
func check(db *sql.DB) (found int, err error) {
	var says string
	if err := db.QueryRow("PRAGMA quick_check(1)").Scan(&says); err != nil {
		return 0, err
	}
	if says != "ok" {
		return 0, errors.New(says)
	}
	if err := db.QueryRow("PRAGMA user_version").Scan(&found); err != nil {
		return 0, err
	}
	var tables int
	err = db.QueryRow("SELECT count(*) FROM sqlite_schema").Scan(&tables)
	if err == nil && found == 0 && tables > 0 {
		return 0, errors.New("half an index")
	}
	return found, err
}

// aside moves what cannot be used out of the way.
func aside(file string) error {
	for _, end := range []string{"-wal", "-shm"} {
		if err := os.Remove(file + end); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return os.Rename(file, file+".damaged")
}

// Close closes the file.
func (x *Index) Close() error { return x.db.Close() }

// write runs f in one transaction.
func (x *Index) write(f func(*sql.Tx) error) error {
	tx, err := x.db.Begin()
	if err != nil {
		return fmt.Errorf("index: %w", err)
	}
	defer tx.Rollback()
	if err := f(tx); err != nil {
		return fmt.Errorf("index: %w", err)
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("index: %w", err)
	}
	return nil
}

// list reads rows, each by scan.
func list[T any](x *Index, scan func(func(...any) error) (T, error), query string, args ...any) ([]T, error) {
	rows, err := x.db.Query(query, args...)
	if err != nil {
		return nil, fmt.Errorf("index: %w", err)
	}
	defer rows.Close()
	all := []T{}
	for rows.Next() {
		v, err := scan(rows.Scan)
		if err != nil {
			return nil, fmt.Errorf("index: %w", err)
		}
		all = append(all, v)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("index: %w", err)
	}
	return all, nil
}
