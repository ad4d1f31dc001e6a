package notify

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"loa/agent/clock"
	"loa/agent/health"
	"loa/agent/message"
)

// shelf is the books of some boxes.
type shelf map[string]string

func (s shelf) Stands(d string) (string, bool) { p, ok := s[d]; return p, ok }
func (s shelf) Covers(place, top string) bool  { return covers(place, top) }
func (s shelf) Carried(d string, now time.Time) bool {
	return d == "by-stick" && now.Before(stickEnds)
}
func (s shelf) Key(d string) ed25519.PublicKey { return keyOf(d).Public().(ed25519.PublicKey) }

// keyOf is a box's key.
func keyOf(d string) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte(d))
	return ed25519.NewKeyFromSeed(seed[:])
}

func (s shelf) Devices() (all []string) {
	for d := range s {
		all = append(all, d)
	}
	slices.Sort(all)
	return all
}

// A reader gets messages.
type reader struct {
	mu   sync.Mutex
	down bool
	got  []string
}

func (r *reader) send(_ context.Context, m Message) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.down {
		return errors.New("down")
	}
	for _, k := range m.Troubles {
		r.got = append(r.got, "+"+k.key())
	}
	for _, k := range m.Recovered {
		r.got = append(r.got, "-"+k.key())
	}
	return nil
}

func (r *reader) heard(t *testing.T, want ...string) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if !slices.Equal(r.got, want) {
		t.Errorf("told %v, want %v", r.got, want)
	}
	r.got = nil
}

func TestANotifierThatIsRestarted(t *testing.T) {
	c := parse(t, settings)
	c.People = c.People[1:]
	c.People[0].Places = []string{"74"}
	file := filepath.Join(t.TempDir(), "notify.json")
	synctest.Test(t, func(t *testing.T) {
		var r reader
		books := shelf{"d-1": "26734", "d-2": "26734", "d-3": "26737"}
		sink, _ := health.Lookup("sink-lost")
		var n *Notifier
		start := func() (stop func()) {
			n = New(Opts{Config: c, State: file, Books: books, Send: r.send})
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error)
			go func() { done <- n.Run(ctx) }()
			return func() {
				cancel()
				if err := <-done; err != nil {
					t.Error(err)
				}
			}
		}
		state := func(d, s string) {
			n.Observe(message.Prefix+"d/"+d+"/state", message.EncodeReport(message.State{State: s}))
		}
		ill := func(d string, what ...health.Active) {
			n.Observe(message.Prefix+"d/"+d+"/health", message.EncodeReport(message.HealthReport{Active: what}))
		}

		stop := start()
		state("d-1", "online")
		state("d-2", "online")
		state("stranger", "lost")
		ill("d-1", health.Active{Condition: sink, Detail: "gone"})
		time.Sleep(2 * time.Hour)
		r.heard(t, "+d-1/sink-lost", "+d-3/silent") // nobody has ever heard of d-3
		stop()

		stop = start() // nothing is repeated, nothing is over before anything is known
		time.Sleep(5 * time.Minute)
		state("d-1", "online")
		ill("d-1", health.Active{Condition: sink, Detail: "gone"})
		state("d-2", "online")
		time.Sleep(3 * time.Hour)
		r.heard(t)
		state("d-1", "lost") // its sound card is not mended by that
		time.Sleep(2 * time.Hour)
		r.heard(t, "+d-1/silent")
		stop()

		stop = start()
		state("d-1", "online")
		ill("d-1")
		state("d-2", "online")
		state("d-3", "online")
		r.mu.Lock()
		r.down = true
		r.mu.Unlock()
		time.Sleep(3 * time.Hour)
		stop()
		stop = start() // what could not be sent is not forgotten
		for _, d := range books.Devices() {
			state(d, "online")
		}
		r.mu.Lock()
		r.down = false
		r.mu.Unlock()
		time.Sleep(2 * time.Hour)
		if slices.Sort(r.got); true {
			r.heard(t, "-d-1/silent", "-d-1/sink-lost", "-d-3/silent")
		}
		time.Sleep(50 * time.Hour)
		r.heard(t)
		stop()
	})
}

// stickEnds is how long a stick's reports count; a bubble of synctest begins in 2000.
var stickEnds = time.Date(2000, 1, 3, 0, 0, 0, 0, time.UTC)

// Of a box that only sticks serve nobody is told, until no stick has come for long; one
// that had a link is missed all the same.
func TestABoxThatSticksServe(t *testing.T) {
	c := parse(t, settings)
	c.People = c.People[1:]
	c.People[0].Places = []string{"74"}
	for state, at := range map[string]time.Duration{"": 48 * time.Hour, "lost": 0} {
		synctest.Test(t, func(t *testing.T) {
			var r reader
			n := New(Opts{Config: c, State: filepath.Join(t.TempDir(), "notify.json"), Books: shelf{"by-stick": "26734"}, Send: r.send})
			if state != "" {
				n.Observe(message.Prefix+"d/by-stick/state", message.EncodeReport(message.State{State: state}))
			}
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error)
			go func() { done <- n.Run(ctx) }()
			time.Sleep(at)
			r.heard(t)
			time.Sleep(3 * time.Hour)
			r.heard(t, "+by-stick/silent")
			cancel()
			if err := <-done; err != nil {
				t.Error(err)
			}
		})
	}
}

