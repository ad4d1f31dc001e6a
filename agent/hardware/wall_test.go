package hardware

import (
	"context"
	"errors"
	"fmt"
	"image"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"loa/agent/display"
	"loa/agent/health"
	"loa/agent/layout"
	"loa/agent/plan"
	"loa/drivers/novastar"
	"loa/drivers/novastar/novastartest"
)

// A monitor takes pictures, as an HDMI output does, whatever hangs on it.
type monitor struct {
	mu     sync.Mutex
	shows  int
	closes int
}

func (m *monitor) Size() image.Point { return image.Pt(128, 32) }
func (m *monitor) Show(context.Context, image.Image) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.shows++
	return nil
}
func (m *monitor) Probe(context.Context) (map[string]string, error) {
	return map[string]string{"model": "HDMI-A-1", "on": "true", "lost": "false"}, nil
}
func (m *monitor) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closes++
	return nil
}

// What a sending box tells becomes a condition that names the cable or the part; a box
// that does not answer takes the brightness away, and not the pictures.
func TestWhatASendingBoxTells(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var (
			screen    monitor
			mu        sync.Mutex
			unplugged bool
			proofs    []display.Showing
		)
		box, conn := novastartest.New()
		w := &wall{screen: &screen, wire: func() (novastar.Conn, error) {
			mu.Lock()
			defer mu.Unlock()
			if unplugged {
				return nil, errors.New("/dev/ttyUSB0: no such file or directory")
			}
			if conn == nil {
				conn = box.Plug()
			}
			defer func() { conn = nil }()
			return conn, nil
		}}
		h := health.New(nil, nil)
		d := display.New(display.Opts{
			Open:   func(context.Context) (display.Panel, error) { return w, nil },
			Board:  layout.Board{Size: image.Pt(128, 32), Colors: layout.Full},
			Report: h.Report,
			Proof: func(s display.Showing) {
				mu.Lock()
				defer mu.Unlock()
				proofs = append(proofs, s)
			},
		})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); d.Run(ctx) }() // waited for below
		defer func() { cancel(); <-done }()

		holds := func(when string, want ...string) {
			t.Helper()
			time.Sleep(15 * time.Minute)
			synctest.Wait()
			codes := map[string]bool{}
			for _, a := range h.Active(time.Now()) {
				codes[a.Code] = true
				if a.PartVI == "" && a.Code != "panel-differs" {
					t.Errorf("%s: %s names no part", when, a.Code)
				}
			}
			if got := slices.Sorted(maps.Keys(codes)); fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("%s: %v holds, not %v; %v", when, got, want, d.Status().Facts)
			}
		}
		notice := func(id string) {
			d.Show(plan.Scene{BrightnessPercent: 30, Shown: []plan.Occurrence{
				{ID: id, Class: plan.Normal, Slot: id, Pages: []plan.Page{{Text: "Họp dân " + id, StayS: 600}}},
			}})
		}
		notice("a")
		holds("all is well")
		if c := box.Wall()[0]; c.Brightness != 77 { // 1 + 30 % of 254
			t.Errorf("the wall is lit with %d of 255", c.Brightness)
		}
		box.Signal(false)
		holds("the HDMI cable is out", "panel-signal")
		box.Signal(true)
		holds("it is in again")
		box.WallOff(true)
		holds("the wall has no supply", "panel-wall")
		box.WallOff(false)
		holds("it is supplied again, as bright as its makers like it")
		if c := box.Wall()[0]; c.Brightness != 77 {
			t.Errorf("after its power cut the wall is lit with %d of 255", c.Brightness)
		}
		box.SetCard(0x0a000000, []byte{0x80, 2 * 81, 0, 0xac})
		holds("a fan stands still", "panel-hot")
		box.PowerCut()
		box.SetCard(0x02000101, []byte{5})
		holds("a technician has left a test picture", "panel-differs")
		box.PowerCut()
		holds("all is well again")

		mu.Lock()
		unplugged = true
		mu.Unlock()
		box.Silence(true)
		holds("the control cable is out", "panel-sender")
		before := screen.shows
		notice("b")
		synctest.Wait()
		if screen.shows == before || screen.closes > 0 {
			t.Errorf("the picture waits for the control cable: %d shows, closed %d times", screen.shows-before, screen.closes)
		}
		mu.Lock()
		unplugged = false
		mu.Unlock()
		box.Silence(false)
		box.PowerCut() // it was half bright since then
		holds("it is in again")
		if c := box.Wall()[0]; c.Brightness != 77 {
			t.Errorf("with its cable the wall is lit with %d of 255", c.Brightness)
		}

		// The ledger does not call seen what nobody saw.
		d.Show(plan.Scene{Standing: plan.Idle})
		time.Sleep(2 * time.Hour)
		synctest.Wait()
		mu.Lock()
		defer mu.Unlock()
		if len(proofs) == 0 || proofs[0].Err == nil || !strings.Contains(proofs[0].Err.Error(), "no picture comes in") ||
			proofs[0].Until.Sub(proofs[0].From)-proofs[0].Seen < 40*time.Minute {
			t.Errorf("proofs: %+v", proofs)
		}
	})
}
