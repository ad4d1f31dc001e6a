package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"loa/agent/ahead"
	"loa/agent/decode"
	"loa/agent/display"
	"loa/agent/layout"
	"loa/agent/plan"
	"loa/agent/sound"
	"loa/agent/speech"
	"loa/agent/viet"
	"loa/boards"
	"loa/scripts/authority"
	"loa/scripts/authority/poll"
	"loa/scripts/loactl/web/desk"
	"loa/scripts/report"
)

// deskTools are the tools of this program as the desk uses them.
type deskTools struct {
	a     *app
	au    *authority.Authority
	polls *poll.Store
}

// in is the program in the language of whoever asks; nobody reads what it prints.
func (t deskTools) in(ctx context.Context, lang string) *app {
	a := *t.a
	a.ctx, a.lang, a.json, a.out, a.err = ctx, lang, true, io.Discard, io.Discard
	return &a
}

func (t deskTools) ID(title string) string { return slug(title) }

func (t deskTools) Read(lang, text, region string) desk.Reading {
	a := t.in(t.a.ctx, lang)
	choices, _ := speech.Region(region) // of another kind: the north's
	back := a.reading(speech.Read(spoken(text), choices), text)
	r := desk.Reading{Sentences: back.Spoken, Unreadable: back.Unspoken}
	for _, d := range back.Doubts {
		r.Doubts = append(r.Doubts, desk.Doubt{Text: d.Text, Say: d.Say, Why: d.Why})
	}
	return r
}

func (t deskTools) Speak(ctx context.Context, lang, text, region string) (desk.Spoken, error) {
	a := t.in(ctx, lang)
	s, err := a.speaker("", region)
	if err != nil {
		return desk.Spoken{}, told1(a, err)
	}
	pcm, by, err := a.render(s, speech.Read(spoken(text), s.choices))
	if err != nil {
		return desk.Spoken{}, told1(a, err)
	}
	dir, err := os.MkdirTemp("", "loa-desk-")
	if err != nil {
		return desk.Spoken{}, err
	}
	defer os.RemoveAll(dir)
	file, err := a.keepSpoken(dir, "spoken", pcm, hasEncoder())
	if err != nil {
		return desk.Spoken{}, told1(a, err)
	}
	rec, err := t.keep(a, file)
	rec.Audio.Voice = by
	return desk.Spoken{Recording: rec, Reading: t.Read(lang, text, region)}, err
}

// told1 is an error in the language of whoever asked.
func told1(a *app, err error) error { return &desk.Told{Text: a.explain(err)} }

func hasEncoder() bool {
	_, err := findEncoder()
	return err == nil
}

// keep puts a recording where boxes fetch it.
func (t deskTools) keep(a *app, file string) (desk.Recording, error) {
	r, err := measure(a.ctx, file)
	if err != nil {
		return desk.Recording{}, told1(a, errors.New(a.text("desk.no-sound")))
	}
	sum, size, err := keepMedia(t.au, file)
	return desk.Recording{Audio: plan.Audio{SHA256: sum, Bytes: size, Type: r.Type, DurationMS: r.Duration.Milliseconds()}, LUFS: round(r.LUFS)}, err
}

// What is taken of an upload: as much as a slot can have, whatever the file claims.
const (
	uploadLength = time.Hour
	uploadTime   = 2 * time.Minute
	// uploadKinds are containers of sound. Playlists are none: they name other files.
	uploadKinds = "aac,ac3,aiff,amr,asf,au,caf,flac,matroska,webm,mov,mp4,m4a,3gp,mp3,mpeg,mpegts,ogg,wav,w64,wv"
)

