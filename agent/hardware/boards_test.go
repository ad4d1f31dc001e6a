package hardware

import (
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
	"golang.org/x/term"

	"loa/agent/display"
	"loa/agent/display/displaytest"
	"loa/agent/layout"
	"loa/agent/plan"
	"loa/agent/sound"
	"loa/agent/speaker"
	"loa/boards"
	"loa/drivers/bx/bxtest"
	"loa/drivers/colorlight/colorlighttest"
	"loa/drivers/cpower/cpowertest"
	"loa/drivers/gpioline"
	"loa/drivers/novastar/novastartest"
	"loa/drivers/oto/ototest"
)

// A site is a place where a board of some kind hangs. Its device is a stand-in that
// behaves, at the end of a real port, connection or cable.
type site struct {
	kind   boards.Board // of its file; only addresses are those of this machine
	root   string
	screen func() image.Image // what people in front of it see

	// open opens the panel where Devices.Panel cannot.
	open func(context.Context) (display.Panel, error)
}

func newSite(t *testing.T, board string) *site {
	t.Helper()
	kind, err := boards.Load(board)
	if err != nil {
		t.Fatal(err)
	}
	return &site{kind: kind, root: t.TempDir()}
}

// hang puts the device of a board file at its place, by driver.
var hang = map[string]func(*testing.T, *site){
	"bx":         hangBX,
	"cpower":     hangCPower,
	"colorlight": hangColorlight,
	"kms":        hangScreen,
	"png":        hangPicture,
}

// Every board file that there is shows pages: each of them as it is laid out, pixel by
// pixel, read from what stands in for its device.
func TestEveryBoardShows(t *testing.T) {
	for _, name := range boards.Names() {
		s := newSite(t, name)
		if !s.kind.Panel.There() {
			continue
		}
		t.Run(name, func(t *testing.T) {
			device := hang[s.kind.Panel.Driver]
			if device == nil {
				t.Fatalf("driver %q has no stand-in: give it a line in hang", s.kind.Panel.Driver)
			}
			device(t, s)
			v := s.look(t)
			v.show("Họp dân", "notice")
			v.sees("Họp dân", "notice")
			v.show("Khẩn cấp", "alert") // in red
			v.sees("Khẩn cấp", "alert")
			for _, code := range []string{
				display.PanelMissing, display.PanelSilent, display.PanelDiffers,
				display.PanelSender, display.PanelSignal, display.PanelWall, display.PanelHot,
			} {
				if err := v.is(code); err != nil {
					t.Errorf("%s: %v", code, err)
				}
			}
		})
	}
}

