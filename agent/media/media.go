// Package media keeps recordings and pictures by their SHA-256: it fetches what
// documents name, verifies it, and evicts what none needs.
package media

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"loa/agent/plan"
)

// Codes under which a Library reports what is wrong, each for one recording.
const (
	CodeMissing = "media-missing" // no base has it whole
	CodeDigest  = "media-digest"  // what came is not what was signed
	CodeFormat  = "media-format"  // what came is a web page
	CodeScope   = "media-scope"   // it leads to a host that is not listed
	CodeStorage = "media-storage" // there is no room for it
	CodeMetered = "media-metered" // the day's mobile data is used up
)

// MaxBytes bounds one recording: 512 MiB are 46 minutes of WAV at 48 kHz or
// 62 hours of MP3 at 20 kbit/s.
const MaxBytes = 512 << 20

// Opts are a library's settings. Bases is needed.
type Opts struct {
	// Bases gives the base URLs in order, as the box's want names them; the
	// path below each is m/{sha256}. Only https is spoken, and only with their hosts.
	Bases  func() []string
	Client *http.Client // its transport is used; nil: that of NewClient(nil)

	BudgetBytes int64        // of all recordings; 0: what the disk can spare
	Reserve     int64        // bytes left free on the disk for everything else; 0: 64 MiB
	DayBytes    func() int64 // most to fetch in one day, bodies only; nil or 0: no limit
	LaterRate   int64        // bytes/s at which what Later names is fetched; 0: 128 KiB/s
	Parallel    int          // fetches at once; 0: 2

	Now    func() time.Time // whose days DayBytes counts; nil: time.Now
	Log    *slog.Logger
	Report func(code, what string, err error) // what is a hash; nil err: over. Not called under a lock
}

// A Library is the recordings on the box. It is safe for concurrent use.
type Library struct {
	dir     string
	o       Opts
	client  *http.Client
	pace    pace
	changed chan struct{}
	wake    chan struct{}
	jobs    sync.WaitGroup // fetches; Run waits for them

	mu       sync.Mutex
	have     map[string]*file // whole and verified
	wanted   map[string]*want
	order    []string                      // of wanted: urgent first, then as given, then what can wait
	asked    []plan.Audio                  // what Want was last given, urgent first
	urgent   int                           // so many of asked
	told     bool                          // Want was called: until then nobody knows what is not wanted
	swept    bool                          // what an earlier run had begun was looked at
	later    []plan.Audio                  // what Later was last given
	flying   map[string]context.CancelFunc // fetches that run
	sick     map[string]time.Time          // bases that did not answer, until when they come last
	day      meter
	reported map[string]string // hash → code under which it was reported
}

// A file is a recording on the disk.
type file struct {
	bytes   int64
	used    time.Time // when it was last needed: eviction goes by it
	holds   int       // players that have it open
	damaged bool      // to be dropped when the last hold ends
	sound   bool      // its hash was checked again in this run
}

// A want is a recording that a document needs.
type want struct {
	plan.Audio
	urgent  bool
	later   bool
	fetched int64 // bytes of it on the disk so far
	mark    int64 // fetched when the last try ended
	tries   int
	next    time.Time // not before
	code    plan.Code // why the last try failed
	why     string
}

