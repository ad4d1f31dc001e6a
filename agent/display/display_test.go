package display

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"loa/agent/layout"
	"loa/agent/plan"
)

// A board behaves as a card with RAM on a slow line: a picture takes its time, a
// power cut takes it away, and it can fall silent.
type board struct {
	mu     sync.Mutex
	size   image.Point
	takes  time.Duration
	silent bool
	absent bool
	off    bool
	flash  bool                            // it keeps pictures there
	keeps  bool                            // it is a Keeper
	slow   bool                            // nothing moves on it beside something else
	small  bool                            // it holds no column
	picky  func(ctx context.Context) error // what it says to a strip or column; nil: nothing
	mute   bool                            // it takes a brightness, and never says how it is
	door   string
	light  func() int           // of Opts
	net    func() error         // Door of Opts
	fields func() layout.Fields // of Opts

	screen   *image.RGBA // nil: dark
	strip    *image.RGBA // what it scrolls by itself
	bright   int
	dims     int  // that it was told a brightness
	stubborn bool // it takes none
	shows    int
	tried    int // that it was picky
	asked    int // for what it has not answered yet
	probes   int
	opens    int
	closes   int
	until    time.Time     // when the card blanks by itself
	kept     *image.RGBA   // in flash; nil: what its installer left there
	worn     int           // writes of the flash, also those that failed
	writes   time.Duration // how long one takes
	tired    error         // why none succeeds
	lost     bool
	stuck    bool // it says that it takes no brightness
}

var errSilent = errors.New("no answer from the card after 3 tries")

func (b *board) wait(ctx context.Context) error {
	b.mu.Lock()
	takes, silent := b.takes, b.silent
	b.asked++
	b.mu.Unlock()
	defer b.set(func() { b.asked-- })
	if silent {
		takes = 6 * time.Second
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(takes):
	}
	if silent {
		return errSilent
	}
	return nil
}

func (b *board) Size() image.Point { return b.size }

func (b *board) Show(ctx context.Context, p image.Image) error {
	if err := b.wait(ctx); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.shows++
	b.screen, b.strip, b.until, b.lost = copyOf(p), nil, time.Time{}, false
	return nil
}

// copyOf is a picture that stays when its owner draws the next one into the same memory.
func copyOf(p image.Image) *image.RGBA {
	c := *p.(*image.RGBA)
	c.Pix = slices.Clone(c.Pix)
	return &c
}

func (b *board) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closes++
	return nil
}

// A clever board can do everything that a card can.
type clever struct{ *board }

func (b clever) SetBrightness(percent int) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.dims++
	if b.silent {
		return errSilent
	}
	if b.stuck {
		return errors.New("NAK")
	}
	if !b.stubborn {
		b.bright = percent
	}
	return nil
}

func (b clever) Probe(ctx context.Context) (map[string]string, error) {
	if err := b.wait(ctx); err != nil {
		return nil, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.probes++
	return map[string]string{
		"model": "BX-6E2", "width": fmt.Sprint(b.size.X), "height": fmt.Sprint(b.size.Y), "on": fmt.Sprint(!b.off),
		"brightness_percent": fmt.Sprint(b.bright), "lost": fmt.Sprint(b.lost), "open_door": b.door,
	}, nil
}

func (b clever) Scroll(ctx context.Context, strip image.Image, pxPerSecond int) error {
	if b.picky != nil {
		b.set(func() { b.tried++ })
		return b.picky(ctx)
	}
	if err := b.wait(ctx); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.shows++
	b.strip, b.lost = copyOf(strip), false
	return nil
}

func (b clever) Roll(ctx context.Context, column image.Image, pxPerSecond int) error {
	if b.small {
		return fmt.Errorf("a column of %v: %w", column.Bounds().Size(), errors.ErrUnsupported)
	}
	return b.Scroll(ctx, column, pxPerSecond)
}

func (b clever) ShowFor(ctx context.Context, p image.Image, d time.Duration) error {
	if err := b.Show(ctx, p); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.until = time.Now().Add(d)
	return nil
}

// powerCut takes what is in the card's RAM.
func (b *board) powerCut() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.screen, b.strip, b.lost, b.bright = nil, nil, true, 100
}

func (b *board) set(f func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	f()
}

// writings is how often its flash was written.
func (b *board) writings() (n int) {
	b.set(func() { n = b.worn })
	return n
}

// lit is how bright it is, in percent.
func (b *board) lit() (percent int) {
	b.set(func() { percent = b.bright })
	return percent
}

// A worn board keeps pictures in flash.
type worn struct{ keeping }

func (worn) Steady() bool { return true }

// A keeping board shows a page from its flash after a power cut.
type keeping struct{ clever }

func (b keeping) Keep(ctx context.Context, slot int, page image.Image) error {
	b.set(func() { b.worn++; b.screen = nil })
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(b.writes):
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if slot != safeSlot {
		return fmt.Errorf("slot %d", slot)
	}
	if b.tired == nil {
		b.kept = page.(*image.RGBA)
	}
	return b.tired
}

// sees is which of texts is on the board, by its picture.
func (r *rig) sees(texts ...string) string {
	r.t.Helper()
	r.board.mu.Lock()
	screen := r.board.screen
	if !r.board.until.IsZero() && time.Now().After(r.board.until) {
		screen = nil
	}
	r.board.mu.Unlock()
	return r.read(screen, texts...)
}

