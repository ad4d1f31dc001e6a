// Package authority is the sender's side of trust, kept in a directory: people
// and their keys, places, grants, boxes, and what has been issued.
//
//	authority.json   names, places, grants, boxes, versions issued
//	people/NAME.key  a person's Ed25519 key under that person's passphrase
//	online/NAME.key  the dispatcher's key, unsealed: it can say nothing but the time
//	tls/             the CA of the connections, the issuer that renews, certificates
//	boxes/NAME/      what a new box is handed: its key, certificates, root
//	claims/BATCH/    what the image of boxes has that make their own keys
//	enrol/           boxes that wait for a name, and the certificates that went out
//	bridges/PLACE/   what the broker of a province needs that has its own
//	mosquitto/       the access list and configuration of the centre's broker
//	carried/NAME/    what a box without a network last said of itself, by stick
//	issued/TOPIC     the newest envelope of every topic that is kept
//	history/TOPIC/VERSION.json  every envelope that ever counted, also orders
//	pending/         documents that lack a second signature
//	media/SHA256     audio
//	ledger/NAME/     what boxes have played, as they signed it
//	index.db         what loactl serve finds things by; may be deleted
//	requests/        what residents report, with pictures and voices; loactl serve --web
//	web.toml         where the public finds those pages
//	tokens.json      who may ask loactl serve over HTTP, without the secrets
//	channels.toml    where else is said what boxes say; channels/ what was
//	push/            readers of the residents' pages who want to be told
//	polls/           what people are asked, and what they answered
//	open311.toml     to whom residents' reports go on; open311.json those that did
//	exchange.toml    how the province's source system calls things; exchange.json what it has
//	notify.toml      who is told of faults; notify.json: what each has been told
package authority

import (
	"crypto/ed25519"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"loa/agent/plan"
	"loa/scripts/authority/durable"
	"loa/scripts/authority/places"
)

// A Secret gives the passphrase of a person's key file.
type Secret func(person string) ([]byte, error)

// Opts are what an authority needs from outside.
type Opts struct {
	Secret Secret
	Keys   string           // a folder besides people/ where sealed keys lie, such as a stick; "": none
	Now    func() time.Time // nil: time.Now
}

// An Authority is a directory. Its methods may be called from any goroutine.
type Authority struct {
	dir string
	o   Opts

	mu   sync.Mutex
	s    state
	seen time.Time                     // when the state that was read last was written
	keys map[string]ed25519.PrivateKey // unsealed so far

	places   places.Book // of the state that was written at placesOf
	placesOf time.Time
}

// A Setup is what a new authority begins with.
type Setup struct {
	Name      string   // of who runs it
	Holders   []string // of the root; none: root-1 … root-5
	Threshold int      // 0: 3
	ThrowAway bool     // for a demonstration: key files cost nothing to open, because the passphrase lies beside them
}

// rootLife is how long a root stands before boxes warn that it should be renewed.
const rootLife = 10 * 365 * 24 * time.Hour

// New makes an authority in dir, which must not hold one, and signs its first
// root. Grants and places come afterwards.
func New(dir string, setup Setup, o Opts) (*Authority, error) {
	if _, err := os.Stat(filepath.Join(dir, stateFile)); err == nil {
		return nil, fail("exists", nil, dir)
	}
	if len(setup.Holders) == 0 {
		setup.Holders = []string{"root-1", "root-2", "root-3", "root-4", "root-5"}
	}
	if setup.Threshold == 0 {
		setup.Threshold = 3
	}
	if setup.Threshold < 1 || setup.Threshold > len(setup.Holders) {
		return nil, fail("threshold", nil, setup.Threshold, len(setup.Holders))
	}
	a := open(dir, o)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	s := state{
		Name: setup.Name, ThrowAway: setup.ThrowAway,
		Root:   rootState{Threshold: setup.Threshold, Holders: setup.Holders},
		People: map[string]Person{}, Places: map[string]Place{}, Boxes: map[string]Box{}, Issued: map[string]time.Time{},
		Quorum: []plan.QuorumRule{
			{Kind: plan.KindAlert, Width: 1, Holders: 2},
			{Kind: plan.KindBulletin, Class: plan.Emergency, Width: 1, Holders: 2},
			{Kind: plan.KindPlay, Class: plan.Emergency, Width: 1, Holders: 2},
			{Kind: plan.GrantDelegate, Holders: 2},
			{Kind: plan.GrantAssign, Holders: 2},
			{Kind: plan.GrantFirmware, Holders: 2},
		},
	}
	if err := a.first(s); err != nil {
		return nil, err
	}
	for _, h := range setup.Holders {
		if err := a.AddPerson(h); err != nil {
			return nil, err
		}
	}
	if err := a.newCA(); err != nil {
		return nil, err
	}
	if err := a.NewIssuer(0); err != nil {
		return nil, err
	}
	return a, a.issueRoot()
}

