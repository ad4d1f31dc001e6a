package plan

import (
	"cmp"
	"hash/fnv"
	"strconv"
	"strings"
	"time"
)

// Firmware says which software a box should run. It is the same for all boxes of a
// release but for Canary: each takes the bundle of its own kind of board from
// m/{sha256} below the media base URLs, and reckons itself when it is its turn.
type Firmware struct {
	Version   string            `json:"version"`             // numbers with dots: 1.9 is older than 1.10
	Security  int64             `json:"security"`            // never below the box's floor; raised when a hole is closed
	Bundles   map[string]Bundle `json:"bundles"`             // by the name of the board
	Downgrade bool              `json:"downgrade,omitempty"` // that it is older than what runs is meant
	Canary    bool              `json:"canary,omitempty"`    // this box goes before all rings
	From      time.Time         `json:"from"`                // when canaries may begin
	Rings     []Ring            `json:"rings"`               // how many may have begun by when, at the most
	Window    *Window           `json:"window,omitempty"`    // in which it is installed; absent: UpdateWindow
}

// A Bundle is what a box of one kind of board installs.
type Bundle struct {
	SHA256 string `json:"sha256"`
	Bytes  int64  `json:"bytes"`
}

// A Ring is the part of the boxes that may begin from a time on.
type Ring struct {
	AfterH  int `json:"after_h"` // hours after From
	Percent int `json:"percent"`
}

// A Rollout is how far the dispatcher lets a release go now, in its sign of life. It
// holds back and allows nothing: what may be installed, and how many boxes by when,
// is in the wants that two have signed.
type Rollout struct {
	Version string `json:"version"`
	Percent int    `json:"percent"` // of the boxes by their spread; 0: canaries only
}

// MaxBundle bounds a bundle: a root slot has 512 MiB, and a box keeps it on the data
// partition while it installs.
const MaxBundle = 512 << 20

// A Window is a part of every day, UTC+7: [From, Until), past midnight where Until is
// the earlier.
type Window struct {
	From  string `json:"from"`
	Until string `json:"until"`
}

// UpdateWindow is when boxes install where nobody has signed otherwise: people
// sleep, and no programme is due.
var UpdateWindow = Window{From: "00:30", Until: "04:00"}

// InWindow reports whether now lies in the window.
func (f Firmware) InWindow(now time.Time) bool {
	w := UpdateWindow
	if f.Window != nil {
		w = *f.Window
	}
	from, err := ParseClock(w.From)
	until, err2 := ParseClock(w.Until)
	if err != nil || err2 != nil {
		return false // Validate has refused it
	}
	h, m, s := now.In(here).Clock()
	at := time.Duration(h)*time.Hour + time.Duration(m)*time.Minute + time.Duration(s)*time.Second
	if from < until {
		return from <= at && at < until
	}
	return from <= at || at < until
}

// Spread is where a box stands among all boxes in a release, 0 to 99: elsewhere in
// each, so that it is not always the same people whose box goes first.
func Spread(device, version string) int {
	h := fnv.New64a()
	h.Write([]byte(version + "/" + device))
	x := h.Sum64()
	x ^= x >> 33 // FNV leaves the last letters of short names in its low bits
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	return int(x % 100)
}

// May reports whether it is a box's turn by what was signed and by what the
// dispatcher lets go; nil: it has said nothing.
func (f Firmware) May(device string, r *Rollout, now time.Time) bool {
	if r == nil || r.Version != f.Version || now.Before(f.From) {
		return false
	}
	return f.Canary || Spread(device, f.Version) < min(f.Open(now), r.Percent)
}

// Open is the percentage of boxes that may have begun by now, by what was signed.
func (f Firmware) Open(now time.Time) (percent int) {
	for _, r := range f.Rings {
		if !now.Before(f.From.Add(time.Duration(r.AfterH) * time.Hour)) {
			percent = max(percent, r.Percent)
		}
	}
	return percent
}

// CompareReleases orders versions by their numbers: 1.9 before 1.10, and 1.2 like
// 1.2.0. A leading v and what follows the numbers do not count; what has none, such
// as a build of no release, is older than all.
func CompareReleases(a, b string) int {
	x, y := numbers(a), numbers(b)
	for i := range max(len(x), len(y)) {
		var m, n int
		if i < len(x) {
			m = x[i]
		}
		if i < len(y) {
			n = y[i]
		}
		if c := cmp.Compare(m, n); c != 0 {
			return c
		}
	}
	return 0
}

func numbers(version string) (all []int) {
	if strings.Trim(version, "v0123456789.") != "" && !strings.Contains(version, ".") { // a commit's hash may begin with a digit
		return nil
	}
	for part := range strings.SplitSeq(strings.TrimPrefix(version, "v"), ".") {
		digits := part
		if i := strings.IndexFunc(part, func(r rune) bool { return r < '0' || r > '9' }); i >= 0 {
			digits = part[:i]
		}
		n, err := strconv.Atoi(digits)
		if err != nil {
			break
		}
		all = append(all, n)
		if digits != part {
			break
		}
	}
	return all
}

func (c *check) release(field, version string) {
	parts := strings.Split(version, ".")
	ok := len(parts) <= 4
	for _, p := range parts {
		n, err := strconv.Atoi(p)
		ok = ok && err == nil && n >= 0 && n < 1e9 && strconv.Itoa(n) == p
	}
	if !ok {
		c.fail(field, "%.40q; write 1 to 4 numbers with dots, such as 1.10.2", version)
	}
}

func (c *check) firmware(field string, f Firmware) {
	c.release(field+".version", f.Version)
	c.between(field+".security", f.Security, 0, 1<<53-1)
	c.count(field+".bundles", len(f.Bundles), 1, 32)
	for board, b := range f.Bundles {
		at := field + ".bundles." + clip(board)
		c.id(at, board)
		c.sha(at+".sha256", b.SHA256)
		c.between(at+".bytes", b.Bytes, 1, MaxBundle)
	}
	c.when(field+".from", f.From)
	c.count(field+".rings", len(f.Rings), 1, 8)
	for i, r := range f.Rings {
		at := index(field+".rings", i)
		c.between(at+".after_h", int64(r.AfterH), 0, 24*365)
		c.percent(at+".percent", r.Percent)
		if i > 0 && (r.AfterH <= f.Rings[i-1].AfterH || r.Percent <= f.Rings[i-1].Percent) {
			c.fail(at, "it opens neither later nor wider than the ring before")
		}
	}
	if f.Window != nil {
		c.span(field+".window", Span{From: f.Window.From, Until: f.Window.Until})
	}
}