// keeps is which of texts the board has in its flash.
func (r *rig) keeps(texts ...string) string {
	r.t.Helper()
	r.board.mu.Lock()
	page := r.board.kept
	r.board.mu.Unlock()
	return r.read(page, texts...)
}

func (r *rig) read(screen *image.RGBA, texts ...string) string {
	if screen == nil || !lit(screen) {
		return "dark"
	}
	for _, text := range texts {
		style, words, ok := strings.Cut(text, ":")
		if !ok {
			style, words = "", text
		}
		look, _ := layout.LookNamed(style)
		pages, _ := layout.Set(words, look, r.d.o.Board, layout.Fields{Now: time.Now()})
		for i := range pages {
			frame := image.NewRGBA(image.Rectangle{Max: r.d.o.Board.Size})
			pages[i].Frame(frame, 0)
			if slices.Equal(frame.Pix, screen.Pix) {
				return text
			}
		}
	}
	return "something else"
}

func lit(p *image.RGBA) bool {
	for i := 0; i < len(p.Pix); i += 4 {
		if p.Pix[i] > 0 || p.Pix[i+1] > 0 || p.Pix[i+2] > 0 {
			return true
		}
	}
	return false
}

type rig struct {
	t     *testing.T
	d     *Display
	board *board

	mu         sync.Mutex
	conditions map[string]error
	proofs     []Showing
	findings   []layout.Finding
	told       []int // how many at a time
	stop       func()
}

func newRig(t *testing.T, b *board, able bool) *rig {
	r := &rig{t: t, board: b, conditions: map[string]error{}}
	if b.size == (image.Point{}) {
		b.size = image.Pt(128, 32)
	}
	r.d = New(Opts{
		Open: func(context.Context) (Panel, error) {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.opens++
			if b.absent {
				return nil, errors.New("no such file or directory")
			}
			switch {
			case b.flash:
				return worn{keeping{clever{b}}}, nil
			case b.keeps:
				return keeping{clever{b}}, nil
			case b.mute:
				return dimmer{b}, nil
			case able:
				return clever{b}, nil
			}
			return b, nil
		},
		Board: layout.Board{Size: image.Pt(128, 32), Slow: b.slow}, Light: b.light, Door: b.net, Fields: b.fields,
		Words: func(s plan.Standing) []plan.Page { return []plan.Page{{Text: "default " + string(s)}} },
		Picture: func(sha string, on layout.Board) ([]Still, error) {
			switch sha {
			case "there":
			case "broken":
				return Stills([]byte("<svg/>"), on)
			case "bomb":
				return Stills(bomb(), on)
			default:
				return nil, errors.New("not on the box")
			}
			p := image.NewRGBA(image.Rect(0, 0, 128, 32))
			p.Set(5, 5, color.RGBA{255, 0, 0, 255})
			return []Still{{Picture: p}}, nil
		},
		Proof: func(s Showing) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.proofs = append(r.proofs, s)
		},
		Refused: func(_ plan.Occurrence, all []layout.Finding) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.findings, r.told = append(r.findings, all...), append(r.told, len(all))
		},
		Report: func(code string, err error) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.conditions[code] = err
		},
	})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); r.d.Run(ctx) }() // stop waits for it
	r.stop = sync.OnceFunc(func() { cancel(); <-done })
	t.Cleanup(r.stop)
	return r
}

func (r *rig) condition(code string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.conditions[code]
}

// after lets time pass.
func after(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func due(id string, class plan.Class, texts ...string) plan.Occurrence {
	o := plan.Occurrence{ID: id, Class: class, Title: id, By: plan.Key{Place: "26734", Kind: plan.KindSchedule, ID: "s"}}
	for _, text := range texts {
		o.Pages = append(o.Pages, plan.Page{Text: text, StayS: 5})
	}
	return o
}

func scene(os ...plan.Occurrence) plan.Scene { return plan.Scene{Shown: os} }

// bubble runs f at the same midnight everywhere.
func bubble(t *testing.T, f func(t *testing.T)) { synctest.Test(t, f) }

func TestPagesTakeTurns(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, &board{takes: 600 * time.Millisecond}, true)
		after(time.Second)
		if got := r.sees("default power-up"); got != "default power-up" {
			t.Errorf("after the start: %s", got)
		}
		r.d.Show(scene(due("a", plan.Normal, "Một", "Hai")))
		after(time.Second)
		first := r.sees("Một", "Hai")
		after(5 * time.Second)
		second := r.sees("Một", "Hai")
		after(5 * time.Second)
		if third := r.sees("Một", "Hai"); first != "Một" || second != "Hai" || third != "Một" {
			t.Errorf("pages: %s, %s, %s", first, second, third)
		}
		shows := r.board.shows
		r.d.Show(scene(due("a", plan.Normal, "Một", "Hai"))) // the same again
		after(time.Second)
		if r.board.shows != shows || r.sees("Một") != "Một" {
			t.Error("the same scene began anew")
		}
		r.d.Show(plan.Scene{Standing: plan.Idle})
		after(time.Second)
		if got := r.sees("default idle"); got != "default idle" {
			t.Errorf("after the end: %s", got)
		}
		if len(r.proofs) != 1 || r.proofs[0].Seen < 11*time.Second || r.proofs[0].Proof != "panel" || r.proofs[0].Err != nil {
			t.Errorf("proofs %+v", r.proofs)
		}
	})
}

