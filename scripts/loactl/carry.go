package main

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"loa/agent/message"
	"loa/agent/plan"
	"loa/agent/stick"
	"loa/scripts/authority"
)

// carry writes what boxes without a network need to a stick, and takes back what
// they gave.
func (a *app) carry(args []string) error {
	flags := a.flags("carry")
	box := flags.String("box", "", "")
	place := flags.String("place", "", "")
	collect := flags.Bool("collect", false, "")
	rest, err := a.parse(flags, args, 1, 1)
	if err != nil {
		return err
	}
	if *collect == (*box != "" || *place != "") || *box != "" && *place != "" {
		return &usageError{a.text("carry.which")}
	}
	au, err := a.open()
	if err != nil {
		return err
	}
	if *collect {
		return a.collect(au, rest[0])
	}
	boxes, err := a.carried(au, names(*box), *place)
	if err != nil {
		return err
	}
	s, err := stick.Create(rest[0])
	if err != nil {
		return err
	}
	defer s.Close()
	return a.load(au, s, boxes)
}

// carried are the boxes for which a stick is.
func (a *app) carried(au *authority.Authority, chosen []string, place string) (map[string]authority.Box, error) {
	all, boxes := au.Boxes(), make(map[string]authority.Box)
	for _, name := range chosen {
		b, ok := all[name]
		if !ok {
			return nil, errors.New(a.text("box.none", name))
		}
		boxes[name] = b
	}
	if place == "" {
		return boxes, nil
	}
	if _, ok := au.Places()[place]; !ok {
		return nil, errors.New(a.text("carry.place", place))
	}
	for name, b := range all {
		if au.Reaches(place, b) {
			boxes[name] = b
		}
	}
	if len(boxes) == 0 {
		return nil, errors.New(a.text("carry.nobody", place))
	}
	return boxes, nil
}

// A loaded stick, for people and programs.
type loaded struct {
	Boxes     []string `json:"boxes"`
	Documents int      `json:"documents"`
	Files     int      `json:"files"`
	Copied    int      `json:"files_copied"` // the others were there
	Bytes     int64    `json:"bytes"`        // of all files
	Acks      int      `json:"acks"`
	Until     string   `json:"until"` // by then it must be at the boxes
}

// signOfLife is how old a stick may be for a box, see trust.JudgeCarried.
const signOfLife = 7 * 24 * time.Hour

// load writes files first and documents last: a stick that is pulled out too early
// names nothing that it lacks.
func (a *app) load(au *authority.Authority, s *stick.Stick, boxes map[string]authority.Box) error {
	documents, files, err := a.freight(au, boxes)
	if err != nil {
		return err
	}
	if data := join(documents); len(documents) > stick.MaxLines || len(data) > stick.MaxBytes {
		return errors.New(a.text("carry.many", len(documents), len(data)>>20, stick.MaxLines, stick.MaxBytes>>20))
	}
	out := loaded{Documents: len(documents), Boxes: sortedKeys(boxes), Files: len(files), Until: a.now().Add(signOfLife).In(vietnam).Format(time.RFC3339)}
	for _, sha := range sortedKeys(files) {
		if err := a.ctx.Err(); err != nil {
			return err
		}
		copied, err := a.copyFile(au, s, sha, files[sha])
		if err != nil {
			return err
		}
		if copied {
			out.Copied++
		}
		out.Bytes += files[sha]
	}
	if out.Acks, err = a.writeAcks(au, s, sortedKeys(boxes)); err != nil {
		return err
	}
	if err := s.Write(stick.Documents, join(documents)); err != nil {
		return err
	}
	return a.show(out, func(w io.Writer) {
		fmt.Fprintln(w, a.text("carry.done", s.Dir(), someOf(out.Boxes), out.Documents, out.Files, out.Copied, a.decimal(float64(out.Bytes)/1e6)))
		fmt.Fprintln(w, a.text("carry.until", a.moment(a.now().Add(signOfLife))))
	})
}

// someOf names a few boxes, and says how many more there are.
func someOf(boxes []string) string {
	const most = 8
	if len(boxes) <= most {
		return strings.Join(boxes, ", ")
	}
	return fmt.Sprintf("%s … +%d", strings.Join(boxes[:most], ", "), len(boxes)-most)
}

func join(documents []authority.Issued) []byte {
	var b bytes.Buffer
	for _, is := range documents {
		b.Write(is.Raw)
		b.WriteByte('\n')
	}
	return b.Bytes()
}

