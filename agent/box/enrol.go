package box

import (
	"context"
	"crypto/ed25519"
	"crypto/tls"
	"errors"
	"math/rand/v2"
	"slices"
	"time"

	"loa/agent/clock"
	"loa/agent/enrol"
	"loa/agent/health"
	"loa/agent/message"
	"loa/agent/mqtt"
	"loa/agent/plan"
)

// ErrNamed ends a box that had no name and has one now: whoever made it makes it anew.
var ErrNamed = errors.New("the box has its name")

// A Claim is the batch's certificate, by which a box comes that has none of its own, or
// one that has ended.
type Claim struct {
	Batch string
	Key   ed25519.PrivateKey
	TLS   *tls.Config
}

// named reports whether the box has a name; one that was not told how to ask for one has.
func (b *Box) named() bool { return b.o.Identity == nil || b.o.Identity.Device() != "" }

// code is what the box shows while it waits for its name, else empty.
func (b *Box) code() string {
	if b.named() {
		return ""
	}
	return enrol.Code(b.o.Identity.Public())
}

// words are the image's default pages; a box that waits for its name shows its code.
func (b *Box) words(s plan.Standing) []plan.Page {
	if code := b.code(); code != "" {
		return []plan.Page{{Text: "Mã ghi danh\n" + code}}
	}
	return words(s)
}

// request asks for a certificate; claim is nil where the box comes under its own name.
func (b *Box) request(c *Claim) ([]byte, error) {
	r := enrol.Request{
		Device: b.o.Identity.Device(), Board: b.o.Board.Name, Model: b.o.Model, Serial: b.o.Serial,
		Version: b.o.Version, Formats: message.Formats(),
	}
	if now, level := b.clock.Now(); level >= clock.NTP {
		r.At = now
	}
	var key ed25519.PrivateKey
	if c != nil {
		r.Batch, key = c.Batch, c.Key
	}
	return enrol.Seal(r, b.o.Identity.Key(), key)
}

// take judges an answer, and says so if it is a certificate.
func (b *Box) take(raw []byte) bool {
	err := b.o.Identity.Take(raw)
	var bad *plan.Error
	switch {
	case err == nil:
		b.o.Health.Report(codeEnding, nil)
		b.o.Log.Info("a new certificate", "device", b.o.Identity.Device(), "until", b.o.Identity.Leaf().NotAfter)
		return true
	case errors.As(err, &bad) && bad.Code == plan.Replay:
		// The centre says again what the box has.
	case errors.As(err, &bad):
		b.doubts.Do(func() {
			b.o.Log.Warn("an answer to the request for a certificate is refused; more of them are not told", "err", err)
		})
	default:
		b.o.Log.Error("the box's certificate cannot be kept", "err", err)
	}
	return false
}

func crt(id string) string {
	return message.Topic{Dir: message.DirEnrol, ID: id, Leaf: message.LeafCRT}.String()
}

func csr(id string) string {
	return message.Topic{Dir: message.DirEnrol, ID: id, Leaf: message.LeafCSR}.String()
}

// A door is the connection by the claim. All boxes of a batch have one name there, and a
// broker lets in one at a time: so the box visits, and does not stay.
type door struct {
	claim *mqtt.Client
	born  chan struct{} // cap 1: connected, and the request goes out
	taken chan struct{} // cap 1: there is a certificate
}

// newDoor makes the connection. It starts nothing.
func (b *Box) newDoor() (*door, error) {
	d := &door{born: make(chan struct{}, 1), taken: make(chan struct{}, 1)}
	id := enrol.ID(b.o.Identity.Public())
	report := b.o.Health.Report
	if b.named() {
		report = nil // its own connection has conditions of these names
	}
	var err error
	d.claim, err = mqtt.New(mqtt.Opts{
		Device: enrol.ClaimPrefix + b.o.Claim.Batch, Brokers: b.o.Brokers, TLS: b.o.Claim.TLS, Clock: b.clock.TLSTime,
		Subscriptions: func() []string { return []string{crt(id)} },
		Receive: func(topic string, raw []byte) {
			if topic == crt(id) && b.take(raw) {
				poke(d.taken)
			}
		},
		Birth: func() []mqtt.Message {
			raw, err := b.request(b.o.Claim)
			if err != nil {
				b.o.Log.Error("no request for a certificate", "err", err)
				return nil
			}
			poke(d.born)
			return []mqtt.Message{{Topic: csr(id), Payload: raw}}
		},
		Fresh: true, Report: report, Log: b.o.Log.With("room", "door"),
	})
	return d, err
}

