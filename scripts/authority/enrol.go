package authority

import (
	"bytes"
	"cmp"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"loa/agent/enrol"
	"loa/agent/message"
	"loa/agent/plan"
	"loa/scripts/authority/durable"
)

// A Waiting box has made its key and has no name yet.
type Waiting struct {
	ID      string    `json:"id"`
	Code    string    `json:"code"` // as the box shows it
	Key     string    `json:"key"`  // base64 of the public key
	Batch   string    `json:"batch"`
	Board   string    `json:"board,omitempty"`
	Model   string    `json:"model,omitempty"`
	Serial  string    `json:"serial,omitempty"` // of the hardware
	Version string    `json:"version,omitempty"`
	Since   time.Time `json:"since"`
	Seen    time.Time `json:"seen"`
}

// Bounds of what waits: who has stolen a claim can make keys without end. A box that
// drops out comes again by itself.
const (
	maxWaiting = 256
	seenEvery  = 5 * time.Minute // a box that asks every ten seconds is not written down each time
)

// Enrol is what the centre says to a request that came in under id, a name or the hash of
// a key. Neither answer nor error: the box waits for somebody to approve it. The answer
// is the certificate that went out last until half of its life is over by the centre's
// clock, so that a box whose clock is wrong, or who plays an old request back, gets
// nothing new.
func (a *Authority) Enrol(id string, raw []byte) (*enrol.Answer, error) {
	r, err := enrol.Read(raw)
	if err != nil {
		return nil, err
	}
	s := a.read()
	device, known := s.named(r.Key)
	switch {
	case id == enrol.ID(r.Key):
		if err := s.claimed(r, known); err != nil {
			return nil, err
		}
	case !known || id != device:
		return nil, fail("enrol-name", nil, id)
	}
	if a.Revoked(r.Key) {
		return nil, fail("enrol-revoked", nil, device)
	}
	if !known {
		return nil, a.wait(r)
	}
	if _, err := os.Stat(a.issuedFile(message.DeviceTopic(device, message.LeafWant))); err != nil {
		return nil, nil // the second signature is missing
	}
	chain, err := a.certify(device, r.Key)
	if err != nil {
		return nil, err
	}
	return &enrol.Answer{Device: device, Key: message.KeyID(r.Key), Chain: string(chain), Brokers: s.Brokers, NextCA: string(a.nextCA())}, nil
}

// certify is the certificate of a box that is registered with this key.
func (a *Authority) certify(device string, pub ed25519.PublicKey) ([]byte, error) {
	file := a.certificateFile(device)
	now := a.o.Now()
	chain, held := a.held(device, file)
	if held != nil && now.Before(enrol.Half(held)) && a.ofThisCA(held) {
		return chain, nil
	}
	code, err := a.sealedCode(device)
	if err != nil {
		return nil, err
	}
	err = a.change(func(s *state) (err error) {
		b := s.Boxes[device]
		if _, revoked := s.Revoked[b.Key]; revoked {
			return fail("enrol-revoked", nil, device)
		}
		if chain, err = a.leaf(s, device, pub, code); err != nil {
			return err
		}
		leaf := first(chain)
		if held != nil && !leaf.NotAfter.After(held.NotAfter) {
			return fail("issuer-ends", nil) // the box would not take it
		}
		// What a power cut keeps out of the books does not go out: see held.
		if err := durable.Write(file, chain); err != nil {
			return fail("box-files", err, device)
		}
		b.Issued = slices.DeleteFunc(slices.Clone(b.Issued), func(n Numbered) bool { return now.After(n.Until) })
		b.Issued = append(b.Issued, Numbered{Serial: leaf.SerialNumber.Text(16), Until: leaf.NotAfter})
		s.Boxes[device] = b
		return nil
	})
	return chain, err
}

// held is the certificate that went out last; nil: there is none whose number is in the
// books.
func (a *Authority) held(device, file string) (chain []byte, leaf *x509.Certificate) {
	chain, err := os.ReadFile(file)
	if err != nil {
		return nil, nil
	}
	leaf = first(chain)
	if !slices.ContainsFunc(a.read().Boxes[device].Issued, func(n Numbered) bool { return n.Serial == leaf.SerialNumber.Text(16) }) {
		return nil, nil
	}
	return chain, leaf
}

// first is the first certificate of a chain; of a damaged one it is one that has ended.
func first(chain []byte) *x509.Certificate {
	if b, _ := pem.Decode(chain); b != nil {
		if c, err := x509.ParseCertificate(b.Bytes); err == nil {
			return c
		}
	}
	return &x509.Certificate{SerialNumber: new(big.Int)}
}

func (a *Authority) waitingDir() string { return filepath.Join(a.dir, "enrol", "waiting") }

// wait writes down that a box waits.
func (a *Authority) wait(r enrol.Asked) error {
	now := a.o.Now().UTC()
	file := filepath.Join(a.waitingDir(), enrol.ID(r.Key)+".json")
	w := Waiting{
		ID: enrol.ID(r.Key), Code: enrol.Code(r.Key), Key: base64.StdEncoding.EncodeToString(r.Key), Batch: r.Batch,
		Board: r.Board, Model: r.Model, Serial: r.Serial, Version: r.Version, Since: now, Seen: now,
	}
	if old, err := readWaiting(file); err == nil {
		if now.Sub(old.Seen) < seenEvery && !now.Before(old.Seen) {
			return nil
		}
		w.Since = old.Since
	} else if err := a.makeRoom(); err != nil {
		return fail("keep", err, w.ID)
	}
	data, err := json.Marshal(w)
	if err == nil {
		err = durable.Write(file, append(data, '\n'))
	}
	if err != nil {
		return fail("keep", err, w.ID)
	}
	return nil
}

