package console

import (
	"context"
	"fmt"
	"sync"
	"time"

	"loa/agent/ahead"
	"loa/agent/clock"
	"loa/agent/health"
	"loa/agent/ledger"
	"loa/agent/plan"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.FixedZone("+07", 7*3600))

// A pole is a box that behaves: it plays, keeps its volume, writes its ledger,
// and at night lets only the confirmed pass.
type pole struct {
	mu       sync.Mutex
	night    bool
	stern    bool // not even a confirmed tone passes at night
	played   []string
	stopped  int
	alarmed  bool // an alert sounds
	amp      []time.Duration
	local    time.Time
	localWhy string
	level    int
	entries  []ledger.Entry
	broken   error // of the ledger
	fresh    []health.Active
	offline  bool
	desk     bool // no battery clock, and the host's is trusted
}

func (p *pole) box() Box {
	return Box{View: p, Plan: p, Sound: p, Ledger: book{p}, Log: func(n int) []string {
		return []string{"12:00:00 INFO broker connected", "12:00:01 WARN title \x1b[2J\u202egnol"}[:min(n, 2)]
	}}
}

// touched is how often anything was changed.
func (p *pole) touched() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.played) + p.stopped + len(p.amp) + len(p.entries)
}

func (p *pole) Status() Status {
	return Status{
		Keyed: true, Device: "tp-0421", Name: "Ấp 3", Place: "26734", Board: "orangepi-zero", Version: "0.3.1",
		Started: noon.Add(-50 * time.Hour), Broker: "tls://broker.example:8883", Connected: !p.offline, Since: noon.Add(-90 * time.Minute),
		Amp: true, LocalUntil: p.local, LocalWhy: p.localWhy, RMSDBFS: -18, PeakDBFS: -6, Volume: p.level,
		Now:         &Item{Title: "Bản tin trưa", Class: plan.Normal, From: noon.Add(-time.Minute), Until: noon.Add(14 * time.Minute), Volume: 80},
		Next:        &Item{Title: "Tiếp âm VOV1", Class: plan.PriorityC, From: noon.Add(5 * time.Hour)},
		MediaWanted: 12, MediaPresent: 11, DiskFree: 3 << 30,
	}
}

func (p *pole) Faults() []health.Active {
	if p.offline {
		return nil
	}
	c, _ := health.Lookup("sink-lost")
	d, _ := health.Lookup("broker-unreachable")
	return []health.Active{
		{Condition: c, Since: noon.Add(-3 * time.Minute), Count: 4, Detail: "no such device"},
		{Condition: d, Since: noon.Add(-time.Hour), Count: 1},
	}
}

func (p *pole) Fresh() []health.Active { return p.fresh }

func (p *pole) Clock() clock.Facts {
	if p.desk {
		return clock.Facts{Time: noon, Level: clock.RTC, Host: noon, OfHost: true}
	}
	return clock.Facts{Time: noon, Level: clock.RTC, Host: noon, Floor: noon.Add(-24 * time.Hour), RTC: true}
}

func (p *pole) Documents() []Document {
	return []Document{
		{Place: "26734", Kind: plan.KindSchedule, ID: "morning", Title: "Chương trình sáng", State: InForce, Until: noon.Add(720 * time.Hour)},
		{Place: "26734", Kind: plan.KindBulletin, ID: "dengue", Title: "Phòng sốt xuất huyết", Class: plan.PriorityC, State: Later, Missing: 1},
	}
}

