// Package dispatch is the part of an authority that is always online: it says
// that the authority lives, what time it is, takes ledgers in, and gives back to
// a broker what it has lost. It can make no box speak.
package dispatch

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"loa/agent/message"
	"loa/agent/mqtt"
	"loa/agent/plan"
	"loa/scripts/authority"
	"loa/scripts/authority/archive"
)

// Period is the time between two beats, if nothing changes. Boxes count as cut off after
// 6 min without one, so one may be lost: 2 × 160 s leave 40 s, of which a box needs 30 to
// leave a dead connection (mqtt, TCP_USER_TIMEOUT) and the dispatcher 10 to wait for a
// broker (sendTime). Shorter costs each box data: a beat is 0.6 KB on the line.
const Period = 160 * time.Second

// link is what the dispatcher asks of its connection. Everything goes by Send,
// which forgets a message once it is out: the connection's own memory of retained
// messages would bring an old document back over a newer one of another sender.
type link interface {
	Connected() bool
	Send(context.Context, mqtt.Message) error
}

// Opts are a dispatcher's settings.
type Opts struct {
	Authority *authority.Authority
	Online    string // whose unsealed key signs; it is granted beat and service
	Archive   *archive.Archive
	Archived  func(device string, head message.LedgerHead) // may be nil
	Mended    func()                                       // called when the broker was compared with what is kept; may be nil
	Every     time.Duration                                // between beats, at most Period; 0: Period
	Window    time.Duration                                // over which boxes spread their reconnection, at most 10 min; 0: 30 s
	Log       *slog.Logger
}

// A Dispatch works while Run does. Wire it to a connection by Filters and Receive.
type Dispatch struct {
	o     Opts
	inbox chan incoming
	calls chan incoming // requests for certificates: a flood of them keeps nothing else out
	fresh chan struct{} // cap 1: the connection is new

	door  door
	shown chan struct{} // cap 1: the broker has shown something that it keeps

	mu      sync.Mutex
	kept    map[string][]byte // what the broker has shown to keep, since the connection began
	foreign map[string]string // of that, what is not ours: the SHA-256 by topic, as it was told last
}

type incoming struct {
	topic   message.Topic
	payload []byte
}

// New makes a dispatcher.
func New(o Opts) *Dispatch {
	if o.Every == 0 {
		o.Every = Period
	}
	if o.Window == 0 {
		o.Window = 30 * time.Second
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Dispatch{o: o, inbox: make(chan incoming, 256), calls: make(chan incoming, 256), fresh: make(chan struct{}, 1), shown: make(chan struct{}, 1),
		kept: make(map[string][]byte), foreign: make(map[string]string)}
}

// Filters are the subscriptions. The connection asks for them anew each time it
// is made: from then on the broker shows again what it keeps.
func (d *Dispatch) Filters() []string {
	d.mu.Lock()
	clear(d.kept)
	d.mu.Unlock()
	select {
	case d.fresh <- struct{}{}:
	default:
	}
	return []string{
		message.Prefix + "d/+/ask", message.Prefix + "d/+/ledger", message.Prefix + "enrol/+/csr",
		message.Prefix + "trust/#", message.Prefix + "p/+/doc/+/+", message.Prefix + "p/+/alert/+", message.Prefix + "d/+/want",
	}
}

// Receive takes a message. It never waits; what does not fit is asked or sent
// again by its box.
func (d *Dispatch) Receive(topic string, payload []byte) {
	t, err := message.ParseTopic(topic)
	if err != nil || authority.OfCheck(t) {
		return
	}
	if t.Leaf != message.LeafAsk && t.Leaf != message.LeafLedger && t.Leaf != message.LeafCSR {
		d.show(topic, payload)
		return
	}
	to := d.inbox
	if t.Leaf == message.LeafCSR {
		to = d.calls
	}
	select {
	case to <- incoming{t, payload}:
	default:
	}
}

// Tell makes the next sign of life come at once: what it says has changed.
func (d *Dispatch) Tell() {
	select {
	case d.shown <- struct{}{}:
	default:
	}
}

// show notes what the broker keeps. After a connection that is everything at once.
func (d *Dispatch) show(topic string, payload []byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, known := d.kept[topic]; !known && len(d.kept) >= maxKept {
		return
	}
	d.kept[topic] = payload
	select {
	case d.shown <- struct{}{}:
	default:
	}
}

// maxKept bounds what a broker can make us remember.
const maxKept = 200_000

// settle is how long nothing more must come before the broker counts as having
// shown everything it keeps.
const settle = 2 * time.Second

// Run works until ctx ends.
func (d *Dispatch) Run(ctx context.Context, out link) error {
	beat := time.NewTicker(d.o.Every)
	defer beat.Stop()
	quiet := time.NewTimer(settle)
	defer quiet.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-d.fresh:
			quiet.Reset(settle)
		case <-d.shown:
			quiet.Reset(settle)
		case m := <-d.inbox:
			d.handle(ctx, out, m)
		case m := <-d.calls:
			d.handle(ctx, out, m)
		case <-quiet.C:
			// Something changed, or the connection is new.
			d.mend(ctx, out)
			d.beat(ctx, out)
		case <-beat.C:
			d.mend(ctx, out)
			d.beat(ctx, out)
		}
	}
}