// What can be wrong at a board has a condition that says what was heard.
func TestWhatIsWrongAtABoard(t *testing.T) {
	nothing := func(*testing.T, *site) {}
	for _, c := range []struct {
		name, board string
		hang        func(*testing.T, *site)
		code        string
		words       []string
	}{
		{"the adapter is not plugged in", "commune-led-128x32", nothing,
			display.PanelMissing, []string{"platform-1c1b000.usb", "no such file or directory"}},
		{"the card has no power", "commune-led-128x32", func(t *testing.T, s *site) { s.port(t, s.kind.Panel.TTY, swallow) },
			display.PanelMissing, []string{"bx: no answer from", "platform-1c1b000.usb"}},
		{"the card is set to another speed", "commune-led-128x32", func(t *testing.T, s *site) {
			card := bxOf(t, s, bxtest.BX5E2)
			s.port(t, s.kind.Panel.TTY, patch(card.Serial(57600, 9600)))
		}, display.PanelMissing, []string{"bx: no answer from", "heard nothing"}},
		{"a receiver of positions hangs there", "commune-led-128x32", func(t *testing.T, s *site) {
			s.port(t, s.kind.Panel.TTY, says("$GPGGA,092725.00,1044.1234,N,10640.5678,E,1,08\r\n"))
		}, display.PanelMissing, []string{"bytes of noise (24 47 50 47 47 41", "another speed, another protocol"}},
		{"a smaller card", "commune-led-128x32", func(t *testing.T, s *site) {
			card := bxtest.New(bxtest.BX5E2) // 64 × 32
			t.Cleanup(card.Close)
			s.port(t, s.kind.Panel.TTY, patch(card.Dial()))
		}, display.PanelMissing, []string{"(128,32) does not fit into the 64×32 that the card is set up for"}},

		{"nobody at the address", "commune-led-192x64", func(t *testing.T, s *site) {
			s.listen(t, swallow).Close()
		}, display.PanelMissing, []string{"127.0.0.1:", "connection refused"}},
		{"a card that says nothing", "commune-led-192x64", func(t *testing.T, s *site) { s.listen(t, swallow) },
			display.PanelSilent, []string{"no answer from card 1 at 127.0.0.1:"}},
		{"a login at the address", "commune-led-192x64", func(t *testing.T, s *site) { s.listen(t, says("SSH-2.0-OpenSSH_9.2\r\n")) },
			display.PanelSilent, []string{"no answer from card 1 at 127.0.0.1:", "only 63 bytes that are no packets (53 53 48 2D 32 2E 30 2D …): another protocol?"}},
		{"a card of the serial framing", "commune-led-192x64", func(t *testing.T, s *site) {
			card := cpowertest.New(cpowertest.Opts{Width: 192, Height: 64, Network: false})
			s.listen(t, func(c io.ReadWriteCloser) { card.Serve(c) })
		}, display.PanelSilent, []string{"no answer from card 1"}},

		{"no such network interface", "led-wall-512x256", nothing,
			display.PanelMissing, []string{"colorlight: ", "eth1", "no such network interface"}},
		{"no receiving card on the cable", "led-wall-512x256", func(t *testing.T, s *site) { s.cable(t) },
			display.PanelSilent, []string{"no answer from a card on eth1", "though the link is up"}},
		{"a wall of another size", "led-wall-512x256", func(t *testing.T, s *site) {
			s.cable(t).Serve(t, &colorlighttest.Card{Size: image.Pt(256, 256), Major: 11})
		}, display.PanelDiffers, []string{"width is 256 instead of 512"}},

		{"a screen of another size", "lcd-1080p", func(t *testing.T, s *site) {
			hangScreen(t, s)
			s.open = func(context.Context) (display.Panel, error) { return &glass{size: image.Pt(1280, 720)}, nil }
		}, display.PanelMissing, []string{"(1280,720) pixels, the board file says (1920,1080)"}},
		{"a sending box without power", "led-wall-hdmi", func(t *testing.T, s *site) {
			hangScreen(t, s)
			os.Remove(filepath.Join(s.root, s.kind.Panel.SenderTTY))
			s.port(t, s.kind.Panel.SenderTTY, swallow)
		}, display.PanelSender, []string{"novastar: ", "no answer"}},
		{"no sending box", "led-wall-hdmi", func(t *testing.T, s *site) {
			hangScreen(t, s)
			os.Remove(filepath.Join(s.root, s.kind.Panel.SenderTTY))
		}, display.PanelSender, []string{"sending box: ", "ttyUSB0", "no such file"}},
		{"a screen where there is none", "lcd-1080p", func(t *testing.T, s *site) {
			for _, device := range []string{"/dev/dri/card*", "/dev/fb0"} {
				if found, _ := filepath.Glob(device); len(found) > 0 {
					t.Skipf("this machine has a screen, %s", found[0])
				}
			}
		}, display.PanelMissing, []string{"kms: ", "/dev/fb0"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if testing.Short() && slices.Contains([]string{"a card that says nothing", "a card of the serial framing", "the card is set to another speed", "the card has no power"}, c.name) {
				t.Skip("takes as long as the patience of its driver, and is like another")
			}
			t.Parallel() // most of it is waiting for who does not answer
			s := newSite(t, c.board)
			c.hang(t, s)
			v := s.look(t)
			v.show("Họp dân", "notice")
			v.told(c.code, c.words...)
		})
	}
}

// A viewer is somebody who runs a board and looks at it.
type viewer struct {
	t     *testing.T
	site  *site
	board layout.Board
	d     *display.Display

	mu   sync.Mutex
	ever map[string]error // the first of each condition, by its code
	now  map[string]error
}

// look runs the display of a site until the test ends.
func (s *site) look(t *testing.T) *viewer {
	v := &viewer{t: t, site: s, board: layout.BoardOf(s.kind.Panel), ever: map[string]error{}, now: map[string]error{}}
	if s.open == nil {
		s.open = Open(s.kind, Opts{Root: s.root, State: filepath.Join(s.root, "state")}).Panel
	}
	v.d = display.New(display.Opts{Open: s.open, Board: v.board, Report: v.report})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); v.d.Run(ctx) }() // waited for below
	t.Cleanup(func() { cancel(); <-done })
	return v
}

