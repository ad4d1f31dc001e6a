package clock_test

import (
	"testing"
	"time"

	"loa/agent/clock"
)

func TestExact(t *testing.T) {
	now := time.Date(2026, 11, 27, 5, 30, 0, 0, time.UTC)
	for _, tt := range []struct {
		name   string
		o      clock.Opts
		signed time.Duration // an answer that is so far from the host's clock; 0: none
		exact  bool
	}{
		{"a desk, whose time somebody keeps", clock.Opts{TrustHost: true}, 0, true},
		{"NTP that nobody vouches for", clock.Opts{Synced: func() bool { return true }}, 0, false},
		{"a signed time, no NTP", clock.Opts{Synced: func() bool { return false }}, time.Millisecond, false},
		{"a signed time that NTP agrees with", clock.Opts{Synced: func() bool { return true }}, time.Millisecond, true},
		{"a signed time that NTP is far from", clock.Opts{Synced: func() bool { return true }}, time.Minute, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.o.Build = now.AddDate(0, -1, 0)
			tt.o.Host = func() (time.Time, time.Duration) { return now, time.Hour }
			c := clock.New(tt.o)
			if tt.signed != 0 {
				if err := c.SetSigned(now.Add(tt.signed), now.AddDate(1, 0, 0), 0); err != nil {
					t.Fatal(err)
				}
			}
			if at, err := c.Exact(); (err == nil) != tt.exact {
				t.Errorf("at %v: %v", at, err)
			}
		})
	}
}