func TestWhatIsOnThePanelIsNotSentAgain(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, &board{}, true)
		r.d.Show(scene(due("a", plan.Normal, "Họp dân")))
		after(time.Second)
		shows := r.board.shows
		after(time.Hour)
		if r.board.shows != shows {
			t.Errorf("the same page was sent %d more times in an hour", r.board.shows-shows)
		}
		if r.board.probes < 100 {
			t.Errorf("%d probes in an hour", r.board.probes)
		}
	})
}

// An emergency does not wait for the page that is on its way at 9600 baud.
func TestAnEmergencyTakesTheBoardAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := &board{takes: 10 * time.Second}
		r := newRig(t, b, true)
		r.d.Show(scene(due("a", plan.Normal, "Một trang dài")))
		after(2 * time.Second) // it is on its way
		b.set(func() { b.takes = 100 * time.Millisecond })
		r.d.Show(scene(due("flood", plan.Emergency, "Lũ quét")))
		after(150 * time.Millisecond)
		if got := r.sees("Lũ quét"); got != "Lũ quét" {
			t.Errorf("150 ms after the alarm: %s", got)
		}
		// It stays while the agent lives, and goes dark by itself when it dies.
		after(10 * time.Minute)
		if got := r.sees("Lũ quét"); got != "Lũ quét" {
			t.Errorf("ten minutes later: %s", got)
		}
		r.stop()
		after(holdFor + time.Second)
		if got := r.sees("Lũ quét"); got != "dark" {
			t.Errorf("after the agent has died: %s", got)
		}
		last := r.proofs[len(r.proofs)-1]
		if last.Occurrence.ID != "flood" || last.Seen < 9*time.Minute {
			t.Errorf("proof %+v", last)
		}
	})
}

func TestAPowerCutIsMended(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := &board{takes: 100 * time.Millisecond}
		r := newRig(t, b, true)
		s := scene(due("a", plan.Normal, "Họp dân"))
		s.BrightnessPercent = 30
		r.d.Show(s)
		after(time.Second)
		if b.bright != 30 {
			t.Errorf("brightness %d", b.bright)
		}
		b.powerCut()
		after(probeEvery + time.Second)
		if got := r.sees("Họp dân"); got != "Họp dân" || b.bright != 30 {
			t.Errorf("half a minute after the power cut: %s, %d %%", got, b.bright)
		}
	})
}

func TestASilentPanelIsReportedAndFoundAgain(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := &board{}
		r := newRig(t, b, true)
		r.d.Show(scene(due("a", plan.Normal, "Một")))
		after(time.Second)
		b.set(func() { b.silent = true })
		after(2 * time.Minute)
		if err := r.condition(PanelSilent); err == nil || !strings.Contains(err.Error(), "no answer") {
			t.Errorf("condition %v", err)
		}
		if b.closes == 0 || b.opens < 2 {
			t.Errorf("opened %d times, closed %d: a hung line is opened anew", b.opens, b.closes)
		}
		r.d.Show(scene(due("b", plan.Normal, "Hai")))
		b.set(func() { b.silent = false })
		after(retryMost + 10*time.Second)
		if got := r.sees("Hai"); got != "Hai" || r.condition(PanelSilent) != nil {
			t.Errorf("after it is back: %s, %v", got, r.condition(PanelSilent))
		}
		if p := r.proofs[0]; p.Occurrence.ID != "a" || p.Seen > 40*time.Second || p.Err == nil {
			t.Errorf("proof of what was partly seen: %+v", p)
		}
	})
}

func TestAMissingPanelIsReportedAndOpenedLater(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := &board{absent: true}
		r := newRig(t, b, true)
		r.d.Show(scene(due("a", plan.Normal, "Một")))
		after(10 * time.Minute)
		if r.condition(PanelMissing) == nil {
			t.Error("nothing is reported")
		}
		if b.opens < 15 || b.opens > 40 {
			t.Errorf("opened %d times in ten minutes", b.opens)
		}
		r.d.Show(scene(due("b", plan.Normal, "Hai")))
		b.set(func() { b.absent = false })
		after(retryMost + 10*time.Second)
		if got := r.sees("Hai"); got != "Hai" || r.condition(PanelMissing) != nil {
			t.Errorf("%s, %v", got, r.condition(PanelMissing))
		}
		if p := r.proofs[0]; p.Seen != 0 {
			t.Errorf("nobody has seen %+v", p)
		}
	})
}

func TestAPanelOfAnotherSizeIsRefused(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := &board{size: image.Pt(64, 16)}
		r := newRig(t, b, true)
		after(time.Second)
		if err := r.condition(PanelMissing); err == nil || !strings.Contains(err.Error(), "(64,16)") {
			t.Errorf("condition %v", err)
		}
		if b.shows != 0 || b.closes == 0 {
			t.Error("it was given pictures, or is still open")
		}
	})
}

