package authority

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"

	"loa/agent/message"
	"loa/agent/plan"
)

// HandOut is what waits for holders of the root, one envelope a line, for those whose
// key is on another machine.
func (a *Authority) HandOut() ([]byte, error) {
	var file []byte
	for _, is := range a.waitsForRoot() {
		file = append(append(file, is.Raw...), '\n')
	}
	if file == nil {
		return nil, fail("no-rotation", nil)
	}
	return file, nil
}

func (a *Authority) waitsForRoot() (all []Issued) {
	if root, list, err := a.rotation(); err == nil {
		all = append(all, root, list)
	}
	if is, ok := a.Waiting(message.ListTopic(plan.RootPlace)); ok {
		all = append(all, is)
	}
	return all
}

// Cosign signs everything that was handed out, on a machine that has no authority:
// with one sealed key. It returns what is to be taken back, and who signed.
func Cosign(file, key []byte, secret Secret) (signed []byte, name string, err error) {
	var s sealed
	if err := json.Unmarshal(key, &s); err != nil {
		return nil, "", fail("no-key-file", err)
	}
	a := Authority{o: Opts{Secret: secret}}
	pass, err := a.secret(s.Name)
	if err != nil {
		return nil, s.Name, err
	}
	seed, err := unseal(s.Name, key, pass)
	if err != nil {
		return nil, s.Name, err
	}
	if len(seed) != ed25519.SeedSize {
		return nil, s.Name, fail("key-damaged", nil, s.Name)
	}
	err = eachLine(file, func(is Issued, e message.Envelope) error {
		e.AddSignature(ed25519.NewKeyFromSeed(seed))
		signed = append(append(signed, e.Encode()...), '\n')
		return nil
	})
	return signed, s.Name, err
}

// TakeBack says which holders signed what was handed out, and adds their signatures to
// what waits. A line of which nothing waits any more is an error, and so is a
// signature that does not fit.
func (a *Authority) TakeBack(file []byte) (Rotation, error) {
	waits := a.waitsForRoot()
	known := a.rootKeys()
	err := eachLine(file, func(is Issued, e message.Envelope) error {
		for i, w := range waits {
			if w.SHA256 != is.SHA256 {
				continue
			}
			mine, err := message.Open(w.Raw)
			if err != nil {
				return err
			}
			for _, s := range e.Signatures {
				pub := known[s.KeyID]
				if pub == nil || mine.Verify(pub) {
					continue
				}
				if !e.Verify(pub) {
					return fail("handout-forged", nil, is.Topic)
				}
				mine.Signatures = append(mine.Signatures, s)
			}
			waits[i].Raw = mine.Encode()
			return nil
		}
		return fail("handout-old", nil, is.Topic)
	})
	if err != nil {
		return Rotation{}, err
	}
	var rotation Rotation
	if len(waits) >= 2 {
		if rotation, err = a.settle(waits[0], waits[1]); err != nil {
			return rotation, err
		}
		waits = waits[2:]
	}
	for _, list := range waits {
		err = a.KeepPending(list)
	}
	return rotation, err
}

// rootKeys are the keys of the holders now, and of the root that waits, by key id.
func (a *Authority) rootKeys() map[string]ed25519.PublicKey {
	s := a.read()
	keys := make(map[string]ed25519.PublicKey)
	add := func(key string) {
		if pub, err := base64.StdEncoding.DecodeString(key); err == nil && len(pub) == ed25519.PublicKeySize {
			keys[message.KeyID(pub)] = pub
		}
	}
	for _, h := range s.Root.Holders {
		add(s.People[h].Key)
	}
	if root, ok := a.Waiting(message.RootTopic(s.Root.Number + 1)); ok {
		for _, k := range root.Doc.(plan.Root).Keys {
			add(k.Key)
		}
	}
	return keys
}

// eachLine reads envelopes, one a line, that only the root signs.
func eachLine(file []byte, f func(Issued, message.Envelope) error) error {
	n := 0
	for line := range bytes.Lines(file) {
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		is, e, err := open1(line)
		if err != nil || is.Topic.Dir != message.DirTrust {
			return fail("no-handout", err)
		}
		n++
		if err := f(is, e); err != nil {
			return err
		}
	}
	if n == 0 {
		return fail("no-handout", nil)
	}
	return nil
}
