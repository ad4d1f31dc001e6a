package display

import (
	"context"
	"errors"
	"fmt"
	"image"
	"slices"
	"strings"
	"time"

	"loa/agent/layout"
	"loa/agent/plan"
)

// What a card shows by itself: from a power cut until the box has started, or until
// somebody has mended the box. Without a page of ours it is whatever its maker, its
// installer or a visitor has left in its flash.

const (
	safeSlot   = 0
	keepLook   = time.Minute      // between two looks at whether there is anything to keep
	keepSettle = 10 * time.Minute // for which a page must have been the one to keep: policies come in a burst
	keepAgain  = 6 * time.Hour    // after a failure, which wears the flash too
	keepLate   = time.Hour        // then it is written beside notices, too, and after two is told
	keepTrust  = 24 * time.Hour   // then it is given again, and the panel decides
	keepTime   = 2 * time.Minute  // a full-colour page at 9600 baud
)

// A kept is what is known of the page in the panel's own memory.
type kept struct {
	look  time.Time // not before
	want  [32]byte  // digest of the page that should be there
	since time.Time // that it is the one
	has   [32]byte  // zero: nobody knows
	given time.Time // when the panel last took it
	retry time.Time // not before
	err   error     // why it was last not taken
}

// keep lets a panel that has a memory of its own keep the safe page. The screen is dark
// while flash is written, so it waits until nothing is due; whatever becomes due cuts
// it off. What the law has taken back should not wait for long: after an hour only an
// emergency keeps it waiting.
func (d *Display) keep(ctx context.Context, now time.Time) (next time.Time) {
	k, ok := d.panel.(Keeper)
	if !ok || d.steady() || now.Before(d.kept.look) {
		return now.Add(keepLook)
	}
	d.kept.look = now.Add(keepLook)
	d.mu.Lock()
	scene := d.scene
	d.mu.Unlock()
	page := d.safePage(scene)
	if page == nil || d.fails > 0 {
		return d.kept.look
	}
	digest := digestOf(page, layout.Static, 0)
	if digest != d.kept.want {
		d.kept.want, d.kept.since = digest, now
	}
	there := digest == d.kept.has
	if there && now.Before(d.kept.given.Add(keepTrust)) || now.Before(d.kept.since.Add(keepSettle)) || now.Before(d.kept.retry) {
		return d.kept.look
	}
	ctx, done := d.urgent(ctx, keepTime)
	defer done()
	if !d.beginKeep(!there && !now.Before(d.kept.since.Add(keepLate))) {
		return d.kept.look
	}
	d.program.rest(now) // it may be dark
	err := k.Keep(ctx, safeSlot, page)
	now = time.Now()
	d.has, d.moving = nil, false // no document says what a card shows after its flash was written
	if there {
		d.kept.since = now // that it is not
	}
	d.kept.has = [32]byte{} // unless it is all there
	if err != nil && errors.Is(ctx.Err(), context.Canceled) {
		d.kept.retry = now.Add(keepSettle) // the card is no worse for it
		return now
	}
	if err != nil {
		d.kept.retry, d.kept.err = now.Add(keepAgain), err
		d.o.Log.Warn("the panel does not keep the page that it should show by itself", "err", err)
		return now
	}
	d.kept.has, d.kept.given, d.kept.err = digest, now, nil
	if !there {
		d.o.Log.Info("the panel keeps the page that it shows by itself")
	}
	return now
}

// beginKeep reports whether flash may be written now, beside notices only if it is
// late. From here on whatever becomes due cuts off what is under way.
func (d *Display) beginKeep(late bool) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	idle := len(d.scene.Shown) == 0 || late && class(d.scene) != plan.Emergency
	d.keeping = d.test == nil && idle
	return d.keeping
}

// stale says that what the panel would show by itself has for long not been what it
// should be; nil: it is, or nobody knows otherwise yet.
func (d *Display) stale(now time.Time) error {
	k := &d.kept
	if k.has == k.want || now.Before(k.since.Add(2*keepLate)) {
		return nil
	}
	err := errors.New("what it shows when this box is away is not what it should be")
	if k.err != nil {
		err = fmt.Errorf("%w: %w", err, k.err)
	}
	return err
}

// safePage is what a board may show while nobody looks after it, nil: there is no such
// thing. It is signed, as the place's page for a start or for want of anything else, or
// comes with the image; it stands still and has no clock in it.
func (d *Display) safePage(s plan.Scene) *image.RGBA {
	var pages []plan.Page
	for _, when := range []plan.Standing{plan.PowerUp, plan.Idle, ""} {
		for _, p := range s.Defaults {
			if p.When == when {
				pages = append(pages, p.Page)
			}
		}
	}
	for _, page := range append(pages, d.o.Words(plan.Failed)...) {
		if strings.Contains(page.Text, "{") {
			continue
		}
		laid, findings := Lay(page, d.o.Board, d.o.Picture, d.o.Fields()) // no ticker takes of the board
		flawed := slices.ContainsFunc(findings, func(f layout.Finding) bool { return !f.Warning })
		if len(laid) != 1 || flawed || laid[0].Effect != layout.Static {
			continue
		}
		frame := image.NewRGBA(image.Rectangle{Max: d.o.Board.Size})
		laid[0].Frame(frame, 0)
		return frame
	}
	return nil
}
