package hardware

import (
	"context"
	"fmt"
	"image"
	"maps"
	"os"
	"slices"
	"strings"

	"loa/agent/config"
	"loa/agent/display"
	"loa/boards"
	"loa/drivers/kms"
	"loa/drivers/png"
	"loa/drivers/term"
)

// openPanel opens a panel, or opens it again after a loss.
type openPanel func(ctx context.Context, p boards.Panel, o Opts) (display.Panel, error)

// panels is every panel driver there is. A line less, and the linker leaves the
// driver out.
var panels = map[string]openPanel{
	"kms":  openKMS,
	"png":  openPNG,
	"term": openTerm,
}

// panelOf prepares the board's panel. Nothing is opened yet.
func panelOf(p boards.Panel, o Opts) (func(context.Context) (display.Panel, error), error) {
	if !p.There() {
		return nil, nil
	}
	open := panels[p.Driver]
	if open == nil {
		return nil, fmt.Errorf("no driver %q; there are %s", p.Driver, strings.Join(slices.Sorted(maps.Keys(panels)), ", "))
	}
	return func(ctx context.Context) (display.Panel, error) { return open(ctx, p, o) }, nil
}

// panel keeps a nil driver from becoming an interface that is not nil.
func panel[P display.Panel](p P, err error) (display.Panel, error) {
	if err != nil {
		return nil, err
	}
	return p, nil
}

func openKMS(_ context.Context, p boards.Panel, o Opts) (display.Panel, error) {
	return panel(kms.Open(kms.Opts{
		Connector: p.Connector, Mode: p.Mode, Area: image.Rect(0, 0, p.Width, p.Height),
	}))
}

func openPNG(_ context.Context, p boards.Panel, o Opts) (display.Panel, error) {
	return panel(png.New(png.Opts{Path: o.path(p.File), Size: image.Pt(p.Width, p.Height)}))
}

// openTerm draws into the terminal, or the file, that the board names.
func openTerm(_ context.Context, p boards.Panel, o Opts) (display.Panel, error) {
	path := o.path(p.File)
	if strings.HasPrefix(p.File, "/dev/") {
		path = config.Move(o.Root, p.File)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	p2, err := term.New(f, term.Opts{Size: image.Pt(p.Width, p.Height), Depth: term.DepthOf(os.Getenv)})
	if err != nil {
		f.Close()
		return nil, err
	}
	return terminal{p2, f}, nil
}

// A terminal closes the file that it draws into.
type terminal struct {
	*term.Panel
	file *os.File
}

func (t terminal) Close() error { return t.file.Close() }
