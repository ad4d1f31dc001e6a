package box

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"time"

	"loa/agent/config"
	"loa/agent/ledger"
	"loa/agent/plan"
)

// ErrSettings ends a box whose settings have changed: whoever made it makes it anew.
var ErrSettings = errors.New("the settings of the box have changed")

// networkEvery is how long a box waits to ask again for its network.
const networkEvery = 30 * time.Second

// settle keeps the box as its settings are: it hands the network to whoever may set it,
// and ends the box when anything else is not what it was made with.
func (b *Box) settle(ctx context.Context) error {
	k := b.o.Own
	made := k.Running()
	var network *config.Network // as it was handed over last
	for {
		why := k.Ended()
		if why != "" {
			b.o.Log.Warn("what was tried as settings is over; those in the file are in force again", "why", why)
			b.note(ledger.Entry{Kind: ledger.Console, ID: "console/config", Detail: "the trial is over: " + why})
		}
		var trial error
		if until, ok := k.Trial(); ok {
			trial = fmt.Errorf("until %s", until.In(vietnam).Format("15:04"))
		}
		b.o.Health.Report("settings-trial", trial)
		b.o.Health.Report("settings-broken", k.Broken())
		now := k.Running()
		if other := withNetwork(made, now.Network); !reflect.DeepEqual(other, now) {
			pause(ctx, time.Second) // the console can still answer
			if why != "" {
				if b.o.Network != nil { // the way back to the centre waits for nothing
					b.o.Health.Report("network-settings", b.o.Network(ctx, now.Network))
				}
				b.hearOut(ctx)
			}
			return ErrSettings
		}
		var again <-chan time.Time
		if b.o.Network != nil && (network == nil || !reflect.DeepEqual(*network, now.Network)) {
			err := b.o.Network(ctx, now.Network)
			b.o.Health.Report("network-settings", err)
			if err == nil {
				network = &now.Network
			} else {
				again = time.After(networkEvery)
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-k.Changed():
		case <-again:
		}
	}
}

// longestAlarm is how long what was tried stays for an alarm's sake.
const longestAlarm = 10 * time.Minute

// hearOut waits for the end of an alarm that sounds: nobody at the box has said that it may
// be cut off.
func (b *Box) hearOut(ctx context.Context) {
	for until := time.Now().Add(longestAlarm); time.Now().Before(until); {
		if now := b.station.View().Now; now == nil || now.Occurrence.Class != plan.Emergency || !pause(ctx, time.Second) {
			return
		}
	}
}

func withNetwork(c config.Config, n config.Network) config.Config {
	c.Network = n
	return c
}
