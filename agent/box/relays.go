package box

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"sync"

	"loa/agent/ledger"
	"loa/agent/media"
	"loa/agent/plan"
	"loa/agent/relay"
	"loa/agent/sound"
)

// relays runs live sources for as long as they are played.
type relays struct {
	mu  sync.Mutex
	ctx context.Context
	wg  sync.WaitGroup
}

func (r *relays) begin(ctx context.Context) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ctx = ctx
}

// run waits for what was started until ctx ends.
func (r *relays) run(ctx context.Context) error {
	<-ctx.Done()
	r.mu.Lock()
	r.ctx = nil
	r.mu.Unlock()
	r.wg.Wait()
	return nil
}

// start runs f until it returns or the box ends. It reports whether it does.
func (r *relays) start(f func(context.Context)) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ctx == nil {
		return false
	}
	ctx := r.ctx
	r.wg.Go(func() { f(ctx) }) // run waits for it
	return true
}

// openRelay opens a live station. It is only ever asked for what an authorised
// schedule or act plays.
func (b *Box) openRelay(r plan.Relay) (sound.Source, error) {
	var web *tls.Config
	if b.o.Web != nil {
		web = b.o.Web()
	}
	src := relay.New(r, relay.Opts{
		Client: media.NewClient(b.timed(web)), Hosts: b.hosts(),
		OpenInput: b.o.OpenInput, Report: b.o.Health.Report, Event: b.relayEvent,
		Log: b.o.Log.With("room", "relay"),
	})
	if !b.relay.start(func(ctx context.Context) { src.Run(ctx) }) {
		src.Close()
		return nil, errors.New("the box is ending")
	}
	return src, nil
}

func (b *Box) relayEvent(e relay.Event) {
	entry := ledger.Entry{Kind: ledger.Event, Detail: fmt.Sprintf("relay: %s instead of %q", e.To, e.From)}
	if e.Why != nil {
		entry.Detail += ": " + e.Why.Error()
	}
	b.note(entry)
}
