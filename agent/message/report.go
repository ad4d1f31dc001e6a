package message

import (
	"bytes"
	"cmp"
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"loa/agent/clock"
	"loa/agent/health"
	"loa/agent/plan"
)

// The kinds of reports that a box signs; each names its payload type.
const (
	ReportHave   plan.Kind = "have"
	ReportAck    plan.Kind = "ack"
	ReportLedger plan.Kind = "ledger"
	ReportState  plan.Kind = "state"  // signed only where no connection tells whose it is
	ReportHealth plan.Kind = "health" // the same
)

const reportFormat = 1

// A State is the box's sign of life, d/{device}/state. It is retained, and the
// broker publishes the one with "lost" when the box vanishes. The boot id tells
// an old will from a new session.
type State struct {
	State   string            `json:"state"` // online, offline (it said goodbye), lost, retired (it has no key any more)
	At      time.Time         `json:"at,omitzero"`
	Boot    string            `json:"boot"`
	Version string            `json:"version,omitempty"`
	Board   string            `json:"board,omitempty"`
	Formats map[plan.Kind]int `json:"formats,omitempty"` // newest format understood of each kind
}

// A Have says what a box has, d/{device}/have, signed by the box and retained.
type Have struct {
	Device     string           `json:"device"`
	At         time.Time        `json:"at"`
	Clock      clock.Level      `json:"clock"`
	Place      string           `json:"place,omitempty"`
	Documents  map[string]int64 `json:"documents"` // place/kind/id → version in force
	Epochs     map[string]int64 `json:"epochs"`    // trust list issuer → epoch
	Media      []MediaOf        `json:"media,omitempty"`
	More       int              `json:"more,omitempty"` // documents in force, the oldest, for which there was no room here
	DiskFree   int64            `json:"disk_free_bytes"`
	MutedUntil time.Time        `json:"muted_until,omitzero"`
	MutedWhy   string           `json:"muted_reason,omitempty"`
	LocalUntil time.Time        `json:"local_until,omitzero"` // a technician is at the horn, and nothing remote sounds
	LocalWhy   string           `json:"local_reason,omitempty"`
	Started    []Started        `json:"started,omitempty"`      // alerts that stand and were started at the box
	Looked     *Looked          `json:"commissioned,omitempty"` // the record that the box keeps; none: absent
	Sounds     *Sounds          `json:"sounds,omitempty"`       // nothing sounds: absent
	Shows      *Shows           `json:"shows,omitempty"`        // no board, or a default page: absent
	Sync       *Sync            `json:"sync,omitempty"`         // since nothing was to start together: absent
	Refused    *Refused         `json:"refused,omitempty"`      // since it started
	Ledger     int64            `json:"ledger_seq"`             // the newest entry
	Software   *Software        `json:"software,omitempty"`     // absent: it is not the centre's to update
}

// A Started is a standing alert that was started at the box itself: by a switch or by a
// code that came by SMS.
type Started struct {
	Alert    string    `json:"alert"`          // storm, flood, dam, fire
	ID       string    `json:"id"`             // of this one
	Triggers string    `json:"triggers"`       // place/trigger/id: the document that lets it
	Line     string    `json:"line,omitempty"` // the switch
	From     string    `json:"from,omitempty"` // the sender of the code, as the network said it; easily forged
	At       time.Time `json:"at"`
	Until    time.Time `json:"until"`
}

// Looked is who looked a box over, and what came of it. The box shows the whole record
// when it is asked.
type Looked struct {
	By     string    `json:"by"`
	At     time.Time `json:"at"`
	Pass   int       `json:"pass"`
	Fail   int       `json:"fail"`
	NA     int       `json:"na"`
	SHA256 string    `json:"sha256"` // of the signed record
}

// Software is which release a box runs, and how far it is with the one that it should.
type Software struct {
	Version string    `json:"version"`
	Slot    string    `json:"slot,omitempty"`   // A or B
	Wanted  string    `json:"wanted,omitempty"` // version
	State   string    `json:"state"`            // see agent/update
	Hold    string    `json:"hold,omitempty"`   // what is waited for
	Code    plan.Code `json:"code,omitempty"`   // why it was refused, failed or does not come
	Why     string    `json:"why,omitempty"`
}

// HaveEvery is how seldom a box says what it has while nothing changes.
const HaveEvery = 6 * time.Hour

