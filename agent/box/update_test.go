package box

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"loa/agent/clock"
	"loa/agent/health"
	"loa/agent/ledger"
	"loa/agent/message"
	"loa/agent/plan"
	"loa/agent/speaker"
	"loa/agent/speaker/speakertest"
	"loa/agent/stick"
	"loa/agent/trust/trusttest"
	"loa/agent/update"
	"loa/agent/update/rauctest"
	"loa/boards"
)

func TestMain(m *testing.M) {
	if handled, code := rauctest.Handle(); handled {
		os.Exit(code)
	}
	os.Exit(m.Run())
}

// A depot is a media server over TLS that breaks off in the middle of what it is first
// asked for.
type depot struct {
	*httptest.Server
	mu     sync.Mutex
	bundle []byte
	asked  []string // ranges
}

func newDepot(t *testing.T) *depot {
	d := &depot{}
	d.Server = httptest.NewUnstartedServer(d)
	d.Config.ErrorLog = log.New(io.Discard, "", 0)
	d.Config.SetKeepAlivesEnabled(false) // a bubble's time stands still while somebody reads from a socket
	d.StartTLS()
	t.Cleanup(d.Close)
	return d
}

func (d *depot) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	data, first := d.bundle, len(d.asked) == 0
	d.asked = append(d.asked, r.Header.Get("Range"))
	d.mu.Unlock()
	if strings.TrimPrefix(r.URL.Path, "/m/") != hashOf(data) {
		http.NotFound(w, r)
		return
	}
	if first {
		w.Header().Set("Content-Length", "200000")
		w.Write(data[:100000])
		http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
	http.ServeContent(w, r, "", time.Time{}, strings.NewReader(string(data)))
}

func hashOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// A flashed box is a machine with an image on it, and all that it keeps.
type flashed struct {
	*testing.T
	w       *trusttest.World
	machine *rauctest.Machine
	program string
	state   string
	depot   *depot
	rollout *plan.Rollout
	seq     int64
	starts  int
	first   bool // it has its documents already
	b       *Box
	down    bool
	heard   []time.Time // when the machine was rebooted
}

const rock = "rock64"

func aFlashedBox(t *testing.T, f func(p *flashed)) {
	depot := newDepot(t)
	state := t.TempDir()
	machine, err := rauctest.New(t.TempDir(), rock, rauctest.Image{Version: "1.0"})
	if err != nil {
		t.Fatal(err)
	}
	program, err := machine.Program()
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(2026, 11, 23, 15, 0, 0, 0, time.UTC))) // a bubble begins in 2000
		f(&flashed{T: t, w: trusttest.New(time.Now()), machine: machine, program: program, state: state, depot: depot, seq: 2})
	})
}

// want is what the box should be, with this image in the bundle.
func (p *flashed) want(is rauctest.Image) trusttest.Message {
	p.depot.mu.Lock()
	p.depot.bundle = rauctest.Bundle{Image: is, Compatible: "loa-" + rock, SignedBy: rauctest.Signer, Bytes: 1000}.Encode(200000)
	p.depot.mu.Unlock()
	w := p.w.Later(time.Since(p.w.Now))
	want := w.Want()
	want.Media = []string{p.depot.URL}
	want.Firmware = trusttest.Firmware(is.Version, 1, w.Now)
	want.Firmware.Rings = []plan.Ring{{Percent: 100}}
	want.Firmware.Bundles = map[string]plan.Bundle{rock: {SHA256: hashOf(p.depot.bundle), Bytes: 200000}}
	p.rollout = &plan.Rollout{Version: is.Version, Percent: 100}
	return trusttest.Seal(want, trusttest.Prov1, trusttest.Prov2)
}

