package box

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"

	"loa/agent/display"
	"loa/agent/health"
	"loa/agent/message"
	"loa/agent/mqtt"
	"loa/agent/plan"
	"loa/agent/speaker"
	"loa/agent/speaker/speakertest"
	"loa/agent/trust/trusttest"
	"loa/boards"
)

// A tally is a connection that counts what goes over it, and at whose other end
// somebody answers the time question and takes the ledger.
type tally struct {
	mu     sync.Mutex
	n      map[string]int // by the topic's last level
	left   int            // brokers
	since  time.Time
	answer func(leaf string, payload []byte)
	lose   atomic.Int32 // acknowledgements of the ledger that do not arrive
}

func (y *tally) Run(ctx context.Context) error { <-ctx.Done(); return nil }
func (y *tally) Connected() bool               { return true }
func (y *tally) Since() time.Time              { return y.since }
func (y *tally) Waiting() int                  { return 0 }
func (y *tally) Resubscribe()                  {}
func (y *tally) NextBroker() {
	y.mu.Lock()
	defer y.mu.Unlock()
	y.left++
}

func (y *tally) Publish(topic string, payload []byte, _ bool) {
	leaf := topic[strings.LastIndexByte(topic, '/')+1:]
	y.mu.Lock()
	y.n[leaf]++
	y.mu.Unlock()
	go y.answer(leaf, payload)
}

func (y *tally) Queue(topic string, payload []byte, _ string) error {
	y.Publish(topic, payload, false)
	return nil
}

func (y *tally) Send(_ context.Context, m mqtt.Message) error {
	y.Publish(m.Topic, m.Payload, m.Retain)
	return nil
}

// connected is a box in its place in a bubble of its own time, with signs of life for as
// long as f wants.
func connected(t *testing.T, f func(b *Box, y *tally, live func(time.Duration))) {
	connectedTo(t, nil, f)
}

// connectedTo is the same with a panel, and with a centre that vouches for the lists that
// it has sent, so that orders are taken.
func connectedTo(t *testing.T, panel display.Panel, f func(b *Box, y *tally, live func(time.Duration))) {
	board, err := boards.Load("desk")
	if err != nil {
		t.Fatal(err)
	}
	state, log := t.TempDir(), slog.New(slog.DiscardHandler)
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(2026, 11, 23, 5, 0, 0, 0, time.UTC))) // a bubble begins in 2000
		w := trusttest.New(time.Now())
		o := Opts{
			Device: trusttest.Device, State: state, Root: w.RootFile(), Key: trusttest.Key(trusttest.Device), Board: board,
			Health: health.New(log, nil), Log: log, OpenSink: func() (speaker.Sink, error) { return &speakertest.Card{}, nil },
		}
		if panel != nil {
			o.Panel = func(context.Context) (display.Panel, error) { return panel, nil }
		}
		b, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		y := &tally{n: make(map[string]int)}
		y.answer = func(leaf string, payload []byte) {
			first, w := w, w.Later(time.Since(w.Now))
			var m trusttest.Message
			switch leaf {
			case message.LeafAsk:
				ask, err := message.DecodeReport[message.Ask](payload)
				if err != nil {
					t.Error(err)
				}
				answer := w.Answer(ask.Nonce)
				if panel != nil {
					answer.Epochs = first.Beat(1).Epochs
				}
				m = trusttest.Seal(answer, trusttest.Pulse)
			case message.LeafLedger:
				if y.lose.Add(-1) >= 0 {
					return
				}
				h, _, err := message.DecodeSegment(payload, trusttest.Key(trusttest.Device).Public().(ed25519.PublicKey))
				if err != nil {
					t.Error(err)
				}
				m = trusttest.Seal(plan.Act{
					Head: w.BoxHead(plan.KindAcked, fmt.Sprintf("acked-%d", h.To)), Seq: h.To, HeadHash: h.Head, Until: w.Now.Add(5 * time.Minute),
				}, trusttest.Desk)
			default:
				return
			}
			b.station.Receive(ctx, m.Topic, m.Raw)
		}
		b.statfs = func(_ string, st *unix.Statfs_t) error { // others write on this machine's disk
			*st = unix.Statfs_t{Bavail: 1 << 20, Bsize: 4096}
			return nil
		}
		b.mqtt = y
		ended := make(chan error, 1)
		go func() { ended <- b.Run(ctx) }()
		want := w.Want()
		want.Media = nil
		for _, m := range w.Setup() {
			if strings.HasSuffix(m.Topic, message.LeafWant) {
				m = trusttest.Seal(want, trusttest.Prov1, trusttest.Prov2)
			}
			b.station.Receive(ctx, m.Topic, m.Raw)
		}
		seq := int64(2)
		f(b, y, func(d time.Duration) {
			for end := time.Now().Add(d); time.Now().Before(end); seq++ {
				beat := w.Beat(seq)
				beat.Time, beat.Issued = time.Now(), time.Now()
				m := trusttest.Seal(beat, trusttest.Pulse)
				b.station.Receive(ctx, m.Topic, m.Raw)
				time.Sleep(160 * time.Second)
			}
		})
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// What a box says on a day on which nothing happens is paid for by whoever pays for its
// SIM card.
func TestIdleDay(t *testing.T) {
	connected(t, func(b *Box, y *tally, live func(time.Duration)) {
		live(time.Hour) // what a start tells
		y.mu.Lock()
		clear(y.n)
		y.mu.Unlock()
		live(24 * time.Hour)
		y.mu.Lock()
		defer y.mu.Unlock()
		t.Logf("a day: %v", y.n)
		for leaf, most := range map[string]int{message.LeafHave: 5, message.LeafHealth: 5, message.LeafTele: 25, message.LeafAsk: 7} {
			if y.n[leaf] == 0 || y.n[leaf] > most {
				t.Errorf("%d times %s, want one to %d", y.n[leaf], leaf, most)
			}
			delete(y.n, leaf)
		}
		if len(y.n) > 0 {
			t.Errorf("besides %v", y.n)
		}
	})
}