// Overdue reports that a box which counts as online has said nothing for so long that it
// cannot be: it died while no broker was there to tell of it. A box that did not know
// the time, when it spoke last, tells nothing by when it spoke.
func (h Have) Overdue(now time.Time) bool {
	return h.Clock >= clock.NTP && now.Sub(h.At) > HaveEvery+time.Hour
}

// Refused is what a box refused last.
type Refused struct {
	At   time.Time `json:"at"`
	Kind plan.Kind `json:"kind,omitempty"`
	ID   string    `json:"id"` // of the document
	Code plan.Code `json:"code"`
}

// Shows is what a board shows now.
type Shows struct {
	ID    string    `json:"id"`
	Title string    `json:"title"`
	Page  int       `json:"page"` // of Pages, from 1
	Pages int       `json:"pages"`
	Since time.Time `json:"since"`
	Taken bool      `json:"taken"` // the panel took it
}

// A Sync is how a box keeps time with its neighbours in what they start together, or
// started last. What two boxes are apart is what their offsets are, and what NTP leaves.
type Sync struct {
	Why     string    `json:"why,omitempty"` // it plays by itself
	OffUS   int64     `json:"off_us"`        // how much too early it is heard, in µs
	WorstUS int64     `json:"worst_us"`      // the most in the last half to one minute
	Jumps   int       `json:"jumps,omitempty"`
	Jumped  time.Time `json:"jumped,omitzero"`
	CardPPM float64   `json:"card_ppm"`
}

// MediaOf is how far what a box plays and shows of one bulletin has come. A bulletin of
// which the box needs no file has none.
type MediaOf struct {
	Bulletin string   `json:"bulletin"` // place/bulletin/id
	Wanted   int      `json:"wanted"`
	Present  int      `json:"present"`
	Missing  []string `json:"missing,omitempty"` // SHA-256
}

// Sounds is what a box plays now.
type Sounds struct {
	ID            string     `json:"id"`
	Class         plan.Class `json:"class"`
	Title         string     `json:"title"`
	Since         time.Time  `json:"since"`
	VolumePercent int        `json:"volume_percent"`
	LevelDBFS     float64    `json:"level_dbfs"`
}

// An Ack tells what became of a document or of what it asked for, d/{device}/ack.
type Ack struct {
	Device     string      `json:"device"`
	At         time.Time   `json:"at"`
	Place      string      `json:"place,omitempty"`
	Kind       plan.Kind   `json:"kind,omitempty"`
	ID         string      `json:"id"`
	SHA256     string      `json:"sha256,omitempty"`     // of the payload
	Occurrence string      `json:"occurrence,omitempty"` // what sounds or should have
	State      string      `json:"state"`                // received, started, finished, refused, expired
	Result     plan.Result `json:"result,omitempty"`
	Code       plan.Code   `json:"code,omitempty"`
	Why        string      `json:"why,omitempty"`
	VI         string      `json:"vi,omitempty"`
	HeardS     float64     `json:"heard_s,omitempty"`
}

// A HealthReport is the conditions that hold, d/{device}/health, retained.
type HealthReport struct {
	At     time.Time       `json:"at"`
	Boot   string          `json:"boot"`
	Active []health.Active `json:"active"`
}

// An Ask is a question of a box, d/{device}/ask: what time is it?
type Ask struct {
	Device string `json:"device"`
	Nonce  string `json:"nonce"` // base64 of [plan.NonceBytes] random bytes
}

// An Answer is a piece of what a box says to a question, d/{device}/answer.
type Answer struct {
	ID   string `json:"id"` // of the act that asked
	Part int    `json:"part"`
	Of   int    `json:"of"`
	Code int    `json:"code"` // exit code of the command
	Text string `json:"text"`
}

// MaxAnswer bounds the text of one piece, in bytes.
const MaxAnswer = 32 << 10

// A Tele is readings, d/{device}/tele.
type Tele struct {
	At        time.Time `json:"at"`
	Boot      string    `json:"boot"`
	UptimeS   int64     `json:"uptime_s"`
	RSSBytes  int64     `json:"rss_bytes"`
	DiskFree  int64     `json:"disk_free_bytes"`
	Amp       bool      `json:"amp"`
	LevelDBFS float64   `json:"level_dbfs"`
	Xruns     int64     `json:"xruns"`
	Waiting   int       `json:"outbox_waiting"`
}

