package archive_test

import (
	"crypto/ed25519"
	"flag"
	"math/rand/v2"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"loa/agent/ledger"
	"loa/agent/message"
	"loa/agent/store/powertest"
	"loa/scripts/authority/archive"
)

var cuts = flag.Int("cuts", 10, "how often TestPowerCut cuts the power")

// A box forgets what was acknowledged. Whatever Add has taken is there after a power
// cut, whole, and the chain goes on from it. scripts/test.sh cuts it 200 times.
func TestPowerCut(t *testing.T) {
	if testing.Short() {
		t.Skip("cuts the power of a disk; scripts/test.sh runs it")
	}
	pub, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	book, err := ledger.Open(filepath.Join(t.TempDir(), "l"), ledger.Opts{})
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	d := powertest.New(t, 32)
	acked, segments := int64(0), 0
	for life := range *cuts {
		// The folders are new, too: they have to be there for good before what is in them.
		a := archive.Open(filepath.Join(d.Dir(), "authority", "ledger"))
		r, err := a.Verify("box-1", pub)
		if err != nil || r.To < acked || len(r.Gaps) > 0 {
			t.Fatalf("%d was acknowledged; there is %+v, %v", acked, r, err)
		}
		acked = r.To
		cut, heard := make(chan struct{}), make(chan struct{}, 1)
		if life%2 == 0 {
			heard <- struct{}{} // at any instant; else after an acknowledgement, however busy the machine is
		}
		var dark atomic.Bool
		go func() { // waited for below
			<-heard
			time.Sleep(rand.N(30 * time.Millisecond)) // the instant of the cut
			dark.Store(true)
			d.Cut()
			close(cut)
		}()
		for {
			for range 2 {
				if _, err := book.Append(ledger.Entry{Kind: ledger.Event, Detail: "x"}); err != nil {
					t.Fatal(err)
				}
			}
			if err := book.Sync(); err != nil {
				t.Fatal(err)
			}
			x, err := book.Segment(acked + 1)
			if err != nil {
				t.Fatal(err)
			}
			head, err := a.Add("box-1", message.EncodeSegment(message.LedgerHead{Device: "box-1", From: x.From, To: x.To, Prev: x.Prev, Head: x.Head}, x.Data, key), pub)
			if err != nil || dark.Load() { // without power nobody hears an acknowledgement
				break
			}
			acked = head.To
			segments++
			select {
			case heard <- struct{}{}:
			default:
			}
		}
		<-cut
		d.Boot()
	}
	if segments == 0 {
		t.Fatal("nothing was acknowledged")
	}
	t.Logf("%d power cuts, %d segments acknowledged, none lost", *cuts, segments)
}
