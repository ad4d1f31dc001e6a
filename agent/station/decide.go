package station

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"loa/agent/arbiter"
	"loa/agent/clock"
	"loa/agent/ledger"
	"loa/agent/plan"
	"loa/agent/policy"
	"loa/agent/schedule"
)

// decide recomputes everything from the whole plan and the clock, makes the
// player do what follows, and returns when the answer may change by itself.
func (s *Station) decide(now time.Time, level clock.Level) (until time.Time) {
	if !now.Before(s.usage.LocalUntil) {
		s.attend(time.Time{}, now)
	}
	s.replan(now)
	if level >= clock.RTC && !s.o.SeenOnly {
		s.lapses(now)
	}
	due, allowed, volume, until := s.ask(now, level)
	holder, waiting := arbiter.Choose(allowed)
	switch {
	case holder == nil && s.current != nil:
		s.silence(due, now, level)
	case holder != nil && (s.current == nil || s.current.o.ID != holder.ID):
		s.give(*holder, volume[holder.ID], due, now, level)
	case holder != nil && s.current.volume != volume[holder.ID]:
		// An hour with another ceiling has come, or somebody has turned the knob.
		s.current.volume = volume[holder.ID]
		s.o.Player.Volume(s.current.volume)
	}
	if t := s.follow(now, level); !t.IsZero() && t.Before(until) {
		until = t
	}
	s.light(now)
	s.publish(waiting, now, until)
	if t := s.show(now); t.Before(until) {
		until = t
	}
	return until
}

// foresight is how long before the end of an item the player is told what follows:
// time to open it, even from a slow card, and before what boxes start together to learn
// the course of the sound device.
const foresight = 3 * time.Second

// follow tells the player what to go on with when the item of a slot ends, and
// says when to look again. That is no decision: what follows is decided when the
// item has ended, as everything is, and may be something else by then.
func (s *Station) follow(now time.Time, level clock.Level) (again time.Time) {
	var next *plan.Occurrence
	var volume int
	var ends time.Time
	if t := s.current; t != nil && t.o.Slot != "" && t.o.Length > 0 {
		ends = t.began.Add(t.o.Length - t.o.At)
		if begin := ends.Add(-foresight); now.Before(begin) {
			again = begin
		} else {
			next, volume = s.following(t.o, ends, level)
		}
	}
	if next == nil {
		var soon time.Time
		next, volume, soon = s.meeting(now, level)
		if next != nil {
			ends = next.Start
		}
		again = sooner(again, soon)
	}
	id := ""
	if next != nil {
		id = next.ID
	}
	if id != s.next {
		s.next = id
		s.o.Player.Next(next, volume, ends)
	}
	return again
}

// following is the item that would have the speaker if o ended at a time, if it is
// the next of the same slot.
func (s *Station) following(o plan.Occurrence, at time.Time, level clock.Level) (next *plan.Occurrence, volume int) {
	g := s.copyProgress()
	schedule.End(&g, &o, at)
	next, volume = s.foresee(g, at, level)
	if next == nil || next.Slot != o.Slot || next.Class != o.Class {
		return nil, 0
	}
	return next, volume
}

// meeting is what boxes start together within a moment, if it would have the speaker then,
// and else when to look again. So it is ready when its time comes: the file open, the
// amplifier on, the course of the sound device known.
func (s *Station) meeting(now time.Time, level clock.Level) (next *plan.Occurrence, volume int, again time.Time) {
	if !s.meets() {
		return nil, 0, again
	}
	for _, o := range schedule.Span(&s.plan, now, now.Add(foresight+longest)) {
		if !o.Together || o.Err != nil || !o.Start.After(now) {
			continue
		}
		if begin := o.Start.Add(-foresight); now.Before(begin) {
			again = sooner(again, begin)
			continue
		}
		// The gap before it counts from an end that was noticed a moment late.
		next, volume = s.foresee(s.copyProgress(), o.Start.Add(late), level)
		if next != nil && next.ID == o.ID {
			return next, volume, again
		}
	}
	return nil, 0, again
}

// late is how long after the end of an item that is noticed.
const late = 150 * time.Millisecond

// meets reports whether boxes start anything together.
func (s *Station) meets() bool {
	for _, d := range s.plan.Schedules {
		for i := range d.Slots {
			if d.Slots[i].StartAt {
				return true
			}
		}
	}
	return false
}

