package dispatch

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"loa/agent/clock"
	"loa/agent/ledger"
	"loa/agent/message"
	"loa/agent/mqtt"
	"loa/agent/plan"
	"loa/agent/trust"
	"loa/scripts/authority"
	"loa/scripts/authority/archive"
)

// A wire is a broker with one client: it keeps what is retained, and can be cut
// and wiped.
type wire struct {
	mu       sync.Mutex
	down     bool
	retained map[string][]byte
	sent     []mqtt.Message
}

func (w *wire) Connected() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return !w.down
}

func (w *wire) Send(_ context.Context, m mqtt.Message) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.down {
		return errors.New("down")
	}
	w.sent = append(w.sent, m)
	if m.Retain {
		w.retained[m.Topic] = m.Payload
	}
	return nil
}

// show is what a broker does after a subscription.
func (w *wire) show(d *Dispatch) {
	d.Filters()
	w.mu.Lock()
	defer w.mu.Unlock()
	for t, p := range w.retained {
		d.Receive(t, p)
	}
}

func (w *wire) last(topic string) []byte {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := len(w.sent) - 1; i >= 0; i-- {
		if w.sent[i].Topic == topic {
			return w.sent[i].Payload
		}
	}
	return nil
}

// kept is what the broker retains.
func (w *wire) kept(topic string) []byte {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.retained[topic]
}

// keep has the broker retain something else.
func (w *wire) keep(topic string, p []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.retained[topic] = p
}

// wipe has the broker forget everything.
func (w *wire) wipe() {
	w.mu.Lock()
	defer w.mu.Unlock()
	clear(w.retained)
}

// forget lets the test begin to look at what is sent.
func (w *wire) forget() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sent = nil
}

// all is what was sent since then.
func (w *wire) all() []mqtt.Message {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.sent)
}

func sample(t *testing.T) *authority.Authority {
	t.Helper()
	pass := func(string) ([]byte, error) { return []byte("x"), nil }
	a, err := authority.New(filepath.Join(t.TempDir(), "a"), authority.Setup{ThrowAway: true}, authority.Opts{Secret: pass})
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(err)
	must(a.AddPlace("74", authority.Place{Name: "Bình Dương", Width: 1}))
	must(a.AddOnline("dispatcher"))
	must(a.AddGrant(authority.Grant{Person: "dispatcher", Place: "74", Kinds: []plan.Kind{plan.KindBeat}}))
	must(a.AddGrant(authority.Grant{Person: "dispatcher", Place: "74", Kinds: []plan.Kind{plan.GrantService}}))
	for _, p := range []string{"lan", "minh"} {
		must(a.AddPerson(p))
		must(a.AddGrant(authority.Grant{Person: p, Place: "74", Kinds: []plan.Kind{plan.GrantAssign, plan.GrantSettings}}))
	}
	list, err := a.IssueList(plan.RootPlace)
	must(err)
	must(a.Keep(list))
	must(a.AddBox("box-1", "desk", authority.Box{Place: "74"}))
	want, err := a.Want("box-1", nil, "lan", "minh")
	must(err)
	must(a.Keep(want))
	return a
}

// boxKey is the secret key that the box was handed.
func boxKey(t *testing.T, a *authority.Authority) ed25519.PrivateKey {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(a.BoxDir("box-1"), "etc/loa/box.key"))
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(data)
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return key.(ed25519.PrivateKey)
}

// run has a dispatcher work in a bubble of its own time.
func run(t *testing.T, f func(t *testing.T, a *authority.Authority, d *Dispatch, w *wire, arch *archive.Archive)) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(2026, 11, 23, 5, 0, 0, 0, time.UTC))) // a bubble begins in 2000
		a := sample(t)
		arch := archive.Open(filepath.Join(a.Dir(), "ledger"))
		d := New(Opts{Authority: a, Online: "dispatcher", Archive: arch})
		w := &wire{retained: make(map[string][]byte)}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); d.Run(ctx, w) }()
		d.Filters()
		f(t, a, d, w, arch)
		cancel()
		<-done
	})
}

const beatTopic = "loa/v1/p/74/beat"

