package console

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"loa/agent/clock"
)

// A Timer reads the clocks of the machine.
type Timer interface {
	ReadRTC() (time.Time, error) // may hang
	NTP() clock.NTPFacts
}

// rtcTest is how long the battery clock is watched.
const rtcTest = 3 * time.Second

func (c *call) rtc() (answer, error) {
	if len(c.args) > 1 || len(c.args) == 1 && c.args[0] != "test" {
		return answer{}, c.misused()
	}
	if c.box.View == nil || c.box.Time == nil {
		return answer{}, c.absent()
	}
	f := c.box.View.Clock()
	if f.Battery.Device == "" {
		return answer{data: f.Battery, text: c.say("rtc.none")}, nil
	}
	var b rows
	b.row(c.say("rtc.device"), f.Battery.Device)
	data := struct {
		clock.Battery
		Runs *bool `json:"runs,omitempty"`
	}{Battery: f.Battery}
	code := OK
	if len(c.args) == 1 {
		said, runs, err := c.watchRTC()
		if err != nil {
			b.row(c.say("rtc.test"), c.say("rtc.silent", c.driver(err.Error())))
			return answer{data: data, text: b.String(), code: Failed}, nil
		}
		data.Said, data.Off, data.Runs = said, said.Sub(c.box.View.Clock().Time).Round(time.Second), &runs
		b.row(c.say("rtc.test"), c.say("rtc.runs."+onOff(runs)))
		if !runs {
			code = Failed
		}
	}
	if !data.Said.IsZero() {
		b.row(c.say("rtc.said"), c.off(data.Said, data.Off.Round(time.Second)))
	}
	b.row(c.say("rtc.battery"), c.say("rtc.battery."+onOff(data.Lost == "")))
	if data.Lost != "" {
		code = Failed
	}
	b.row(c.say("rtc.set"), c.time(data.Set))
	if data.Drift != 0 {
		b.row(c.say("rtc.drift"), fmt.Sprintf("%+.0f ppm", data.Drift))
	}
	if data.Fault != "" {
		b.row(c.say("rtc.fault"), c.driver(data.Fault))
		code = Failed
	}
	return answer{data: data, text: b.String(), code: code}, nil
}

// watchRTC looks whether the battery clock goes as fast as time does.
func (c *call) watchRTC() (said time.Time, runs bool, err error) {
	first, err := c.readRTC()
	if err != nil {
		return first, false, err
	}
	begun := time.Now()
	select {
	case <-time.After(rtcTest):
	case <-c.ctx.Done():
		return first, false, context.Cause(c.ctx)
	}
	said, err = c.readRTC()
	amiss := said.Sub(first) - time.Since(begun)
	return said, amiss.Abs() < 1500*time.Millisecond, err // it counts whole seconds
}

// readRTC is given up with the command: its bus may hang.
func (c *call) readRTC() (time.Time, error) {
	type reading struct {
		at  time.Time
		err error
	}
	got := make(chan reading, 1)
	go func() { // ends with the reading
		at, err := c.box.Time.ReadRTC()
		got <- reading{at, err}
	}()
	select {
	case r := <-got:
		return r.at, r.err
	case <-c.ctx.Done():
		return time.Time{}, c.ctx.Err()
	}
}

func (c *call) ntp() (answer, error) {
	if len(c.args) > 0 {
		return answer{}, c.misused()
	}
	if c.box.View == nil || c.box.Time == nil {
		return answer{}, c.absent()
	}
	n, f := c.box.Time.NTP(), c.box.View.Clock()
	var b rows
	b.row(c.say("ntp.synced"), c.say("yesno."+onOff(n.Synced)))
	b.row(c.say("ntp.client"), cmp.Or(n.Client, c.say("ntp.nobody")))
	if n.Synced && n.Error > 0 {
		b.row(c.say("ntp.error"), "± "+c.brief(n.Error))
	}
	if !n.Last.IsZero() {
		b.row(c.say("ntp.last"), c.time(n.Last))
	}
	b.row(c.say("ntp.host"), c.off(f.Host, f.Host.Sub(f.Time)))
	return answer{data: struct {
		clock.NTPFacts
		Host time.Time     `json:"host"`
		Off  time.Duration `json:"off_ns"`
	}{n, f.Host, f.Host.Sub(f.Time)}, text: b.String()}, nil
}