// makeRoom forgets the boxes that were not seen for longest, for one more.
func (a *Authority) makeRoom() error {
	type seen struct {
		name string
		at   time.Time
	}
	entries, err := os.ReadDir(a.waitingDir())
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	var all []seen
	for _, e := range entries {
		if info, err := e.Info(); err == nil {
			all = append(all, seen{e.Name(), info.ModTime()})
		}
	}
	slices.SortFunc(all, func(x, y seen) int { return x.at.Compare(y.at) })
	for i := 0; i <= len(all)-maxWaiting; i++ {
		err = errors.Join(err, os.Remove(filepath.Join(a.waitingDir(), all[i].name)))
	}
	return err
}

// Waiters are the boxes that wait for a name, the one that has waited longest first. By
// a claim that is revoked nobody waits.
func (a *Authority) Waiters() ([]Waiting, error) {
	all, err := a.waiters()
	s := a.read()
	return slices.DeleteFunc(all, func(w Waiting) bool {
		_, revoked := s.Revoked[s.Claims[w.Batch].Key]
		return revoked
	}), err
}

// waiters are also those of a claim that is revoked.
func (a *Authority) waiters() ([]Waiting, error) {
	files, err := filepath.Glob(filepath.Join(a.waitingDir(), "*.json"))
	if err != nil {
		return nil, err
	}
	var all []Waiting
	s := a.read()
	for _, file := range files {
		w, err := readWaiting(file)
		if err != nil {
			continue // it comes again
		}
		if pub, err := plan.ParseKey(w.Key); err == nil {
			if _, known := s.named(pub); known || a.Revoked(pub) {
				continue
			}
			all = append(all, w)
		}
	}
	slices.SortFunc(all, func(x, y Waiting) int { return cmp.Or(x.Since.Compare(y.Since), strings.Compare(x.ID, y.ID)) })
	return all, nil
}

func readWaiting(file string) (w Waiting, err error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return w, err
	}
	return w, json.NewDecoder(bytes.NewReader(data)).Decode(&w)
}

// Waiter is the one box that waits and shows this code. A batch that is not empty has to
// be the box's.
func (a *Authority) Waiter(typed, batch string) (Waiting, error) {
	code, ok := enrol.ParseCode(typed)
	if !ok {
		return Waiting{}, fail("code-bad", nil, typed)
	}
	all, err := a.waiters()
	if err != nil {
		return Waiting{}, err
	}
	var found []Waiting
	for _, w := range all {
		if w.Code == code {
			found = append(found, w)
		}
	}
	s := a.read()
	if len(found) == 0 {
		for device, b := range s.Boxes {
			if pub, err := plan.ParseKey(b.Key); err == nil && enrol.Code(pub) == code {
				return Waiting{}, fail("code-known", nil, code, device)
			}
		}
		return Waiting{}, fail("code-unknown", nil, code)
	}
	if len(found) > 1 {
		return Waiting{}, fail("code-two", nil, code)
	}
	w := found[0]
	if batch != "" && w.Batch != batch {
		return Waiting{}, fail("code-batch", nil, code, w.Batch)
	}
	c := s.Claims[w.Batch]
	if _, revoked := s.Revoked[c.Key]; revoked || !c.Closed.IsZero() {
		return Waiting{}, fail("claim-closed", nil, w.Batch)
	}
	return w, nil
}

// TakeIn gives a box that waits its name. It gets its certificate when it asks next and
// its want is signed. Of a box that it replaces, what is to be known is written down.
func (a *Authority) TakeIn(device string, w Waiting, b Box) error {
	if err := a.MayAdd(device, b); err != nil {
		return err
	}
	b.Key, b.Batch, b.Added = w.Key, w.Batch, a.o.Now().UTC()
	b.Board = cmp.Or(b.Board, w.Board)
	err := a.change(func(s *state) error {
		if _, ok := s.Boxes[device]; ok {
			return fail("box-exists", nil, device)
		}
		pub, err := plan.ParseKey(w.Key)
		if err != nil {
			return fail("key-damaged", err, device)
		}
		if other, known := s.named(pub); known {
			return fail("code-known", nil, w.Code, other)
		}
		if old, ok := s.Boxes[b.Replaces]; ok {
			if old.ReplacedBy != "" {
				return fail("replaced", nil, b.Replaces, old.ReplacedBy)
			}
			old.ReplacedBy = device
			s.Boxes[b.Replaces] = old
		} else if b.Replaces != "" {
			return fail("no-box", nil, b.Replaces)
		}
		s.Boxes[device] = b
		return nil
	})
	if err != nil {
		return err
	}
	if err := os.Remove(filepath.Join(a.waitingDir(), w.ID+".json")); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fail("keep", err, w.ID) // it is named all the same
	}
	return nil
}