// What boxes send is bounded, whatever it is.
func TestObserveTakesAnything(t *testing.T) {
	n := New(Opts{Config: parse(t, settings), Books: shelf{"d-1": "26734"}})
	for _, topic := range []string{"", "x", message.Prefix + "d/d-1/state", message.Prefix + "d/d-1/health", message.Prefix + "p/26734/act"} {
		for _, payload := range []string{"", "{", `{"state":5}`, `{"active":[{"Severity":"odd"}]}`} {
			n.Observe(topic, []byte(payload))
		}
	}
	for i := range 1000 {
		n.Observe(fmt.Sprintf("%sd/x-%d/state", message.Prefix, i), message.EncodeReport(message.State{State: "lost"}))
	}
	if len(n.boxes) > 1 {
		t.Errorf("it remembers %d boxes", len(n.boxes))
	}
}

// counted are books that count how often they are asked what is below what.
type counted struct {
	shelf
	asked *int
}

func (c counted) Covers(place, top string) bool { *c.asked++; return covers(place, top) }

// When a province is silent the books are asked for each place, not for each box; and
// what was wrong with a box that is taken down has not recovered.
func TestASilentProvince(t *testing.T) {
	c := parse(t, settings)
	c.People = c.People[1:]
	c.People[0].Places = []string{"74"}
	synctest.Test(t, func(t *testing.T) {
		var r reader
		asked, books := 0, shelf{}
		for i := range 500 {
			books[fmt.Sprint("d-", i)] = "26734"
		}
		n := New(Opts{Config: c, State: filepath.Join(t.TempDir(), "notify.json"), Books: counted{books, &asked}, Send: r.send})
		n.since = time.Now()
		m := Memory{}
		look := func(after time.Duration) {
			time.Sleep(after)
			m = n.turn(t.Context(), m)
		}
		look(late)
		look(2 * time.Hour)
		if asked == 0 || asked > 20 || len(r.got) != 500 {
			t.Errorf("asked %d times, told of %d", asked, len(r.got))
		}
		r.got = nil
		delete(books, "d-7")
		look(time.Hour)
		look(time.Hour)
		if slices.Contains(r.got, "-d-7/silent") {
			t.Error("a box that is taken down has recovered")
		}
	})
}

// The will of a run that is over does not make a box silent that is there again.
func TestAnOldWill(t *testing.T) {
	n := New(Opts{Config: parse(t, settings), Books: shelf{"d-1": "26734"}})
	say := func(state, boot string) {
		raw, err := json.Marshal(message.State{State: state, Boot: boot})
		if err != nil {
			t.Fatal(err)
		}
		n.Observe(message.DeviceTopic("d-1", message.LeafState).String(), raw)
	}
	say("online", "b")
	say("lost", "a")
	if !n.boxes["d-1"].online {
		t.Error("it is taken for silent")
	}
	say("lost", "b")
	if n.boxes["d-1"].online {
		t.Error("it is taken for there")
	}
}

// A box that died while no broker was there is still online to every broker. It is silent
// when it has said nothing for longer than a box ever does; unless it does not know the
// time, or somebody else says that it speaks.
func TestOnlineAndDead(t *testing.T) {
	for _, c := range []struct {
		name   string
		signs  string
		clock  clock.Level
		ago    time.Duration
		silent bool
	}{
		{"it spoke today", "d-1", clock.NTP, message.HaveEvery, false},
		{"it has not", "d-1", clock.Signed, message.HaveEvery + 61*time.Minute, true},
		{"it cannot tell", "d-1", clock.Floor, 1000 * time.Hour, false},
		{"a forged one, long ago", "d-2", clock.Signed, 1000 * time.Hour, false},
	} {
		n := New(Opts{Config: parse(t, settings), Books: shelf{"d-1": "26734"}})
		now := time.Now()
		state, err := json.Marshal(message.State{State: "online", Boot: "a"})
		if err != nil {
			t.Fatal(err)
		}
		n.Observe(message.DeviceTopic("d-1", message.LeafState).String(), state)
		n.Observe(message.DeviceTopic("d-1", message.LeafHave).String(), message.SealHave(message.Have{Device: "d-1", At: now.Add(-c.ago), Clock: c.clock}, keyOf(c.signs)))
		all, _ := n.troubles(now)
		if silent := len(all) == 1 && all[0].Code == Silent; silent != c.silent || len(all) > 1 {
			t.Errorf("%s: %v", c.name, all)
		}
	}
}