func poke(ch chan struct{}) {
	select {
	case ch <- struct{}{}:
	default:
	}
}

// How long a visit lasts: until the broker is there, and then until the answer should be.
const (
	arrive = time.Minute
	stay   = 5 * time.Second
)

// visit asks once. It reports whether there is a certificate now.
func (d *door) visit(ctx context.Context) (taken bool) {
	ctx, leave := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() { // waited for below
		defer close(done)
		d.claim.Run(ctx)
	}()
	defer func() { leave(); <-done }()
	late := time.NewTimer(arrive)
	defer late.Stop()
	for {
		select {
		case <-ctx.Done():
			return false
		case <-d.taken:
			return true
		case <-d.born:
			late.Reset(stay)
		case <-late.C:
			return false
		}
	}
}

// atDoor is when a box comes by its claim: a box without a name until it has one,
// one with a name as long as brokers refuse it.
func (b *Box) atDoor(ctx context.Context) error {
	for visits := 0; ; {
		if b.named() && !b.shutOut() {
			visits = 0
			if !b.await(ctx, patience) {
				return nil
			}
			continue
		}
		if b.door.visit(ctx) {
			if b.mqtt == nil {
				return ErrNamed
			}
			visits = 0
		} else {
			visits++
		}
		wait := enrol.Wait(visits, rand.Float64())
		next := b.now().Add(wait)
		b.asks.Store(&next)
		if !b.await(ctx, wait) {
			return nil
		}
		b.asks.Store(nil)
	}
}

// await waits for d, or until a technician wants the box to ask now; false: ctx is over.
func (b *Box) await(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
	case <-b.knock:
	}
	return true
}

// AskNow lets a box that waits for its name, or for a certificate that brokers take, come
// at once. It reports whether the box waits for one.
func (t technician) AskNow() bool {
	b := t.b
	if b.door == nil || b.named() && !b.shutOut() {
		return false
	}
	poke(b.knock)
	return true
}

// patience is how often a box with a name looks whether it is shut out. It is less than a
// minute, so that who switches on a box that was away for years sees it come back.
const patience = 20 * time.Second

// shutOut reports whether only the claim can help: no broker lets the box in, and its
// certificate has ended, by its own clock or, as far as it can tell, by the brokers'.
func (b *Box) shutOut() bool {
	if b.mqtt.Connected() {
		return false
	}
	refused := func(c health.Active) bool { return c.Code == mqtt.CodeRefused }
	return b.now().After(b.o.Identity.Leaf().NotAfter) || slices.ContainsFunc(b.o.Health.Active(time.Now()), refused)
}

// codeEnding is the condition that a certificate ends and no new one has come.
const codeEnding = "certificate-ending"

// askAnyway is how often a box asks also before that: the centre may have another CA.
const askAnyway = 30 * 24 * time.Hour

// renew asks for the next certificate when half the life of this one is over, by the
// box's clock. The centre goes by its own, so a clock that is wrong changes nothing.
func (b *Box) renew(ctx context.Context) error {
	every := func() time.Duration {
		leaf := b.o.Identity.Leaf()
		return min(6*time.Hour, max(2*time.Second, leaf.NotAfter.Sub(leaf.NotBefore)/20))
	}
	wait := phase(b.o.Device, every())
	var asked time.Time
	for pause(ctx, wait) {
		wait = every()
		leaf, now := b.o.Identity.Leaf(), b.now()
		if now.Before(enrol.Half(leaf)) && time.Since(asked) < askAnyway {
			continue
		}
		if now.After(leaf.NotAfter.Add(-leaf.NotAfter.Sub(leaf.NotBefore) / 8)) {
			b.o.Health.Report(codeEnding, errors.New(leaf.NotAfter.UTC().Format(time.RFC3339)))
		}
		if !b.mqtt.Connected() {
			continue
		}
		raw, err := b.request(nil)
		if err != nil {
			b.o.Log.Error("no request for a certificate", "err", err)
			continue
		}
		asked = time.Now()
		b.mqtt.Publish(csr(b.o.Device), raw, false)
	}
	return nil
}
