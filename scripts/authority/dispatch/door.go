package dispatch

import (
	"context"
	"errors"
	"time"

	"loa/agent/enrol"
	"loa/agent/message"
	"loa/agent/mqtt"
	"loa/agent/plan"
	"loa/scripts/authority"
)

// A door bounds what boxes without a name cost: whoever has stolen a claim can ask
// without end. Each box that is known and each batch has a share of its own, so that a
// flood by one claim shuts out that batch and nobody else. Addresses are not known here:
// a broker stands between. A box that is passed over asks again by itself.
type door struct {
	shares map[string]*share    // by who asks; no more of them than there are boxes and batches
	turned map[string]int       // requests refused by code, since it was last said
	said   map[string]time.Time // when it was
}

// A bound is how many requests may come at once, and how many a second.
type bound struct{ burst, rate float64 }

var (
	unread = bound{400, 200} // requests of which nobody knows yet whose they are
	batch  = bound{100, 20}
	oneBox = bound{10, 1}
)

const sayEvery = time.Hour

// A share is what is left of a bound.
type share struct {
	open   float64 // requests that may come at once
	filled time.Time
}

// admits reports whether one more request of who may be looked at now.
func (r *door) admits(who string, b bound, now time.Time) bool {
	if r.shares == nil {
		r.shares = make(map[string]*share)
	}
	s := r.shares[who]
	if s == nil {
		s = &share{b.burst, now}
		r.shares[who] = s
	}
	s.open = min(b.burst, s.open+max(0, now.Sub(s.filled).Seconds())*b.rate)
	s.filled = now
	if s.open < 1 {
		return false
	}
	s.open--
	return true
}

// turnsAway counts a refusal. It gives the count when it is time to say it: at once, and
// then once an hour, because others decide how many there are.
func (r *door) turnsAway(code string, now time.Time) (count int, say bool) {
	if r.turned == nil {
		r.turned, r.said = make(map[string]int), make(map[string]time.Time)
	}
	r.turned[code]++
	if last, ok := r.said[code]; ok && now.Sub(last) < sayEvery {
		return 0, false
	}
	count = r.turned[code]
	r.turned[code], r.said[code] = 0, now
	return count, true
}

// admits reports whether a request may be looked at now, by the share of whoever makes it.
func (d *Dispatch) admits(id string, raw []byte, now time.Time) (bool, error) {
	if _, ok := d.o.Authority.EveryBox()[id]; ok { // only that box writes there, or a claim's thief to its cost alone
		return d.door.admits("box "+id, oneBox, now), nil
	}
	if !d.door.admits("unread", unread, now) {
		return false, nil
	}
	r, err := enrol.Read(raw)
	if err != nil {
		return false, err
	}
	device, err := d.o.Authority.Caller(r)
	switch {
	case err != nil:
		return false, err
	case device != "":
		return d.door.admits("box "+device, oneBox, now), nil
	}
	return d.door.admits("batch "+r.Batch, batch, now), nil
}

// enrol answers who asks for a certificate.
func (d *Dispatch) enrol(ctx context.Context, out link, id string, raw []byte) {
	now := time.Now()
	in, err := d.admits(id, raw, now)
	if err == nil && !in {
		if n, say := d.door.turnsAway("flood", now); say {
			d.o.Log.Warn("dispatch: more requests for certificates than boxes can make; some are passed over", "id", id, "count", n)
		}
		return
	}
	var answer *enrol.Answer
	if err == nil {
		answer, err = d.o.Authority.Enrol(id, raw)
	}
	if err != nil {
		if n, say := d.door.turnsAway(codeOf(err), now); say {
			d.o.Log.Warn("dispatch: a request for a certificate was refused", "id", id, "count", n, "err", err)
		}
		return
	}
	if answer == nil || !out.Connected() {
		return // it asks again
	}
	ctx, cancel := context.WithTimeout(ctx, sendTime)
	defer cancel()
	topic := message.Topic{Dir: message.DirEnrol, ID: id, Leaf: message.LeafCRT}
	if err := out.Send(ctx, mqtt.Message{Topic: topic.String(), Payload: answer.Encode()}); err != nil {
		d.o.Log.Warn("dispatch: a certificate did not go out", "device", answer.Device, "err", err)
	}
}

func codeOf(err error) string {
	var own *authority.Error
	var bad *plan.Error
	switch {
	case errors.As(err, &own):
		return own.Code
	case errors.As(err, &bad):
		return string(bad.Code)
	}
	return ""
}