func TestSignsOfLife(t *testing.T) {
	run(t, func(t *testing.T, a *authority.Authority, d *Dispatch, w *wire, _ *archive.Archive) {
		root, err := a.RootFile()
		if err != nil {
			t.Fatal(err)
		}
		box, err := trust.New(root, "box-1", trust.Opts{})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(3 * time.Second)
		synctest.Wait()
		for _, m := range w.all() {
			v := box.Judge(m.Topic, m.Payload, time.Now(), clock.Signed)
			if v.Code != plan.Accepted {
				t.Errorf("%s: %q, %v", m.Topic, v.Code, v.Err)
			}
			box.Commit(v)
		}
		// An hour: the box never misses the authority.
		for range 30 {
			time.Sleep(2 * time.Minute)
			synctest.Wait()
			v := box.Judge(beatTopic, w.kept(beatTopic), time.Now(), clock.Signed)
			if v.Code != plan.Accepted {
				t.Fatalf("%q, %v", v.Code, v.Err)
			}
			box.Commit(v)
			if box.AuthorityLost(time.Now()) {
				t.Fatal("the box misses its authority")
			}
		}
	})
}

// Of signs of life one may be lost, and the next may be as late as the connections on
// both sides make it. Nothing else goes out, and each is small: a month has 16,200.
func TestOneSignOfLifeMayBeLost(t *testing.T) {
	run(t, func(t *testing.T, a *authority.Authority, d *Dispatch, w *wire, _ *archive.Archive) {
		root, err := a.RootFile()
		if err != nil {
			t.Fatal(err)
		}
		box, err := trust.New(root, "box-1", trust.Opts{})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(3 * time.Second)
		synctest.Wait()
		for _, m := range w.all() {
			box.Commit(box.Judge(m.Topic, m.Payload, time.Now(), clock.Signed))
		}
		if why := box.Stale(time.Now()); why != "" {
			t.Fatal(why)
		}
		last, shown := time.Now(), w.kept(beatTopic)
		for {
			time.Sleep(time.Second)
			synctest.Wait()
			if why := box.Stale(time.Now().Add(40 * time.Second)); why != "" {
				t.Fatalf("%v after a sign of life, 40 s before the one after the next could come: %s", time.Since(last), why)
			}
			if now := w.kept(beatTopic); !bytes.Equal(now, shown) {
				if time.Since(last) > Period+3*time.Second { // the second: the first was lost
					break
				}
				shown = now
			}
		}
		w.forget()
		w.show(d) // the broker has everything
		time.Sleep(4 * time.Hour)
		synctest.Wait()
		all := w.all()
		if len(all) > int(4*time.Hour/Period)+2 {
			t.Errorf("%d messages in four hours without news", len(all))
		}
		for _, m := range all {
			if m.Topic != beatTopic || len(m.Payload) > 520 {
				t.Fatalf("%s of %d bytes: %s", m.Topic, len(m.Payload), m.Payload)
			}
		}
	})
}

// A grant that is renewed, and one at a place below, bring no second sign of life.
func TestOneSignOfLifeForEachBox(t *testing.T) {
	run(t, func(t *testing.T, a *authority.Authority, d *Dispatch, w *wire, _ *archive.Archive) {
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		count := func() map[string]int {
			time.Sleep(5 * time.Second)
			synctest.Wait()
			w.forget()
			time.Sleep(Period)
			synctest.Wait()
			n := map[string]int{}
			for _, m := range w.all() {
				n[m.Topic]++
			}
			return n
		}
		must(a.AddPlace("7", authority.Place{Name: "Vùng", Width: 2}))
		must(a.AddPlace("79", authority.Place{Name: "Hồ Chí Minh", Width: 1, Parent: "7"}))
		now := time.Now()
		grant := func(place string) {
			must(a.AddGrant(authority.Grant{Person: "dispatcher", Place: place, Kinds: []plan.Kind{plan.KindBeat}, NotBefore: now, NotAfter: now.Add(300 * 24 * time.Hour)}))
		}
		grant("79")
		grant("79") // renewed
		now = now.Add(time.Hour)
		grant("79")
		if n := count(); n["loa/v1/p/79/beat"] != 1 || n[beatTopic] != 1 {
			t.Errorf("renewed: %v", n)
		}
		now = time.Now()
		grant("7")
		if n := count(); n["loa/v1/p/79/beat"] != 1 || n["loa/v1/p/7/beat"] != 1 {
			t.Errorf("no box has been told yet that 7 may: %v", n)
		}
		list, err := a.IssueList(plan.RootPlace)
		must(err)
		must(a.Keep(list))
		if n := count(); n["loa/v1/p/79/beat"] != 0 || n["loa/v1/p/7/beat"] != 1 || n[beatTopic] != 1 {
			t.Errorf("told: %v", n)
		}
	})
}

