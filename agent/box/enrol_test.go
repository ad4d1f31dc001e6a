package box

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"loa/agent/clock"
	"loa/agent/config"
	"loa/agent/enrol"
	"loa/agent/health"
	"loa/agent/message"
	"loa/agent/mqtt"
	"loa/agent/plan"
	"loa/agent/store"
	"loa/scripts/authority/pki"
)

// enrolled is a box whose certificate ends at this time; zero: it has no name.
func enrolled(t *testing.T, ends time.Time) *Box {
	t.Helper()
	dir := t.TempDir()
	ca, err := pki.NewCA("test", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	f := enrol.Files{Key: filepath.Join(dir, "box.key"), Cert: filepath.Join(dir, "box.pem"), CA: filepath.Join(dir, "ca.pem")}
	if err := os.WriteFile(f.CA, ca.CertPEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	k, err := enrol.Open(f)
	if err != nil {
		t.Fatal(err)
	}
	if !ends.IsZero() {
		cert, err := ca.ClientFor("d-0002", k.Public(), ends.Add(-time.Hour), time.Hour)
		if err == nil {
			err = k.Take(enrol.Answer{Device: "d-0002", Key: message.KeyID(k.Public()), Chain: string(cert)}.Encode())
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	client, err := mqtt.New(mqtt.Opts{Device: "d-0002", Brokers: []string{"tcp://127.0.0.1:1"}})
	if err != nil {
		t.Fatal(err)
	}
	return &Box{
		o: Opts{Device: "d-0002", Identity: k, Health: health.New(nil, nil)}, mqtt: client,
		clock: clock.New(clock.Opts{TrustHost: true, Save: func([]byte) error { return nil }}),
	}
}

func TestABoxThatWaitsShowsItsCode(t *testing.T) {
	b := enrolled(t, time.Time{})
	code := enrol.Code(b.o.Identity.Public())
	if b.named() || b.code() != code {
		t.Errorf("named %v, code %q", b.named(), b.code())
	}
	if pages := b.words(plan.Reset); len(pages) != 1 || !strings.Contains(pages[0].Text, code) {
		t.Errorf("the board shows %v", pages)
	}
	b = enrolled(t, time.Now().Add(time.Hour))
	if !b.named() || b.code() != "" || strings.Contains(b.words(plan.Reset)[0].Text, "-") {
		t.Error("a box with a name shows a code")
	}
}

// Only a box that no broker lets in comes by its claim, whichever clock is wrong.
func TestShutOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := enrolled(t, time.Now().Add(time.Hour))
		if b.shutOut() {
			t.Error("shut out with a good certificate and no broker there")
		}
		b.o.Health.Report(mqtt.CodeRefused, errors.New("expired, by the broker's clock"))
		if b.shutOut() {
			t.Error("shut out at the first refusal")
		}
		time.Sleep(2 * time.Minute)
		if !b.shutOut() {
			t.Error("not shut out after two minutes of refusal")
		}
		b.o.Health.Report(mqtt.CodeRefused, nil)
		if b.shutOut() {
			t.Error("shut out when it was let in")
		}
	})
	if !enrolled(t, time.Now().Add(-time.Minute)).shutOut() {
		t.Error("not shut out with a certificate that has ended")
	}
}

// What was sent goes, and in the end who the box was; what it believes stays.
func TestWipe(t *testing.T) {
	dir := t.TempDir()
	c := config.Config{State: filepath.Join(dir, "state"), ReportKey: filepath.Join(dir, "box.key")}
	c.Broker.Cert, c.Broker.Key = filepath.Join(dir, "box.pem"), c.ReportKey
	put := func(name string) {
		t.Helper()
		s, err := store.Open(filepath.Join(c.State, "docs"))
		if err == nil {
			err = s.Put(name, []byte("x"))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	left := func() []string {
		t.Helper()
		s, err := store.Open(filepath.Join(c.State, "docs"))
		if err != nil {
			t.Fatal(err)
		}
		return s.List("")
	}
	fill := func() {
		t.Helper()
		for _, name := range []string{wantName, "docs/26734/bulletin/tin", "trust/state", clockName} {
			put(name)
		}
		for _, file := range []string{c.Broker.Cert, c.Broker.Key, filepath.Join(c.State, "media", "x"), filepath.Join(c.State, "outbox", "x"), filepath.Join(c.State, "ledger", "x")} {
			os.MkdirAll(filepath.Dir(file), 0o700)
			if err := os.WriteFile(file, nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	there := func(file string) bool { _, err := os.Stat(file); return err == nil }
	fill()
	if err := Forget(c.State); err != nil {
		t.Fatal(err)
	}
	if got := left(); !slices.Equal(got, []string{clockName, "trust/state"}) || !there(c.Broker.Key) || !there(c.Broker.Cert) || there(filepath.Join(c.State, "media")) || !there(filepath.Join(c.State, "ledger", "x")) {
		t.Errorf("after a reset there are %q", got)
	}
	fill()
	os.Remove(c.Broker.Cert)
	os.Remove(c.Broker.Key)
	os.MkdirAll(filepath.Join(c.Broker.Key, "not empty"), 0o700) // the disk does not let go of it
	if Wipe(c) == nil || !slices.Contains(left(), wantName) || slices.Contains(left(), "docs/26734/bulletin/tin") {
		t.Errorf("a wipe that was cut off does not know of itself: %q", left())
	}
	os.RemoveAll(c.Broker.Key)
	fill()
	for range 2 {
		if err := Wipe(c); err != nil {
			t.Fatal(err)
		}
	}
	if got := left(); !slices.Equal(got, []string{clockName, "trust/state"}) || there(c.Broker.Key) || there(c.Broker.Cert) {
		t.Errorf("after a wipe there are %q", got)
	}
}

func TestRetired(t *testing.T) {
	out := plan.Plan{}
	out.Want.Device = "d-0002"
	in := out
	in.Want.OwnPlace = "26734"
	if retired(&plan.Plan{}) || !retired(&out) || retired(&in) {
		t.Error("only a box that was told that it has no place is out of service")
	}
}
