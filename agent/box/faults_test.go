package box

import (
	"testing"
	"testing/synctest"
	"time"

	"loa/agent/health"
	"loa/agent/ledger"
)

func TestFaultsAreWrittenOnceEachWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := health.New(nil, nil)
		var f faultBook
		var all []ledger.Entry
		turn := func() int {
			es := f.turn(h.Active(time.Now()), time.Now())
			all = append(all, es...)
			return len(es)
		}
		h.Set("sink-missing", "no card")
		h.Set("muted", "until noon")
		if n := turn(); n != 0 {
			t.Errorf("%d entries before the patience is over", n)
		}
		time.Sleep(time.Minute)
		if n := turn() + turn(); n != 1 || all[0].Kind != ledger.Fault || all[0].ID != "health/sink-missing" || all[0].Ends != "" || all[0].Detail != "no card" || all[0].Due.IsZero() {
			t.Errorf("it came: %+v", all)
		}
		h.Clear("sink-missing")
		if n := turn() + turn(); n != 1 || all[1].Ends != "health/sink-missing" || !all[1].Due.Equal(all[0].Due) {
			t.Errorf("it went: %+v", all)
		}
		for range 100 { // it flaps
			h.Set("sink-missing", "no card")
			time.Sleep(time.Minute)
			turn()
			h.Clear("sink-missing")
			turn()
		}
		if len(all) != 2*maxFaults {
			t.Errorf("%d entries in a day of flapping, want %d", len(all), 2*maxFaults)
		}
		time.Sleep(24 * time.Hour)
		h.Set("sink-missing", "no card")
		time.Sleep(time.Minute)
		if turn() != 1 {
			t.Error("the next day it is written again")
		}
	})
}
