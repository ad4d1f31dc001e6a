package policy

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"loa/agent/plan"
)

// emergency bounds how long emergencies of one signer place sound in any hour.
// One that does not sound yet begins only if it can be heard to its end:
// otherwise it would stutter along the edge of the limit.
func (j *judge) emergency() *Verdict {
	// A false alarm that has used up its time can be taken back all the same.
	if !j.isEmergency() || j.o.Retracts {
		return nil
	}
	limit := j.emergencyLimit()
	var recent []Use
	var used time.Duration
	j.u.all(j.now, func(x *Use) {
		if x.Class == plan.Emergency && x.Signer == payer(j.o) {
			j.edge(x.From) // it may lie ahead, if the clock went back
			if part := inLastHour(x, j.now); part > 0 {
				recent = append(recent, *x)
				used += part
			}
		}
	})
	left := limit - used
	need := j.blip()
	if !j.sounds() {
		need = emergencyLeast
		if j.o.Length > 0 {
			need = max(least, j.o.Length-j.o.At)
		}
		need = min(need, limit)
	}
	if left >= need {
		j.runsOut(left, need)
		return nil
	}
	j.slides(freed(recent, j.now, need-left))
	minutes := int(limit / time.Minute)
	return &Verdict{
		Code: plan.Airtime,
		Why:  fmt.Sprintf("emergencies signed by %s have sounded for their %d minutes of this hour", j.o.Signer, minutes),
		VI:   fmt.Sprintf("tin khẩn cấp do %s ký đã phát đủ %d phút trong một giờ", j.o.Signer, minutes),
	}
}

// grain is how close to now the end of what an hour has room for is looked at. The hour
// slides: while an emergency sounds, what was used an hour ago is let go as fast as it uses
// more, so that what is left stays as it is, and whoever asked again when that nothing is
// used up would ask for ever.
const grain = 10 * time.Millisecond

// blip is what has to be left for what sounds to go on: to its end, or for a grain.
func (j *judge) blip() time.Duration {
	if j.o.Length == 0 {
		return grain
	}
	return max(1, min(grain, j.o.Length-j.o.At-j.now.Sub(j.u.now.From)))
}

// slides is edge for what waits. While something sounds a grain more or less is nothing to
// it: its turn comes when that ends, and then it is judged anew.
func (j *judge) slides(t time.Time) {
	if near := j.now.Add(grain); j.u.now.ID != "" && t.Before(near) {
		t = near
	}
	j.edge(t)
}

// emergencyRepeats bounds how often emergencies of one signer place begin in any hour:
// each round counts, whatever the alert is called in which it comes. What goes on after
// an interruption does not count again.
func (j *judge) emergencyRepeats() *Verdict {
	if !j.isEmergency() || j.o.Retracts || j.sounds() {
		return nil
	}
	limit := emergencyRepeats
	for _, l := range j.laws {
		if l.EmergencyHourRepeats > 0 {
			limit = min(limit, l.EmergencyHourRepeats)
		}
	}
	begun := make(map[string]time.Time) // the first turn of each round in the hour
	j.u.all(j.now, func(x *Use) {
		if x.Class != plan.Emergency || x.Signer != payer(j.o) || x.From.After(j.now) || j.now.Sub(x.From) >= time.Hour {
			return
		}
		if first, ok := begun[x.ID]; !ok || x.From.Before(first) {
			begun[x.ID] = x.From
		}
	})
	if _, goesOn := begun[j.o.ID]; goesOn || len(begun) < limit {
		return nil
	}
	all := slices.SortedFunc(maps.Values(begun), time.Time.Compare)
	j.edge(all[len(all)-limit].Add(time.Hour))
	return &Verdict{
		Code: plan.RepeatLimit,
		Why:  fmt.Sprintf("emergencies signed by %s have begun %d times in an hour", j.o.Signer, len(begun)),
		VI:   fmt.Sprintf("tin khẩn cấp do %s ký đã phát %d lần trong một giờ", j.o.Signer, len(begun)),
	}
}

// sounds reports whether o has the speaker now.
func (j *judge) sounds() bool { return j.u.now.ID == j.o.ID }

// runsOut notes when so much left would be used up: by o if it sounds from now
// on, or down to what it needs to begin by what sounds now.
func (j *judge) runsOut(left, need time.Duration) {
	j.edge(j.now.Add(left))
	if j.u.now.ID != "" && !j.sounds() {
		j.slides(j.now.Add(left - need + 1))
	}
}

func (j *judge) emergencyLimit() time.Duration {
	limit := emergencyHour
	for _, l := range j.laws {
		if l.EmergencyHourS > 0 {
			limit = min(limit, seconds(l.EmergencyHourS))
		}
	}
	if j.o.Holders >= 2 {
		limit *= quorumFactor
	}
	return limit
}

