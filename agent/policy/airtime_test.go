package policy

import (
	"fmt"
	"testing"
	"time"

	"loa/agent/plan"
)

func TestAirtimeOfTheDay(t *testing.T) {
	ps := laws(rule(func(p *plan.Policy) { p.AirtimeDayS = 600 }))
	next := item(plan.Normal, "17:00")
	var u Usage
	expect(t, "nothing used", Allow(ps, u, next, on("17:00")), plan.Accepted, "17:10")
	relay := item(plan.Normal, "05:30")
	relay.Item = plan.Key{}
	u = used(u, relay, on("05:30"), 4*time.Minute)
	u = used(u, act("x", plan.Normal), on("06:30"), 2*time.Minute)
	expect(t, "relays and acts count", Allow(ps, u, next, on("17:00")), plan.Accepted, "17:04")
	u = used(u, alert("a"), on("07:00"), 8*time.Minute)
	expect(t, "emergencies do not", Allow(ps, u, next, on("17:00")), plan.Accepted, "17:04")
	u = used(u, act("t", plan.Test), on("08:00"), 4*time.Minute)
	v := Allow(ps, u, next, on("17:00"))
	expect(t, "used up", v, plan.Airtime, "")
	if !v.Final {
		t.Error("the day has no more air time, whoever waits")
	}
	expect(t, "an emergency sounds all the same", Allow(ps, u, alert("b"), on("17:00")), plan.Accepted, "")
	tomorrow := item(plan.Normal, "17:00")
	tomorrow.Slot = commune + "/schedule/d/s@2026-11-24T17:00"
	expect(t, "tomorrow", Allow(ps, u, tomorrow, on("41:00")), plan.Accepted, "41:10")
}

// What has less than a second left would be a blip.
func TestAirtimeTail(t *testing.T) {
	ps := laws(rule(func(p *plan.Policy) { p.AirtimeDayS = 600 }))
	o := item(plan.Normal, "17:00")
	u := used(Usage{}, act("x", plan.Normal), on("06:30"), 10*time.Minute-500*time.Millisecond)
	expect(t, "half a second to begin in", Allow(ps, u, o, on("17:00")), plan.Airtime, "")
	u = used(Usage{}, act("x", plan.Normal), on("06:30"), 9*time.Minute)
	u.Begin(o, on("17:00"))
	at := on("17:00").Add(59500 * time.Millisecond)
	v := Allow(ps, u, o, at)
	if v.Code != plan.Accepted || v.Until.Sub(at) != 500*time.Millisecond {
		t.Errorf("what sounds may use up the last half second: %+v", v)
	}
	expect(t, "then it is over", Allow(ps, u, o, on("17:01")), plan.Airtime, "")
}

// A slot belongs to its start date, also after midnight.
func TestAirtimeAfterMidnightCountsForTheSlotsDate(t *testing.T) {
	ps := laws(rule(func(p *plan.Policy) { p.AirtimeDayS, p.AirtimeDays = 600, []string{"mon"} }))
	late := item(plan.Normal, "23:50")
	u := used(Usage{}, act("x", plan.Normal), on("12:00"), 8*time.Minute)
	expect(t, "Tuesday at 00:05, in Monday's slot", Allow(ps, u, late, on("24:05")), plan.Accepted, "24:07")
	u = used(u, late, on("24:05"), 2*time.Minute) // a turn on Tuesday counts for the Monday
	expect(t, "used up", Allow(ps, u, late, on("24:08")), plan.Airtime, "")
	expect(t, "an act on Tuesday", Allow(ps, u, act("y", plan.Normal), on("24:05")), plan.Airtime, "48:00")
	expect(t, "an act on Monday next week", Allow(ps, u, act("y", plan.Normal), on("12:00").AddDate(0, 0, 7)), plan.Accepted, "")
}

func TestAirtimeOfTheSession(t *testing.T) {
	ps := laws(rule(func(p *plan.Policy) { p.AirtimeSessionS = 300 }), rule(func(p *plan.Policy) { p.Place, p.AirtimeSessionS = "79", 200 }))
	morning, evening := item(plan.Normal, "05:30"), item(plan.Normal, "17:00")
	u := used(Usage{}, morning, on("05:30"), 150*time.Second)
	second := morning
	second.ID += "1"
	expect(t, "the stricter cap", Allow(ps, u, second, on("05:40")), plan.Accepted, "05:40:50")
	u = used(u, second, on("05:40"), 50*time.Second)
	expect(t, "used up", Allow(ps, u, second, on("05:45")), plan.Airtime, "")
	expect(t, "another session", Allow(ps, u, evening, on("17:00")), plan.Accepted, "17:03:20")
}

