package box

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"loa/agent/clock"
	"loa/agent/health"
	"loa/agent/message"
	"loa/agent/speaker"
	"loa/agent/speaker/speakertest"
	"loa/agent/trust/trusttest"
	"loa/boards"
)

// A box with a battery clock from its start on: what is told of its clocks, with which
// part, what the machine's are set to, and when it is over.
func TestClockFaults(t *testing.T) {
	truth := time.Date(2026, 11, 23, 5, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name   string
		rtc    string // what the kernel shows of it; "": there is none
		signed bool   // the centre answers
		fails  error  // of whoever may set the clocks
		want   map[string]bool
		sets   int // in two hours and a half
		level  clock.Level
	}{
		{"nobody knows the time", "", false, nil, map[string]bool{"clock-untrusted": true, "clock-missing": true}, 0, clock.Floor},
		{"the centre tells it", "", true, nil, map[string]bool{"clock-missing": true}, 3, clock.Signed},
		{"a battery clock that is right", fmt.Sprint(truth.Unix()), false, nil, map[string]bool{}, 0, clock.RTC},
		{"an empty battery", "0", false, nil, map[string]bool{"clock-untrusted": true, "clock-battery": true}, 0, clock.Floor},
		{"an empty battery, and the centre tells the time", "0", true, nil, map[string]bool{"clock-battery": true}, 3, clock.Signed},
		{"nobody who may set it", "0", true, errors.New("is loa-host.path running?"), map[string]bool{"clock-battery": true, "clock-unset": true}, 3, clock.Signed},
		{"a battery clock of nonsense", "noon", false, nil, map[string]bool{"clock-untrusted": true, "clock-missing": true}, 0, clock.Floor},
	} {
		t.Run(c.name, func(t *testing.T) {
			board, err := boards.Load("desk")
			if err != nil {
				t.Fatal(err)
			}
			board.Clock = boards.Clock{Trust: "earned", RTC: "/dev/rtc1"}
			root, state, log := t.TempDir(), t.TempDir(), slog.New(slog.DiscardHandler)
			if c.rtc != "" {
				dir := filepath.Join(root, "sys/class/rtc/rtc1")
				if err := errors.Join(os.MkdirAll(dir, 0o700), os.WriteFile(filepath.Join(dir, "since_epoch"), []byte(c.rtc+"\n"), 0o600)); err != nil {
					t.Fatal(err)
				}
			}
			synctest.Test(t, func(t *testing.T) { // its clock stands in the year 2000, as the host's of a box without a battery
				w := trusttest.New(truth)
				began := time.Now()
				var sets atomic.Int64
				b, err := New(Opts{
					Device: trusttest.Device, State: state, Host: root, Root: w.RootFile(), Key: trusttest.Key(trusttest.Device), Board: board,
					Built: truth.AddDate(0, -1, 0), Health: health.New(log, nil), Log: log,
					OpenSink: func() (speaker.Sink, error) { return &speakertest.Card{}, nil },
					SetTime: func(_ context.Context, at time.Time, rtc string) error {
						if off := at.Sub(truth.Add(time.Since(began))); off.Abs() > time.Second || rtc != "/dev/rtc1" {
							t.Errorf("%s is set %v off", rtc, off)
						}
						sets.Add(1)
						return c.fails
					},
				})
				if err != nil {
					t.Fatal(err)
				}
				ctx, cancel := context.WithCancel(t.Context())
				y := &tally{n: make(map[string]int)}
				y.answer = func(leaf string, payload []byte) {
					ask, err := message.DecodeReport[message.Ask](payload)
					if leaf != message.LeafAsk || err != nil || !c.signed {
						return
					}
					answer := w.Later(time.Since(began)).Answer(ask.Nonce)
					answer.Epochs = w.Beat(1).Epochs
					m := trusttest.Seal(answer, trusttest.Pulse)
					b.station.Receive(ctx, m.Topic, m.Raw)
				}
				b.mqtt = y
				var wg sync.WaitGroup
				wg.Go(func() {
					if err := b.Run(ctx); err != nil {
						t.Error(err)
					}
				})
				for _, m := range w.Setup()[:2] {
					b.station.Receive(ctx, m.Topic, m.Raw)
				}
				told := func() map[string]bool {
					all := make(map[string]bool)
					for _, a := range b.o.Health.Active(time.Now()) {
						if p := a.PartVI != ""; p || a.Code == "clock-unset" || a.Code == "ntp-differs" {
							if len(a.Code) > 5 && a.Code[:6] == "clock-" || a.Code == "ntp-differs" {
								all[a.Code] = true
							}
						}
					}
					return all
				}
				for _, after := range []time.Duration{100 * time.Second, 2*time.Hour + 27*time.Minute} {
					time.Sleep(after)
					if got := told(); fmt.Sprint(got) != fmt.Sprint(c.want) {
						t.Errorf("after %v: %v, want %v", time.Since(began), got, c.want)
					}
				}
				if got := int(sets.Load()); got != c.sets {
					t.Errorf("the clocks were set %d times, want %d", got, c.sets)
				}
				if _, level := b.clock.Now(); level != c.level {
					t.Errorf("%v, want %v", level, c.level)
				}
				cancel()
				wg.Wait()
			})
		})
	}
}
