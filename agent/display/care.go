package display

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
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
	d.panel, d.has, d.moving, d.asked = p, nil, false, false
	d.fails, d.retry, d.probed = 0, time.Time{}, time.Time{}
	if d.kept.has == d.kept.want {
		d.kept.since = now
	}
	d.kept.has = [32]byte{} // it may be another card
	d.unseen, d.lost = nil, false
	d.dimming = dimming{percent: -1, err: d.dimming.err, told: d.dimming.told}
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
	d.has, d.moving = nil, false
	if errors.Is(err, context.Canceled) { // cut off by something more urgent
		return now
	}
	d.fails++
	d.program.failed(err, now)
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

// seen takes note that the panel has the right picture, and whether anybody sees it.
func (d *Display) seen(now time.Time) {
	if d.unseen != nil {
		d.program.failed(d.unseen, now)
		return
	}
	d.program.taken(now)
}

// took takes note that the panel has a picture.
func (d *Display) took() {
	if d.fails > 0 {
		d.o.Log.Info("the panel takes pictures again", "failed", d.fails)
	}
	d.fails, d.retry = 0, time.Time{}
	d.o.Report(PanelSilent, nil)
}

// look asks the panel now and then how it is, and sends again what it has lost.
func (d *Display) look(ctx context.Context, now time.Time) (next time.Time) {
	if due := d.probed.Add(probeEvery); now.Before(due) {
		return due
	}
	p, ok := d.panel.(Prober)
	if !ok {
		if d.probed = now; d.o.Door != nil {
			d.o.Report(PanelDoor, d.o.Door())
		}
		return now.Add(probeEvery)
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
	d.asked = facts["sender"] == "" // or the screen answers for a wall that nobody has asked
	d.took()
	if d.o.Door != nil {
		facts = d.doors(facts)
	}
	again, given := d.brightAgain(facts["brightness_percent"], now)
	conditions, unseen := judge(facts, d.o.Board.Size, given)
	if d.dimming.err != nil && unseen == nil && facts["sender"] == "" { // or that is why
		conditions[PanelDiffers] = errors.Join(d.dimming.err, conditions[PanelDiffers])
	}
	if err := d.stale(now); err != nil {
		conditions[PanelDiffers] = errors.Join(conditions[PanelDiffers], err)
	}
	for code, err := range conditions {
		d.o.Report(code, err)
	}
	d.unseen = unseen
	d.change(func(s *Status) {
		if s.Facts, s.Probed, s.Unseen = facts, d.probed, ""; unseen != nil {
			s.Unseen = unseen.Error()
		}
	})
	if lost := facts["lost"] == "true" || facts["on"] == "false"; lost {
		if !d.lost {
			d.o.Log.Warn("the panel has lost its picture", "facts", facts)
		}
		d.lost = true
		d.has, d.dimming.percent, d.moving = nil, -1, false
		return now
	}
	d.lost = false
	if again {
		return now
	}
	return d.probed.Add(probeEvery)
}

// doors adds the door that the box knows of to those that the panel tells.
func (d *Display) doors(facts map[string]string) map[string]string {
	err := d.o.Door()
	if err == nil {
		return facts
	}
	facts = maps.Clone(facts)
	if told := facts["open_door"]; told != "" {
		facts["open_door"] = told + "; " + err.Error()
	} else {
		facts["open_door"] = err.Error()
	}
	return facts
}
