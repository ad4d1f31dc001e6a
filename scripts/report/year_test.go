package report

import (
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"loa/agent/clock"
	"loa/agent/ledger"
	"loa/agent/message"
	"loa/agent/plan"
	"loa/scripts/authority/archive"
)

// A rig has boxes that write real ledgers, and an archive that takes them in.
type rig struct {
	t     *testing.T
	dir   string
	arch  *archive.Archive
	in    Input
	dated map[string]bool // files that have their time
}

func newRig(t *testing.T) *rig {
	r := &rig{t: t, dir: t.TempDir(), dated: make(map[string]bool)}
	r.arch = archive.Open(filepath.Join(r.dir, "archive"))
	r.in = Input{
		Name: "Sở thử nghiệm", Books: stands{at: map[string]string{}}, Ledgers: signed{r.arch},
		Places: []Place{
			{Code: "74", Name: "Tỉnh Bình Dương", Width: 1}, {Code: "26734", Name: "Xã An Sơn", Parent: "74"},
			{Code: "26737", Name: "Phường Bình Nhâm", Parent: "74"}, {Code: "26734-1", Name: "Ấp An Phú", Parent: "26734"},
			{Code: "26740", Name: "Xã chưa có loa", Parent: "74"},
		},
		Residents: []Complaints{
			{Device: "d-1", Place: "26734", Month: "2026-03", Loud: 4, Unheard: 1}, {Device: "d-1", Place: "26734", Month: "2026-04", Another: 2},
			{Place: "26740", Month: "2026-04", Unheard: 7},
		},
	}
	return r
}

// box takes a box in, at a place.
func (r *rig) box(name, place string, change func(*Box)) {
	b := Box{Name: name, Label: "Cụm " + name, Board: "desk", Added: at("2025-01-10 08:00:00")}
	if change != nil {
		change(&b)
	}
	r.in.Boxes = append(r.in.Boxes, b)
	r.in.Books.(stands).at[name] = place
}

// stands says where boxes stand, always, unless moved says otherwise.
type stands struct {
	at    map[string]string
	moved func(device string, at time.Time) []string
}

func (s stands) Stood(device string, at time.Time) []string {
	if s.moved != nil {
		return s.moved(device, at)
	}
	switch s.at[device] {
	case "":
		return nil
	case "74":
		return []string{"74"}
	case "26734-1":
		return []string{"26734-1", "26734", "74"}
	}
	return []string{s.at[device], "74"}
}

// signed is an archive of boxes whose keys follow from their names.
type signed struct{ *archive.Archive }

func (s signed) Entries(device string, f func(ledger.Entry, time.Time)) error {
	return s.EachArrived(device, keyOf(device).Public().(ed25519.PublicKey), func(e ledger.Entry, at time.Time) bool {
		f(e, at)
		return true
	})
}

// read are ledgers that were read once.
type read struct {
	Ledgers
	entries map[string][]func(f func(ledger.Entry, time.Time))
	forked  map[string]bool
}

func (r read) Forked(device string) bool { return r.forked[device] }

func readOnce(t *testing.T, in Input) read {
	r := read{in.Ledgers, make(map[string][]func(func(ledger.Entry, time.Time))), make(map[string]bool)}
	for _, b := range in.Boxes {
		r.forked[b.Name] = in.Ledgers.Forked(b.Name)
		if err := in.Ledgers.Entries(b.Name, func(e ledger.Entry, at time.Time) {
			r.entries[b.Name] = append(r.entries[b.Name], func(f func(ledger.Entry, time.Time)) { f(e, at) })
		}); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

func (r read) Entries(device string, f func(ledger.Entry, time.Time)) error {
	for _, give := range r.entries[device] {
		give(f)
	}
	return nil
}

func keyOf(device string) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte(device))
	return ed25519.NewKeyFromSeed(seed[:])
}

// writes makes a box write entries and gives the segments in which it sends them,
// each of so many entries.
func (r *rig) writes(device string, each int, entries ...ledger.Entry) (segments [][]byte) {
	r.t.Helper()
	dir := filepath.Join(r.t.TempDir(), device)
	l, err := ledger.Open(dir, ledger.Opts{})
	if err != nil {
		r.t.Fatal(err)
	}
	defer l.Close()
	from := int64(1)
	send := func() {
		if err := l.Sync(); err != nil {
			r.t.Fatal(err)
		}
		for {
			x, err := l.Segment(from)
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				r.t.Fatal(err)
			}
			head := message.LedgerHead{Device: device, From: x.From, To: x.To, Prev: x.Prev, Head: x.Head}
			segments = append(segments, message.EncodeSegment(head, x.Data, keyOf(device)))
			from = x.To + 1
		}
	}
	for i, e := range entries {
		if e.Clock == 0 {
			e.Clock = clock.RTC
		}
		if e.Clock == untrusted {
			e.Clock = clock.None
		}
		if _, err := l.Append(e); err != nil {
			r.t.Fatal(err)
		}
		if (i+1)%each == 0 {
			send()
		}
	}
	send()
	return segments
}

