package bx

import (
	"context"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"loa/agent/display"
	"loa/agent/display/displaytest"
	"loa/agent/layout"
	"loa/agent/plan"
	"loa/drivers/bx/bxtest"
)

// onCard opens a card with its guard's log in a file, in time that costs nothing.
func onCard(t *testing.T, model bxtest.Model, test func(t *testing.T, card *bxtest.Card, open func() *Panel)) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "flash.json")
	synctest.Test(t, func(t *testing.T) {
		card := bxtest.New(model)
		defer card.Close()
		test(t, card, func() *Panel {
			p, err := New(card.Dial(), Opts{FlashLog: path})
			if err != nil {
				t.Fatal(err)
			}
			return p
		})
	})
}

// dotted has one pixel of its own, so each n is another picture.
func dotted(p *Panel, n int) *image.RGBA {
	m := image.NewRGBA(image.Rectangle{Max: p.Size()})
	m.Set(n%p.size.X, n/p.size.X, color.RGBA{255, 0, 0, 255})
	return m
}

func mustShow(t *testing.T, card *bxtest.Card, p *Panel, n int) {
	t.Helper()
	if err := p.Show(t.Context(), dotted(p, n)); err != nil {
		t.Fatal(err)
	}
	mustSee(t, card, dotted(p, n))
}

func mustSee(t *testing.T, card *bxtest.Card, want image.Image) {
	t.Helper()
	if err := displaytest.Same(card.Screen(), want, 0); err != nil {
		t.Fatal(err)
	}
}

// A card without RAM areas is written to for another picture only, also by the
// next agent, and not at all after a power cut.
func TestFlashIsWrittenForChangesOnly(t *testing.T) {
	for _, model := range []bxtest.Model{bxtest.BX5A, bxtest.BX6M} {
		perPage := 1
		if model.Name == "BX-6M" {
			perPage = 2 // the bitmaps are a file of their own
		}
		t.Run(model.Name, func(t *testing.T) {
			onCard(t, model, func(t *testing.T, card *bxtest.Card, open func() *Panel) {
				p := open()
				mustShow(t, card, p, 1)
				mustShow(t, card, p, 1)
				if n := card.FlashWrites(); n != perPage {
					t.Errorf("%d writes for a page shown twice", n)
				}
				card.PowerCut()
				mustSee(t, card, dotted(p, 1))
				mustShow(t, card, p, 1)
				p = open()
				mustShow(t, card, p, 1)
				if n := card.FlashWrites(); n != perPage {
					t.Errorf("%d writes after a power cut and another agent", n)
				}
				mustShow(t, card, p, 2)
				if n := card.FlashWrites(); n != 2*perPage {
					t.Errorf("%d writes for two pages", n)
				}
				if facts, err := p.Probe(t.Context()); err != nil || facts["lost"] != "false" || facts["flash_writes"] != "2" {
					t.Errorf("%v, %v", facts, err)
				}
			})
		})
	}
}

// What others did to the card is seen, and mended by the next Show.
func TestFlashOfAnotherCard(t *testing.T) {
	onCard(t, bxtest.BX6M, func(t *testing.T, card *bxtest.Card, open func() *Panel) {
		p := open()
		mustShow(t, card, p, 1)
		if err := p.Keep(t.Context(), 0, dotted(p, 3)); err != nil {
			t.Fatal(err)
		}
		mustSee(t, card, dotted(p, 1)) // the kept page does not take turns with what is shown
		card.Wipe()
		facts, err := p.Probe(t.Context())
		if err != nil || facts["lost"] != "true" {
			t.Errorf("a wiped card: %v, %v", facts, err)
		}
		mustShow(t, card, p, 1)
		card.Wipe()
		mustShow(t, card, p, 1) // without a probe, too
	})
}

func TestFlashIsSpared(t *testing.T) {
	onCard(t, bxtest.BX6M, func(t *testing.T, card *bxtest.Card, open func() *Panel) {
		p := open()
		for n := range usualWrites {
			if n == 20 {
				p = open() // who starts again does not begin at zero
			}
			mustShow(t, card, p, n)
		}
		before := card.FlashWrites()
		err := p.Show(t.Context(), dotted(p, 99))
		if err == nil || !strings.Contains(err.Error(), "flash was written 48 times today") {
			t.Errorf("%v", err)
		}
		mustShow(t, card, p, usualWrites-1) // what is there needs no write
		if n := card.FlashWrites(); n != before {
			t.Errorf("%d writes over the limit", n-before)
		}
		time.Sleep(24 * time.Hour)
		mustShow(t, card, p, 99)
	})
}

