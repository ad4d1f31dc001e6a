package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/color/palette"
	"image/draw"
	"image/gif"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/term"

	"loa/agent/display"
	"loa/agent/layout"
	"loa/agent/layout/lunar"
	"loa/agent/plan"
	"loa/boards"
	"loa/scripts/loactl/source"

	blocks "loa/drivers/term"
)

// A preview is what a board will show of one page, and what is wrong with it.
type preview struct {
	Page  int     `json:"page"` // of the bulletin, from 1
	File  string  `json:"file"`
	Text  string  `json:"text,omitempty"`
	StayS float64 `json:"stay_s"` // one showing, movement included
	Moves bool    `json:"moves,omitempty"`
}

// A complaint is why a page is not as it should be.
type complaint struct {
	Page    int       `json:"page"`
	Code    plan.Code `json:"code"`
	Warning bool      `json:"warning"` // it can be shown all the same
	Line    int       `json:"line,omitempty"`
	Column  int       `json:"column,omitempty"`
	Why     string    `json:"why"`
}

// preview draws what a board will show of a bulletin, before anybody signs it.
func (a *app) preview(args []string) error {
	fs := a.flags("preview")
	board := fs.String("board", "", "")
	out := fs.String("out", ".", "")
	style := fs.String("style", "", "")
	text := fs.String("text", "", "")
	rest, err := a.parse(fs, args, 0, 1)
	if err != nil {
		return err
	}
	if *board == "" || (len(rest) == 0) == (*text == "") {
		return &usageError{a.text("preview.needs", strings.Join(boardsWithPanel(), ", "))}
	}
	if err := a.knownBoard(*board); err != nil {
		return err
	}
	kind, err := boards.Load(*board)
	if err != nil {
		return err
	}
	if !kind.Panel.There() {
		return errors.New(a.text("preview.nopanel", *board, strings.Join(boardsWithPanel(), ", ")))
	}
	if *text != "" {
		a.proofread("--text", &plan.Bulletin{Text: *text})
	}
	stem, pages, pictures := "preview", []plan.Page{{Text: *text, Style: *style}}, map[string][]byte{}
	if len(rest) == 1 {
		stem = strings.TrimSuffix(filepath.Base(rest[0]), filepath.Ext(rest[0]))
		if pages, pictures, err = a.pagesOf(rest[0]); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(*out, 0o755); err != nil {
		return err
	}
	shown, wrong, err := a.draw(layout.BoardOf(kind.Panel), pages, pictures, filepath.Join(*out, stem))
	if err != nil {
		return err
	}
	bad := false
	for _, w := range wrong {
		bad = bad || !w.Warning
	}
	err = a.show(map[string]any{"board": *board, "pages": shown, "findings": wrong}, func(w io.Writer) {
		for _, s := range shown {
			fmt.Fprintln(w, a.text("preview.page", s.Page, s.StayS, s.File))
		}
		for _, c := range wrong {
			where := ""
			if c.Line > 0 {
				where = a.text("preview.place", c.Line, c.Column)
			}
			say := a.text("preview.bad", c.Page, where, c.Why)
			if c.Warning {
				say = a.text("preview.warning", c.Page, where, c.Why)
			}
			fmt.Fprintln(w, say)
		}
		if len(wrong) == 0 {
			fmt.Fprintln(w, a.text("preview.good"))
		}
	})
	if err == nil && bad {
		return errTold
	}
	return err
}

// boardsWithPanel are the kinds of box that have a board to read.
func boardsWithPanel() (names []string) {
	for _, n := range boards.Names() {
		if b, err := boards.Load(n); err == nil && b.Panel.There() {
			names = append(names, n)
		}
	}
	return names
}

// pagesOf reads what a bulletin shows, with its pictures by their hash. It needs no
// authority: what it says of sound is left to those who sign.
func (a *app) pagesOf(name string) ([]plan.Page, map[string][]byte, error) {
	f, err := source.Read(name)
	if err != nil {
		return nil, nil, err
	}
	for _, key := range []string{"format", "kind", "issued", "audio", "loudness_lufs", "approved_by"} {
		delete(f.Tree, key)
	}
	setDefault(f.Tree, "class", "normal")
	setDefault(f.Tree, "origin", "own")
	setDefault(f.Tree, "lang", "vi")
	pictures := map[string][]byte{}
	if err := fillPictures(f, func(file string) (string, int64, error) {
		data, err := os.ReadFile(file)
		if err != nil {
			return "", 0, err
		}
		sum := fmt.Sprintf("%x", sha256.Sum256(data))
		pictures[sum] = data
		return sum, int64(len(data)), nil
	}); err != nil {
		return nil, nil, err
	}
	doc, err := a.decode(f, plan.KindBulletin)
	if err != nil {
		return nil, nil, err
	}
	b := doc.(*plan.Bulletin)
	a.proofread(f.Name, b)
	if len(b.Shown()) == 0 {
		return nil, nil, errors.New(a.text("preview.nothing", name))
	}
	return b.Shown(), pictures, nil
}

// draw writes a file for each page that the board shows.
func (a *app) draw(b layout.Board, pages []plan.Page, pictures map[string][]byte, stem string) (shown []preview, wrong []complaint, err error) {
	now := a.now().In(vietnam)
	temperature := 30.0
	fields := layout.Fields{Now: now, Lunar: lunar.Of(now).String(), TempC: &temperature}
	number := 0
	for i, p := range pages {
		set, findings := a.set(b, p, pictures, fields)
		for _, f := range findings {
			why := f.EN
			if a.lang == "vi" {
				why = f.VI
			}
			wrong = append(wrong, complaint{i + 1, f.Code, f.Warning, f.Line, f.Column, why})
		}
		for k := range set {
			number++
			file := fmt.Sprintf("%s-%d.png", stem, number)
			write := writePNG
			if set[k].Next(0) > 0 {
				file, write = fmt.Sprintf("%s-%d.gif", stem, number), writeGIF
			}
			if err := write(file, &set[k], b.Size); err != nil {
				return nil, nil, err
			}
			a.sketch(&set[k], b.Size)
			shown = append(shown, preview{Page: i + 1, File: file, Text: set[k].Text, StayS: round(set[k].Length().Seconds()), Moves: set[k].Next(0) > 0})
		}
	}
	return shown, wrong, nil
}

// set lays one page out as the box does.
func (a *app) set(b layout.Board, p plan.Page, pictures map[string][]byte, f layout.Fields) ([]layout.Page, []layout.Finding) {
	if p.Image == "" {
		look, ok := layout.LookNamed(p.Style)
		look.Stay = time.Duration(p.StayS) * time.Second
		pages, findings := layout.Set(p.Text, look, b, f)
		if !ok {
			findings = append(findings, layout.Finding{Code: plan.Unsupported, Warning: true,
				EN: a.text("preview.style", p.Style), VI: a.text("preview.style", p.Style)})
		}
		return pages, findings
	}
	stills, err := display.Stills(pictures[p.Image], b)
	if err != nil {
		return nil, []layout.Finding{{Code: plan.MediaFormat, EN: err.Error(), VI: err.Error()}}
	}
	var pages []layout.Page
	var findings []layout.Finding
	for _, s := range stills {
		g, more := layout.FromPicture(s.Picture, b)
		g.Stay = max(s.Stay, 0)
		if g.Stay == 0 {
			g.Stay = p.Stay()
		}
		pages, findings = append(pages, g), append(findings, more...)
	}
	return pages, findings
}

// frame is what the board shows that long after the page came on.
func frame(p *layout.Page, size image.Point, at time.Duration) *image.RGBA {
	f := image.NewRGBA(image.Rectangle{Max: size})
	p.Frame(f, at)
	return f
}

// edge is what is between the lamps.
var edge = color.RGBA{16, 16, 16, 255}

// magnified draws every lamp of a small board as a square with a dark edge, as it
// looks from near.
func magnified(p *image.RGBA) *image.RGBA {
	k := max(1, min(8, 1024/p.Rect.Dx()))
	if k == 1 {
		return p
	}
	big := image.NewRGBA(image.Rect(0, 0, p.Rect.Dx()*k, p.Rect.Dy()*k))
	draw.Draw(big, big.Rect, image.NewUniform(edge), image.Point{}, draw.Src)
	for y := range p.Rect.Dy() {
		for x := range p.Rect.Dx() {
			lamp := image.Rect(x*k, y*k, x*k+k-1, y*k+k-1)
			draw.Draw(big, lamp, image.NewUniform(p.RGBAAt(x, y)), image.Point{}, draw.Src)
		}
	}
	return big
}

func writePNG(name string, p *layout.Page, size image.Point) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	return errors.Join(png.Encode(f, magnified(frame(p, size, 0))), f.Close())
}

