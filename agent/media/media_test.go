package media

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"loa/agent/plan"
)

// A server is a media server over TLS that can misbehave in one way for each
// recording.
type server struct {
	*httptest.Server
	mu       sync.Mutex
	blobs    map[string][]byte
	how      map[string]string
	asked    []string // "hash range"
	atOnce   int
	mostOnce int
}

func newServer(t testing.TB) *server {
	s := &server{blobs: map[string][]byte{}, how: map[string]string{}}
	s.Server = httptest.NewUnstartedServer(s)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

// add makes a recording of n bytes that is served in the way how.
func (s *server) add(n int, how string) plan.Audio {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(rand.Int())
	}
	if n > 0 {
		b[0] = 0xff // no text, whatever the dice say
	}
	sum := sha256.Sum256(b)
	sha := hex.EncodeToString(sum[:])
	s.mu.Lock()
	defer s.mu.Unlock()
	s.blobs[sha], s.how[sha] = b, how
	return plan.Audio{SHA256: sha, Bytes: int64(n), Type: "audio/mpeg"}
}

func (s *server) behave(a plan.Audio, how string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.how[a.SHA256] = how
}

func (s *server) requests(a plan.Audio) (out []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.asked {
		if sha, rng, _ := strings.Cut(r, " "); sha == a.SHA256 {
			out = append(out, rng)
		}
	}
	return out
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	sha := strings.TrimPrefix(r.URL.Path, "/m/")
	s.mu.Lock()
	b, how := s.blobs[sha], s.how[sha]
	s.asked = append(s.asked, sha+" "+r.Header.Get("Range"))
	s.atOnce++
	s.mostOnce = max(s.mostOnce, s.atOnce)
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.atOnce--
		s.mu.Unlock()
	}()
	w.Header().Set("Content-Type", "audio/mpeg")
	flush := func() { _ = http.NewResponseController(w).Flush() }
	switch how, arg, _ := strings.Cut(how, " "); how {
	case "":
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(b))
	case "404":
		http.NotFound(w, r)
	case "500":
		w.WriteHeader(http.StatusInternalServerError)
	case "half": // breaks off in the middle, whatever was asked for
		from := 0
		fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-", &from)
		if from > 0 {
			w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, len(b)-1, len(b)))
			w.Header().Set("Content-Length", fmt.Sprint(len(b)-from))
			w.WriteHeader(http.StatusPartialContent)
		} else {
			w.Header().Set("Content-Length", fmt.Sprint(len(b)))
		}
		w.Write(b[from : from+(len(b)-from+1)/2])
		flush()
		panic(http.ErrAbortHandler)
	case "norange":
		w.Write(b)
	case "short":
		w.Write(b[:len(b)/2])
	case "long":
		w.Write(append(bytes.Clone(b), 'x'))
	case "endless":
		for r.Context().Err() == nil {
			if _, err := w.Write(b); err != nil {
				return
			}
		}
	case "corrupt":
		c := bytes.Clone(b)
		c[len(c)/2] ^= 1
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(c))
	case "wrongrange":
		w.Header().Set("Content-Range", fmt.Sprintf("bytes 1-%d/%d", len(b)-1, len(b)))
		w.WriteHeader(http.StatusPartialContent)
		w.Write(b[1:])
	case "badresume": // gives parts, and never the one that was asked for
		if r.Header.Get("Range") == "" {
			w.Write(b)
			return
		}
		w.Header().Set("Content-Range", fmt.Sprintf("bytes 0-99/%d", len(b)))
		w.WriteHeader(http.StatusPartialContent)
		w.Write(b[:100])
	case "html":
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, "<html>Quý khách vui lòng nạp tiền</html>")
	case "sly": // a page of the right length that calls itself audio
		page := append([]byte("<!DOCTYPE html><html>"), bytes.Repeat([]byte(" "), len(b))...)[:len(b)]
		w.Write(page)
	case "loris":
		w.Header().Set("Content-Length", fmt.Sprint(len(b)))
		for i := range b {
			if _, err := w.Write(b[i : i+1]); err != nil {
				return
			}
			flush()
			select {
			case <-r.Context().Done():
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	case "mute": // takes the request and says nothing
		<-r.Context().Done()
	case "goto":
		http.Redirect(w, r, arg+r.URL.Path, http.StatusFound)
	case "round":
		http.Redirect(w, r, r.URL.Path, http.StatusFound)
	default:
		panic(how)
	}
}

