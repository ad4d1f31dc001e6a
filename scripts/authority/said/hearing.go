package said

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"loa/agent/ledger"
	"loa/agent/message"
	"loa/agent/plan"
)

// often is how seldom ledgers and reports are looked at: readers in any number cost no
// more than one.
const often = 3 * time.Second

// stale is how old a report may be that says what sounds: a box that has lost its line
// says nothing of its end.
const stale = 6 * time.Hour

// A hearing is one beginning of sound or sight, as a box wrote it down.
type hearing struct {
	at         time.Time
	occurrence string
	place      string // for which it was signed
	kind       string // bulletin, live
	id         string // of the bulletin
	class      plan.Class
	origin     plan.Origin
	lang       string
}

// A sounding is what a box says that it plays now.
type sounding struct {
	message.Sounds
	came time.Time
}

// look reads what has come since the last look.
func (b *Book) look(now time.Time) error {
	if now.Sub(b.looked).Abs() < often {
		return nil
	}
	heads, err := b.index.Heads()
	if err != nil {
		return err
	}
	boxes := b.au.EveryBox()
	for device, h := range heads {
		box, ok := boxes[device]
		if !ok || b.heads[device] == h.Seq {
			continue
		}
		key, err := plan.ParseKey(box.Key)
		if err != nil {
			continue
		}
		since, seq := b.read[device], b.heads[device]
		if since.IsZero() {
			since = now.Add(-Kept)
		}
		// What of a ledger does not hold together is told by the report; here it only
		// says no more, and all other boxes are heard.
		_ = b.archive.Since(device, key, since, func(e ledger.Entry, arrived time.Time) bool {
			b.read[device] = arrived
			if e.Seq > seq {
				b.hear(device, e, arrived)
				seq = e.Seq
			}
			return true
		})
		b.heads[device] = h.Seq
	}
	for device, all := range b.heard {
		b.heard[device] = slices.DeleteFunc(all, func(h hearing) bool { return now.Sub(h.at) >= Kept })
	}
	if err := b.reports(); err != nil {
		return err
	}
	b.looked = now
	return nil
}

// hear takes one entry in, if it tells of sound or sight for everybody. A box whose
// clock runs ahead has said nothing tomorrow.
func (b *Book) hear(device string, e ledger.Entry, arrived time.Time) {
	if e.Kind != ledger.Start && e.Kind != ledger.Shown || !Public(e.Class) {
		return
	}
	h := hearing{at: e.Time, occurrence: e.ID, place: e.Place, class: e.Class, origin: e.Origin, lang: e.Lang}
	if e.Kind == ledger.Shown && !e.Due.IsZero() {
		h.at = e.Due
	}
	if h.at.After(arrived) {
		h.at = arrived
	}
	switch parts := strings.Split(e.Item, "/"); {
	case len(parts) == 3 && parts[1] == string(plan.KindBulletin):
		h.place, h.kind, h.id = parts[0], "bulletin", parts[2]
	case e.Class == plan.Live:
		h.kind, h.id = "live", session(e.ID)
	default:
		return // a chime, an alert: those are told by their own documents
	}
	b.heard[device] = append(b.heard[device], h)
}

// reports reads what boxes say that they play.
func (b *Book) reports() error {
	rows, err := b.index.Since(b.n)
	if err != nil {
		return err
	}
	for _, row := range rows {
		b.n = row.N
		body, _ := row.Body.(json.RawMessage)
		switch row.Leaf {
		case message.LeafHave:
			var h message.Have
			if err := json.Unmarshal(body, &h); err != nil {
				return err
			}
			delete(b.sounds, row.Device)
			if h.Sounds != nil && Public(h.Sounds.Class) {
				b.sounds[row.Device] = sounding{*h.Sounds, row.Came}
			}
		case message.LeafState:
			var s message.State
			if err := json.Unmarshal(body, &s); err != nil {
				return err
			}
			if s.State != "online" {
				delete(b.sounds, row.Device)
			}
		}
	}
	return nil
}

// signed finds the bulletin that a box says it plays, among those of the places that it
// may speak for: a box tells when, never what.
func (b *Book) signed(s sounding, w where) (hearing, bool, error) {
	h := hearing{at: s.Since, occurrence: s.ID, class: s.Class}
	h.place, _, _ = strings.Cut(s.ID, "/")
	if h.at.After(s.came) {
		h.at = s.came
	}
	if s.Class == plan.Live {
		h.kind, h.id = "live", session(s.ID)
		return h, w.signed[h.place], nil
	}
	for _, place := range slices.Sorted(maps.Keys(w.signed)) {
		docs, err := b.index.Documents(string(plan.KindBulletin), place, "", 10_000)
		if err != nil {
			return h, false, err
		}
		for _, d := range docs {
			if d.Title == s.Title && !d.Withdrawn {
				h.place, h.kind, h.id = place, "bulletin", d.ID
				return h, true, nil
			}
		}
	}
	return h, false, nil
}

// session is what an occurrence of live talk is called: it is the same at every box.
func session(occurrence string) string { return occurrence[strings.LastIndexByte(occurrence, '/')+1:] }