// A broker that answers and brings no sign of life is left after six minutes for another.
func TestABrokerWithoutSignsOfLifeIsLeft(t *testing.T) {
	connected(t, func(b *Box, y *tally, live func(time.Duration)) {
		b.o.Brokers = []string{"tls://a.example", "tls://b.example"}
		live(time.Hour)
		left := func() int {
			y.mu.Lock()
			defer y.mu.Unlock()
			return y.left
		}
		if left() != 0 {
			t.Fatalf("left %d brokers that bring signs of life", left())
		}
		time.Sleep(6*time.Minute - 160*time.Second - 10*time.Second) // live has waited 160 s
		if left() != 0 {
			t.Error("left too early")
		}
		time.Sleep(20 * time.Second)
		if left() != 1 {
			t.Errorf("after six minutes without a sign of life %d brokers were left", left())
		}
	})
}

// What is different is told within minutes, also if no event came of it.
func TestSameTellsNothingNew(t *testing.T) {
	now := time.Date(2026, 11, 23, 5, 0, 0, 0, time.UTC)
	a := message.Have{Device: "d", At: now, DiskFree: 1 << 30, Sounds: &message.Sounds{ID: "x", LevelDBFS: -20}, Shows: &message.Shows{ID: "y", Page: 1}}
	b := a
	b.At, b.DiskFree = now.Add(time.Hour), a.DiskFree+4096
	b.Sounds, b.Shows = &message.Sounds{ID: "x", LevelDBFS: -10}, &message.Shows{ID: "y", Page: 2}
	if !same(a, b) {
		t.Error("time, level and page are news")
	}
	for what, change := range map[string]func(*message.Have){
		"an end":      func(h *message.Have) { h.Sounds = nil },
		"a recording": func(h *message.Have) { h.Media = []message.MediaOf{{Bulletin: "x", Wanted: 1, Present: 1}} },
		"a full disk": func(h *message.Have) { h.DiskFree = 1 << 20 },
		"the clock":   func(h *message.Have) { h.Clock++ },
		"a board":     func(h *message.Have) { h.Shows = nil },
	} {
		c := b
		change(&c)
		if same(a, c) {
			t.Errorf("%s is no news", what)
		}
	}
	quiet := message.Tele{Boot: "b", UptimeS: 100}
	for _, c := range []struct {
		now  message.Tele
		want bool
	}{
		{message.Tele{Boot: "b", UptimeS: 3699, RSSBytes: 1}, false}, {message.Tele{Boot: "b", UptimeS: 3700}, true},
		{message.Tele{UptimeS: 101, Amp: true}, true}, {message.Tele{UptimeS: 101, Xruns: 1}, true}, {message.Tele{UptimeS: 101, Waiting: 1}, true},
	} {
		if moved(quiet, c.now) != c.want {
			t.Errorf("%+v: want %v", c.now, c.want)
		}
	}
	if !moved(message.Tele{}, quiet) {
		t.Error("the first readings are no news")
	}
}
