package ahead

import (
	"fmt"
	"slices"
	"time"

	"loa/agent/clock"
	"loa/agent/plan"
	"loa/agent/policy"
	"loa/agent/schedule"
)

// A State is how far a box is and what it can lean on.
type State struct {
	// Progress has how far what sounds now has come by now, in At, as if it were
	// interrupted. Nothing sounds whose ID is not in Sounding.
	Progress plan.Progress
	Usage    policy.Usage         // the air time that was used, and how the box stands
	Clock    clock.Level          // how sure it is of the time, now and later
	Missing  map[string]plan.Code // by SHA-256, the recordings that are not on the box, and why
	// Toned are the IDs of the emergencies of which the tone has sounded and the
	// words are missing: they wait for their words.
	Toned map[string]bool

	Board    bool // it has one, and lines tell what that shows
	SeenOnly bool // it has no speaker
}

// goOn gives what sounds at from the line that it goes on in.
func (d *dryRun) goOn() {
	due, _ := schedule.Due(d.p, d.g, d.from)
	i := slices.IndexFunc(due, func(o plan.Occurrence) bool { return o.ID == d.g.Sounding })
	if i < 0 { // nothing sounds, or nothing of the plan
		d.u.End(d.from)
		d.g.Sounding = ""
		return
	}
	d.open = len(d.lines)
	d.lines = append(d.lines, Line{
		At: d.from, Occurrence: due[i], Sounds: true,
		Volume: policy.Allow(d.policies, d.u, due[i], d.from).VolumePercent,
	})
}

// allow is what the clock, local law and the library say of o.
func (d *dryRun) allow(o *plan.Occurrence) policy.Verdict {
	if v := policy.AllowClock(*o, d.level); v.Code != plan.Accepted {
		v.Until = o.End
		return v
	}
	v := policy.Allow(d.policies, d.u, *o, d.now)
	if v.Code != plan.Accepted || d.g.Sounding == o.ID {
		return v // what sounds has opened its parts already
	}
	sha, lacks := d.lacks(o)
	if !lacks || d.tonesFirst(o) {
		return v
	}
	v.Code, v.Final = d.missing[sha], o.Slot != ""
	v.Why = fmt.Sprintf("recording %.12s is not on the box", sha)
	v.VI = fmt.Sprintf("bản ghi %.12s chưa có trong máy", sha)
	if said := v.Code.Sentence(); v.Code != plan.MediaMissing {
		v.Why += ": " + said.EN
		v.VI += ": " + said.VI
	}
	return v
}

// lacks names a recording of o that is not on the box.
func (d *dryRun) lacks(o *plan.Occurrence) (sha256 string, lacks bool) {
	for _, p := range o.Parts {
		if p.Audio != nil && d.missing[p.Audio.SHA256] != plan.Accepted {
			return p.Audio.SHA256, true
		}
	}
	return "", false
}

// tonesFirst reports an emergency that sounds what there is of it: its words are
// missing, and half an alarm is better than none.
func (d *dryRun) tonesFirst(o *plan.Occurrence) bool {
	_, lacks := d.lacks(o)
	return lacks && o.Class == plan.Emergency && len(o.Parts) > 1 && !d.toned[o.ID]
}

// silent is how much of an emergency is not heard because its words are missing.
func (d *dryRun) silent(o *plan.Occurrence) (much time.Duration) {
	if !d.tonesFirst(o) {
		return 0
	}
	for _, p := range o.Parts {
		if p.Audio != nil && d.missing[p.Audio.SHA256] != plan.Accepted {
			much += p.Length
		}
	}
	return much * time.Duration(max(1, o.Repeat))
}
