package kms

import (
	"image"
	"strings"
	"testing"

	"loa/agent/display/displaytest"
	"loa/agent/layout"
	"loa/boards"
)

// atHome is a kernel with a screen of 4K at its first socket.
func atHome() *fakeKernel {
	k := newKernel()
	k.sockets[0].number, k.sockets[1].number = 2, 1
	k.screen().modes = []modeInfo{fakeMode(3840, 2160, 60, true), fakeMode(1920, 1080, 60, false), fakeMode(1280, 720, 60, false)}
	return k
}

// The boards with a screen, on a kernel with screens: a page is seen as layout draws it,
// in the window of the board and nowhere else, though the screen would rather be larger.
func TestBoards(t *testing.T) {
	seen := 0
	for _, name := range boards.Names() {
		b, err := boards.Load(name)
		if err != nil {
			t.Fatal(err)
		}
		if b.Panel.Driver != "kms" {
			continue
		}
		seen++
		o := Opts{Connector: b.Panel.Connector, Mode: b.Panel.Mode, Area: image.Rect(0, 0, b.Panel.Width, b.Panel.Height)}
		k := atHome()
		p := mustOpen(t, o, k)
		kind := layout.BoardOf(b.Panel)
		pages, findings := layout.Set("Họp dân", layout.Look{}, kind, layout.Fields{})
		if len(pages) != 1 || len(findings) > 0 {
			t.Fatalf("%s: %d pages, %v", name, len(pages), findings)
		}
		page := image.NewRGBA(image.Rectangle{Max: kind.Size})
		pages[0].Frame(page, 0)
		if err := p.Show(t.Context(), page); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		want := image.NewRGBA(image.Rect(0, 0, 1920, 1080)) // dark
		for y := range kind.Size.Y {
			copy(want.Pix[y*want.Stride:], page.Pix[y*page.Stride:(y+1)*page.Stride])
		}
		if err := displaytest.Same(k.picture(), want, 0); err != nil {
			t.Errorf("%s: %v", name, err)
		}

		for what, c := range map[string]struct {
			harm  func(*socket)
			words string
		}{
			"another screen": {func(s *socket) { s.modes = s.modes[2:] }, "does not offer 1920x1080, but 1280x720@60"},
			"no screen":      {func(s *socket) { s.plugged = false }, "no screen is connected"},
		} {
			k := atHome()
			c.harm(k.screen())
			p, err := open(o, k)
			if err == nil { // it waits for its screen
				err = p.Show(t.Context(), page)
				p.Close()
			}
			if err == nil || !strings.Contains(err.Error(), c.words) {
				t.Errorf("%s on %s: %v", name, what, err)
			}
		}
	}
	if seen < 2 {
		t.Errorf("%d boards with a screen", seen)
	}
}