// A write that fails has worn the flash as well, and is not believed.
func TestFlashFails(t *testing.T) {
	onCard(t, bxtest.BX6M, func(t *testing.T, card *bxtest.Card, open func() *Panel) {
		p := open()
		mustShow(t, card, p, 1)
		card.Busy(100)
		if err := p.Show(t.Context(), dotted(p, 2)); err == nil {
			t.Fatal("a busy card takes a page")
		}
		card.Busy(0)
		for i := range 12 { // the supply fails at every step of an upload
			card.CutAfter(i)
			if err := p.Show(t.Context(), dotted(p, 3+i)); err != nil {
				t.Logf("cut after %d commands: %v", i, err)
			}
			mustShow(t, card, p, 3+i)
		}
	})
}

// Kept pages survive what RAM does not.
func TestKeep(t *testing.T) {
	for _, model := range []bxtest.Model{bxtest.BX5E2, bxtest.BX6E2, bxtest.BX6Q2, bxtest.BX5Q1} {
		t.Run(model.Name, func(t *testing.T) {
			onCard(t, model, func(t *testing.T, card *bxtest.Card, open func() *Panel) {
				card.Empty()
				p := open()
				for range 3 {
					if err := p.Keep(t.Context(), 0, dotted(p, 5)); err != nil {
						t.Fatal(err)
					}
				}
				writes := card.FlashWrites()
				mustShow(t, card, p, 6)
				card.PowerCut()
				mustSee(t, card, dotted(p, 5))
				if again := card.FlashWrites(); again != writes || writes > 2 {
					t.Errorf("%d writes for one page, %d with a Show", writes, again)
				}
				if err := p.Drop(t.Context(), 0); err != nil || len(card.Files()) != 0 {
					t.Errorf("left are %v; %v", card.Files(), err)
				}
				for _, slot := range []int{-1, mostKept} {
					if err := p.Keep(t.Context(), slot, dotted(p, 5)); err == nil {
						t.Errorf("slot %d was taken", slot)
					}
				}
			})
		})
	}
}