func (p *pole) Ahead(_ context.Context, d time.Duration) ([]ahead.Line, error) {
	lines := []ahead.Line{
		{At: noon.Add(5 * time.Hour), Until: noon.Add(5*time.Hour + 30*time.Minute), Sounds: true, Volume: 80,
			Occurrence: plan.Occurrence{ID: "26734/schedule/evening/s1@2026-11-23T17:00/0", Title: "Bản tin chiều", Class: plan.Normal}},
		{At: noon.Add(5 * time.Hour), Until: noon.Add(8 * time.Hour), Shows: true, Times: 540,
			Occurrence: plan.Occurrence{ID: "26734/schedule/board/s1@2026-11-23T17:00/0", Title: "Lịch tiêm chủng", Class: plan.Normal}},
		{At: noon.Add(10 * time.Hour), Until: noon.Add(17 * time.Hour), Code: plan.QuietHours, VI: "giờ yên tĩnh 21:00–05:30", Why: "quiet hours 21:00–05:30",
			Occurrence: plan.Occurrence{ID: "26734/schedule/night/s1@2026-11-23T22:00/0", Title: "Nhạc đêm", Class: plan.Filler}},
	}
	if d > 24*time.Hour {
		for i := range 300 {
			lines = append(lines, ahead.Line{At: noon.Add(time.Duration(24+i) * time.Hour), Sounds: true, Occurrence: plan.Occurrence{ID: fmt.Sprint("x/", i), Class: plan.Normal}})
		}
	}
	return lines, nil
}

func (p *pole) PlayLocal(_ context.Context, part plan.Part, title string, volume int, confirmed bool) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.night && (!confirmed || p.stern) {
		return &plan.Error{Code: plan.QuietHours, Msg: "21:00–05:30"}
	}
	p.played = append(p.played, fmt.Sprint(part.Chime, " ", volume))
	return nil
}

func (p *pole) StopLocal(context.Context) (*plan.Occurrence, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stopped++
	switch {
	case p.alarmed:
		p.alarmed = false
		return &plan.Occurrence{ID: "26734/alert/flood/storm-12@5f3a/0", Title: "Bão số 12", Class: plan.Emergency, By: plan.Key{Place: "26734", Kind: plan.KindAlert, ID: "flood"}}, nil
	case len(p.played) > 0:
		return &plan.Occurrence{ID: "local/1", Title: p.played[len(p.played)-1], Class: plan.Test}, nil
	}
	return nil, nil
}

func (p *pole) LocalMode(_ context.Context, d time.Duration, why string) (time.Time, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.local = (time.Time{}); d > 0 {
		p.local = noon.Add(d)
	}
	p.localWhy = why
	return p.local, nil
}

func (p *pole) HoldAmp(d time.Duration) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.amp = append(p.amp, d)
	return nil
}

func (p *pole) Volume(_ context.Context, percent int) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.level = percent
	return nil
}

func (p *pole) Append(e ledger.Entry) (ledger.Entry, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.broken != nil {
		return e, p.broken
	}
	p.entries = append(p.entries, e)
	return e, nil
}

func (p *pole) Query(q ledger.Query) ([]ledger.Entry, error) {
	if p.broken != nil {
		return nil, p.broken
	}
	if q.Kind == ledger.Refused {
		if q.ID != "" && q.ID != "p/26734/act" {
			return nil, nil
		}
		return []ledger.Entry{{Seq: 7, Time: noon.Add(-time.Hour), Kind: ledger.Refused, ID: "p/26734/act", Code: plan.Quorum, Detail: "1 of 2 holders", Count: 3}}, nil
	}
	return []ledger.Entry{
		{Seq: 8, Time: noon.Add(-30 * time.Minute), Kind: ledger.End, ID: "a", Title: "Bản tin sáng", Class: plan.Normal, Result: plan.Heard, HeardS: 61.25},
		{Seq: 9, Time: noon.Add(-20 * time.Minute), Kind: ledger.End, ID: "b", Title: "Quảng cáo", Class: plan.Filler, Result: plan.Silent},
		{Seq: 10, Time: noon.Add(-10 * time.Minute), Kind: ledger.Refused, ID: "c", Title: "Nhạc đêm", Class: plan.Filler, Result: plan.Refused, Code: plan.QuietHours, Detail: "quiet hours 21:00–05:30"},
		{Seq: 11, Time: noon.Add(-9 * time.Minute), Kind: ledger.Console, ID: "console/volume", Detail: "volume 30"},
	}, nil
}

func (p *pole) Verify() error { return p.broken }

// book gives the pole's ledger a Status of its own.
type book struct{ *pole }

func (b book) Status() ledger.Status {
	return ledger.Status{First: 1, Last: 9, Synced: 9, Acked: 5, Bytes: 4 << 10}
}