// untrusted stands for clock.None, which is what an entry has when a test says nothing.
const untrusted clock.Level = -1

// arrives puts segments into the archive at a time.
func (r *rig) arrives(device, when string, segments ...[]byte) {
	r.t.Helper()
	for _, s := range segments {
		if _, err := r.arch.Add(device, s, keyOf(device).Public().(ed25519.PublicKey)); err != nil {
			r.t.Fatal(err)
		}
	}
	files, err := filepath.Glob(filepath.Join(r.dir, "archive", device, "*.seg"))
	if err != nil {
		r.t.Fatal(err)
	}
	for _, f := range files {
		if r.dated[f] {
			continue
		}
		if err := os.Chtimes(f, at(when), at(when)); err != nil {
			r.t.Fatal(err)
		}
		r.dated[f] = true
	}
}

func (r *rig) make(year int) Report {
	r.t.Helper()
	rep, err := Make(r.in, Year(year))
	if err != nil {
		r.t.Fatal(err)
	}
	return rep
}

// at is a time in Vietnam.
func at(s string) time.Time {
	t, err := time.ParseInLocation("2006-01-02 15:04:05", s, zone)
	if err != nil {
		panic(err)
	}
	return t
}

// turn is a turn at the speaker that ended at a time after so many seconds, heard as a whole.
func turn(end string, air float64) ledger.Entry {
	return ledger.Entry{
		Kind: ledger.End, Time: at(end), ID: "26734/schedule/sang/s1@" + end, Item: "26734/bulletin/tin", Title: "Bản tin sáng",
		Class: plan.Normal, Origin: plan.Own, Lang: "vi", Place: "26734",
		Result: plan.Heard, PlannedS: air, HeardS: air, AirS: air, Proof: "mixer",
	}
}

// once is what year has made: boxes need a second to write it.
var once *rig

// year is a year and more of five boxes as they might live it, always the same, read
// from an archive into memory.
func year(t *testing.T) *rig {
	t.Helper()
	if once == nil {
		once = live(t)
		once.in.Ledgers = readOnce(t, once.in)
	}
	r := *once
	r.t = t
	r.in.Boxes, r.in.Places, r.in.Bulletins = slices.Clone(r.in.Boxes), slices.Clone(r.in.Places), slices.Clone(r.in.Bulletins)
	return &r
}

func live(t *testing.T) *rig {
	r := newRig(t)
	r.box("d-1", "26734", nil)
	r.box("d-2", "26734", func(b *Box) { b.Board, b.Panel = "commune-led-128x32", true })
	r.box("d-3", "26737", func(b *Box) { b.Revoked = at("2026-06-30 12:00:00") })
	r.box("d-4", "26734-1", func(b *Box) { b.Added = at("2026-03-01 09:00:00") })
	r.box("d-5", "26737", func(b *Box) { b.Board, b.Panel = "led-wall-512x256", true }) // has never sent a thing
	r.in.Bulletins = []Bulletin{
		{Key: "26734/bulletin/tin-0", Title: "Bản tin sáng", Place: "26734", Issued: at("2026-01-02 08:00:00")},
		{Key: "74/bulletin/chua-phat", Title: "Tin chưa ai phát", Place: "74", Issued: at("2026-05-02 08:00:00")},
		{Key: "74/bulletin/nam-ngoai", Title: "Tin năm ngoái", Place: "74", Issued: at("2025-05-02 08:00:00")},
	}
	for i, b := range r.in.Boxes[:4] {
		entries := life(b, uint64(i))
		segments := r.writes(b.Name, 97, entries...)
		switch b.Name {
		case "d-1": // its last entries came after the report was due
			n := len(segments)
			r.arrives(b.Name, "2026-12-16 09:00:00", segments[:n-1]...)
			r.arrives(b.Name, "2026-12-21 09:00:00", segments[n-1])
		case "d-2": // a stretch was lost
			r.arrives(b.Name, "2026-12-16 09:00:00", segments[0])
			r.arrives(b.Name, "2026-12-16 09:00:00", segments[2:]...)
		case "d-3": // two boxes under one name
			r.arrives(b.Name, "2026-12-16 09:00:00", segments...)
			other := r.writes(b.Name, 50, life(b, 99)...)
			if _, err := r.arch.Add(b.Name, other[0], keyOf(b.Name).Public().(ed25519.PublicKey)); !errors.Is(err, archive.ErrFork) {
				t.Fatalf("a fork is taken in: %v", err)
			}
		default:
			r.arrives(b.Name, "2026-12-16 09:00:00", segments...)
		}
	}
	return r
}

