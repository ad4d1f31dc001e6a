package trigger

import (
	"testing"
	"testing/synctest"
	"time"

	"loa/agent/clock"
	"loa/agent/plan"
)

var noon = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)

func world(docs ...plan.Triggers) *plan.Plan {
	p := &plan.Plan{Device: "box-1", Triggers: map[plan.Key]plan.Triggers{}}
	for _, d := range docs {
		p.Triggers[d.Key()] = d
	}
	return p
}

func doc(codes ...string) plan.Triggers {
	d := plan.Triggers{
		Head:     plan.Head{Place: "26734", Kind: plan.KindTrigger, ID: "keys"},
		Validity: plan.Validity{ValidFrom: noon.Add(-time.Hour), ValidUntil: noon.Add(time.Hour)}, ForS: 600,
	}
	for _, c := range codes {
		d.Codes = append(d.Codes, plan.TriggerCode{Alert: "flood", Sum: Sum(c, "26734", "keys", "box-1")})
	}
	return d
}

// A code is good at one box, in one document, within its time, once.
func TestACodeIsBound(t *testing.T) {
	const code = "K7QX39MPAT5C"
	p := world(doc(code))
	sums := func(p *plan.Plan, text string) map[plan.Key]string {
		all, bad := Sums(p, Message{From: "0912345678", Text: text}, &Guard{}, noon)
		if bad != nil {
			t.Fatalf("%q: %v", text, bad)
		}
		return all
	}
	ask := func(p *plan.Plan, starts []Start, text string, at time.Time) plan.Code {
		_, bad := Coded(p, starts, sums(p, text), at, clock.RTC, at)
		if bad == nil {
			return plan.Accepted
		}
		return bad.Code
	}
	for _, text := range []string{code, "k7qx-39mp-at5c", " K7QX 39MP AT5C \n"} {
		if got := ask(p, nil, text, noon); got != plan.Accepted {
			t.Errorf("%q: %s", text, got)
		}
	}
	for level, want := range map[clock.Level]plan.Code{clock.None: plan.ClockCode, clock.NTP: plan.Accepted} {
		got := plan.Accepted
		if _, bad := Coded(p, nil, sums(p, code), noon, level, noon); bad != nil {
			got = bad.Code
		}
		if got != want {
			t.Errorf("time by %v: %q, want %q", level, got, want)
		}
	}
	s, _ := Coded(p, nil, sums(p, code), noon, clock.RTC, noon)
	if got := ask(p, []Start{s}, code, noon); got != plan.Replay {
		t.Errorf("used: %q", got)
	}
	other := world(doc(code))
	other.Device = "box-2"
	renamed := doc(code)
	renamed.ID = "others"
	for what, p := range map[string]*plan.Plan{"another box": other, "other triggers": world(renamed)} {
		if got := ask(p, nil, code, noon); got != plan.UnknownKey {
			t.Errorf("%s: %q", what, got)
		}
	}
	for _, at := range []time.Time{noon.Add(-2 * time.Hour), noon.Add(2 * time.Hour)} {
		if got := ask(p, nil, code, at); got != plan.UnknownKey {
			t.Errorf("outside its time: %q", got)
		}
	}
}

func TestWhoMaySendCodes(t *testing.T) {
	d := doc("K7QX39MPAT5C")
	d.Senders = []string{"+84912345678"}
	for from, want := range map[string]plan.Code{
		"+84912345678": plan.Accepted, "0912345678": plan.Accepted, "0912 345 678": plan.Accepted,
		"+84912345679": plan.Scope, "VIETTEL": plan.Scope, "": plan.Scope,
	} {
		got := plan.Accepted
		if _, bad := Sums(world(d), Message{From: from, Text: "K7QX39MPAT5C"}, &Guard{}, noon); bad != nil {
			got = bad.Code
		}
		if got != want {
			t.Errorf("%q: %q, want %q", from, got, want)
		}
	}
	if _, bad := Sums(world(d), Message{From: "+84912345678", Text: "Quý khách còn 12.000đ"}, &Guard{}, noon); bad == nil || bad.Code != plan.Malformed {
		t.Errorf("an advertisement: %v", bad)
	}
}

