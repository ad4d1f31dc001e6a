package update

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"loa/agent/plan"
	"loa/agent/update/rauctest"
)

// errCut is what everything answers once the power is gone.
var errCut = errors.New("the power is gone")

// A rig is a box with a machine below it, whose power can fail before and after
// everything that it does for good.
type rig struct {
	t       *testing.T
	machine *rauctest.Machine
	dir     string

	shelf   map[string][]byte
	floor   int64
	next    int64 // the security number of 1.1
	want    *plan.Firmware
	rollout *plan.Rollout
	stick   bool
	now     time.Time // what the box's clock says at the start of the test
	began   time.Time
	air     Air
	reach   Reach // what can be reached here; the image that runs may lack some
	notes   []string
	codes   map[string]string // conditions that hold
	bundle  []byte
	later   []plan.Audio
	slow    bool // the bundle does not come
	rots    int  // so many times the card loses it before it is installed

	installed func()               // what happens while RAUC writes
	stuck     bool                 // RAUC does not make the other slot the first
	died      bool                 // the agent is killed meanwhile
	up        func() time.Duration // nil: since the last start
	is        rauctest.Image       // that runs
	boot      string

	mu     sync.Mutex
	steps  int
	cutAt  int  // 0: never
	torn   bool // the power fails in the middle of every installation
	tears  int
	mum    int // answers that RAUC does not give in time
	dead   bool
	end    func() // of the run
	starts int
}

const board = "rock64"

func newRig(t *testing.T) *rig {
	dir := t.TempDir()
	m, err := rauctest.New(dir, board, rauctest.Image{Version: "1.0"})
	if err != nil {
		t.Fatal(err)
	}
	g := &rig{
		t: t, machine: m, dir: dir, shelf: map[string][]byte{}, next: 2, began: time.Now(), codes: map[string]string{},
		now:   time.Date(2026, 11, 24, 1, 0, 0, 0, time.FixedZone("", 7*3600)),
		reach: Reach{Network: true, Broker: true, Clock: true, Sound: true},
	}
	g.offer(rauctest.Image{Version: "1.1"})
	g.rollout = &plan.Rollout{Version: "1.1", Percent: 100}
	return g
}

// offer makes an image what the box should run.
func (g *rig) offer(is rauctest.Image) {
	g.bundle = rauctest.Bundle{Image: is, Compatible: "loa-" + board, SignedBy: rauctest.Signer, Bytes: 1000}.Encode(3000)
	g.want = &plan.Firmware{
		Version: is.Version, Security: 1, From: g.now.Add(-time.Hour), Rings: []plan.Ring{{Percent: 100}},
		Bundles: map[string]plan.Bundle{board: {SHA256: shaOf(g.bundle), Bytes: int64(len(g.bundle))}},
	}
}

func shaOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// step is something that is done for good: the power may fail before and after it.
func (g *rig) step(f func() error) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	for range 2 {
		if g.dead {
			return errCut
		}
		if g.steps++; g.steps == g.cutAt {
			g.dead = true
			g.end()
			return errCut
		}
		if f != nil {
			if err := f(); err != nil {
				return err
			}
			f = nil
		}
	}
	return nil
}

func (g *rig) Put(name string, data []byte) error {
	return g.step(func() error { g.shelf[name] = bytes.Clone(data); return nil })
}

func (g *rig) Get(name string) ([]byte, error) {
	data, ok := g.shelf[name]
	if !ok {
		return nil, os.ErrNotExist
	}
	return data, nil
}

func (g *rig) Later(list ...plan.Audio) { defer g.locked()(); g.later = list }

func (g *rig) Why(string) (plan.Code, string) { return plan.MediaMissing, "" }

// Hold has a bundle as soon as it was asked for.
func (g *rig) Hold(sha string) (string, func(), bool) {
	file := filepath.Join(g.dir, sha)
	if !g.slow && slices.ContainsFunc(g.later, func(a plan.Audio) bool { return a.SHA256 == sha }) && sha == shaOf(g.bundle) {
		if _, err := os.Stat(file); err != nil {
			if err := os.WriteFile(file, g.bundle, 0o600); err != nil {
				g.t.Error(err)
			}
		}
	}
	_, err := os.Stat(file)
	return file, func() {}, err == nil
}

// Doubt drops a bundle that the card has lost.
func (g *rig) Doubt(sha string) bool {
	file := filepath.Join(g.dir, sha)
	data, err := os.ReadFile(file)
	if err == nil && shaOf(data) == sha {
		return true
	}
	os.Remove(file)
	return false
}

// RAUC in this process.
func (g *rig) rauc(args ...string) (string, error) {
	var out, errs bytes.Buffer
	if code := g.machine.Main(args, &out, &errs); code != 0 {
		return "", refusal(args[0], errors.New("exit status"), out.String()+"\n"+errs.String())
	}
	return out.String(), nil
}