func TestRepeats(t *testing.T) {
	ps := laws(rule(func(p *plan.Policy) { p.RepeatsPerDay = 3 }))
	morning, evening := item(plan.Normal, "05:30"), item(plan.Normal, "17:00")
	morning.Repeat = 2
	u := used(Usage{}, morning, on("05:30"), time.Minute)
	u = used(u, morning, on("05:35"), time.Minute) // it was interrupted and went on
	expect(t, "the third round", Allow(ps, u, evening, on("17:00")), plan.Accepted, "")
	twice := evening
	twice.Repeat = 2
	expect(t, "the third and fourth", Allow(ps, u, twice, on("17:00")), plan.RepeatLimit, "")
	u = used(u, evening, on("17:00"), time.Minute)
	expect(t, "going on is no repetition", Allow(ps, u, evening, on("17:05")), plan.Accepted, "")
	expect(t, "the fourth", Allow(ps, u, act("x", plan.Normal), on("18:00")), plan.RepeatLimit, "24:00")
	other := act("y", plan.Normal)
	other.Item.ID = "weather"
	expect(t, "another bulletin", Allow(ps, u, other, on("18:00")), plan.Accepted, "")
	chime := act("z", plan.Normal)
	chime.Item = plan.Key{}
	expect(t, "a chime", Allow(ps, u, chime, on("18:00")), plan.Accepted, "")
	expect(t, "tomorrow", Allow(ps, u, act("x", plan.Normal), on("24:00")), plan.Accepted, "")
}

// Ten minutes of emergency in any hour for one signer, however many alerts.
func TestEmergencyHour(t *testing.T) {
	ps := laws(rule(nil))
	var u Usage
	for i := range 10 {
		o := alert(fmt.Sprint("a", i))
		at := on("00:00").Add(time.Duration(i) * time.Minute)
		if v := Allow(ps, u, o, at); v.Code != plan.Accepted {
			t.Fatalf("minute %d: %+v", i, v)
		}
		u = used(u, o, at, time.Minute)
	}
	v := Allow(ps, u, alert("a10"), on("00:10"))
	expect(t, "the eleventh minute", v, plan.Airtime, "01:01")
	if v.Final {
		t.Error("an alert waits for its time")
	}
	expect(t, "an hour after the first", Allow(ps, u, alert("a10"), on("01:01")), plan.Accepted, "")
	short := alert("a10")
	short.Length = 30 * time.Second
	expect(t, "a shorter one sooner", Allow(ps, u, short, on("00:10")), plan.Airtime, "01:00:30")
	more := alert("a10")
	more.Holders = 2
	expect(t, "two holders", Allow(ps, u, more, on("00:10")), plan.Accepted, "00:30")
	back := alert("a10")
	back.Retracts = true
	expect(t, "what takes a false alarm back", Allow(ps, u, back, on("00:10")), plan.Accepted, "")
	other := alert("a10")
	other.Signer = "79"
	expect(t, "another signer", Allow(ps, u, other, on("00:10")), plan.Accepted, "00:20")
	tight := rule(func(p *plan.Policy) { p.EmergencyHourS = 60 })
	expect(t, "a tighter law", Allow(laws(tight), used(Usage{}, alert("a"), on("00:00"), time.Minute), alert("b"), on("00:30")), plan.Airtime, "01:01")
	loose := rule(func(p *plan.Policy) { p.EmergencyHourS = 3600 })
	expect(t, "the image's bound", Allow(laws(loose), u, alert("a10"), on("00:10")), plan.Airtime, "01:01")
}

