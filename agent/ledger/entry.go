package ledger

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"time"
	"unicode/utf8"

	"loa/agent/clock"
	"loa/agent/plan"
)

// A Kind says what an entry tells.
type Kind string

// The kinds.
const (
	Boot    Kind = "boot"    // the agent began to run
	Start   Kind = "start"   // an occurrence began to sound
	Pause   Kind = "pause"   // it gave way to something higher and may go on
	End     Kind = "end"     // it ended, with a result
	Shown   Kind = "shown"   // a board showed it, from due on; proof says how sure that is
	Refused Kind = "refused" // a document, act or occurrence was refused, with a code
	Alert   Kind = "alert"   // an alert began or ended to hold
	Mute    Kind = "mute"    // a mute or local mode began or ended
	Clock   Kind = "clock"   // the clock stepped, or its trust changed
	Fault   Kind = "fault"   // a health condition came or went
	Console Kind = "console" // what a technician did
	Event   Kind = "event"   // anything else worth keeping, such as a relay's switch
)

// urgent reports the kinds that are synced at once: a flickering supply must
// not make the box forget that something has already sounded.
func (k Kind) urgent() bool { return k == Start || k == Pause || k == End || k == Alert || k == Mute }

// An Entry is one line of the ledger. Zero fields are not written.
type Entry struct {
	Seq   int64       `json:"seq"` // from 1, without gaps
	Time  time.Time   `json:"time"`
	Clock clock.Level `json:"clock"` // how sure Time is

	Kind   Kind        `json:"kind"`
	ID     string      `json:"id,omitempty"` // the occurrence's, or the document's key
	Class  plan.Class  `json:"class,omitempty"`
	Origin plan.Origin `json:"origin,omitempty"`
	Lang   string      `json:"lang,omitempty"`
	Place  string      `json:"place,omitempty"`  // for which it sounded
	Signer string      `json:"signer,omitempty"` // place of the signing grant: limits count by it
	Slot   string      `json:"slot,omitempty"`
	Ends   string      `json:"ends,omitempty"` // what is over with it besides ID: all rounds of an alert, a whole slot
	Item   string      `json:"item,omitempty"` // key of the bulletin: repeats count by it
	Title  string      `json:"title,omitempty"`

	Due       time.Time   `json:"due,omitzero"` // when it was planned
	Result    plan.Result `json:"result,omitempty"`
	Code      plan.Code   `json:"code,omitempty"`
	Final     bool        `json:"final,omitempty"` // of a refusal: waiting does not lift it
	Board     bool        `json:"board,omitempty"` // of a refusal: it is about what a board shows, its sound may be heard
	PlannedS  float64     `json:"planned_s,omitempty"`
	HeardS    float64     `json:"heard_s,omitempty"` // above the silence floor
	AirS      float64     `json:"air_s,omitempty"`   // this turn at the speaker: caps count it
	SeenS     float64     `json:"seen_s,omitempty"`  // on a board, as far as it took the pages
	Rounds    int         `json:"rounds,omitempty"`  // of the item in the occurrence, when more than one
	AtS       float64     `json:"at_s,omitempty"`    // where in the item it began or stopped
	Volume    int         `json:"volume_percent,omitempty"`
	LevelDBFS float64     `json:"level_dbfs,omitempty"` // RMS of what sounded; −120 is silence
	PeakDBFS  float64     `json:"peak_dbfs,omitempty"`
	Proof     string      `json:"proof,omitempty"` // how it was measured: mixer, sink, monitor, current, mic; of a board: panel, or sent where it never answers
	Holders   []string    `json:"holders,omitempty"`
	Doc       string      `json:"doc_sha256,omitempty"`
	Count     int         `json:"count,omitempty"` // of equal events that this entry stands for
	Detail    string      `json:"detail,omitempty"`

	// The chain: Hash is SHA-256 over the 32 bytes of Prev and the line as it
	// stands on the disk without its hash. Prev is the previous line's Hash and
	// is not written again.
	Prev string `json:"-"`
	Hash string `json:"-"`
}

// maxLine bounds a line, newline included.
const maxLine = 4096

// Bounds of the texts in bytes, so that a line stays within maxLine.
const (
	maxShort  = 128
	maxTitle  = 300
	maxDetail = 600
)

