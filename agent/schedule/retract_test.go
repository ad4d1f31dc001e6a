package schedule

import (
	"testing"
	"time"

	"loa/agent/plan"
	"loa/agent/standing"
)

// A false alarm is taken back where it was heard: once, in the box's own words, also by
// a box that was away in between, and never where it was not heard.
func TestFalseAlarmIsTakenBackWhereItWasHeard(t *testing.T) {
	set := plan.AlertSet{Head: head(plan.KindAlert, "flood"), Office: "flood", Alerts: []plan.Alert{{
		ID: "dam", Event: "Vỡ đập", Headline: "Vỡ đập", Until: on("11:00"),
	}}}
	set.Issued = on("10:00")
	taken := set
	taken.Alerts, taken.Issued = nil, on("10:02")
	taken.Retracted = []plan.Retraction{{ID: "dam", Until: on("12:00")}}

	g := progress()
	alarm := due(t, newPlan(set), g, on("10:01"))
	if again, _ := Due(newPlan(taken), g, on("10:02")); len(again) != 0 {
		t.Fatalf("a box that has sounded nothing says %v", ids(again))
	}
	Begin(&g, &alarm)
	End(&g, &alarm, on("10:02")) // the all-clear has cut it short

	quiet := set
	quiet.Alerts = nil
	if os, _ := Due(newPlan(quiet), g, on("10:03")); len(os) != 0 {
		t.Errorf("an ordinary all-clear says %v", ids(os))
	}
	Forget(&g, newPlan(quiet), on("10:03").Add(-48*time.Hour))

	o := due(t, newPlan(taken), g, on("10:40"))
	if o.Class != plan.Emergency || !o.Retracts || len(o.Parts) != 2 || o.Parts[0].Chime == "siren" || o.Parts[1].Standing != standing.FalseAlarm {
		t.Errorf("it is taken back by %+v", o)
	}
	if want := o.Parts[0].Length + o.Parts[1].Length; o.Length != want || want < 10*time.Second {
		t.Errorf("it lasts %v", o.Length)
	}
	shown, _ := Shown(newPlan(taken), on("10:40"))
	if len(shown) != 1 || len(shown[0].Pages) != 1 || shown[0].Pages[0].Style != "" {
		t.Errorf("a board shows %v", ids(shown))
	}

	Begin(&g, &o)
	End(&g, &o, on("10:41"))
	Forget(&g, newPlan(taken), on("10:41").Add(-48*time.Hour))
	if os, until := Due(newPlan(taken), g, on("10:42")); len(os) != 0 || !until.Equal(on("12:00")) {
		t.Errorf("once it was said, %v is due until %v", ids(os), until)
	}
	// A second alarm with the same name is an alarm again.
	if o := due(t, newPlan(set), progress(), on("10:50")); o.Retracts {
		t.Errorf("an alarm is %+v", o)
	}
}
