package update

import (
	"strings"
	"testing"
	"time"

	"loa/agent/plan"
)

// What a box that could install does, and what keeps it from that.
func TestDecide(t *testing.T) {
	night := time.Date(2026, 11, 24, 1, 0, 0, 0, time.FixedZone("", 7*3600))
	const sha = "ab"
	ready := func() Facts {
		return Facts{
			Now: night, Trusted: true, Device: "d-1", Version: "1.0", Security: 1, Floor: 1,
			Want: &plan.Firmware{
				Version: "1.1", Security: 1, From: night.Add(-time.Hour), Rings: []plan.Ring{{Percent: 100}},
				Bundles: map[string]plan.Bundle{"rock64": {SHA256: sha, Bytes: 1}},
			},
			Rollout: &plan.Rollout{Version: "1.1", Percent: 100},
			Slots:   Slots{"rock64", "A", "B", true}, Boot: "one", Run: time.Minute, Marked: true,
			Record: Record{SHA256: sha, Version: "1.1", Phase: Fetching}, Bundle: "/m/ab",
		}
	}
	for _, c := range []struct {
		name   string
		change func(*Facts)
		want   string // do/state/hold/code
	}{
		{"all is right", func(f *Facts) {}, "install/installing//"},
		{"nobody has said", func(f *Facts) { f.Want = nil }, "forget/current//"},
		{"it runs", func(f *Facts) { f.Version = "1.1.0" }, "forget/current//"},
		{"another board", func(f *Facts) { f.Slots.Board = "orangepi-zero" }, "forget/refused//unsupported"},
		{"under the floor", func(f *Facts) { f.Floor = 2 }, "forget/refused//rollback"},
		{"under the floor, and meant", func(f *Facts) { f.Floor, f.Want.Downgrade = 2, true }, "forget/refused//rollback"},
		{"an older one", func(f *Facts) { f.Version = "1.2" }, "forget/refused//rollback"},
		{"an older one that is meant", func(f *Facts) { f.Version, f.Want.Downgrade = "1.2", true }, "install/installing//"},
		{"no time", func(f *Facts) { f.Trusted = false }, "/waiting/clock/"},
		{"nobody lets go", func(f *Facts) { f.Rollout = nil }, "/waiting/ring/"},
		{"another release goes", func(f *Facts) { f.Rollout.Version = "1.3" }, "/waiting/ring/"},
		{"not its turn", func(f *Facts) { f.Rollout.Percent = 0 }, "/waiting/ring/"},
		{"not its turn by what is signed", func(f *Facts) { f.Want.Rings[0].AfterH = 2 }, "/waiting/ring/"},
		{"a canary", func(f *Facts) { f.Rollout.Percent, f.Want.Canary = 0, true }, "install/installing//"},
		{"before its time", func(f *Facts) { f.Want.From = night.Add(time.Second) }, "/waiting/ring/"},
		{"no bundle, not asked for", func(f *Facts) { f.Bundle, f.Record = "", Record{} }, "fetch/fetching//"},
		{"no bundle, another was asked for", func(f *Facts) { f.Bundle, f.Record.SHA256 = "", "cd" }, "fetch/fetching//"},
		{"no bundle yet", func(f *Facts) { f.Bundle, f.Code = "", plan.MediaMissing }, "/fetching//media-missing"},
		{"by day", func(f *Facts) { f.Now = night.Add(9 * time.Hour) }, "/waiting/window/"},
		{"by day, brought on a stick", func(f *Facts) { f.Now, f.Carried = night.Add(9*time.Hour), true }, "install/installing//"},
		{"an emergency", func(f *Facts) { f.Air.Emergency = true }, "/waiting/emergency/"},
		{"an emergency at a visit", func(f *Facts) { f.Carried, f.Air.Emergency = true, true }, "/waiting/emergency/"},
		{"something sounds", func(f *Facts) { f.Air.Sounds = true }, "/waiting/sound/"},
		{"something is due in ten minutes", func(f *Facts) { f.Air.Due = night.Add(10 * time.Minute) }, "/waiting/due/"},
		{"something is due in twenty", func(f *Facts) { f.Air.Due = night.Add(20 * time.Minute) }, "install/installing//"},
		{"a technician is at the horn", func(f *Facts) { f.Air.Local = night.Add(time.Minute) }, "/waiting/local/"},
		{"a technician was", func(f *Facts) { f.Air.Local = night }, "install/installing//"},
		{"it failed", func(f *Facts) { f.Record.Phase, f.Record.Code = Failed, plan.Signature }, "/failed//signature"},
		{"it was cut off", func(f *Facts) { f.Record.Phase, f.Record.From, f.Record.Tries = Installing, "A", 2 }, "install/installing//"},
		{"it was cut off three times", func(f *Facts) { f.Record.Phase, f.Record.From, f.Record.Tries = Installing, "A", 3 }, "give-up/failed//storage"},

		{"not marked good yet", func(f *Facts) { f.Want, f.Marked = nil, false }, "mark-good/current//"},
		{"the agent has just begun", func(f *Facts) { f.Want, f.Marked, f.Run = nil, false, time.Second }, "forget/current//"},
		{"not marked good, and waiting", func(f *Facts) { f.Marked, f.Air.Sounds = false, true }, "mark-good/waiting/sound/"},

		{"installed", func(f *Facts) {
			f.Record = Record{SHA256: sha, Version: "1.1", Phase: Installed, From: "A", Boot: "one"}
		}, "reboot/rebooting//"},
		{"installed, and something is due", func(f *Facts) {
			f.Record, f.Air.Due = Record{SHA256: sha, Version: "1.1", Phase: Installed, From: "A", Boot: "one"}, night.Add(time.Minute)
		}, "/waiting/due/"},
		{"nobody has said, and nothing was begun", func(f *Facts) { f.Want, f.Record = nil, Record{} }, "/current//"},
		{"installed, and the release is stopped", func(f *Facts) {
			f.Record, f.Rollout = Record{SHA256: sha, Version: "1.1", Phase: Installed, From: "A", Boot: "one"}, nil
		}, "/waiting/ring/"},
		{"installed, and withdrawn", func(f *Facts) {
			f.Record, f.Want = Record{SHA256: sha, Version: "1.1", Phase: Installed, From: "A", Boot: "one"}, nil
		}, "forget/current//"},
		{"installed, withdrawn, and the power was cut", func(f *Facts) {
			f.Record, f.Want = Record{SHA256: sha, Version: "1.1", Phase: Installed, From: "A", Boot: "zero"}, nil
		}, "forget/current//"},
		{"installed, and another is wanted", func(f *Facts) {
			f.Record = Record{SHA256: "cd", Version: "1.0.9", Phase: Installed, From: "A", Boot: "one"}
		}, "forget/installing//"},
		{"cut off, and another is wanted", func(f *Facts) {
			f.Record, f.Bundle = Record{SHA256: "cd", Version: "1.0.9", Phase: Installing, From: "A"}, ""
		}, "forget/fetching//"},
		{"installed, and back", func(f *Facts) {
			f.Record = Record{SHA256: sha, Version: "1.1", Phase: Installed, From: "A", Boot: "zero"}
		}, "give-up/failed//unsupported"},
		{"proven, and back", func(f *Facts) { f.Record = Record{SHA256: sha, Phase: Good, From: "A"} }, "give-up/failed//unsupported"},
		{"left, and back", func(f *Facts) { f.Record = Record{SHA256: sha, Phase: Leaving, From: "A"} }, "give-up/failed//unsupported"},

		{"left for a broker that is here", func(f *Facts) { away(f, false, time.Minute) }, "give-up/failed//unsupported"},
		{"left for a broker that is away here, too", func(f *Facts) { away(f, true, time.Minute) }, "/waiting/centre/"},
		{"left for a broker that has been away for hours", func(f *Facts) { away(f, true, 9*time.Hour) }, "/waiting/centre/"},
		{"left for a broker that is away, not marked good yet", func(f *Facts) { away(f, true, time.Minute); f.Marked = false }, "mark-good/waiting/centre/"},
		{"left for a broker that is back after an hour", func(f *Facts) { away(f, false, time.Hour) }, "again/waiting/centre/"},
		{"left for a broker that is back once too often", func(f *Facts) { away(f, false, time.Hour); f.Record.Outages = maxOutages }, "give-up/failed//unsupported"},
		{"left for a broker and a sound", func(f *Facts) { away(f, true, time.Hour); f.Record.Lacks = []string{"broker", "sound"} }, "give-up/failed//unsupported"},

		{"on trial, and all is there", func(f *Facts) { onB(f, Installed) }, "prove/trial//"},
		{"on trial though it was not noted", func(f *Facts) { onB(f, Installing) }, "prove/trial//"},
		{"on trial, not marked, the agent has just begun", func(f *Facts) { onB(f, Installed); f.Run, f.Marked = 0, false }, "/trial//"},
		{"on trial, for too short", func(f *Facts) { onB(f, Installed); f.Run-- }, "/trial//"},
		{"on trial in safe mode", func(f *Facts) { onB(f, Installed); f.Safe = true }, "/trial//"},
		{"on trial in safe mode for too long", func(f *Facts) { onB(f, Installed); f.Safe, f.Up = true, TrialTime }, "leave/trial//unsupported"},
		{"on trial in safe mode, in an emergency", func(f *Facts) {
			onB(f, Installed)
			f.Safe, f.Up, f.Air.Emergency, f.Reach = true, TrialTime, true, Reach{}
		}, "/trial/emergency/"},
		{"on trial, and it is another release", func(f *Facts) { onB(f, Installed); f.Version = "1.0" }, "leave/trial//malformed"},
		{"on trial, below the floor", func(f *Facts) { onB(f, Installed); f.Floor = 2 }, "leave/trial//rollback"},
		{"on trial, and the broker is away", func(f *Facts) { onB(f, Installed); f.Reach.Broker, f.Up = false, 14*time.Minute }, "/trial//"},
		{"on trial, and the broker stays away", func(f *Facts) { onB(f, Installed); f.Reach.Broker, f.Up = false, 15*time.Minute }, "leave/trial//unsupported"},
		{"on trial, no sound, in an emergency", func(f *Facts) { onB(f, Installed); f.Reach.Sound, f.Up, f.Air.Emergency = false, time.Hour, true }, "leave/trial//unsupported"},
		{"on trial, no broker, in an emergency that is heard", func(f *Facts) {
			onB(f, Installed)
			f.Reach.Broker, f.Up, f.Air.Emergency = false, time.Hour, true
		}, "/trial/emergency/"},
		{"on trial, another release, in an emergency that is heard", func(f *Facts) { onB(f, Installed); f.Version, f.Air.Emergency = "1.0", true }, "/trial/emergency/"},
		{"left, and an emergency begins before the restart", func(f *Facts) { onB(f, Leaving); f.Air.Emergency = true }, "/trial/emergency/"},
		{"left without a sound, in an emergency", func(f *Facts) { onB(f, Leaving); f.Air.Emergency, f.Reach.Sound = true, false }, "leave/trial//"},
		{"on trial, and there was no broker before", func(f *Facts) { onB(f, Installed); f.Record.Reach.Broker, f.Reach.Broker = false, false }, "prove/trial//"},
		{"left, and still here", func(f *Facts) { onB(f, Leaving) }, "leave/trial//"},
		{"left, and still here, and all is well again", func(f *Facts) { onB(f, Leaving); f.Up = 0 }, "leave/trial//"},
	} {
		f := ready()
		c.change(&f)
		s := Decide(f)
		if got := strings.Join([]string{string(s.Do), string(s.State), string(s.Hold), string(s.Code)}, "/"); got != c.want {
			t.Errorf("%s: %s (%s), want %s", c.name, got, s.Why, c.want)
		}
	}
}

// away makes the old slot run again, after a release that was left for the broker.
func away(f *Facts, still bool, run time.Duration) {
	f.Record = Record{SHA256: "ab", Version: "1.1", Phase: Leaving, From: "A", Reach: f.Reach, Lacks: []string{"broker"}}
	f.Record.Reach.Broker, f.Reach.Broker, f.Run = true, !still, run
}

// onB makes the new slot run, with all that the old one could reach.
func onB(f *Facts, p Phase) {
	all := Reach{true, true, true, true, true}
	f.Slots.Booted, f.Slots.Other, f.Version = "B", "A", "1.1"
	f.Record = Record{SHA256: "ab", Version: "1.1", Phase: p, From: "A", Was: "1.0", Boot: "zero", Reach: all}
	f.Reach, f.Run = all, proofTime
}