func (g *rig) Slots(context.Context) (Slots, error) {
	if g.mum > 0 {
		g.mum--
		return Slots{}, fmt.Errorf("rauc status: %w", context.DeadlineExceeded)
	}
	out, err := g.rauc("status", "--output-format=json")
	if err != nil {
		return Slots{}, err
	}
	return readSlots([]byte(out))
}

func (g *rig) mark(args ...string) error {
	return g.step(func() error { _, err := g.rauc(append([]string{"status"}, args...)...); return err })
}

func (g *rig) MarkGood(context.Context) error { return g.mark("mark-good") }
func (g *rig) MarkBad(context.Context) error  { return g.mark("mark-bad") }
func (g *rig) UseOther(context.Context) error {
	if g.stuck {
		return errors.New("rauc status: context deadline exceeded")
	}
	return g.mark("mark-active", "other")
}
func (g *rig) UseThis(context.Context) error { return g.mark("mark-active", "booted") }

// Install may be cut off in the middle, too.
func (g *rig) Install(_ context.Context, file string) error {
	if g.torn {
		g.tears++
		g.mu.Lock()
		g.cutAt = g.steps + 1
		g.mu.Unlock()
	}
	if g.rots > 0 {
		g.rots--
		if err := os.WriteFile(file, make([]byte, 3000), 0o600); err != nil {
			g.t.Error(err)
		}
	}
	if err := g.step(nil); err != nil {
		if err := g.machine.CutNext(); err != nil {
			g.t.Error(err)
		}
		g.rauc("install", file)
		return errCut
	}
	err := g.step(func() error { _, err := g.rauc("install", file); return err })
	if g.installed != nil {
		g.installed()
	}
	if g.died {
		return context.Canceled
	}
	return err
}

func (g *rig) reboot(context.Context, string) error {
	return g.step(func() error { g.end(); return nil })
}

func (g *rig) clock() time.Time { return g.now.Add(time.Since(g.began)) }

// start is the machine's start, and makes the room of what it starts.
func (g *rig) start() *Room {
	is, boot, _, err := g.machine.Start()
	if err != nil {
		g.t.Fatal(err)
	}
	g.starts++
	if g.starts > 40 {
		g.t.Fatal("the box starts again and again")
	}
	up := time.Now()
	g.is, g.boot = is, boot
	return g.again(func() time.Duration { return time.Since(up) })
}

// again makes the room of an agent that starts on a machine that runs.
func (g *rig) again(up func() time.Duration) *Room {
	is, boot := g.is, g.boot
	if g.up != nil {
		up = g.up
	}
	security := int64(1)
	if is.Version == "1.1" {
		security = g.next
	}
	g.later, g.dead = nil, false
	return New(Opts{
		Device: "d-1", Version: is.Version, Security: security, Boot: boot,
		Installer: g, Reboot: g.reboot, Library: g, Shelf: g,
		Now: func() (time.Time, bool) { defer g.locked()(); return g.clock(), g.reach.Clock }, Up: up,
		Want:    func() *plan.Firmware { defer g.locked()(); return g.want },
		Rollout: func() (*plan.Rollout, bool) { defer g.locked()(); return g.rollout, g.stick },
		Floor:   func() int64 { defer g.locked()(); return g.floor },
		Air:     func(context.Context) Air { defer g.locked()(); return g.air },
		Reach: func(_ context.Context, sound bool) Reach {
			defer g.locked()()
			r := g.reach
			r.Sound = r.Sound && sound && !is.Mute
			r.Broker = r.Broker && !is.Deaf
			return r
		},
		Proven: func(_ context.Context, n int64) error {
			return g.step(func() error { g.floor = max(g.floor, n); return nil })
		},
		Note: func(text string, _ plan.Code) { defer g.locked()(); g.notes = append(g.notes, text) },
		Report: func(code string, err error) {
			defer g.locked()()
			if delete(g.codes, code); err != nil {
				g.codes[code] = err.Error()
			}
		},
		Changed: func() {},
	})
}

// locked locks the rig, and gives what unlocks it.
func (g *rig) locked() func() { g.mu.Lock(); return g.mu.Unlock }

// after lets f happen while the box runs.
func (g *rig) after(d time.Duration, f func()) {
	go func() {
		time.Sleep(d)
		defer g.locked()()
		f()
	}()
}

// run lets a room work for d, or until its machine goes down.
func (g *rig) run(r *Room, d time.Duration) (down bool) {
	ctx, cancel := context.WithTimeout(g.t.Context(), d)
	defer cancel()
	g.end = cancel
	r.Run(ctx)
	return !errors.Is(ctx.Err(), context.DeadlineExceeded)
}

// live runs the box until it no longer goes down by itself, and gives how it then is.
func (g *rig) live() Status {
	for {
		r := g.start()
		if !g.run(r, 40*time.Minute) {
			return r.Status()
		}
	}
}

func (g *rig) hold() []string { return slices.Sorted(maps.Keys(g.codes)) }
