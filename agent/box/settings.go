package box

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"loa/agent/config"
	"loa/agent/console"
	"loa/agent/plan"
	"loa/boards"
)

// Settings is every value that a technician may wonder about, and where it comes from:
// what holds now first, then the box's own file, then its board's.
func (t technician) Settings() []console.Setting {
	b := t.b
	all := b.standsAs()
	if text, err := os.ReadFile(b.o.ConfigFile); err == nil {
		if c, err := config.Parse(b.o.ConfigFile, text); err == nil {
			all = append(all, said("", c, text, filepath.Base(b.o.ConfigFile))...)
		}
	}
	text, err := boards.Text(b.o.BoardFile)
	if err != nil {
		return all
	}
	name := filepath.Base(b.o.BoardFile)
	if !strings.HasSuffix(name, ".toml") {
		name = "boards/" + name + ".toml"
	}
	return append(all, said("", b.o.Board, text, name)...)
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
		return strings.Join(all, " ")
	}
	var all []console.Setting
	for _, x := range p.Policies {
		if text := spans(x); text != "" && x.At(b.now()) {
			all = append(all, console.Setting{Key: "quiet_hours", Value: text, From: console.FromCentre, Where: x.Key().String()})
		}
	}
	slices.SortFunc(all, func(x, y console.Setting) int { return strings.Compare(x.Where, y.Where) })
	if len(all) == 0 {
		all = append(all, console.Setting{Key: "quiet_hours", Value: spans(plan.DefaultPolicy("")), From: console.FromDefault})
	}
	return all
}
