package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"
	"golang.org/x/text/unicode/norm"

	"loa/agent/plan"
	"loa/scripts/authority"
	"loa/scripts/loactl/playlist"
)

// playlist turns a list or a folder of audio into bulletins and a schedule: each
// recording is decoded as a box will, measured, levelled, and put into the media
// server's folder. It writes drafts, which are then signed like any other
// document.
func (a *app) playlist(args []string) error {
	opts := a.flags("playlist")
	place := opts.String("place", "", "")
	out := opts.String("out", "", "")
	at := opts.String("at", "05:30", "")
	days := opts.String("days", "", "")
	length := opts.Duration("for", 0, "")
	gap := opts.Duration("gap", 0, "")
	lang := opts.String("item-lang", "vi", "")
	encode := opts.Bool("encode", false, "")
	force := opts.Bool("force", false, "")
	rest, err := a.parse(opts, args, 1, 1)
	if err != nil {
		return err
	}
	if *place == "" {
		return &usageError{a.text("playlist.place")}
	}
	slot, err := a.slotAt(*at, *days, *length, *gap)
	if err != nil {
		return err
	}
	au, err := a.open()
	if err != nil {
		return err
	}
	if _, ok := au.Places()[*place]; !ok {
		return errors.New(a.text("place.none", *place))
	}
	entries, err := playlist.Read(rest[0])
	if err != nil {
		return err
	}
	name := slug(strings.TrimSuffix(filepath.Base(filepath.Clean(rest[0])), filepath.Ext(rest[0])))
	if *out == "" {
		*out = name
	}
	if found, err := os.ReadDir(*out); !*force && (err == nil && len(found) > 0 || err != nil && !errors.Is(err, fs.ErrNotExist)) {
		return errors.New(a.text("playlist.exists", *out)) // drafts in it may have been edited by hand
	}
	b := &programme{
		a: a, au: au, place: *place, prefix: name, lang: *lang, until: a.now().AddDate(0, 3, 0), slot: slot,
		used: make(map[string]bool), files: make(map[string]string),
	}
	if *encode {
		if b.encoder, err = findEncoder(); err != nil {
			return err
		}
	}
	for _, e := range entries {
		if err := b.add(e); err != nil {
			return err
		}
	}
	if len(b.slot.Items) == 0 {
		return errors.New(a.text("playlist.nothing"))
	}
	total := b.length + time.Duration(len(b.slot.Items)-1)*(*gap)
	b.slot.ForS = int(math.Ceil(total.Minutes())) * 60
	if *length > 0 {
		b.slot.ForS = int(*length / time.Second)
		b.cut(*length, *gap)
	}
	if b.slot.ForS == 0 {
		return &usageError{a.text("playlist.length")} // nothing but streams, which have none
	}
	if err := b.write(*out); err != nil {
		return err
	}
	result := map[string]any{"out": *out, "items": b.items, "skipped": b.skipped, "warnings": b.warnings, "length_s": int(total.Seconds()), "for_s": b.slot.ForS}
	return a.show(result, func(w io.Writer) {
		for _, it := range b.items {
			fmt.Fprintf(w, "  %-32s %8s  %6s LUFS  %s\n", it.ID, time.Duration(it.DurationMS*1e6).Round(time.Second), a.decimal(it.LUFS), it.Title)
		}
		for _, s := range b.skipped {
			fmt.Fprintln(w, a.text("playlist.skipped", s))
		}
		for _, s := range b.warnings {
			fmt.Fprintln(w, s)
		}
		fmt.Fprintln(w, a.text("playlist.done", len(b.slot.Items), total.Round(time.Second), *out))
		fmt.Fprintln(w, a.text("playlist.next", *out, *out))
	})
}

