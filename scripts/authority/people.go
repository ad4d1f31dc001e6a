package authority

import (
	"crypto/ed25519"
	"encoding/base64"
	"os"
	"path/filepath"

	"loa/agent/plan"
	"loa/scripts/authority/durable"
)

// AddPerson makes a key for a person and seals it.
func (a *Authority) AddPerson(name string) error { return a.addPerson(name, false) }

// AddOnline makes an unsealed key for a program, which may be granted beat and
// service and nothing else.
func (a *Authority) AddOnline(name string) error { return a.addPerson(name, true) }

// AddHolder enters a person whose private key is nowhere here: in a browser, or on a
// token. Nobody else's key is taken, since two people with one are one.
func (a *Authority) AddHolder(name, key string) error {
	if !plan.ValidID(name) {
		return fail("bad-name", nil, name)
	}
	if _, err := plan.ParseKey(key); err != nil {
		return fail("bad-key", err, name)
	}
	return a.change(func(s *state) error {
		for other, p := range s.People {
			switch {
			case other == name && p.Key != key:
				return fail("person-exists", nil, name)
			case other != name && p.Key == key:
				return fail("key-taken", nil, other)
			}
		}
		if _, ok := s.People[name]; !ok {
			s.People[name] = Person{Key: key}
		}
		return nil
	})
}

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
