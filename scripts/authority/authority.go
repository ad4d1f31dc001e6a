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
//	tokens.json      who may ask loactl serve over HTTP, without the secrets
//	notify.toml      who is told of faults; notify.json: what each has been told
package authority

import (
	"crypto/ed25519"
	"encoding/base64"
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

// AddPerson makes a key for a person and seals it.
func (a *Authority) AddPerson(name string) error { return a.addPerson(name, false) }

// AddOnline makes an unsealed key for a program, which may be granted beat and
// service and nothing else.
func (a *Authority) AddOnline(name string) error { return a.addPerson(name, true) }

func (a *Authority) addPerson(name string, online bool) error {
	if !plan.ValidID(name) {
		return fail("bad-name", nil, name)
	}
	if _, ok := a.read().People[name]; ok {
		return fail("person-exists", nil, name)
	}
	pub, priv, err := newKey()
	if err != nil {
		return err
	}
	if online {
		err = durable.Write(a.onlineFile(name), []byte(base64.StdEncoding.EncodeToString(priv.Seed())+"\n"))
	} else {
		var pass, data []byte
		if pass, err = a.secret(name); err != nil {
			return err
		}
		if data, err = seal(name, pub, priv.Seed(), pass, a.cost()); err == nil {
			err = durable.Write(a.personFile(name), data)
		}
	}
	if err != nil {
		return fail("keep-key", err, name)
	}
	a.mu.Lock()
	a.keys[name] = priv
	a.mu.Unlock()
	return a.change(func(s *state) error {
		if _, ok := s.People[name]; ok {
			return fail("person-exists", nil, name)
		}
		s.People[name] = Person{Key: base64.StdEncoding.EncodeToString(pub), Online: online}
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

// AddGrant lets a person speak. The issuer's list has to be issued again
// afterwards. Zero times are from now on for 90 days.
func (a *Authority) AddGrant(g Grant) error {
	now := a.o.Now().Truncate(time.Second)
	if g.Issuer == "" {
		g.Issuer = plan.RootPlace
	}
	if g.NotBefore.IsZero() {
		g.NotBefore = now
	}
	if g.NotAfter.IsZero() {
		g.NotAfter = g.NotBefore.Add(grantLife)
	}
	if g.Classes == nil {
		g.Classes = []plan.Class{}
	}
	return a.change(func(s *state) error {
		p, ok := s.People[g.Person]
		if !ok {
			return fail("no-person", nil, g.Person)
		}
		if p, ok := s.placesAt(now)[g.Place]; !ok || p.Into != "" {
			return fail("no-place", nil, g.Place)
		}
		for _, k := range g.Kinds {
			if (k == plan.KindBeat || k == plan.GrantService) != p.Online {
				return fail("online", nil, g.Person, k)
			}
		}
		s.Grants = append(s.Grants, g)
		return nil
	})
}

// grantLife is the longest that a grant to speak may last.
const grantLife = 90 * 24 * time.Hour

// Revoke takes everything from a person that an issuer's list gives, or with an
// empty place from all lists. It reports whether there was anything.
func (a *Authority) Revoke(person, place string) (bool, error) {
	found := false
	err := a.change(func(s *state) error {
		s.Grants = slices.DeleteFunc(s.Grants, func(g Grant) bool {
			gone := g.Person == person && (place == "" || g.Place == place)
			found = found || gone
			return gone
		})
		return nil
	})
	return found, err
}

// Renew gives every grant of an issuer that is past half its life a successor
// that begins now. The old one stays: documents were signed under it, and what
// is absent from a list is revoked with all it granted.
func (a *Authority) Renew(issuer string) (renewed int, err error) {
	now := a.o.Now().Truncate(time.Second)
	err = a.change(func(s *state) error {
		s.Grants = slices.DeleteFunc(s.Grants, func(g Grant) bool { return now.After(g.NotAfter.Add(plan.ExpiredKept)) })
		for i, g := range s.Grants {
			life := g.NotAfter.Sub(g.NotBefore)
			if g.Issuer != issuer || g.NotAfter.Sub(now) > life/2 {
				continue
			}
			if slices.ContainsFunc(s.Grants[i+1:], func(o Grant) bool {
				return o.Person == g.Person && o.Place == g.Place && o.Issuer == g.Issuer && slices.Equal(o.Kinds, g.Kinds)
			}) {
				continue // it has a successor
			}
			g.NotBefore, g.NotAfter = now, now.Add(life)
			s.Grants = append(s.Grants, g)
			renewed++
		}
		return nil
	})
	return renewed, err
}

// read is the state as it is now, whoever wrote it.
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

func (a *Authority) personFile(name string) string {
	return filepath.Join(a.dir, "people", name+".key")
}

func (a *Authority) onlineFile(name string) string {
	return filepath.Join(a.dir, "online", name+".key")
}

func (a *Authority) secret(name string) ([]byte, error) {
	if a.o.Secret == nil {
		return nil, fail("no-passphrase", nil, name)
	}
	pass, err := a.o.Secret(name)
	if err != nil {
		return nil, fail("no-passphrase", err, name)
	}
	if len(pass) == 0 {
		return nil, fail("no-phrase-typed", nil, name)
	}
	return pass, nil
}

// key unseals a person's key, once.
func (a *Authority) key(name string) (ed25519.PrivateKey, error) {
	p, ok := a.read().People[name]
	if !ok {
		return nil, fail("no-person", nil, name)
	}
	a.mu.Lock()
	k, ok := a.keys[name]
	a.mu.Unlock()
	if ok {
		return k, nil
	}
	seed, err := a.seed(name, p.Online)
	if err != nil {
		return nil, err
	}
	if len(seed) != ed25519.SeedSize {
		return nil, fail("key-damaged", nil, name)
	}
	k = ed25519.NewKeyFromSeed(seed)
	if base64.StdEncoding.EncodeToString(k.Public().(ed25519.PublicKey)) != p.Key {
		return nil, fail("key-unknown", nil, name)
	}
	a.mu.Lock()
	a.keys[name] = k
	a.mu.Unlock()
	return k, nil
}

func (a *Authority) seed(name string, online bool) ([]byte, error) {
	if online {
		data, err := os.ReadFile(a.onlineFile(name))
		if err != nil {
			return nil, fail("key", err, name)
		}
		return base64.StdEncoding.DecodeString(string(trimLine(data)))
	}
	data, err := a.SealedKey(name)
	if err != nil {
		return nil, err
	}
	pass, err := a.secret(name)
	if err != nil {
		return nil, err
	}
	return unseal(name, data, pass)
}