// Whatever forged senders let arrive, the right code is only told to wait, and not for
// longer than a look takes to come back.
func TestNobodyKeepsTheRightCodeOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g Guard
		p := world(doc("K7QX39MPAT5C"))
		look := func(text string) plan.Code {
			if _, bad := Sums(p, Message{From: "+84912345678", Text: text}, &g, noon); bad != nil {
				return bad.Code
			}
			return plan.Accepted
		}
		for range 3 {
			look("AAAAAAAAAAAA") // in the name of who has the code
		}
		if got := look("K7QX39MPAT5C"); got != plan.Accepted {
			t.Errorf("after three wrong ones in its sender's name: %q", got)
		}
		all := 0
		for range 600 { // in a minute
			if look("AAAAAAAAAAAA") == plan.Accepted {
				all++
			}
			time.Sleep(100 * time.Millisecond)
		}
		if all > 40 {
			t.Errorf("%d looks in a minute", all)
		}
		if got := look("Quý khách còn 12.000đ"); got != plan.Malformed {
			t.Errorf("an advertisement waits: %q", got)
		}
		time.Sleep(2 * time.Second)
		if got := look("K7QX39MPAT5C"); got != plan.Accepted {
			t.Errorf("two seconds after a flood: %q", got)
		}
	})
}

// The switch counts what is held, after it has been open: no bounce, no short that was
// there at the start, no pause in looking.
func TestSwitch(t *testing.T) {
	type look struct {
		after time.Duration
		on    bool
	}
	const step = 100 * time.Millisecond
	held := func(s *Switch, now time.Time, looks ...look) (most time.Duration, end time.Time) {
		for _, l := range looks {
			for until := now.Add(l.after); now.Before(until); now = now.Add(step) {
				if _, h := s.See(l.on, now); h > most {
					most = h
				}
			}
		}
		return most, now
	}
	bouncing := []look{{5 * time.Second, false}}
	for range 100 {
		bouncing = append(bouncing, look{900 * time.Millisecond, true}, look{step, false})
	}
	for what, c := range map[string]struct {
		looks []look
		want  time.Duration
	}{
		"a press":            {[]look{{5 * time.Second, false}, {3 * time.Second, true}}, 3*time.Second - step},
		"on from the start":  {[]look{{time.Hour, true}}, 0},
		"a bounce":           {bouncing, 900*time.Millisecond - step},
		"four presses":       {[]look{{5 * time.Second, false}, {time.Second, true}, {time.Second, false}, {time.Second, true}, {time.Second, false}, {time.Second, true}, {2 * time.Second, false}, {6 * time.Second, true}}, 6*time.Second - step},
		"let go for a blink": {[]look{{5 * time.Second, false}, {2 * time.Second, true}, {step, false}, {10 * time.Second, true}}, 2*time.Second - step},
		"open too shortly":   {[]look{{time.Second, false}, {10 * time.Second, true}}, 0},
	} {
		if got, _ := held(&Switch{}, noon, c.looks...); got != c.want {
			t.Errorf("%s: %v, want %v", what, got, c.want)
		}
	}
	var n Switch
	_, late := held(&n, noon, bouncing...)
	if !n.Noisy() {
		t.Error("a hundred bounces are no noise")
	}
	var most time.Duration
	most, late = held(&n, late, look{20 * time.Second, false}, look{30 * time.Second, true})
	if most != 0 || !n.Noisy() {
		t.Errorf("20 s after the last bounce it is a press of %v", most)
	}
	if most, _ = held(&n, late, look{step, false}, look{time.Minute, false}, look{5 * time.Second, true}); most != 5*time.Second-step || n.Noisy() {
		t.Errorf("after a minute of quiet it is a press of %v", most)
	}
	var s Switch
	_, at := held(&s, noon, look{5 * time.Second, false}, look{2 * time.Second, true})
	was, _ := s.See(true, at)
	if press, h := s.See(true, at.Add(3*time.Second)); h != 0 {
		t.Error("nobody looked for 3 s, and it is pressed all the same", press)
	}
	if press, h := s.See(true, at.Add(4*time.Second)); h != time.Second || !press.Equal(was) {
		t.Errorf("a second after that it is a press of %v, from %v; want 1 s of the same from %v", h, press, was)
	}
	s.Lost()
	if _, h := s.See(true, at.Add(5*time.Second)); h != 2*time.Second {
		t.Errorf("a look that failed makes 2 s %v", h)
	}
	s.Lost()
	s.Lost()
	if _, h := s.See(true, at.Add(6*time.Second)); h != 0 {
		t.Error("two looks that failed, and it is pressed all the same")
	}
	s = Switch{}
	_, at = held(&s, noon, look{5 * time.Second, false}, look{time.Second, true}, look{step, false})
	if _, h := s.See(true, at.Add(3*time.Second)); h != 0 {
		t.Error("it was open when nobody looked")
	}
	if _, h := s.See(true, at.Add(4*time.Second)); h != 0 {
		t.Error("it was open before nobody looked, and is pressed all the same")
	}
	s = Switch{}
	_, at = held(&s, at, look{70 * time.Second, true})
	if s.Stuck() {
		t.Error("stuck too early")
	}
	if held(&s, at, look{6 * time.Second, true}); !s.Stuck() {
		t.Error("it is not stuck")
	}
}