// Open reads the directory and makes it if need be. Recordings there were
// verified before they got their names.
func Open(dir string, o Opts) (*Library, error) {
	if o.Bases == nil {
		return nil, errors.New("media: no bases to fetch from")
	}
	if o.Reserve == 0 {
		o.Reserve = 64 << 20
	}
	if o.Parallel == 0 {
		o.Parallel = 2
	}
	if o.LaterRate == 0 {
		o.LaterRate = 128 << 10
	}
	if o.DayBytes == nil {
		o.DayBytes = func() int64 { return 0 }
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Report == nil {
		o.Report = func(string, string, error) {}
	}
	l := &Library{
		dir: dir, o: o, pace: usualPace,
		changed: make(chan struct{}, 1), wake: make(chan struct{}, 1),
		have: map[string]*file{}, flying: map[string]context.CancelFunc{},
		sick: map[string]time.Time{}, reported: map[string]string{},
	}
	l.client = l.guarded(o.Client)
	if err := os.MkdirAll(l.partial(""), 0o700); err != nil && !errors.Is(err, unix.EROFS) {
		return nil, fmt.Errorf("media: cannot open: %w", err)
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("media: cannot open: %w", err)
	}
	for _, f := range files {
		fi, err := f.Info()
		if err == nil && isHash(f.Name()) && fi.Mode().IsRegular() {
			l.have[f.Name()] = &file{bytes: fi.Size(), used: fi.ModTime()}
		}
	}
	l.day.load(filepath.Join(dir, "metered.json"))
	return l, nil
}

func isHash(s string) bool {
	if len(s) != 64 {
		return false
	}
	for _, c := range []byte(s) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// file is where a whole recording lies; partial where one is being fetched.
// Nothing is ever written under the first name.
func (l *Library) file(sha string) string { return filepath.Join(l.dir, sha) }

func (l *Library) partial(sha string) string { return filepath.Join(l.dir, "partial", sha) }

// Want says what documents need, the most needed first, and what they need
// urgently: that is fetched before all else and beyond the day's limit. Each
// call replaces the one before. What is wanted is never evicted; what is no
// longer wanted stays while there is room.
func (l *Library) Want(list []plan.Audio, urgent ...plan.Audio) {
	l.mu.Lock()
	l.asked, l.urgent, l.told = slices.Concat(urgent, list), len(urgent), true
	l.want()
}

// Later says what is needed besides, but by nobody who listens: it is fetched when
// everything else is here or cannot be had now, slowly, and takes at most half of the
// day's limit. What goes wrong with it is for [Library.Why] and not reported. Each
// call replaces the one before.
func (l *Library) Later(list ...plan.Audio) {
	l.mu.Lock()
	if slices.Equal(l.later, list) {
		l.mu.Unlock()
		return
	}
	l.later = slices.Clone(list)
	l.want()
}

// want brings what is wanted up to date. It is called under the lock and lets go of it.
func (l *Library) want() {
	var over, doubtful []string
	old, all := l.wanted, slices.Concat(l.asked, l.later)
	l.wanted, l.order = make(map[string]*want, len(all)), nil
	for i, a := range all {
		sha := a.SHA256
		if !isHash(sha) || l.wanted[sha] != nil {
			continue
		}
		w := old[sha]
		if w == nil || w.Bytes != a.Bytes {
			w = &want{fetched: sizeOf(l.partial(sha))}
			if cancel := l.flying[sha]; cancel != nil {
				cancel()
			}
		}
		w.Audio, w.urgent, w.later = a, i < l.urgent, i >= len(l.asked)
		l.wanted[sha] = w
		l.order = append(l.order, sha)
		if f := l.have[sha]; f != nil && f.bytes != a.Bytes && !f.sound {
			doubtful = append(doubtful, sha) // cut short by a failing card, or a wrong length in the document
		}
	}
	now := l.o.Now()
	stale := false
	for sha := range old {
		if l.wanted[sha] != nil {
			continue
		}
		stale = true
		if l.reported[sha] != "" {
			over = append(over, sha)
		}
		if f := l.have[sha]; f != nil {
			f.used = now
			_ = os.Chtimes(l.file(sha), now, now) // a reboot shall remember the order; a read-only disk forgets it
		}
	}
	if l.told && (stale || !l.swept) {
		l.swept = true
		l.sweep()
	}
	l.mu.Unlock()
	for _, sha := range over {
		l.report("", sha, nil)
	}
	for _, sha := range doubtful {
		l.Doubt(sha)
	}
	l.poke()
}

// sweep ends and removes what is half fetched and not wanted.
func (l *Library) sweep() {
	for sha, cancel := range l.flying {
		if l.wanted[sha] == nil {
			cancel() // it sweeps again when it ends
		}
	}
	files, err := os.ReadDir(l.partial(""))
	if err != nil {
		return
	}
	for _, f := range files {
		if sha := f.Name(); l.wanted[sha] == nil && l.flying[sha] == nil {
			_ = os.Remove(l.partial(sha))
		}
	}
}

func sizeOf(path string) int64 {
	fi, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return fi.Size()
}

// Path is the file of a whole recording. It may be evicted once nothing wants
// it: Hold it to play it.
func (l *Library) Path(sha string) (string, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.have[sha] == nil {
		return "", false
	}
	return l.file(sha), true
}

// Why says why a recording that is wanted is not there: what its last fetch failed
// of. Accepted: nothing is wrong but that it has not come.
func (l *Library) Why(sha string) (plan.Code, string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	w := l.wanted[sha]
	if w == nil || l.have[sha] != nil {
		return plan.Accepted, ""
	}
	return w.code, w.why
}

// Hold is Path for a player: the file stays until release is called.
func (l *Library) Hold(sha string) (path string, release func(), ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f := l.have[sha]
	if f == nil {
		return "", func() {}, false
	}
	f.holds++
	return l.file(sha), sync.OnceFunc(func() {
		l.mu.Lock()
		f.holds--
		if f.damaged && f.holds == 0 && l.have[sha] == f {
			l.forget(sha)
		}
		l.mu.Unlock()
		l.poke()
	}), true
}

// Doubt reads a recording again and drops it, to be fetched anew, if it is no
// longer what was signed: for one that would not play. It tells whether it was good.
func (l *Library) Doubt(sha string) bool {
	path, release, ok := l.Hold(sha)
	if !ok {
		return false
	}
	defer release()
	err := verify(path, sha)
	l.mu.Lock()
	if f := l.have[sha]; f != nil {
		f.sound, f.damaged = err == nil, err != nil
	}
	l.mu.Unlock()
	if err != nil {
		l.report(CodeDigest, sha, fmt.Errorf("media: %s was damaged on the disk: %w", short(sha), err))
	}
	return err == nil
}

// forget removes a whole recording. The lock is held.
func (l *Library) forget(sha string) {
	if err := os.Remove(l.file(sha)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		l.o.Log.Warn("media: cannot remove a recording", "sha256", sha, "err", err)
		return
	}
	delete(l.have, sha)
	signal(l.changed)
}

// Changed wakes whoever waits for recordings: one came or went.
func (l *Library) Changed() <-chan struct{} { return l.changed }

func (l *Library) poke() { signal(l.wake) }

func signal(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Retry forgets all waiting: for when the network is back or the bases changed.
// Of what came with wrong bytes it does not: that was no fault of the network,
// and costs a whole recording each time.
func (l *Library) Retry() {
	l.mu.Lock()
	for _, w := range l.wanted {
		if w.code != plan.MediaDigest {
			w.next, w.tries = time.Time{}, 0
		}
	}
	clear(l.sick)
	l.mu.Unlock()
	l.poke()
}

// report tells of one recording's trouble, and that an earlier one is over when
// the code changes. An empty code is the end of all.
func (l *Library) report(code, sha string, err error) {
	l.mu.Lock()
	was := l.reported[sha]
	if w := l.wanted[sha]; w != nil && w.later {
		code = ""
	}
	if code == "" {
		delete(l.reported, sha)
	} else {
		l.reported[sha] = code
	}
	l.mu.Unlock()
	if was != "" && was != code {
		l.o.Report(was, sha, nil)
	}
	if code != "" {
		l.o.Report(code, sha, err)
	}
}

func short(sha string) string { return sha[:min(12, len(sha))] }
