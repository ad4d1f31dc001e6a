// Package commission keeps the record of who looked a box over before it may play at
// full level: step by step, with what was found.
package commission

import (
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"loa/agent/clock"
	"loa/agent/message"
	"loa/agent/plan"
)

// A Step is one thing that is looked at.
type Step string

// The steps, in their order.
const (
	Identity  Step = "identity"
	Clock     Step = "clock"
	Network   Step = "network"
	Broker    Step = "broker"
	Sound     Step = "sound" // the sound device
	Amp       Step = "amp"
	Speaker   Step = "speaker" // somebody heard the test tone
	Board     Step = "board"   // somebody saw the test picture
	Sensors   Step = "sensors"
	Programme Step = "programme" // of the next 24 h
	Ledger    Step = "ledger"
	Label     Step = "label" // it is on the box
)

// Steps are all of them.
func Steps() []Step {
	return []Step{Identity, Clock, Network, Broker, Sound, Amp, Speaker, Board, Sensors, Programme, Ledger, Label}
}

// A Result is what came of a step.
type Result string

// The results.
const (
	Pass Result = "pass"
	Fail Result = "fail"
	NA   Result = "na" // this box has no such thing
)

// A Mark is a step that was looked at.
type Mark struct {
	Step   Step      `json:"step"`
	Result Result    `json:"result"`
	Value  string    `json:"value,omitempty"` // what was found
	At     time.Time `json:"at"`
}

// A Record is a box that was looked over, as the box signs it.
type Record struct {
	Device  string      `json:"device"`
	Board   string      `json:"board"`
	Version string      `json:"version"` // of the software
	By      string      `json:"by"`      // who did it
	At      time.Time   `json:"at"`
	Clock   clock.Level `json:"clock"` // how sure At is
	Marks   []Mark      `json:"marks"` // every step, in order
}

// Count is how many steps passed, failed, and were not there to look at.
func (r Record) Count() (pass, fail, na int) {
	for _, m := range r.Marks {
		switch m.Result {
		case Pass:
			pass++
		case Fail:
			fail++
		case NA:
			na++
		}
	}
	return pass, fail, na
}

// Passed reports whether the box may play at full level: every step was looked at, and
// none failed.
func (r Record) Passed() bool {
	pass, _, na := r.Count()
	return pass > 0 && pass+na == len(Steps())
}

// Report is the kind of the signed record.
const Report plan.Kind = "commission"

// Bounds of what people type, in bytes.
const (
	maxValue = 200
	maxBy    = 100
)

// shelf keeps values through a power cut.
type shelf interface {
	Put(name string, data []byte) error
	Get(name string) ([]byte, error)
	Delete(name string) error
}

const (
	draftName  = "commission/draft"
	recordName = "commission/record"
)

// A Book is a box's record and the draft of the next. It may be used by any goroutine.
type Book struct {
	shelf         shelf
	key           ed25519.PrivateKey
	device, board string

	mu     sync.Mutex
	draft  []Mark
	record *Record
	sum    string // of the signed record
}

// Open reads what is kept. A record that this box's key did not sign, or that is of
// another name or kind of board, is none: a card that was moved to another pole says
// nothing of the horns there. The error says so; the book is good all the same.
func Open(s shelf, device, board string, key ed25519.PrivateKey) (*Book, error) {
	b := &Book{shelf: s, key: key, device: device, board: board}
	var errs []error
	if raw, err := s.Get(recordName); err == nil {
		errs = append(errs, b.take(raw))
	} else if !errors.Is(err, fs.ErrNotExist) {
		errs = append(errs, err)
	}
	if raw, err := s.Get(draftName); err == nil {
		var draft []Mark
		if err = json.Unmarshal(raw, &draft); err != nil {
			errs = append(errs, fmt.Errorf("the draft of the commissioning record: %w", err))
		}
		for _, m := range draft {
			if m.check() == nil {
				b.put(m)
			}
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		errs = append(errs, err)
	}
	return b, errors.Join(errs...)
}

func (b *Book) take(raw []byte) error {
	r, err := message.OpenReport[Record](Report, raw, b.key.Public().(ed25519.PublicKey))
	switch {
	case err != nil:
		return fmt.Errorf("the commissioning record: %w", err)
	case r.Device != b.device || r.Board != b.board:
		return fmt.Errorf("the commissioning record is of %s (%s), this is %s (%s)", r.Device, r.Board, b.device, b.board)
	}
	b.record, b.sum = &r, message.Digest(raw)
	return nil
}

// Draft is what was looked at since the last record, in order of the steps.
func (b *Book) Draft() []Mark {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.draft)
}

