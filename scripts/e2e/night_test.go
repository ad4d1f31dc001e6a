package e2e

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"loa/agent/plan"
)

// law signs another law for the commune: quiet from 21:00 to 05:30 by a zone in which
// it is such a time of day now, and more lines of a policy. From then on programmes go
// by that zone as well. No clock is turned: a commune that lies there has its night.
func (s *stage) law(ts *testscript.TestScript, args []string) error {
	if len(args) == 0 {
		return usage(args)
	}
	clock, err := plan.ParseClock(args[0])
	if err != nil {
		return err
	}
	now := time.Now().UTC()
	minutes := (int(clock.Minutes()) - now.Hour()*60 - now.Minute() + 2*24*60) % (24 * 60)
	sign := '+'
	if minutes > 12*60 {
		sign, minutes = '-', 24*60-minutes
	}
	s.zone = fmt.Sprintf("%c%02d:%02d", sign, minutes/60, minutes%60)
	ts.Setenv("ZONE", s.zone)
	draft := ts.MkAbs("law.toml")
	if err := os.WriteFile(draft, fmt.Appendf(nil, `id = "luat"
place = %q
zone = %q
valid_until = %s
%s
[[quiet_hours]]
from = "21:00"
until = "05:30"
`, commune, s.zone, until(), strings.Join(args[1:], "\n")), 0o600); err != nil {
		return err
	}
	return ts.Exec("loactl", "policy", "sign", draft, "--as", commune+"-1,"+commune+"-2")
}

// clockAt is a time of day by the programme's zone, to the second.
func (s *stage) clockAt(t time.Time) string {
	zone, err := plan.Zone(s.zone)
	if err != nil {
		panic(err) // law has made it
	}
	return t.In(zone).Format(time.TimeOnly)
}
