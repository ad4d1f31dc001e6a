package display

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"image"
	"log/slog"
	"slices"
	"sync"
	"time"

	"loa/agent/layout"
	"loa/agent/plan"
)

// Opts are a display's settings. Open and Board are needed.
type Opts struct {
	// Open opens the panel, or opens it again after a loss; within some seconds it
	// says why it cannot.
	Open  func(ctx context.Context) (Panel, error)
	Board layout.Board

	Fields  func() layout.Fields               // what clocks and thermometers on a page say; nil: nothing but the time
	Door    func() error                       // who gets past the box to the panel, as far as the box knows; nil: nobody
	Picture Pictures                           // nil: there are none
	Words   func(s plan.Standing) []plan.Page  // the image's own default pages; nil: dark
	Light   func() (percent int)               // how bright the light around the board wants it; nil: it has no sensor
	Proof   func(Showing)                      // told of everything that was shown, at its end; must not block
	Begun   func(o plan.Occurrence, pages int) // told when something new is shown
	// Refused is told of what of an occurrence cannot be shown: once, also when it goes
	// round in its slot, and again, with nothing, when that is over: all of it can be
	// shown, or an alert or act has ended.
	Refused func(o plan.Occurrence, all []layout.Finding)
	Report  func(code string, err error) // conditions; see the constants
	Log     *slog.Logger
}

// The conditions that Opts.Report is told.
const (
	PanelMissing = "panel-missing" // it does not open
	PanelSilent  = "panel-silent"  // it does not take pictures, or does not answer
	PanelDiffers = "panel-differs" // it says that it is not as it should be
	PanelDoor    = "panel-door"    // it can be written to past the agent
	PanelSender  = "panel-sender"  // the box between a screen and its wall does not answer
	PanelSignal  = "panel-signal"  // that box gets no picture
	PanelWall    = "panel-wall"    // the wall does not answer that box
	PanelHot     = "panel-hot"     // the wall is too hot

	LightFault       = "light-sensor"       // nobody knows how light it is around the board
	ThermometerFault = "temperature-sensor" // nobody knows how warm it is
)

// A Showing is one stretch of something on the panel.
type Showing struct {
	Occurrence plan.Occurrence
	From       time.Time
	Until      time.Time
	Seen       time.Duration // of it, as far as the panel took the pictures
	Times      int           // that it came on
	Proof      string        // "panel" when it acknowledges pictures, "sent" when it never answers
	Err        error         // the first thing that went wrong
}

// A Display owns one panel.
type Display struct {
	o     Opts
	wake  chan struct{} // holds one: there is something new
	loans chan func()   // see Lend

	mu        sync.Mutex
	knob      int // percent that a technician wants; 0: none
	knobUntil time.Time
	scene     plan.Scene
	test      *test              // what the technician wants to see, before everything else
	cut       context.CancelFunc // ends the Show or Keep under way
	keeping   bool               // it is a Keep
	status    Status
	frame     *image.RGBA // what the panel was last given

	// Of Run alone.
	panel    Panel
	fails    int       // of the panel, since it last took a picture
	retry    time.Time // not before
	program  program
	has      *image.RGBA // the picture that the panel has; nil: nobody knows
	spare    *image.RGBA // is drawn next; it and frame change places
	moving   bool        // the panel scrolls by itself
	strip    [32]byte    // digest of what it was last given to scroll
	refused  [32]byte    // and of what it did not take so
	held     time.Time
	dimming  dimming
	probed   time.Time
	asked    bool  // the panel has answered a probe
	unseen   error // why nobody sees what the panel has, by its last facts
	lost     bool  // it said so, and that was logged
	kept     kept
	accounts map[string]*account
	refusals map[string]string // by subject, what of it cannot be shown
}

// A test is a picture that a technician looks at for a while.
type test struct {
	picture *image.RGBA
	until   time.Time
}

// Status is how the panel is.
type Status struct {
	Open       bool
	Err        string            // why it shows nothing, or what it last refused
	Facts      map[string]string // what it last said of itself
	Unseen     string            // why nobody sees what it was given, by that; empty: nothing speaks against it
	Probed     time.Time
	Brightness int    // percent; -1: its own
	Undimmed   string // why it does not take the brightness that it should have

	Title string // what is shown; empty: a default page
	ID    string
	Page  int // of Pages, from 1
	Pages int
	Since time.Time
	Taken bool // it took what it was last given

	Pattern bool // a technician's picture hides all that
}

