package box

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"loa/agent/config"
	"loa/agent/console"
	"loa/agent/plan"
	"loa/agent/settings"
	"loa/boards"
)

// Settings is every value that a technician may wonder about, and where it comes from:
// what holds now first, then the box's own file, then its board's.
func (t technician) Settings() []console.Setting {
	b := t.b
	all := append(b.standsAs(), b.ownSettings()...)
	text, err := boards.Text(b.o.BoardFile)
	if err != nil {
		return all
	}
	board := b.o.Board
	if b.own().Volume > 0 { // it stands in for the board's, which is told as it is
		board.Levels.VolumePercent = boards.Salvage(b.o.BoardFile).Levels.VolumePercent
	}
	name := filepath.Base(b.o.BoardFile)
	if !strings.HasSuffix(name, ".toml") {
		name = "boards/" + name + ".toml"
	}
	return append(all, said("", board, text, name)...)
}

// own are the box's own settings that are in force.
func (b *Box) own() (c config.Config) {
	if b.o.Own != nil {
		c = b.o.Own.Running()
	}
	return c
}

// ownSettings are the box's own, also those that nobody has set, and those on trial.
func (b *Box) ownSettings() []console.Setting {
	if b.o.Own == nil {
		return nil
	}
	running, kept := b.o.Own.Running(), b.o.Own.Kept()
	text, err := os.ReadFile(b.o.ConfigFile)
	broken := err != nil || b.o.Own.Broken() != nil
	if broken {
		text = nil
	}
	all := said("", running, text, filepath.Base(b.o.ConfigFile))
	for _, s := range running.Settings() {
		i := slices.IndexFunc(all, func(o console.Setting) bool { return o.Key == s.Key })
		switch {
		case i < 0:
			all = append(all, console.Setting{Key: s.Key, Value: s.Value, From: console.FromDefault})
		case broken && !s.Default:
			all[i].From, all[i].Where = console.FromFile, filepath.Base(settings.Dir(b.o.ConfigFile))
		}
	}
	for _, d := range config.Diff(kept, running) {
		i := slices.IndexFunc(all, func(s console.Setting) bool { return s.Key == d.Key })
		all[i].From, all[i].Where = console.FromTrial, "commit confirmed"
	}
	return all
}

// said is what a file says, and what it leaves to the defaults.
func said(prefix string, v any, text []byte, file string) []console.Setting {
	var all []console.Setting
	for _, o := range config.Origins(v, text) {
		s := console.Setting{Key: prefix + o.Key, Value: o.Value, From: console.FromDefault}
		if o.Line > 0 {
			s.From, s.Where = console.FromFile, fmt.Sprintf("%s:%d", file, o.Line)
		}
		all = append(all, s)
	}
	return all
}

// standsAs is what holds now, of several that could have a say.
func (b *Box) standsAs() []console.Setting {
	p := b.plan.Load()
	set := p.Want.Settings
	if set == nil {
		set = new(plan.Settings)
	}
	want := fmt.Sprintf("want %d", p.Want.Version())
	v := b.station.View()
	volume := console.Setting{Key: "volume", Value: fmt.Sprintf("%d %%", v.Volume), From: console.FromFile, Where: b.o.Board.Name + ".levels.volume_percent"}
	switch {
	case v.Knob:
		volume.From, volume.Where = console.FromConsole, "volume"
	case set.VolumePercent > 0:
		volume.From, volume.Where = console.FromCentre, want
	case b.own().Volume > 0:
		volume.Where = filepath.Base(b.o.ConfigFile) + ", volume_percent"
	}
	all := []console.Setting{volume}
	if !b.commissioned() {
		all = append(all, console.Setting{
			Key: "volume_ceiling", Value: fmt.Sprintf("%d %%", b.o.Board.Levels.UncommissionedPercent),
			From: console.FromFile, Where: b.o.Board.Name + ".levels.uncommissioned_percent",
		})
	}
	centre := func(key, value string) {
		if value != "" {
			all = append(all, console.Setting{Key: key, Value: value, From: console.FromCentre, Where: want})
		}
	}
	centre("place", p.Place)
	centre("groups", strings.Join(p.Groups, " "))
	centre("name", p.Want.Name)
	centre("media", strings.Join(p.Want.Media, " "))
	if set.Metered {
		centre("metered", "true")
	}
	if set.DelayMS > 0 {
		centre("delay_ms", fmt.Sprint(set.DelayMS))
	}
	if set.StaggerGroup > 0 {
		centre("stagger_group", fmt.Sprint(set.StaggerGroup))
	}
	if len(b.o.Brokers) > 0 {
		s := console.Setting{Key: "brokers", Value: strings.Join(b.o.Brokers, " "), From: console.FromFile, Where: "broker.urls"}
		if b.o.Identity != nil && len(b.o.Identity.Brokers()) > 0 {
			s.From, s.Where = console.FromCentre, "certificate"
		}
		all = append(all, s)
	}
	return append(all, b.quietHours(p)...)
}

// quietHours are those of every policy that the box holds, else those of the image.
func (b *Box) quietHours(p *plan.Plan) []console.Setting {
	spans := func(p plan.Policy) string {
		var all []string
		for _, s := range p.QuietHours {
			all = append(all, s.From+"–"+s.Until)
		}
		return cmp.Or(strings.Join(all, " "), "—") // one may have none, and then there are none
	}
	var all []console.Setting
	for _, x := range p.Policies {
		if x.At(b.now()) {
			all = append(all, console.Setting{Key: "quiet_hours", Value: spans(x), From: console.FromCentre, Where: x.Key().String()})
		}
	}
	slices.SortFunc(all, func(x, y console.Setting) int { return strings.Compare(x.Where, y.Where) })
	if len(all) == 0 {
		all = append(all, console.Setting{Key: "quiet_hours", Value: spans(plan.DefaultPolicy("")), From: console.FromDefault})
	}
	return all
}