// handle does what a box asks for.
func (d *Dispatch) handle(ctx context.Context, out link, m incoming) {
	var err error
	switch m.topic.Leaf {
	case message.LeafCSR:
		d.enrol(ctx, out, m.topic.ID, m.payload)
	case message.LeafLedger:
		err = d.archive(ctx, out, m.topic.Device, m.payload)
	default:
		err = d.answer(ctx, out, m.topic.Device, m.payload)
	}
	if err != nil {
		d.o.Log.Warn("dispatch: a box's message was not taken", "topic", m.topic, "err", err)
	}
}

// beat signs the sign of life of every place for which the online key may.
func (d *Dispatch) beat(ctx context.Context, out link) {
	places, err := d.o.Authority.BeatPlaces(d.o.Online)
	if err != nil {
		d.o.Log.Error("dispatch: no sign of life", "err", err)
		return
	}
	for _, place := range places {
		is, err := d.o.Authority.Beat(place, d.o.Online, d.o.Window)
		if err != nil {
			d.o.Log.Error("dispatch: no sign of life", "place", place, "err", err)
			continue
		}
		if err := send(ctx, out, is); err != nil {
			d.o.Log.Warn("dispatch: no sign of life went out", "err", err)
			return
		}
	}
}

// sendTime bounds the wait for a broker; the dispatcher has other boxes to serve.
const sendTime = 10 * time.Second

func send(ctx context.Context, out link, is authority.Issued) error {
	if !out.Connected() {
		return errors.New("there is no connection")
	}
	ctx, cancel := context.WithTimeout(ctx, sendTime)
	defer cancel()
	return out.Send(ctx, mqtt.Message{Topic: is.Topic.String(), Payload: is.Raw, Retain: is.Topic.Retained()})
}

// answer tells a box the time, over its own nonce.
func (d *Dispatch) answer(ctx context.Context, out link, device string, raw []byte) error {
	ask, err := message.DecodeReport[message.Ask](raw)
	if err != nil {
		return err
	}
	if _, ok := d.o.Authority.Boxes()[device]; !ok || ask.Device != device {
		return fmt.Errorf("a time question of %.64q in the name of %s", ask.Device, device)
	}
	is, err := d.o.Authority.Time(device, ask.Nonce, d.o.Online)
	if err != nil {
		return err
	}
	return send(ctx, out, is)
}

// archive keeps a ledger segment and tells the box that it may forget it.
func (d *Dispatch) archive(ctx context.Context, out link, device string, raw []byte) error {
	box, ok := d.o.Authority.Boxes()[device]
	if !ok {
		return fmt.Errorf("a ledger of %s, which is no box of this authority", device)
	}
	pub, err := plan.ParseKey(box.Key)
	if err != nil {
		return err
	}
	head, err := d.o.Archive.Add(device, raw, pub)
	if err != nil {
		return err
	}
	if d.o.Archived != nil {
		d.o.Archived(device, head)
	}
	act := plan.Act{Seq: head.To, HeadHash: head.Head}
	act.Kind, act.Device = plan.KindAcked, device
	is, err := d.o.Authority.Act(act, d.o.Online)
	if err != nil {
		return err
	}
	return send(ctx, out, is)
}
