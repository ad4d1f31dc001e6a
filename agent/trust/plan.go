package trust

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"time"

	"loa/agent/message"
	"loa/agent/plan"
)

// Plan is everything that holds for this box at now or will hold later. What
// has ended is not in it, but for acts that ended a moment ago and the names of what
// ended within a week.
func (t *Trust) Plan(now time.Time) plan.Plan {
	t.mu.RLock()
	defer t.mu.RUnlock()
	w := t.want()
	above, _ := t.x.above(w.OwnPlace, now)
	p := plan.Plan{
		Device: t.device, Place: w.OwnPlace, Groups: w.Groups, Above: above, Want: w,
		Bulletins: map[plan.Key]plan.Bulletin{}, Schedules: map[plan.Key]plan.Schedule{},
		Policies: map[plan.Key]plan.Policy{}, Alerts: map[plan.Key]plan.AlertSet{}, Ended: map[plan.Key]time.Time{},
		Triggers: map[plan.Key]plan.Triggers{},
	}
	mine := t.mine(now)
	for topic, b := range t.bodies {
		if h, _ := message.HeadOf(b.doc); !slices.Contains(mine, h.Place) {
			continue
		}
		switch d := b.doc.(type) {
		case plan.Bulletin:
			if now.Before(d.ValidUntil) {
				p.Bulletins[d.Key()] = d
			} else if !d.Withdrawn {
				p.Ended[d.Key()] = d.ValidUntil
			}
		case plan.Schedule:
			if now.Before(d.ValidUntil) {
				p.Schedules[d.Key()] = d
			} else if !d.Withdrawn {
				p.Ended[d.Key()] = d.ValidUntil
			}
		case plan.Policy:
			rec := t.s.Records[topic]
			if now.Before(d.ValidUntil) && !d.Withdrawn {
				d.RipeAt = ripe(rec.At, rec.Holders)
				p.Policies[d.Key()] = d
			}
			maps.Copy(p.Policies, rec.policies(now))
		case plan.AlertSet:
			p.Alerts[d.Key()] = d
		case plan.Triggers:
			if now.Before(d.ValidUntil) && (d.Box == "" || d.Box == t.device) {
				p.Triggers[d.Key()] = d
			}
		}
	}
	cancel(p.Alerts)
	for _, a := range t.acts {
		if !a.Forgotten(now) && (a.Device != "" || slices.Contains(mine, a.Place)) {
			p.Acts = append(p.Acts, a)
		}
	}
	return p
}

// policies are the older versions that hold beside a looser new one, under
// id@version, which no document's own id can be.
func (r record) policies(now time.Time) map[plan.Key]plan.Policy {
	m := map[plan.Key]plan.Policy{}
	for _, o := range r.Old {
		var p plan.Policy
		if !now.Before(o.Until) || json.Unmarshal(o.Payload, &p) != nil || !now.Before(p.ValidUntil) {
			continue
		}
		p.Proof.Holders, p.RipeAt = o.Holders, ripe(o.At, o.Holders)
		k := p.Key()
		k.ID += "@" + strconv.FormatInt(p.Version(), 10)
		m[k] = p
	}
	return m
}

// cancel takes out of the sets what another office's set has ended. A set that
// names the alert again stays without it for as long as the cancel stands.
func cancel(sets map[plan.Key]plan.AlertSet) {
	for _, s := range sets {
		for _, c := range s.Cancel {
			k := plan.Key{Place: c.Place, Kind: plan.KindAlert, ID: c.Office}
			other, ok := sets[k]
			if !ok {
				continue
			}
			other.Alerts = slices.DeleteFunc(slices.Clone(other.Alerts), func(a plan.Alert) bool { return a.ID == c.ID })
			sets[k] = other
		}
	}
}
