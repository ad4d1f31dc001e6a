package main

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode/utf8"

	"loa/agent/plan"
	"loa/agent/speech"
	"loa/agent/speech/engine"
	"loa/agent/viet"
	"loa/scripts/loactl/source"
)

// label is the last sentence of what a machine has read: who listens is told.
const label = "Giọng đọc tự động."

// maxSpoken bounds a text that is read aloud: the longest that a bulletin can have.
const maxSpoken = 64 << 10

// speak shows how a text is read aloud, and makes the recording and the bulletin of it.
func (a *app) speak(args []string) error {
	fs := a.flags("say")
	text := fs.String("text", "", "")
	region := fs.String("region", "", "")
	with := fs.String("engine", "", "")
	out := fs.String("out", "", "")
	place := fs.String("place", "", "")
	id := fs.String("id", "", "")
	title := fs.String("title", "", "")
	class := fs.String("class", "normal", "")
	encode := fs.Bool("encode", false, "")
	rest, err := a.parse(fs, args, 0, 1)
	if err != nil {
		return err
	}
	if (len(rest) == 0) == (*text == "") {
		return &usageError{a.text("speech.needs")}
	}
	if *out == "" && (*place != "" || *id != "" || *title != "" || *encode) {
		return &usageError{a.text("speech.out")}
	}
	if *place != "" && *out != "" {
		au, err := a.open()
		if err != nil {
			return err
		}
		if _, ok := au.Places()[*place]; !ok {
			return errors.New(a.text("place.none", *place))
		}
	}
	name := "--text"
	if len(rest) == 1 {
		name = rest[0]
		if *text, err = a.spokenText(name); err != nil {
			return err
		}
	}
	s, err := a.speaker(*with, *region)
	if err != nil {
		return err
	}
	doc := &plan.Bulletin{Text: prepared(*text)}
	a.proofread(name, doc)
	r := speech.Read(spoken(doc.Text), s.choices)
	said := a.reading(r, doc.Text)
	if *out == "" {
		return a.show(said, func(w io.Writer) { a.tellReading(w, said) })
	}
	if !a.json {
		a.tellReading(a.out, said)
	}
	pcm, by, err := a.render(s, r)
	if err != nil {
		return err
	}
	d := spokenDraft{
		ID: *id, Place: *place, Class: *class, Origin: "own", Lang: "vi", Title: cmp.Or(*title, heading(doc.Text)), Text: doc.Text,
		ValidUntil: a.now().AddDate(0, 1, 0).UTC().Truncate(time.Second),
	}
	if d.ID == "" {
		d.ID = slug(d.Title)
	}
	if !plan.ValidID(d.ID) {
		return &usageError{a.text("bad-id", d.ID)}
	}
	file, err := a.keepSpoken(*out, d.ID, pcm, *encode)
	if err != nil {
		return err
	}
	result := map[string]any{"reading": said, "wav": file, "voice": by, "duration_ms": pcm.Length().Milliseconds()}
	draft := ""
	if *place != "" {
		d.Audio = []spokenAudio{{File: filepath.Base(file), Voice: by, TextSHA256: sum(doc.Text)}}
		draft = filepath.Join(*out, "bulletin-"+d.ID+".toml")
		if err := writeTOML(draft, d); err != nil {
			return err
		}
		result["draft"] = draft
	}
	return a.show(result, func(w io.Writer) {
		fmt.Fprintln(w, a.text("speech.made", file, pcm.Length().Round(100*time.Millisecond), by))
		if draft != "" {
			fmt.Fprintln(w, a.text("speech.next", draft))
		}
	})
}

// A spokenDraft is the bulletin of what a machine has read, to be signed.
type spokenDraft struct {
	ID         string        `toml:"id"`
	Place      string        `toml:"place"`
	Class      string        `toml:"class"`
	Origin     string        `toml:"origin"`
	Lang       string        `toml:"lang"`
	Title      string        `toml:"title"`
	Text       string        `toml:"text,multiline"`
	ValidUntil time.Time     `toml:"valid_until"`
	Audio      []spokenAudio `toml:"audio"`
}