// A box is a library with its reports, as the station would see it.
type box struct {
	*Library
	t       testing.TB
	mu      sync.Mutex
	now     map[string]string // hash → condition that holds
	history map[string][]string
}

func quick() pace {
	p := pace{first: 10 * time.Millisecond, most: 50 * time.Millisecond, digest: 20 * time.Millisecond, digestMost: 50 * time.Millisecond,
		room: 20 * time.Millisecond, sick: time.Minute, stall: 250 * time.Millisecond, stallAtLeast: 256}
	if os.Getenv("LOA_RUNNER") != "" { // an emulator takes that long to shake hands
		p.stall, p.stallAtLeast = 8*p.stall, 8*p.stallAtLeast
	}
	return p
}

func newBox(t testing.TB, dir string, o Opts) *box {
	t.Helper()
	b := &box{t: t, now: map[string]string{}, history: map[string][]string{}}
	o.Report = func(code, what string, err error) {
		b.mu.Lock()
		defer b.mu.Unlock()
		if err == nil {
			if b.now[what] == code {
				delete(b.now, what)
			}
			return
		}
		b.now[what] = code
		b.history[what] = append(b.history[what], code)
	}
	if o.Reserve == 0 {
		o.Reserve = 1
	}
	l, err := Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	l.pace = quick()
	b.Library = l
	return b
}

func (b *box) run() {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { // waited for in Cleanup
		_ = b.Run(ctx)
		close(done)
	}()
	b.t.Cleanup(func() { cancel(); <-done })
}

// until waits for cond, which events of the library bring about.
func (b *box) until(what string, cond func() bool) {
	b.t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for !cond() {
		if time.Now().After(deadline) {
			b.t.Fatalf("never: %s\nmissing %+v\nreported %v", what, b.Missing(), b.history)
		}
		select {
		case <-b.Changed():
		case <-time.After(2 * time.Millisecond):
		}
	}
}

func (b *box) has(a plan.Audio) bool { _, ok := b.Path(a.SHA256); return ok }

func (b *box) holds(a plan.Audio) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.now[a.SHA256]
}

func opts(servers ...*server) Opts {
	var bases []string
	for _, s := range servers {
		bases = append(bases, s.URL)
	}
	return Opts{Bases: func() []string { return bases }, Client: servers[0].Client()}
}

func check(t testing.TB, b *box, s *server, a plan.Audio) {
	t.Helper()
	path, ok := b.Path(a.SHA256)
	if !ok {
		t.Fatal("not there")
	}
	got, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(got, s.blobs[a.SHA256]) {
		t.Fatalf("%d bytes, %v", len(got), err)
	}
}

func TestFetch(t *testing.T) {
	s := newServer(t)
	b := newBox(t, t.TempDir(), opts(s))
	b.run()
	var list []plan.Audio
	for i := range 10 {
		list = append(list, s.add(1000*i+1, ""))
	}
	b.Want(list)
	b.until("all ten", func() bool { return len(b.Missing()) == 0 })
	for _, a := range list {
		check(t, b, s, a)
	}
	if s.mostOnce > 2 {
		t.Errorf("%d fetches at once", s.mostOnce)
	}
	if st := b.Status(); st.Wanted != 10 || st.Present != 10 || st.Kept != 0 {
		t.Errorf("%+v", st)
	}
}

