package plan

import (
	"slices"
	"strings"
)

// NonceBytes is the length of the nonce in a time question.
const NonceBytes = 16

// Validate says what is wrong with the answer.
func (t TimeAnswer) Validate() error {
	var c check
	c.head(t.Head, KindTime)
	if t.Device == "" {
		c.fail("device", "missing: a time answer is for the box that asked")
	}
	c.bytes("nonce", t.Nonce, NonceBytes)
	c.when("time", t.Time)
	c.between("root", t.Root, 0, 1<<53-1)
	c.epochs("epochs", t.Epochs)
	return c.result()
}

// Validate says what is wrong with the beat.
func (b Beat) Validate() error {
	var c check
	c.broadcast(b.Head, KindBeat)
	if b.ID != string(KindBeat) {
		c.fail("id", "%q; write beat", b.ID)
	}
	c.between("seq", b.Seq, 1, 1<<53-1)
	c.when("time", b.Time)
	c.between("root", b.Root, 0, 1<<53-1)
	c.epochs("epochs", b.Epochs)
	c.count("alerts", len(b.Alerts), 0, 256)
	for slot, version := range b.Alerts {
		at := "alerts." + clip(slot)
		place, office, _ := strings.Cut(slot, "/")
		if !ValidID(place) || !ValidID(office) {
			c.fail(at, "write place/office")
		}
		c.between(at, version, 1, 1<<53-1)
	}
	// Longer windows are clamped by the box, shorter ones are what they say.
	c.between("reconnect_window_s", int64(b.ReconnectWindowS), 0, 86400)
	if r := b.Rollout; r != nil {
		c.release("rollout.version", r.Version)
		c.percent("rollout.percent", r.Percent)
	}
	return c.result()
}

func (c *check) epochs(field string, epochs map[string]int64) {
	c.count(field, len(epochs), 0, 256)
	for issuer, epoch := range epochs {
		c.id(field+"."+clip(issuer), issuer)
		c.between(field+"."+clip(issuer), epoch, 1, 1<<53-1)
	}
}

// Validate says what is wrong with the want.
func (w Want) Validate() error {
	var c check
	c.head(w.Head, KindWant)
	if w.Device == "" {
		c.fail("device", "missing: a want is for one box")
	}
	if w.OwnPlace != "" { // empty: taken out of service
		c.place("own_place", w.OwnPlace)
	}
	c.ids("groups", w.Groups, 16)
	for i, g := range w.Groups {
		c.place(index("groups", i), g)
		if g == w.OwnPlace {
			c.fail(index("groups", i), "%q is the box's own place already", g)
		}
	}
	c.line("name", w.Name, 100)
	c.count("media", len(w.Media), 0, 4)
	for i, u := range w.Media {
		c.address(index("media", i), u, "https")
	}
	if s := w.Settings; s != nil {
		c.settings("settings", *s)
	}
	if w.Firmware != nil {
		c.firmware("firmware", *w.Firmware)
	}
	return c.result()
}

func (c *check) place(field, s string) {
	c.id(field, s)
	if s == RootPlace || s == ClockPlace {
		c.fail(field, "%q is reserved and no place", s)
	}
}

func (c *check) settings(field string, s Settings) {
	c.count(field+".brokers", len(s.Brokers), 0, 4)
	for i, b := range s.Brokers {
		c.address(index(field+".brokers", i), b, "tls", "mqtts")
		if slices.Contains(s.Brokers[:i], b) {
			c.fail(index(field+".brokers", i), "%q stands here twice", b)
		}
	}
	c.percent(field+".volume_percent", s.VolumePercent)
	if s.Lang != "" {
		c.lang(field+".lang", s.Lang)
	}
	c.between(field+".delay_ms", int64(s.DelayMS), 0, 10000)
	c.between(field+".stagger_group", int64(s.StaggerGroup), 0, 1)
}

// clip bounds what an error quotes of a stranger's key.
func clip(s string) string {
	if len(s) > 40 {
		return strings.ToValidUTF8(s[:40], "") + "…"
	}
	return s
}