// A moving page is drawn for one showing, at a speed that every viewer can keep.
const (
	gifStep   = 100 * time.Millisecond
	gifFrames = 300
)

func writeGIF(name string, p *layout.Page, size image.Point) error {
	var g gif.GIF
	colors := paletteOf(p.Picture())
	for at := time.Duration(0); at < p.Length() && len(g.Image) < gifFrames; at += gifStep {
		big := magnified(frame(p, size, at))
		pal := image.NewPaletted(big.Rect, colors)
		draw.Draw(pal, pal.Rect, big, image.Point{}, draw.Src)
		g.Image, g.Delay = append(g.Image, pal), append(g.Delay, int(gifStep/(10*time.Millisecond)))
	}
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	return errors.Join(gif.EncodeAll(f, &g), f.Close())
}

// paletteOf is the colours of a picture, or the usual ones where it has too many.
func paletteOf(p *image.RGBA) color.Palette {
	seen := map[color.RGBA]bool{}
	colors := color.Palette{color.RGBA{A: 255}, edge}
	for i := 0; i < len(p.Pix); i += 4 {
		c := color.RGBA{p.Pix[i], p.Pix[i+1], p.Pix[i+2], 255}
		if seen[c] {
			continue
		}
		seen[c] = true
		if colors = append(colors, c); len(colors) > 256 {
			return palette.WebSafe
		}
	}
	return colors
}

// sketch draws the page in the terminal, where it fits in.
func (a *app) sketch(p *layout.Page, size image.Point) {
	out, ok := a.out.(*os.File)
	if !ok || a.json {
		return
	}
	if width, _, err := term.GetSize(int(out.Fd())); err != nil || width <= size.X {
		return
	}
	at := time.Duration(0)
	if p.Next(0) > 0 {
		at = p.Length() / 3
	}
	for _, row := range blocks.Lines(frame(p, size, at), blocks.DepthOf(a.env)) {
		fmt.Fprintln(out, row)
	}
}