func TestWhatThePanelSaysOfItself(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := &board{door: "Wi-Fi access point BX-1234"}
		r := newRig(t, b, true)
		after(time.Second)
		if err := r.condition(PanelDoor); err == nil || !strings.Contains(err.Error(), "BX-1234") {
			t.Errorf("an open door: %v", err)
		}
		b.set(func() { b.off, b.door = true, "" })
		after(probeEvery + time.Second)
		if r.condition(PanelDoor) != nil || r.condition(PanelDiffers) == nil {
			t.Errorf("door %v, differs %v", r.condition(PanelDoor), r.condition(PanelDiffers))
		}
		b.set(func() { b.off = false })
		after(probeEvery + time.Second)
		if err := r.condition(PanelDiffers); err != nil {
			t.Errorf("switched on again: %v", err)
		}
	})
}

// A column is sent once and moved by the panel; of one that it cannot hold it gets the
// frames.
func TestAColumnIsLeftToThePanelThatCan(t *testing.T) {
	up := due("a", plan.Normal)
	up.Pages = []plan.Page{{Text: "Một thông báo dài\nchạy từ dưới\nlên trên bảng", Style: "scroll-up"}}
	bubble(t, func(t *testing.T) {
		b := &board{takes: 2 * time.Second}
		r := newRig(t, b, true)
		r.d.Show(scene(up))
		after(10 * time.Minute)
		if b.strip == nil || b.strip.Rect.Dx() != 128 || b.strip.Rect.Dy() <= 32 {
			t.Fatal("the card got no column")
		}
		if b.shows > 2 {
			t.Errorf("the card got %d pictures", b.shows)
		}
	})
	bubble(t, func(t *testing.T) {
		b := &board{takes: 30 * time.Millisecond, small: true}
		r := newRig(t, b, true)
		r.d.Show(scene(up))
		after(10 * time.Second)
		if b.strip != nil || b.shows < 50 || r.condition(PanelMissing) != nil {
			t.Errorf("%d frames, %v", b.shows, r.condition(PanelMissing))
		}
	})
}

// A page that the panel does not move for whatever reason is given to it in frames, and
// the column is not tried again.
func TestAColumnThatThePanelRefuses(t *testing.T) {
	up := due("a", plan.Normal)
	up.Pages = []plan.Page{{Text: "Một thông báo dài\nchạy từ dưới\nlên trên bảng", Style: "scroll-up"}}
	for name, picky := range map[string]func(context.Context) error{
		"NAK": func(context.Context) error { return errors.New("the card refuses: 7") },
		"a slow line": func(ctx context.Context) error {
			<-ctx.Done()
			return fmt.Errorf("no answer: %w", ctx.Err())
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				b := &board{takes: 100 * time.Millisecond, picky: picky}
				r := newRig(t, b, true)
				var said bytes.Buffer
				r.d.o.Log = slog.New(slog.NewTextHandler(&said, nil))
				r.d.Show(scene(up))
				after(10 * time.Minute)
				var shows, tried int
				b.set(func() { shows, tried = b.shows, b.tried })
				if shows < 1000 || tried != 1 || r.condition(PanelSilent) != nil {
					t.Errorf("%d frames, the column %d times, %v", shows, tried, r.condition(PanelSilent))
				}
				r.d.Show(plan.Scene{Standing: plan.Idle})
				after(time.Minute)
				up := up
				up.ID = "its next turn"
				r.d.Show(scene(up))
				after(time.Minute)
				r.stop()
				if n := strings.Count(said.String(), "\n"); b.tried != 2 || n != 1 {
					t.Errorf("after its next turn: the column %d times, log:\n%s", b.tried, said.String())
				}
			})
		})
	}
	// Frames would wear out one that keeps them in flash.
	for _, err := range []error{errSilent, errors.ErrUnsupported} {
		bubble(t, func(t *testing.T) {
			b := &board{flash: true, picky: func(context.Context) error { return err }}
			r := newRig(t, b, true)
			r.d.Show(scene(up))
			after(time.Minute)
			if b.shows > 0 || b.tried == 0 || r.condition(PanelSilent) == nil {
				t.Errorf("%v: %d frames into the flash, the strip %d times, %v", err, b.shows, b.tried, r.condition(PanelSilent))
			}
		})
	}
	// It gets a long strip, for as long as a slow line needs.
	bubble(t, func(t *testing.T) {
		b := &board{flash: true, picky: func(ctx context.Context) error {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(time.Minute):
				return nil
			}
		}}
		r := newRig(t, b, true)
		after(3 * time.Minute) // what it shows at its start is a strip too
		var before, tried int
		b.set(func() { before = b.tried })
		r.d.Show(scene(up))
		after(3 * time.Minute)
		b.set(func() { tried = b.tried - before })
		if before != 1 || tried != 1 || r.condition(PanelSilent) != nil {
			t.Errorf("a strip that takes a minute is tried %d times, after %d at the start, %v", tried, before, r.condition(PanelSilent))
		}
	})
	// An alarm cuts off the column that is on its way.
	bubble(t, func(t *testing.T) {
		b := &board{takes: time.Second, picky: func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }}
		r := newRig(t, b, true)
		r.d.Show(scene(up))
		after(5 * time.Second)
		r.d.Show(scene(due("flood", plan.Emergency, "Lũ quét")))
		after(1500 * time.Millisecond) // of which its picture takes a second
		if got := r.sees("Lũ quét"); got != "Lũ quét" {
			t.Errorf("1.5 s after the alarm: %s", got)
		}
	})
	// One that was silent moves it when it answers again.
	bubble(t, func(t *testing.T) {
		b := &board{takes: 100 * time.Millisecond, silent: true}
		r := newRig(t, b, true)
		r.d.Show(scene(up))
		after(5 * time.Minute)
		for rests := 0; rests < 2; { // between a strip and its frame it would take the frame
			after(time.Second)
			b.set(func() {
				if rests++; b.asked > 0 {
					rests = 0
				}
			})
		}
		b.set(func() { b.silent = false })
		after(2 * time.Minute)
		if b.strip == nil || b.shows > 2 {
			t.Errorf("after a silence: column %v, %d pictures", b.strip != nil, b.shows)
		}
	})
}

