// Package box makes one box out of open devices: it builds the parts, joins them
// and starts every Run. All goroutines that live as long as the agent are here.
package box

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"loa/agent/clock"
	"loa/agent/commission"
	"loa/agent/console"
	"loa/agent/display"
	"loa/agent/ledger"
	"loa/agent/live"
	"loa/agent/media"
	"loa/agent/message"
	"loa/agent/plan"
	"loa/agent/player"
	"loa/agent/policy"
	"loa/agent/sense"
	"loa/agent/speaker"
	"loa/agent/station"
	"loa/agent/store"
	"loa/agent/trust"
	"loa/agent/update"
)

// Box is one box. Make it with [New].
type Box struct {
	o       Opts
	boot    string // fresh for every run, so that an old will cannot mark a new session
	booted  time.Time
	lock    *os.File // of the state directory
	clock   *clock.Clock
	store   *store.Store
	ledger  *ledger.Ledger
	media   *media.Library
	trust   *trust.Trust
	speaker *speaker.Speaker
	player  *player.Player
	live    *live.Room
	station *station.Station
	mqtt    link                 // nil: no broker, or no name yet
	door    *door                // nil: no claim
	display *display.Display     // nil: no board
	light   *display.Light       // nil: no light sensor
	warmth  *display.Thermometer // nil: none
	sense   *sense.Sense
	console *console.Console
	update  *update.Room // nil: no machine
	looked  *commission.Book

	plan    atomic.Pointer[plan.Plan] // the last that the station took
	acks    atomic.Int64
	lamp    beacon
	births  atomic.Int64                    // connections so far
	refused atomic.Pointer[message.Refused] // the last
	tell    chan struct{}                   // the reports changed
	loaded  chan struct{}                   // closed when the plan on the disk has been taken
	first   sync.Once                       // closes loaded
	reset   chan struct{}                   // cap 1: the technician wants it
	knock   chan struct{}                   // cap 1: the technician wants the box to ask for its name
	wipe    chan struct{}                   // cap 1: the technician wants everything gone
	retire  chan struct{}                   // cap 1: it is taken out of service
	leave   chan struct{}                   // cap 1: the technician wants no safe mode
	doubts  sync.Once                       // tells of one answer that was refused
	asks    atomic.Pointer[time.Time]       // when a box without a name asks again; nil: it asks now
	relay   relays
	visit   sync.Mutex // held while a stick is read
	stand   sync.Mutex // held while it is said how the box stands
	statfs  statfs     // unix.Statfs

	safeUntil time.Time // while the box is in safe mode
}