func (v *viewer) report(code string, err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.now[code] = err
	if v.ever[code] == nil {
		v.ever[code] = err
	}
}

func (v *viewer) is(code string) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.now[code]
}

func (v *viewer) show(text, style string) {
	v.d.Show(plan.Scene{Shown: []plan.Occurrence{{ID: text, Class: plan.Normal, Pages: []plan.Page{{Text: text, Style: style, StayS: 600}}}}})
}

// sees waits until people see this text as layout draws it.
func (v *viewer) sees(text, style string) {
	v.t.Helper()
	look, _ := layout.LookNamed(style)
	pages, findings := layout.Set(text, look, v.board, layout.Fields{})
	if len(pages) != 1 || len(findings) > 0 {
		v.t.Fatalf("%d pages, %v", len(pages), findings)
	}
	want := image.NewRGBA(image.Rectangle{Max: v.board.Size})
	pages[0].Frame(want, 0)
	if !slices.ContainsFunc(want.Pix, func(b uint8) bool { return b != 0 && b != 255 }) && v.board.Colors == layout.Full {
		v.t.Error("a board of every colour gets letters without grey")
	}
	err := errors.New("nothing")
	v.wait(func() bool {
		if seen := v.site.screen(); seen != nil {
			err = displaytest.Same(seen, want, 0)
		}
		return err == nil
	}, func() string { return fmt.Sprintf("people do not see %q: %v", text, err) })
}

// told waits until a condition says all these words.
func (v *viewer) told(code string, words ...string) {
	v.t.Helper()
	says := func() string {
		v.mu.Lock()
		defer v.mu.Unlock()
		return fmt.Sprint(v.ever[code])
	}
	v.wait(func() bool {
		return !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(says(), w) })
	}, func() string { return fmt.Sprintf("%s says %q, and should say %q", code, says(), words) })
	v.t.Logf("%s: %s", code, says())
}

// wait waits for what real lines take real time for.
func (v *viewer) wait(ok func() bool, why func() string) {
	v.t.Helper()
	for deadline := time.Now().Add(40 * time.Second); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			v.t.Fatal(why())
		}
	}
}

// port makes a serial port under the path of a board file, and serves its other end
// until the test ends.
func (s *site) port(t *testing.T, path string, serve func(io.ReadWriteCloser)) {
	t.Helper()
	m, slave, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	// The other end stays open and raw, or what is sent first is echoed.
	if _, err := term.MakeRaw(int(slave.Fd())); err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(s.root, path)
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.Symlink(slave.Name(), path)); err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	serving.Go(func() { serve(m) })
	t.Cleanup(func() { slave.Close(); m.Close(); serving.Wait() })
}

// listen serves at an address of this machine, which the board is told.
func (s *site) listen(t *testing.T, serve func(io.ReadWriteCloser)) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.kind.Panel.Host = l.Addr().String()
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			serving.Go(func() { defer c.Close(); serve(c) }) // until the box closes
		}
	})
	t.Cleanup(func() { l.Close(); serving.Wait() })
	return l
}

// cable lays one from the board's interface, in a network of its own.
func (s *site) cable(t *testing.T) *colorlighttest.Namespace {
	n := colorlighttest.NewNamespace(t, s.kind.Panel.Interface)
	open := Open(s.kind, Opts{Root: s.root}).Panel
	s.open = func(ctx context.Context) (p display.Panel, err error) {
		err = n.In(func() error { p, err = open(ctx); return err })
		return p, err
	}
	return n
}

// What else may be at the other end of a line.

// swallow takes everything and says nothing.
func swallow(c io.ReadWriteCloser) { io.Copy(io.Discard, c) }

// says answers whatever comes with the same words.
func says(words string) func(io.ReadWriteCloser) {
	return func(c io.ReadWriteCloser) {
		for b := make([]byte, 4096); ; {
			if _, err := c.Read(b); err != nil {
				return
			}
			if _, err := io.WriteString(c, words); err != nil {
				return
			}
		}
	}
}

// patch joins a port with a line in memory.
func patch(link io.ReadWriteCloser) func(io.ReadWriteCloser) {
	return func(c io.ReadWriteCloser) {
		var back sync.WaitGroup
		back.Go(func() { io.Copy(c, link) })
		io.Copy(link, c)
		link.Close()
		back.Wait()
	}
}

