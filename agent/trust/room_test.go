package trust_test

import (
	"fmt"
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
