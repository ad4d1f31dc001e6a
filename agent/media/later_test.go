package media

import (
	"os"
	"strings"
	"testing"
	"time"

	"loa/agent/plan"
)

// What can wait comes when all else is here, takes half of the day's limit, and is
// nobody's fault.
func TestLater(t *testing.T) {
	s := newServer(t)
	o := opts(s)
	o.Parallel, o.LaterRate = 2, 100<<20
	b := newBox(t, t.TempDir(), o)
	bundle, slow, lost := s.add(1<<20, ""), s.add(2<<20, "half"), s.add(1000, "404")
	b.Later(bundle)
	b.Want([]plan.Audio{slow})
	b.launch(t.Context())
	b.mu.Lock()
	if b.flying[bundle.SHA256] != nil {
		t.Error("the bundle is fetched beside a recording")
	}
	b.mu.Unlock()
	b.run()
	b.until("both", func() bool { return b.has(slow) && b.has(bundle) })
	check(t, b, s, bundle)

	s.behave(bundle, "404")
	b.Later(lost)
	b.until("it fails", func() bool { code, _ := b.Why(lost.SHA256); return code == plan.MediaMissing })
	if cond := b.holds(lost); cond != "" {
		t.Errorf("what can wait raised %s", cond)
	}
	if got := b.Missing(); len(got) != 1 || got[0].SHA256 != lost.SHA256 {
		t.Errorf("a stick is not asked for it: %v", got)
	}
}

func TestLaterTakesHalfOfTheDay(t *testing.T) {
	s := newServer(t)
	o := opts(s)
	o.Parallel, o.LaterRate = 1, 100<<20
	o.DayBytes = func() int64 { return 4 << 20 }
	b := newBox(t, t.TempDir(), o)
	bundle, a := s.add(3<<20, ""), s.add(1<<20, "")
	b.Later(bundle)
	b.Want(nil)
	b.run()
	b.until("half of the day", func() bool { code, _ := b.Why(bundle.SHA256); return code != plan.Accepted })
	if got := b.Status().DayBytes; got < 2<<20 || got > 2<<20+64<<10 {
		t.Errorf("%d bytes were fetched", got)
	}
	b.Want([]plan.Audio{a})
	b.until("a recording", func() bool { return b.has(a) })
	if b.has(bundle) {
		t.Error("the bundle took the whole day")
	}
}

func TestLaterIsSlow(t *testing.T) {
	s := newServer(t)
	o := opts(s)
	o.LaterRate = 256 << 10
	b := newBox(t, t.TempDir(), o)
	bundle := s.add(128<<10, "")
	b.Later(bundle)
	began := time.Now()
	b.run()
	b.until("it is here", func() bool { return b.has(bundle) })
	if took := time.Since(began); took < 350*time.Millisecond {
		t.Errorf("128 KiB at 256 KiB/s took %v", took)
	}
}

// Until the plan is known nobody knows what is not wanted: neither half a recording nor
// half a bundle is lost by a restart.
func TestHalfABundleOutlivesARestart(t *testing.T) {
	s := newServer(t)
	dir := t.TempDir()
	o := opts(s)
	o.LaterRate = 100 << 20
	bundle, a := s.add(1<<20, "half"), s.add(1<<20, "half")
	b := newBox(t, dir, o)
	for _, x := range []plan.Audio{bundle, a} {
		if err := os.WriteFile(b.partial(x.SHA256), s.blobs[x.SHA256][:400<<10], 0o600); err != nil {
			t.Fatal(err)
		}
	}
	b = newBox(t, dir, o)
	b.Later(bundle)
	b.Want([]plan.Audio{a})
	b.run()
	b.until("both", func() bool { return b.has(a) && b.has(bundle) })
	for _, x := range []plan.Audio{bundle, a} {
		if got := s.requests(x); len(got) == 0 || !strings.HasPrefix(got[0], "bytes=4096") {
			t.Errorf("it was not resumed: %q", got)
		}
	}
}