// start is the machine's start and the box's; do is called once it runs, and the box
// then lives for d, or until its machine goes down.
func (p *flashed) live(d time.Duration, do func(ctx context.Context)) {
	p.Helper()
	is, boot, _, err := p.machine.Start()
	if err != nil {
		p.Fatal(err)
	}
	p.starts++
	pool := x509.NewCertPool()
	pool.AddCert(p.depot.Certificate())
	board, err := boards.Load("desk")
	if err != nil {
		p.Fatal(err)
	}
	up, log := time.Now(), slog.New(slog.DiscardHandler)
	ctx, cancel := context.WithCancel(p.Context())
	defer cancel()
	defer time.AfterFunc(d, cancel).Stop()
	p.down = false
	p.b, err = New(Opts{
		Device: trusttest.Device, State: p.state, Root: p.w.RootFile(), Key: trusttest.Key(trusttest.Device), Board: board,
		Health: health.New(log, nil), Log: log, Version: is.Version, TLS: &tls.Config{RootCAs: pool},
		OpenSink: func() (speaker.Sink, error) {
			if is.Mute {
				return nil, errors.New("no such device")
			}
			return &speakertest.Card{}, nil
		},
		Machine: &Machine{Rauc: update.Rauc{Program: p.program}, Boot: boot, Up: func() time.Duration { return time.Since(up) }},
		Reboot: func(context.Context, string) error {
			p.down = true
			p.heard = append(p.heard, time.Now())
			cancel()
			return nil
		},
	})
	if err != nil {
		p.Fatal(err)
	}
	b := p.b
	y := &tally{n: make(map[string]int)}
	y.answer = func(leaf string, payload []byte) {
		if leaf != message.LeafAsk {
			return
		}
		if ask, err := message.DecodeReport[message.Ask](payload); err == nil {
			m := trusttest.Seal(p.w.Later(time.Since(p.w.Now)).Answer(ask.Nonce), trusttest.Pulse)
			b.station.Receive(ctx, m.Topic, m.Raw)
		}
	}
	b.mqtt = y
	ended := make(chan error, 1)
	go func() { ended <- b.Run(ctx) }()
	if !p.first {
		p.first = true
		for _, m := range p.w.Setup() {
			b.station.Receive(ctx, m.Topic, m.Raw)
		}
	}
	if do != nil {
		time.Sleep(time.Minute)
		do(ctx)
	}
	for ctx.Err() == nil {
		p.seq++
		beat := p.w.Beat(p.seq)
		beat.Time, beat.Issued, beat.Rollout = time.Now(), time.Now(), p.rollout
		m := trusttest.Seal(beat, trusttest.Pulse)
		b.station.Receive(ctx, m.Topic, m.Raw)
		pause(ctx, 160*time.Second)
	}
	if err := <-ended; err != nil {
		p.Error(err)
	}
}

// settle lets the box start as often as it wants to.
func (p *flashed) settle(d time.Duration) *message.Software {
	p.Helper()
	for range 6 {
		if p.live(d, nil); !p.down {
			return p.b.software()
		}
	}
	p.Fatal("the box starts again and again")
	return nil
}

func (p *flashed) ledger() (said []string) {
	p.Helper()
	l, err := ledger.Open(p.state+"/ledger", ledger.Opts{Now: p.b.clock.Now, Log: slog.New(slog.DiscardHandler), Report: func(string, error) {}})
	if err != nil {
		p.Fatal(err)
	}
	defer l.Close()
	all, err := l.Query(ledger.Query{})
	if err != nil {
		p.Fatal(err)
	}
	for _, e := range all {
		if e.ID == "software" {
			said = append(said, e.Detail)
		}
	}
	return said
}

// A box fetches the next release over TLS while it works, through a line that breaks,
// installs it in the night when nothing sounds, and runs it from then on.
func TestUpdateOverTheNetwork(t *testing.T) {
	aFlashedBox(t, func(p *flashed) {
		t := p.T
		p.live(6*time.Hour, func(ctx context.Context) {
			m := p.want(rauctest.Image{Version: "1.1"})
			p.b.station.Receive(ctx, m.Topic, m.Raw)
			time.AfterFunc(time.Hour, func() {
				if st := p.b.software(); st.State != "waiting" || st.Hold != "window" || st.Wanted != "1.1" {
					t.Errorf("in the evening: %+v, %+v", st, p.b.media.Status())
				}
			})
		})
		if !p.down {
			t.Fatalf("it does not install: %+v", p.b.software())
		}
		if at := p.heard[0].In(time.FixedZone("", 7*3600)); at.Hour() != 0 || at.Minute() < 30 || at.Minute() > 35 {
			t.Errorf("it rebooted at %v", at)
		}
		st := p.settle(time.Hour)
		if st.Version != "1.1" || st.Slot != "B" || st.State != "current" {
			t.Errorf("%+v", st)
		}
		p.depot.mu.Lock()
		if len(p.depot.asked) != 2 || p.depot.asked[0] != "" || !strings.HasPrefix(p.depot.asked[1], "bytes=") || p.depot.asked[1] == "bytes=0-" {
			t.Errorf("the server was asked for %q", p.depot.asked)
		}
		p.depot.mu.Unlock()
		if _, left := p.machine.Booted(); left != 3 || p.starts != 2 {
			t.Errorf("%d tries left after %d starts", left, p.starts)
		}
		if said := p.ledger(); !slices.Equal(said, []string{"software 1.1 is installed in slot B", "software 1.1 has proven itself in slot B"}) {
			t.Errorf("the ledger says %q", said)
		}
		if p.b.trust.Security() != update.Security {
			t.Errorf("the floor is %d", p.b.trust.Security())
		}
		// What it was sent, and what it knows, has survived.
		if got := p.b.plan.Load(); got.Place != trusttest.Commune || len(got.Policies) == 0 {
			t.Errorf("it has forgotten where it is: %+v", got)
		}
	})
}