// slotAt is when a programme sounds, by the readers that boxes have: what they
// cannot read is a mistake here, and not when it is signed.
func (a *app) slotAt(at, days string, length, gap time.Duration) (slotDraft, error) {
	s := slotDraft{ID: "s1", At: names(at), Days: names(days), GapS: int(gap / time.Second)}
	if len(s.At) == 0 {
		return s, &usageError{a.text("playlist.at", at)}
	}
	for _, t := range s.At {
		if d, err := plan.ParseClock(t); err != nil || d == 24*time.Hour {
			return s, &usageError{a.text("playlist.at", t)}
		}
	}
	for _, d := range s.Days {
		if _, err := plan.ParseWeekday(d); err != nil {
			return s, &usageError{a.text("playlist.days", d)}
		}
	}
	if length != 0 && (length < time.Second || length > 24*time.Hour) || gap < 0 || gap > time.Hour {
		return s, &usageError{a.text("playlist.span")}
	}
	return s, nil
}

// A programme is a schedule in the making.
type programme struct {
	a       *app
	au      *authority.Authority
	encoder encoder
	place   string
	prefix  string
	lang    string
	until   time.Time
	used    map[string]bool   // ids
	files   map[string]string // by SHA-256, where it was first

	drafts   []draft
	slot     slotDraft
	length   time.Duration
	items    []itemReport
	skipped  []string
	warnings []string
}

// What is written, in the words and the order of the documents.
type draft struct {
	ID           string       `toml:"id"`
	Place        string       `toml:"place"`
	Class        string       `toml:"class"`
	Origin       string       `toml:"origin"`
	Lang         string       `toml:"lang"`
	Title        string       `toml:"title"`
	LoudnessLUFS float64      `toml:"loudness_lufs"`
	ValidUntil   time.Time    `toml:"valid_until"`
	Audio        []audioDraft `toml:"audio"`
}

type audioDraft struct {
	SHA256     string `toml:"sha256"`
	Bytes      int64  `toml:"bytes"`
	Type       string `toml:"type"`
	DurationMS int64  `toml:"duration_ms"`
}

type scheduleDraft struct {
	ID         string      `toml:"id"`
	Place      string      `toml:"place"`
	Zone       string      `toml:"zone"`
	ValidUntil time.Time   `toml:"valid_until"`
	Slots      []slotDraft `toml:"slots"`
}

type slotDraft struct {
	ID    string      `toml:"id"`
	At    []string    `toml:"at"`
	Days  []string    `toml:"days,omitempty"`
	ForS  int         `toml:"for_s"`
	GapS  int         `toml:"gap_s,omitempty"`
	Items []itemDraft `toml:"items"`
}

type itemDraft struct {
	Bulletin string      `toml:"bulletin,omitempty"`
	Relay    *relayDraft `toml:"relay,omitempty"`
}

type relayDraft struct {
	URLs   []string `toml:"urls"`
	Title  string   `toml:"title"`
	Class  string   `toml:"class"`
	Origin string   `toml:"origin"`
	Lang   string   `toml:"lang"`
}

type itemReport struct {
	ID         string  `json:"id"`
	Title      string  `json:"title"`
	SHA256     string  `json:"sha256"`
	Bytes      int64   `json:"bytes"`
	Type       string  `json:"type"`
	DurationMS int64   `json:"duration_ms"`
	LUFS       float64 `json:"loudness_lufs"`
	PeakDBFS   float64 `json:"peak_dbfs"`
	Damaged    int     `json:"damaged,omitempty"`
}