// What its shop or its last owner left in the flash takes turns with the safe page:
// that is told as soon as there is one.
func TestStrangers(t *testing.T) {
	onCard(t, bxtest.BX6E2, func(t *testing.T, card *bxtest.Card, open func() *Panel) {
		p := open()
		strangers := func() string {
			facts, err := p.Probe(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return facts["strangers"]
		}
		if got := strangers(); got != "" {
			t.Errorf("before anything is kept: %q", got)
		}
		if err := p.Keep(t.Context(), 0, dotted(p, 5)); err != nil {
			t.Fatal(err)
		}
		if got := strangers(); got != "1" {
			t.Errorf("beside the shop's program: %q", got)
		}
		p = open() // another agent, the same log
		card.Empty()
		if got := strangers(); got != "" {
			t.Errorf("after it was cleared: %q", got)
		}
	})
}

// A log that is damaged costs a write. One that cannot be written stops them:
// a box that forgets would wear the flash out.
func TestFlashLog(t *testing.T) {
	path := filepath.Join(t.TempDir(), "flash.json")
	for _, b := range []string{"", "{", "[]", `{"pages":7}`, "\x00\x00"} {
		if err := os.WriteFile(path, []byte(b), 0o600); err != nil {
			t.Fatal(err)
		}
		f := flash{path: path, now: time.Now}
		f.card("a", 1)
		if f.holds("000", "x") || f.begin("000", false) != nil || f.done("000", "x", false) != nil {
			t.Errorf("%q: %+v", b, f.log)
		}
		f = flash{path: path, now: time.Now}
		f.card("a", 1)
		if !f.holds("000", "x") || f.today() != 1 {
			t.Errorf("after %q: %+v", b, f.log)
		}
		f.card("b", 1)
		if f.holds("000", "x") || f.today() != 1 {
			t.Errorf("another card: %+v", f.log)
		}
	}
	f := flash{path: filepath.Join(path, "no", "directory"), now: time.Now}
	if err := f.begin("000", false); err == nil {
		t.Error("a log that cannot be written is no reason to stop")
	}
}

// The day's pages do not use up what an alarm needs, nor what takes it off again. That
// has an end, too, and the last write of a day is never an alarm's: it would stand there
// until tomorrow.
func TestFlashIsKeptForAlarms(t *testing.T) {
	onCard(t, bxtest.BX6M, func(t *testing.T, card *bxtest.Card, open func() *Panel) {
		p := open()
		for n := range usualWrites {
			mustShow(t, card, p, n)
		}
		if err := p.Show(t.Context(), dotted(p, 200)); err == nil {
			t.Fatal("the day's pages have no end")
		}
		p.Urgent(true)
		mustShow(t, card, p, 100)
		p = open() // the agent starts again beneath the alarm
		p.Urgent(false)
		mustShow(t, card, p, 201) // the alarm is over
		if err := p.Show(t.Context(), dotted(p, 202)); err == nil {
			t.Error("a page takes what is kept for alarms")
		}
		if err := p.Keep(t.Context(), 0, dotted(p, 203)); err == nil {
			t.Error("a kept page takes what is kept for alarms")
		}
		alarms := 0
		for p.Urgent(true); alarms < 100 && p.Show(t.Context(), dotted(p, 300+alarms)) == nil; alarms++ {
		}
		if want := urgentWrites - 3; alarms != want {
			t.Errorf("%d more alarms instead of %d", alarms, want)
		}
		p.Urgent(false)
		mustShow(t, card, p, 204)
		if facts, err := p.Probe(t.Context()); err != nil || facts["flash_writes"] != "64" {
			t.Errorf("%v, %v", facts, err)
		}
		p.Urgent(true)
		if err := p.Show(t.Context(), dotted(p, 400)); err == nil {
			t.Error("alarms have no end")
		}
	})
}

// An alarm is seen on a card of which the day's notices have used up the writes, and the
// place's page after it.
func TestAnAlarmAfterADayOfNotices(t *testing.T) {
	onCard(t, bxtest.BX6M, func(t *testing.T, card *bxtest.Card, open func() *Panel) {
		b := layout.Board{Size: bxtest.BX6M.Size, Colors: layout.TwoColor}
		d := display.New(display.Opts{Board: b, Open: func(context.Context) (display.Panel, error) { return steadyPanel{open()}, nil }})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); d.Run(ctx) }() // waited for below
		defer func() { cancel(); <-done }()
		taken := func(text string, class plan.Class) bool {
			d.Show(plan.Scene{Shown: []plan.Occurrence{{ID: text, Class: class, Pages: []plan.Page{{Text: text, StayS: 60}}}}})
			time.Sleep(time.Minute)
			return d.Status().Taken
		}
		for n := 0; taken(fmt.Sprint("Tin ", n), plan.Normal); n++ {
			if n > usualWrites {
				t.Fatal("the day's notices have no end")
			}
		}
		for _, s := range []struct {
			text  string
			class plan.Class
		}{{"Lũ", plan.Emergency}, {"Hết lũ", plan.Normal}} {
			if !taken(s.text, s.class) {
				t.Fatalf("%s is not taken: %s", s.text, d.Status().Err)
			}
			look, _ := layout.LookNamed("scroll")
			pages, _ := layout.Set(s.text, look, b, layout.Fields{})
			want := image.NewRGBA(image.Rectangle{Max: b.Size}) // where the strip begins
			draw.Draw(want, want.Rect, pages[0].Picture(), image.Point{}, draw.Src)
			if err := displaytest.Same(card.Screen(), want, 0); err != nil {
				t.Errorf("%s: %v", s.text, err)
			}
		}
	})
}

type steadyPanel struct{ *Panel }

func (steadyPanel) Steady() bool { return true }

// A visitor who overwrites the kept page over the card's own network leaves the number
// of programs as it is, and no question tells what is in one. So what is kept is written
// again after a week, and not before.
func TestAKeptPageIsWrittenAgainAfterAWeek(t *testing.T) {
	onCard(t, bxtest.BX6E2, func(t *testing.T, card *bxtest.Card, open func() *Panel) {
		card.Empty()
		p := open()
		keep := func() {
			t.Helper()
			if err := p.Keep(t.Context(), 0, dotted(p, 5)); err != nil {
				t.Fatal(err)
			}
		}
		keep()
		visitor, err := New(card.Dial(), Opts{})
		if err != nil {
			t.Fatal(err)
		}
		if err := visitor.Keep(t.Context(), 0, dotted(p, 6)); err != nil {
			t.Fatal(err)
		}
		card.PowerCut()
		mustSee(t, card, dotted(p, 6))
		writes := card.FlashWrites()
		time.Sleep(refreshAfter - time.Hour)
		p = open() // another agent, the same log
		if keep(); card.FlashWrites() != writes {
			t.Error("it is written again before a week is over")
		}
		time.Sleep(2 * time.Hour)
		keep()
		mustSee(t, card, dotted(p, 5))
		writes = card.FlashWrites()
		for range 6 {
			time.Sleep(24 * time.Hour)
			if keep(); card.FlashWrites() != writes {
				t.Fatal("it is written more than once a week")
			}
		}
	})
}