// Record makes of any recording one that boxes play: one channel, as loud as all others,
// without the silence at its ends.
func (t deskTools) Record(ctx context.Context, lang string, r io.Reader) (desk.Recording, error) {
	ctx, cancel := context.WithTimeout(ctx, uploadTime)
	defer cancel()
	a := t.in(ctx, lang)
	dir, err := os.MkdirTemp("", "loa-desk-")
	if err != nil {
		return desk.Recording{}, err
	}
	defer os.RemoveAll(dir)
	raw, whole, cut := filepath.Join(dir, "raw"), filepath.Join(dir, "whole.wav"), filepath.Join(dir, "cut.wav")
	f, err := os.Create(raw)
	if err != nil {
		return desk.Recording{}, err
	}
	if _, err := io.Copy(f, r); err != nil {
		f.Close()
		return desk.Recording{}, err
	}
	if err := f.Close(); err != nil {
		return desk.Recording{}, err
	}
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		return desk.Recording{}, told1(a, errors.New(a.text("desk.no-ffmpeg")))
	}
	if err := ffmpeg(ctx, "-format_whitelist", uploadKinds, "-protocol_whitelist", "file", "-i", raw, "-vn", "-sn", "-dn", "-map", "0:a:0",
		"-t", fmt.Sprint(int(uploadLength.Seconds())), "-ac", "1", "-ar", "48000", "-c:a", "pcm_s16le", whole); err != nil {
		return desk.Recording{}, told1(a, errors.New(a.text("desk.no-sound")))
	}
	from, until, err := sounding(ctx, whole)
	if err != nil {
		return desk.Recording{}, told1(a, errors.New(a.text("desk.no-sound")))
	}
	if err := ffmpeg(ctx, "-i", whole, "-ss", fmt.Sprintf("%.3f", from.Seconds()), "-to", fmt.Sprintf("%.3f", until.Seconds()), "-c:a", "pcm_s16le", cut); err != nil {
		return desk.Recording{}, err
	}
	if encode, err := findEncoder(); err == nil {
		rec, err := measure(ctx, cut)
		if err != nil {
			return desk.Recording{}, told1(a, errors.New(a.text("desk.no-sound")))
		}
		coded, err := encode(ctx, cut, rec)
		if err != nil {
			return desk.Recording{}, err
		}
		defer os.Remove(coded)
		return t.keep(a, coded)
	}
	return t.keep(a, cut)
}

func ffmpeg(ctx context.Context, args ...string) error {
	cmd := exec.CommandContext(ctx, "ffmpeg", append([]string{"-nostdin", "-hide_banner", "-loglevel", "error", "-threads", "1"}, args...)...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("ffmpeg: %w: %s", err, out)
	}
	return nil
}

// What is softer is silence; a little of it stays at each end.
const (
	silentBelow = -50.0 // dBFS
	silentKept  = 200 * time.Millisecond
)

// sounding is from when until when something is heard in a recording.
func sounding(ctx context.Context, name string) (from, until time.Duration, err error) {
	f, err := os.Open(name)
	if err != nil {
		return 0, 0, err
	}
	defer f.Close()
	least := float32(sound.Amplitude(silentBelow))
	first, last, n := -1, 0, 0 // frames
	if _, err := decode.Walk(ctx, f, "", func(pcm []float32) error {
		for i, s := range pcm {
			if s > least || s < -least {
				if first < 0 {
					first = n + i/sound.Channels
				}
				last = n + i/sound.Channels
			}
		}
		n += len(pcm) / sound.Channels
		return nil
	}); err != nil {
		return 0, 0, err
	}
	if first < 0 {
		return 0, 0, errSilent
	}
	at := func(frame int) time.Duration { return time.Duration(frame) * time.Second / sound.Rate }
	return max(0, at(first)-silentKept), min(at(n), at(last)+silentKept), nil
}

func (t deskTools) Boards(place string) (names []string) {
	for _, name := range boardsOf(t.au, place) {
		if kind, err := boards.Load(name); err == nil && kind.Panel.There() {
			names = append(names, name)
		}
	}
	return names
}

