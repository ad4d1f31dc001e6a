package sqlfile

import (
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

const table = "CREATE TABLE t (x TEXT);"

func open(t *testing.T, name string, pragmas ...string) *sql.DB {
	t.Helper()
	db, err := Open(name, pragmas...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if err := Begin(db, 1, table); err != nil {
		t.Fatal(err)
	}
	return db
}

func count(t *testing.T, db *sql.DB) (n int) {
	t.Helper()
	if err := db.QueryRow("SELECT count(*) FROM t").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// A copy is of one moment, has nothing that was deleted, and is the file after a restore.
func TestACopyBecomesTheFile(t *testing.T) {
	for _, mode := range []string{Logged, Bare} {
		dir := t.TempDir()
		name := filepath.Join(dir, "a?b#c%d", "x.db")
		if done, err := Still(name); err != nil {
			t.Error(err)
		} else {
			done()
		}
		db := open(t, name, Synced, mode)
		for _, do := range []string{"INSERT INTO t VALUES ('kept')", "INSERT INTO t VALUES ('erased-word')", "DELETE FROM t WHERE x = 'erased-word'"} {
			if _, err := db.Exec(do); err != nil {
				t.Fatal(err)
			}
		}
		done, err := Still(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Exec("INSERT INTO t VALUES ('later')"); err != nil {
			t.Fatal(err)
		}
		raw, err := os.ReadFile(copyOf(name))
		if err != nil || strings.Contains(string(raw), "erased-word") {
			t.Errorf("%s: the copy has what was deleted, or is none: %v", mode, err)
		}
		if info, err := os.Stat(copyOf(name)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", mode, info.Mode(), err)
		}
		restored := filepath.Join(t.TempDir(), "x.db")
		if err := os.WriteFile(copyOf(restored), raw, 0o600); err != nil {
			t.Fatal(err)
		}
		if n := count(t, open(t, restored, Synced, mode)); n != 1 {
			t.Errorf("%s: %d lines after a restore", mode, n)
		}
		done()
		if _, err := os.Stat(copyOf(name)); err == nil {
			t.Errorf("%s: the copy is left", mode)
		}
		if n := count(t, db); n != 2 {
			t.Errorf("%s: %d lines in the file", mode, n)
		}
	}
}

func TestManyBeginAtOnce(t *testing.T) {
	name := filepath.Join(t.TempDir(), "x.db")
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			db, err := Open(name, Bare)
			if err == nil {
				defer db.Close()
				err = Begin(db, 1, table)
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if err := Begin(open(t, name), 2, table); err == nil {
		t.Error("another version is taken")
	}
}
