package png

import (
	"context"
	"image"
	"image/color"
	imagepng "image/png"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"loa/agent/display"
	"loa/agent/display/displaytest"
)

var (
	_ display.Dimmer = (*Panel)(nil)
	_ display.Prober = (*Panel)(nil)
)

// open makes a panel in a directory of its own.
func open(t *testing.T, o Opts) *Panel {
	t.Helper()
	o.Path = filepath.Join(t.TempDir(), "panel.png")
	if o.Size == (image.Point{}) {
		o.Size = image.Pt(13, 7)
	}
	p, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// read is what a viewer of the file sees; black if there is none.
func read(path string) image.Image {
	f, err := os.Open(path)
	if err != nil {
		return image.NewRGBA(image.Rect(0, 0, 13, 7))
	}
	defer f.Close()
	p, err := imagepng.Decode(f)
	if err != nil {
		return image.NewRGBA(image.Rectangle{}) // half a file: no picture at all
	}
	return p
}

func TestTrial(t *testing.T) {
	displaytest.Run(t, func(t *testing.T) displaytest.Bench {
		p := open(t, Opts{})
		return displaytest.Bench{
			Panel:    p,
			Screen:   func() image.Image { return read(p.o.Path) },
			PowerCut: func() { os.Remove(p.o.Path) }, // as tmpfs forgets
		}
	})
}

// all is a picture of one colour.
func all(size image.Point, c color.Color) *image.RGBA {
	p := image.NewRGBA(image.Rectangle{Max: size})
	for i := range size.X * size.Y {
		p.Set(i%size.X, i/size.X, c)
	}
	return p
}

func show(t *testing.T, p *Panel, picture image.Image) {
	t.Helper()
	if err := p.Show(context.Background(), picture); err != nil {
		t.Fatal(err)
	}
}

func TestWritesOnlyWhatChanged(t *testing.T) {
	p := open(t, Opts{})
	show(t, p, all(p.Size(), color.White))
	before, err := os.Stat(p.o.Path)
	if err != nil {
		t.Fatal(err)
	}
	show(t, p, all(p.Size(), color.White))
	if err := p.SetBrightness(10); err != nil {
		t.Fatal(err)
	}
	if after, err := os.Stat(p.o.Path); err != nil || !os.SameFile(before, after) {
		t.Error("the same picture was written twice")
	}
	show(t, p, all(p.Size(), color.Black))
	if after, err := os.Stat(p.o.Path); err != nil || os.SameFile(before, after) {
		t.Error("another picture was not written")
	}
}

// What is transparent is dark on a board, whatever a viewer puts behind it.
func TestTransparentIsDark(t *testing.T) {
	p := open(t, Opts{})
	show(t, p, image.NewRGBA(image.Rectangle{Max: p.Size()}))
	if r, g, b, a := read(p.o.Path).At(3, 3).RGBA(); r != 0 || g != 0 || b != 0 || a != 0xFFFF {
		t.Errorf("a transparent pixel became %d %d %d, alpha %d", r, g, b, a)
	}
	before := p.shown
	show(t, p, all(p.Size(), color.Black))
	if !os.SameFile(before, p.shown) {
		t.Error("dark was written over dark")
	}
}

func TestHistory(t *testing.T) {
	p := open(t, Opts{History: 3})
	for i := range 5 {
		show(t, p, all(p.Size(), color.Gray{Y: uint8(10 * i)}))
	}
	again, err := New(p.o) // the agent starts again
	if err != nil {
		t.Fatal(err)
	}
	show(t, again, all(p.Size(), color.Gray{Y: 50}))
	kept, err := again.History()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for i, path := range kept {
		names = append(names, filepath.Base(path))
		if got := color.GrayModel.Convert(read(path).At(0, 0)).(color.Gray).Y; int(got) != 30+10*i {
			t.Errorf("%s is of grey %d", path, got)
		}
	}
	if got, want := strings.Join(names, " "), "panel.000004.png panel.000005.png panel.000006.png"; got != want {
		t.Errorf("the history is %s, not %s", got, want)
	}
}

// A reader beside the writer never finds half a picture.
func TestReadersFindWholePictures(t *testing.T) {
	p := open(t, Opts{Size: image.Pt(64, 32)})
	show(t, p, all(p.Size(), color.White))
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			if got := read(p.o.Path).Bounds().Size(); got != p.Size() {
				t.Errorf("a reader found a picture of %v", got)
				return
			}
		}
	})
	for i := range 60 {
		show(t, p, all(p.Size(), color.Gray{Y: uint8(i)}))
	}
	close(stop)
	wg.Wait()
}

func TestFailures(t *testing.T) {
	if _, err := New(Opts{Path: filepath.Join(t.TempDir(), "no", "panel.png"), Size: image.Pt(8, 8)}); err == nil {
		t.Error("a panel in no directory was opened")
	}
	if _, err := New(Opts{Path: "panel.png"}); err == nil {
		t.Error("a panel without a size was opened")
	}
	p := open(t, Opts{})
	good := all(p.Size(), color.White)
	if err := os.Remove(filepath.Dir(p.o.Path)); err != nil {
		t.Fatal(err)
	}
	if err := p.Show(context.Background(), good); err == nil {
		t.Error("a picture went into no directory")
	}
	if facts, err := p.Probe(context.Background()); err == nil {
		t.Errorf("a probe without the directory says %v", facts)
	}
	if err := os.Mkdir(filepath.Dir(p.o.Path), 0o755); err != nil {
		t.Fatal(err)
	}
	show(t, p, good) // the same picture, after an error
	if err := displaytest.Same(read(p.o.Path), good, 0); err != nil {
		t.Error(err)
	}
}
