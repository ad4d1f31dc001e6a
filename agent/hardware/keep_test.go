package hardware

import (
	"context"
	"image"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"loa/agent/display"
	"loa/agent/display/displaytest"
	"loa/agent/layout"
	"loa/agent/plan"
	"loa/drivers/bx"
	"loa/drivers/bx/bxtest"
)

// A board whose box has died shows the safe page after the next power cut, and not what
// its last owner left in the card. The flash is written once for it, however often the
// box starts again; a short cut is seen and the notice comes back.
func TestABoardAloneShowsTheSafePage(t *testing.T) {
	for model, colors := range map[*bxtest.Model]layout.Colors{&bxtest.BX5E2: layout.Mono, &bxtest.BX6E2: layout.TwoColor} {
		t.Run(model.Name, func(t *testing.T) {
			log := filepath.Join(t.TempDir(), "panel-flash.json")
			synctest.Test(t, func(t *testing.T) {
				card := bxtest.New(*model)
				defer card.Close()
				card.Empty()
				b := layout.Board{Size: model.Size, Colors: colors}
				open := func(context.Context) (display.Panel, error) {
					p, err := bx.New(card.Dial(), bx.Opts{FlashLog: log, Witness: true})
					if err != nil {
						return nil, err
					}
					areas, _ := p.Areas()
					return areas, nil
				}
				sees := func(text string) {
					t.Helper()
					synctest.Wait()
					pages, _ := layout.Set(text, layout.Look{}, b, layout.Fields{})
					want := image.NewRGBA(image.Rectangle{Max: b.Size})
					pages[0].Frame(want, 0)
					if err := displaytest.Same(card.Screen(), want, 0); err != nil {
						t.Errorf("%s is not to be seen: %v", text, err)
					}
				}
				writes := 0
				for life := range 3 {
					d := display.New(display.Opts{Open: open, Board: b})
					ctx, cancel := context.WithCancel(t.Context())
					done := make(chan struct{})
					go func() { defer close(done); d.Run(ctx) }() // waited for below
					defaults := []plan.DefaultPage{{Page: plan.Page{Text: "An Sơn"}}}
					d.Show(plan.Scene{Standing: plan.Idle, Defaults: defaults})
					time.Sleep(30 * time.Minute)
					if life == 0 {
						writes = card.FlashWrites()
					}
					d.Show(plan.Scene{Defaults: defaults, Shown: []plan.Occurrence{
						{ID: "a", Class: plan.Normal, Pages: []plan.Page{{Text: "Họp", StayS: 600}}},
					}})
					time.Sleep(time.Minute)
					sees("Họp")
					card.PowerCut()
					sees("An Sơn")
					time.Sleep(time.Minute)
					sees("Họp")
					cancel()
					<-done
					sees("Họp") // whoever restarts the agent does not darken the board
					card.PowerCut()
					time.Sleep(time.Hour)
					sees("An Sơn")
				}
				if n := card.FlashWrites(); n != writes || writes < 1 || writes > 2 {
					t.Errorf("%d files were written for one page, %d in three lives", writes, n)
				}
			})
		})
	}
}
