package plan

import (
	"fmt"
	"testing"
	"time"
)

func TestReleasesAreOrderedByNumbers(t *testing.T) {
	rising := []string{"dev", "0.9", "1.2", "1.2.1", "1.9", "1.10", "v1.10.3-4-gabcdef", "2", "10.0"}
	for i, a := range rising {
		for j, b := range rising {
			want := 0
			if i < j {
				want = -1
			} else if i > j {
				want = 1
			}
			if got := CompareReleases(a, b); got != want {
				t.Errorf("CompareReleases(%q, %q) = %d, want %d", a, b, got, want)
			}
		}
	}
	for _, hash := range []string{"7b0fce4", "98abc12-dirty", "dev"} {
		if CompareReleases(hash, "0.1") >= 0 {
			t.Errorf("%s is newer than a release", hash)
		}
	}
	if CompareReleases("1.2", "1.2.0") != 0 || CompareReleases("v1.2-rc1", "1.2") != 0 {
		t.Error("what follows the numbers counts")
	}
}

func TestWhoseTurnItIs(t *testing.T) {
	from := time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)
	f := Firmware{Version: "1.2", From: from, Rings: []Ring{{24, 5}, {48, 25}, {96, 100}}}
	all := &Rollout{Version: "1.2", Percent: 100}
	count := func(f Firmware, r *Rollout, after time.Duration) (n int) {
		for i := range 10000 {
			if f.May(fmt.Sprintf("d-%05d", i), r, from.Add(after)) {
				n++
			}
		}
		return n
	}
	canary := f
	canary.Canary = true
	for _, c := range []struct {
		name        string
		f           Firmware
		r           *Rollout
		after       time.Duration
		least, most int
	}{
		{"before its time", canary, all, -time.Second, 0, 0},
		{"canaries at once", canary, &Rollout{Version: "1.2"}, 0, 10000, 10000},
		{"nobody else yet", f, all, 0, 0, 0},
		{"one in twenty after a day", f, all, 24 * time.Hour, 440, 560},
		{"a quarter after two", f, all, 95 * time.Hour, 2350, 2650},
		{"all after four", f, all, 96 * time.Hour, 10000, 10000},
		{"the dispatcher holds back", f, &Rollout{Version: "1.2", Percent: 5}, 96 * time.Hour, 440, 560},
		{"the dispatcher says nothing", canary, nil, 96 * time.Hour, 0, 0},
		{"the dispatcher speaks of another release", canary, &Rollout{Version: "1.3", Percent: 100}, 96 * time.Hour, 0, 0},
		{"the dispatcher lets all go at once", f, all, 25 * time.Hour, 440, 560},
	} {
		if n := count(c.f, c.r, c.after); n < c.least || n > c.most {
			t.Errorf("%s: %d of 10000 boxes, want %d to %d", c.name, n, c.least, c.most)
		}
	}
	other := 0
	for i := range 1000 {
		d := fmt.Sprintf("d-%05d", i)
		if Spread(d, "1.2") < 25 && Spread(d, "1.3") < 25 {
			other++
		}
	}
	if other < 30 || other > 100 {
		t.Errorf("%d of 1000 boxes are in the first quarter of two releases: it should be 62 or so", other)
	}
}

func TestWindowOfTheDay(t *testing.T) {
	at := func(clock string) time.Time {
		d, _ := ParseClock(clock)
		return time.Date(2026, 11, 24, 0, 0, 0, 0, here).Add(d).UTC()
	}
	for _, c := range []struct {
		w    *Window
		at   string
		want bool
	}{
		{nil, "00:29:59", false}, {nil, "00:30", true}, {nil, "03:59:59", true}, {nil, "04:00", false}, {nil, "12:00", false},
		{&Window{"22:00", "04:00"}, "23:00", true}, {&Window{"22:00", "04:00"}, "03:00", true}, {&Window{"22:00", "04:00"}, "04:00", false},
		{&Window{"22:00", "04:00"}, "21:59", false}, {&Window{"00:00", "24:00"}, "12:00", true},
	} {
		if got := (Firmware{Window: c.w}).InWindow(at(c.at)); got != c.want {
			t.Errorf("%v at %s: %v", c.w, c.at, got)
		}
	}
}

func TestFirmwareIsChecked(t *testing.T) {
	for _, c := range []struct {
		field, part string
		spoil       func(*Firmware)
	}{
		{"firmware.version", "1 to 4 numbers", func(f *Firmware) { f.Version = "1.02" }},
		{"firmware.version", "1 to 4 numbers", func(f *Firmware) { f.Version = "latest" }},
		{"firmware.version", "1 to 4 numbers", func(f *Firmware) { f.Version = "1.2.3.4.5" }},
		{"firmware.security", "-1", func(f *Firmware) { f.Security = -1 }},
		{"firmware.bundles", "1 to 32", func(f *Firmware) { f.Bundles = nil }},
		{"firmware.bundles.Rock64", "no id", func(f *Firmware) { f.Bundles["Rock64"] = f.Bundles["rock64"] }},
		{"firmware.bundles.rock64.bytes", "536870912", func(f *Firmware) { f.Bundles["rock64"] = Bundle{f.Bundles["rock64"].SHA256, MaxBundle + 1} }},
		{"firmware.bundles.rock64.sha256", "SHA-256", func(f *Firmware) { f.Bundles["rock64"] = Bundle{"ab", 1} }},
		{"firmware.from", "missing", func(f *Firmware) { f.From = time.Time{} }},
		{"firmware.rings", "1 to 8", func(f *Firmware) { f.Rings = nil }},
		{"firmware.rings[1]", "neither later", func(f *Firmware) { f.Rings[1].AfterH = f.Rings[0].AfterH }},
		{"firmware.rings[2]", "neither later", func(f *Firmware) { f.Rings[2].Percent = 25 }},
		{"firmware.rings[0].percent", "101", func(f *Firmware) { f.Rings[0].Percent = 101 }},
		{"firmware.window.until", "whole day", func(f *Firmware) { f.Window.Until = f.Window.From }},
	} {
		w := read[Want](t, KindWant)
		c.spoil(w.Firmware)
		says(t, w.Validate(), Malformed, c.field, c.part)
	}
	beat := read[Beat](t, KindBeat)
	beat.Rollout = &Rollout{Version: "1.2", Percent: 101}
	says(t, beat.Validate(), Malformed, "rollout.percent", "101")
}
