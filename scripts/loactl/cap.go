package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"loa/agent/plan"
	"loa/scripts/authority"
	"loa/scripts/authority/cap"
	"loa/scripts/authority/places"
	"loa/scripts/authority/rollup"
)

// byCAP reports whether alert is to be what a message in CAP asks for.
func byCAP(args []string) bool {
	return slices.ContainsFunc(args, func(s string) bool {
		name, _, _ := strings.Cut(strings.TrimPrefix(s, "-"), "=")
		return name == "-cap" || name == "cap" && strings.HasPrefix(s, "-")
	})
}

// alertCAP shows what a message in CAP becomes, and with signers does it. A message is a
// file, or the id of one that has come by a feed.
func (a *app) alertCAP(args []string) error {
	fs := a.flags("alert")
	name := fs.String("cap", "", "")
	dry := fs.Bool("dry-run", false, "")
	audio := fs.String("audio", "", "")
	speak := fs.Bool("speak", false, "")
	by := signedBy(fs)
	if _, err := a.parse(fs, args, 0, 0); err != nil {
		return err
	}
	if *dry && *by.as != "" {
		return &usageError{a.text("cap.dry")}
	}
	if *audio != "" && *speak {
		return &usageError{a.text("cap.one")}
	}
	au, err := a.open()
	if err != nil {
		return err
	}
	d, err := a.desk(au)
	if err != nil {
		return err
	}
	p, err := capMessage(d, *name, *dry)
	if err != nil {
		return err
	}
	if *by.as == "" || p.Nothing != nil || p.State != cap.Waits {
		return a.showCAP(au, p, *dry)
	}
	if !a.json {
		if err := a.showCAP(au, p, true); err != nil {
			return err
		}
	}
	s := capSigning{a: a, au: au, desk: d, p: p, signers: names(*by.as), audio: *audio, speak: *speak, spoken: make(map[string][2]string)}
	defer func() {
		if s.folder != "" {
			os.RemoveAll(s.folder)
		}
	}()
	return s.run(*by.wait)
}

// capMessage is a message by its file, or by the id that it was given.
func capMessage(d *cap.Desk, name string, dry bool) (cap.Proposal, error) {
	raw, err := readCAP(name)
	if errors.Is(err, os.ErrNotExist) {
		if p, err := d.Open(name); !errors.Is(err, os.ErrNotExist) {
			return p, err
		}
	}
	if err != nil {
		return cap.Proposal{}, err
	}
	if dry {
		return d.Look(raw)
	}
	return d.Take(raw)
}

// readCAP reads a file as far as a message may be long, and a little more.
func readCAP(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, cap.MaxBytes+1))
}

// alertCAPList shows the messages that wait, after looking into feeds and folder when
// it is to.
func (a *app) alertCAPList(args []string) error {
	fs := a.flags("alert cap")
	fetch := fs.Bool("fetch", false, "")
	if _, err := a.parse(fs, args, 0, 0); err != nil {
		return err
	}
	au, err := a.open()
	if err != nil {
		return err
	}
	d, err := a.desk(au)
	if err != nil {
		return err
	}
	if *fetch {
		for _, e := range a.capWatch(d).Once(a.ctx) {
			fmt.Fprintln(a.err, "loactl: "+a.explain(e))
		}
	}
	waits, err := d.Waiting()
	if err != nil {
		return err
	}
	if waits == nil {
		waits = []cap.Record{}
	}
	return a.show(waits, func(w io.Writer) {
		if len(waits) == 0 {
			fmt.Fprintln(w, a.text("cap.none"))
		}
		for _, r := range waits {
			p, err := d.Open(r.ID)
			if err != nil {
				fmt.Fprintf(w, "%s  %s\n", r.ID, a.explain(err))
				continue
			}
			a.writeCAP(w, au, p, false)
		}
	})
}

// desk is where the authority keeps messages in CAP.
func (a *app) desk(au *authority.Authority) (*cap.Desk, error) {
	l, err := cap.Load(au.Dir())
	if file := filepath.Join(au.Dir(), cap.File); err != nil {
		if _, missing := os.Stat(file); errors.Is(missing, fs.ErrNotExist) {
			return nil, errors.New(a.text("cap.list", file))
		}
		return nil, err
	}
	return &cap.Desk{Dir: filepath.Join(au.Dir(), "cap"), List: l, Places: &standingPlaces{au: au, now: a.now}, Now: a.now}, nil
}

