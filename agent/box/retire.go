package box

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"loa/agent/config"
	"loa/agent/ledger"
	"loa/agent/message"
	"loa/agent/mqtt"
	"loa/agent/plan"
)

// ErrRetired ends a box that was taken out of service: whoever made it calls [Wipe].
var ErrRetired = errors.New("the box is taken out of service")

// retired reports whether the box was taken out of service: two who may assign it have
// signed that it has no place, which is not the same as that nobody has given it one.
func retired(p *plan.Plan) bool { return p.Want.Device != "" && p.Want.OwnPlace == "" }

// lastWord is how long a box that is taken out of service waits for a broker to tell it.
const lastWord = time.Minute

// awaitRetirement ends the box once it has confirmed that it goes, or cannot.
func (b *Box) awaitRetirement(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case <-b.retire:
	}
	b.note(ledger.Entry{Kind: ledger.Event, Detail: "taken out of service"})
	if b.mqtt != nil {
		ctx, cancel := context.WithTimeout(ctx, lastWord)
		defer cancel()
		m := mqtt.Message{Topic: message.DeviceTopic(b.o.Device, message.LeafState).String(), Payload: message.EncodeReport(b.state(b.leaving())), Retain: true}
		if err := b.mqtt.Send(ctx, m); err != nil {
			b.o.Log.Warn("no broker took the box's last word", "err", err)
		}
	}
	return ErrRetired
}

// leaving is what the box says of itself when it goes.
func (b *Box) leaving() string {
	if retired(b.plan.Load()) {
		return "retired"
	}
	return "offline"
}

// wantName is where the station keeps what takes the box out of service.
const wantName = "docs/want"

// Wipe deletes what a box was sent, and who it was: documents, media, certificate and
// key. What says so goes last, because by it a box goes on where a power cut ended this.
// Flash may keep what was deleted until it is written over; the centre revokes the key.
func Wipe(c config.Config) error {
	err := forget(c.State, wantName)
	for _, file := range []string{c.Broker.Cert, c.Broker.Key, c.ReportKey} {
		if err != nil {
			break
		}
		if err = os.Remove(file); errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
	}
	if err == nil {
		err = Forget(c.State)
	}
	if err != nil {
		return fmt.Errorf("cannot wipe the box: %w", err)
	}
	return nil
}
