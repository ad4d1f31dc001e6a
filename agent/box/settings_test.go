package box

import (
	"os"
	"testing"
	"time"

	"loa/agent/console"
	"loa/agent/plan"
	"loa/agent/settings"
)

// Whoever asks where a value comes from hears of the one that is in force.
func TestWhereASettingComesFrom(t *testing.T) {
	settling(t, func() error { return nil }, func(k *settings.Keeper, b *Box, _ func() []string, _ chan error) {
		is := func(key, value, from, where string) {
			t.Helper()
			for _, s := range (technician{b}).Settings() {
				if s.Key == key {
					if s != (console.Setting{Key: key, Value: value, From: from, Where: where}) {
						t.Errorf("%+v, want %s of %s, %s", s, value, from, where)
					}
					return
				}
			}
			t.Errorf("%s is not told", key)
		}
		s := &settings.Seat{Name: "me"}
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		is("network.dns", "[1.1.1.1]", console.FromFile, "agent.toml:3")
		is("media_mb", "0", console.FromDefault, "") // nobody has set it
		is("network.pin", `""`, console.FromDefault, "")
		is("volume", "80 %", console.FromFile, "desk.levels.volume_percent")

		must(k.Edit(s, edit("network.dns", "8.8.8.8")))
		must(k.Edit(s, edit("network.pin", "1234")))
		is("network.dns", "[1.1.1.1]", console.FromFile, "agent.toml:3") // not before it is tried
		_, err := k.Try(s, time.Minute)
		must(err)
		is("network.dns", "[8.8.8.8]", console.FromTrial, "commit confirmed")
		is("network.pin", "***", console.FromTrial, "commit confirmed")
		must(k.Rollback(s, 0))
		is("network.dns", "[1.1.1.1]", console.FromFile, "agent.toml:3")

		b.o.Board.Levels.VolumePercent = 33 // as the agent begins with it
		must(k.Edit(s, edit("volume_percent", "33")))
		must(k.Commit(s))
		is("volume", "80 %", console.FromFile, "agent.toml, volume_percent")
		is("levels.volume_percent", "80", console.FromFile, "boards/desk.toml:37")

		must(os.WriteFile(b.o.ConfigFile, []byte("torn"), 0o600)) // what was before it is in force
		_, err = k.Load()
		must(err)
		is("network.dns", "[1.1.1.1]", console.FromFile, "settings-before")
	})
}

// A place whose policy has no quiet hours has none.
func TestWhereQuietHoursComeFrom(t *testing.T) {
	settling(t, func() error { return nil }, func(_ *settings.Keeper, b *Box, _ func() []string, _ chan error) {
		now := b.now()
		law := plan.Policy{Head: plan.Head{Place: "26734", Kind: plan.KindPolicy, ID: "luat"}, Validity: plan.Validity{ValidFrom: now.Add(-time.Hour), ValidUntil: now.Add(time.Hour)}, QuietHours: []plan.Span{}}
		for _, c := range []struct {
			held map[plan.Key]plan.Policy
			want console.Setting
		}{
			{nil, console.Setting{Key: "quiet_hours", Value: "21:00–05:30", From: console.FromDefault}},
			{map[plan.Key]plan.Policy{law.Key(): law}, console.Setting{Key: "quiet_hours", Value: "—", From: console.FromCentre, Where: law.Key().String()}},
		} {
			if got := b.quietHours(&plan.Plan{Policies: c.held}); len(got) != 1 || got[0] != c.want {
				t.Errorf("%+v, want %+v", got, c.want)
			}
		}
	})
}

// A connection is told with its age, by the box's own clock.
func TestSinceWhenItIsConnected(t *testing.T) {
	settling(t, func() error { return nil }, func(_ *settings.Keeper, b *Box, _ func() []string, _ chan error) {
		began := time.Now()
		time.Sleep(90 * time.Minute)
		b.mqtt = &tally{since: began}
		st := technician{b}.Status()
		b.mqtt = nil
		if got := b.now().Sub(st.Since); got != 90*time.Minute || !st.Connected {
			t.Errorf("connected for %v", got)
		}
	})
}
