package box

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"loa/agent/ledger"
	"loa/agent/plan"
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

// A day on which much is heard and seen: six programmes a day of a schedule, an order
// every half hour, alarms that are repeated, and notices that go round on the board all
// day. It may cost more than a quiet one, and still far less than a card bears.
func TestFlashBusyDay(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes 20 s; the suite flash of scripts/test.sh has it")
	}
	most := wear{2 << 20, 1000}
	connectedTo(t, &lamp{}, func(b *Box, y *tally, live func(time.Duration)) {
		begun := time.Now()
		now := func() *trusttest.World {
			return trusttest.New(begun.Add(-time.Minute)).Later(time.Since(begun) + time.Minute)
		}
		send := func(doc any, by ...string) {
			m := trusttest.Seal(doc, by...)
			b.station.Receive(context.Background(), m.Topic, m.Raw)
		}
		w := now()
		var notices []plan.Item
		for n := range 4 {
			notice := w.Bulletin(trusttest.Commune, fmt.Sprintf("notice-%d", n), plan.Normal)
			notice.Audio, notice.Pages = nil, []plan.Page{{Text: fmt.Sprintf("Thông báo %d", n), StayS: 30}, {Text: "Mời bà con xem", StayS: 30}}
			send(notice, trusttest.Author1)
			notices = append(notices, plan.Item{Ref: trusttest.RefTo(notice)})
		}
		day := w.Schedule(trusttest.Commune, "day", plan.Item{Chime: "gong"}, plan.Item{Chime: "two-tone"})
		day.Slots[0].At, day.Slots[0].ForS = []string{"06:00", "08:00", "11:30", "14:00", "17:00", "19:00"}, 1200
		send(day, trusttest.Author1)
		board := w.Schedule(trusttest.Commune, "board", notices...)
		board.Slots[0].At, board.Slots[0].ForS, board.Slots[0].Loops = []string{"05:30"}, 15*3600, -1
		send(board, trusttest.Author1)
		live(time.Hour) // what a start and a plan write
		before := worn(t, b)
		for h := range 24 {
			for half := range 2 {
				send(now().Gong(trusttest.Commune, fmt.Sprintf("gong-%d-%d", h, half)), trusttest.Author1)
				if h%6 == 5 && half == 0 {
					send(now().Alerts(trusttest.Commune, trusttest.Office, fmt.Sprintf("flood-%d", h)), trusttest.Warner1, trusttest.Warner2)
				}
				live(30 * time.Minute)
			}
		}
		after := worn(t, b)
		got := wear{after.bytes - before.bytes, after.syncs - before.syncs}
		heard, shown, alarms := 0, 0, 0
		entries, err := b.ledger.Query(ledger.Query{Limit: 5000})
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			switch {
			case e.Class == plan.Emergency && e.HeardS > 0:
				alarms++
			case e.HeardS > 0:
				heard++
			case e.Kind == ledger.Shown:
				shown++
			}
		}
		t.Logf("%d heard, %d rounds of alarms, %d lines of what was shown: %d KB, %d waits", heard, alarms, shown, got.bytes/1000, got.syncs)
		if heard < 30 || alarms < 4 || shown < 10 {
			t.Errorf("%d heard, %d rounds of alarms, %d lines of what was shown: that is no busy day", heard, alarms, shown)
		}
		if got.bytes > most.bytes || got.syncs > most.syncs {
			t.Errorf("%+v, at most %+v", got, most)
		}
	})
}
