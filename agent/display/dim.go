package display

import (
	"cmp"
	"fmt"
	"time"
)

// A dimming is what is known of the panel's brightness.
type dimming struct {
	percent int       // that the panel was given; -1: nothing yet
	retry   time.Time // not before
	err     error     // why it does not take what it should have
	told    string    // what of err is reported
	says    string    // the brightness by its last facts
	saidAt  time.Time // when that was last not the right one, and it was given again
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
	if !ok || d.dimming.percent == want && d.dimming.err == nil || time.Now().Before(d.dimming.retry) {
		return
	}
	if err := b.SetBrightness(want); err != nil {
		d.dimming.err = fmt.Errorf("it does not take a brightness of %d %%: %w", want, err)
		// A page that moves asks for it fifty times a second, and a sending box that is
		// silent takes seconds to say so. The next picture or probe tells whether the
		// panel is there at all, and then this is told.
		d.dimming.retry = time.Now().Add(probeEvery)
		d.change(func(s *Status) { s.Undimmed = err.Error() })
		return
	}
	d.dimming.err, d.dimming.percent = nil, want
	d.change(func(s *Status) { s.Brightness, s.Undimmed = want, "" })
}

// tellDim reports of a panel that never says how it is whether it takes its brightness.
func (d *Display) tellDim() {
	says := ""
	if d.dimming.err != nil {
		says = d.dimming.err.Error()
	}
	if _, asks := d.panel.(Prober); asks || says == d.dimming.told {
		return
	}
	d.dimming.told = says
	d.o.Report(PanelDiffers, d.dimming.err)
}

// brightAgain reports a panel that has got another brightness by itself, as a wall
// after a power cut, and forgets what it was given. One that takes none is tried once
// an hour: it may keep it in flash. given is what a fault should be judged by; -1: it
// may well take it now.
func (d *Display) brightAgain(says string, now time.Time) (again bool, given int) {
	same := says == d.dimming.says
	d.dimming.says = says
	given = d.dimming.percent
	if given < 0 || !farOff(says, given) || same && now.Before(d.dimming.saidAt.Add(brightEvery)) {
		return false, given
	}
	d.dimming.saidAt, d.dimming.percent = now, -1
	if !same {
		given = -1
	}
	return true, given
}
