package trust_test

import (
	"strings"
	"testing"
	"time"

	"loa/agent/clock"
	"loa/agent/plan"
	"loa/agent/trust/trusttest"
)

// newLonely is a bench that has heard no authority for an hour, as a box without a network.
func newLonely(t *testing.T) *bench {
	b := newBench(t)
	b.now = b.now.Add(time.Hour)
	b.w = b.w.Later(time.Hour)
	return b
}

// sign is the authority's sign of life of so long ago, with the lists that the box has.
func (b *bench) sign(seq int64, age time.Duration) plan.Beat {
	beat := trusttest.New(start).Beat(seq)
	beat.Time = b.now.Add(-age)
	return beat
}

func (b *bench) carried(m trusttest.Message, want plan.Code) {
	b.Helper()
	v := b.box.JudgeCarried(m.Topic, m.Raw, b.now, clock.RTC)
	if v.Code != want {
		b.Fatalf("%s on a stick: %q (%v), want %q", m.Topic, v.Code, v.Err, want)
	}
	b.box.Commit(v)
}

// What is on a stick counts with a sign of life that is not too old, and nothing
// else counts by it.
func TestSignOfLifeOnAStick(t *testing.T) {
	b := newLonely(t)
	note := trusttest.Seal(b.w.Bulletin(trusttest.Commune, "note", plan.Normal), trusttest.Author1)
	b.carried(note, plan.Stale)

	b.carried(trusttest.Seal(b.sign(2, 7*24*time.Hour+time.Minute), trusttest.Pulse), plan.Expired)
	b.carried(note, plan.Stale)
	b.carried(trusttest.Seal(b.sign(2, -3*time.Minute), trusttest.Pulse), plan.NotYet)
	b.carried(trusttest.Seal(b.sign(2, time.Hour), trusttest.Desk), plan.WrongKind)
	b.carried(note, plan.Stale)

	sealed := trusttest.Seal(b.sign(2, 6*24*time.Hour), trusttest.Pulse)
	b.refuses(sealed, plan.Expired) // from a broker it is as old as it was
	b.carried(sealed, plan.Accepted)
	b.refuses(note, plan.Stale) // nor has anybody heard the authority
	if b.box.Stale(b.now) == "" || !b.box.AuthorityLost(b.now) {
		t.Error("a sign of life on a stick counts as one that was heard")
	}
	b.carried(trusttest.Seal(b.w.Gong(trusttest.Commune, "gong-1"), trusttest.Author1), plan.Stale)
	b.carried(note, plan.Accepted)

	b.now = b.now.Add(25 * time.Hour) // now it is seven days old
	b.w = b.w.Later(25 * time.Hour)
	later := trusttest.Seal(b.w.Bulletin(trusttest.Commune, "later", plan.Normal), trusttest.Author1)
	b.carried(later, plan.Stale)
}

// A stick shows what lists there are, and makes the box as careful as a broker.
func TestSignOfLifeOnAStickTellsOfLists(t *testing.T) {
	b := newLonely(t)
	beat := b.sign(2, time.Hour)
	beat.Epochs[trusttest.Province] = b.now.UnixMilli()
	b.carried(trusttest.Seal(beat, trusttest.Pulse), plan.Accepted)
	b.carried(trusttest.Seal(b.w.Bulletin(trusttest.Commune, "note", plan.Normal), trusttest.Author1), plan.Stale)
}

// A receipt for the ledger may take weeks; one on the wire may not.
func TestReceiptOnAStick(t *testing.T) {
	b := newLonely(t)
	act := plan.Act{Seq: 7, HeadHash: strings.Repeat("0f", 32)}
	act.Head = b.w.BoxHead(plan.KindAcked, "acked-7")
	act.Until = b.now.Add(5 * time.Minute)
	sealed := trusttest.Seal(act, trusttest.Desk)
	forged := trusttest.Seal(act, trusttest.Author1)
	b.now = b.now.Add(20 * 24 * time.Hour)
	b.refuses(sealed, plan.Expired)
	b.carried(sealed, plan.Accepted)
	b.carried(forged, plan.WrongKind)
}

// The table of attacks holds on a stick as it does on the wire, but for how old the
// two may be that stay true.
func TestAttacksOnAStick(t *testing.T) {
	w := trusttest.New(time.Date(2026, 11, 23, 5, 0, 0, 0, time.UTC))
	n := 0
	for _, c := range w.Cases() {
		if c.Bare || c.Reboot || c.Live || c.Asked != nil || c.Room != "" {
			continue
		}
		box, err := w.Box()
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range c.Before {
			box.Commit(box.Judge(m.Topic, m.Raw, w.Now, clock.Signed))
		}
		n++
		wire := box.Judge(c.Topic, c.Raw, w.Now.Add(c.After), c.Level)
		v := box.JudgeCarried(c.Topic, c.Raw, w.Now.Add(c.After), c.Level)
		if v.Code != wire.Code && (wire.Kind != plan.KindBeat && wire.Kind != plan.KindAcked || wire.Code != plan.Expired) {
			t.Errorf("%s: %q on a stick, %q on the wire", c.Name, v.Code, wire.Code)
		}
	}
	if n < 80 {
		t.Errorf("only %d attacks were tried", n)
	}
}
