package collect

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"loa/agent/message"
	"loa/scripts/authority"
	"loa/scripts/authority/index"
)

// A book takes batches.
type book struct {
	batches []index.Batch
	full    error
}

func (b *book) Take(batch index.Batch) error {
	b.batches = append(b.batches, batch)
	return b.full
}

func keyOf(name string) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed([]byte(name + strings.Repeat(".", ed25519.SeedSize-len(name))))
}

func boxes(names ...string) func() map[string]authority.Box {
	all := make(map[string]authority.Box)
	for _, n := range names {
		all[n] = authority.Box{Key: base64.StdEncoding.EncodeToString(keyOf(n).Public().(ed25519.PublicKey))}
	}
	return func() map[string]authority.Box { return all }
}

// collected has a collector work on what say sends, and gives what came of it.
func collected(t *testing.T, b *book, say func(receive func(device, leaf string, payload []byte))) (err error) {
	synctest.Test(t, func(t *testing.T) {
		c := New(Opts{Boxes: boxes("b1", "b2"), Store: b})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- c.Run(ctx) }()
		say(func(device, leaf string, payload []byte) {
			c.Receive(message.DeviceTopic(device, leaf).String(), payload)
		})
		time.Sleep(time.Second)
		cancel()
		err = <-done
	})
	return err
}

// Only what a box signed counts in its name, and each once in a batch.
func TestWhatCounts(t *testing.T) {
	ack := func(device, signer, id string) []byte {
		return message.SealReport(message.ReportAck, message.Ack{Device: device, ID: id, State: "received"}, keyOf(signer))
	}
	have := func(device, signer string) []byte {
		return message.SealReport(message.ReportHave, message.Have{Device: device, At: time.Now()}, keyOf(signer))
	}
	state := func(s, boot string) []byte { return message.EncodeReport(message.State{State: s, Boot: boot}) }
	b := new(book)
	err := collected(t, b, func(receive func(string, string, []byte)) {
		receive("b1", "ack", ack("b1", "b1", "a"))
		receive("b1", "ack", ack("b1", "b2", "forged"))
		receive("b2", "ack", ack("b1", "b1", "another's, sent on"))
		receive("b1", "ack", []byte("{"))
		receive("b9", "ack", ack("b9", "b9", "of no box"))
		receive(authority.CheckPrefix+"x", "ack", ack("b1", "b1", "of a check"))
		receive("b1", "have", have("b1", "b1"))
		receive("b2", "have", have("b2", "b1"))
		receive("b2", "health", nil) // emptied
		receive("b1", "state", state("online", "1"))
		receive("b1", "state", state("online", "2"))
		time.Sleep(time.Second)
		receive("b1", "state", state("lost", "1")) // the will of the run before
		time.Sleep(time.Second)
		receive("b1", "state", state("lost", "2"))
	})
	if err != nil || len(b.batches) != 2 {
		t.Fatalf("%d batches, %v", len(b.batches), err)
	}
	first := b.batches[0]
	if len(first.Acks) != 1 || first.Acks[0].Ack.ID != "a" || len(first.Reports) != 2 || first.Forged["b1"] != 2 || first.Forged["b2"] != 2 || len(first.Forged) != 2 {
		t.Errorf("%+v", first)
	}
	last := b.batches[1] // an old will makes none
	if len(last.Reports) != 1 || last.Reports[0].Body.(message.State).Boot != "2" {
		t.Errorf("%+v", last)
	}
}

// All boxes of a province report at once: the newest of each is there.
func TestAllAtOnce(t *testing.T) {
	b := new(book)
	c := New(Opts{Boxes: boxes("b1"), Store: b})
	for i := range 3 * maxReports {
		c.Receive(fmt.Sprintf("loa/v1/d/x-%d/state", i), []byte("{}"))
		c.Receive("loa/v1/d/b1/state", message.EncodeReport(message.State{State: "online", Boot: fmt.Sprint(i)}))
	}
	for range 2 * maxAcks {
		c.Receive("loa/v1/d/b1/ack", []byte("x"))
	}
	if len(c.reports) > maxReports || len(c.acks) > maxAcks {
		t.Errorf("%d reports and %d acknowledgements wait", len(c.reports), len(c.acks))
	}
	if err := c.flush(time.Now()); err != nil {
		t.Fatal(err)
	}
	if got := b.batches[0].Reports; len(got) != 1 || got[0].Body.(message.State).Boot != fmt.Sprint(3*maxReports-1) {
		t.Errorf("%+v", got)
	}
}

// A centre that can keep nothing says so.
func TestFullStore(t *testing.T) {
	b := &book{full: errors.New("full")}
	if err := collected(t, b, func(receive func(string, string, []byte)) {
		receive("b1", "state", []byte("{}"))
	}); err == nil {
		t.Error("it goes on")
	}
}

// What is not a report of a box is left to others.
func TestWhatIsCollected(t *testing.T) {
	c := New(Opts{})
	for topic, want := range map[string]bool{
		"loa/v1/d/b1/ack": true, "loa/v1/d/b1/state": true, "loa/v1/d/b1/have": true, "loa/v1/d/b1/health": true,
		"loa/v1/d/b1/ledger": false, "loa/v1/d/b1/ask": false, "loa/v1/d/b1/want": false, "loa/v1/trust/root": false, "x": false,
	} {
		if c.Receive(topic, []byte("x")) != want {
			t.Errorf("%s: %v", topic, !want)
		}
	}
}