// inLastHour is how much of a turn that has begun ends in the hour before now or
// later.
func inLastHour(x *Use, now time.Time) time.Duration {
	if x.From.After(now) {
		return 0
	}
	return min(x.For, x.From.Add(x.For).Sub(now.Add(-time.Hour)))
}

// freed is when so much of recent has left the last hour.
func freed(recent []Use, now time.Time, much time.Duration) time.Time {
	slices.SortFunc(recent, func(a, b Use) int { return a.From.Compare(b.From) })
	for i := range recent {
		x := &recent[i]
		part := inLastHour(x, now)
		if part >= much {
			return x.From.Add(x.For - part + much).Add(time.Hour)
		}
		much -= part
	}
	return now.Add(time.Hour)
}

func (j *judge) airtimeDays() *Verdict {
	if j.isEmergency() {
		return nil
	}
	for _, l := range j.laws {
		if len(l.AirtimeDays) == 0 {
			continue
		}
		if day := j.day(l); !day.On(l.AirtimeDays) {
			return &Verdict{
				Code: plan.Airtime, Final: true,
				Why: fmt.Sprintf("%s has no air time on %s", l.Place, day),
				VI:  fmt.Sprintf("%s không phát thanh vào ngày %s", l.Place, day),
			}
		}
	}
	return nil
}

// day is the day on which o counts under l.
func (j *judge) day(l law) plan.Date {
	if d, ok := slotDay(j.o.Slot); ok {
		return d
	}
	j.edge((l.today + 1).At(0, l.zone))
	return l.today
}

// airtime holds the caps per day and per session. Everything counts but
// emergencies: relays, drills and tests are heard as well.
func (j *judge) airtime() *Verdict {
	if j.isEmergency() {
		return nil
	}
	if until, full := j.u.full(j.now); full {
		j.edge(until)
		return &Verdict{
			Code: plan.Airtime,
			Why:  "too many things have sounded in two days to count them",
			VI:   "hai ngày qua đã phát quá nhiều lần, không đếm được nữa",
		}
	}
	session := cmp.Or(j.o.Slot, j.o.ID)
	for _, l := range j.laws {
		if l.AirtimeDayS == 0 && l.AirtimeSessionS == 0 {
			continue
		}
		day := j.day(l)
		var today, here time.Duration
		j.u.all(j.now, func(x *Use) {
			if x.Class == plan.Emergency {
				return
			}
			if x.on(l.zone) == day {
				today += x.For
			}
			if x.session() == session {
				here += x.For
			}
		})
		if v := j.cap(l, today, l.AirtimeDayS, "day", "ngày"); v != nil {
			return v
		}
		if v := j.cap(l, here, l.AirtimeSessionS, "session", "buổi"); v != nil {
			return v
		}
	}
	return nil
}

func (j *judge) cap(l law, used time.Duration, capS int, en, vi string) *Verdict {
	if capS == 0 {
		return nil
	}
	left := seconds(capS) - used
	need := least
	if j.sounds() {
		need = 1
	}
	if left >= need {
		j.runsOut(left, need)
		return nil
	}
	return &Verdict{
		Code: plan.Airtime, Final: true,
		Why: fmt.Sprintf("%s has used the %s of air time of this %s", l.Place, seconds(capS), en),
		VI:  fmt.Sprintf("%s đã dùng hết %s phát thanh của %s này", l.Place, seconds(capS), vi),
	}
}

// repeats bounds how often a bulletin sounds in a day. All rounds of an
// occurrence count, from when it begins; going on after an interruption does not
// count again.
func (j *judge) repeats() *Verdict {
	if j.isEmergency() || j.o.Item.Kind != plan.KindBulletin {
		return nil
	}
	bulletin := ""
	for _, l := range j.laws {
		if l.RepeatsPerDay == 0 {
			continue
		}
		if bulletin == "" {
			bulletin = j.o.Item.String()
		}
		day := j.day(l)
		begun, rounds := false, 0
		var seen []string
		j.u.all(j.now, func(x *Use) {
			if x.Bulletin != bulletin {
				return
			}
			begun = begun || x.ID == j.o.ID
			if x.on(l.zone) == day && !slices.Contains(seen, x.ID) {
				seen = append(seen, x.ID)
				rounds += x.Rounds
			}
		})
		if !begun && rounds+max(1, j.o.Repeat) > l.RepeatsPerDay {
			return &Verdict{
				Code: plan.RepeatLimit, Final: true,
				Why: fmt.Sprintf("%s lets a bulletin sound %d times a day; it has sounded %d", l.Place, l.RepeatsPerDay, rounds),
				VI:  fmt.Sprintf("%s cho phát một bản tin %d lần mỗi ngày; đã phát %d lần", l.Place, l.RepeatsPerDay, rounds),
			}
		}
	}
	return nil
}

func seconds(n int) time.Duration { return time.Duration(n) * time.Second }
