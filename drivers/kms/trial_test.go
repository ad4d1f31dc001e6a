package kms

import (
	"image"
	"os"
	"path/filepath"
	"testing"

	"loa/agent/display/displaytest"
)

func TestTrial(t *testing.T) {
	displaytest.Run(t, func(t *testing.T) displaytest.Bench {
		k := newKernel()
		p, err := open(Opts{}, k)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if k.torn > 0 {
				t.Errorf("%d pictures were changed while they were seen", k.torn)
			}
		})
		return displaytest.Bench{
			Panel:   p,
			Screen:  k.picture,
			Silence: func(on bool) { k.do(func() { k.screen().plugged = !on }) },
		}
	})
}

// A window of the screen, for a wall that hangs on its side.
func TestTrialOfAnAreaTurned(t *testing.T) {
	for _, turn := range []int{90, 180, 270} {
		displaytest.Run(t, func(t *testing.T) displaytest.Bench {
			k := newKernel()
			area := image.Rect(3, 5, 36, 29)
			p, err := open(Opts{Area: area, Rotate: turn}, k)
			if err != nil {
				t.Fatal(err)
			}
			return displaytest.Bench{Panel: p, Screen: func() image.Image { return straight(k.picture(), area, turn) }}
		})
	}
}

// straight is what somebody sees who leans the head by as much as the screen.
func straight(p image.Image, area image.Rectangle, turn int) image.Image {
	now := image.NewRGBA(image.Rectangle{Max: area.Size()})
	for y := range area.Dy() {
		for x := range area.Dx() {
			now.Set(x, y, p.At(area.Min.X+x, area.Min.Y+y))
		}
	}
	for ; turn > 0; turn -= 90 { // a quarter against the clock
		w, h := now.Rect.Dx(), now.Rect.Dy()
		next := image.NewRGBA(image.Rect(0, 0, h, w))
		for y := range h {
			for x := range w {
				next.Set(y, w-1-x, now.At(x, y))
			}
		}
		now = next
	}
	return now
}

func TestTrialOfFramebuffers(t *testing.T) {
	for name, setup := range framebuffers {
		t.Run(name, func(t *testing.T) {
			displaytest.Run(t, func(t *testing.T) displaytest.Bench {
				k := &fileKernel{path: filepath.Join(t.TempDir(), "fb0"), setup: setup}
				if err := os.WriteFile(k.path, make([]byte, setup.fix.length), 0o600); err != nil {
					t.Fatal(err)
				}
				p, err := open(Opts{Device: k.path}, k)
				if err != nil {
					t.Fatal(err)
				}
				b := displaytest.Bench{
					Panel:   p,
					Screen:  func() image.Image { return k.picture(t) },
					Silence: func(on bool) { k.gone = on },
				}
				if setup.now.bits == 16 {
					b.Tolerance = 4
				}
				return b
			})
		})
	}
}