// An emergency is not left to the panel to move, which would go on when the agent is
// dead: it goes in frames, and stands where these are slow.
func TestAnEmergencyThatScrolls(t *testing.T) {
	for _, style := range []string{"scroll", "scroll-up"} {
		flood := due("flood", plan.Emergency)
		flood.Pages = []plan.Page{{Text: "Lũ quét về trong đêm, lên chỗ cao ngay", Style: style, StayS: 60}}
		for _, slow := range []bool{false, true} {
			t.Run(fmt.Sprint(style, " slow ", slow), func(t *testing.T) {
				bubble(t, func(t *testing.T) {
					b := &board{takes: 100 * time.Millisecond, slow: slow}
					r := newRig(t, b, true)
					r.d.Show(scene(flood))
					after(10 * time.Second)
					got := r.sees(flood.Pages[0].Text)
					r.stop()
					if b.strip != nil {
						t.Error("the card moves it")
					}
					if slow && (got != flood.Pages[0].Text || b.shows > 5) || !slow && b.shows < 50 {
						t.Errorf("%d pictures in ten seconds, and on the board %s", b.shows, got)
					}
					after(holdFor + time.Second)
					if got := r.sees(); got != "dark" {
						t.Errorf("after the agent has died: %s", got)
					}
				})
			})
		}
	}
}

func TestAScrollIsLeftToThePanelThatCan(t *testing.T) {
	scroll := due("a", plan.Normal)
	scroll.Pages = []plan.Page{{Text: "Một thông báo dài chạy ngang qua bảng", Style: "scroll"}}
	bubble(t, func(t *testing.T) {
		b := &board{takes: 2 * time.Second}
		r := newRig(t, b, true)
		r.d.Show(scene(scroll))
		after(10 * time.Second)
		if b.strip == nil || b.strip.Rect.Dx() <= 128 {
			t.Fatal("the card got no strip")
		}
		shows := b.shows
		after(10 * time.Minute)
		if b.shows != shows {
			t.Errorf("the strip was sent %d more times", b.shows-shows)
		}
		b.powerCut()
		after(probeEvery + 5*time.Second)
		if b.strip == nil {
			t.Error("the strip is gone after a power cut")
		}
	})
	bubble(t, func(t *testing.T) {
		b := &board{takes: 30 * time.Millisecond}
		r := newRig(t, b, false)
		r.d.Show(scene(scroll))
		after(10 * time.Second)
		if b.shows < 100 {
			t.Errorf("%d frames in ten seconds", b.shows)
		}
	})
}

// picture is the board with a page that has just come on over a ticker that has run for so long.
func (r *rig) picture(page *layout.Page, ticker *layout.Ticker, ran time.Duration) *image.RGBA {
	frame := image.NewRGBA(image.Rectangle{Max: r.d.o.Board.Size})
	ticker.Frame(frame, ran)
	ticker.Over(frame, page, 0)
	return frame
}

func TestATickerRunsUnderThePages(t *testing.T) {
	o := due("a", plan.Normal, "Một", "Hai")
	o.Ticker = "Điện thoại 0274 3 123 456"
	bubble(t, func(t *testing.T) {
		b := &board{}
		r := newRig(t, b, true)
		began := time.Now().Add(time.Second)
		after(time.Second)
		r.d.Show(scene(o))
		ticker, _ := layout.SetTicker(o.Ticker, r.d.o.Board, layout.Fields{})
		pages := map[string]*layout.Page{}
		for _, text := range []string{"Một", "Hai", "Ba"} {
			laid, _ := layout.Set(text, layout.Look{}, ticker.Pages(), layout.Fields{})
			pages[text] = &laid[0]
		}
		is := func(text string) {
			t.Helper()
			synctest.Wait()
			ran := time.Since(began)
			var screen *image.RGBA
			b.set(func() { screen = b.screen })
			if !slices.Equal(screen.Pix, r.picture(pages[text], ticker, ran).Pix) {
				t.Errorf("after %v it is not %s with the ticker under it", ran, text)
			}
		}
		synctest.Wait()
		is("Một")
		after(3 * time.Second)
		is("Một")
		after(3 * time.Second)
		is("Hai")
		if b.strip != nil {
			t.Error("the card was given a strip for the whole board")
		}
		// What comes next with the same ticker lets it run on.
		again := due("b", plan.Normal, "Ba")
		again.Ticker = o.Ticker
		r.d.Show(scene(again))
		after(time.Second)
		is("Ba")
		// An alarm has the whole board, and nothing moves on it.
		flood := due("flood", plan.Emergency, "Lũ quét")
		flood.Ticker = o.Ticker
		r.d.Show(scene(flood))
		after(time.Second)
		if got := r.sees("Lũ quét"); got != "Lũ quét" {
			t.Errorf("during an alarm: %s", got)
		}
		shows := b.shows
		after(30 * time.Second)
		if b.shows != shows {
			t.Errorf("%d pictures in half a minute of an alarm", b.shows-shows)
		}
		r.d.Show(plan.Scene{Standing: plan.Idle})
		after(time.Second)
		if got := r.sees("default idle"); got != "default idle" {
			t.Errorf("afterwards: %s", got)
		}
	})
}

