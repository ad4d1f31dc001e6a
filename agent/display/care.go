package display

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// How the panel is looked after: opened, opened again, asked how it is.

// open opens the panel.
func (d *Display) open(ctx context.Context, now time.Time) bool {
	if now.Before(d.retry) {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, showTime)
	defer cancel()
	p, err := d.o.Open(ctx)
	if err == nil && p.Size() != d.o.Board.Size {
		err = fmt.Errorf("it has %v pixels, the board file says %v", p.Size(), d.o.Board.Size)
		closePanel(p)
	}
	if err != nil {
		d.fails++
		d.retry = time.Now().Add(min(retryMost, retryLeast<<min(d.fails, 5)))
		d.o.Report(PanelMissing, err)
		d.change(func(s *Status) { s.Open, s.Err = false, err.Error() })
		return false
	}
	d.panel, d.sent, d.bright, d.moving, d.asked = p, [32]byte{}, -1, false, false
	d.fails, d.retry, d.probed, d.dimAgain = 0, time.Time{}, time.Time{}, time.Time{}
	d.kept.has = [32]byte{} // it may be another card
	if d.steady() {
		d.end(now) // its pages are laid out in another way
	}
	d.o.Report(PanelMissing, nil)
	d.change(func(s *Status) { s.Open, s.Err = true, "" })
	return true
}

func closePanel(p Panel) {
	if c, ok := p.(io.Closer); ok {
		c.Close()
	}
}

func (d *Display) close() {
	if d.panel != nil {
		closePanel(d.panel)
		d.panel = nil
	}
}

// failed takes note that the panel did not take a picture.
func (d *Display) failed(ctx context.Context, err error) (next time.Time) {
	now := time.Now()
	d.sent, d.moving = [32]byte{}, false
	if errors.Is(err, context.Canceled) { // cut off by something more urgent
		return now
	}
	d.fails++
	d.program.failed(err)
	d.retry = now.Add(min(retryMost, retryLeast<<min(d.fails-1, 5)))
	if d.fails == 1 {
		d.o.Log.Warn("the panel does not take a picture", "err", err)
	}
	d.o.Report(PanelSilent, err)
	d.change(func(s *Status) { s.Err, s.Taken = err.Error(), false })
	if d.fails%reopenAt == 0 {
		d.close()
	}
	return d.retry
}

// took takes note that the panel has a picture.
func (d *Display) took() {
	if d.fails > 0 {
		d.o.Log.Info("the panel takes pictures again", "failed", d.fails)
	}
	d.fails, d.retry = 0, time.Time{}
	d.o.Report(PanelSilent, nil)
}

// dim sets the brightness that holds now: what policy allows, less where the light
// around the board wants less, or what a technician wants to see for a while.
func (d *Display) dim() {
	d.mu.Lock()
	want := cmp.Or(d.scene.BrightnessPercent, 100)
	if d.o.Light != nil {
		want = min(want, d.o.Light())
	}
	if d.knob > 0 && time.Now().Before(d.knobUntil) {
		want = d.knob
	}
	d.mu.Unlock()
	b, ok := d.panel.(Dimmer)
	if !ok || d.bright == want && d.undimmed == nil || time.Now().Before(d.dimAgain) {
		return
	}
	if err := b.SetBrightness(want); err != nil {
		d.undimmed = fmt.Errorf("it does not take a brightness of %d %%: %w", want, err)
		d.dimAgain = time.Now().Add(probeEvery) // a page that moves asks for it fifty times a second
		d.change(func(s *Status) { s.Undimmed = err.Error() })
		return // the next picture or probe tells whether it is there at all, and then this is told
	}
	d.undimmed, d.bright = nil, want
	d.change(func(s *Status) { s.Brightness, s.Undimmed = want, "" })
}

// tellDim reports of a panel that never says how it is whether it takes its brightness.
func (d *Display) tellDim() {
	if _, asks := d.panel.(Prober); asks || (d.undimmed != nil) == d.dimTold {
		return
	}
	d.dimTold = d.undimmed != nil
	d.o.Report(PanelDiffers, d.undimmed)
}

// look asks the panel now and then how it is, and sends again what it has lost.
func (d *Display) look(ctx context.Context, now time.Time) (next time.Time) {
	p, ok := d.panel.(Prober)
	if !ok {
		return now.Add(probeEvery)
	}
	if due := d.probed.Add(probeEvery); now.Before(due) {
		return due
	}
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	facts, err := p.Probe(ctx)
	d.probed = time.Now()
	if err != nil {
		if ctx.Err() == nil || errors.Is(err, context.DeadlineExceeded) {
			return d.failed(ctx, err)
		}
		return now
	}
	d.asked = true
	d.took()
	d.change(func(s *Status) { s.Facts, s.Probed = facts, d.probed })
	var door error
	if facts["open_door"] != "" {
		door = errors.New(facts["open_door"])
	}
	d.o.Report(PanelDoor, door)
	d.o.Report(PanelDiffers, d.differs(facts))
	if facts["lost"] == "true" || facts["on"] == "false" {
		d.o.Log.Warn("the panel has lost its picture", "facts", facts)
		d.sent, d.bright, d.moving = [32]byte{}, -1, false
		return now
	}
	return d.probed.Add(probeEvery)
}

// differs says in what the panel is not as it should be.
func (d *Display) differs(facts map[string]string) error {
	var all []error
	if d.undimmed != nil {
		all = append(all, d.undimmed)
	}
	for name, want := range map[string]int{"width": d.o.Board.Size.X, "height": d.o.Board.Size.Y, "brightness_percent": d.bright} {
		got, told := facts[name]
		if !told || name == "brightness_percent" && d.bright < 0 {
			continue
		}
		var n int
		if _, err := fmt.Sscan(got, &n); err != nil || name != "brightness_percent" && n != want || name == "brightness_percent" && abs(n-want) > 10 {
			all = append(all, fmt.Errorf("%s is %s instead of %d", name, got, want))
		}
	}
	if facts["on"] == "false" {
		all = append(all, errors.New("it is switched off"))
	}
	if n := facts["strangers"]; n != "" && n != "0" {
		all = append(all, fmt.Errorf("it keeps %s pages of others, and shows them when this box is away", n))
	}
	slices.SortFunc(all, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errors.Join(all...)
}

func abs(n int) int {
	if n < 0 {
		return -n
	}
	return n
}