// bxOf is a card that is set up as the board file says.
func bxOf(t *testing.T, s *site, model bxtest.Model) *bxtest.Card {
	model.Size = image.Pt(s.kind.Panel.Width, s.kind.Panel.Height)
	card := bxtest.New(model)
	t.Cleanup(card.Close)
	s.screen = card.Screen
	return card
}

func hangBX(t *testing.T, s *site) {
	model := map[string]bxtest.Model{"red": bxtest.BX5E2, "red-green": bxtest.BX5E2RG, "full": bxtest.BX6Q2}[s.kind.Panel.Colors]
	baud := s.kind.Panel.Baud
	s.port(t, s.kind.Panel.TTY, patch(bxOf(t, s, model).Serial(baud, baud)))
}

func hangCPower(t *testing.T, s *site) {
	p := s.kind.Panel
	card := cpowertest.New(cpowertest.Opts{Width: p.Width, Height: p.Height, Network: p.Host != "", ID: byte(max(1, p.Address))})
	s.screen = card.Screen
	if serve := func(c io.ReadWriteCloser) { card.Serve(c) }; p.Host != "" {
		s.listen(t, serve)
	} else {
		s.port(t, p.TTY, serve)
	}
}

func hangColorlight(t *testing.T, s *site) {
	p := s.kind.Panel
	card := &colorlighttest.Card{Size: image.Pt(p.Width, p.Height), Order: strings.ToUpper(p.Order), Major: byte(p.Firmware)}
	s.screen = card.Screen
	s.cable(t).Serve(t, card)
}

// hangScreen puts up a screen, and a sending box where the board has one. The kernel's
// side of it is tried in package kms with the same board files.
func hangScreen(t *testing.T, s *site) {
	p := s.kind.Panel
	o := kmsOpts(p)
	g := &glass{size: o.Area.Size()}
	s.screen = g.Screen
	s.open = func(context.Context) (display.Panel, error) { return behind(g, p, Opts{Root: s.root}), nil }
	if p.SenderTTY != "" {
		_, line := novastartest.New()
		s.port(t, p.SenderTTY, patch(line))
	}
}

// A glass is a screen.
type glass struct {
	size image.Point
	mu   sync.Mutex
	seen *image.RGBA
}

func (g *glass) Size() image.Point { return g.size }

func (g *glass) Show(_ context.Context, p image.Image) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	seen := *p.(*image.RGBA)
	seen.Pix = slices.Clone(seen.Pix)
	g.seen = &seen
	return nil
}

func (g *glass) Probe(context.Context) (map[string]string, error) {
	return map[string]string{"model": "glass", "width": fmt.Sprint(g.size.X), "height": fmt.Sprint(g.size.Y), "on": "true"}, nil
}

func (g *glass) Close() error { return nil }

func (g *glass) Screen() image.Image {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.seen == nil {
		return nil
	}
	return g.seen
}

// hangPicture reads the file that the board writes.
func hangPicture(t *testing.T, s *site) {
	if err := os.Mkdir(filepath.Join(s.root, "state"), 0o700); err != nil {
		t.Fatal(err)
	}
	s.screen = func() image.Image {
		f, err := os.Open(filepath.Join(s.root, "state", s.kind.Panel.File))
		if err != nil {
			return nil
		}
		defer f.Close()
		p, err := png.Decode(f)
		if err != nil {
			t.Errorf("what is in the file is no picture: %v", err)
		}
		return p
	}
}

