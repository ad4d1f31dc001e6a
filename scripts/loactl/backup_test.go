package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"loa/scripts/broker"
)

// An old backup beside a broker that has seen more; then beside an empty one.
func TestBackupAndRestore(t *testing.T) {
	w := newWorld(t).sample().online()
	draft := w.file("b.toml", "id = \"x\"\nplace = \"26734\"\ntitle = \"X\"\ntext = \"a\"\nvalid_until = "+until)
	w.must("bulletin", "sign", draft, "--as", "26734-1")
	w.must("send")
	file, dir := filepath.Join(w.dir, "loa.backup"), filepath.Join(w.dir, "again")
	w.fails(exitFailed, "inside", "backup", filepath.Join(w.env["LOA_AUTHORITY"], "loa.backup"))
	w.must("backup", file)
	if w.must("backup", file); !strings.Contains(w.out.String()+w.err.String(), "was replaced") {
		t.Errorf("a backup over another:\n%s%s", w.out.String(), w.err.String())
	}
	w.must("bulletin", "sign", draft, "--as", "26734-1", "--send")
	w.must("key", "new", "lan")
	w.must("key", "grant", "lan", "26734", "--send")

	w.fails(exitFailed, "not empty", "restore", file, w.env["LOA_AUTHORITY"])
	right := w.env["LOA_PASSPHRASE_FILE"]
	w.env["LOA_PASSPHRASE_FILE"] = w.file("wrong", "wrong\n")
	w.fails(exitFailed, "wrong passphrase", "restore", file, dir)
	w.env["LOA_PASSPHRASE_FILE"] = right
	if _, err := os.Stat(dir); err == nil {
		t.Error("a refused backup left a folder")
	}
	if out := w.must("restore", file, dir); !strings.Contains(out, "Never run both") {
		t.Errorf("two that send: %s", out)
	}
	w.env["LOA_AUTHORITY"] = dir
	w.fails(exitFailed, "first run loactl send", "key", "grant", "26734-1", "74")
	if out := w.must("send"); !strings.Contains(out, "Compared: 2 documents") || strings.Contains(out, "newer") {
		t.Errorf("%s", out)
	}
	if out := w.must("key", "list"); !strings.Contains(out, "lan") {
		t.Errorf("the grant given since is forgotten: %s", out)
	}
	w.must("key", "grant", "26734-1", "74", "--send")
	w.must("bulletin", "sign", draft, "--as", "26734-1", "--send")

	// Everything else is gone, too.
	empty, err := broker.Start(t.Context(), broker.Opts{Senders: senderNames})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(empty.Close)
	w.broker = empty
	w.env["LOA_AUTHORITY"] = filepath.Join(w.dir, "third")
	w.must("restore", file, w.env["LOA_AUTHORITY"])
	w.fails(exitFailed, "0 of 1 boxes", "send")
	if out := w.must("send", "--anyway"); !strings.Contains(out, "Compared: 0") {
		t.Errorf("%s", out)
	}
	w.now = func() time.Time { return time.Now().Add(-30 * time.Minute) }
	w.fails(exitFailed, "clock is", "bulletin", "sign", draft, "--as", "26734-1")
}