// A short alarm that is sent again and again is stopped by how often it begins, long
// before its length adds up; each round counts, and going on after an interruption not.
func TestEmergencyRepeats(t *testing.T) {
	ps := laws(rule(nil))
	short := func(id string) plan.Occurrence {
		o := alert(id)
		o.Length = 15 * time.Second
		return o
	}
	var u Usage
	for i := range 12 { // every four minutes, from midnight
		at := on("00:00").Add(time.Duration(i) * 4 * time.Minute)
		if v := Allow(ps, u, short(fmt.Sprint("a", i)), at); v.Code != plan.Accepted {
			t.Fatalf("number %d: %+v", i, v)
		}
		u = used(u, short(fmt.Sprint("a", i)), at, 5*time.Second)
		u = used(u, short(fmt.Sprint("a", i)), at.Add(10*time.Second), 10*time.Second)
	}
	v := Allow(ps, u, short("a12"), on("00:48"))
	expect(t, "the thirteenth", v, plan.RepeatLimit, "01:00")
	if v.Final {
		t.Error("an alert waits for its time")
	}
	expect(t, "when the first is an hour ago", Allow(ps, u, short("a12"), on("01:00:10")), plan.Accepted, "")
	expect(t, "one that was interrupted", Allow(ps, u, short("a11"), on("00:48")), plan.Accepted, "")
	more := short("a12")
	more.Holders = 2
	expect(t, "two holders", Allow(ps, u, more, on("00:48")), plan.RepeatLimit, "01:00")
	back := short("a12")
	back.Retracts = true
	expect(t, "what takes a false alarm back", Allow(ps, u, back, on("00:48")), plan.Accepted, "")
	other := short("a12")
	other.Signer = "79"
	expect(t, "another signer", Allow(ps, u, other, on("00:48")), plan.Accepted, "")
	tight := laws(rule(func(p *plan.Policy) { p.EmergencyHourRepeats = 2 }))
	expect(t, "a tighter law", Allow(tight, u, short("a12"), on("00:48")), plan.RepeatLimit, "01:40")
	loose := laws(rule(func(p *plan.Policy) { p.EmergencyHourRepeats = 60 }))
	expect(t, "the image's bound", Allow(loose, u, short("a12"), on("00:48")), plan.RepeatLimit, "01:00")
}

// An alert that repeats without end must come in whole rounds, not stutter.
func TestEmergencyDoesNotStutter(t *testing.T) {
	ps := laws(rule(nil))
	var u Usage
	now, end, turns := on("00:00"), on("06:00"), 0
	for i := 0; now.Before(end); i++ {
		o := alert(fmt.Sprint("a", i))
		o.Length = 70 * time.Second
		v := Allow(ps, u, o, now)
		if v.Code != plan.Accepted {
			if !v.Until.After(now) {
				t.Fatal("time stands still")
			}
			now = v.Until
			continue
		}
		u.Begin(o, now)
		now = now.Add(o.Length)
		u.End(now)
		turns++
		var last time.Duration
		u.all(now, func(x *Use) { last += max(0, inLastHour(x, now)) })
		if last > emergencyHour {
			t.Fatalf("%v of emergency in the hour before %v", last, now)
		}
	}
	if turns < 40 || turns > 51 {
		t.Errorf("%d rounds of 70 s in six hours", turns)
	}
}

// While an alarm sounds whose hour slides along, as much is let go as is used: one that
// waits then lacks the same, or has it, from one instant to the next. What asks again
// whenever something may have changed is not to ask for ever.
func TestTheHourSlidesOn(t *testing.T) {
	ps := laws(rule(func(p *plan.Policy) { p.EmergencyHourS = 60 }))
	for _, lacks := range []time.Duration{0, 1, 3 * time.Microsecond} {
		var u Usage
		for i := range 5 {
			u = used(u, alert(fmt.Sprint("a", i)), on("00:00").Add(time.Duration(i)*12*time.Second), 12*time.Second)
		}
		sounds, waits := alert("sounds"), alert("waits")
		sounds.Length, waits.Length = 12*time.Second, 12*time.Second+lacks
		at := on("01:00:12")
		expect(t, "as much as it needs is free", Allow(ps, u, sounds, at), plan.Accepted, "01:00:24")
		u.Begin(sounds, at)
		asked, end := 0, on("01:00:24")
		for ; at.Before(end); asked++ {
			next := end
			for _, o := range []plan.Occurrence{sounds, waits} {
				v := Allow(ps, u, o, at)
				if o.ID == sounds.ID && v.Code != plan.Accepted {
					t.Fatalf("%v after its beginning it is cut: %v", at.Sub(on("01:00:12")), v)
				}
				if v.Until.Before(next) {
					next = v.Until
				}
			}
			if asked > 2500 {
				t.Fatalf("asked %d times in %v", asked, at.Sub(on("01:00:12")))
			}
			at = next
		}
	}
}

// One that is longer than its hour is cut, and the next waits for all of it.
func TestEmergencyLongerThanItsHour(t *testing.T) {
	ps := laws(rule(nil))
	long := alert("long")
	long.Length = 20 * time.Minute
	var u Usage
	v := Allow(ps, u, long, on("00:00"))
	expect(t, "it begins", v, plan.Accepted, "00:10")
	u.Begin(long, on("00:00"))
	expect(t, "it goes on", Allow(ps, u, long, on("00:09:59")), plan.Accepted, "00:10")
	expect(t, "it is cut", Allow(ps, u, long, on("00:10")), plan.Airtime, "")
	u.End(on("00:10"))
	live := alert("live")
	live.Length = 0
	expect(t, "of unknown length", Allow(ps, u, live, on("00:20")), plan.Airtime, "01:01")
}

