package box

import (
	"strings"
	"testing"
	"time"

	"loa/agent/display"
	"loa/agent/layout"
	"loa/agent/plan"
	"loa/boards"
)

// Each of the six default pages that the image has fits every kind of board whole.
func TestTheImagesDefaultPagesFitEveryBoard(t *testing.T) {
	fields := layout.Fields{Now: time.Date(2026, 11, 26, 19, 5, 0, 0, vietnam), Lunar: "18/10 Bính Ngọ"}
	for _, name := range boards.Names() {
		kind, err := boards.Load(name)
		if err != nil {
			t.Fatal(err)
		}
		if !kind.Panel.There() {
			continue
		}
		b := layout.BoardOf(kind.Panel)
		for _, s := range []plan.Standing{plan.Idle, plan.PowerUp, plan.LinkLost, plan.Outdated, plan.Failed, plan.Reset} {
			made := 0
			for _, p := range words(s) {
				pages, findings := display.Lay(p, b, nil, fields)
				made += len(pages)
				for _, f := range findings {
					if !f.Warning || !strings.Contains(f.EN, "mm high") && !strings.Contains(f.EN, "pages") {
						t.Errorf("%s, %s: %s", name, s, f.EN)
					}
				}
			}
			if made == 0 {
				t.Errorf("%s, %s: nothing to show", name, s)
			}
		}
	}
}

// A board says that the link is lost when it has nothing else to say, and not at once.
func TestWithoutALinkABoardSaysSo(t *testing.T) {
	for _, c := range []struct {
		is   plan.Standing
		long time.Duration
		want plan.Standing
	}{
		{plan.Idle, 9 * time.Minute, plan.Idle},
		{plan.Idle, 11 * time.Minute, plan.LinkLost},
		{"", time.Hour, ""}, // something is due
		{plan.Outdated, time.Hour, plan.Outdated},
		{plan.Reset, time.Hour, plan.Reset},
	} {
		if got := unlinked(plan.Scene{Standing: c.is}, c.long).Standing; got != c.want {
			t.Errorf("%q after %v: %q, want %q", c.is, c.long, got, c.want)
		}
	}
}