// life is what a box writes from the November before to the January after.
func life(b Box, seed uint64) (all []ledger.Entry) {
	rnd := rand.New(rand.NewPCG(seed, 7))
	of := func(n int) int { return rnd.IntN(n) }
	place := map[string]string{"d-1": "26734", "d-2": "26734", "d-3": "26737", "d-4": "26734-1"}[b.Name]
	add := func(e ledger.Entry) { all = append(all, e) }
	classOf := []plan.Class{plan.Normal, plan.Normal, plan.PriorityC, plan.Emergency, plan.Live, plan.Drill, plan.Test, plan.Filler}
	originOf := []plan.Origin{plan.Own, plan.Higher, plan.Central, plan.Provincial, plan.Notice, plan.Answer, ""}
	until := at("2027-01-10 00:00:00")
	if !b.Revoked.IsZero() {
		until = b.Revoked
	}
	day := max(at("2025-11-20 05:30:00").Unix(), b.Added.Unix())
	for n, t := 0, time.Unix(day, 0); t.Before(until); n, t = n+1, t.Add(time.Duration(20+of(60))*time.Hour) {
		if of(6) == 0 {
			add(ledger.Entry{Kind: ledger.Boot, Time: t.Add(-time.Minute), Clock: untrusted})
			add(ledger.Entry{Kind: ledger.Clock, Time: t.Add(-30 * time.Second), Detail: "the clock stepped"})
		}
		e := ledger.Entry{
			ID: fmt.Sprintf("%s/schedule/sang/s@%s/0", place, t.UTC().Format("2006-01-02T15:04")), Class: classOf[of(len(classOf))],
			Origin: originOf[of(len(originOf))], Lang: []string{"vi", "vi", "km", ""}[of(4)], Place: place,
			Item: fmt.Sprintf("%s/bulletin/tin-%d", place, n/40), Title: fmt.Sprintf("Tin số %d", n/40), Due: t, PlannedS: 300, Volume: 80,
		}
		start := e
		start.Kind, start.Time = ledger.Start, t
		air := float64(10+of(290)) + float64(of(1000))/1000
		end := e
		end.Kind, end.Time, end.AirS = ledger.End, t.Add(time.Duration(air*1000)*time.Millisecond), air
		switch of(8) {
		case 0: // it gave way, and went on
			add(start)
			p := end
			p.Kind, p.HeardS, p.Proof, p.Result, p.Code = ledger.Pause, air-1, "mixer", plan.Partial, plan.Priority
			add(p)
			start.Time = p.Time.Add(time.Minute)
			add(start)
			end.Time, end.HeardS, end.Proof, end.Result = start.Time.Add(time.Duration(air*1000)*time.Millisecond), 2*air-2, "mixer", plan.Heard
			add(end)
		case 1:
			add(start)
			end.Result, end.Proof = plan.Silent, "mixer"
			add(end)
		case 2:
			end.AirS, end.Result, end.Time = 0, plan.Missed, t.Add(time.Hour)
			add(end)
		case 3:
			e.Kind, e.Time, e.Result, e.Code, e.Count = ledger.Refused, t, plan.Refused, plan.QuietHours, of(3)
			add(e)
		default:
			add(start)
			end.Result, end.Proof, end.HeardS = plan.Heard, []string{"mixer", "mic"}[of(2)], air-0.25
			add(end)
		}
		if b.Panel {
			s := e
			s.Kind, s.Time, s.AirS, s.SeenS, s.Count, s.Proof = ledger.Shown, t.Add(time.Hour), 3600, 1800, 12, []string{"panel", "sent"}[of(2)]
			s.Result, s.Code = plan.Seen, ""
			add(s)
		}
		if of(20) == 0 {
			id := "health/" + []string{"sink-lost", "panel-silent", "clock-untrusted"}[of(3)]
			came := t.Add(2 * time.Hour)
			add(ledger.Entry{Kind: ledger.Fault, ID: id, Time: came, Due: came})
			add(ledger.Entry{Kind: ledger.Fault, ID: id, Time: came.Add(5 * time.Hour), Due: came, Ends: id})
		}
	}
	return all
}
