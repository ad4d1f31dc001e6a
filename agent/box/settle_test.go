package box

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"loa/agent/config"
	"loa/agent/health"
	"loa/agent/ledger"
	"loa/agent/message"
	"loa/agent/plan"
	"loa/agent/settings"
	"loa/agent/speaker"
	"loa/agent/speaker/speakertest"
	"loa/agent/trust/trusttest"
	"loa/boards"
)

// settling runs a box with settings of its own for as long as f takes; asked is what it
// asked of the network, and ended why it ended.
func settling(t *testing.T, refuse func() error, f func(k *settings.Keeper, b *Box, asked func() []string, ended chan error)) {
	settlingFrom(t, func(*settings.Keeper) {}, refuse, f)
}

// settlingFrom is settling for a box that begins with what first has made of its settings.
func settlingFrom(t *testing.T, first func(*settings.Keeper), refuse func() error, f func(k *settings.Keeper, b *Box, asked func() []string, ended chan error)) {
	board, err := boards.Load("desk")
	if err != nil {
		t.Fatal(err)
	}
	dir, state := t.TempDir(), t.TempDir()
	file := filepath.Join(dir, "agent.toml")
	if err := os.WriteFile(file, []byte("device = \"d-1\"\n[network]\ndns = [\"1.1.1.1\"]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(2026, 11, 23, 5, 0, 0, 0, time.UTC)))
		k := settings.New(settings.Opts{File: file})
		if _, err := k.Load(); err != nil {
			t.Fatal(err)
		}
		first(k)
		var asked []string
		w := trusttest.New(time.Now())
		b, err := New(Opts{
			Device: trusttest.Device, State: state, Root: w.RootFile(), Key: trusttest.Key(trusttest.Device), Board: board,
			Health: health.New(log, nil), Log: log, OpenSink: func() (speaker.Sink, error) { return &speakertest.Card{}, nil },
			Own: k, ConfigFile: file, BoardFile: "desk", Network: func(_ context.Context, n config.Network) error {
				asked = append(asked, strings.Join(n.DNS, " "))
				return refuse()
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- b.Run(ctx) }()
		synctest.Wait()
		f(k, b, func() []string { synctest.Wait(); return asked }, ended)
		cancel()
		time.Sleep(time.Minute)
	})
}

func edit(key string, words ...string) func(config.Config) (config.Config, error) {
	return func(c config.Config) (config.Config, error) { return c.With(key, words...) }
}

// A network is tried and comes back while the box goes on.
func TestANetworkIsTried(t *testing.T) {
	settling(t, func() error { return nil }, func(k *settings.Keeper, b *Box, asked func() []string, ended chan error) {
		s := &settings.Seat{Name: "me"}
		if got := asked(); len(got) != 1 || got[0] != "1.1.1.1" {
			t.Fatalf("at the start the box asks for %q", got)
		}
		if err := k.Edit(s, edit("network.dns", "8.8.8.8")); err != nil {
			t.Fatal(err)
		}
		if _, err := k.Try(s, 10*time.Minute); err != nil {
			t.Fatal(err)
		}
		if got := asked(); len(got) != 2 || got[1] != "8.8.8.8" {
			t.Fatalf("tried: %q", got)
		}
		if a := b.o.Health.Active(time.Now()); len(a) == 0 || !strings.Contains(codesOf(a), "settings-trial") {
			t.Errorf("a trial is not told: %s", codesOf(a))
		}
		time.Sleep(11 * time.Minute)
		if got := asked(); len(got) != 3 || got[2] != "1.1.1.1" {
			t.Fatalf("after its time: %q", got)
		}
		if strings.Contains(codesOf(b.o.Health.Active(time.Now())), "settings-trial") {
			t.Error("the trial is told after its end")
		}
		last, err := b.ledger.Query(ledger.Query{Kind: ledger.Console, Limit: 1})
		if err != nil || len(last) != 1 || !strings.Contains(last[0].Detail, "the trial is over") {
			t.Errorf("the ledger says %+v, %v", last, err)
		}
		if len(ended) > 0 {
			t.Errorf("the box ended: %v", <-ended)
		}
	})
}

func codesOf(all []health.Active) string {
	var codes []string
	for _, a := range all {
		codes = append(codes, a.Code)
	}
	return strings.Join(codes, " ")
}

// Whatever else changes lets the box begin anew.
func TestOtherSettingsEndTheBox(t *testing.T) {
	settling(t, func() error { return nil }, func(k *settings.Keeper, b *Box, asked func() []string, ended chan error) {
		s := &settings.Seat{Name: "me"}
		if err := errors.Join(k.Edit(s, edit("lang", "en")), k.Commit(s)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if len(ended) != 1 {
			t.Fatal("the box goes on")
		}
		if err := <-ended; !errors.Is(err, ErrSettings) {
			t.Errorf("it ends with %v", err)
		}
	})
}

// A network that cannot be set is asked for again, and told.
func TestANetworkThatIsRefused(t *testing.T) {
	why := errors.New("nobody answers who may")
	settling(t, func() error { return why }, func(k *settings.Keeper, b *Box, asked func() []string, ended chan error) {
		time.Sleep(2*networkEvery + time.Second)
		if got := asked(); len(got) != 3 {
			t.Errorf("asked %q", got)
		}
		if !strings.Contains(codesOf(b.o.Health.Active(time.Now())), "network-settings") {
			t.Error("it is not told")
		}
		why = nil
		time.Sleep(networkEvery)
		n := len(asked())
		time.Sleep(time.Hour)
		if len(asked()) != n || strings.Contains(codesOf(b.o.Health.Active(time.Now())), "network-settings") {
			t.Errorf("it goes on asking: %q", asked())
		}
	})
}

// What was tried and not confirmed cuts off no alarm when its time is over: nobody at the
// box has said that it may. It does not stay for ever either.
func TestATrialThatIsOverCutsOffNoAlarm(t *testing.T) {
	s := &settings.Seat{Name: "me"}
	try := func(k *settings.Keeper) {
		if err := errors.Join(k.Edit(s, edit("lang", "en")), k.Edit(s, edit("network.dns", "8.8.8.8"))); err != nil {
			t.Fatal(err)
		}
		if _, err := k.Try(s, time.Minute); err != nil {
			t.Fatal(err)
		}
	}
	alarm := func(b *Box) {
		w := trusttest.New(time.Now())
		want := w.Want()
		want.Media = nil
		for _, m := range w.Setup() {
			if strings.HasSuffix(m.Topic, message.LeafWant) {
				m = trusttest.Seal(want, trusttest.Prov1, trusttest.Prov2)
			}
			b.station.Receive(context.Background(), m.Topic, m.Raw)
		}
		m := trusttest.Seal(w.Alerts(trusttest.Commune, trusttest.Office, "a1"), trusttest.Warner1, trusttest.Warner2)
		b.station.Receive(context.Background(), m.Topic, m.Raw)
	}
	for _, c := range []struct {
		what   string
		before func(b *Box, k *settings.Keeper)
	}{
		{"the time is over", func(*Box, *settings.Keeper) {}},
		{"somebody wants it to end", func(b *Box, k *settings.Keeper) { k.Rollback(s, 0) }},
	} {
		settlingFrom(t, try, func() error { return nil }, func(k *settings.Keeper, b *Box, asked func() []string, ended chan error) {
			time.Sleep(56 * time.Second)
			alarm(b)
			time.Sleep(3 * time.Second)
			synctest.Wait()
			sounds := func() bool { v := b.station.View(); return v.Now != nil && v.Now.Occurrence.Class == plan.Emergency }
			if !sounds() {
				t.Fatal("the alarm does not sound")
			}
			c.before(b, k)
			time.Sleep(3 * time.Second)
			synctest.Wait()
			if atOnce := c.what != "the time is over"; atOnce != (len(ended) == 1) {
				t.Errorf("%s: ended %v", c.what, !atOnce)
			} else if atOnce {
				return
			}
			if all := asked(); all[len(all)-1] != "1.1.1.1" {
				t.Errorf("%s: its network is %q", c.what, all)
			}
			for range 600 {
				time.Sleep(time.Second)
				synctest.Wait()
				if len(ended) == 1 {
					break
				}
			}
			if len(ended) != 1 {
				t.Errorf("%s: it never ends", c.what)
			}
			if all, err := b.ledger.Query(ledger.Query{Kind: ledger.End}); err != nil || len(all) == 0 || all[0].Result != plan.Heard {
				t.Errorf("%s: the first round of the alarm: %+v, %v", c.what, all, err)
			}
		})
	}
}