type spokenAudio struct {
	File       string `toml:"file"`
	Voice      string `toml:"voice"`
	TextSHA256 string `toml:"text_sha256" comment:"of the text that was read: who changes the text makes the recording anew"`
}

// sameText refuses to sign a recording that a machine made of another text than the one
// that stands in the bulletin now.
func (a *app) sameText(f *source.File, entry map[string]any, at string) error {
	of, ok := entry["text_sha256"].(string)
	delete(entry, "text_sha256")
	if text, _ := f.Tree["text"].(string); ok && of != sum(text) {
		return f.At(at, "%s", a.text("speech.stale"))
	}
	return nil
}

func sum(text string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(text))) }

// spokenText reads a file, or the standard input for "-".
func (a *app) spokenText(name string) (string, error) {
	from := a.in
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return "", err
		}
		defer f.Close()
		from = f
	}
	data, err := io.ReadAll(io.LimitReader(from, maxSpoken+1))
	if err != nil {
		return "", err
	}
	if len(data) > maxSpoken {
		return "", errors.New(a.text("speech.long", name, maxSpoken>>10))
	}
	return string(data), nil
}

// prepared is a text as a bulletin takes it: in NFC, mended, without what no text has.
func prepared(text string) string {
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\t", " ")
	text, _ = viet.Mend(text)
	return strings.TrimSpace(text)
}

// spoken is a bulletin's text with the sentence that says who reads it.
func spoken(text string) string { return text + "\n\n" + label }

// heading is the first line of a text, as a title.
func heading(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	const most = 80
	if utf8.RuneCountInString(line) <= most {
		return line
	}
	cut := string([]rune(line)[:most])
	if i := strings.LastIndexByte(cut, ' '); i > 0 {
		cut = cut[:i]
	}
	return strings.TrimRight(cut, " ,.;:") + "…"
}

// render speaks a reading. Where phrases are missing in a bank, the program speaks all of
// it: two voices in one sentence are worse than the lesser one.
func (a *app) render(s *speaker, r speech.Reading) (pcm engine.PCM, by string, err error) {
	by = s.name()
	if s.bank != nil {
		if missing := s.bank.Missing(r); len(missing) > 0 && len(r.Unreadable()) == 0 {
			a.note("speech.missing", strings.Join(missing, "; "), s.spare.name())
			s = s.spare
			by = s.name()
		}
	}
	err = engine.Render(a.ctx, s.engine, r, func(p engine.PCM) error {
		pcm.Rate, pcm.Samples = p.Rate, append(pcm.Samples, p.Samples...)
		return nil
	})
	var bad *engine.UnreadableError
	var silent *engine.SilentError
	switch {
	case errors.As(err, &bad):
		err = errors.New(a.text("speech.unreadable", strings.Join(bad.What, " ")))
	case errors.As(err, &silent):
		err = errors.New(a.text("speech.silent", silent.Length.Round(time.Millisecond), silent.Sentence))
	case errors.Is(err, engine.ErrNothing):
		err = errors.New(a.text("speech.nothing"))
	}
	return pcm, by, err
}

// keepSpoken writes the recording, as WAV or, for boxes on a SIM card, as MP3.
func (a *app) keepSpoken(dir, id string, pcm engine.PCM, encode bool) (string, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	file := filepath.Join(dir, id+".wav")
	var wav bytes.Buffer
	if err := engine.WriteWAV(&wav, pcm); err != nil {
		return "", err
	}
	if err := os.WriteFile(file, wav.Bytes(), 0o644); err != nil || !encode {
		return file, err
	}
	encoder, err := findEncoder()
	if err != nil {
		return "", err
	}
	r, err := measure(a.ctx, file)
	if err != nil {
		return "", err
	}
	coded, err := encoder(a.ctx, file, r)
	if err != nil {
		return "", err
	}
	defer os.Remove(coded)
	data, err := os.ReadFile(coded)
	if err != nil {
		return "", err
	}
	if err := os.Remove(file); err != nil {
		return "", err
	}
	file = filepath.Join(dir, id+".mp3")
	return file, os.WriteFile(file, data, 0o644)
}