// Every board that speaks does so with the values of its file, on a card and a line that
// stand in for its own: the amplifier is on and settled before the first sound, all of
// the sound is heard, and the line goes off when it has lingered.
func TestEveryBoardSpeaks(t *testing.T) {
	for _, name := range boards.Names() {
		kind, err := boards.Load(name)
		if err != nil {
			t.Fatal(err)
		}
		if kind.Sink.Driver == "none" || testing.Short() && name != "speaker-and-sign" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			card := ototest.New(t, ototest.Opts{})
			t.Setenv("ALSA_CONFIG_PATH", card.Config)
			state := t.TempDir()
			kind.Sink.Card = "system"
			kind.Amp = boards.Amp{Driver: "emulated", File: "amp.line", SettleMS: kind.Amp.SettleMS, LingerMS: kind.Amp.LingerMS}
			var r reporter
			d := Open(kind, Opts{State: state, Report: r.report})
			spk := speaker.New(d.OpenSink, d.Amp, speaker.Opts{Report: r.report, Settle: kind.Amp.Settle(), Linger: kind.Amp.Linger()})
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error, 2)
			go func() { done <- spk.Run(ctx) }()
			go func() { done <- d.Run(ctx) }()
			const length = 300 * time.Millisecond
			snd := spk.Play(sound.NewTone(440, -12, length), speaker.Voice{Class: 1})
			<-snd.Done()
			if got := snd.Report(); got.Err != nil || got.Frames != 14400 {
				t.Errorf("report %+v", got)
			}
			edges := func() []gpioline.Edge {
				e, err := gpioline.Edges(filepath.Join(state, "amp.line"))
				if err != nil {
					t.Fatal(err)
				}
				return e
			}
			for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline) && len(edges()) < 3; {
				time.Sleep(20 * time.Millisecond) // another process writes them
			}
			e := edges()
			if len(e) < 3 || e[0].On || !e[1].On || e[2].On {
				t.Fatalf("the line's edges are %+v, not off, on, off", e)
			}
			if least, on := kind.Amp.Settle()+length+kind.Amp.Linger(), e[2].At.Sub(e[1].At); on < least || on > least+3*time.Second {
				t.Errorf("the line was on for %v, and should be for %v", on, least)
			}
			if got := r.String(); got != "map[]" {
				t.Errorf("conditions %s", got)
			}
			cancel()
			for range 2 {
				if err := <-done; err != nil && !errors.Is(err, context.Canceled) {
					t.Error(err)
				}
			}
			mustBeLoud(t, card)
		})
	}
}

// On a machine without them, the card and the chip that a board file names are missed by
// their names, and the rest of the box runs.
func TestWhatASpeakerBoardMisses(t *testing.T) {
	for _, name := range boards.Names() {
		kind, err := boards.Load(name)
		if err != nil {
			t.Fatal(err)
		}
		if kind.Sink.Driver != "oto" || kind.Amp.Driver != "gpio" || testing.Short() && name != "speaker-and-sign" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			var r reporter
			d := Open(kind, Opts{Root: t.TempDir(), State: t.TempDir(), Report: r.report})
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() { done <- d.Run(ctx) }()
			says := func() bool {
				got := r.String()
				return strings.Contains(got, SinkMissing+":") && strings.Contains(got, kind.Sink.Card) &&
					strings.Contains(got, AmpGuard+":") && strings.Contains(got, kind.Amp.Chip[0])
			}
			for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline) && !says(); {
				time.Sleep(20 * time.Millisecond) // the guard is another process
			}
			if !says() {
				t.Errorf("conditions %s", &r)
			}
			if kind.Panel.There() && d.Panel == nil {
				t.Error("the box has lost its panel, too")
			}
			cancel()
			if err := <-done; err != nil && !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		})
	}
}

// A search for the card goes over the port of the board file at each speed, which only
// one is the card's, and says what is on it.
func TestASweepOfALine(t *testing.T) {
	s := newSite(t, "commune-led-128x32")
	card := bxOf(t, s, bxtest.BX6E2)
	right, wrong := card.Serial(57600, 57600), card.Serial(9600, 57600) // as bits at the two speeds
	s.port(t, s.kind.Panel.TTY, func(c io.ReadWriteCloser) {
		for _, link := range []*bxtest.Link{right, wrong} {
			go io.Copy(c, link) // until the card is taken down
		}
		for b := make([]byte, 4096); ; {
			n, err := c.Read(b)
			if err != nil {
				return
			}
			link := wrong
			if set, err := unix.IoctlGetTermios(int(c.(*os.File).Fd()), unix.TCGETS2); err == nil && set.Ospeed == 57600 {
				link = right
			}
			if _, err := link.Write(b[:n]); err != nil {
				return
			}
		}
	})
	got := Open(s.kind, Opts{Root: s.root, State: t.TempDir()}).Sweep(t.Context())
	if want := []string{"9600 baud: nothing", "57600 baud: BX-6E2, address 1, 128×32"}; !slices.Equal(got, want) {
		t.Errorf("it heard %q, and not %q", got, want)
	}
	none := newSite(t, "commune-led-128x32")
	got = Open(none.kind, Opts{Root: none.root, State: t.TempDir()}).Sweep(t.Context())
	if len(got) != 2 || !strings.Contains(got[0], "9600 baud: ") || !strings.Contains(got[0], "no such file") {
		t.Errorf("without a port it heard %q", got)
	}
	if wall := newSite(t, "led-wall-512x256"); Open(wall.kind, Opts{Root: wall.root}).Sweep != nil {
		t.Error("a wall has speeds to search")
	}
}
