package schedule

import (
	"strings"
	"testing"

	"loa/agent/plan"
)

// A standing alert sounds its tone, what lies on the box, and what the nearest place has
// recorded in other languages.
func TestStandingAlert(t *testing.T) {
	parts := func(docs ...any) string {
		p := newPlan(docs...)
		os, _ := Due(p, progress(), on("10:00"))
		if len(os) != 1 {
			t.Fatal(ids(os))
		}
		var all []string
		for _, q := range os[0].Parts {
			switch {
			case q.Audio != nil:
				all = append(all, q.Audio.Lang)
			default:
				all = append(all, q.Chime+q.Standing)
			}
		}
		return strings.Join(all, " ")
	}
	a := flood(1, 0)
	a.Bulletin, a.Tone = nil, "flood"
	set := alertSet(commune, "flood", a)
	if got := parts(set); got != "siren flood" {
		t.Error(got)
	}
	khmer := bulletin("standing-flood", plan.Emergency, 5)
	khmer.Audio = append(khmer.Audio, khmer.Audio[0], khmer.Audio[0])
	khmer.Audio[0].Lang, khmer.Audio[1].Lang, khmer.Audio[2].Lang = "vi", "km", "en"
	if got := parts(set, khmer); got != "siren flood km en" {
		t.Error(got)
	}
	khmer.Class = plan.Normal // whoever may speak of a fair may not speak in an alarm
	if got := parts(set, khmer); got != "siren flood" {
		t.Error(got)
	}
}