// New makes a display. Nothing is opened before Run.
func New(o Opts) *Display {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Report == nil {
		o.Report = func(string, error) {}
	}
	if o.Proof == nil {
		o.Proof = func(Showing) {}
	}
	if o.Begun == nil {
		o.Begun = func(plan.Occurrence, int) {}
	}
	if o.Refused == nil {
		o.Refused = func(plan.Occurrence, []layout.Finding) {}
	}
	if o.Words == nil {
		o.Words = func(plan.Standing) []plan.Page { return nil }
	}
	if o.Fields == nil {
		o.Fields = func() layout.Fields { return layout.Fields{Now: time.Now()} }
	}
	return &Display{
		o: o, wake: make(chan struct{}, 1), loans: make(chan func()), dimming: dimming{percent: -1}, accounts: map[string]*account{}, refusals: map[string]string{},
		scene: plan.Scene{Standing: plan.PowerUp}, status: Status{Brightness: -1},
	}
}

// Show says what the panel should show from now on, and returns at once. An
// emergency cuts off whatever is on its way to the panel, and whatever becomes due a
// Keep.
func (d *Display) Show(s plan.Scene) {
	d.mu.Lock()
	defer d.mu.Unlock()
	urgent := class(s) == plan.Emergency && class(d.scene) != plan.Emergency || d.keeping && news(d.scene, s)
	d.scene = s
	if urgent && d.cut != nil {
		d.cut()
	}
	d.poke()
}

// news reports whether something is due that was not before.
func news(before, s plan.Scene) bool {
	return slices.ContainsFunc(s.Shown, func(o plan.Occurrence) bool {
		return !slices.ContainsFunc(before.Shown, func(b plan.Occurrence) bool { return b.ID == o.ID })
	})
}

func class(s plan.Scene) plan.Class {
	if len(s.Shown) == 0 {
		return ""
	}
	return s.Shown[0].Class
}

// Test shows a picture of the board's size for a while, before everything but an
// emergency; nil ends it.
func (d *Display) Test(picture *image.RGBA, length time.Duration) error {
	if picture != nil && picture.Bounds() != (image.Rectangle{Max: d.o.Board.Size}) {
		return fmt.Errorf("the board has %v pixels, the picture %v", d.o.Board.Size, picture.Bounds().Size())
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.test = nil
	if picture != nil {
		d.test = &test{picture, time.Now().Add(length)}
		if d.keeping {
			d.cut()
		}
	}
	d.poke()
	return nil
}

// Status is how the panel is now.
func (d *Display) Status() Status {
	d.mu.Lock()
	defer d.mu.Unlock()
	s := d.status
	s.Pattern = d.test != nil && time.Now().Before(d.test.until)
	return s
}

// Frame is what the panel was last given; nil: nothing yet.
func (d *Display) Frame() *image.RGBA {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.frame == nil {
		return nil
	}
	frame := *d.frame
	frame.Pix = slices.Clone(frame.Pix)
	return &frame
}

func (d *Display) poke() {
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

// How long things may take, and how often the panel is looked after.
const (
	showTime   = 30 * time.Second // a wall of text at 9600 baud
	probeTime  = 10 * time.Second
	probeEvery = 30 * time.Second

	brightEvery = time.Hour // a brightness that the panel does not take is given again
	retryLeast  = time.Second
	retryMost   = 30 * time.Second
	reopenAt    = 3               // failures before the panel is closed and opened again
	holdFor     = 3 * time.Minute // an emergency outlives a dead agent by at most this
	holdAgain   = time.Minute
)

// Run keeps the panel showing what it should until ctx ends. It leaves on it what
// it shows: whoever restarts the agent should not darken the board.
func (d *Display) Run(ctx context.Context) error {
	defer d.close()
	defer func() {
		d.end(time.Now())
		d.settleOld(time.Now(), true)
	}()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-d.wake:
		case f := <-d.loans:
			d.lend(f)
		case <-timer.C:
		}
		timer.Reset(max(time.Millisecond, time.Until(d.step(ctx))))
	}
}

// step does what is to be done now and says when to look again.
func (d *Display) step(ctx context.Context) (next time.Time) {
	now := time.Now()
	if d.panel == nil && !d.open(ctx, now) {
		d.follow(now) // what nobody sees goes on, and is written down
		return d.retry
	}
	d.settleOld(now, false)
	next = now.Add(probeEvery)
	if t := d.follow(now); t.Before(next) {
		next = t
	}
	if now.Before(d.retry) {
		return d.retry
	}
	d.dim()
	if err := d.send(ctx, now); err != nil {
		return d.failed(ctx, err)
	}
	d.tellDim()
	if t := d.look(ctx, now); t.Before(next) {
		next = t
	}
	if d.panel != nil {
		if t := d.keep(ctx, now); t.Before(next) {
			next = t
		}
	}
	return next
}

