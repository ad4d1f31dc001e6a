package notify

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"loa/agent/health"
	"loa/agent/message"
)

// Books are what a Notifier asks of an authority.
type Books interface {
	// Stands is the place of a box in service; ok is false for any other.
	Stands(device string) (place string, ok bool)
	// Key is the key with which a box signs; nil: it is not known.
	Key(device string) ed25519.PublicKey
	// Devices are the boxes in service.
	Devices() []string
	// Carried reports that a stick has brought reports of a box not long ago.
	Carried(device string, now time.Time) bool
	// Covers reports whether place is top or below it.
	Covers(place, top string) bool
}

// Opts are what a Notifier works with.
type Opts struct {
	Config Config
	State  string // the file in which it remembers
	Books  Books
	Send   func(context.Context, Message) error
	// Residents are the boxes that enough people complain of; nil: nobody asks them.
	Residents func(now time.Time) ([]Trouble, error)
	Log       *slog.Logger
}

// A Notifier watches the fleet's reports and tells people. Wire it by Observe.
type Notifier struct {
	o Opts

	mu    sync.Mutex
	since time.Time // when Run began
	boxes map[string]seen
}

// seen is the last that a box said.
type seen struct {
	stated bool
	online bool
	boot   string // the run of the agent that said so
	have   message.Have
	active []health.Active
}

// New makes a notifier.
func New(o Opts) *Notifier {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Notifier{o: o, boxes: make(map[string]seen)}
}

// Observe takes a report of a box. It never waits, and passes over anything else.
func (n *Notifier) Observe(topic string, payload []byte) {
	t, err := message.ParseTopic(topic)
	if err != nil || t.Device == "" {
		return
	}
	if _, ok := n.o.Books.Stands(t.Device); !ok {
		return // not ours: it would only take memory
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	b := n.boxes[t.Device]
	switch t.Leaf {
	case message.LeafState:
		s, err := message.DecodeReport[message.State](payload)
		if err != nil {
			return
		}
		if s.State == "lost" && b.boot != "" && s.Boot != b.boot {
			return // a will counts for the run that left it only
		}
		b.stated, b.online, b.boot = true, s.State == "online", s.Boot
	case message.LeafHave:
		key := n.o.Books.Key(t.Device)
		if key == nil {
			return
		}
		h, err := message.OpenReport[message.Have](message.ReportHave, payload, key)
		if err != nil || h.Device != t.Device {
			return
		}
		b.have = h
	case message.LeafHealth:
		h, err := message.DecodeReport[message.HealthReport](payload)
		if err != nil {
			return
		}
		b.active = h.Active
	default:
		return
	}
	n.boxes[t.Device] = b
}

// every is how often it looks; late is how long a broker has to show what it keeps.
const (
	every = time.Minute
	late  = 10 * time.Minute
)

// Run tells people until ctx ends.
func (n *Notifier) Run(ctx context.Context) error {
	m, err := n.recall()
	if err != nil {
		return err
	}
	n.mu.Lock()
	n.since = time.Now()
	n.mu.Unlock()
	m = m.forget(n.o.Config)
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			m = n.turn(ctx, m)
		}
	}
}

// turn looks once and tells what is due.
func (n *Notifier) turn(ctx context.Context, m Memory) Memory {
	now := time.Now()
	active, known := n.troubles(now)
	active, known = n.residents(active, known, now)
	m = m.clone()
	for key, k := range m.Known {
		if _, ok := n.o.Books.Stands(k.Device); !ok { // taken down or stolen: it has not recovered
			delete(m.Known, key)
		}
	}
	m = m.Look(active, known, now)
	n.keep(m)
	for _, msg := range Due(n.o.Config, m, once(n.o.Books.Covers), now) {
		if err := n.o.Send(ctx, msg); err != nil {
			if ctx.Err() != nil {
				return m
			}
			n.o.Log.Warn("notify: nobody was told", "person", msg.Person, "err", err)
			m = m.Failed(msg, now)
		} else {
			m = m.Sent(msg, now)
		}
		n.keep(m)
	}
	return m
}

// once asks the books once for each place: when a province is silent, that is every box.
func once(covers func(place, top string) bool) func(place, top string) bool {
	known := make(map[[2]string]bool)
	return func(place, top string) bool {
		yes, ok := known[[2]string{place, top}]
		if !ok {
			yes = covers(place, top)
			known[[2]string{place, top}] = yes
		}
		return yes
	}
}

// troubles is what is wrong now, and of what it is known whether it is wrong.
func (n *Notifier) troubles(now time.Time) (all []Trouble, known func(Trouble) bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	unknown, silent := make(map[string]bool), make(map[string]bool)
	for _, d := range n.o.Books.Devices() {
		place, _ := n.o.Books.Stands(d)
		b := n.boxes[d]
		if !b.stated && now.Sub(n.since) < late {
			unknown[d] = true // the broker may yet show it
			continue
		}
		if !b.stated && n.o.Books.Carried(d, now) {
			continue // no broker ever heard of it: sticks serve it
		}
		if !b.online || b.have.Overdue(now) {
			silent[d] = true
			all = append(all, Trouble{Device: d, Place: place, Code: Silent, What: Silent})
			continue // what it last said is no trouble of today
		}
		for _, c := range b.active[:min(len(b.active), maxTold)] {
			if c.Severity >= health.Warning {
				all = append(all, Trouble{Device: d, Place: place, Code: c.Code, What: c.Severity.String(), Detail: c.Detail})
			}
		}
	}
	for d := range n.boxes { // taken down: nothing of it is known
		if _, ok := n.o.Books.Stands(d); !ok {
			delete(n.boxes, d)
		}
	}
	return all, func(t Trouble) bool {
		return !unknown[t.Device] && (t.Code == Silent || !silent[t.Device])
	}
}

// residents adds what people say of boxes. They know it also of one that says nothing.
func (n *Notifier) residents(active []Trouble, known func(Trouble) bool, now time.Time) ([]Trouble, func(Trouble) bool) {
	if n.o.Residents == nil {
		return active, known
	}
	said, err := n.o.Residents(now)
	if err != nil {
		n.o.Log.Error("notify: what residents say cannot be read", "err", err)
	}
	return append(active, said...), func(t Trouble) bool {
		if strings.HasPrefix(t.Code, OfResidents) {
			return err == nil
		}
		return known(t)
	}
}

// OfResidents begins the codes of what residents say.
const OfResidents = "residents/"

// maxTold is how many conditions of one box are looked at; the worst come first.
const maxTold = 32

func (n *Notifier) recall() (m Memory, err error) {
	data, err := os.ReadFile(n.o.State)
	if errors.Is(err, fs.ErrNotExist) {
		return m.clone(), nil
	}
	if err == nil {
		err = json.Unmarshal(data, &m)
	}
	if err != nil {
		return m, fmt.Errorf("notify: cannot remember who was told: %w", err)
	}
	return m.clone(), nil
}

// keep writes the memory, whole or not at all.
func (n *Notifier) keep(m Memory) {
	data, err := json.MarshalIndent(m, "", " ")
	if err == nil {
		err = write(n.o.State, data)
	}
	if err != nil {
		n.o.Log.Error("notify: who was told is not written down", "err", err)
	}
}

func write(name string, data []byte) error {
	if old, err := os.ReadFile(name); err == nil && string(old) == string(data) {
		return nil
	}
	f, err := os.CreateTemp(filepath.Dir(name), ".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}
