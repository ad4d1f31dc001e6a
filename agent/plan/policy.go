package plan

// Validate says what is wrong with the policy.
func (p Policy) Validate() error {
	var c check
	c.broadcast(p.Head, KindPolicy)
	c.validity(p.Head, p.Validity)
	c.zone("zone", p.Zone)
	if p.QuietHours == nil {
		c.fail("quiet_hours", "missing: write [] when there are to be none")
	}
	c.count("quiet_hours", len(p.QuietHours), 0, 32)
	for i, s := range p.QuietHours {
		c.span(index("quiet_hours", i), s)
	}
	c.between("airtime_day_s", int64(p.AirtimeDayS), 0, 86400)
	c.between("airtime_session_s", int64(p.AirtimeSessionS), 0, 86400)
	c.days("airtime_days", p.AirtimeDays)
	c.between("repeats_per_day", int64(p.RepeatsPerDay), 0, 1000)
	c.between("emergency_hour_s", int64(p.EmergencyHourS), 0, 3600)
	c.between("emergency_hour_repeats", int64(p.EmergencyHourRepeats), 0, 60)
	c.percent("volume_ceiling_percent", p.VolumeCeilingPercent)
	c.volumes("volumes", p.Volumes)
	c.count("relay_hosts", len(p.RelayHosts), 0, 64)
	for i, h := range p.RelayHosts {
		c.hostname(index("relay_hosts", i), h)
	}
	c.count("banned_words", len(p.BannedWords), 0, 500)
	for i, w := range p.BannedWords {
		c.required(index("banned_words", i), w, 64)
	}
	c.volumes("brightness", p.Brightness)
	c.count("languages", len(p.Languages), 0, 16)
	for i, l := range p.Languages {
		c.lang(index("languages", i), l)
	}
	c.count("default_pages", len(p.DefaultPages), 0, 32)
	for i, d := range p.DefaultPages {
		at := index("default_pages", i)
		c.page(at, d.Page)
		if d.When != "" {
			enum(&c, at+".when", d.When, Idle, PowerUp, LinkLost, Outdated, Failed, Reset)
		}
	}
	c.between("metered_day_bytes", p.MeteredDayBytes, 0, 1<<40)
	return c.result()
}

func (c *check) volumes(field string, list []Volume) {
	c.count(field, len(list), 0, 32)
	for i, v := range list {
		c.span(index(field, i), v.Span)
		c.between(index(field, i)+".percent", int64(v.Percent), 1, 100)
	}
}
