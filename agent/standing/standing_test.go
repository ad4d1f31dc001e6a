package standing_test

import (
	"context"
	"math"
	"testing"
	"time"

	"loa/agent/decode"
	"loa/agent/plan"
	"loa/agent/sound"
	"loa/agent/standing"
	"loa/agent/viet"
)

// Each can be played as it lies there, is as long and as loud as it says, and has words
// that boxes take and boards have letters for.
func TestRecordings(t *testing.T) {
	for _, a := range standing.All() {
		f, err := standing.Recording(a.ID)
		if err != nil {
			t.Fatal(err)
		}
		var loud sound.Loudness
		info, err := decode.Walk(context.Background(), f, standing.Type, func(pcm []float32) error {
			loud.Add(pcm)
			return nil
		})
		if err != nil {
			t.Fatal(a.ID, err)
		}
		if d := info.Duration - a.Length; d.Abs() > 20*time.Millisecond {
			t.Errorf("%s: length %v; write %v", a.ID, a.Length, info.Duration.Round(10*time.Millisecond))
		}
		if got := loud.Integrated(); math.Abs(got-a.LUFS) > 0.5 {
			t.Errorf("%s: %.1f LUFS; write %.1f", a.ID, a.LUFS, got)
		}
		set := plan.AlertSet{
			Head: plan.Head{Format: 1, Kind: plan.KindAlert, Place: "26734", ID: "x", Issued: time.Now()}, Office: "x",
			Alerts: []plan.Alert{{
				ID: a.ID, Event: a.Event, Headline: a.Headline, Instruction: a.Instruction, Tone: a.ID,
				Urgency: "immediate", Severity: "extreme", Certainty: "observed", Until: time.Now().Add(time.Hour),
			}},
		}
		if err := set.Validate(); err != nil {
			t.Error(a.ID, err)
		}
		if found := viet.Check(a.Headline + " " + a.Instruction); len(found) > 0 {
			t.Error(a.ID, found)
		}
		if _, ok := sound.ChimeLength(a.Tone); !ok {
			t.Errorf("%s: no chime is called %s", a.ID, a.Tone)
		}
		if _, ok := sound.ChimeLength(a.ID); ok {
			t.Errorf("%s is the name of a chime, too", a.ID)
		}
	}
	if _, err := standing.Recording("../standing"); err == nil {
		t.Error("what is no alert is opened")
	}
}
