package authority

import (
	"encoding/base64"
	"errors"
	"os"
	"path/filepath"
	"time"

	"loa/agent/plan"
	"loa/scripts/authority/pki"
)

// AddPlaces registers places, all or none of them. Without an issuer a place is in the
// list of the nearest place above it whose people keep one, or in the root's.
func (a *Authority) AddPlaces(add map[string]Place) error {
	return a.change(func(s *state) error { return s.addPlaces(add, a.o.Now()) })
}

// TryPlaces says why AddPlaces would fail, or boxes would not take the lists.
func (a *Authority) TryPlaces(add map[string]Place) error {
	s, now := a.read(), a.o.Now()
	all := make(map[string]Place, len(s.Places)+len(add))
	for code, p := range s.Places {
		all[code] = p
	}
	s.Places = all
	if err := s.addPlaces(add, now); err != nil {
		return err
	}
	for _, issuer := range s.issuers(now) {
		if err := fits(s.list(issuer, now)); err != nil {
			return err
		}
	}
	return nil
}

func (s *state) addPlaces(add map[string]Place, now time.Time) error {
	for code, p := range add {
		s.Places[code] = p
	}
	b, kept := s.book(), s.registries(now)
	for code, p := range add {
		if p.Issuer != "" {
			continue
		}
		p.Issuer = plan.RootPlace
		for _, up := range b.Above(code, latest(p.From, now)) {
			if len(kept[up]) >= 2 {
				p.Issuer = up
				break
			}
		}
		s.Places[code] = p
	}
	return s.sound()
}

func latest(x, y time.Time) time.Time {
	if x.After(y) {
		return x
	}
	return y
}

// AddBoxes is AddBox for many. All are taken in, or none.
func (a *Authority) AddBoxes(boxes map[string]Box) (err error) {
	for device, b := range boxes {
		if err := a.MayAdd(device, b); err != nil {
			return err
		}
	}
	ca, err := a.ca()
	if err != nil {
		return err
	}
	root, err := a.RootFile()
	if err != nil {
		return err
	}
	home := filepath.Dir(a.BoxDir("x"))
	if err := os.MkdirAll(home, 0o700); err != nil {
		return err
	}
	fresh, err := os.MkdirTemp(home, ".new-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(fresh)
	added, now, brokers := make(map[string]Box, len(boxes)), a.o.Now().UTC(), a.read().Brokers
	for device, b := range boxes {
		pub, priv, err := newKey()
		if err != nil {
			return err
		}
		cert, key, err := a.boxPair(ca, device, pub, priv)
		if err != nil {
			return err
		}
		serial, err := pki.Serial(cert)
		if err != nil {
			return fail("no-serial", err, device)
		}
		for name, data := range filesOf(device, b.Board, brokers, root, ca.CertPEM(), cert, key) {
			if err := putFile(filepath.Join(fresh, device, "etc", "loa", name), data); err != nil {
				return fail("box-files", err, device)
			}
		}
		b.Key, b.Added, b.Serial = base64.StdEncoding.EncodeToString(pub), now, serial.Text(16)
		added[device] = b
	}
	if err := syncDisk(home); err != nil {
		return err
	}
	var moved []string
	err = a.change(func(s *state) error {
		for device := range added {
			if _, ok := s.Boxes[device]; ok {
				return fail("box-exists", nil, device)
			}
		}
		for device, b := range added {
			if err := errors.Join(os.RemoveAll(a.BoxDir(device)), os.Rename(filepath.Join(fresh, device), a.BoxDir(device))); err != nil {
				return fail("box-files", err, device)
			}
			moved = append(moved, device)
			s.Boxes[device] = b
		}
		return syncDisk(home)
	})
	if err != nil {
		for _, device := range moved {
			err = errors.Join(err, os.RemoveAll(a.BoxDir(device)))
		}
	}
	return err
}