// A clock in a ticker goes on.
func TestATickerWithAClock(t *testing.T) {
	o := due("a", plan.Normal, "Một")
	o.Ticker = "{clock}"
	bubble(t, func(t *testing.T) {
		b := &board{}
		r := newRig(t, b, true)
		r.d.Show(scene(o))
		began := time.Now()
		after(10*time.Minute + time.Second)
		ticker, _ := layout.SetTicker(time.Now().Format("15:04"), r.d.o.Board, layout.Fields{})
		page, _ := layout.Set("Một", layout.Look{}, ticker.Pages(), layout.Fields{})
		if !slices.Equal(b.screen.Pix, r.picture(&page[0], ticker, time.Since(began)).Pix) {
			t.Error("its clock stands")
		}
	})
}

// A board that cannot have a ticker has its words as one more page.
func TestATickerBecomesAPage(t *testing.T) {
	o := due("a", plan.Normal, "Một")
	o.Ticker = "Điện thoại 0274 3 123 456"
	bubble(t, func(t *testing.T) {
		b := &board{slow: true}
		r := newRig(t, b, true)
		r.d.Show(scene(o))
		after(time.Second)
		if got := r.sees("Một"); got != "Một" {
			t.Errorf("the page: %s", got)
		}
		after(5 * time.Second)
		if b.strip == nil || b.strip.Rect.Dx() <= 128 {
			t.Error("the card was given no strip of the ticker")
		}
		if len(r.findings) > 0 {
			t.Errorf("refused: %v", r.findings)
		}
	})
	bubble(t, func(t *testing.T) {
		b := &board{flash: true}
		r := newRig(t, b, true)
		r.d.Show(scene(o))
		after(time.Hour)
		if b.strip == nil || b.shows > 2 {
			t.Errorf("a panel of flash: %d pictures in an hour", b.shows)
		}
	})
}

// Whoever looks at what is shown keeps that picture, though the board goes on.
func TestWhatWasLookedAtStays(t *testing.T) {
	scroll := due("a", plan.Normal)
	scroll.Pages = []plan.Page{{Text: "Một thông báo dài chạy ngang qua bảng", Style: "scroll"}}
	bubble(t, func(t *testing.T) {
		if new(Display).Frame() != nil {
			t.Error("there is a frame before the first")
		}
		r := newRig(t, &board{}, false)
		r.d.Show(scene(scroll))
		after(3 * time.Second)
		seen := r.d.Frame()
		kept := slices.Clone(seen.Pix)
		shows := 0
		r.board.set(func() {
			if shows = r.board.shows; !slices.Equal(kept, r.board.screen.Pix) {
				t.Error("the frame is not what the panel was given")
			}
		})
		after(time.Second)
		r.board.set(func() {
			if r.board.shows < shows+2 || slices.Equal(r.board.screen.Pix, kept) {
				t.Error("nothing moves")
			}
		})
		if !slices.Equal(seen.Pix, kept) {
			t.Error("a frame changed after it was handed out")
		}
	})
}

func TestAClockGoesOn(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := &board{}
		r := newRig(t, b, true)
		r.d.Show(plan.Scene{Standing: plan.Idle, Defaults: []plan.DefaultPage{{Page: plan.Page{Text: "{clock}", Style: "clock"}}}})
		after(time.Second)
		at := time.Now()
		var first, later *image.RGBA
		b.set(func() { first = b.screen })
		after(3 * time.Minute)
		b.set(func() { later = b.screen })
		if slices.Equal(first.Pix, later.Pix) {
			t.Error("the clock stands")
		}
		want := r.sees("clock:" + time.Now().Format("15:04"))
		if want == "something else" {
			t.Errorf("at %s it does not say so (first looked at %s)", time.Now().Format("15:04"), at.Format("15:04"))
		}
		if b.shows > 8 {
			t.Errorf("%d pictures in three minutes", b.shows)
		}
	})
}

