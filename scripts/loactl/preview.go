package main

import (
	"bytes"
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
	"slices"
	"strings"
	"time"

	"golang.org/x/term"

	"loa/agent/display"
	"loa/agent/layout"
	"loa/agent/layout/lunar"
	"loa/agent/plan"
	"loa/boards"
	"loa/scripts/authority"
	"loa/scripts/loactl/source"

	blocks "loa/drivers/term"
)

// A preview is what a board will show of one page, and what is wrong with it.
type preview struct {
	Page  int     `json:"page"` // of the bulletin, from 1; 0: the ticker under all of them
	File  string  `json:"file"`
	Text  string  `json:"text,omitempty"`
	StayS float64 `json:"stay_s"` // one showing, movement included
	Moves bool    `json:"moves,omitempty"`
}

// A complaint is why a page is not as it should be.
type complaint struct {
	Page    int       `json:"page"` // as of preview; -1: the bulletin as a whole
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
	stem, doc, pictures := "preview", &plan.Bulletin{Pages: []plan.Page{{Text: *text, Style: *style}}}, map[string][]byte{}
	if len(rest) == 1 {
		stem = strings.TrimSuffix(filepath.Base(rest[0]), filepath.Ext(rest[0]))
		if doc, pictures, err = a.bulletinOf(rest[0]); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(*out, 0o755); err != nil {
		return err
	}
	shown, wrong, err := a.draw(layout.BoardOf(kind.Panel), doc, pictures, filepath.Join(*out, stem))
	if err != nil {
		return err
	}
	if au, err := a.open(); err == nil { // it needs none, but asks the policies where there is one
		for _, why := range a.unwanted(au, doc) {
			wrong = append(wrong, complaint{Page: wholeBulletin, Code: plan.Scope, Warning: true, Why: why})
		}
	}
	bad := false
	for _, w := range wrong {
		bad = bad || !w.Warning
	}
	err = a.show(map[string]any{"board": *board, "pages": shown, "findings": wrong}, func(w io.Writer) {
		for _, s := range shown {
			fmt.Fprintln(w, a.text("preview.page", a.pageWord(s.Page), a.decimal(s.StayS), s.File))
		}
		for _, c := range wrong {
			fmt.Fprintln(w, a.sentence(c))
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

func (a *app) sentence(c complaint) string {
	where := ""
	if c.Line > 0 {
		where = a.text("preview.place", c.Line, c.Column)
	}
	if c.Warning {
		return a.text("preview.warning", a.pageWord(c.Page), where, c.Why)
	}
	return a.text("preview.bad", a.pageWord(c.Page), where, c.Why)
}

// wholeBulletin stands for the page where a complaint is about all of it.
const wholeBulletin = -1

func (a *app) pageWord(page int) string {
	switch page {
	case wholeBulletin:
		return a.text("preview.of.all")
	case 0:
		return a.text("preview.of.ticker")
	}
	return a.text("preview.of.page", page)
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

// bulletinOf reads what a bulletin shows, with its pictures by their hash. It needs no
// authority: what it says of sound is left to those who sign.
func (a *app) bulletinOf(name string) (*plan.Bulletin, map[string][]byte, error) {
	f, err := source.Read(name)
	if err != nil {
		return nil, nil, err
	}
	if f.Tree["pages"] == nil && f.Tree["text"] == nil && f.Tree["audio"] != nil {
		return nil, nil, errors.New(a.text("preview.nothing", name))
	}
	for _, key := range []string{"format", "kind", "issued", "audio", "loudness_lufs", "approved_by"} {
		delete(f.Tree, key)
	}
	setDefault(f.Tree, "class", "normal")
	setDefault(f.Tree, "origin", "own")
	setDefault(f.Tree, "lang", "vi")
	pictures := map[string][]byte{}
	if err := a.fillPictures(f, func(file string) (string, int64, error) {
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
	return b, pictures, nil
}

// draw writes a file for each page that the board shows, with the ticker under it,
// and one of the ticker from end to end.
func (a *app) draw(b layout.Board, doc *plan.Bulletin, files map[string][]byte, stem string) (shown []preview, wrong []complaint, err error) {
	pictures := func(sha string, b layout.Board) ([]display.Still, error) { return display.Stills(files[sha], b) }
	number := 0
	wrong, err = a.lay(b, doc, pictures, func(page int, s showing) error {
		name := stem + "-ticker"
		if s.page != nil {
			number++
			name = fmt.Sprintf("%s-%d", stem, number)
		}
		file, draw := name+".png", writePNG
		if s.moves() {
			file, draw = name+".gif", writeGIF
		}
		a.sketch(s)
		shown = append(shown, preview{Page: page, File: file, Text: s.text(), StayS: round(s.length().Seconds()), Moves: s.moves()})
		return draw(file, s)
	})
	return shown, wrong, err
}

// lay lays a bulletin out for a board, gives each page as it is on, and at the end the
// ticker as page 0, and tells what is wrong with them.
func (a *app) lay(b layout.Board, doc *plan.Bulletin, pictures display.Pictures, on func(page int, s showing) error) (wrong []complaint, err error) {
	now := a.now().In(vietnam)
	temperature := 30.0
	fields := layout.Fields{Now: now, Lunar: lunar.Of(now).String(), TempC: &temperature}
	complain := func(page int, findings []layout.Finding) {
		for _, f := range findings {
			why := f.EN
			if a.lang == "vi" {
				why = f.VI
			}
			wrong = append(wrong, complaint{page, f.Code, f.Warning, f.Line, f.Column, why})
		}
	}
	pages, zone, ticker, findings := display.Beside(doc.Ticker, doc.Shown(), b, fields)
	var ran time.Duration
	for i, p := range pages {
		set, findings := display.Lay(p, zone, pictures, fields)
		complain(i+1, findings)
		for k := range set {
			if err := on(i+1, showing{b.Size, &set[k], ticker, ran}); err != nil {
				return nil, err
			}
			ran += set[k].Length()
		}
	}
	complain(0, findings)
	if ticker != nil {
		err = on(0, showing{b.Size, nil, ticker, 0})
	}
	return wrong, err
}

// misfits warns of what the boards at a place and below would not show of a document
// that is about to be signed, or not as one might think. Which boards there are is
// what the boxes were taken in as.
func (a *app) misfits(au *authority.Authority, name, place string, doc *plan.Bulletin) {
	pictures := func(sha string, b layout.Board) ([]display.Still, error) {
		file, err := os.ReadFile(filepath.Join(au.MediaDir(), sha))
		if err != nil {
			return nil, err
		}
		return display.Stills(file, b)
	}
	var said []string
	on := map[string][]string{} // the boards of what is said
	for _, board := range boardsOf(au, place) {
		kind, err := boards.Load(board)
		if err != nil || !kind.Panel.There() {
			continue
		}
		wrong, _ := a.lay(layout.BoardOf(kind.Panel), doc, pictures, func(int, showing) error { return nil })
		for _, c := range wrong {
			say := a.sentence(c)
			if on[say] == nil {
				said = append(said, say)
			}
			if !slices.Contains(on[say], board) {
				on[say] = append(on[say], board)
			}
		}
	}
	for _, say := range said {
		a.note("proof.board", name, strings.Join(on[say], ", "), say)
	}
}

// boardsOf are the kinds of the boxes at a place and below.
func boardsOf(au *authority.Authority, place string) (kinds []string) {
	places := au.Places()
	under := func(p string) bool {
		for range len(places) + 1 {
			if p == place {
				return true
			}
			p = places[p].Parent
		}
		return false
	}
	for _, b := range au.Boxes() {
		if (under(b.Place) || slices.ContainsFunc(b.Groups, under)) && !slices.Contains(kinds, b.Board) {
			kinds = append(kinds, b.Board)
		}
	}
	slices.Sort(kinds)
	return kinds
}

// A showing is what the board shows as long as one page is on.
type showing struct {
	size   image.Point
	page   *layout.Page   // nil: only the ticker
	ticker *layout.Ticker // nil: there is none
	ran    time.Duration  // since when the ticker runs, when the page comes on
}

// frame is what the board shows that long after the page came on.
func (s showing) frame(at time.Duration) *image.RGBA {
	f := image.NewRGBA(image.Rectangle{Max: s.size})
	draw.Draw(f, f.Rect, image.Black, image.Point{}, draw.Src)
	s.draw(f, at)
	return f
}

// draw is frame into a picture that was one before.
func (s showing) draw(f *image.RGBA, at time.Duration) {
	if s.ticker == nil {
		s.page.Frame(f, at)
		return
	}
	s.ticker.Frame(f, s.ran+at)
	if s.page != nil {
		s.ticker.Over(f, s.page, at)
	}
}

func (s showing) moves() bool { return s.ticker != nil || s.page.Next(0) > 0 }

func (s showing) length() time.Duration {
	if s.page == nil {
		return s.ticker.Length()
	}
	return s.page.Length()
}

func (s showing) text() string {
	if s.page == nil {
		return s.ticker.Text()
	}
	return s.page.Text
}

// edge is what is between the lamps.
var edge = color.RGBA{16, 16, 16, 255}

// magnified draws every lamp of a small board as a square with a dark edge, as it
// looks from near.
func magnified(p *image.RGBA) *image.RGBA {
	k := magnification(p)
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

func magnification(p *image.RGBA) int { return max(1, min(8, 1024/p.Rect.Dx())) }

func writePNG(name string, s showing) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	return errors.Join(png.Encode(f, magnified(s.frame(0))), f.Close())
}

// A moving page is drawn for one showing, at a speed that every viewer can keep. What
// takes long is drawn in larger steps.
const (
	gifStep   = 100 * time.Millisecond
	gifFrames = 300
)

// writeGIF draws a page that moves. Most of a board stands still from one frame to the
// next: only what changes is converted and packed.
func writeGIF(name string, s showing) error {
	const unit = 10 * time.Millisecond // of a GIF
	step := max(gifStep, (s.length()/gifFrames).Round(unit)+unit)
	frame, before := s.frame(0), s.frame(s.length()/2)
	ink := ink{colors: paletteOf(before), found: map[color.RGBA]uint8{}}
	if s.page != nil && s.ticker == nil {
		ink.colors = paletteOf(s.page.Picture())
	}
	k := magnification(frame)
	g := gif.GIF{Config: image.Config{ColorModel: ink.colors, Width: frame.Rect.Dx() * k, Height: frame.Rect.Dy() * k}}
	for at := time.Duration(0); at < s.length(); at += step {
		s.draw(frame, at)
		changed := frame.Rect
		if at > 0 {
			changed = differs(frame, before)
		}
		if changed.Empty() {
			g.Delay[len(g.Delay)-1] += int(step / unit)
			continue
		}
		g.Image, g.Delay = append(g.Image, ink.magnified(frame, changed)), append(g.Delay, int(step/unit))
		frame, before = before, frame
	}
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	return errors.Join(gif.EncodeAll(f, &g), f.Close())
}

// differs is the part in which two pictures of one size differ.
func differs(a, b *image.RGBA) (part image.Rectangle) {
	for y := range a.Rect.Dy() {
		p, q := a.Pix[y*a.Stride:][:a.Stride], b.Pix[y*b.Stride:][:b.Stride]
		if bytes.Equal(p, q) {
			continue
		}
		left, right := 0, len(p)
		for p[left] == q[left] {
			left++
		}
		for p[right-1] == q[right-1] {
			right--
		}
		part = part.Union(image.Rect(left/4, y, (right+3)/4, y+1))
	}
	return part
}

// An ink is the colours of a GIF, and those of a board that were found among them: a
// search through 256 for every dot of a hundred frames takes half a minute.
type ink struct {
	colors color.Palette
	found  map[color.RGBA]uint8
}

func (k *ink) nearest(c color.RGBA) uint8 {
	n, ok := k.found[c]
	if !ok {
		n = uint8(k.colors.Index(c))
		k.found[c] = n
	}
	return n
}

// magnified is a part of a picture as the function of that name draws it, in the
// colours of the ink.
func (k *ink) magnified(p *image.RGBA, part image.Rectangle) *image.Paletted {
	n, gap := magnification(p), k.nearest(edge)
	to := image.NewPaletted(image.Rect(part.Min.X*n, part.Min.Y*n, part.Max.X*n, part.Max.Y*n), k.colors)
	last := color.RGBA{A: 255}
	lit := k.nearest(last)
	for y := part.Min.Y; y < part.Max.Y; y++ {
		row := to.Pix[(y-part.Min.Y)*n*to.Stride:][:n*to.Stride]
		line := row[:0:to.Stride]
		for x := part.Min.X; x < part.Max.X; x++ {
			if c := p.RGBAAt(x, y); c != last {
				last, lit = c, k.nearest(c)
			}
			for range max(1, n-1) {
				line = append(line, lit)
			}
			if n > 1 {
				line = append(line, gap)
			}
		}
		for i := 1; i < n; i++ {
			copy(row[i*to.Stride:], line)
		}
		if n > 1 {
			for i := range line {
				row[(n-1)*to.Stride+i] = gap
			}
		}
	}
	return to
}

// paletteOf is the colours of a picture, or the usual ones where it has too many.
func paletteOf(p *image.RGBA) color.Palette {
	seen := map[color.RGBA]bool{{A: 255}: true, edge: true}
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
func (a *app) sketch(s showing) {
	out, ok := a.out.(*os.File)
	if !ok || a.json {
		return
	}
	if width, _, err := term.GetSize(int(out.Fd())); err != nil || width <= s.size.X {
		return
	}
	at := time.Duration(0)
	if s.moves() {
		at = s.length() / 3
	}
	for _, row := range blocks.Lines(s.frame(at), blocks.DepthOf(a.env)) {
		fmt.Fprintln(out, row)
	}
}
