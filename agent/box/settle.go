package box

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"time"

	"loa/agent/config"
	"loa/agent/ledger"
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
		if why := k.Ended(); why != "" {
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

func withNetwork(c config.Config, n config.Network) config.Config {
	c.Network = n
	return c
}
