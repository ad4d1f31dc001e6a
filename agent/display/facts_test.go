package display

import (
	"errors"
	"fmt"
	"image"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"loa/agent/plan"
)

func TestJudge(t *testing.T) {
	good := map[string]string{
		"on": "true", "signal": "true", "wall": "answers", "test_pattern": "off", "temperature_c": "54.0",
		"brightness_percent": "40", "width": "128", "height": "32", "strangers": "0",
	}
	all := []string{PanelDoor, PanelSender, PanelDiffers, PanelSignal, PanelWall, PanelHot}
	for _, c := range []struct {
		say    map[string]string
		holds  string // codes
		unseen string
	}{
		{nil, "", ""},
		{map[string]string{"open_door": "Wi-Fi"}, "panel-door", ""},
		{map[string]string{"signal": "false"}, "panel-signal", "no picture comes in"},
		{map[string]string{"wall": "its supply is off", "on": "false"}, "panel-wall", "its supply is off"},
		{map[string]string{"on": "false"}, "panel-differs", "switched off"},
		{map[string]string{"test_pattern": "white"}, "panel-differs", "test picture, white"},
		{map[string]string{"temperature_c": "74.5"}, "", ""},
		{map[string]string{"temperature_c": "75.0"}, "panel-hot", ""},
		{map[string]string{"temperature_c": "warm"}, "", ""},
		{map[string]string{"strangers": "2"}, "panel-differs", ""},
		{map[string]string{"width": "64"}, "panel-differs", ""},
		{map[string]string{"width": "wide"}, "panel-differs", ""},
		{map[string]string{"brightness_percent": "50"}, "", ""},
		{map[string]string{"brightness_percent": "51"}, "panel-differs", ""},
	} {
		facts := map[string]string{}
		for k, v := range good {
			facts[k] = v
		}
		for k, v := range c.say {
			facts[k] = v
		}
		conditions, unseen := judge(facts, image.Pt(128, 32), 40)
		var holds []string
		for _, code := range all {
			err, told := conditions[code]
			if !told {
				t.Errorf("%v: nothing about %s", c.say, code)
			}
			if err != nil {
				holds = append(holds, code)
			}
		}
		if got := strings.Join(holds, " "); got != c.holds || len(conditions) != len(all) {
			t.Errorf("%v: %q holds, not %q", c.say, got, c.holds)
		}
		if got := fmt.Sprint(unseen); c.unseen == "" && unseen != nil || !strings.Contains(got, c.unseen) {
			t.Errorf("%v: unseen because %s, not %s", c.say, got, c.unseen)
		}
	}
	if conditions, unseen := judge(nil, image.Pt(128, 32), -1); unseen != nil || slices.ContainsFunc(all, func(c string) bool { return conditions[c] != nil }) {
		t.Errorf("a panel that tells nothing: %v, %v", conditions, unseen)
	}
	conditions, _ := judge(map[string]string{"sender": "no answer"}, image.Pt(128, 32), 40)
	for _, code := range []string{PanelSignal, PanelWall, PanelHot} {
		if _, told := conditions[code]; told {
			t.Errorf("a sending box that does not answer says that there is no %s", code)
		}
	}
}

// What hangs dark is not in the ledger as seen.
func TestADarkBoardIsNotSeen(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := &board{}
		r := newRig(t, b, true)
		r.d.Show(scene(due("a", plan.Normal, "Họp dân")))
		after(10*time.Minute + time.Second)
		b.set(func() { b.off = true })
		after(10 * time.Minute)
		if s := r.d.Status(); s.Unseen == "" {
			t.Error("the technician is not told")
		}
		b.set(func() { b.off = false })
		after(10 * time.Minute)
		r.stop()
		if len(r.proofs) != 1 {
			t.Fatalf("proofs: %+v", r.proofs)
		}
		p := r.proofs[0]
		if p.Seen < 19*time.Minute || p.Seen > 21*time.Minute || p.Err == nil {
			t.Errorf("of half an hour, a third of it in the dark, %v were seen; %v", p.Seen, p.Err)
		}
	})
}

// A panel that has got another brightness by itself is given the right one again; one
// that takes none is not asked for ever, since it may keep it in flash.
func TestBrightnessThatChangesByItself(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := &board{}
		r := newRig(t, b, true)
		s := plan.Scene{Standing: plan.Idle, BrightnessPercent: 30}
		r.d.Show(s)
		after(time.Hour)
		for range 5 {
			b.set(func() { b.bright = 100 })
			after(2*probeEvery + time.Second)
			if got := b.lit(); got != 30 || r.condition(PanelDiffers) != nil {
				t.Errorf("%d %%, %v", got, r.condition(PanelDiffers))
			}
		}
		b.set(func() { b.bright, b.stubborn, b.dims = 90, true, 0 })
		after(5 * time.Minute)
		for range 600 {
			if after(time.Minute); r.condition(PanelDiffers) == nil {
				t.Fatal("a panel that takes no brightness is well for a moment")
			}
		}
		if b.dims < 10 || b.dims > 11 {
			t.Errorf("a panel that takes no brightness was told %d times", b.dims)
		}
	})
}

// The door that the box sees stands beside those that the panel tells of, also where
// the panel tells nothing.
func TestTheBoxSeesADoor(t *testing.T) {
	for _, able := range []bool{true, false} {
		bubble(t, func(t *testing.T) {
			var mu sync.Mutex
			shared := errors.New("the card is in the network behind eth0")
			b := &board{net: func() error {
				mu.Lock()
				defer mu.Unlock()
				return shared
			}}
			r := newRig(t, b, able)
			after(time.Second)
			if err := r.condition(PanelDoor); err == nil || err.Error() != shared.Error() {
				t.Errorf("able %v: %v", able, err)
			}
			b.set(func() { b.door = "Wi-Fi" })
			after(probeEvery + time.Second)
			if got := fmt.Sprint(r.condition(PanelDoor)); able && got != "Wi-Fi; the card is in the network behind eth0" {
				t.Error(got)
			}
			if got := r.d.Status().Facts["open_door"]; able && !strings.Contains(got, "eth0") {
				t.Errorf("the technician reads %q", got)
			}
			b.set(func() { b.door = "" })
			mu.Lock()
			shared = nil
			mu.Unlock()
			after(probeEvery + time.Second)
			if err := r.condition(PanelDoor); err != nil {
				t.Errorf("able %v, on a cable of its own: %v", able, err)
			}
		})
	}
}