func TestDefaultPagesByStanding(t *testing.T) {
	law := []plan.DefaultPage{
		{Page: plan.Page{Text: "Xã An Sơn"}},
		{Page: plan.Page{Text: "Mất liên lạc"}, When: plan.LinkLost},
	}
	bubble(t, func(t *testing.T) {
		r := newRig(t, &board{}, true)
		for _, c := range []struct {
			standing plan.Standing
			defaults []plan.DefaultPage
			want     string
		}{
			{plan.Idle, law, "Xã An Sơn"},
			{plan.LinkLost, law, "Mất liên lạc"},
			{plan.Outdated, law, "Xã An Sơn"},
			{plan.PowerUp, nil, "default power-up"},
			{plan.Idle, nil, "default idle"},
			{plan.LinkLost, nil, "default link-lost"},
			{plan.Outdated, nil, "default expired"},
			{plan.Failed, nil, "default error"},
			{plan.Reset, nil, "default reset"},
		} {
			r.d.Show(plan.Scene{Standing: c.standing, Defaults: c.defaults})
			after(time.Second)
			if got := r.sees(c.want); got != c.want {
				t.Errorf("%s: %s, want %s", c.standing, got, c.want)
			}
		}
		// What is due and cannot be shown at all is a failure.
		broken := plan.Occurrence{ID: "p", Pages: []plan.Page{{Image: "missing"}}}
		r.d.Show(scene(broken))
		after(time.Second)
		if got := r.sees("default error"); got != "default error" || len(r.findings) != 1 || r.findings[0].Code != plan.MediaMissing {
			t.Errorf("%s, findings %+v", got, r.findings)
		}
		r.d.Show(scene(plan.Occurrence{ID: "q", Pages: []plan.Page{{Image: "there"}}}))
		after(time.Second)
		if r.board.screen.RGBAAt(5, 5).R == 0 {
			t.Error("the picture is not on the board")
		}
	})
}

// What a board cannot show is told with its code, once however often it goes round,
// and told again when it is mended.
func TestABoardSaysWhatItCannotShow(t *testing.T) {
	for _, c := range []struct {
		name string
		page plan.Page
		code plan.Code
	}{
		{"a letter no font has", plan.Page{Text: "Cháy 🚒"}, plan.GlyphMissing},
		{"more pages than anybody reads", plan.Page{Text: strings.Repeat("nghiêng ", 245), Style: "headline"}, plan.TooBig},
		{"a picture that is not there", plan.Page{Image: "missing"}, plan.MediaMissing},
		{"a picture that cannot be read", plan.Page{Image: "broken"}, plan.MediaFormat},
		{"a picture of monstrous size", plan.Page{Image: "bomb"}, plan.TooBig},
	} {
		bubble(t, func(t *testing.T) {
			r := newRig(t, &board{}, true)
			turn := func(n int, page plan.Page) {
				o := due(fmt.Sprintf("slot/0/%d", n), plan.Normal)
				o.Slot, o.Item = "slot", plan.Key{Place: "26734", Kind: plan.KindBulletin, ID: "b"}
				o.Pages = []plan.Page{page}
				r.d.Show(scene(o))
				after(20 * time.Second)
			}
			for n := range 10 {
				turn(n, c.page)
			}
			if len(r.findings) != 1 || r.findings[0].Code != c.code || r.findings[0].VI == "" {
				t.Fatalf("%s: %+v, want one %s", c.name, r.findings, c.code)
			}
			for n := range 3 {
				turn(10+n, plan.Page{Text: "Mời họp"})
			}
			if fmt.Sprint(r.told) != "[1 0]" {
				t.Errorf("%s: told %v, want once, and once that it is mended", c.name, r.told)
			}
			// An alert that is over takes its refusal along.
			flood := due("flood", plan.Emergency)
			flood.Pages = []plan.Page{c.page}
			r.d.Show(scene(flood))
			after(time.Second)
			r.d.Show(plan.Scene{Standing: plan.Idle})
			after(time.Second)
			if fmt.Sprint(r.told) != "[1 0 1 0]" {
				t.Errorf("%s: told %v with an alert", c.name, r.told)
			}
		})
	}
}

// A panel that takes pictures and no brightness is not as it should be.
func TestABrightnessThatIsNotTaken(t *testing.T) {
	for _, able := range []bool{true, false} {
		bubble(t, func(t *testing.T) {
			b := &board{stuck: true, mute: !able}
			r := newRig(t, b, able)
			s := scene(due("a", plan.Normal))
			s.Shown[0].Pages = []plan.Page{{Text: "Một thông báo dài chạy ngang qua bảng", Style: "scroll-up"}}
			s.BrightnessPercent = 30
			r.d.Show(s)
			after(time.Minute)
			if err := r.condition(PanelDiffers); err == nil || !strings.Contains(err.Error(), "30 %") || !strings.Contains(err.Error(), "NAK") {
				t.Errorf("condition %v", err)
			}
			if st := r.d.Status(); st.Undimmed != "NAK" {
				t.Errorf("status %+v", st)
			}
			if b.dims > 4 {
				t.Errorf("it was asked %d times in a minute", b.dims)
			}
			b.set(func() { b.stuck = false })
			after(2 * probeEvery)
			if err := r.condition(PanelDiffers); err != nil || b.bright != 30 || r.d.Status().Undimmed != "" {
				t.Errorf("afterwards: %v, %d %%", err, b.bright)
			}
			b.set(func() { b.silent = true })
			after(2 * time.Minute)
			if err := r.condition(PanelDiffers); err != nil || able && r.condition(PanelSilent) == nil {
				t.Errorf("a panel that is silent: %v", err)
			}
		})
	}
}

// A dimmer never says how it is.
type dimmer struct{ *board }

func (d dimmer) SetBrightness(percent int) error { return clever(d).SetBrightness(percent) }