// Every way in which a server misbehaves: the code, that nothing becomes
// visible, that the next recording is fetched all the same, and that the
// recording comes once the server behaves.
func TestMisbehaviour(t *testing.T) {
	away := newServer(t)
	for how, want := range map[string]string{
		"404":               CodeMissing,
		"500":               CodeMissing,
		"short":             CodeMissing,
		"half":              "", // comes in pieces
		"norange":           "", // comes, though it cannot resume
		"wrongrange":        CodeMissing,
		"long":              CodeDigest,
		"endless":           CodeDigest,
		"corrupt":           CodeDigest,
		"html":              CodeFormat,
		"sly":               CodeFormat,
		"loris":             CodeMissing,
		"mute":              CodeMissing,
		"goto " + away.URL:  CodeScope,
		"goto http://[::1]": CodeScope,
		"round":             CodeMissing,
	} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			o := opts(s)
			o.Parallel = 1
			b := newBox(t, t.TempDir(), o)
			bad, good := s.add(40_000, how), s.add(500, "")
			b.Want([]plan.Audio{bad, good})
			b.run()
			b.until("the next recording", func() bool { return b.has(good) })
			if want == "" {
				b.until("the recording itself", func() bool { return b.has(bad) })
				check(t, b, s, bad)
				return
			}
			b.until("a report", func() bool { return b.holds(bad) == want })
			if b.has(bad) {
				t.Fatal("it is visible")
			}
			lack := b.Missing()
			if len(lack) != 1 || lack[0].Why == "" || lack[0].Code == "" {
				t.Fatalf("Missing = %+v", lack)
			}
			s.behave(bad, "")
			b.until("the recording once the server behaves", func() bool { return b.has(bad) })
			check(t, b, s, bad)
			b.until("the end of the condition", func() bool { return b.holds(bad) == "" })
			if files, _ := os.ReadDir(b.partial("")); len(files) != 0 {
				t.Errorf("left behind: %v", files)
			}
		})
	}
	if len(away.asked) != 0 {
		t.Errorf("a host that is not listed was asked: %v", away.asked)
	}
}

func TestOnlyListedHTTPS(t *testing.T) {
	s := newServer(t)
	plain := httptest.NewServer(s)
	defer plain.Close()
	for _, base := range []string{plain.URL, "ftp://x", "https://", "https://u:p@" + s.Listener.Addr().String(), "://", "/m"} {
		o := opts(s)
		o.Bases = func() []string { return []string{base} }
		b := newBox(t, t.TempDir(), o)
		a := s.add(10, "")
		b.Want([]plan.Audio{a})
		b.run()
		b.until(base, func() bool { return b.holds(a) == CodeScope })
		if lack := b.Missing(); lack[0].Code != plan.Scope {
			t.Errorf("%s: %+v", base, lack)
		}
	}
	if len(s.asked) != 0 {
		t.Errorf("asked: %v", s.asked)
	}
}

func TestRedirectWithinTheList(t *testing.T) {
	s, other := newServer(t), newServer(t)
	a := s.add(3000, "goto "+other.URL)
	other.blobs[a.SHA256] = s.blobs[a.SHA256]
	o := opts(s, other)
	b := newBox(t, t.TempDir(), o)
	b.Want([]plan.Audio{a})
	b.run()
	b.until("through the redirect", func() bool { return b.has(a) })
}

func TestBasesInOrder(t *testing.T) {
	first, second := newServer(t), newServer(t)
	a := first.add(3000, "corrupt")
	second.blobs[a.SHA256] = first.blobs[a.SHA256]
	b := newBox(t, t.TempDir(), opts(first, second))
	b.Want([]plan.Audio{a})
	b.run()
	b.until("from the second", func() bool { return b.has(a) })
	if len(first.requests(a)) != 1 || len(second.requests(a)) != 1 || b.holds(a) != "" {
		t.Errorf("first %v, second %v, %s", first.requests(a), second.requests(a), b.holds(a))
	}
}

// A base that does not answer costs its patience once, not once a recording.
func TestDeadBaseComesLast(t *testing.T) {
	dead, s := newServer(t), newServer(t)
	var list []plan.Audio
	for range 12 {
		a := s.add(100, "")
		dead.blobs[a.SHA256], dead.how[a.SHA256] = nil, "mute"
		list = append(list, a)
	}
	b := newBox(t, t.TempDir(), opts(dead, s))
	b.Want(list)
	b.run()
	b.until("all", func() bool { return len(b.Missing()) == 0 })
	if n := len(dead.asked); n > 2 {
		t.Errorf("the dead base was asked %d times", n)
	}
}

