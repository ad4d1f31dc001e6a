package authority

import (
	"testing"
	"testing/synctest"
	"time"

	"loa/agent/plan"
)

// A beat tells of what matters to a box at or below its place, and of no alarm that is
// over for certain.
func TestBeatTellsWhatMatters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(2026, 11, 23, 5, 0, 0, 0, time.UTC))) // a bubble begins in 2000
		a := sample(t)
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		alarm := func(place, person string) {
			t.Helper()
			set := &plan.AlertSet{Office: "pctt", Alerts: []plan.Alert{}}
			set.Place = place
			is, err := a.Sign(set, person)
			must(err)
			must(a.Keep(is))
		}
		told := func() (epochs, alerts map[string]int64) {
			t.Helper()
			is, err := a.Beat("74", "clock", 30*time.Second)
			must(err)
			b := is.Doc.(plan.Beat)
			if b.Root != 0 || b.Time.Nanosecond() != 0 {
				t.Errorf("root %d, time %v", b.Root, b.Time)
			}
			return b.Epochs, b.Alerts
		}
		must(a.AddPlace("79", Place{Name: "Hồ Chí Minh", Width: 1}))
		must(a.AddPlace("cho", Place{Name: "Chợ", Parent: "79"}))
		for _, p := range []string{"hcm", "cho"} {
			must(a.AddPerson(p))
			must(a.AddGrant(Grant{Person: p, Place: map[string]string{"hcm": "79", "cho": "cho"}[p], Office: "pctt", Kinds: []plan.Kind{plan.KindAlert}, Classes: []plan.Class{plan.Emergency}}))
		}
		alarm("26734", "lan")
		alarm("79", "hcm")
		alarm("cho", "cho")
		epochs, alerts := told()
		if len(epochs) != 1 || epochs[plan.RootPlace] == 0 || len(alerts) != 1 || alerts["26734/pctt"] == 0 {
			t.Errorf("%v, %v", epochs, alerts)
		}
		must(a.AddBox("box-2", "desk", Box{Place: "26734", Groups: []string{"cho"}}))
		if _, alerts = told(); len(alerts) != 3 {
			t.Errorf("a box has a group elsewhere: %v", alerts)
		}
		time.Sleep(plan.MaxAlertLife - time.Minute)
		if _, alerts = told(); len(alerts) != 3 {
			t.Errorf("an alarm may still be active, and %v is told", alerts)
		}
		time.Sleep(2 * time.Minute)
		if _, alerts = told(); len(alerts) != 0 {
			t.Errorf("after three days: %v", alerts)
		}
	})
}
