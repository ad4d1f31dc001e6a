package box

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"loa/agent/console"
	"loa/agent/health"
	"loa/agent/ledger"
	"loa/agent/message"
	"loa/agent/plan"
	"loa/agent/trust/trusttest"
	"loa/boards"
)

// counted is what lies on the disk, and whether it was written since the last look.
func counted(t *testing.T, state string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(state, "starts"))
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(b))
}

func TestStarts(t *testing.T) {
	state, log := filepath.Join(t.TempDir(), "loa"), slog.New(slog.DiscardHandler)
	boot := "one" // the machine runs on
	start := func(want bool) *Start {
		t.Helper()
		s := CountStart(state, "1.0", boot, log)
		if s.Safe() != want {
			t.Fatalf("safe mode is %v, want %v; on the disk: %s", s.Safe(), want, counted(t, state))
		}
		return s
	}
	start(false)
	start(false).well() // two that failed in between count no more
	start(false).Withdraw()
	start(false) // 1
	start(false) // 2
	start(false).Withdraw()
	start(false) // 3
	s := start(true)
	s.Withdraw() // safe mode outlasts a stop
	start(true)
	s = start(true)
	s.Again()
	if s.Safe() {
		t.Error("it has left safe mode, and is in it")
	}
	start(true) // the trial failed
	s = start(true)
	s.Again()
	s.well()
	start(false).well()
	if n := counted(t, state); n != "0 0 1.0 -" {
		t.Errorf("on the disk: %s", n)
	}
	// The release that mends it does not begin in safe mode.
	start(false)
	start(false)
	start(false)
	mended := CountStart(state, "1.1", boot, log)
	if mended.Safe() {
		t.Error("another version is blamed")
	}
	mended.well()
	start(false).well()
	// A torn file, or one of somebody else's, is no failure.
	for _, torn := range []string{"", "x", "-7", "3 1.0", "3 0 1.0", "-7 0 1.0 -", "99999999999999999999 0 1.0 -"} {
		os.WriteFile(filepath.Join(state, "starts"), []byte(torn), 0o600)
		start(false).well()
	}
	// Nor is a disk that takes nothing: here a directory is in the way.
	os.Remove(filepath.Join(state, "starts"))
	os.MkdirAll(filepath.Join(state, "starts/x"), 0o700)
	start2 := CountStart(state, "1.0", boot, log)
	if start2.Safe() {
		t.Error("safe mode for want of a file")
	}
	start2.well()
}

// A storm takes the power away again and again while the box starts: that is no failure of
// the box. Nine times in a row may be one, and what crashes in between is counted.
func TestPowerCutsAreNoFailedStarts(t *testing.T) {
	state, log, boots := t.TempDir(), slog.New(slog.DiscardHandler), 0
	start := func(cut bool) *Start {
		if cut {
			boots++
		}
		return CountStart(state, "1.0", fmt.Sprint("boot ", boots), log)
	}
	for i := range cutStarts {
		if start(true).Safe() {
			t.Fatalf("safe mode after %d power cuts", i)
		}
	}
	if !start(true).Safe() || !start(false).Safe() || !start(true).Safe() {
		t.Errorf("no safe mode after %d power cuts: %s", cutStarts, counted(t, state))
	}
	s := start(true)
	s.Again()
	s.well()
	for range cutStarts - 1 {
		start(true)
	}
	start(false).well() // of nine the last stays up
	for i := range failedStarts {
		if start(i == 1).Safe() { // a cut among crashes
			t.Fatalf("safe mode at start %d", i)
		}
	}
	if start(false).Safe() {
		t.Error("two crashes and a power cut are no three crashes")
	}
	if !start(false).Safe() || !start(true).Safe() {
		t.Errorf("after three crashes: %s", counted(t, state))
	}
}

// In safe mode nothing is written: a box that flickers must not wear its card out.
func TestSafeModeWritesNothing(t *testing.T) {
	state := t.TempDir()
	file := filepath.Join(state, "starts")
	if err := os.WriteFile(file, []byte("3 0 1.0 -\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	before, _ := os.Stat(file)
	for range 5 {
		CountStart(state, "1.0", "one", slog.New(slog.DiscardHandler)).Withdraw()
	}
	if after, _ := os.Stat(file); !os.SameFile(before, after) {
		t.Error("the count was written")
	}
}

func TestBare(t *testing.T) {
	for name, panel := range map[string]bool{"speaker-and-sign": false, "commune-led-128x32": true} {
		b, err := boards.Load(name)
		if err != nil {
			t.Fatal(err)
		}
		bare := Bare(b)
		if bare.Panel.There() != panel || bare.Sensor.Light.There() || bare.Sensor.Temperature.There() || bare.Inputs != nil {
			t.Errorf("%s: %+v", name, bare)
		}
		if bare.Sink != b.Sink || bare.Amp.Driver != b.Amp.Driver || bare.Console != b.Console {
			t.Errorf("%s: what an emergency needs is gone", name)
		}
	}
}

// frail is a box after three starts that failed, until f has returned, and with what Run
// returned then. f may be left behind: it ends with the box.
func frail(t *testing.T, f func(t *testing.T, b *Box, w *trusttest.World)) (ended error) {
	board, err := boards.Load("desk")
	if err != nil {
		t.Fatal(err)
	}
	state, log := t.TempDir(), slog.New(slog.DiscardHandler)
	if err := os.WriteFile(filepath.Join(state, "starts"), []byte("3 0 1.0 -"), 0o600); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(2026, 11, 23, 5, 0, 0, 0, time.UTC)))
		w := trusttest.New(time.Now())
		b, err := New(Opts{
			Device: trusttest.Device, State: state, Root: w.RootFile(), Key: trusttest.Key(trusttest.Device), Board: board,
			Health: health.New(log, nil), Log: log, OpenSink: plugged, Start: CountStart(state, "1.0", "one", log),
		})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- b.Run(ctx) }()
		want := w.Want()
		want.Media = nil
		for _, m := range w.Setup() {
			if strings.HasSuffix(m.Topic, message.LeafWant) {
				m = trusttest.Seal(want, trusttest.Prov1, trusttest.Prov2)
			}
			b.station.Receive(ctx, m.Topic, m.Raw)
		}
		f(t, b, w)
		cancel()
		ended = <-done
	})
	return ended
}

