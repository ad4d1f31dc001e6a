package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
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
