package trust_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"loa/agent/plan"
	"loa/agent/trust/trusttest"
)

// A box that was offline for a month has hundreds of ledger segments to hand in.
func TestReceiptsTakeNobodysRoom(t *testing.T) {
	b := newBench(t)
	for i := range 1000 {
		a := plan.Act{
			Head: b.w.BoxHead(plan.KindAcked, fmt.Sprintf("acked-%d", i)), Until: b.now.Add(5 * time.Minute),
			Seq: int64(i + 1), HeadHash: strings.Repeat("ab", 32),
		}
		b.takes(trusttest.Seal(a, trusttest.Desk))
	}
	b.takes(trusttest.Seal(plan.Act{
		Head: b.w.BoxHead(plan.KindAsk, "ask"), Until: b.now.Add(5 * time.Minute), Command: "status",
	}, trusttest.Desk))
}

func TestWhoHasPlayedTooOftenCanStillStop(t *testing.T) {
	b := newBench(t)
	for i := range 256 {
		b.takes(trusttest.Seal(b.w.Gong(trusttest.Commune, fmt.Sprintf("gong-%d", i)), trusttest.Author1))
	}
	b.refuses(trusttest.Seal(b.w.Gong(trusttest.Commune, "one-more"), trusttest.Author1), plan.Storage)
	b.takes(trusttest.Seal(b.w.Stop(trusttest.Commune, "enough", plan.Normal), trusttest.Author1))
}

// The beat key lies online: who has stolen it can invent places without end.
func TestBeatsDoNotFillTheMemory(t *testing.T) {
	b := newBench(t)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i := range 200 {
		beat := b.w.Beat(int64(i + 2))
		beat.Alerts = map[string]int64{}
		for n := range 256 {
			beat.Alerts[fmt.Sprintf("place-%d-%d/office", i, n)] = 1
			beat.Epochs[fmt.Sprintf("place-%d-%d", i, n)] = 1
			if len(beat.Epochs) == 256 {
				break
			}
		}
		b.takes(trusttest.Seal(beat, trusttest.Pulse))
	}
	beat := b.w.Beat(1000)
	beat.Alerts = map[string]int64{trusttest.Commune + "/" + trusttest.Office: b.now.UnixMilli()}
	b.takes(trusttest.Seal(beat, trusttest.Pulse))
	b.now = b.now.Add(time.Minute)
	if !b.box.AuthorityLost(b.now) {
		t.Error("with the memory full, an alert of the box's own place is not missed")
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 2<<20 {
		t.Errorf("200 beats of invented places take %d KiB", grown>>10)
	}
}
