// Package archive keeps the ledgers of all boxes at the centre: every segment as
// it came, under the head that the box signed, so that years later anybody with
// the box's public key can check what it played.
package archive

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"loa/agent/ledger"
	"loa/agent/message"
	"loa/scripts/authority/durable"
)

// An Archive is a directory with one folder a box.
type Archive struct{ dir string }

// Open uses dir, which need not exist yet.
func Open(dir string) *Archive { return &Archive{dir: dir} }

// ErrFork says that a box tells another past than it told before.
var ErrFork = errors.New("this segment does not continue what the box sent before")

// Add takes in a segment that the box with that key sent. It returns the head
// that can be acknowledged; a segment that is known already is acknowledged
// again. A stretch that the box has lost is no error here: Verify tells of it.
func (a *Archive) Add(device string, raw []byte, pub ed25519.PublicKey) (message.LedgerHead, error) {
	s, err := open(raw, pub)
	if err != nil {
		return message.LedgerHead{}, fmt.Errorf("archive: ledger of %s: %w", device, err)
	}
	if s.head.Device != device {
		return s.head, fmt.Errorf("archive: ledger of %s: the head is of %s", device, s.head.Device)
	}
	last, err := a.Last(device, pub)
	if err != nil {
		return s.head, err
	}
	if last.To > 0 && s.head.From <= last.To+1 {
		if at := min(last.To, s.head.To); s.hashAt(at) != a.hashAt(device, pub, at) {
			return s.head, errors.Join(fmt.Errorf("archive: ledger of %s at entry %d: %w", device, at, ErrFork), a.keepFork(device, raw))
		}
	}
	if s.head.To <= last.To {
		// Whoever wrote it may have died before it was there for good.
		return last, durable.Sync(filepath.Join(a.dir, device))
	}
	if err := durable.Write(filepath.Join(a.dir, device, segmentName(s.head)), raw); err != nil {
		return s.head, fmt.Errorf("archive: cannot keep the ledger of %s: %w", device, err)
	}
	return s.head, nil
}

// forkFile is the first segment that a box sent and that does not continue what it
// had sent: what it signed is kept, and one is enough to show that there are two pasts.
const forkFile = "fork"

func (a *Archive) keepFork(device string, raw []byte) error {
	if a.Forked(device) {
		return nil
	}
	return durable.Write(filepath.Join(a.dir, device, forkFile), raw)
}

// Forked reports whether a box has ever sent another past than it sent before.
func (a *Archive) Forked(device string) bool {
	_, err := os.Stat(filepath.Join(a.dir, device, forkFile))
	return err == nil
}

