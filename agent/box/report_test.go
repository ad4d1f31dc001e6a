package box

import (
	"fmt"
	"testing"
	"time"

	"loa/agent/ledger"
	"loa/agent/plan"
)

func TestHandInIsPatient(t *testing.T) {
	now := time.Unix(0, 0)
	var h handIn
	sendings := 0
	for range 24 * 3600 { // asked every second of a day without a centre
		if h.due(1, 1, now) {
			sendings++
		}
		now = now.Add(time.Second)
	}
	if sendings < 24 || sendings > 34 {
		t.Errorf("%d sendings in a day that nobody acknowledged, want about one an hour", sendings)
	}
	if !h.due(200, 1, now) {
		t.Error("what follows on an acknowledgement waits")
	}
	if !h.due(200, 2, now) {
		t.Error("a new connection waits")
	}
	if h.due(200, 2, now.Add(time.Second)) {
		t.Error("sent again after a second")
	}
	if !h.due(200, 2, now.Add(ledgerEvery)) {
		t.Errorf("not sent again after %v", ledgerEvery)
	}
}

// What happened is at the centre at once, and half a minute later where the
// acknowledgement was lost, whatever happens meanwhile.
func TestTheLedgerArrives(t *testing.T) {
	for _, c := range []struct {
		name string
		kind ledger.Kind
		lost int32
		most time.Duration
	}{
		{"it is on the disk at once", ledger.Mute, 0, 3 * time.Second},
		{"it is on the disk later than it is told", ledger.Event, 0, 7 * time.Second},
		{"an acknowledgement is lost", ledger.Mute, 1, ledgerEvery + 3*time.Second},
	} {
		connected(t, func(b *Box, y *tally, live func(time.Duration)) {
			live(5 * time.Minute)
			if _, n := b.ledger.Unsent(); n != 0 {
				t.Fatalf("%s: %d entries wait before anything happens", c.name, n)
			}
			y.lose.Store(c.lost)
			began := time.Now()
			b.note(ledger.Entry{Kind: c.kind, ID: "x"})
			b.nudge()
			time.AfterFunc(ledgerEvery-3*time.Second, b.nudge) // looks for what is due just before it is
			for n := int64(1); n > 0; _, n = b.ledger.Unsent() {
				time.Sleep(100 * time.Millisecond)
				if time.Since(began) > 5*time.Minute {
					t.Fatalf("%s: it never arrives", c.name)
				}
			}
			if took := time.Since(began); took > c.most {
				t.Errorf("%s: it arrives after %v, want %v", c.name, took, c.most)
			}
		})
	}
}

func TestFilesOfABulletin(t *testing.T) {
	b := &plan.Bulletin{
		Audio: []plan.Audio{{SHA256: "a"}, {SHA256: "b"}},
		Pages: []plan.Page{{Image: "p"}, {Text: "words"}, {Image: "q"}, {Image: "p"}},
	}
	for _, c := range []struct {
		speaker, board bool
		want           string
	}{{true, true, "[a b p q]"}, {true, false, "[a b]"}, {false, true, "[p q]"}} {
		if got := fmt.Sprint(filesOf(b, c.speaker, c.board)); got != c.want {
			t.Errorf("speaker %v, board %v: %s, want %s", c.speaker, c.board, got, c.want)
		}
	}
	b.Withdrawn = true
	if got := filesOf(b, true, true); got != nil {
		t.Errorf("withdrawn: %v", got)
	}
}