// A wiped broker is given everything again; one that has everything is given
// nothing; a newer document of another sender is left alone.
func TestMending(t *testing.T) {
	run(t, func(t *testing.T, a *authority.Authority, d *Dispatch, w *wire, _ *archive.Archive) {
		time.Sleep(3 * time.Second)
		synctest.Wait()
		want := "loa/v1/d/box-1/want"
		if w.kept("loa/v1/trust/root/1") == nil || w.kept("loa/v1/trust/root") == nil || w.kept(want) == nil {
			t.Fatal("an empty broker was not filled")
		}
		w.forget()
		w.show(d)
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		for _, m := range w.all() {
			if m.Topic != beatTopic {
				t.Errorf("sent again: %s", m.Topic)
			}
		}
		w.wipe()
		w.show(d)
		time.Sleep(3 * time.Second)
		synctest.Wait()
		if w.kept(want) == nil {
			t.Error("a wiped broker was not filled")
		}
		newer, err := a.Want("box-1", nil, "lan", "minh") // signed elsewhere, not kept here
		if err != nil {
			t.Fatal(err)
		}
		w.keep(want, newer.Raw)
		w.show(d)
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		if !bytes.Equal(w.kept(want), newer.Raw) {
			t.Error("a newer document was replaced by an older one")
		}
	})
}

func TestTimeAnswers(t *testing.T) {
	run(t, func(t *testing.T, a *authority.Authority, d *Dispatch, w *wire, _ *archive.Archive) {
		cmd := "loa/v1/d/box-1/cmd"
		nonce := base64.StdEncoding.EncodeToString(make([]byte, plan.NonceBytes))
		for _, bad := range [][]byte{nil, []byte("{"), message.EncodeReport(message.Ask{Device: "box-2", Nonce: nonce}), message.EncodeReport(message.Ask{Device: "box-1", Nonce: "short"})} {
			d.Receive("loa/v1/d/box-1/ask", bad)
		}
		d.Receive("loa/v1/d/box-9/ask", message.EncodeReport(message.Ask{Device: "box-9", Nonce: nonce}))
		synctest.Wait()
		if len(w.all()) != 0 {
			t.Fatalf("answered %s", w.all()[0].Topic)
		}
		d.Receive("loa/v1/d/box-1/ask", message.EncodeReport(message.Ask{Device: "box-1", Nonce: nonce}))
		synctest.Wait()
		is, err := authority.Read(w.last(cmd))
		if err != nil {
			t.Fatal(err)
		}
		if ans := is.Doc.(plan.TimeAnswer); ans.Nonce != nonce || ans.Device != "box-1" || !ans.Time.Equal(time.Now()) {
			t.Errorf("%+v", ans)
		}
	})
}