// bound makes e writable: JSON knows no infinity, and titles come from outside.
func (e *Entry) bound() {
	for _, f := range []*float64{&e.PlannedS, &e.HeardS, &e.AirS, &e.SeenS, &e.AtS, &e.LevelDBFS, &e.PeakDBFS} {
		switch {
		case math.IsNaN(*f):
			*f = 0
		case *f < -120 && (f == &e.LevelDBFS || f == &e.PeakDBFS):
			*f = -120
		case math.IsInf(*f, 0):
			*f = 0
		}
		*f = math.Round(*f*1000) / 1000
	}
	for _, s := range []*string{&e.Lang, &e.Place, &e.Signer, &e.Proof, &e.Doc} {
		*s = clip(*s, maxShort)
	}
	for _, s := range []*string{&e.ID, &e.Slot, &e.Item, &e.Ends, &e.Title} {
		*s = clip(*s, maxTitle)
	}
	e.Detail = clip(e.Detail, maxDetail)
	if len(e.Holders) > 8 { // as many as an envelope has signatures
		e.Holders = e.Holders[:8]
	}
	e.Time = e.Time.Truncate(time.Millisecond)
}

func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}

// hashTail is how every line ends: ,"hash":"<64 hex digits>"}
const (
	hashOpen = `,"hash":"`
	hashTail = len(hashOpen) + 2*sha256.Size + len(`"}`)
)

// encode chains e to prev and gives its line, newline included.
func encode(e *Entry, prev [sha256.Size]byte) ([]byte, [sha256.Size]byte, error) {
	e.bound()
	body, err := json.Marshal(e)
	if err == nil && len(body)+hashTail > maxLine {
		e.Detail, e.Holders = "", nil // control characters grow sixfold in JSON
		e.Title = clip(e.Title, 40)
		body, err = json.Marshal(e)
	}
	if err == nil && len(body)+hashTail > maxLine {
		err = fmt.Errorf("%d bytes are too long for a line", len(body))
	}
	if err != nil {
		return nil, prev, fmt.Errorf("ledger: cannot write entry %q: %w", e.ID, err)
	}
	sum := chain(prev, body)
	e.Prev, e.Hash = hex.EncodeToString(prev[:]), hex.EncodeToString(sum[:])
	line := append(body[:len(body)-1], hashOpen...)
	line = append(line, e.Hash...)
	return append(line, "\"}\n"...), sum, nil
}

func chain(prev [sha256.Size]byte, body []byte) [sha256.Size]byte {
	h := sha256.New()
	h.Write(prev[:])
	h.Write(body)
	return [sha256.Size]byte(h.Sum(nil))
}

// split parts a line, without its newline, into what is hashed and the hash it
// claims. ok is false when it does not end as a line must.
func split(line []byte) (body []byte, claims [sha256.Size]byte, ok bool) {
	if len(line) <= hashTail || len(line) > maxLine {
		return nil, claims, false
	}
	head, tail := line[:len(line)-hashTail], line[len(line)-hashTail:]
	digits, closed := bytes.CutSuffix(tail[len(hashOpen):], []byte(`"}`))
	if !closed || !bytes.HasPrefix(tail, []byte(hashOpen)) || !lowerHex(digits) {
		return nil, claims, false
	}
	hex.Decode(claims[:], digits)
	body = append(make([]byte, 0, len(head)+1), head...)
	return append(body, '}'), claims, true
}

func lowerHex(b []byte) bool {
	for _, c := range b {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// decode reads a line, without its newline, and checks it against prev.
func decode(line []byte, prev [sha256.Size]byte) (Entry, [sha256.Size]byte, error) {
	body, claims, ok := split(line)
	if !ok {
		return Entry{}, prev, fmt.Errorf("damaged line %.40q", line)
	}
	if got := chain(prev, body); got != claims {
		return Entry{}, claims, fmt.Errorf("the chain is broken: hash %x, computed %x", claims[:6], got[:6])
	}
	var e Entry
	if err := json.Unmarshal(body, &e); err != nil {
		return Entry{}, claims, fmt.Errorf("damaged line: %v", err)
	}
	e.Prev, e.Hash = hex.EncodeToString(prev[:]), hex.EncodeToString(claims[:])
	return e, claims, nil
}