// New builds the parts of a box. It starts nothing and makes no sound.
func New(o Opts) (made *Box, err error) {
	b := &Box{
		o: o, boot: rand.Text(), booted: time.Now(), statfs: unix.Statfs, loaded: make(chan struct{}), tell: make(chan struct{}, 1),
		reset: make(chan struct{}, 1), wipe: make(chan struct{}, 1), retire: make(chan struct{}, 1), leave: make(chan struct{}, 1),
		knock: make(chan struct{}, 1), lamp: newBeacon(),
	}
	b.plan.Store(&plan.Plan{Device: o.Device})
	b.safeUntil = b.booted.Add(goodHour)
	if err := os.MkdirAll(o.State, 0o750); err != nil {
		return nil, fmt.Errorf("cannot use the state directory: %w", err)
	}
	if b.lock, err = lock(o.State); err != nil {
		return nil, err
	}
	defer func() {
		if made == nil {
			b.lock.Close()
		}
	}()
	if b.store, err = store.Open(filepath.Join(o.State, "docs")); err != nil {
		return nil, err
	}
	b.store.Watch(o.Health.Report)
	saved, _ := b.store.Get(clockName)
	b.clock = clock.New(clock.Opts{
		Build: o.Built, Saved: saved, RTC: o.Board.Clock.RTC, Root: o.Host,
		Save:      func(state []byte) error { return b.store.Put(clockName, state) },
		TrustHost: o.Board.Clock.Trust == "host",
		Log:       o.Log.With("room", "clock"),
	})
	if b.looked, err = commission.Open(b.store, o.Device, o.Board.Name, o.Key); err != nil {
		o.Log.Warn("the box counts as not commissioned", "err", err)
	}
	b.ledger, err = ledger.Open(filepath.Join(o.State, "ledger"), ledger.Opts{
		Now: b.clock.Now, Log: o.Log.With("room", "ledger"), Report: o.Health.Report,
	})
	if err != nil {
		return nil, err
	}
	b.media, err = media.Open(filepath.Join(o.State, "media"), media.Opts{
		Bases: b.mediaBases, Client: media.NewClient(b.timed(o.TLS)), BudgetBytes: o.MediaBytes, DayBytes: b.dayBytes,
		Now: b.now, Log: o.Log.With("room", "media"), Report: o.Health.ReportOf,
	})
	if err != nil {
		return nil, err
	}
	b.trust, err = trust.New(o.Root, o.Device, trust.Opts{Built: o.Built, Now: b.clock.Now})
	if err != nil {
		return nil, err
	}
	b.speaker = speaker.New(o.OpenSink, o.Amp, speaker.Opts{
		Settle: o.Board.Amp.Settle(), Linger: o.Board.Amp.Linger(),
		HighPassHz: o.Board.Levels.HighPassHz, CeilingDBFS: o.Board.Levels.CeilingDBFS,
		Log: o.Log.With("room", "speaker"), Report: o.Health.Report,
	})
	b.live = live.New(live.Opts{
		Trust: b.trust, Now: b.now,
		Refused: func(code plan.Code, topic, why string, n int) { b.station.Count(code, topic, why, n) },
	})
	library := player.NewLibrary(b.media, b.openRelay, func(t plan.Talk) (player.Talk, error) { return b.live.Open(t) })
	b.player = player.New(b.speaker, library.Open, o.Log.With("room", "player"), player.Opts{Exact: b.clock.Exact, Report: o.Health.Report})
	b.display = b.newDisplay()
	var show func(plan.Scene)
	if b.display != nil {
		show = b.show
	}
	var lamp func(bool)
	if o.Lamp != nil {
		lamp = b.lamp.light
	}
	b.station = station.New(station.Opts{
		Trust: b.trust, Docs: b.store, Ledger: b.ledger, Media: b.media, Clock: b.clock, Player: b.player,
		Box: policy.Box{
			Uncommissioned: !o.Board.Commissioned && !b.looked.Passed(), UncommissionedPercent: o.Board.Levels.UncommissionedPercent,
			VolumePercent: o.Board.Levels.VolumePercent,
			Safe:          o.Start.Safe(),
		},
		Ack: b.ack, Ask: b.answer, Report: o.Health.Report, Changed: b.changed, Sounds: b.nudge, Show: show, Lamp: lamp,
		SeenOnly: o.Board.Sink.Driver == "none",
		Log:      o.Log.With("room", "station"),
	})
	if len(o.Brokers) > 0 && b.named() {
		client, err := b.connection()
		if err != nil {
			return nil, err
		}
		b.mqtt = client
	}
	if o.Claim != nil {
		if b.door, err = b.newDoor(); err != nil {
			return nil, err
		}
	}
	if code := b.code(); code != "" {
		o.Log.Info("this box waits for its name", "code", code)
	}
	b.sense = b.newSense()
	if o.Machine != nil {
		b.update = b.newUpdate()
	}
	b.console = b.newConsole()
	return b, nil
}

const clockName = "clock"