// What is over stays over, whatever is signed afterwards, and can be taken back all the
// same; nothing makes it longer than it was meant.
func TestWhatIsOver(t *testing.T) {
	d := doc()
	d.Lines = []plan.TriggerLine{{Line: "key", Alert: "flood", HoldS: 3, PerDay: 9}, {Line: "sorry", Alert: "false-alarm", HoldS: 3, PerDay: 9}}
	p := world(d)
	starts, _ := Pressed(p, nil, "key", noon, 3*time.Second, noon)
	stands := func(p *plan.Plan, at time.Time) bool {
		End(p, starts, at)
		return len(Alerts(p, starts, true, at)) > 0
	}
	longer, shorter := d, d
	longer.ForS, shorter.ForS = 3600, 60
	for _, c := range []struct {
		what string
		p    *plan.Plan
		at   time.Duration
		want bool
	}{
		{"as it is", p, 9 * time.Minute, true},
		{"shorter now", world(shorter), 30 * time.Second, true},
		{"shorter now, and over", world(shorter), 61 * time.Second, false},
		{"and longer again", world(longer), 61 * time.Second, false},
	} {
		if got := stands(c.p, noon.Add(c.at)); got != c.want {
			t.Errorf("%s: %v", c.what, got)
		}
	}
	back, _ := Pressed(p, starts, "sorry", noon.Add(2*time.Minute), 3*time.Second, noon.Add(2*time.Minute))
	all := Alerts(p, append(starts, back...), true, noon.Add(2*time.Minute))
	if set := all[starts[0].Office()]; len(set.Alerts) != 0 || len(set.Retracted) != 1 {
		t.Errorf("taken back when it was over: %+v", all)
	}
	again, _ := Pressed(p, nil, "key", noon, 3*time.Second, noon)
	if starts = again; stands(world(longer), noon.Add(11*time.Minute)) || stands(world(), noon) || stands(p, noon) {
		t.Error("it comes back with triggers that were longer, or withdrawn")
	}
}

// The limit of a day is none to taking back what has been started.
func TestEveryAlarmCanBeTakenBack(t *testing.T) {
	d := doc()
	d.Lines = []plan.TriggerLine{{Line: "key", Alert: "flood", HoldS: 3, PerDay: 9}, {Line: "sorry", Alert: "false-alarm", HoldS: 3, PerDay: 1}}
	p := world(d)
	var starts []Start
	for i, c := range []struct {
		line    string
		started int
	}{{"key", 1}, {"sorry", 1}, {"sorry", 0}, {"key", 1}, {"sorry", 1}, {"sorry", 0}} {
		at := noon.Add(time.Duration(i) * time.Minute)
		begun, refused := Pressed(p, starts, c.line, at, 3*time.Second, at)
		if len(begun) != c.started || len(begun)+len(refused) != 1 {
			t.Errorf("press %d of %s: %d begun, %d refused", i, c.line, len(begun), len(refused))
		}
		starts = append(starts, begun...)
	}
}
