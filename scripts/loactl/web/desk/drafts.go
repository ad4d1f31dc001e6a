package desk

import (
	"cmp"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"loa/agent/plan"
	"loa/scripts/authority/durable"
)

// A Draft is a bulletin that nobody has signed yet.
type Draft struct {
	ID       string      `json:"id"` // of the bulletin that it becomes
	Place    string      `json:"place"`
	By       string      `json:"by"`
	Title    string      `json:"title"`
	Text     string      `json:"text"`
	Lang     string      `json:"lang"`
	Region   string      `json:"region,omitempty"` // of the voice
	Class    plan.Class  `json:"class"`
	Origin   plan.Origin `json:"origin,omitempty"`  // none: the commune's own
	Request  string      `json:"request,omitempty"` // the resident's report that it answers
	Board    string      `json:"board,omitempty"`   // what boards show, where it is not the text
	Style    string      `json:"style,omitempty"`
	Ticker   string      `json:"ticker,omitempty"`
	Days     int         `json:"days"` // that it counts
	Audio    *plan.Audio `json:"audio,omitempty"`
	LUFS     float64     `json:"lufs,omitempty"`
	Read     string      `json:"read,omitempty"` // the text that a machine has read; it has to be the same as Text
	Changed  time.Time   `json:"changed"`
	Archived bool        `json:"archived,omitempty"`
	Template bool        `json:"template,omitempty"` // bulletins are begun from it; it becomes none itself
	SHA256   string      `json:"sha256,omitempty"`   // of what was signed of it

	Pictures  []plan.Page `json:"pictures,omitempty"`  // that boards show after the words
	Languages []Version   `json:"languages,omitempty"` // further ones
	Vouches   []Vouch     `json:"vouches,omitempty"`   // for the languages of what was signed
}

// Stale reports that a machine has read another text than the one that stands there.
func (d Draft) Stale() bool { return d.Audio != nil && d.Audio.Voice != "" && d.Read != d.Text }

// State says which of its states a draft is in: another after each change.
func (d Draft) State() string { return d.Changed.UTC().Format(time.RFC3339Nano) }

// bulletin is what a draft says, as boxes take it.
func (d Draft) bulletin(now time.Time) *plan.Bulletin {
	b := &plan.Bulletin{
		Class: d.Class, Origin: cmp.Or(d.Origin, plan.Own), Lang: d.Lang, Title: d.Title, Text: d.Text, Ticker: d.Ticker,
		Validity: plan.Validity{ValidUntil: now.AddDate(0, 0, max(1, d.Days)).UTC().Truncate(time.Second)},
	}
	b.Place, b.ID = d.Place, d.ID
	if d.Board != "" || d.Style != "" || len(d.Languages)+len(d.Pictures) > 0 {
		text := d.Board
		if text == "" {
			text = d.Text
		}
		b.Pages = append([]plan.Page{{Text: text, Style: d.Style}}, d.Pictures...)
	}
	if d.Audio != nil {
		b.Audio, b.LoudnessLUFS = []plan.Audio{*d.Audio}, d.LUFS
	}
	d.inLanguages(b)
	return b
}

// drafts are files, one for each.
type drafts struct {
	dir string
	mu  sync.Mutex
}

func (s *drafts) file(id string) string { return filepath.Join(s.dir, id+".json") }

// add keeps a new draft under an id that no other has.
func (s *drafts) add(d Draft) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(d.ID) > 56 {
		d.ID = strings.Trim(d.ID[:56], "-")
	}
	if d.ID != "" {
		d.ID += "-"
	}
	d.ID += strings.ToLower(rand.Text()[:6])
	return d.ID, s.write(d)
}

func (s *drafts) write(d Draft) error {
	data, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		return err
	}
	return durable.Write(s.file(d.ID), append(data, '\n'))
}

func (s *drafts) get(id string) (Draft, error) {
	var d Draft
	if !plan.ValidID(id) {
		return d, errNone
	}
	data, err := os.ReadFile(s.file(id))
	if errors.Is(err, fs.ErrNotExist) {
		return d, errNone
	}
	if err != nil {
		return d, err
	}
	return d, json.Unmarshal(data, &d)
}

func (s *drafts) change(id string, f func(*Draft) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	d, err := s.get(id)
	if err != nil {
		return err
	}
	if err := f(&d); err != nil {
		return err
	}
	return s.write(d)
}

// all are the drafts, the one that was changed last first.
func (s *drafts) all() (all []Draft, err error) {
	files, err := filepath.Glob(filepath.Join(s.dir, "*.json"))
	for _, f := range files {
		d, err := s.get(strings.TrimSuffix(filepath.Base(f), ".json"))
		if err != nil {
			continue // one that is damaged hides no other
		}
		all = append(all, d)
	}
	slices.SortFunc(all, func(x, y Draft) int { return y.Changed.Compare(x.Changed) })
	return all, err
}