// What was fetched before the power went is not fetched again.
func TestResumeAfterRestart(t *testing.T) {
	s := newServer(t)
	dir := t.TempDir()
	a := s.add(100_000, "")
	b := newBox(t, dir, opts(s))
	if err := os.WriteFile(b.partial(a.SHA256), s.blobs[a.SHA256][:60_000], 0o600); err != nil {
		t.Fatal(err)
	}
	b = newBox(t, dir, opts(s))
	b.Want([]plan.Audio{a})
	if b.has(a) {
		t.Fatal("half a recording is visible")
	}
	if lack := b.Missing(); lack[0].Fetched != 60_000 {
		t.Errorf("%+v", lack)
	}
	b.run()
	b.until("the rest", func() bool { return b.has(a) })
	check(t, b, s, a)
	if got := s.requests(a); !slices.Equal(got, []string{"bytes=60000-"}) {
		t.Errorf("asked for %q", got)
	}
}

// A server that cannot resume, and says it can, does not keep the rest away for ever; nor
// does it cost another server's half.
func TestAServerThatResumesWrong(t *testing.T) {
	s, other := newServer(t), newServer(t)
	a := s.add(100_000, "badresume")
	other.blobs[a.SHA256] = s.blobs[a.SHA256]
	half := func(servers ...*server) *box {
		b := newBox(t, t.TempDir(), opts(servers...))
		if err := os.WriteFile(b.partial(a.SHA256), s.blobs[a.SHA256][:60_000], 0o600); err != nil {
			t.Fatal(err)
		}
		b.Want([]plan.Audio{a})
		b.run()
		b.until("the recording", func() bool { return b.has(a) })
		check(t, b, s, a)
		return b
	}
	half(s)
	half(s, other)
	if got := other.requests(a); !slices.Equal(got, []string{"bytes=60000-"}) {
		t.Errorf("the other was asked for %q", got)
	}
}

// What an earlier run has begun and nobody wants any more is swept with the first word
// of what is wanted.
func TestWhatNobodyWantsAnyMoreIsNotLeftHalf(t *testing.T) {
	b := newBox(t, t.TempDir(), opts(newServer(t)))
	left := b.partial(strings.Repeat("a", 64))
	if err := os.WriteFile(left, make([]byte, 100), 0o600); err != nil {
		t.Fatal(err)
	}
	b.Want(nil)
	if _, err := os.Stat(left); err == nil {
		t.Error("it is still there")
	}
}

// A partial file that is wrong does not keep the recording away for ever.
func TestWrongPartialIsGivenUp(t *testing.T) {
	for name, n := range map[string]int{"wrong bytes": 60_000, "all of them, wrong": 100_000, "too many": 100_001} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t)
			a := s.add(100_000, "")
			b := newBox(t, t.TempDir(), opts(s))
			if err := os.WriteFile(b.partial(a.SHA256), make([]byte, n), 0o600); err != nil {
				t.Fatal(err)
			}
			b.Want([]plan.Audio{a})
			b.run()
			b.until("the recording", func() bool { return b.has(a) })
			check(t, b, s, a)
		})
	}
}

func TestBudgetEvictsTheLongestUnneeded(t *testing.T) {
	s := newServer(t)
	dir := t.TempDir()
	o := opts(s)
	o.BudgetBytes = 10_000
	now := time.Date(2026, 11, 23, 5, 0, 0, 0, time.UTC)
	var mu sync.Mutex
	o.Now = func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
	b := newBox(t, dir, o)
	b.run()
	var old []plan.Audio
	for range 4 {
		a := s.add(2_500, "")
		b.Want([]plan.Audio{a})
		b.until("a recording", func() bool { return b.has(a) })
		b.Want(nil)
		mu.Lock()
		now = now.Add(time.Hour)
		mu.Unlock()
		old = append(old, a)
	}
	// The first is played, so the second is what goes; a reboot must not forget the order.
	path, release, ok := b.Hold(old[0].SHA256)
	if !ok {
		t.Fatal("the first is gone already")
	}
	fresh := s.add(2_000, "")
	b.Want([]plan.Audio{old[3], fresh})
	b.until("the fresh one", func() bool { return b.has(fresh) })
	if !b.has(old[0]) || b.has(old[1]) || !b.has(old[2]) || !b.has(old[3]) {
		t.Fatalf("kept: %v %v %v %v", b.has(old[0]), b.has(old[1]), b.has(old[2]), b.has(old[3]))
	}
	if _, err := os.Stat(path); err != nil {
		t.Fatal(err)
	}
	release()
	release()

	again := newBox(t, dir, o)
	again.run()
	more := s.add(2_400, "")
	again.Want([]plan.Audio{old[3], fresh, more})
	again.until("after a restart", func() bool { return again.has(more) })
	if again.has(old[0]) || !again.has(old[2]) {
		t.Fatalf("the longest unneeded should have gone: %v %v", again.has(old[0]), again.has(old[2]))
	}
	if st := again.Status(); st.Bytes > 10_000 {
		t.Errorf("%+v", st)
	}
}