// add takes one entry in. What cannot be played is left out and told.
func (p *programme) add(e playlist.Entry) error {
	if e.URL != "" {
		if !strings.HasPrefix(e.URL, "https://") {
			p.skipped = append(p.skipped, p.a.text("playlist.http", e.URL))
			return nil
		}
		p.slot.Items = append(p.slot.Items, itemDraft{Relay: &relayDraft{
			URLs: []string{e.URL}, Title: e.Title, Class: "normal", Origin: "higher", Lang: p.lang,
		}})
		return nil
	}
	r, err := measure(p.a.ctx, e.Path)
	if p.a.ctx.Err() != nil {
		return p.a.ctx.Err()
	}
	if err != nil {
		p.skipped = append(p.skipped, p.a.explain(err))
		return nil
	}
	file := e.Path
	if p.encoder != nil {
		coded, err := p.encoder(p.a.ctx, e.Path, r)
		if err != nil {
			return err
		}
		defer os.Remove(coded)
		if r, err = measure(p.a.ctx, coded); err != nil {
			return err
		}
		file = coded
	}
	if r.SHA256, r.Bytes, err = keepMedia(p.au, file); err != nil {
		return err
	}
	if first, twice := p.files[r.SHA256]; twice {
		p.warnings = append(p.warnings, p.a.text("playlist.twice", e.Path, first))
	} else {
		p.files[r.SHA256] = e.Path
	}
	id := p.id(e.Title)
	p.drafts = append(p.drafts, draft{
		ID: id, Place: p.place, Class: "normal", Origin: "own", Lang: p.lang, Title: e.Title,
		LoudnessLUFS: round(r.LUFS), ValidUntil: p.until.UTC().Truncate(time.Second),
		Audio: []audioDraft{{r.SHA256, r.Bytes, r.Type, r.Duration.Milliseconds()}},
	})
	p.items = append(p.items, itemReport{id, e.Title, r.SHA256, r.Bytes, r.Type, r.Duration.Milliseconds(), round(r.LUFS), round(r.PeakDBFS), r.Damaged})
	p.slot.Items = append(p.slot.Items, itemDraft{Bulletin: id})
	p.length += r.Duration
	return nil
}

// cut tells what a slot is too short for, unless a stream of unknown length is in it.
func (p *programme) cut(length, gap time.Duration) {
	if len(p.items) < len(p.slot.Items) {
		return
	}
	var begins time.Duration
	for _, it := range p.items {
		ends := begins + time.Duration(it.DurationMS)*time.Millisecond
		switch {
		case begins >= length:
			p.warnings = append(p.warnings, p.a.text("playlist.late", it.Title, length))
		case ends > length:
			p.warnings = append(p.warnings, p.a.text("playlist.cut", it.Title, length, (ends-length).Round(time.Second)))
		}
		begins = ends + gap
	}
}

// id makes an id of a title, and never the same twice.
func (p *programme) id(title string) string {
	base := slug(p.prefix + "-" + title)
	id := base
	for n := 2; p.used[id]; n++ {
		id = fmt.Sprintf("%s-%d", base, n)
	}
	p.used[id] = true
	return id
}

func (p *programme) write(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, d := range p.drafts {
		if err := writeTOML(filepath.Join(dir, "bulletin-"+d.ID+".toml"), d); err != nil {
			return err
		}
	}
	return writeTOML(filepath.Join(dir, "schedule.toml"), scheduleDraft{
		ID: p.prefix, Place: p.place, Zone: "+07:00", ValidUntil: p.until.UTC().Truncate(time.Second), Slots: []slotDraft{p.slot},
	})
}

func writeTOML(name string, v any) error {
	data, err := toml.Marshal(v)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return os.WriteFile(name, data, 0o644)
}

// slug makes an id of a Vietnamese title: "Dâng Bác" becomes "dang-bac".
func slug(s string) string {
	var b strings.Builder
	for _, r := range norm.NFD.String(strings.ToLower(s)) {
		switch {
		case r == 'đ':
			b.WriteByte('d')
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			b.WriteRune(r)
		case r >= 0x300 && r < 0x370: // the marks
		default:
			if n := b.Len(); n > 0 && b.String()[n-1] != '-' {
				b.WriteByte('-')
			}
		}
	}
	id := b.String()
	id = strings.Trim(id[:min(len(id), 56)], "-")
	if !plan.ValidID(id) {
		return "x"
	}
	return id
}