// sooner is the earlier of two times of which zero means never.
func sooner(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// foresee is what would have the speaker at a time, as things stand in g.
func (s *Station) foresee(g plan.Progress, at time.Time, level clock.Level) (next *plan.Occurrence, volume int) {
	due, _ := schedule.Due(&s.plan, g, at)
	policies := s.policies()
	allowed := due[:0]
	volumes := make(map[string]int)
	for _, d := range due {
		if v := s.judge(policies, d, at, level); v.Code == plan.Accepted {
			allowed = append(allowed, d)
			volumes[d.ID] = v.VolumePercent
		}
	}
	if next, _ = arbiter.Choose(allowed); next == nil {
		return nil, 0
	}
	return next, volumes[next.ID]
}

// ask is what schedule, policy, clock and library say now, and until when. What
// is refused for good makes room for the next item of its slot, so it asks again
// until nothing more is.
func (s *Station) ask(now time.Time, level clock.Level) (due, allowed []plan.Occurrence, volume map[string]int, until time.Time) {
	policies := s.policies()
	volume = make(map[string]int)
	for {
		due, until = schedule.Due(&s.plan, s.progress, now)
		if s.o.SeenOnly {
			due = nil
		}
		if s.local != nil {
			due = append(due, *s.local)
		}
		allowed = allowed[:0]
		struck := false
		for _, o := range due {
			if at := s.settled(&o, now); !at.IsZero() {
				if at.Before(until) {
					until = at
				}
				continue
			}
			j := s.judge(policies, o, now, level)
			if !j.Until.IsZero() && j.Until.Before(until) {
				until = j.Until
			}
			if j.Code == plan.Accepted {
				allowed = append(allowed, o)
				volume[o.ID] = j.VolumePercent
				continue
			}
			s.tell(o, j, now)
			if j.Final {
				if s.sounds(o.ID) {
					s.current.why = j.Code // it will not be due any more when it is asked why
				}
				s.strike(o, now)
				struck = true
			}
		}
		if !struck {
			return due, allowed, volume, until
		}
	}
}

// judge is what the clock, local law and the library say of an occurrence.
func (s *Station) judge(policies []plan.Policy, o plan.Occurrence, now time.Time, level clock.Level) policy.Verdict {
	needs := o
	if o.By.Kind == "" && o.ID != s.confirmed {
		needs.By.Kind = plan.KindPlay // by a technician who has not been asked yet: as any act
	}
	if v := policy.AllowClock(needs, level); v.Code != plan.Accepted {
		return v
	}
	v := policy.Allow(policies, s.usage, o, now)
	if v.Code != plan.Accepted || s.sounds(o.ID) {
		return v // what sounds has opened its parts already
	}
	sha, missing := s.missing(o)
	if !missing || o.Class == plan.Emergency && len(o.Parts) > 1 && (o.Spoken() || !s.wordless[o.ID]) {
		return v // an emergency sounds its tone at once, and again with its words when they come
	}
	v.Code, v.Final = plan.MediaMissing, o.Slot != ""
	v.Why = fmt.Sprintf("recording %.12s is not on the box", sha)
	v.VI = fmt.Sprintf("bản ghi %.12s chưa có trong máy", sha)
	if code, why := s.o.Media.Why(sha); code != plan.Accepted {
		v.Code = code
		v.Why += ": " + why
		v.VI += ": " + code.Sentence().VI
	}
	return v
}

func (s *Station) policies() []plan.Policy { return slices.Collect(maps.Values(s.plan.Policies)) }

func (s *Station) sounds(id string) bool { return s.current != nil && s.current.o.ID == id }

// missing names a recording of o that is not on the box.
func (s *Station) missing(o plan.Occurrence) (sha256 string, missing bool) {
	for _, p := range o.Parts {
		if p.Audio == nil {
			continue
		}
		if _, here := s.o.Media.Path(p.Audio.SHA256); !here {
			return p.Audio.SHA256, true
		}
	}
	return "", false
}

// give hands the speaker to o.
func (s *Station) give(o plan.Occurrence, volume int, due []plan.Occurrence, now time.Time, level clock.Level) {
	// It is still fading from its last turn: that ending will say where to go on.
	if s.turning(o.ID) {
		return
	}
	if s.current != nil {
		s.release(due, true, now, level)
	}
	t := &turn{o: o, began: now, volume: volume, before: s.heard[o.ID]}
	start := ledger.Entry{Kind: ledger.Start, AtS: o.At.Seconds(), Volume: volume, PlannedS: o.Length.Seconds()}
	// What a flickering supply must not repeat is on the disk before it sounds. An
	// item of a slot is joined where its timeline is, and an alarm does not wait
	// for the disk.
	if o.Class != plan.Emergency {
		s.write(start, &o, now)
		if o.Slot == "" {
			s.enterAll()
			if err := s.o.Ledger.Sync(); err != nil {
				s.o.Log.Error("cannot sync the ledger", "err", err)
			}
		}
	}
	t.number, s.next = s.o.Player.Play(o, volume, now), ""
	s.current, s.turns[t.number] = t, t
	schedule.Begin(&s.progress, &o)
	s.usage.Begin(o, now)
	if o.Slot == "" {
		s.soundFirst(now)
	}
	if o.Class == plan.Emergency {
		s.write(start, &o, now)
	}
	s.acknowledge(&o, "started", "", "", 0)
	s.o.Log.Info("sounds", "id", o.ID, "class", o.Class, "from", o.At, "volume", volume)
}

// silence ends what sounds, because nothing may. If only the hour or a cap
// stands against it, it may go on later.
func (s *Station) silence(due []plan.Occurrence, now time.Time, level clock.Level) {
	s.release(due, false, now, level)
	s.current = nil
	s.progress.Sounding, s.next = "", ""
	s.o.Player.Stop()
}

// release says why what sounds loses the speaker, and whether it may go on later.
// taken: something else has it now.
func (s *Station) release(due []plan.Occurrence, taken bool, now time.Time, level clock.Level) {
	t := s.current
	s.usage.End(now)
	i := slices.IndexFunc(due, func(o plan.Occurrence) bool { return o.ID == t.o.ID })
	switch {
	case !now.Before(t.o.End): // its time is over, as a relay's: it gives way to nobody
	case i >= 0 && taken:
		t.why, t.yielded = plan.Priority, true
	case i >= 0:
		v := s.judge(s.policies(), due[i], now, level)
		t.why, t.yielded = v.Code, !v.Final
	case t.why != plan.Accepted || t.stop.ID != "": // somebody stopped it
	case t.o.By.Kind == plan.KindAlert && s.plan.Alerts[t.o.By].ID != "":
		t.note = "all clear" // its office has taken the alert back
	default:
		t.why = plan.Revoked // withdrawn, or its signer is gone
	}
}

func (s *Station) turning(id string) bool {
	for _, t := range s.turns {
		if t.o.ID == id {
			return true
		}
	}
	return false
}

// lapses writes down what should have sounded and cannot any more.
func (s *Station) lapses(now time.Time) {
	from := s.since
	if oldest := now.Add(-memory); from.Before(oldest) {
		from = oldest
	}
	looked := s.looked
	// What was over by now is told now: the next look need not go back further.
	// Else every decision would go through two days of slots.
	s.since, s.looked = now, now
	for _, l := range schedule.Missed(&s.plan, s.progress, from, now) {
		if l.Result == plan.Preempted && l.At == 0 && l.Stop.ID == "" && !l.End.After(looked) {
			// It would have been told then: what asks for it came too late.
			l.Result, l.Code = plan.Missed, plan.Accepted
		}
		schedule.Close(&s.progress, &l)
		if s.turning(l.ID) {
			// It sounds, or fades: its ending will be written with what was heard.
			for _, t := range s.turns {
				if t.o.ID != l.ID {
					continue
				}
				t.stop, t.yielded = l.Stop, false
				if t != s.current { // else nothing took the speaker from it: its time is over
					t.why = l.Code
				}
			}
			continue
		}
		e := ledger.Entry{
			Kind: ledger.End, Result: l.Result, Code: l.Code,
			AtS: l.At.Seconds(), PlannedS: l.Length.Seconds(), HeardS: s.heard[l.ID].Seconds(),
		}
		if l.Stop.ID != "" {
			e.Detail = "stopped by " + l.Stop.String()
			e.Ends = l.Ends
		}
		delete(s.heard, l.ID)
		s.write(e, &l.Occurrence, now)
		state := "finished"
		if l.Stop.ID == "" && e.HeardS == 0 {
			state = "expired"
		}
		s.acknowledge(&l.Occurrence, state, l.Result, l.Code, e.HeardS)
	}
}

// memory is how long what ended is remembered: longer than any slot with any
// correction of the clock around it.
const memory = 49 * time.Hour