// A LedgerHead vouches for a stretch of a box's ledger.
type LedgerHead struct {
	Device string `json:"device"`
	From   int64  `json:"from"`
	To     int64  `json:"to"`
	Prev   string `json:"prev"` // hash before From
	Head   string `json:"head"` // hash of To
	SHA256 string `json:"sha256"`
}

// EncodeReport is an unsigned report as JSON: its sender is known by TLS.
func EncodeReport(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		return nil // cannot be: reports hold texts, numbers and times
	}
	return b
}

// SealReport is a report signed by the box.
func SealReport(kind plan.Kind, v any, key ed25519.PrivateKey) []byte {
	return Sign(PayloadType(kind, reportFormat), EncodeReport(v), key).Encode()
}

// SealHave is h signed by the box and at most MaxEnvelope long, whatever is on the
// box: when there is too much, the oldest documents are left out with their media.
func SealHave(h Have, key ed25519.PrivateKey) []byte {
	for n := len(h.Documents); ; n -= n/4 + 1 {
		raw := SealReport(ReportHave, h.newest(n), key)
		if len(raw) <= MaxEnvelope || n <= 0 {
			return raw
		}
	}
}

// newest is h with its n newest documents.
func (h Have) newest(n int) Have {
	if n >= len(h.Documents) {
		return h
	}
	keys := slices.SortedFunc(maps.Keys(h.Documents), func(a, b string) int {
		return cmp.Or(cmp.Compare(h.Documents[b], h.Documents[a]), cmp.Compare(a, b))
	})
	kept := make(map[string]int64)
	for _, k := range keys[:max(0, n)] {
		kept[k] = h.Documents[k]
	}
	h.More += len(h.Documents) - len(kept)
	h.Documents = kept
	h.Media = slices.DeleteFunc(slices.Clone(h.Media), func(m MediaOf) bool { _, ok := kept[m.Bulletin]; return !ok })
	return h
}

// DecodeReport reads an unsigned report. Unknown fields are passed over: a newer
// box may say more.
func DecodeReport[T any](raw []byte) (T, error) {
	var v T
	if len(raw) > MaxEnvelope {
		return v, &plan.Error{Code: plan.TooLarge, Msg: fmt.Sprintf("a report of %d bytes; at most %d", len(raw), MaxEnvelope)}
	}
	if err := json.Unmarshal(raw, &v); err != nil {
		return v, &plan.Error{Code: plan.Malformed, Msg: err.Error()}
	}
	return v, nil
}

// OpenReport reads a report that a box signed with the key pub. An author's
// tool believes no other.
func OpenReport[T any](kind plan.Kind, raw []byte, pub ed25519.PublicKey) (T, error) {
	var zero T
	e, err := Open(raw)
	if err != nil {
		return zero, err
	}
	if e.PayloadType != PayloadType(kind, reportFormat) {
		return zero, malformed("payloadType", "%q is no %s report", clip(e.PayloadType), kind)
	}
	if !e.Verify(pub) {
		return zero, &plan.Error{Code: plan.Signature, Field: "signatures", Msg: "this box did not sign it"}
	}
	return DecodeReport[T](e.Payload)
}

// EncodeSegment is a stretch of the ledger as it is sent: a line with the signed
// head, then the gzip bytes.
func EncodeSegment(h LedgerHead, data []byte, key ed25519.PrivateKey) []byte {
	h.SHA256 = Digest(data)
	return append(append(SealReport(ReportLedger, h, key), '\n'), data...)
}

// maxSegment bounds a segment on the wire.
const maxSegment = 64 << 10

// DecodeSegment takes a segment apart and verifies that the box signed its head
// and that the head is of these bytes.
func DecodeSegment(raw []byte, pub ed25519.PublicKey) (h LedgerHead, data []byte, err error) {
	if len(raw) > maxSegment {
		return h, nil, &plan.Error{Code: plan.TooLarge, Msg: fmt.Sprintf("a ledger segment of %d bytes; at most %d", len(raw), maxSegment)}
	}
	line, data, ok := bytes.Cut(raw, []byte{'\n'})
	if !ok {
		return h, nil, malformed("", "a ledger segment without a signed head")
	}
	if h, err = OpenReport[LedgerHead](ReportLedger, line, pub); err != nil {
		return h, nil, err
	}
	if Digest(data) != h.SHA256 {
		return h, nil, &plan.Error{Code: plan.Signature, Field: "sha256", Msg: "the signed head is of other bytes"}
	}
	return h, data, nil
}