// One that runs and cannot play comes back, is told of, and is not tried again.
func TestUpdateThatCannotPlayComesBack(t *testing.T) {
	aFlashedBox(t, func(p *flashed) {
		t := p.T
		p.live(6*time.Hour, func(ctx context.Context) {
			m := p.want(rauctest.Image{Version: "1.1", Mute: true})
			p.b.station.Receive(ctx, m.Topic, m.Raw)
		})
		st := p.settle(2 * time.Hour)
		if st.Version != "1.0" || st.Slot != "A" || st.State != "failed" || st.Wanted != "1.1" || !strings.Contains(st.Why, "sound") {
			t.Errorf("%+v", st)
		}
		if took := p.heard[1].Sub(p.heard[0]); took < update.TrialTime || took > update.TrialTime+2*time.Minute {
			t.Errorf("it was left after %v", took)
		}
		if h := p.b.have(); h.Software == nil || h.Software.State != "failed" {
			t.Errorf("the centre is told %+v", h.Software)
		}
		if active := p.b.health().Active; !slices.ContainsFunc(active, func(a health.Active) bool { return a.Code == "update-failed" }) {
			t.Errorf("conditions %+v", active)
		}
		starts := p.starts
		if st := p.settle(2 * time.Hour); st.State != "failed" || p.starts != starts+1 {
			t.Errorf("it was tried again: %+v", st)
		}
	})
}

// A stop reaches a box that has the bundle and waits for the night.
func TestAStopReachesABoxThatWaits(t *testing.T) {
	aFlashedBox(t, func(p *flashed) {
		t := p.T
		p.live(6*time.Hour, func(ctx context.Context) {
			m := p.want(rauctest.Image{Version: "1.1"})
			p.b.station.Receive(ctx, m.Topic, m.Raw)
			time.AfterFunc(time.Hour, func() { p.rollout = nil })
		})
		if st := p.b.software(); p.down || st.State != "waiting" || st.Hold != "ring" {
			t.Errorf("stopped: %v, %+v", p.down, st)
		}
	})
}

// A technician brings the release on a stick to a box that has no network; it is installed
// while somebody is there.
func TestUpdateFromAStick(t *testing.T) {
	aFlashedBox(t, func(p *flashed) {
		t := p.T
		dir := t.TempDir()
		p.live(time.Hour, func(ctx context.Context) {
			time.Sleep(30 * time.Minute)
			m := p.want(rauctest.Image{Version: "1.1"})
			p.depot.mu.Lock()
			bundle := slices.Clone(p.depot.bundle)
			p.depot.bundle = nil // nor is there a server
			p.depot.mu.Unlock()
			beat := p.w.Beat(p.seq + 1000)
			beat.Time, beat.Issued, beat.Rollout = time.Now(), time.Now(), p.rollout
			s, err := stick.Create(dir)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			sign := trusttest.Seal(beat, trusttest.Pulse).Raw
			lines := slices.Concat(sign, []byte("\n"), m.Raw, []byte("\n"))
			if err := errors.Join(s.Write(stick.Documents, lines), s.PutMedia(hashOf(bundle), strings.NewReader(string(bundle)))); err != nil {
				t.Fatal(err)
			}
			is, err := technician{p.b}.Import(ctx, dir)
			if err != nil || is.Copied != 1 || is.Refused != 0 {
				t.Errorf("%+v, %v", is, err)
			}
			time.Sleep(2 * time.Minute)
		})
		if !p.down {
			t.Fatalf("it waits: %+v", p.b.software())
		}
		if st := p.settle(30 * time.Minute); st.Version != "1.1" || st.State != "current" {
			t.Errorf("%+v", st)
		}
	})
}

func TestAnUpdateWaitsForTheMachinesClock(t *testing.T) {
	at := time.Date(2026, 11, 24, 1, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		level   clock.Level
		machine time.Time
		may     bool
	}{
		{clock.Signed, at.Add(time.Minute), true},
		{clock.RTC, at, true},
		{clock.NTP, at, false},
		{clock.Signed, time.Unix(300, 0), false},
		{clock.Signed, at.AddDate(34, 0, 0), false},
	} {
		if may := mayInstall(at, c.level, c.machine); may != c.may {
			t.Errorf("%v by the box's clock, %v by the machine's: may install %v", c.level, c.machine, may)
		}
	}
}
