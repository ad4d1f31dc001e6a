package dispatch

import (
	"context"
	"errors"
	"time"

	"loa/agent/message"
	"loa/agent/mqtt"
	"loa/agent/plan"
	"loa/scripts/authority"
)

// A door bounds what boxes without a name cost: whoever has stolen a claim can ask
// without end. A box that is passed over asks again by itself.
type door struct {
	open   float64 // requests that may come at once
	filled time.Time
	turned map[string]int       // requests refused by code, since it was last said
	said   map[string]time.Time // when it was
}

const (
	doorBurst = 100
	doorRate  = 20 // requests a second
	sayEvery  = time.Hour
)

// admits reports whether one more request may be looked at now.
func (r *door) admits(now time.Time) bool {
	if r.filled.IsZero() {
		r.open = doorBurst
	} else {
		r.open = min(doorBurst, r.open+max(0, now.Sub(r.filled).Seconds())*doorRate)
	}
	r.filled = now
	if r.open < 1 {
		return false
	}
	r.open--
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

// enrol answers who asks for a certificate.
func (d *Dispatch) enrol(ctx context.Context, out link, id string, raw []byte) {
	now := time.Now()
	if !d.door.admits(now) {
		if n, say := d.door.turnsAway("flood", now); say {
			d.o.Log.Warn("dispatch: more requests for certificates than boxes can make; some are passed over", "id", id, "count", n)
		}
		return
	}
	answer, err := d.o.Authority.Enrol(id, raw)
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
