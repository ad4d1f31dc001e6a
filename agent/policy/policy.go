// Package policy decides whether local law lets an occurrence sound now, and how loud.
package policy

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"loa/agent/plan"
)

// Law that holds whatever a policy says: it comes with the image.
const (
	// A correctly signed alert once howled over a province for 50 minutes at
	// midnight. One signer gets this much emergency sound in any hour.
	emergencyHour = 600 * time.Second
	// So often it may begin in that hour, every round: a short alarm that is sent again and
	// again would frighten people all night and stay below the limit of its length.
	emergencyRepeats = 12
	// More holders make a mistake less likely: with two or more it is three times as long,
	// but no more often.
	quorumFactor = 3
	// An emergency of unknown length must have at least this much left to begin.
	emergencyLeast = 60 * time.Second
	// Nothing begins for less than this: the tail of a cap would be a blip.
	least = time.Second

	uncommissionedPercent = 30             // −21 dB: nobody has listened to these horns yet
	muteLongest           = 24 * time.Hour // whatever the mute says
	horizon               = 24 * time.Hour // no verdict claims to hold for longer
)

// byDefault is what holds for a box without any policy in force.
var byDefault = plan.DefaultPolicy("")

// A Box is how the box itself stands.
type Box struct {
	Uncommissioned bool
	// UncommissionedPercent is the loudest until somebody has listened; 0: 30.
	UncommissionedPercent int
	VolumePercent         int        // its own setting for what does not say how loud; 0: 100
	Mutes                 []plan.Act // accepted, of kind mute
	// LocalUntil: a technician is at the horn until then, and nothing from
	// outside may sound, not even an emergency.
	LocalUntil time.Time
	// Safe: the box does not trust itself, and only emergencies sound.
	Safe bool
	// Confirmed is the ID of a sound of the box's own that a technician at the
	// horn wants although it is quiet hours.
	Confirmed string
}

// BoxOf is how the plan wants the box to stand.
func BoxOf(p *plan.Plan) Box {
	b := Box{Uncommissioned: true}
	if s := p.Want.Settings; s != nil {
		b.Uncommissioned, b.VolumePercent = !s.Commissioned, s.VolumePercent
	}
	for _, a := range p.Acts {
		if a.Kind == plan.KindMute {
			b.Mutes = append(b.Mutes, a)
		}
	}
	return b
}

// A Verdict says whether an occurrence may sound.
type Verdict struct {
	Code plan.Code // accepted, or why not
	// Until is when the verdict may change while nothing else does: an hour
	// comes, or a cap is reached if the occurrence sounds from now on. It is
	// after now and at most a day away.
	Until         time.Time
	VolumePercent int // when accepted
	// Final: a refusal that waiting does not lift, so that what comes after it
	// may go ahead. Other refusals hold the occurrence back until Until.
	Final   bool
	Why, VI string // when refused, a sentence in English and one in Vietnamese
}

// Allow judges o at now by ps, the policies of the box's own place, its groups
// and all ancestors, those not in force included: the strictest wins. The
// default holds when none is in force that is ripe. Two versions of one policy are
// two policies: so a looser version waits while the one before it is still given.
//
// The order of the questions is: what schedule refused, local mode, mute, quiet
// hours, air time, repeats, relay hosts, banned words; before the hours, safe mode. An
// emergency answers only
// for local mode, a mute that two holders signed, and how long and how often
// emergencies sound in an hour.
//
// The host of each https address of a relay must be listed by at least one
// policy and by every policy that lists any; inputs of the box itself
// (alsa:…) need no listing. A relay from elsewhere and a word that a place does
// not want to hear are both refused as [plan.Scope].
func Allow(ps []plan.Policy, u Usage, o plan.Occurrence, now time.Time) Verdict {
	j := judge{u: &u, o: &o, now: now, until: now.Add(horizon)}
	j.laws = j.inForce(ps)
	refuse := j.decide()
	if refuse == nil {
		return Verdict{Until: j.until, VolumePercent: j.volume()}
	}
	refuse.Until = j.until
	// Who asked for it now has been told no. That it begins when the hour, a mute or
	// a technician permits would surprise everybody.
	refuse.Final = refuse.Final || asksForNow(o.By.Kind)
	return *refuse
}

func asksForNow(k plan.Kind) bool {
	return k == plan.KindPlay || k == plan.KindLive || k == plan.KindDrill || k == plan.KindTest
}

// A judge hears one case. until comes down with every time that it looks at.
type judge struct {
	laws  []law
	u     *Usage
	o     *plan.Occurrence
	now   time.Time
	until time.Time
}

// A law is a policy in force with its zone and the day it is there.
type law struct {
	*plan.Policy
	zone   *time.Location
	today  plan.Date
	unripe bool // it may forbid, and allows nothing yet
}

// edge notes that an answer depends on whether t has come.
func (j *judge) edge(t time.Time) {
	if t.After(j.now) && t.Before(j.until) {
		j.until = t
	}
}

func (j *judge) inForce(ps []plan.Policy) []law {
	laws := make([]law, 0, max(1, len(ps)))
	for i := range ps {
		j.edge(ps[i].ValidFrom)
		j.edge(ps[i].ValidUntil)
		if !ps[i].At(j.now) {
			continue
		}
		j.edge(ps[i].RipeAt)
		l := j.law(&ps[i])
		l.unripe = j.now.Before(ps[i].RipeAt)
		laws = append(laws, l)
	}
	if !slices.ContainsFunc(laws, func(l law) bool { return !l.unripe }) {
		laws = append(laws, j.law(&byDefault))
	}
	return laws
}