// urgent is a context for what an emergency cuts off, and its end.
func (d *Display) urgent(ctx context.Context, length time.Duration) (_ context.Context, done func()) {
	ctx, cancel := context.WithTimeout(ctx, length)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.cut = cancel
	return ctx, func() {
		cancel()
		d.mu.Lock()
		defer d.mu.Unlock()
		d.cut, d.keeping = nil, false
	}
}

func (d *Display) change(f func(*Status)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f(&d.status)
}

// send gives the panel the picture of this moment, if it does not have it.
func (d *Display) send(ctx context.Context, now time.Time) error {
	if s, ok := d.panel.(Sparing); ok {
		s.Urgent(d.program.class() == plan.Emergency)
	}
	moved, refused := d.move(ctx, now)
	if moved || errors.Is(refused, context.Canceled) || refused != nil && d.steady() { // frames would wear that out
		return refused
	}
	ctx, done := d.urgent(ctx, showTime)
	defer done()
	frame := d.draw(now)
	again := d.program.class() == plan.Emergency && !now.Before(d.held.Add(holdAgain))
	h, holds := d.panel.(Holder)
	if d.has != nil && bytes.Equal(d.has.Pix, frame.Pix) && !(holds && again) {
		d.seen(now)
		return nil
	}
	var err error
	if holds && d.program.class() == plan.Emergency {
		err = h.ShowFor(ctx, frame, holdFor)
		d.held = now
	} else {
		err = d.panel.Show(ctx, frame)
	}
	if err != nil {
		return err
	}
	d.shown(frame)
	d.has, d.moving = frame, false
	if refused != nil { // and yet it takes pictures
		d.program.items[d.program.at].framed = true
		if d.refused != d.strip {
			d.o.Log.Warn("the panel does not move a page by itself", "err", refused)
		}
		d.refused = d.strip
	}
	return nil
}

// move lets the panel move a page by itself, if it can. An error says that it did not
// take the page so. An emergency goes in frames where those end with the agent.
func (d *Display) move(ctx context.Context, now time.Time) (moved bool, err error) {
	page := d.program.page()
	if page == nil || d.program.items[d.program.at].framed || d.program.ticker != nil || d.program.test != nil {
		return false, nil
	}
	if _, holds := d.panel.(Holder); holds && !d.steady() && d.program.class() == plan.Emergency {
		return false, nil
	}
	var move func(context.Context, image.Image, int) error
	if s, ok := d.panel.(Scroller); ok && page.Effect == layout.ScrollLeft {
		move = s.Scroll
	}
	if r, ok := d.panel.(Roller); ok && page.Effect == layout.ScrollUp {
		move = r.Roll
	}
	if move == nil {
		return false, nil
	}
	strip := page.Picture()
	digest := digestOf(strip, page.Effect, page.PxPerSecond)
	if d.moving && d.strip == digest {
		d.seen(now)
		return true, nil
	}
	d.has, d.moving, d.strip = nil, false, digest
	limit := showTime
	if d.steady() { // there are no frames instead
		limit = keepTime
	}
	ctx, done := d.urgent(ctx, limit)
	defer done()
	if err := move(ctx, strip, page.PxPerSecond); err != nil {
		return false, err
	}
	d.shown(d.draw(now))
	d.moving = true
	return true, nil
}

// draw draws the frame of this moment into the spare one: at 50 a second a new one
// each would keep the collector busier than the board.
func (d *Display) draw(now time.Time) *image.RGBA {
	if d.spare == nil {
		d.spare = image.NewRGBA(image.Rectangle{Max: d.o.Board.Size})
	}
	d.program.draw(d.spare, now)
	return d.spare
}

// shown takes note of what the panel has taken.
func (d *Display) shown(frame *image.RGBA) {
	d.took()
	d.seen(time.Now())
	d.mu.Lock()
	defer d.mu.Unlock()
	d.frame, d.spare = frame, d.frame
	d.status.Taken, d.status.Err = true, ""
}

func digestOf(p *image.RGBA, e layout.Effect, speed int) [32]byte {
	h := sha256.New()
	fmt.Fprintln(h, p.Rect, e, speed)
	for y := p.Rect.Min.Y; y < p.Rect.Max.Y; y++ {
		h.Write(p.Pix[p.PixOffset(p.Rect.Min.X, y):p.PixOffset(p.Rect.Max.X, y)])
	}
	return [32]byte(h.Sum(nil))
}