func (t deskTools) Draw(lang, board string, b *plan.Bulletin) (pictures []desk.Picture, wrong []string, err error) {
	if !slices.Contains(boardsWithPanel(), board) {
		return nil, nil, &desk.Told{Text: board + "?"}
	}
	kind, err := boards.Load(board)
	if err != nil {
		return nil, nil, err
	}
	a := t.in(t.a.ctx, lang)
	dir, err := os.MkdirTemp("", "loa-desk-")
	if err != nil {
		return nil, nil, err
	}
	defer os.RemoveAll(dir)
	files := func(sha string, b layout.Board) ([]display.Still, error) {
		data, err := os.ReadFile(filepath.Join(t.au.MediaDir(), filepath.Base(sha)))
		if err != nil {
			return nil, err
		}
		return display.Stills(data, b)
	}
	complaints, err := a.lay(layout.BoardOf(kind.Panel), b, files, func(_ int, s showing) error {
		p := desk.Picture{Type: "image/png", Text: s.text(), Stay: s.length()}
		write := writePNG
		if s.moves() {
			p.Type, write = "image/gif", writeGIF
		}
		name := filepath.Join(dir, "page")
		if err := write(name, s); err != nil {
			return err
		}
		if p.Data, err = os.ReadFile(name); err != nil {
			return err
		}
		pictures = append(pictures, p)
		return nil
	})
	for _, c := range complaints {
		wrong = append(wrong, a.sentence(c))
	}
	return pictures, wrong, err
}

func (t deskTools) Doubts(lang string, b *plan.Bulletin) (all []string) {
	a := t.in(t.a.ctx, lang)
	all = a.unwanted(t.au, b)
	texts := []string{b.Title, b.Text, b.Ticker}
	for _, p := range b.Pages {
		texts = append(texts, p.Text)
	}
	for _, text := range texts {
		for _, f := range viet.Check(text) {
			say := f.EN
			if lang == "vi" {
				say = f.VI
			}
			if !slices.Contains(all, say) {
				all = append(all, say)
			}
		}
	}
	return all
}

func (t deskTools) Unheard(lang string, s *plan.Schedule) (all []string, err error) {
	a := t.in(t.a.ctx, lang)
	found, err := a.foresee(t.au, s)
	for _, f := range found {
		line := fmt.Sprintf("%s %s  %s: %s [%s]", f.At.In(vietnam).Format("15:04"), a.date(f.At), f.Title, f.Why, f.Code)
		if f.Days > 1 {
			line += a.text("foresee.days", f.Days)
		}
		all = append(all, line)
	}
	return all, err
}

func (t deskTools) Ahead(h plan.Head, hours int, with any) ([]ahead.Line, error) {
	a := t.in(t.a.ctx, t.a.lang)
	place, groups := h.Place, []string(nil)
	if h.Device != "" {
		b, ok := t.au.Boxes()[h.Device]
		if !ok {
			return nil, nil // it was revoked meanwhile
		}
		place, groups = b.Place, b.Groups
	}
	p, err := a.rehearse(t.au, place, groups, false)
	if err != nil {
		return nil, err
	}
	withPending(&p, with)
	return a.played(t.au, p, place, h.Device, hours), nil
}

func (t deskTools) reportOf(place string, year int) (report.Input, error) {
	in, err := reportInput(t.au, report.Year(year).Until.Add(-1))
	in.Top = place
	return in, err
}

func (t deskTools) Report(place string, year int) (report.Report, error) {
	in, err := t.reportOf(place, year)
	if err != nil {
		return report.Report{}, err
	}
	return report.Make(in, report.Year(year))
}

func (t deskTools) Slips(lang, id string, n int) ([]byte, error) {
	a := t.in(t.a.ctx, lang)
	page, err := a.slips(t.au, t.polls, id, n)
	if err != nil {
		return nil, told1(a, err)
	}
	return page, nil
}

func (t deskTools) Phones() bool {
	_, ok, err := smsChannel(t.au)
	return err == nil && ok
}

func (t deskTools) Trace(place string, year int, item string) (string, []report.Told, error) {
	in, err := t.reportOf(place, year)
	if err != nil {
		return "", nil, err
	}
	return report.Trace(in, report.Year(year), item)
}

func (t deskTools) Why(place string, year int, row string, f func(report.Evidence)) (report.Report, error) {
	in, err := t.reportOf(place, year)
	if err != nil {
		return report.Report{}, err
	}
	return report.Why(in, report.Year(year), row, f)
}