// Run lets the box work until ctx ends. On the way out the station ends what
// sounds, then the speaker switches the amplifier off, then the devices go.
func (b *Box) Run(ctx context.Context) error {
	under, cancel := context.WithCancel(context.WithoutCancel(ctx)) // what the station stands on
	defer cancel()
	var (
		wg    sync.WaitGroup
		first error
		once  sync.Once
	)
	ctx, end := context.WithCancel(ctx)
	defer end()
	run := func(ctx context.Context, name string, f func(context.Context) error) {
		wg.Go(func() {
			err := f(ctx)
			if err != nil && !errors.Is(err, context.Canceled) {
				once.Do(func() { first = fmt.Errorf("%s: %w", name, err) })
				end()
			}
		})
	}
	// The cast.
	run(under, "clock", b.clock.Run)
	run(under, "ledger", b.ledger.Run)
	run(under, "media", b.media.Run)
	run(under, "devices", b.devices)
	run(under, "speaker", b.speaker.Run)
	if b.display != nil {
		run(under, "display", b.display.Run)
	}
	if b.light != nil {
		run(under, "light sensor", b.light.Run)
	}
	if b.warmth != nil {
		run(under, "thermometer", b.warmth.Run)
	}
	if b.o.Lamp != nil {
		run(under, "lamp", func(ctx context.Context) error { return b.lamp.keep(ctx, b.o.Lamp) })
	}
	run(under, "sensors", b.sense.Run)
	run(ctx, "switches", b.switches)
	if b.o.Messages != nil {
		run(ctx, "codes", b.codes)
	}
	run(under, "clocks", b.keepClocks)
	b.relay.begin(under) // before the station may ask for one
	run(under, "relays", b.relay.run)
	run(ctx, "watch", b.watch)
	if b.o.Supervisor != nil {
		run(ctx, "supervision", b.supervise)
	}
	if b.mqtt != nil {
		run(under, "mqtt", b.connect)
		run(ctx, "reports", b.report)
	}
	if b.mqtt != nil && b.o.Identity != nil {
		run(ctx, "renewal", b.renew)
	}
	if b.door != nil {
		run(ctx, "enrolment", b.atDoor)
	}
	if b.update != nil {
		run(ctx, "update", b.updates)
	}
	if b.o.Start != nil {
		run(ctx, "start", b.prove)
	}
	run(ctx, "reset", b.awaitReset)
	run(ctx, "retirement", b.awaitRetirement)
	if b.o.Own != nil {
		run(ctx, "settings", b.settle)
		run(ctx, "trial", b.o.Own.Run)
	}
	if b.o.Socket != "" {
		run(ctx, "console socket", b.listen)
	}
	if b.o.Port != nil {
		run(ctx, "console port", b.attend)
	}
	err := b.station.Run(ctx)
	end()
	b.farewell()
	cancel()
	wg.Wait()
	return errors.Join(err, first, b.ledger.Close(), b.lock.Close())
}

// lock keeps a second agent away from the state of this one: both would sound,
// and break the ledger's chain between them. The kernel lets go of it however the
// agent ends. It is the directory itself, so that a full disk is no reason not
// to start.
func lock(dir string) (*os.File, error) {
	d, err := os.Open(dir)
	if err != nil {
		return nil, fmt.Errorf("cannot lock the state directory: %w", err)
	}
	if err := unix.Flock(int(d.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		d.Close()
		return nil, fmt.Errorf("another agent works on %s: %w", dir, err)
	}
	return d, nil
}

// connect waits for the plan on the disk, which asks for the box's places: what is
// asked for again, a broker gives again, and a SIM card pays.
func (b *Box) connect(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case <-b.loaded:
	case <-time.After(loadTime):
	}
	return b.mqtt.Run(ctx)
}

// loadTime is how long a disk that gives nothing keeps the box from its broker.
const loadTime = 10 * time.Second

func (b *Box) devices(ctx context.Context) error {
	if b.o.Devices == nil {
		<-ctx.Done()
		return nil
	}
	return b.o.Devices(ctx)
}

func (b *Box) now() time.Time {
	t, _ := b.clock.Now()
	return t
}

// changed takes the plan that the station took.
func (b *Box) changed(p *plan.Plan, reassigned bool) {
	c := *p
	before := b.plan.Swap(&c)
	if reassigned && b.mqtt != nil {
		b.mqtt.Resubscribe()
	}
	if retired(&c) {
		poke(b.retire)
	}
	if before.Place != c.Place {
		b.standing(b.now())
	}
	if !slices.Equal(before.Want.Media, c.Want.Media) {
		b.media.Retry()
	}
	b.nudge()
	if b.update != nil {
		b.update.Wake()
	}
	b.first.Do(func() { close(b.loaded) })
}

// nudge says that reports may have changed.
func (b *Box) nudge() {
	select {
	case b.tell <- struct{}{}:
	default:
	}
}

// note writes an entry that no occurrence stands behind.
func (b *Box) note(e ledger.Entry) {
	e.Time, e.Clock = b.clock.Now()
	if _, err := b.ledger.Append(e); err != nil {
		b.o.Log.Error("cannot write the ledger", "err", err)
	}
}

func newNonce() string {
	var n [16]byte
	rand.Read(n[:])
	return base64.StdEncoding.EncodeToString(n[:])
}