// What a technician's pattern hides is not proven to have been seen.
func TestAPatternIsNoProof(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, &board{}, true)
		r.d.Show(scene(due("a", plan.Normal, "Một")))
		after(10 * time.Second)
		if err := r.d.Pattern("all", time.Minute); err != nil {
			t.Fatal(err)
		}
		after(time.Minute + 10*time.Second)
		r.d.Show(plan.Scene{Standing: plan.Idle})
		after(time.Second)
		r.stop()
		if len(r.proofs) != 1 || r.proofs[0].Seen < 18*time.Second || r.proofs[0].Seen > 21*time.Second {
			t.Errorf("%+v", r.proofs)
		}
	})
}

// A picture that would burst the box, and one that is none, are refused by what is wrong
// with them, and the board shows the words that come with it.
func TestAPictureThatIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		code plan.Code
		says string
	}{
		"bomb":   {plan.TooBig, "50000×50000 pixels"},
		"broken": {plan.MediaFormat, "not a PNG"},
	} {
		bubble(t, func(t *testing.T) {
			r := newRig(t, &board{}, true)
			o := due("a", plan.Normal, "Họp dân")
			o.Pages = append([]plan.Page{{Image: name}}, o.Pages...)
			r.d.Show(scene(o))
			after(time.Second)
			if got := r.sees("Họp dân"); got != "Họp dân" {
				t.Errorf("%s: the board shows %s", name, got)
			}
			if len(r.findings) != 1 || r.findings[0].Code != c.code || !strings.Contains(r.findings[0].EN, c.says) || r.findings[0].VI != c.code.Sentence().VI {
				t.Errorf("%s: findings %+v", name, r.findings)
			}
		})
	}
}

// bomb is a small file of a monstrous picture.
func bomb() []byte {
	head := binary.BigEndian.AppendUint32([]byte("IHDR"), 50_000)
	head = append(binary.BigEndian.AppendUint32(head, 50_000), 8, 6, 0, 0, 0)
	head = binary.BigEndian.AppendUint32(head, crc32.ChecksumIEEE(head))
	return append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0d"), head...)
}

func TestANoticeThatGoesRoundIsOneLineAnHour(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, &board{}, true)
		for i := range 360 { // three hours
			o := due(fmt.Sprintf("slot/0/%d", i), plan.Normal, "Một")
			o.Slot, o.Item = "slot", plan.Key{Place: "26734", Kind: plan.KindBulletin, ID: "b"}
			r.d.Show(scene(o))
			after(30 * time.Second)
		}
		r.stop()
		var seen time.Duration
		for _, p := range r.proofs {
			seen += p.Seen
		}
		if len(r.proofs) > 4 || seen < 175*time.Minute {
			t.Errorf("%d entries for three hours, %v seen", len(r.proofs), seen)
		}
	})
}

func TestATechniciansPatternGivesWayToAnEmergency(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, &board{}, true)
		all := image.NewRGBA(image.Rect(0, 0, 128, 32))
		for i := range all.Pix {
			all.Pix[i] = 255
		}
		if err := r.d.Test(image.NewRGBA(image.Rect(0, 0, 5, 5)), time.Minute); err == nil {
			t.Error("a pattern of another size was taken")
		}
		r.d.Test(all, time.Minute)
		after(time.Second)
		if !slices.Equal(r.board.screen.Pix, all.Pix) || !r.d.Status().Pattern {
			t.Error("the pattern is not on the board")
		}
		r.d.Show(scene(due("flood", plan.Emergency, "Lũ quét")))
		after(time.Second)
		if got := r.sees("Lũ quét"); got != "Lũ quét" || r.d.Status().Pattern {
			t.Errorf("an alarm during a pattern: %s", got)
		}
		r.d.Show(plan.Scene{Standing: plan.Idle})
		r.d.Test(all, time.Minute)
		after(62 * time.Second)
		if got := r.sees("default idle"); got != "default idle" || r.d.Status().Pattern {
			t.Errorf("after the pattern: %s", got)
		}
	})
}

// A card that has only flash gets one strip for all pages, and no clock.
func TestAPanelOfFlashIsSpared(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := &board{flash: true}
		r := newRig(t, b, true)
		r.d.Show(scene(due("a", plan.Normal, "Một", "Hai", "{clock}")))
		after(time.Hour)
		if b.strip == nil || b.shows > 2 {
			t.Errorf("strip %v, %d pictures in an hour", b.strip != nil, b.shows)
		}
		flood := due("flood", plan.Emergency)
		flood.Pages = []plan.Page{{Text: "Lũ quét", Style: "alert"}, {Text: "Lên chỗ cao", Style: "alert"}}
		r.d.Show(scene(flood))
		after(time.Minute)
		strip, _ := layout.Set("KHẨN CẤP: Lũ quét   •   Lên chỗ cao", layout.Look{Effect: layout.ScrollLeft, Lines: 1}, r.d.o.Board, layout.Fields{})
		if !slices.Equal(b.strip.Pix, strip[0].Picture().Pix) {
			t.Error("the strip of an alarm does not begin with its cue")
		}
		r.d.Show(plan.Scene{Standing: plan.Idle, Defaults: []plan.DefaultPage{{Page: plan.Page{Text: "{clock}"}}}})
		after(time.Hour)
		if b.shows > 4 {
			t.Errorf("%d pictures after an hour of clocks", b.shows)
		}
	})
}
