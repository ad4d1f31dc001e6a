package box

import (
	"context"
	"errors"
	"net"
	"os"

	"strings"
	"time"

	"golang.org/x/sys/unix"

	"loa/agent/clock"
	"loa/agent/config"
	"loa/agent/ledger"
	"loa/agent/message"
	"loa/agent/plan"
	"loa/agent/update"
)

// A Machine is what lies below a box: its slots and its start.
type Machine struct {
	update.Rauc
	Boot string               // of the kernel, new with every start
	Up   func() time.Duration // since the start
}

// ThisMachine is the one that the agent runs on, with /proc below root.
func ThisMachine(root string) *Machine {
	id, err := os.ReadFile(config.Move(root, "/proc/sys/kernel/random/boot_id"))
	if err != nil {
		return nil // no Linux that could have been installed by RAUC
	}
	return &Machine{Boot: strings.TrimSpace(string(id)), Up: func() time.Duration {
		var is unix.Sysinfo_t
		if unix.Sysinfo(&is) != nil {
			return 0
		}
		return time.Duration(is.Uptime) * time.Second
	}}
}

// errNoReboot is told where nobody may reboot the machine.
var errNoReboot = errors.New("nobody here may reboot the machine")

func (b *Box) newUpdate() *update.Room {
	o := b.o
	reboot := o.Reboot
	if reboot == nil {
		reboot = func(context.Context, string) error { return errNoReboot }
	}
	return update.New(update.Opts{
		Device: o.Device, Safe: o.Start.Safe(), Version: o.Version, Security: update.Security, Boot: o.Machine.Boot,
		Installer: o.Machine.Rauc, Reboot: reboot, Library: b.media, Shelf: b.store, Up: o.Machine.Up,
		Now:     func() (time.Time, bool) { at, level := b.clock.Now(); return at, mayInstall(at, level, time.Now()) },
		Want:    func() *plan.Firmware { return b.plan.Load().Want.Firmware },
		Rollout: func() (*plan.Rollout, bool) { return b.trust.Rollout(b.now()) },
		Floor:   b.trust.Security, Air: b.air, Reach: b.reach, Proven: b.station.Proven,
		Note: func(text string, code plan.Code) {
			b.note(ledger.Entry{Kind: ledger.Event, ID: "software", Detail: text, Code: code})
		},
		Report: o.Health.Report, Changed: b.nudge, Log: o.Log.With("room", "update"),
	})
}

// mayInstall reports that the time is known to the box and to its machine: RAUC looks at
// the release's certificate by the machine's clock, and what it finds out of date there is
// given up for good. Whoever forges NTP must not bring that about.
func mayInstall(at time.Time, level clock.Level, machine time.Time) bool {
	return level >= clock.RTC && machine.Sub(at).Abs() < 24*time.Hour
}

// updates runs the room once the plan on the disk is taken: before that nobody knows
// what the box should run, nor what is due.
func (b *Box) updates(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case <-b.loaded:
	}
	return b.update.Run(ctx)
}

// air is what sounds, and what will within the hour.
func (b *Box) air(ctx context.Context) update.Air {
	now, v := b.now(), b.station.View()
	a := update.Air{Sounds: v.Now != nil || len(v.Waiting) > 0, Local: v.LocalUntil}
	for _, set := range b.plan.Load().Alerts {
		for _, alert := range set.Alerts {
			a.Emergency = a.Emergency || alert.Until.After(now)
		}
	}
	lines, err := b.station.Ahead(ctx, time.Hour)
	if err != nil {
		a.Sounds = true // a station that does not answer is busy
	}
	for _, l := range lines {
		if l.Sounds && (a.Due.IsZero() || l.At.Before(a.Due)) {
			a.Due = l.At
		}
	}
	return a
}

// probeTime bounds the trial of the sound device.
const probeTime = 10 * time.Second

// reach is what the box can do now; the sound device is tried only when that is asked.
func (b *Box) reach(ctx context.Context, trySound bool) update.Reach {
	_, level := b.clock.Now()
	r := update.Reach{Network: addressed(), Broker: b.mqtt != nil && b.mqtt.Connected(), Clock: level >= clock.RTC}
	if trySound && b.o.Board.Sink.Driver != "none" {
		ctx, cancel := context.WithTimeout(ctx, probeTime)
		defer cancel()
		r.Sound = b.speaker.Probe(ctx) == nil || pause(ctx, time.Second) && b.speaker.Probe(ctx) == nil
	}
	if b.display != nil {
		st := b.display.Status()
		r.Panel = st.Open && st.Err == ""
	}
	return r
}

// addressed reports a way out of this machine. Nothing is sent: the kernel only looks
// for a route. Asking for the interfaces would need a kind of socket that the agent's
// unit does not have.
func addressed() bool {
	for _, to := range []string{"192.0.2.1:9", "[2001:db8::1]:9"} {
		if c, err := net.Dial("udp", to); err == nil {
			c.Close()
			return true
		}
	}
	return false
}

// software is what the centre is told of the box's software.
func (b *Box) software() *message.Software {
	if b.update == nil {
		return nil
	}
	st := b.update.Status()
	if st.State == update.NoSlots {
		return nil // a SIM card pays for what tells nothing
	}
	return &message.Software{
		Version: st.Version, Slot: st.Slot, Wanted: st.Wanted, State: string(st.State), Hold: string(st.Hold), Code: st.Code, Why: st.Why,
	}
}

// lookForUpdate lets the room see what a stick has just brought, so that the bundle is
// asked for while the stick is there.
func (b *Box) lookForUpdate(ctx context.Context) error {
	if b.update == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	if err := b.update.Look(ctx); err != nil {
		b.o.Log.Warn("the room for updates does not answer", "err", err)
	}
	return nil
}