func TestLedgersAreKeptAndAcknowledged(t *testing.T) {
	run(t, func(t *testing.T, a *authority.Authority, d *Dispatch, w *wire, arch *archive.Archive) {
		key := boxKey(t, a)
		l, err := ledger.Open(filepath.Join(t.TempDir(), "l"), ledger.Opts{})
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		segment := func(from int64, key ed25519.PrivateKey) []byte {
			t.Helper()
			if err := l.Sync(); err != nil {
				t.Fatal(err)
			}
			x, err := l.Segment(from)
			if err != nil {
				t.Fatal(err)
			}
			return message.EncodeSegment(message.LedgerHead{Device: "box-1", From: x.From, To: x.To, Prev: x.Prev, Head: x.Head}, x.Data, key)
		}
		note := func(n int) {
			for range n {
				if _, err := l.Append(ledger.Entry{Kind: ledger.Event, Detail: "x"}); err != nil {
					t.Fatal(err)
				}
			}
		}
		topic := "loa/v1/d/box-1/ledger"
		acked := func(raw []byte) (seq int64) {
			t.Helper()
			w.forget()
			d.Receive(topic, raw)
			synctest.Wait()
			p := w.last("loa/v1/d/box-1/cmd")
			if p == nil {
				return 0
			}
			is, err := authority.Read(p)
			if err != nil {
				t.Fatal(err)
			}
			act := is.Doc.(plan.Act)
			if _, head := l.Head(); act.Kind != plan.KindAcked || act.HeadHash != head {
				t.Errorf("acknowledged %d with another head", act.Seq)
			}
			return act.Seq
		}
		note(3)
		first := segment(1, key)
		if got := acked(first); got != 3 {
			t.Fatalf("acknowledged %d of 3", got)
		}
		if got := acked(first); got != 3 {
			t.Errorf("a repeated segment: acknowledged %d", got)
		}
		note(4)
		if got := acked(segment(2, key)); got != 7 { // overlaps: the acknowledgement was lost
			t.Errorf("acknowledged %d of 7", got)
		}
		note(2)
		_, other, _ := ed25519.GenerateKey(nil)
		if got := acked(segment(8, other)); got != 0 {
			t.Error("acknowledged a forged segment")
		}
		raw := segment(8, key)
		raw[len(raw)-3] ^= 1
		if got := acked(raw); got != 0 {
			t.Error("acknowledged a damaged segment")
		}
		if got := acked(segment(8, key)); got != 9 {
			t.Errorf("acknowledged %d of 9", got)
		}
		note(3)
		if got := acked(segment(12, key)); got != 12 { // 10 and 11 were lost
			t.Errorf("acknowledged %d of 12", got)
		}
		pub := key.Public().(ed25519.PublicKey)
		r, err := arch.Verify("box-1", pub)
		if err != nil || r.Entries != 10 || r.To != 12 || len(r.Gaps) != 1 || r.Gaps[0] != (archive.Gap{From: 10, To: 11}) {
			t.Errorf("%+v, %v", r, err)
		}
		// A box that tells another past than before is not believed.
		l2, err := ledger.Open(filepath.Join(t.TempDir(), "l2"), ledger.Opts{})
		if err != nil {
			t.Fatal(err)
		}
		defer l2.Close()
		for range 20 {
			l2.Append(ledger.Entry{Kind: ledger.Event, Detail: "another past"})
		}
		l2.Sync()
		x, err := l2.Segment(1)
		if err != nil {
			t.Fatal(err)
		}
		fork := message.EncodeSegment(message.LedgerHead{Device: "box-1", From: x.From, To: x.To, Prev: x.Prev, Head: x.Head}, x.Data, key)
		if _, err := arch.Add("box-1", fork, pub); !errors.Is(err, archive.ErrFork) {
			t.Errorf("a rewritten ledger was taken: %v", err)
		}
	})
}

// What broker check says under names of no box is no box's message.
func TestACheckOfTheBrokerIsNoBox(t *testing.T) {
	d := New(Opts{})
	for _, leaf := range []string{"ask", "ledger", "want"} {
		d.Receive("loa/v1/d/"+authority.CheckPrefix+"victim/"+leaf, []byte("GHJ"))
	}
	if len(d.inbox) > 0 || len(d.kept) > 0 {
		t.Errorf("%d to answer, %d kept", len(d.inbox), len(d.kept))
	}
}

// An authority that comes from a backup says that it lives, and nothing else before it
// was compared: what it has may be old.
func TestRestoredAuthorityKeepsStill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(2026, 11, 23, 5, 0, 0, 0, time.UTC)))
		var sealed bytes.Buffer
		if err := sample(t).Backup(&sealed, []byte("x"), false); err != nil {
			t.Fatal(err)
		}
		dir := filepath.Join(t.TempDir(), "again")
		if _, err := authority.Restore(&sealed, []byte("x"), dir, authority.Opts{}); err != nil {
			t.Fatal(err)
		}
		a, err := authority.Open(dir, authority.Opts{})
		if err != nil {
			t.Fatal(err)
		}
		d := New(Opts{Authority: a, Online: "dispatcher"})
		w := &wire{retained: make(map[string][]byte)}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); d.Run(ctx, w) }()
		defer func() { cancel(); <-done }()
		d.Filters()
		time.Sleep(time.Minute)
		topics := func() int {
			w.mu.Lock()
			defer w.mu.Unlock()
			return len(w.retained)
		}
		if n := topics(); n != 1 || w.last(beatTopic) == nil {
			t.Errorf("%d topics went out", n)
		}
		if _, err := a.Compare(nil, nil, true); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Minute)
		if n := topics(); n != 4 {
			t.Errorf("afterwards %d topics went out, want root, list, want and beat", n)
		}
	})
}