// What is wanted is never evicted, and what does not fit is said.
func TestNoRoomForWhatIsWanted(t *testing.T) {
	s := newServer(t)
	o := opts(s)
	o.BudgetBytes = 10_000
	b := newBox(t, t.TempDir(), o)
	b.run()
	a, c, d := s.add(6_000, ""), s.add(6_000, ""), s.add(3_000, "")
	b.Want([]plan.Audio{a, c, d})
	b.until("what fits", func() bool { return b.has(a) && b.has(d) })
	b.until("the report", func() bool { return b.holds(c) == CodeStorage })
	if lack := b.Missing(); len(lack) != 1 || lack[0].Code != plan.Storage || len(s.requests(c)) != 0 {
		t.Fatalf("%+v, asked %v", lack, s.requests(c))
	}
	b.Want([]plan.Audio{c, d})
	b.until("room again", func() bool { return b.has(c) })
	b.until("the end of the report", func() bool { return b.holds(c) == "" })
	if b.has(a) || !b.has(d) {
		t.Error("the wrong one went")
	}
}

func TestDayBudget(t *testing.T) {
	s := newServer(t)
	dir := t.TempDir()
	day := time.Date(2026, 11, 23, 23, 0, 0, 0, time.FixedZone("", 7*3600))
	o := opts(s)
	o.Parallel = 1
	o.DayBytes = func() int64 { return 3 << 20 }
	o.Now = func() time.Time { return day }
	b := newBox(t, dir, o)
	b.run()
	a, c, alarm := s.add(2<<20, ""), s.add(2<<20, ""), s.add(1<<19, "")
	b.Want([]plan.Audio{a, c})
	b.until("the first", func() bool { return b.has(a) })
	b.until("the limit", func() bool { return b.holds(c) == CodeMetered })
	if got := b.Status().DayBytes; got < 3<<20 || got > 3<<20+64<<10 {
		t.Errorf("%d bytes were fetched today", got)
	}
	b.Want([]plan.Audio{a, c}, alarm)
	b.until("an emergency passes the limit", func() bool { return b.has(alarm) })
	if b.has(c) {
		t.Fatal("so did a normal one")
	}

	// A reboot does not give the day back, and the next day goes on where this one stopped.
	before := len(s.requests(c))
	b = newBox(t, dir, o)
	b.Want([]plan.Audio{a, c})
	b.run()
	b.until("the limit after a reboot", func() bool { return b.holds(c) == CodeMetered })
	if n := len(s.requests(c)); n != before {
		t.Errorf("asked %d times after the reboot", n-before)
	}
	o.Now = func() time.Time { return day.Add(2 * time.Hour) }
	b = newBox(t, dir, o)
	b.Want([]plan.Audio{a, c})
	b.run()
	b.until("the next day", func() bool { return b.has(c) })
	check(t, b, s, c)
	if last := s.requests(c); !strings.HasPrefix(last[len(last)-1], "bytes=") {
		t.Errorf("it did not resume: %q", last)
	}
}