// sent lets the box hear m and gives what became of it by a minute later.
func sent(b *Box, m trusttest.Message) (ends []ledger.Entry) {
	before := b.ledger.Status().Last
	b.station.Receive(context.Background(), m.Topic, m.Raw)
	time.Sleep(time.Minute)
	all, _ := b.ledger.Query(ledger.Query{After: before})
	return slices.DeleteFunc(all, func(e ledger.Entry) bool { return e.Kind != ledger.End && e.Kind != ledger.Refused })
}

func TestSafeModePlaysEmergencies(t *testing.T) {
	err := frail(t, func(t *testing.T, b *Box, w *trusttest.World) {
		time.Sleep(2 * time.Second)
		if !slices.ContainsFunc(b.o.Health.Active(time.Now()), func(a health.Active) bool { return a.Code == "safe-mode" }) {
			t.Error("the box does not say that it is in safe mode")
		}
		gong := sent(b, trusttest.Seal(w.Gong(trusttest.Commune, "gong-1"), trusttest.Author1))
		if len(gong) != 1 || gong[0].Code != plan.SafeMode {
			t.Errorf("a gong: %+v", gong)
		}
		alarm := w.Later(time.Minute).Alerts(trusttest.Commune, trusttest.Office, "a1")
		heard := sent(b, trusttest.Seal(alarm, trusttest.Warner1, trusttest.Warner2))
		if len(heard) == 0 || heard[0].Class != plan.Emergency || heard[0].Result != plan.Heard {
			t.Errorf("an emergency: %+v", heard)
		}
		if text, code := b.console.Do(t.Context(), "safe", console.Asker{Lang: "en"}); code != console.OK || !strings.Contains(text, "Safe mode") {
			t.Errorf("safe: %d %s", code, text)
		}
		if text, _ := b.console.Do(t.Context(), "faults", console.Asker{Lang: "vi"}); !strings.Contains(text, "Chế độ an toàn") {
			t.Errorf("faults: %s", text)
		}
		if text, code := b.console.Do(t.Context(), "safe off", console.Asker{Lang: "en", Remote: true}); code != console.Refused {
			t.Errorf("safe off from afar: %d %s", code, text)
		}
		time.Sleep(50 * time.Minute)
		synctest.Wait()
		if !b.o.Start.Safe() || b.station.View().At.IsZero() {
			t.Error("it is over too soon")
		}
	})
	if err != nil {
		t.Errorf("it ended with %v before the hour was over", err)
	}
}

func TestSafeModeEnds(t *testing.T) {
	err := frail(t, func(t *testing.T, b *Box, w *trusttest.World) { time.Sleep(time.Hour + time.Second) })
	if !errors.Is(err, ErrWell) {
		t.Errorf("after a good hour: %v", err)
	}
	err = frail(t, func(t *testing.T, b *Box, w *trusttest.World) {
		time.Sleep(time.Second)
		alarm := w.Alerts(trusttest.Commune, trusttest.Office, "a1")
		m := trusttest.Seal(alarm, trusttest.Warner1, trusttest.Warner2)
		b.station.Receive(t.Context(), m.Topic, m.Raw)
		time.Sleep(5 * time.Second)
		if b.station.View().Now == nil {
			t.Fatal("the alarm does not sound")
		}
		if text, code := b.console.Do(t.Context(), "safe off", console.Asker{}); code != console.OK {
			t.Errorf("safe off: %d %s", code, text)
		}
		time.Sleep(3 * time.Second)
		if err := b.speaker.Alive(t.Context()); err != nil || b.station.View().Now == nil {
			t.Error("the alarm was cut off:", err)
		}
		time.Sleep(2 * time.Minute)
	})
	if !errors.Is(err, ErrWell) {
		t.Errorf("after safe off: %v", err)
	}
}

// A start that has stayed up for a minute is written down as good, by the box.
func TestGoodStart(t *testing.T) {
	supervised(t, plugged, func(b *Box) { b.o.Start = CountStart(b.o.State, "1.0", "one", b.o.Log) }, func(t *testing.T, b *Box, w *trusttest.World, m *manager) {
		time.Sleep(50 * time.Second)
		if n := counted(t, b.o.State); n != "0 0 1.0 one" {
			t.Errorf("after 50 s: %s", n)
		}
		time.Sleep(15 * time.Second)
		if n := counted(t, b.o.State); n != "0 0 1.0 -" {
			t.Errorf("after 65 s: %s", n)
		}
	})
}