func (j *judge) law(p *plan.Policy) law {
	zone, err := plan.Zone(p.Zone)
	if err != nil {
		zone = vietnam // documents are checked when they come in; a wrong zone must not switch a law off
	}
	return law{Policy: p, zone: zone, today: plan.DateOf(j.now, zone)}
}

var vietnam = time.FixedZone("+07:00", 7*3600)

func (j *judge) decide() *Verdict {
	for _, question := range []func() *Verdict{
		j.sound, j.localMode, j.muted, j.emergencyRepeats, j.emergency,
		j.safeMode, j.quiet, j.airtimeDays, j.airtime, j.repeats, j.relay, j.words,
	} {
		if refuse := question(); refuse != nil {
			return refuse
		}
	}
	return nil
}

func (j *judge) isEmergency() bool { return j.o.Class == plan.Emergency }

func (j *judge) sound() *Verdict {
	if j.o.Err == nil {
		return nil
	}
	return &Verdict{
		Code: j.o.Err.Code, Final: true, Why: j.o.Err.Msg,
		VI: cmp.Or(j.o.Err.VI, j.o.Err.Code.Sentence().VI),
	}
}

func (j *judge) localMode() *Verdict {
	j.edge(j.u.LocalUntil)
	if j.o.By.Kind == "" || !j.now.Before(j.u.LocalUntil) {
		return nil
	}
	return &Verdict{
		Code: plan.LocalMode,
		Why:  "a technician works at the horn",
		VI:   "kỹ thuật viên đang làm việc tại loa",
	}
}

func (j *judge) muted() *Verdict {
	for _, m := range j.u.Mutes {
		until := m.MuteUntil
		if longest := m.Issued.Add(muteLongest); until.After(longest) {
			until = longest
		}
		ended := slices.ContainsFunc(j.u.Mutes, func(n plan.Act) bool { return n.Supersedes(m) })
		if ended || !j.now.Before(until) || j.isEmergency() && len(m.Proof.Holders) < 2 {
			continue
		}
		j.edge(until)
		return &Verdict{
			Code: plan.Muted,
			Why:  "muted until " + plan.Moment(until) + because(m.Reason),
			VI:   "đang bị tắt tiếng đến " + plan.Moment(until) + because(m.Reason),
		}
	}
	return nil
}

func because(reason string) string {
	if reason == "" {
		return ""
	}
	return ": " + reason
}

func (j *judge) safeMode() *Verdict {
	if !j.u.Safe || j.isEmergency() || j.o.By.Kind == "" {
		return nil
	}
	return &Verdict{Code: plan.SafeMode, Why: "the box is in safe mode", VI: "thiết bị đang ở chế độ an toàn"}
}

func (j *judge) quiet() *Verdict {
	if j.isEmergency() || j.o.By.Kind == "" && j.o.ID == j.u.Confirmed {
		return nil
	}
	var in *law
	var span plan.Span
	var end time.Time // of the quiet hours that last longest
	for i, l := range j.laws {
		for _, s := range l.QuietHours {
			if until, holds := j.within(l, s); holds && until.After(end) {
				in, span, end = &j.laws[i], s, until
			}
		}
	}
	if in == nil {
		return nil
	}
	of := ""
	if in.Place != "" {
		of = " (" + in.Place + ")"
	}
	return &Verdict{
		Code: plan.QuietHours,
		Why:  "quiet hours " + span.From + "–" + span.Until + of,
		VI:   "giờ yên tĩnh " + span.From + "–" + span.Until + of,
	}
}

// within reports whether a span of l holds now and until when, and notes the
// next time at which that changes.
func (j *judge) within(l law, s plan.Span) (until time.Time, holds bool) {
	from, err1 := plan.ParseClock(s.From)
	to, err2 := plan.ParseClock(s.Until)
	if err1 != nil || err2 != nil {
		return time.Time{}, false
	}
	if to <= from {
		to += 24 * time.Hour
	}
	for d := l.today - 1; d <= l.today+1; d++ {
		if !d.On(s.Days) {
			continue
		}
		begin, end := d.At(from, l.zone), d.At(to, l.zone)
		j.edge(begin)
		j.edge(end)
		if !j.now.Before(begin) && j.now.Before(end) && end.After(until) {
			until, holds = end, true
		}
	}
	return until, holds
}

// relay refuses a station that not every policy wants to hear.
func (j *judge) relay() *Verdict {
	for _, p := range j.o.Parts {
		if p.Relay == nil {
			continue
		}
		for _, u := range p.Relay.URLs {
			host, listed := j.listed(u)
			if !listed {
				return &Verdict{
					Code: plan.Scope, Final: true,
					Why: fmt.Sprintf("no policy lets this place relay %q", host),
					VI:  fmt.Sprintf("quy định không cho tiếp sóng từ %q", host),
				}
			}
		}
	}
	return nil
}

// volume is how loud o may sound: what it asks for, or the box's own setting,
// under every ceiling. The volumes of the hours bound all but emergencies, which
// must be heard at night.
func (j *judge) volume() int {
	v := cmp.Or(j.o.Volume, j.u.VolumePercent, 100)
	if j.isEmergency() {
		v = cmp.Or(j.o.Volume, 100)
	}
	for _, l := range j.laws {
		if l.VolumeCeilingPercent > 0 {
			v = min(v, l.VolumeCeilingPercent)
		}
		if j.isEmergency() {
			continue
		}
		found := false
		for _, h := range l.Volumes {
			// All are looked at, for their edges; the first that holds counts.
			if _, holds := j.within(l, h.Span); holds && !found {
				v, found = min(v, h.Percent), true
			}
		}
	}
	if j.u.Uncommissioned {
		v = min(v, cmp.Or(j.u.UncommissionedPercent, uncommissionedPercent))
	}
	return max(0, min(100, v))
}
