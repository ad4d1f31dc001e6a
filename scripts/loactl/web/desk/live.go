package desk

import (
	"cmp"
	"crypto/ed25519"
	"encoding/binary"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"

	"loa/agent/ahead"
	"loa/agent/message"
	"loa/agent/plan"
	"loa/agent/schedule"
	"loa/agent/sound"
	"loa/scripts/authority/rollup"
)

const (
	talkMost  = 30 * time.Minute // of one talk from a browser
	talkLife  = 2 * time.Minute  // in which the order is read and signed: a box that hears of it later joins nothing
	talkSpare = 5 * time.Second  // that who speaks is later than a box, which counts from when it was told
	talkAhead = 3 * time.Second  // how much further than its time a talk may be: clocks differ
	maxTalk   = 128 << 10        // bytes of packets at once
)

// talkChime goes before what somebody says: people stop and listen.
const talkChime = "two-tone"

// live is where somebody begins to speak to a place.
func (d *Desk) live(w http.ResponseWriter, r *http.Request, v *visitor) error {
	place := cmp.Or(r.FormValue("place"), deepest(v.seen(talker)))
	d.show(w, r, v, http.StatusOK, "live", map[string]any{"Places": v.choices(talker, place), "Most": int(talkMost.Minutes())})
	return nil
}

// goLive makes the order that opens a talk. It carries the public half of a key that the
// browser has made for this talk alone.
func (d *Desk) goLive(w http.ResponseWriter, r *http.Request, v *visitor) error {
	place := r.PostFormValue("place")
	if !v.may(talker, place) {
		return errRole
	}
	minutes, err := strconv.Atoi(r.PostFormValue("minutes"))
	if err != nil || minutes < 1 || minutes > int(talkMost.Minutes()) {
		return errInput
	}
	if _, err := plan.ParseKey(r.PostFormValue("session_key")); err != nil {
		return errInput
	}
	act := plan.Act{
		Head: plan.Head{Kind: plan.KindLive, Place: place}, Until: d.o.Now().Add(talkLife).UTC().Truncate(time.Second),
		SessionKey: r.PostFormValue("session_key"), Reason: cmp.Or(typed(r.PostFormValue("title")), words[v.lang]["live.reason"]),
	}
	if r.PostFormValue("chime") != "" {
		act.Item = &plan.Item{Chime: talkChime}
	}
	act.ForS = minutes*60 + int((before(act)+talkSpare)/time.Second)
	if err := d.allowed(v, act); err != nil {
		return err
	}
	return d.propose(w, r, v, &act, proposal{})
}

// allowed refuses what the policies of a place would refuse now: boxes will too, and
// somebody would speak to nobody.
func (d *Desk) allowed(v *visitor, act plan.Act) error {
	act.ID, act.Issued = "live", d.o.Now()
	lines, err := d.o.Tools.Ahead(plan.Head{Place: act.Place}, 1, act)
	if err != nil {
		return err
	}
	if why := refusal(v.lang, lines, &act); why != "" {
		return &Told{why}
	}
	return nil
}

// refusal is why nothing of an order is heard or seen; empty: something is.
func refusal(lang string, lines []ahead.Line, act *plan.Act) (why string) {
	for _, l := range lines {
		switch {
		case l.Occurrence.ID != schedule.ActID(&act.Head):
		case l.Sounds || l.Shows || l.Code == "":
			return ""
		case lang == "vi":
			why = l.VI
		default:
			why = l.Why
		}
	}
	return why
}

// before is how long a chime sounds before a talk.
func before(act plan.Act) time.Duration {
	if act.Item == nil {
		return 0
	}
	length, _ := sound.ChimeLength(act.Item.Chime)
	return length
}

// A talk is one that was opened, with how far it has come.
type talk struct {
	act   plan.Act
	key   ed25519.PublicKey
	by    string
	began time.Time

	mu     sync.Mutex
	next   uint32 // the number of the packet that comes next
	over   bool
	looked time.Time // when it was last asked who hears it
	heard  heard
}

// talks are those that go on, by session.
type talks struct {
	mu  sync.Mutex
	all map[string]*talk
}

// begin opens a talk that somebody has signed.
func (t *talks) begin(act plan.Act, by string, now time.Time) error {
	key, err := plan.ParseKey(act.SessionKey)
	if err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.all == nil {
		t.all = make(map[string]*talk)
	}
	for id, o := range t.all {
		if !now.Before(o.act.Ends()) {
			delete(t.all, id)
		}
	}
	t.all[act.ID] = &talk{act: act, key: key, by: by, began: now}
	return nil
}

// of is the talk of a session, for who began it.
func (t *talks) of(session, by string, now time.Time) (*talk, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	one, ok := t.all[session]
	return one, ok && one.by == by && now.Before(one.act.Ends())
}

var errOver = &fault{http.StatusGone, "error.over"}

// take says whether a packet is the next of its talk: by the talk's own key, no longer
// than was signed, and no faster than it is said. What came before is passed over.
func (t *talk) take(raw []byte, now time.Time) (fresh bool, err error) {
	p, err := message.OpenLive(t.act.Place, t.act.ID, raw, t.key)
	switch {
	case err != nil:
		return false, err
	case t.over:
		return false, errOver
	case p.Seq < t.next:
		return false, nil
	case p.Offset+p.Duration > time.Duration(t.act.ForS)*time.Second, p.Offset+p.Duration > now.Sub(t.began)+talkAhead:
		return false, errInput
	}
	t.next, t.over = p.Seq+1, p.End()
	return true, nil
}

// heard is who hears a talk, for the script.
type heard struct {
	Sounds  int    `json:"sounds"` // boxes that sound it
	All     int    `json:"all"`    // that there are
	Refused int    `json:"refused"`
	Why     string `json:"why,omitempty"` // one of them refused it
}

// talk passes on what somebody says: packets, each with its length before it.
func (d *Desk) talk(w http.ResponseWriter, r *http.Request, v *visitor) error {
	now := d.o.Now()
	t, ok := d.talks.of(r.PathValue("session"), v.person, now)
	if !ok {
		return errNone
	}
	if !v.may(talker, t.act.Place) {
		return errRole // any more
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	topic := message.LiveTopic(t.act.Place, t.act.ID)
	for len(body) > 0 {
		if len(body) < 2 || int(binary.BigEndian.Uint16(body)) > len(body)-2 {
			return errInput
		}
		n := 2 + int(binary.BigEndian.Uint16(body))
		packet := body[2:n]
		body = body[n:]
		fresh, err := t.take(packet, now)
		if err != nil {
			return err
		}
		if !fresh {
			continue
		}
		if err := d.o.Centre.Talk(topic, packet); err != nil {
			return err
		}
	}
	if now.Sub(t.looked) >= time.Second {
		t.looked = now
		if t.heard, err = d.hears(v, t); err != nil {
			return err
		}
	}
	answer(w, http.StatusOK, t.heard)
	return nil
}

// hears is which boxes sound a talk, by what they say themselves.
func (d *Desk) hears(v *visitor, t *talk) (h heard, err error) {
	boxes, err := d.o.Centre.Boxes()
	for _, b := range boxes {
		if b.Revoked || !rollup.Within(v.places, b.Place, t.act.Place) {
			continue
		}
		h.All++
		switch {
		case b.Refused != nil && b.Refused.Kind == plan.KindLive && b.Refused.ID == t.act.ID: // what it sounds is another's
			h.Refused++
			_, h.Why = d.explain(v.lang, &plan.Error{Code: b.Refused.Code})
		case b.Sounds == t.act.Reason:
			h.Sounds++
		}
	}
	return h, err
}
