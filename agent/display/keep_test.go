package display

import (
	"errors"
	"image"
	"image/draw"
	"testing"
	"time"

	"loa/agent/plan"
)

// standing is a scene in which nothing is due, with the default pages of a place.
func standing(texts ...string) plan.Scene {
	s := plan.Scene{Standing: plan.Idle}
	for _, text := range texts {
		s.Defaults = append(s.Defaults, plan.DefaultPage{Page: plan.Page{Text: text}})
	}
	return s
}

// The page that a board may show alone goes into its flash once, when nothing is due,
// and again only when another one has been the right one for a while.
func TestTheSafePageIsKept(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := &board{keeps: true, writes: 3 * time.Second}
		r := newRig(t, b, true)
		r.d.Show(standing("{clock}", "Xã An Sơn"))
		after(keepSettle - time.Minute)
		if b.writings() != 0 {
			t.Error("a page is kept before it is known to be the one")
		}
		after(2*keepLook + 2*b.writes) // writing takes its time
		if got := r.keeps("Xã An Sơn"); got != "Xã An Sơn" || b.writings() != 1 {
			t.Fatalf("kept is %s, %d writes", got, b.writings())
		}
		if got := r.sees("Xã An Sơn"); got == "dark" {
			t.Error("the board stays dark after its flash was written")
		}
		for range 10 { // power cuts, and a panel that is opened again
			r.board.powerCut()
			after(10 * time.Minute)
		}
		if b.writings() != 1 {
			t.Errorf("the same page was written %d times", b.writings())
		}
		for i := range 100 { // two desks quarrel
			r.d.Show(standing([]string{"Xã An Sơn", "Xã Tân An"}[i%2]))
			after(5 * time.Minute)
		}
		if b.writings() != 1 {
			t.Errorf("a quarrel is written %d times", b.writings())
		}
		r.d.Show(scene(due("a", plan.Normal, "Họp dân")))
		r.d.Show(plan.Scene{Shown: []plan.Occurrence{due("a", plan.Normal, "Họp dân")}, Defaults: standing("Xã Tân An").Defaults})
		after(keepLate - keepSettle)
		if b.writings() != 1 || r.sees("Họp dân") != "Họp dân" {
			t.Errorf("%d writes; a board with a notice on it is dark while it is written", b.writings())
		}
		r.d.Show(standing("Xã Tân An"))
		after(keepSettle + 2*keepLook)
		if got := r.keeps("Xã An Sơn", "Xã Tân An"); got != "Xã Tân An" || b.writings() != 2 {
			t.Errorf("kept is %s, %d writes", got, b.writings())
		}
	})
}

// What may stand alone on a board: the place's page for a start, else its idle page,
// else the image's; nothing that moves, and no clock.
func TestSafePages(t *testing.T) {
	page := func(when plan.Standing, style, text string) plan.DefaultPage {
		return plan.DefaultPage{When: when, Page: plan.Page{Text: text, Style: style}}
	}
	for _, c := range []struct {
		name  string
		pages []plan.DefaultPage
		want  string
	}{
		{"none", nil, "default error"},
		{"idle", []plan.DefaultPage{page(plan.LinkLost, "", "Mất liên lạc"), page("", "", "Xã An Sơn")}, "Xã An Sơn"},
		{"a page for a start", []plan.DefaultPage{page("", "", "Xã An Sơn"), page(plan.PowerUp, "", "Xin chờ")}, "Xin chờ"},
		{"it moves", []plan.DefaultPage{page("", "scroll", "Xã An Sơn")}, "default error"},
		{"a clock", []plan.DefaultPage{page("", "", "An Sơn {clock}")}, "default error"},
		{"a clock, and a page without", []plan.DefaultPage{page("", "clock", "{clock}"), page("", "", "Xã An Sơn")}, "Xã An Sơn"},
		{"too long for one page", []plan.DefaultPage{page("", "", "Uỷ ban nhân dân xã An Sơn kính chào quý bà con cô bác gần xa")}, "default error"},
		{"a letter is missing", []plan.DefaultPage{page("", "", "An Sơn \u0e01")}, "default error"},
	} {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				r := newRig(t, &board{keeps: true}, true)
				r.d.Show(plan.Scene{Standing: plan.Idle, Defaults: c.pages})
				after(keepSettle + 2*keepLook)
				if got := r.keeps(c.want); got != c.want {
					t.Errorf("kept is %s", got)
				}
			})
		})
	}
}

// Flash may be written while the worst happens.
func TestAnEmergencyCutsKeepingOff(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := &board{keeps: true, writes: time.Minute}
		r := newRig(t, b, true)
		r.d.Show(standing("Xã An Sơn"))
		for b.writings() == 0 {
			after(time.Second)
		}
		r.d.Show(scene(due("alarm", plan.Emergency, "Lũ quét")))
		after(100 * time.Millisecond)
		if got := r.sees("Lũ quét"); got != "Lũ quét" {
			t.Errorf("a board whose flash is written shows %s", got)
		}
		r.d.Show(standing("Xã An Sơn"))
		after(keepSettle - 2*keepLook)
		if b.writings() != 1 {
			t.Error("it is tried again at once")
		}
		after(6 * keepLook)
		if got := r.keeps("Xã An Sơn"); got != "Xã An Sơn" || b.writings() != 2 {
			t.Errorf("kept is %s, after %d writes", got, b.writings())
		}
	})
}