// freight is what has to go to boxes: documents in an order in which they can take
// them, and the files with their lengths. A sign of life stands before the wants,
// which count with it only, and once more behind them, because a box that learns
// its place from one takes it only then.
func (a *app) freight(au *authority.Authority, boxes map[string]authority.Box) (documents []authority.Issued, files map[string]int64, err error) {
	all, err := au.Issued()
	if err != nil {
		return nil, nil, err
	}
	alive, err := a.signsOfLife(au, boxes)
	if err != nil {
		return nil, nil, err
	}
	var lists, wants, rest []authority.Issued
	files = make(map[string]int64)
	for _, is := range all {
		switch {
		case is.Topic.Dir == message.DirTrust:
			lists = append(lists, is)
		case is.Topic.Dir == message.DirDevice:
			if b, ok := boxes[is.Topic.Device]; ok {
				wants = append(wants, is)
				bundles(is.Doc, b.Board, au.MediaDir(), files)
			}
		case reachesAny(au, is.Topic.Place, boxes) && !over(is.Doc, a.now()):
			rest = append(rest, is)
			need(is.Doc, files)
		}
	}
	// Bulletins before what plays them, so that no schedule is looked at twice.
	slices.SortStableFunc(rest, func(x, y authority.Issued) int { return cmp.Compare(turn(x.Doc), turn(y.Doc)) })
	return slices.Concat(lists, alive, wants, alive, rest), files, nil
}

func turn(doc any) int {
	switch doc.(type) {
	case plan.Policy:
		return 0
	case plan.Bulletin:
		return 1
	case plan.AlertSet:
		return 2
	}
	return 3
}

func reachesAny(au *authority.Authority, place string, boxes map[string]authority.Box) bool {
	for _, b := range boxes {
		if au.Reaches(place, b) {
			return true
		}
	}
	return false
}

// over reports what every box would refuse as expired.
func over(doc any, now time.Time) bool {
	switch d := doc.(type) {
	case plan.Bulletin:
		return !now.Before(d.ValidUntil)
	case plan.Schedule:
		return !now.Before(d.ValidUntil)
	case plan.Policy:
		return !now.Before(d.ValidUntil)
	case plan.Triggers:
		return !now.Before(d.ValidUntil)
	}
	return false
}

// need adds the files that a document names.
func need(doc any, files map[string]int64) {
	pages := func(all ...plan.Page) {
		for _, g := range all {
			if g.Image != "" {
				files[g.Image] = g.Bytes
			}
		}
	}
	switch d := doc.(type) {
	case plan.Bulletin:
		if d.Withdrawn {
			return
		}
		for _, r := range d.Audio {
			files[r.SHA256] = r.Bytes
		}
		pages(d.Pages...)
	case plan.Policy:
		for _, p := range d.DefaultPages {
			pages(p.Page)
		}
	}
}

// bundles adds the software for a box, as far as it is still here: that for its kind of
// board, or all where the books do not know its kind.
func bundles(doc any, board, dir string, files map[string]int64) {
	w, ok := doc.(plan.Want)
	if !ok || w.Firmware == nil {
		return
	}
	_, known := w.Firmware.Bundles[board]
	for kind, b := range w.Firmware.Bundles {
		if _, err := os.Stat(filepath.Join(dir, b.SHA256)); err == nil && (kind == board || !known) {
			files[b.SHA256] = b.Bytes
		}
	}
}

// signsOfLife are those of the places above the boxes.
func (a *app) signsOfLife(au *authority.Authority, boxes map[string]authority.Box) (all []authority.Issued, err error) {
	places, err := au.BeatPlaces(dispatcherName)
	if err != nil {
		return nil, err
	}
	for _, place := range places {
		if !reachesAny(au, place, boxes) {
			continue
		}
		is, err := au.Beat(place, dispatcherName, 0)
		if err != nil {
			return nil, err
		}
		all = append(all, is)
	}
	return all, nil
}

// copyFile puts a file on the stick that is not there already, whole and right.
func (a *app) copyFile(au *authority.Authority, s *stick.Stick, sha string, size int64) (copied bool, err error) {
	if f, n, err := s.Media(sha); err == nil {
		sum, err := digest(f)
		f.Close()
		if err == nil && n == size && sum == sha {
			return false, nil
		}
	}
	from, err := os.Open(filepath.Join(au.MediaDir(), sha))
	if errors.Is(err, fs.ErrNotExist) {
		return false, errors.New(a.text("carry.file", sha, au.MediaDir()))
	}
	if err != nil {
		return false, err
	}
	defer from.Close()
	if sum, err := digest(from); err != nil || sum != sha {
		return false, errors.Join(err, errors.New(a.text("carry.spoilt", from.Name())))
	}
	if _, err := from.Seek(0, io.SeekStart); err != nil {
		return false, err
	}
	return true, s.PutMedia(sha, from)
}

func digest(f io.Reader) (string, error) {
	h := sha256.New()
	_, err := io.Copy(h, f)
	return hex.EncodeToString(h.Sum(nil)), err
}
