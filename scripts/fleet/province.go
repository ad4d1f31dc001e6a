package main

import (
	"crypto/ed25519"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"loa/agent/plan"
	"loa/scripts/authority"
)

// province is the place above all others; who speaks for it takes two.
const province = "74"

var signers = []string{"an", "binh"}

// Names of programs at the broker.
const (
	tool       = "loactl"
	dispatcher = "dispatcher"
)

// perCommune is how many boxes stand in a commune.
const perCommune = 50

// A Province is an authority with a tree of places and boxes in them.
type Province struct {
	*authority.Authority
	Secret string // file with the passphrase of all its people
	CA     *x509.CertPool
	root   []byte
	handed map[string]identity // by box; complete before anything runs
}

// found makes a throw-away authority below dir, with communes for so many boxes,
// reached under hosts.
func found(dir string, boxes int, hosts ...string) (*Province, error) {
	p := &Province{Secret: filepath.Join(dir, "passphrase"), handed: map[string]identity{}}
	if err := errors.Join(os.MkdirAll(dir, 0o700), os.WriteFile(p.Secret, []byte("chỉ để đo\n"), 0o600)); err != nil {
		return nil, err
	}
	var err error
	p.Authority, err = authority.New(filepath.Join(dir, "authority"), authority.Setup{Name: "Tỉnh mô phỏng", ThrowAway: true},
		authority.Opts{Secret: func(string) ([]byte, error) { return []byte("chỉ để đo"), nil }})
	if err != nil {
		return nil, err
	}
	err = errors.Join(
		p.AddPerson(signers[0]), p.AddPerson(signers[1]), p.AddOnline(dispatcher),
		p.AddPlace(province, authority.Place{Name: "Tỉnh mô phỏng", Width: 1}))
	for i := 0; i*perCommune < boxes; i++ {
		err = errors.Join(err, p.AddPlace(commune(i*perCommune), authority.Place{Name: fmt.Sprintf("Xã %d", i+1), Parent: province}))
	}
	for _, person := range signers {
		err = errors.Join(err, p.AddGrant(authority.Grant{
			Person: person, Place: province, Office: province,
			Kinds: []plan.Kind{plan.KindBulletin, plan.KindSchedule, plan.KindPolicy, plan.KindAlert, plan.KindPlay, plan.KindStop,
				plan.GrantAssign, plan.GrantSettings},
			Classes: []plan.Class{plan.Emergency, plan.PriorityC, plan.Normal, plan.Filler},
		}))
	}
	err = errors.Join(err,
		p.AddGrant(authority.Grant{Person: dispatcher, Place: province, Kinds: []plan.Kind{plan.KindBeat, plan.GrantService}}),
		p.IssueClient(tool), p.IssueClient(dispatcher), p.WriteRevocations())
	if err != nil {
		return nil, err
	}
	list, err := p.IssueList(plan.RootPlace)
	if err != nil {
		return nil, err
	}
	if len(hosts) == 0 {
		hosts = []string{"localhost", "127.0.0.1"}
	}
	if _, _, err = p.IssueServer(hosts); err != nil {
		return nil, err
	}
	if p.root, err = p.RootFile(); err != nil {
		return nil, err
	}
	ca, err := p.CACert()
	if err != nil {
		return nil, err
	}
	p.CA = x509.NewCertPool()
	p.CA.AppendCertsFromPEM(ca)
	return p, errors.Join(p.Keep(list), p.awake())
}

// awake is a policy without quiet hours: who measures does not wait for the morning.
func (p *Province) awake() error {
	from := time.Now().UTC().Truncate(time.Second)
	policy := &plan.Policy{
		Validity: plan.Validity{ValidFrom: from.Add(-time.Minute), ValidUntil: from.Add(30 * 24 * time.Hour)},
		Zone:     "+07:00", QuietHours: []plan.Span{},
	}
	policy.Place, policy.ID = province, "awake"
	is, err := p.Sign(policy, signers...)
	if err != nil {
		return err
	}
	return p.Keep(is)
}

// commune is where box i stands; name is its name.
func commune(i int) string { return fmt.Sprintf("c%04d", i/perCommune) }
func name(i int) string    { return fmt.Sprintf("d-%05d", i) }

// An identity is what a box is handed, and its want.
type identity struct {
	name string
	key  ed25519.PrivateKey
	tls  *tls.Config
	want authority.Issued
}

// identity is what box i is handed. It is made once and kept in memory, with its want:
// a thousand boxes in the books would be rewritten for each.
func (p *Province) identity(i int) (identity, error) {
	dev := name(i)
	if id, ok := p.handed[dev]; ok {
		return id, nil
	}
	pair, err := p.PassingBox(dev)
	if err != nil {
		return identity{}, err
	}
	key, ok := pair.PrivateKey.(ed25519.PrivateKey)
	if !ok {
		return identity{}, fmt.Errorf("%s: the key is a %T", dev, pair.PrivateKey)
	}
	w := plan.Want{OwnPlace: commune(i), Settings: &plan.Settings{Commissioned: true}}
	w.Device = dev
	id := identity{name: dev, key: key, tls: p.shown(pair)}
	if id.want, err = p.Assign(w, signers...); err != nil {
		return identity{}, err
	}
	p.handed[dev] = id
	return id, nil
}

// book takes boxes into the authority's books all at once, as loactl box import does:
// loactl then knows whose answers it waits for.
func (p *Province) book(boxes int) error {
	all, wants := map[string]authority.Box{}, map[string]authority.Issued{}
	for i := range boxes { // before: a thousand boxes in the books are read for each
		w := plan.Want{OwnPlace: commune(i), Settings: &plan.Settings{Commissioned: true}}
		w.Device = name(i)
		want, err := p.Assign(w, signers...)
		if err != nil {
			return err
		}
		all[w.Device], wants[w.Device] = authority.Box{Place: commune(i), Board: kind}, want
	}
	if err := p.AddBoxes(all); err != nil {
		return err
	}
	for device, want := range wants {
		if err := p.hand(device, want); err != nil {
			return err
		}
	}
	return nil
}

// hand takes what a box in the books is handed from its directory.
func (p *Province) hand(device string, want authority.Issued) error {
	etc := filepath.Join(p.BoxDir(device), "etc", "loa")
	pair, err := tls.LoadX509KeyPair(filepath.Join(etc, "box.pem"), filepath.Join(etc, "box.key"))
	if err != nil {
		return err
	}
	key, ok := pair.PrivateKey.(ed25519.PrivateKey)
	if !ok {
		return fmt.Errorf("%s: the key is a %T", device, pair.PrivateKey)
	}
	p.handed[device] = identity{name: device, key: key, tls: p.shown(pair), want: want}
	return nil
}

// key is by what a box's reports are known, nil for none of ours.
func (p *Province) key(device string) ed25519.PublicKey {
	if id, ok := p.handed[device]; ok {
		return id.key.Public().(ed25519.PublicKey)
	}
	return nil
}

// all is what a broker has to have: what was issued, and where each box belongs.
func (p *Province) all() ([]authority.Issued, error) {
	all, err := p.Issued()
	for _, id := range p.handed {
		all = append(all, id.want)
	}
	return all, err
}

// passing is a certificate for a light client that is registered nowhere.
func (p *Province) passing(name string) (*tls.Config, error) {
	pair, err := p.PassingBox(name)
	return p.shown(pair), err
}

// shown is how a client shows a certificate, and by what it knows the broker.
func (p *Province) shown(pair tls.Certificate) *tls.Config {
	return &tls.Config{RootCAs: p.CA, Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
}