// Record is the last that was signed, with its SHA-256; nil: none.
func (b *Book) Record() (r *Record, sum string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.record == nil {
		return nil, ""
	}
	c := *b.record
	c.Marks = slices.Clone(c.Marks)
	return &c, b.sum
}

// Passed reports whether the box may play at full level.
func (b *Book) Passed() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.record != nil && b.record.Passed()
}

func (m Mark) check() error {
	switch {
	case !slices.Contains(Steps(), m.Step):
		return fmt.Errorf("there is no step %q", m.Step)
	case m.Result != Pass && m.Result != Fail && m.Result != NA:
		return fmt.Errorf("%q is no result: want pass, fail or na", m.Result)
	}
	return nil
}

// Mark notes what came of a step. It is on the disk when Mark returns nil, so that a
// technician may go on after a power cut, or tomorrow.
func (b *Book) Mark(m Mark) error {
	if err := m.check(); err != nil {
		return err
	}
	m.Value = clip(m.Value, maxValue)
	b.mu.Lock()
	defer b.mu.Unlock()
	before := slices.Clone(b.draft)
	b.put(m)
	if err := b.save(); err != nil {
		b.draft = before
		return err
	}
	return nil
}

// put places m among the marks, by the order of the steps.
func (b *Book) put(m Mark) {
	b.draft = slices.DeleteFunc(slices.Clone(b.draft), func(n Mark) bool { return n.Step == m.Step })
	b.draft = append(b.draft, m)
	order := Steps()
	slices.SortFunc(b.draft, func(x, y Mark) int { return slices.Index(order, x.Step) - slices.Index(order, y.Step) })
}

func (b *Book) save() error {
	data, err := json.Marshal(b.draft)
	if err != nil {
		return err
	}
	return b.shelf.Put(draftName, data)
}

// Restart begins the draft anew. The record stays until the next is signed.
func (b *Book) Restart() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.shelf.Delete(draftName); err != nil {
		return err
	}
	b.draft = nil
	return nil
}

// ErrOpen is a draft with steps that nobody has looked at.
var ErrOpen = errors.New("not every step was looked at")

// Sign makes the draft the record, in the name of whoever looked.
func (b *Book) Sign(by, version string, at time.Time, level clock.Level) (Record, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	by = clip(strings.Join(strings.Fields(by), " "), maxBy)
	switch {
	case by == "":
		return Record{}, errors.New("a record needs the name of whoever made it")
	case len(b.draft) != len(Steps()):
		return Record{}, ErrOpen
	}
	r := Record{Device: b.device, Board: b.board, Version: version, By: by, At: at.UTC().Truncate(time.Second), Clock: level, Marks: b.draft}
	raw := message.SealReport(Report, r, b.key)
	if err := b.shelf.Put(recordName, raw); err != nil {
		return Record{}, fmt.Errorf("cannot keep the commissioning record: %w", err)
	}
	b.record, b.sum, b.draft = &r, message.Digest(raw), nil
	// A draft that stays on the disk is looked at again, no more.
	return r, b.shelf.Delete(draftName)
}

// Forget drops the record and the draft, for a box that goes to another pole.
func (b *Book) Forget() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := errors.Join(b.shelf.Delete(draftName), b.shelf.Delete(recordName)); err != nil {
		return err
	}
	b.record, b.sum, b.draft = nil, "", nil
	return nil
}

// clip cuts s to at most n bytes, between letters.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