// standingPlaces are the places of an authority as they are now.
type standingPlaces struct {
	au   *authority.Authority
	now  func() time.Time
	book places.Book
}

// Now is what a code stands for.
func (s *standingPlaces) Now(code string) (string, bool) {
	if s.au.Registered(code) == nil {
		return code, true
	}
	s.book = s.au.Book()
	code = s.book.Became(code, s.now())
	return code, s.au.Registered(code) == nil
}

// Covers reports whether place is top or below it.
func (s *standingPlaces) Covers(place, top string) bool {
	return rollup.Within(s.au.Places(), place, top)
}

// showCAP shows what a message becomes; quiet leaves out what to do about it.
func (a *app) showCAP(au *authority.Authority, p cap.Proposal, quiet bool) error {
	type said struct {
		Lang     string `json:"lang"`
		Headline string `json:"headline"`
		Shown    string `json:"shown,omitempty"`
		Speech   string `json:"speech"`
	}
	type part struct {
		ID     string     `json:"id"`
		Class  plan.Class `json:"class"`
		Level  int        `json:"level"`
		Tone   string     `json:"tone,omitempty"`
		Repeat int        `json:"repeat,omitempty"`
		GapS   int        `json:"gap_s,omitempty"`
		Places []string   `json:"places"`
		From   time.Time  `json:"from,omitzero"`
		Until  time.Time  `json:"until"`
		Texts  []said     `json:"texts"`
	}
	parts, notes := []part{}, []string{}
	for _, q := range p.Parts {
		r := part{q.ID, q.Class, q.Level, q.Tone, q.Repeat, q.GapS, q.Places, q.From, q.Until, nil}
		for _, t := range q.Texts {
			r.Texts = append(r.Texts, said(t))
		}
		parts = append(parts, r)
	}
	for _, n := range p.Notes {
		notes = append(notes, a.noted(n))
	}
	v := map[string]any{"record": p.Record, "parts": parts, "clear": slices.Concat([]string{}, p.Clear), "notes": notes}
	if p.Nothing != nil {
		v["nothing"] = a.noted(*p.Nothing)
	}
	return a.show(v, func(w io.Writer) { a.writeCAP(w, au, p, quiet) })
}

func (a *app) noted(n cap.Note) string {
	if a.lang == "vi" {
		return n.VI
	}
	return n.EN
}

func (a *app) writeCAP(w io.Writer, au *authority.Authority, p cap.Proposal, quiet bool) {
	m := p.Message
	fmt.Fprintln(w, a.text("cap.head", p.ID, m.Identifier, m.Sender, p.From.Name, m.Sent.In(vietnam).Format("15:04 02/01/2006"), a.text("capstatus."+m.Status), a.text("captype."+m.Type)))
	called := func(codes []string) string {
		var all []string
		for _, c := range codes {
			all = append(all, a.placeName(au, c))
		}
		return strings.Join(all, ", ")
	}
	for _, q := range p.Parts {
		fmt.Fprintln(w, a.text("capclass."+string(q.Class), q.Level))
		if q.Class == plan.Emergency {
			fmt.Fprintln(w, a.text("cap.tone", q.Tone, q.Repeat, q.GapS))
		}
		fmt.Fprintln(w, a.text("cap.places", called(q.Places)))
		if !q.From.IsZero() {
			fmt.Fprintln(w, a.text("cap.from", q.From.In(vietnam).Format("15:04 02/01")))
		}
		fmt.Fprintln(w, a.text("cap.until", q.Until.In(vietnam).Format("15:04 02/01")))
		for _, t := range q.Texts {
			fmt.Fprintf(w, "  [%s] %s\n", t.Lang, t.Headline)
			for line := range strings.Lines(t.Speech) {
				if line = strings.TrimSpace(line); line != t.Headline {
					fmt.Fprintf(w, "      %s\n", line)
				}
			}
		}
	}
	if len(p.Clear) > 0 {
		fmt.Fprintln(w, a.text("cap.clears", called(p.Clear)))
	}
	if p.Nothing != nil {
		fmt.Fprintln(w, a.text("cap.nothing", a.noted(*p.Nothing)))
	}
	for _, n := range p.Notes {
		fmt.Fprintln(w, a.text("cap.note", a.noted(n)))
	}
	switch {
	case quiet:
	case p.State == cap.Done:
		fmt.Fprintln(w, a.text("cap.done"))
	case p.State == cap.Waits:
		fmt.Fprintln(w, a.text("cap.next", p.ID))
	}
}
