package channel

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"loa/agent/ledger"
	"loa/scripts/authority"
)

// A book is an authority that has issued something.
type book struct {
	mu  sync.Mutex
	all []authority.Issued
}

func (b *book) Issued() ([]authority.Issued, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.all, nil
}
func (b *book) Called(place string) string    { return "Xã " + place }
func (b *book) Covers(place, top string) bool { return covers(place, top) }

func (b *book) issue(all ...authority.Issued) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.all = all
}

// A wall is where posts are stuck on.
type wall struct {
	mu    sync.Mutex
	down  bool
	tried int
	texts []string
}

func (w *wall) Send(_ context.Context, p Post, place, _ string) (string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.tried++
	if w.down {
		return "", errors.New("no route to host")
	}
	w.texts = append(w.texts, p.To+p.Head(place))
	return "1", nil
}

func (w *wall) set(down bool) { w.mu.Lock(); w.down = down; w.mu.Unlock() }

func TestPoster(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		c, err := Parse([]byte(page))
		if err != nil {
			t.Fatal(err)
		}
		b, w := &book{}, &wall{}
		run := func(d time.Duration) {
			t.Helper()
			p := New(Opts{Config: c, Dir: dir, Books: b, Way: func(Channel) (Way, error) { return w, nil }})
			ctx, cancel := context.WithTimeout(t.Context(), d)
			defer cancel()
			if err := p.Run(ctx); err != nil {
				t.Fatal(err)
			}
		}
		b.issue(alerts("26734", time.Now(), nil, flood("lu", "Lũ về", time.Now().Add(24*time.Hour))))
		w.set(true)
		run(4 * time.Minute)
		if w.tried < 2 || w.tried > 5 || len(w.texts) != 0 {
			t.Errorf("%d tries in four minutes, %q", w.tried, w.texts)
		}
		w.set(false)
		run(time.Hour)
		run(time.Hour) // started anew
		b.issue(alerts("26734", time.Now(), []string{"lu"}))
		run(time.Minute)
		if got := strings.Join(w.texts, "|"); got != "KHẨN CẤP – Xã 26734: Lũ về|BÁO NHẦM – Xã 26734: Lũ về" {
			t.Errorf("posted %s", got)
		}
	})
	l, err := ledger.Open(filepath.Join(dir, "ledger"), ledger.Opts{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	entries, err := l.Last(10)
	if err != nil || len(entries) != 2 || entries[0].Detail != "fb said sent 1" || entries[1].Detail != "fb false sent 1" || l.Verify() != nil {
		t.Errorf("ledger: %+v, %v", entries, err)
	}
}

func TestTheMemoryOutlivesATornLine(t *testing.T) {
	name := filepath.Join(t.TempDir(), "posts.jsonl")
	f := file{name: name}
	m := NewMemory()
	m.Since["fb"] = noon
	if err := f.rewrite(m); err != nil {
		t.Fatal(err)
	}
	if err := f.add(m.Begin(flooded, noon)); err != nil {
		t.Fatal(err)
	}
	f.close()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for n := range len(data) + 1 {
		if err := os.WriteFile(name, data[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := recall(name)
		if err != nil {
			t.Fatalf("cut at %d: %v", n, err)
		}
		if whole := n == len(data); (len(got.Lines) == 1) != whole {
			t.Errorf("cut at %d of %d: %d lines", n, len(data), len(got.Lines))
		}
	}
	if err := os.WriteFile(name, []byte("{}x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := recall(name); err == nil {
		t.Error("what is damaged is taken")
	}
}
