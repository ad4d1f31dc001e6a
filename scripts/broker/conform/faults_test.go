package conform

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"loa/agent/ledger"
	"loa/agent/mqtt"
)

// A listener is a box's connection that counts which command came how often.
type listener struct {
	mu   sync.Mutex
	came map[string]int
	last time.Time
	gap  time.Duration // the longest without a command, since reset
}

func (l *listener) receive(_ string, payload []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.came[string(payload)]++
	now := time.Now()
	l.gap = max(l.gap, now.Sub(l.last))
	l.last = now
}

// reset begins to measure the gap, and gives the last one.
func (l *listener) reset() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	gap := l.gap
	l.gap, l.last = 0, time.Now()
	return gap
}

// missing are those of all that have not come.
func (l *listener) missing(all []string) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(all), func(id string) bool { return l.came[id] > 0 })
}

func (l *listener) twice() (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, k := range l.came {
		n += k - 1
	}
	return n
}

// TestClusterFaults kills one node, two, and all three while commands are issued, to
// connections that count them and to a real box. Whatever a broker has acknowledged
// arrives, and the box plays nothing twice. scripts/soak.sh runs it.
func TestClusterFaults(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes minutes: make soak")
	}
	n := &nats{nodes: 3}
	w := newWorld(t, func() engine { return n })
	var brokers []string
	for _, p := range n.mqtt {
		brokers = append(brokers, "tls://localhost:"+p)
	}
	if err := w.au.SetAddresses(brokers, w.au.Media()); err != nil {
		t.Fatal(err)
	}
	b := newBox(w)
	b.programme() // it is connected and has all it needs

	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	connect := func(name string, first int, receive func(string, []byte)) *mqtt.Client {
		conf, err := w.tls(name)
		if err != nil {
			t.Fatal(err)
		}
		o := mqtt.Opts{Device: name, TLS: conf, Receive: receive, Brokers: append(slices.Clone(brokers[first:]), brokers[:first]...),
			Window: func() time.Duration { return time.Second }}
		if receive != nil {
			o.Subscriptions = func() []string { return []string{prefix + "d/" + name + "/cmd"} }
		}
		c, err := mqtt.New(o)
		if err != nil {
			t.Fatal(err)
		}
		wg.Go(func() { c.Run(ctx) })
		return c
	}
	listeners := make(map[string]*listener)
	for i := range brokers {
		name, l := w.fresh(), &listener{came: make(map[string]int)}
		listeners[name] = l
		c := connect(name, i, l.receive)
		for deadline := time.Now().Add(time.Minute); !c.Connected(); time.Sleep(50 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("%s does not connect", name)
			}
		}
	}
	office := connect(another, 0, nil)

	total := 0
	for dead := 1; dead <= 3; dead++ {
		for _, l := range listeners {
			l.reset()
		}
		during, stopSending := context.WithCancel(ctx)
		var acked []string
		var slowest time.Duration
		var sending sync.WaitGroup
		sending.Go(func() {
			for i := 0; during.Err() == nil; i++ {
				id := fmt.Sprintf("%d-%d", dead, i)
				began := time.Now()
				for name := range listeners {
					// Sent until a broker has acknowledged it.
					if err := office.Send(ctx, mqtt.Message{Topic: prefix + "d/" + name + "/cmd", Payload: []byte(id)}); err != nil {
						return
					}
				}
				slowest = max(slowest, time.Since(began))
				acked = append(acked, id)
				time.Sleep(50 * time.Millisecond)
			}
		})
		orders := 0
		sending.Go(func() { // to the real box
			for during.Err() == nil {
				out, err := w.tryLoactl("play", device, "--chime", "gong", "--as", commune+"-1", "--wait", "20s")
				if err == nil && strings.Contains(out, "1 of 1") {
					orders++
				}
			}
		})
		time.Sleep(4 * time.Second)
		for i := range dead {
			n.running[2-i].kill()
		}
		time.Sleep(10 * time.Second)
		for i := range dead {
			n.startNode(w, 2-i)
		}
		time.Sleep(20 * time.Second)
		stopSending()
		sending.Wait()
		total += orders

		var gap time.Duration
		twice := 0
		for name, l := range listeners {
			for deadline := time.Now().Add(90 * time.Second); ; time.Sleep(200 * time.Millisecond) {
				lost := l.missing(acked)
				if len(lost) == 0 {
					break
				}
				if time.Now().After(deadline) {
					t.Errorf("%d of %d nodes killed: %s has not got %d of %d acknowledged commands: %v", dead, 3, name, len(lost), len(acked), lost[:min(5, len(lost))])
					break
				}
			}
			gap = max(gap, l.reset())
			twice += l.twice()
		}
		if len(acked) == 0 || orders == 0 {
			t.Errorf("%d nodes killed: %d commands and %d orders were acknowledged", dead, len(acked), orders)
		}
		t.Logf("%d of 3 nodes killed for 10 s: %d commands to each of 3 boxes acknowledged and arrived, %d came twice until now, longest without one %v, slowest acknowledgement %v; %d orders to a real box",
			dead, len(acked), twice, gap.Round(100*time.Millisecond), slowest.Round(100*time.Millisecond), orders)
	}
	started := make(map[string]int)
	b.ledger("orders", total, func(e ledger.Entry) bool {
		act := e.Kind == "start" && strings.Contains(e.ID, "act")
		if act {
			started[e.ID+" "+fmt.Sprint(e.Seq)]++
		}
		return act
	})
	once := make(map[string]int)
	for key := range started {
		id, _, _ := strings.Cut(key, " ")
		if once[id]++; once[id] == 2 {
			t.Errorf("%s was played twice", id)
		}
	}
	t.Logf("the real box acknowledged %d orders and played %d, each once", total, len(once))
}
