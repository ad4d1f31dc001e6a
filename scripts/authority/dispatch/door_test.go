package dispatch

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"loa/agent/enrol"
	"loa/agent/message"
)

func claimOf(t *testing.T, dir string) ed25519.PrivateKey {
	t.Helper()
	file := filepath.Join(dir, "etc/loa/claim.key")
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	key, err := enrol.ParseKey(file, data)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// Who asks is answered under what it asked under, each time, and not kept by the broker;
// who has no name yet is not answered, and who has another's key neither.
func TestTheDoor(t *testing.T) {
	a := sample(t)
	if err := a.NewClaim("lo1", "desk"); err != nil {
		t.Fatal(err)
	}
	claim := claimOf(t, a.ClaimDir("lo1"))
	pub, key, _ := ed25519.GenerateKey(nil)
	raw, err := enrol.Seal(enrol.Request{Batch: "lo1"}, key, claim)
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{retained: make(map[string][]byte)}
	var log bytes.Buffer
	d := New(Opts{Authority: a, Online: "dispatcher", Log: slog.New(slog.NewTextHandler(&log, nil))})
	topic := func(leaf string) string {
		return message.Topic{Dir: message.DirEnrol, ID: enrol.ID(pub), Leaf: leaf}.String()
	}
	ask := func(raw []byte) []byte {
		w.forget()
		d.handle(context.Background(), w, incoming{message.Topic{Dir: message.DirEnrol, ID: enrol.ID(pub), Leaf: message.LeafCSR}, raw})
		return w.last(topic(message.LeafCRT))
	}
	if ask(raw) != nil {
		t.Fatal("a certificate before anybody has approved it")
	}
	all, err := a.Waiters()
	if err != nil || len(all) != 1 {
		t.Fatal(all, err)
	}
	old := a.Boxes()["box-1"]
	if err := a.TakeIn("d-0002", all[0], old); err != nil {
		t.Fatal(err)
	}
	is, err := a.Want("d-0002", nil, "lan", "minh")
	if err == nil {
		err = a.Keep(is)
	}
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		answer := ask(raw)
		if answer == nil || w.all()[0].Retain || !strings.Contains(string(answer), `"device":"d-0002"`) {
			t.Fatalf("%s, %v", answer, w.all())
		}
	}
	_, thief, _ := ed25519.GenerateKey(nil)
	forged, err := enrol.Seal(enrol.Request{Batch: "lo1"}, thief, claim)
	if err != nil {
		t.Fatal(err)
	}
	for range 50 {
		if ask(forged) != nil {
			t.Fatal("a certificate for another's key")
		}
	}
	if n := strings.Count(log.String(), "was refused"); n != 1 {
		t.Errorf("%d lines in the log:\n%s", n, log.String())
	}
}

// Who has stolen a claim asks without end, with keys of its own and with rubbish. A box
// that is known is renewed, and one of another batch is written down, all the same.
func TestAFloodShutsOutItself(t *testing.T) {
	a := sample(t)
	for _, lot := range []string{"lo1", "lo2"} {
		if err := a.NewClaim(lot, "desk"); err != nil {
			t.Fatal(err)
		}
	}
	d, now := New(Opts{Authority: a, Online: "dispatcher", Log: slog.New(slog.DiscardHandler)}), time.Now()
	asks := func(lot string) bool {
		pub, key, _ := ed25519.GenerateKey(nil)
		raw, err := enrol.Seal(enrol.Request{Batch: lot}, key, claimOf(t, a.ClaimDir(lot)))
		if err != nil {
			t.Fatal(err)
		}
		in, err := d.admits(enrol.ID(pub), raw, now)
		if err != nil {
			t.Fatal(err)
		}
		return in
	}
	in := 0
	for range int(batch.burst) + 60 {
		if asks("lo1") {
			in++
		}
	}
	if in != int(batch.burst) {
		t.Errorf("%d of a flood are looked at", in)
	}
	if !asks("lo2") {
		t.Error("a box of another batch is passed over")
	}
	for range int(unread.burst) {
		d.admits("rubbish", []byte("{}"), now)
	}
	if in, err := d.admits("box-1", nil, now); !in || err != nil {
		t.Errorf("a box that is known is passed over: %v", err)
	}
	// And nothing of it stands before what boxes report.
	for range 1000 {
		d.Receive("loa/v1/enrol/"+strings.Repeat("ab", 16)+"/csr", []byte("{}"))
	}
	d.Receive("loa/v1/d/box-1/ask", []byte("{}"))
	if len(d.inbox) != 1 {
		t.Error("a report does not come in")
	}
}

func TestTheDoorIsNarrow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r door
		in := 0
		for range 10 * int(batch.burst) {
			if r.admits("lo1", batch, time.Now()) {
				in++
			}
		}
		if in != int(batch.burst) {
			t.Errorf("%d at once", in)
		}
		if !r.admits("lo2", batch, time.Now()) || !r.admits("box d-0001", oneBox, time.Now()) {
			t.Error("a flood by one claim keeps others out")
		}
		time.Sleep(time.Second)
		for in = 0; r.admits("lo1", batch, time.Now()); in++ {
		}
		if in != int(batch.rate) {
			t.Errorf("%d a second later", in)
		}
		r.shares["lo1"].filled = time.Now().Add(time.Hour) // the clock was set back
		r.admits("lo1", batch, time.Now())
		time.Sleep(time.Second)
		if !r.admits("lo1", batch, time.Now()) {
			t.Error("shut for an hour")
		}
		said := ""
		for range 3 {
			for range 100 {
				if n, say := r.turnsAway("signature", time.Now()); say {
					said += fmt.Sprint(n, " ")
				}
			}
			time.Sleep(sayEvery)
		}
		if said != "1 100 100 " {
			t.Errorf("told are %s", said)
		}
	})
}