// A flash that takes nothing is left alone for hours, and told of; what the board
// shows is no worse for it.
func TestAFlashThatTakesNothing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := &board{keeps: true, tired: errors.New("its flash was written 48 times today")}
		r := newRig(t, b, true)
		r.d.Show(standing("Xã An Sơn"))
		after(24 * time.Hour)
		if b.writings() < 2 || b.writings() > 4 {
			t.Errorf("%d tries in a day", b.writings())
		}
		if got := r.sees("Xã An Sơn"); got != "Xã An Sơn" || r.condition(PanelSilent) != nil {
			t.Errorf("the board shows %s; %v", got, r.condition(PanelSilent))
		}
		if err := r.condition(PanelDiffers); !errors.Is(err, b.tired) {
			t.Errorf("what it would show alone is not what it should: %v", err)
		}
	})
}

// Where every picture goes into flash there is nothing to keep beside it.
func TestASteadyPanelKeepsNothing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := &board{flash: true}
		r := newRig(t, b, true)
		r.d.Show(standing("Xã An Sơn"))
		after(time.Hour)
		if b.writings() != 0 {
			t.Errorf("%d writes", b.writings())
		}
	})
}

// Not only an emergency: a notice, too, has its time, and the screen is dark while flash
// is written. What was cut off is no failure: it is tried again when the board has been
// quiet for a while, and until then nobody believes that the old page is there.
func TestWhateverIsDueCutsKeepingOff(t *testing.T) {
	for _, c := range []struct {
		name string
		cut  func(r *rig) (see string)
	}{
		{"a notice", func(r *rig) string {
			r.d.Show(scene(due("a", plan.Normal, "Họp dân")))
			return "Họp dân"
		}},
		{"a picture of the technician's", func(r *rig) string {
			p := image.NewRGBA(image.Rect(0, 0, 128, 32))
			draw.Draw(p, p.Rect, image.White, image.Point{}, draw.Src)
			if err := r.d.Test(p, time.Minute); err != nil {
				t.Fatal(err)
			}
			return "something else"
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				b := &board{keeps: true}
				r := newRig(t, b, true)
				r.d.Show(standing("Xã An Sơn"))
				after(keepSettle + 2*keepLook)
				b.set(func() { b.writes = time.Minute })
				r.d.Show(standing("Xã Tân An"))
				for b.writings() == 1 {
					after(time.Second)
				}
				want := c.cut(r)
				after(100 * time.Millisecond)
				if got := r.sees(want); got != want {
					t.Errorf("a board whose flash is written shows %s", got)
				}
				after(time.Minute)
				r.d.Show(standing("Xã An Sơn")) // as before; half of the other is there
				after(keepSettle - 2*keepLook)
				if b.writings() != 2 {
					t.Error("it is tried again at once")
				}
				after(6 * keepLook)
				if got := r.keeps("Xã An Sơn"); got != "Xã An Sơn" || b.writings() != 3 {
					t.Errorf("kept is %s, after %d writes", got, b.writings())
				}
			})
		})
	}
}

// A page that the law has taken back does not stay in the flash for as long as there are
// notices: after an hour one of them is dark for the time of a write, which is not
// counted as seen. Beneath an alarm it waits.
func TestATakenBackPageIsReplacedOnABusyBoard(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := &board{keeps: true, writes: 30 * time.Second}
		r := newRig(t, b, true)
		r.d.Show(standing("Xã An Sơn"))
		after(keepSettle + 2*keepLook)
		busy := func(class plan.Class, ticker string) {
			o := due("a "+string(class), class, "Họp dân")
			o.Ticker = ticker
			r.d.Show(plan.Scene{Shown: []plan.Occurrence{o}, Defaults: standing("Xã Tân An").Defaults})
		}
		busy(plan.Emergency, "")
		after(keepLate + 4*keepLook)
		if b.writings() != 1 || r.sees("Họp dân") != "Họp dân" {
			t.Errorf("%d writes beneath an alarm", b.writings())
		}
		if r.condition(PanelDiffers) != nil {
			t.Errorf("too early: %v", r.condition(PanelDiffers))
		}
		after(keepLate)
		if r.condition(PanelDiffers) == nil {
			t.Error("nobody is told that the flash holds what is taken back")
		}
		busy(plan.Normal, "Tin chạy")
		after(4 * keepLook)
		if got := r.keeps("Xã An Sơn", "Xã Tân An"); got != "Xã Tân An" || b.writings() != 2 {
			t.Errorf("kept is %s, %d writes", got, b.writings())
		}
		if r.condition(PanelDiffers) != nil {
			t.Errorf("it is mended: %v", r.condition(PanelDiffers))
		}
		r.d.Show(standing("Xã Tân An"))
		after(keepTrust / 2)
		if b.writings() != 2 {
			t.Errorf("%d writes", b.writings())
		}
		for _, p := range r.proofs {
			if dark := p.Until.Sub(p.From) - p.Seen; p.Occurrence.Class == plan.Normal && (dark < b.writes || dark > b.writes+time.Second) {
				t.Errorf("%v of it count as not seen, and the flash was written for %v", dark, b.writes)
			}
		}
	})
}

// The panel is given the page again once a day: it knows best whether to write it.
func TestTheSafePageIsGivenAgainEveryDay(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := &board{keeps: true}
		r := newRig(t, b, true)
		r.d.Show(standing("Xã An Sơn"))
		after(keepSettle + 2*keepLook)
		b.set(func() { b.kept = nil }) // somebody was there
		after(keepTrust - 4*keepLook)
		if b.writings() != 1 {
			t.Errorf("%d times within a day", b.writings())
		}
		after(6 * keepLook)
		if got := r.keeps("Xã An Sơn"); got != "Xã An Sơn" || b.writings() != 2 || r.condition(PanelDiffers) != nil {
			t.Errorf("kept is %s, given %d times; %v", got, b.writings(), r.condition(PanelDiffers))
		}
	})
}