// Open opens the authority in dir.
func Open(dir string, o Opts) (*Authority, error) {
	s, err := readState(dir)
	if err != nil {
		return nil, err
	}
	a := open(dir, o)
	a.s = s
	return a, nil
}

func open(dir string, o Opts) *Authority {
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Authority{dir: dir, o: o, keys: make(map[string]ed25519.PrivateKey)}
}

// Dir is where the authority lives.
func (a *Authority) Dir() string { return a.dir }

// MediaDir is the folder of the media server.
func (a *Authority) MediaDir() string { return filepath.Join(a.dir, "media") }

// Name is the name of who runs the authority.
func (a *Authority) Name() string { return a.read().Name }

// Places are the places that there are, by code, as they are called now; and those
// that have ended while a box has not been told so.
func (a *Authority) Places() map[string]Place {
	s := a.read()
	return s.placesAt(a.o.Now())
}

// People are the holders of keys, by name.
func (a *Authority) People() map[string]Person { return a.read().People }

// Boxes are the devices taken in and not revoked, by name.
func (a *Authority) Boxes() map[string]Box {
	s := a.read()
	boxes := maps.Clone(s.Boxes)
	maps.DeleteFunc(boxes, func(_ string, b Box) bool { _, revoked := s.Revoked[b.Key]; return revoked })
	return boxes
}

// EveryBox is also those that were revoked: their ledgers are still read.
func (a *Authority) EveryBox() map[string]Box { return a.read().Boxes }

// Grants are what people may say, where there still are the places.
func (a *Authority) Grants() []Grant {
	s := a.read()
	return s.grantsAt(a.o.Now())
}

// Brokers and Media are the addresses that boxes and tools are given.
func (a *Authority) Brokers() []string { return a.read().Brokers }

// Media are the base URLs of the media servers.
func (a *Authority) Media() []string { return a.read().Media }

// Root says who holds the root and how many of them must sign.
func (a *Authority) Root() (holders []string, threshold int) {
	r := a.read().Root
	return r.Holders, r.Threshold
}

// SetAddresses says where broker and media servers are reached. Boxes learn the
// media servers with their next want.
func (a *Authority) SetAddresses(brokers, media []string) error {
	return a.change(func(s *state) error {
		s.Brokers, s.Media = brokers, media
		return nil
	})
}

// AddPlace registers a place. Its list has to be issued again afterwards.
func (a *Authority) AddPlace(code string, p Place) error {
	if !plan.ValidID(code) || code == plan.RootPlace || code == plan.ClockPlace {
		return fail("bad-name", nil, code)
	}
	if p.Issuer == "" {
		p.Issuer = plan.RootPlace
	}
	now := a.o.Now()
	return a.change(func(s *state) error {
		if f, ok := s.placesAt(now)[p.Parent]; p.Parent != "" && (!ok || f.Into != "") {
			return fail("no-parent", nil, code, p.Parent)
		}
		old, ok := s.Places[code]
		if !ok {
			s.Places[code] = p
			return s.sound()
		}
		f, _ := s.book().At(code, now)
		if f.Into == "" && f.Name == p.Name && f.Parent == p.Parent && f.Width == p.Width {
			return nil // a list that too few have signed is signed again
		}
		old.Changes = append(slices.Clone(old.Changes), places.Fact{On: now.Truncate(time.Second), Name: p.Name, Parent: p.Parent, Width: p.Width})
		s.Places[code] = old
		return s.sound()
	})
}

// Registered says why a place cannot be spoken to now: there is none, it begins later,
// or it has ended and is not kept as a group.
func (a *Authority) Registered(place string) error {
	if f, ok := a.known().At(place, a.o.Now()); ok && f.Keep {
		return nil
	}
	return a.read().standing(place, a.o.Now(), a.o.Now())
}

func (a *Authority) read() state {
	a.mu.Lock()
	defer a.mu.Unlock()
	info, err := os.Stat(filepath.Join(a.dir, stateFile))
	if err == nil && !info.ModTime().Equal(a.seen) {
		// Another program changed it: a dispatcher runs for months while boxes are
		// added. A state that cannot be read now leaves the one that is known.
		if s, err := readState(a.dir); err == nil {
			a.s, a.seen = s, info.ModTime()
		}
	}
	return a.s
}

// first writes the state of a new authority.
func (a *Authority) first(s state) error {
	a.s = s
	data, err := encodeState(s)
	if err != nil {
		return err
	}
	return durable.Write(filepath.Join(a.dir, stateFile), data)
}

func (a *Authority) cost() cost {
	if a.read().ThrowAway {
		return cheap
	}
	return dear
}
