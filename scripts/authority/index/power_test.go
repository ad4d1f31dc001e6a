package index

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"loa/agent/message"
	"loa/agent/plan"
	"loa/agent/store/powertest"
	"loa/scripts/authority"
)

var cuts = flag.Int("cuts", 10, "how often TestPowerCut cuts the power")

// What the API has answered for is there after a power cut: a document in force, in the
// history and found by the index, and an acknowledgement of a box. scripts/test.sh cuts
// it 200 times.
func TestPowerCut(t *testing.T) {
	if testing.Short() {
		t.Skip("cuts the power of a disk; scripts/test.sh runs it")
	}
	d := powertest.New(t, 64)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	dir := filepath.Join(d.Dir(), "a")
	o := authority.Opts{Secret: func(string) ([]byte, error) { return []byte("x"), nil }}
	a, err := authority.New(dir, authority.Setup{ThrowAway: true}, o)
	must(err)
	must(a.AddPlace("26734", authority.Place{Name: "An Sơn"}))
	must(a.AddPerson("lan"))
	var kept authority.Issued // the newest that was answered for
	n, acked := 0, 0
	for life := range *cuts {
		if a, err = authority.Open(dir, o); err != nil {
			t.Fatal(err)
		}
		x, fresh, err := Open(filepath.Join(dir, "index.db"))
		must(err)
		if fresh && acked > 0 {
			t.Fatal("the index was damaged by a power cut")
		}
		must(x.Catch(a))
		if acks, err := x.Acks(Which{Limit: 1}); err != nil || acked > 0 && (len(acks) == 0 || acks[0].Ack.ID < fmt.Sprintf("%06d", acked)) {
			t.Fatalf("%d was acknowledged; the newest is %+v, %v", acked, acks, err)
		}
		if kept.Raw != nil {
			now, ok := a.Find(kept.Topic)
			if !ok || stampOf(now) < stampOf(kept) {
				t.Fatalf("version %d was answered for; %d is in force", stampOf(kept), stampOf(now))
			}
			if _, err := a.Recorded(authority.Past{Topic: kept.Topic.String(), Version: stampOf(kept)}); err != nil {
				t.Fatal(err)
			}
			if _, ok, err := x.Document(kept.SHA256); err != nil || !ok {
				t.Fatalf("version %d is not found: %v", stampOf(kept), err)
			}
		}
		cut, heard := make(chan struct{}), make(chan struct{}, 1)
		if life%2 == 0 {
			heard <- struct{}{} // at any instant; else after an acknowledgement, however busy the machine is
		}
		var dark atomic.Bool
		go func() { // waited for below
			<-heard
			time.Sleep(rand.N(60 * time.Millisecond)) // the instant of the cut
			dark.Store(true)
			d.Cut()
			close(cut)
		}()
		for {
			n++
			b := &plan.Bulletin{Class: plan.Normal, Origin: plan.Own, Lang: "vi", Title: "Họp", Text: fmt.Sprint("Họp lần ", n)}
			b.Place, b.ID, b.ValidUntil = "26734", "hop", time.Now().Add(time.Hour)
			is, err := a.Sign(b, "lan")
			if err == nil {
				err = a.Keep(is)
			}
			if err == nil {
				err = x.Put(is, []string{"lan"})
			}
			if err != nil || dark.Load() { // without power nobody hears an answer
				break
			}
			kept = is
			id := fmt.Sprintf("%06d", n)
			if err := x.Take(Batch{Acks: []Ack{{Digest: id, Ack: message.Ack{Device: "b1", ID: id}}}}); err != nil || dark.Load() {
				break
			}
			acked = n
			select {
			case heard <- struct{}{}:
			default:
			}
		}
		<-cut
		x.Close() // fails: its disk is gone
		d.Boot()
	}
	if acked == 0 {
		t.Fatal("nothing was acknowledged")
	}
	t.Logf("%d power cuts, %d documents, none lost", *cuts, n)
}

func stampOf(is authority.Issued) int64 {
	h, _ := message.HeadOf(is.Doc) // whatever has a topic has a head
	return h.Version()
}