func TestDoubtDropsADamagedRecording(t *testing.T) {
	s := newServer(t)
	b := newBox(t, t.TempDir(), opts(s))
	a := s.add(5000, "")
	b.Want([]plan.Audio{a})
	b.run()
	b.until("fetched", func() bool { return b.has(a) })
	if !b.Doubt(a.SHA256) {
		t.Fatal("a good recording was doubted away")
	}
	path, _ := b.Path(a.SHA256)
	if err := os.WriteFile(path, make([]byte, 5000), 0o600); err != nil {
		t.Fatal(err)
	}
	if b.Doubt(a.SHA256) {
		t.Fatal("a damaged recording was believed")
	}
	b.until("fetched anew", func() bool { return b.has(a) && b.holds(a) == "" })
	check(t, b, s, a)
}

// A card that cut a recording short is found out when a document asks for it.
func TestTruncatedOnDiskIsFetchedAnew(t *testing.T) {
	s := newServer(t)
	dir := t.TempDir()
	a := s.add(5000, "")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, a.SHA256), s.blobs[a.SHA256][:100], 0o600); err != nil {
		t.Fatal(err)
	}
	b := newBox(t, dir, opts(s))
	b.Want([]plan.Audio{a})
	b.run()
	b.until("whole", func() bool { p, ok := b.Path(a.SHA256); return ok && sizeOf(p) == 5000 })
	check(t, b, s, a)
}

// A document that is withdrawn ends its fetch and leaves nothing half done.
func TestRetryDoesNotFetchWrongBytesAgain(t *testing.T) {
	s := newServer(t)
	b := newBox(t, t.TempDir(), opts(s))
	b.pace.digest, b.pace.digestMost = time.Hour, time.Hour
	bad, gone := s.add(40_000, "corrupt"), s.add(500, "404")
	b.Want([]plan.Audio{bad, gone})
	b.run()
	b.until("both reports", func() bool { return b.holds(bad) == CodeDigest && b.holds(gone) == CodeMissing })
	asked := len(s.requests(bad))
	for range 5 {
		before := len(s.requests(gone))
		b.Retry()
		b.until("another try of what was missing", func() bool { return len(s.requests(gone)) > before })
	}
	if n := len(s.requests(bad)) - asked; n > 0 {
		t.Errorf("the wrong recording was fetched %d more times", n)
	}
}

func TestUnwantedFetchEnds(t *testing.T) {
	s := newServer(t)
	b := newBox(t, t.TempDir(), opts(s))
	a := s.add(100_000, "loris")
	b.Want([]plan.Audio{a})
	b.run()
	b.until("it runs", func() bool { l := b.Missing(); return len(l) == 1 && l[0].Fetched > 0 })
	b.Want(nil)
	b.until("it ends", func() bool {
		files, _ := os.ReadDir(b.partial(""))
		return b.Status().Fetching == 0 && len(files) == 0
	})
	if b.holds(a) != "" {
		t.Errorf("reported %s", b.holds(a))
	}
}

func TestRunReturnsWhileFetching(t *testing.T) {
	s := newServer(t)
	b := newBox(t, t.TempDir(), opts(s))
	a := s.add(100_000, "mute")
	b.Want([]plan.Audio{a})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- b.Run(ctx) }()
	b.until("it runs", func() bool { return b.Status().Fetching == 1 })
	cancel()
	select {
	case <-done:
	case <-time.After(5 * time.Second):
		t.Fatal("Run does not return")
	}
}

func TestForeignFilesAreLeftAlone(t *testing.T) {
	dir := t.TempDir()
	for _, n := range []string{"README", strings.Repeat("A", 64), strings.Repeat("a", 63)} {
		if err := os.WriteFile(filepath.Join(dir, n), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s := newServer(t)
	b := newBox(t, dir, opts(s))
	b.Want([]plan.Audio{{SHA256: "../../etc/passwd", Bytes: 1}, {SHA256: "", Bytes: 1}})
	if st := b.Status(); st.Wanted != 0 || st.Kept != 0 {
		t.Errorf("%+v", st)
	}
}

func FuzzContentRange(f *testing.F) {
	f.Add("bytes 500-999/1000")
	f.Add("bytes */1000")
	f.Add("bytes 0-/")
	f.Fuzz(func(t *testing.T, s string) {
		if from, total, ok := contentRange(s); ok && (from < 0 || !strings.HasPrefix(s, "bytes ")) {
			t.Fatalf("%q: %d of %d", s, from, total)
		}
	})
}