// The ledger remembers in what order it likes; a reboot must reset no cap.
func TestUsageIsFoldedInAnyOrder(t *testing.T) {
	ps := laws(rule(func(p *plan.Policy) { p.AirtimeDayS = 600 }))
	var turns []Use
	for i := range 9 {
		turns = append(turns, UseOf(act(fmt.Sprint(i), plan.Normal), on("06:00").Add(time.Duration(i)*time.Hour), time.Minute))
	}
	var forth, back Usage
	for i := range turns {
		forth.Add(turns[i])
		back.Add(turns[len(turns)-1-i])
	}
	o := item(plan.Normal, "17:00")
	if a, b := Allow(ps, forth, o, on("17:00")), Allow(ps, back, o, on("17:00")); a != b || !a.Until.Equal(on("17:01")) {
		t.Errorf("%+v and %+v", a, b)
	}
}

func TestUsageStaysSmall(t *testing.T) {
	var u Usage
	for i := range 10 * 24 * 60 {
		u.Add(UseOf(act("x", plan.Normal), monday.Add(time.Duration(i)*time.Minute), time.Second))
	}
	if len(u.turns) > 2*49*60 {
		t.Errorf("%d turns are remembered", len(u.turns))
	}
}

// Rather than forget a turn, the box refuses; emergencies have few turns.
func TestFullUsage(t *testing.T) {
	ps := laws(rule(func(p *plan.Policy) { p.AirtimeDayS = 86400 }))
	var u Usage
	for i := range usageMost + 5 {
		u.Add(UseOf(act("x", plan.Normal), on("00:00").Add(time.Duration(i)*time.Second), time.Second))
	}
	if len(u.turns) != usageMost {
		t.Fatalf("%d turns are remembered", len(u.turns))
	}
	expect(t, "too many to count", Allow(ps, u, item(plan.Normal, "09:00"), on("09:00")), plan.Airtime, "")
	expect(t, "an emergency", Allow(ps, u, alert("a"), on("09:00")), plan.Accepted, "")
	later := monday.Add(72 * time.Hour)
	if v := Allow(ps, u, act("x", plan.Normal), later); v.Code != plan.Accepted {
		t.Errorf("three days later: %+v", v)
	}
	u.Add(UseOf(act("x", plan.Normal), later, time.Second))
	if len(u.turns) > 100 {
		t.Errorf("%d turns are remembered three days later", len(u.turns))
	}
}

func TestCloneGoesItsOwnWay(t *testing.T) {
	u := used(Usage{}, alert("a"), on("00:00"), time.Minute)
	c := u.Clone()
	c.Add(UseOf(alert("b"), on("00:01"), time.Minute))
	u.Add(UseOf(alert("c"), on("00:01"), time.Minute))
	if c.turns[1].ID == u.turns[1].ID {
		t.Error("a clone and its original share their turns")
	}
}

// What is started at the box has its own hour: it leaves the office that lets it the whole
// of its own, and the other way round.
func TestTriggersHaveTheirOwnHour(t *testing.T) {
	ps := laws(rule(nil))
	here := func(id string) plan.Occurrence {
		o := alert(id)
		o.By.ID = plan.TriggerOffice + "keys"
		return o
	}
	for name, c := range map[string]struct{ used, other func(string) plan.Occurrence }{
		"switch first": {here, alert}, "office first": {alert, here},
	} {
		var long, often Usage
		for i := range 12 {
			long = used(long, c.used(fmt.Sprint("a", i)), on("00:00").Add(time.Duration(i)*time.Minute), 50*time.Second)
			often = used(often, c.used(fmt.Sprint("a", i)), on("00:00").Add(time.Duration(i)*time.Minute), 5*time.Second)
		}
		if v := Allow(ps, long, c.used("b"), on("00:15")); v.Code == plan.Accepted {
			t.Errorf("%s: no limit of its own", name)
		}
		expect(t, name+": length", Allow(ps, long, c.other("b"), on("00:15")), plan.Accepted, "")
		expect(t, name+": number", Allow(ps, often, c.other("b"), on("00:15")), plan.Accepted, "")
	}
}
