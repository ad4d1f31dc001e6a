package main

import (
	"crypto/ed25519"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"loa/agent/ledger"
	"loa/agent/message"
	"loa/agent/plan"
	"loa/agent/store"
)

// What a box had told of and has no more is told by what is lost.
func TestPledge(t *testing.T) {
	dir := t.TempDir()
	shelf, err := store.Open(filepath.Join(dir, "docs"))
	if err != nil {
		t.Fatal(err)
	}
	issued := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	put := func(name string, data []byte) {
		t.Helper()
		if err := shelf.Put(name, data); err != nil {
			t.Fatal(err)
		}
	}
	payload := fmt.Sprintf(`{"issued":%q}`, issued.Format(time.RFC3339))
	raw := message.Sign(message.PayloadType(plan.KindSchedule, 1), []byte(payload), ed25519.NewKeyFromSeed(make([]byte, 32))).Encode()
	put("docs/25747/schedule/so-1", raw)
	put("docs/want", raw)
	put("docs/25747/schedule/torn", []byte("{"))
	l, err := ledger.Open(filepath.Join(dir, "ledger"), ledger.Opts{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Append(ledger.Entry{Kind: ledger.Boot}); err != nil {
		t.Fatal(err)
	}
	seq, _ := l.Head()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	settings := filepath.Join(dir, "agent.toml")
	if err := os.WriteFile(settings, []byte("device = \"x\"\n[console]\nidle_min = 30\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	version := issued.UnixMilli()
	for _, c := range []struct {
		lost string // a word of what is told; empty: nothing is lost
		p    pledge
	}{
		{"", pledge{}},
		{"", pledge{documents: map[string]int64{"25747/schedule/so-1": version, "25747/want/d-1": version}, seq: seq, idle: []int{30}}},
		{"", pledge{idle: []int{20, 30}}},
		{"so-2 is lost", pledge{documents: map[string]int64{"25747/schedule/so-2": version}}},
		{"torn is torn", pledge{documents: map[string]int64{"25747/schedule/torn": version}}},
		{"so-1 is of", pledge{documents: map[string]int64{"25747/schedule/so-1": version + 1}}},
		{"the ledger is cut", pledge{seq: seq + 1}},
		{"idle_min is 30", pledge{idle: []int{20, 40}}},
	} {
		err := c.p.documentsIn(filepath.Join(dir, "docs"))
		if err == nil {
			err = c.p.ledgerIn(filepath.Join(dir, "ledger"))
		}
		if err == nil {
			err = c.p.settingsIn(settings)
		}
		if (err == nil) != (c.lost == "") || err != nil && !strings.Contains(err.Error(), c.lost) {
			t.Errorf("%+v: %v, want %q", c.p, err, c.lost)
		}
	}
}

// Cuts of several runs, or of several benches, are counted in one file.
func TestCutsAreCounted(t *testing.T) {
	file := filepath.Join(t.TempDir(), "cuts.log")
	for want := range 3 {
		if n, err := counted(file); n != want || err != nil {
			t.Errorf("%d, %v; want %d", n, err, want)
		}
		if err := count(file, "one\nline"); err != nil {
			t.Fatal(err)
		}
	}
}
