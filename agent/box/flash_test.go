package box

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"loa/agent/trust/trusttest"
)

// wear is what a box has asked of its card: bytes that were written, and times that it
// waited for them to lie there, each of which costs the card a page or more of its own.
type wear struct{ bytes, syncs int64 }

// worn is what this box has asked of its card so far. Its link is one that keeps nothing.
func worn(t *testing.T, b *Box) (w wear) {
	t.Helper()
	io, err := os.ReadFile("/proc/self/io")
	if err != nil {
		t.Skip("this kernel counts nothing: ", err)
	}
	for line := range strings.Lines(string(io)) {
		if n, ok := strings.CutPrefix(line, "wchar: "); ok {
			fmt.Sscan(n, &w.bytes)
		}
	}
	const each = 2 // the file, and the directory that it was renamed in
	w.syncs = each*b.store.Status().Writes + b.ledger.Status().Syncs
	return w
}

// A card of 8 GB is good for some 8 TB if its controller is poor, and a box has to live
// for ten years on one: a day may cost 100 MB and 20,000 waits of 100 KB at the very
// most. These bounds are far below, so that what is added is noticed.
func TestFlashDays(t *testing.T) {
	for _, day := range []struct {
		name string
		acts int // orders that day
		most wear
	}{
		{"a day on which nothing happens", 0, wear{1 << 20, 100}},
		{"a day with an order every ten minutes, each refused and written down", 144, wear{1 << 20, 600}},
	} {
		connected(t, func(b *Box, y *tally, live func(time.Duration)) {
			live(time.Hour) // what a start writes
			before := worn(t, b)
			w := trusttest.New(time.Now().Add(-time.Hour)) // lists that the centre's answers call old
			for h := range 24 {
				for a := range day.acts / 24 {
					m := trusttest.Seal(w.Later(time.Since(w.Now)).Gong(trusttest.Commune, fmt.Sprintf("gong-%d-%d", h, a)), trusttest.Author1)
					b.station.Receive(context.Background(), m.Topic, m.Raw)
					live(time.Hour / time.Duration(day.acts/24))
				}
				if day.acts == 0 {
					live(time.Hour)
				}
			}
			after := worn(t, b)
			got := wear{after.bytes - before.bytes, after.syncs - before.syncs}
			t.Logf("%s: %d KB, %d waits", day.name, got.bytes/1000, got.syncs)
			if got.bytes > day.most.bytes || got.syncs > day.most.syncs {
				t.Errorf("%s: %+v, at most %+v", day.name, got, day.most)
			}
			if got.bytes <= 0 || got.syncs <= 0 {
				t.Errorf("%s: %+v: nothing was counted", day.name, got)
			}
		})
	}
}
