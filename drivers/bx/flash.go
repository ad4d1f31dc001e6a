package bx

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"
)

// usualWrites is how many pages a day may go into the flash. It stands about
// 100,000 erasures, says the maker; 48 a day are 18,000 a year.
const usualWrites = 48

// urgentWrites is how many more a day there are for alarms and what takes them off.
const urgentWrites = 16

// refreshAfter is when a page that is kept is written again: somebody may have
// overwritten it, which no question tells. That is 52 of the 18,000 a year.
const refreshAfter = 7 * 24 * time.Hour

// A flash guards the card's flash: it knows what is there, so that nothing is
// written twice, and counts.
type flash struct {
	path  string // where it is remembered; empty: nowhere
	limit int
	now   func() time.Time

	read bool
	log  flashLog
}

type flashLog struct {
	Card   string            `json:"card"`
	Day    string            `json:"day"`
	Writes int               `json:"writes"` // on that day
	Pages  map[string]string `json:"pages"`  // digits of a program: hash of its files
	// Written is when each of them was.
	Written map[string]time.Time `json:"written"`

	Alarm bool `json:"alarm"` // what Show wrote is one, or part of one
}

// card tells which card it is, and how many programs it holds. What was known
// about another one, or about an empty one, is of no more use; the count stays.
func (f *flash) card(name string, programs int) {
	f.load()
	if f.log.Card != name || programs == 0 {
		f.log.Card, f.log.Pages, f.log.Alarm = name, nil, false
	}
}

func (f *flash) holds(digits, hash string) bool { return f.log.Pages[digits] == hash }

// old reports a page that was written so long ago that it should be again.
func (f *flash) old(digits string) bool {
	return f.now().Sub(f.log.Written[digits]) >= refreshAfter
}

// begin counts a write before it is made: a failed one wears the flash as well. An
// alarm may have more than the day's, and so may what takes it off: for that the last
// one is left.
func (f *flash) begin(digits string, alarm bool) error {
	limit := f.limit
	if limit <= 0 {
		limit = usualWrites
	}
	f.load()
	switch {
	case alarm:
		limit += urgentWrites - 1
	case f.log.Alarm && digits == ownPage:
		limit += urgentWrites
	}
	if n := f.today(); n >= limit {
		return fmt.Errorf("its flash was written %d times today, and it wears out: no more before tomorrow (FlashWrites)", n)
	}
	f.log.Writes++
	f.log.Alarm = f.log.Alarm || alarm
	delete(f.log.Pages, digits)
	if err := f.save(); err != nil {
		return fmt.Errorf("the flash log cannot be written, and without it flash would wear unseen: %w", err)
	}
	return nil
}

func (f *flash) done(digits, hash string, alarm bool) error {
	if digits == ownPage {
		f.log.Alarm = alarm
	}
	if f.log.Pages == nil {
		f.log.Pages = map[string]string{}
	}
	if f.log.Written == nil {
		f.log.Written = map[string]time.Time{}
	}
	f.log.Pages[digits], f.log.Written[digits] = hash, f.now()
	return f.save()
}

// pages is how many pages of ours are there.
func (f *flash) pages() int {
	f.load()
	return len(f.log.Pages)
}

// lost forgets a page.
func (f *flash) lost(digits string) {
	f.load()
	delete(f.log.Pages, digits)
}

// today is how many pages were written today.
func (f *flash) today() int {
	f.load()
	if day := f.now().Format(time.DateOnly); f.log.Day != day {
		f.log.Day, f.log.Writes = day, 0
	}
	return f.log.Writes
}

// load reads the log once. One that is missing or damaged is empty: pages are
// then written once more.
func (f *flash) load() {
	if f.read {
		return
	}
	f.read = true
	b, err := os.ReadFile(f.path)
	if f.path == "" || err != nil || json.Unmarshal(b, &f.log) != nil {
		f.log = flashLog{}
	}
}

// save writes the log whole, or leaves the old one.
func (f *flash) save() error {
	if f.path == "" {
		return nil
	}
	b, err := json.Marshal(f.log)
	if err != nil {
		return err
	}
	tmp, err := os.Create(f.path + ".new")
	if err != nil {
		return err
	}
	_, err = tmp.Write(append(b, '\n'))
	if err := errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), f.path)
}