// Devices are the boxes of which there is a ledger.
func (a *Archive) Devices() ([]string, error) {
	entries, err := os.ReadDir(a.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var devices []string
	for _, e := range entries {
		if e.IsDir() {
			devices = append(devices, e.Name())
		}
	}
	return devices, err
}

// A Gap is a stretch of entries, both ends included, that never came.
type Gap struct{ From, To int64 }

// A Report is what Verify found.
type Report struct {
	Entries int64  `json:"entries"`
	To      int64  `json:"to"`
	Head    string `json:"head"`
	Gaps    []Gap  `json:"gaps"`
}

// Verify checks every signature and every link of a box's ledger. The error
// names the first thing that is wrong.
func (a *Archive) Verify(device string, pub ed25519.PublicKey) (Report, error) {
	r := Report{Gaps: []Gap{}}
	err := a.Each(device, pub, func(e ledger.Entry) bool {
		if e.Seq != r.To+1 {
			r.Gaps = append(r.Gaps, Gap{r.To + 1, e.Seq - 1})
		}
		r.Entries, r.To, r.Head = r.Entries+1, e.Seq, e.Hash
		return true
	})
	return r, err
}

// Each calls f with every entry of a box's ledger in order, each once, having
// checked signature and chain, until f gives false.
func (a *Archive) Each(device string, pub ed25519.PublicKey, f func(ledger.Entry) bool) error {
	return a.From(device, pub, 1, f)
}

// From is Each without the segments that end before entry first; neither they nor
// their links are checked.
func (a *Archive) From(device string, pub ed25519.PublicKey, first int64, f func(ledger.Entry) bool) error {
	return a.walk(device, pub, first, func(e ledger.Entry, _ time.Time) bool { return f(e) })
}

// EachArrived is Each that also says when an entry was here first: the time at
// which the file of its segment was written, which whoever copies an archive has to
// keep.
func (a *Archive) EachArrived(device string, pub ed25519.PublicKey, f func(e ledger.Entry, arrived time.Time) bool) error {
	return a.walk(device, pub, 1, f)
}

// Since is EachArrived without the segments that were here before t; neither they nor
// their links are checked.
func (a *Archive) Since(device string, pub ed25519.PublicKey, t time.Time, f func(e ledger.Entry, arrived time.Time) bool) error {
	files, err := a.files(device)
	if err != nil {
		return err
	}
	files = slices.DeleteFunc(files, func(name string) bool {
		info, err := os.Stat(filepath.Join(a.dir, device, name))
		return err == nil && info.ModTime().Before(t)
	})
	return a.each(device, files, pub, 1, f)
}

func (a *Archive) walk(device string, pub ed25519.PublicKey, first int64, f func(ledger.Entry, time.Time) bool) error {
	files, err := a.files(device)
	if err != nil {
		return err
	}
	files = slices.DeleteFunc(files, func(name string) bool { return name < segmentName(message.LedgerHead{To: first}) })
	return a.each(device, files, pub, first, f)
}

// each reads the entries of these segments, from entry first on.
func (a *Archive) each(device string, files []string, pub ed25519.PublicKey, first int64, f func(ledger.Entry, time.Time) bool) error {
	var seq int64
	hash := ""
	for _, name := range files {
		s, err := a.read(device, name, pub)
		if err != nil {
			return err
		}
		info, err := os.Stat(filepath.Join(a.dir, device, name))
		if err != nil {
			return err
		}
		if seq > 0 && s.head.From == seq+1 && s.head.Prev != hash {
			return fmt.Errorf("archive: ledger of %s: %s: %w", device, name, ErrFork)
		}
		for _, e := range s.entries {
			if e.Seq < seq {
				continue
			}
			if e.Seq == seq {
				if e.Hash != hash {
					return fmt.Errorf("archive: ledger of %s at entry %d: %w", device, seq, ErrFork)
				}
				continue
			}
			seq, hash = e.Seq, e.Hash
			if seq >= first && !f(e, info.ModTime()) {
				return nil
			}
		}
	}
	return nil
}

// segment is one file, checked.
type segment struct {
	head    message.LedgerHead
	entries []ledger.Entry
}

func open(raw []byte, pub ed25519.PublicKey) (segment, error) {
	h, data, err := message.DecodeSegment(raw, pub)
	if err != nil {
		return segment{}, err
	}
	entries, err := ledger.Export{From: h.From, To: h.To, Prev: h.Prev, Head: h.Head, Data: data}.Check()
	return segment{h, entries}, err
}

// hashAt is the hash of an entry, or of the one before the segment.
func (s segment) hashAt(seq int64) string {
	if seq == s.head.From-1 {
		return s.head.Prev
	}
	for _, e := range s.entries {
		if e.Seq == seq {
			return e.Hash
		}
	}
	return "unknown"
}

func (a *Archive) hashAt(device string, pub ed25519.PublicKey, seq int64) string {
	hash := "none"
	a.From(device, pub, seq, func(e ledger.Entry) bool {
		hash = e.Hash
		return false
	})
	return hash
}

func (a *Archive) read(device, name string, pub ed25519.PublicKey) (segment, error) {
	raw, err := os.ReadFile(filepath.Join(a.dir, device, name))
	if err != nil {
		return segment{}, err
	}
	s, err := open(raw, pub)
	if err != nil {
		return s, fmt.Errorf("archive: ledger of %s: %s: %w", device, name, err)
	}
	return s, nil
}

// Last is the head of the newest segment of a box; zero when there is none.
func (a *Archive) Last(device string, pub ed25519.PublicKey) (message.LedgerHead, error) {
	files, err := a.files(device)
	if err != nil || len(files) == 0 {
		return message.LedgerHead{}, err
	}
	s, err := a.read(device, files[len(files)-1], pub)
	return s.head, err
}

// segmentName sorts by the last entry, then by the first.
func segmentName(h message.LedgerHead) string { return fmt.Sprintf("%012d-%012d.seg", h.To, h.From) }

func (a *Archive) files(device string) ([]string, error) {
	entries, err := os.ReadDir(filepath.Join(a.dir, device))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var names []string
	for _, e := range entries {
		if filepath.Ext(e.Name()) == ".seg" {
			names = append(names, e.Name())
		}
	}
	slices.Sort(names)
	return names, err
}
