package console

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"loa/agent/survey"
)

// A Surveyor looks at the box's way to its centre.
type Surveyor interface {
	Net(ctx context.Context) survey.Net
	Ping(ctx context.Context) []survey.Ping // every broker, in order
	// SIM is the modem and its card; ErrNoModem: the box has none.
	SIM(ctx context.Context) (survey.SIM, error)
	// Listen is how well the modem hears its cell, for d.
	Listen(ctx context.Context, d time.Duration) (survey.Reception, error)
}

// ErrNoModem is a box without a modem.
var ErrNoModem = errors.New("no modem")

// How long a modem is listened to, in seconds.
const (
	listenFor  = 60
	listenMost = 300
)

func (c *call) survey() (answer, error) {
	if len(c.args) < 1 || len(c.args) > 2 || c.args[0] != "net" {
		return answer{}, c.misused()
	}
	d := listenFor
	if len(c.args) == 2 {
		n, err := strconv.Atoi(strings.TrimSuffix(c.args[1], "s"))
		if err != nil || n < 1 || n > listenMost {
			return answer{}, usageError{c.say("survey.bound", listenMost)}
		}
		d = n
	}
	if c.box.Survey == nil {
		return answer{}, c.absent()
	}
	data := struct {
		survey.Net
		Modem      *survey.SIM       `json:"modem,omitempty"`
		Reception  *survey.Reception `json:"reception,omitempty"`
		ModemError string            `json:"modem_error,omitempty"`
	}{Net: c.box.Survey.Net(c.ctx)}
	var b strings.Builder
	row := func(name, value string) { b.WriteString(fold(pad(name, 14)+" "+value, 15)) }
	for _, i := range data.Interfaces {
		state := c.say("survey.up")
		switch {
		case !i.Up:
			state = c.say("survey.down")
		case !i.Carrier:
			state = c.say("survey.nocarrier")
		}
		row(i.Name, join(", ", state, strings.Join(i.Addresses, " "), i.MAC))
	}
	if len(data.Interfaces) == 0 {
		row(c.say("survey.interfaces"), c.say("status.nothing"))
	}
	switch {
	case data.Via == "":
		row(c.say("survey.gateway"), c.say("survey.noway"))
	default:
		row(c.say("survey.gateway"), join(" ", data.Gateway, c.say("survey.via", data.Via)))
	}
	row(c.say("survey.dns"), or(strings.Join(data.DNS, " "), c.say("status.nothing")))
	sim, err := c.box.Survey.SIM(c.ctx)
	switch {
	case errors.Is(err, ErrNoModem):
		row(c.say("survey.modem"), c.say("status.nothing"))
	case err != nil:
		data.ModemError = err.Error()
		row(c.say("survey.modem"), c.say("survey.modem.fault", c.driver(err.Error())))
	default:
		data.Modem = &sim
		row(c.say("survey.modem"), c.modem(sim))
		r, err := c.box.Survey.Listen(c.ctx, time.Duration(d)*time.Second)
		if err != nil {
			data.ModemError = err.Error()
			row(c.say("survey.signal"), c.say("survey.modem.fault", c.driver(err.Error())))
			break
		}
		data.Reception = &r
		b.WriteString(c.reception(r))
	}
	return answer{data: data, text: b.String()}, nil
}

// modem is a modem and its card in one line.
func (c *call) modem(s survey.SIM) string {
	registered := ""
	if s.Registered != "" {
		registered = c.say("sim." + s.Registered)
	}
	return join(", ", s.Model, "SIM "+s.State, s.Operator, registered)
}

// reception is a table of what was heard, and what that is worth.
func (c *call) reception(r survey.Reception) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s\n", pad(c.say("survey.signal"), 14), c.say("survey.heads", or(r.Access, "?"), int(r.ForS+0.5), r.Failed))
	for _, v := range []struct {
		name string
		s    survey.Spread
		unit string
	}{{"RSRP", r.RSRP, "dBm"}, {"RSRQ", r.RSRQ, "dB"}, {"SINR", r.SINR, "dB"}, {"RSSI", r.RSSI, "dBm"}} {
		if v.s.N > 0 {
			fmt.Fprintf(&b, "  %-12s %7s %7s %7s %s\n", v.name, c.decimal(v.s.Least), c.decimal(v.s.Mean), c.decimal(v.s.Most), v.unit)
		}
	}
	if r.RSRP.N > 0 {
		// The usual bounds of installers: below −110 dBm a connection drops.
		worth := "survey.good"
		switch {
		case r.RSRP.Mean < -110 || r.SINR.N > 0 && r.SINR.Mean < 0:
			worth = "survey.bad"
		case r.RSRP.Mean < -100 || r.SINR.N > 0 && r.SINR.Mean < 6:
			worth = "survey.fair"
		}
		b.WriteString(fold("  "+c.say(worth), 2))
	}
	return b.String()
}

func (c *call) sim() (answer, error) {
	if len(c.args) > 0 {
		return answer{}, c.misused()
	}
	if c.box.Survey == nil {
		return answer{}, c.absent()
	}
	s, err := c.box.Survey.SIM(c.ctx)
	if errors.Is(err, ErrNoModem) {
		return answer{}, c.absent()
	}
	if err != nil {
		return answer{}, errors.New(c.say("survey.modem.fault", err))
	}
	var b rows
	b.row(c.say("survey.modem"), or(s.Model, "?"))
	b.row("SIM", s.State)
	b.row(c.say("sim.operator"), join(", ", or(s.Operator, "?"), c.say("sim."+or(s.Registered, "no"))))
	b.row("ICCID", or(s.ICCID, "?"))
	b.row("IMEI", or(s.IMEI, "?"))
	return answer{data: s, text: b.String()}, nil
}

func (c *call) ping() (answer, error) {
	if len(c.args) > 1 || len(c.args) == 1 && c.args[0] != "broker" {
		return answer{}, c.misused()
	}
	if c.box.Survey == nil {
		return answer{}, c.absent()
	}
	pings := c.box.Survey.Ping(c.ctx)
	var b strings.Builder
	a := answer{data: pings}
	for _, p := range pings {
		said := c.say("ping.ok", c.decimal(p.NameMS), c.decimal(p.TCPMS), c.decimal(p.TLSMS))
		switch {
		case p.Error != "":
			said, a.code = c.say("ping.failed", c.driver(p.Error)), Failed
		case p.TLSMS == 0:
			said = c.say("ping.plain", c.decimal(p.NameMS), c.decimal(p.TCPMS))
		}
		b.WriteString(fold(join(" ", p.URL, p.Address), 4))
		b.WriteString(fold("    "+said, 4))
	}
	if len(pings) == 0 {
		b.WriteString(c.say("status.nobroker"))
	}
	a.text = b.String()
	return a, nil
}
