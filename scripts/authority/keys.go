package authority

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"loa/scripts/authority/durable"
	"loa/scripts/authority/paper"
)

// A Proof is the last time that a key and its passphrase were tried.
type Proof struct {
	At     time.Time `json:"at"`
	With   string    `json:"with"` // "file", or "paper"
	Passed bool      `json:"passed"`
}

// ProofLife is how long a proof counts: people forget, paper fades.
const ProofLife = 365 * 24 * time.Hour

// keyFile is where a person's sealed key lies: here, or in the folder of Opts.Keys.
func (a *Authority) keyFile(name string) (string, error) {
	file := a.personFile(name)
	_, err := os.Stat(file)
	if errors.Is(err, fs.ErrNotExist) && a.o.Keys != "" {
		other := filepath.Join(a.o.Keys, name+".key")
		if _, err := os.Stat(other); err == nil {
			return other, nil
		}
	}
	if errors.Is(err, fs.ErrNotExist) {
		return "", fail("key-elsewhere", nil, name, file)
	}
	return file, err
}

// HasKey reports whether a person's sealed key is at hand.
func (a *Authority) HasKey(name string) bool {
	_, err := a.keyFile(name)
	return err == nil
}

// SealedKey is a person's key file as it is.
func (a *Authority) SealedKey(name string) ([]byte, error) {
	if p, ok := a.read().People[name]; !ok {
		return nil, fail("no-person", nil, name)
	} else if p.Online {
		return nil, fail("key-online", nil, name)
	}
	file, err := a.keyFile(name)
	if err != nil {
		return nil, err
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fail("key", err, name)
	}
	return data, nil
}

// ExportKey copies a person's sealed key to file, which must not exist; with move it
// is then no longer here. The copy is read back before that.
func (a *Authority) ExportKey(name, file string, move bool) error {
	data, err := a.SealedKey(name)
	if err != nil {
		return err
	}
	if _, err := a.belongs(data); err != nil {
		return err
	}
	if _, err := os.Lstat(file); err == nil {
		return fail("file-exists", nil, file)
	}
	if err := durable.Write(file, data); err != nil {
		return fail("keep-key", err, name)
	}
	back, err := os.ReadFile(file)
	if err != nil || !bytes.Equal(back, data) {
		return fail("keep-key", err, name)
	}
	if !move {
		return nil
	}
	if err := os.Remove(a.personFile(name)); err != nil {
		return fail("keep-key", err, name)
	}
	return nil
}

// ImportKey takes a sealed key in whose passphrase is known, and says whose it is.
func (a *Authority) ImportKey(data []byte) (name string, err error) {
	s, err := a.belongs(data)
	if err != nil {
		return "", err
	}
	if err := a.opens(s.Name, data); err != nil {
		return s.Name, err
	}
	if err := durable.Write(a.personFile(s.Name), data); err != nil {
		return s.Name, fail("keep-key", err, s.Name)
	}
	return s.Name, nil
}

// SetPassphrase seals a person's key, or the key of the CA, anew. Copies elsewhere and
// paper keep the passphrase that they had.
func (a *Authority) SetPassphrase(name string, fresh []byte) error {
	if len(fresh) == 0 {
		return fail("no-phrase-typed", nil, name)
	}
	file := a.tlsFile("ca.key")
	if name != caName {
		var err error
		if _, err = a.SealedKey(name); err != nil {
			return err
		}
		if file, err = a.keyFile(name); err != nil {
			return err
		}
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return fail("key", err, name)
	}
	pass, err := a.secret(name)
	if err != nil {
		return err
	}
	secret, err := unseal(name, data, pass)
	if err != nil {
		return err
	}
	var s sealed
	if err := json.Unmarshal(data, &s); err != nil {
		return fail("key-damaged", err, name)
	}
	if data, err = seal(name, s.Public, secret, fresh, a.cost()); err != nil {
		return err
	}
	if err := durable.Write(file, data); err != nil {
		return fail("keep-key", err, name)
	}
	return nil
}

// ProveKey opens a sealed key and lets it sign something that counts nowhere. Nothing
// changes but the record of it, which is also kept when it fails.
func (a *Authority) ProveKey(name string, data []byte, with string) error {
	_, err := a.belongs(data)
	if err == nil {
		err = a.opens(name, data)
	}
	var own *Error
	if errors.As(err, &own) && own.Code == "no-passphrase" {
		return err // it was not tried
	}
	return errors.Join(err, a.change(func(s *state) error {
		p, ok := s.People[name]
		if !ok {
			return fail("no-person", nil, name)
		}
		p.Proof = &Proof{At: a.o.Now().UTC().Truncate(time.Second), With: with, Passed: err == nil}
		s.People[name] = p
		return nil
	}))
}

// belongs demands that a sealed key is one of this authority's people.
func (a *Authority) belongs(data []byte) (sealed, error) {
	var s sealed
	if err := json.Unmarshal(data, &s); err != nil {
		return s, fail("no-key-file", err)
	}
	p, ok := a.read().People[s.Name]
	if !ok {
		return s, fail("no-person", nil, s.Name)
	}
	if p.Key != base64.StdEncoding.EncodeToString(s.Public) {
		return s, fail("key-unknown", nil, s.Name)
	}
	return s, nil
}

// opens demands that the passphrase opens a sealed key, and that the key signs.
func (a *Authority) opens(name string, data []byte) error {
	pass, err := a.secret(name)
	if err != nil {
		return err
	}
	seed, err := unseal(name, data, pass)
	if err != nil {
		return err
	}
	if len(seed) != ed25519.SeedSize {
		return fail("key-damaged", nil, name)
	}
	pub, err := base64.StdEncoding.DecodeString(a.read().People[name].Key)
	if err != nil || len(pub) != ed25519.PublicKeySize {
		return fail("key-unknown", err, name)
	}
	question := make([]byte, 32)
	rand.Read(question)
	question = append([]byte("loa key rehearsal\x00"), question...) // no envelope begins like this
	if !ed25519.Verify(pub, question, ed25519.Sign(ed25519.NewKeyFromSeed(seed), question)) {
		return fail("key-unknown", nil, name)
	}
	return nil
}

// PaperKey is a person's sealed key as lines to be printed. Who has the paper still
// needs the passphrase that the key has now.
func (a *Authority) PaperKey(name string) ([]string, error) {
	data, err := a.SealedKey(name)
	if err != nil {
		return nil, err
	}
	s, err := a.belongs(data)
	if err != nil {
		return nil, err
	}
	b := []byte{paperFormat, byte(s.Passes)}
	b = binary.BigEndian.AppendUint32(b, s.MemoryKiB)
	for _, part := range [][]byte{[]byte(s.Name), s.Public, s.Salt, s.Nonce, s.Box} {
		b = append(append(b, byte(len(part))), part...)
	}
	return paper.Lines(b)
}

// paperFormat is the first byte of a key on paper. The costs follow, then name, public
// key, salt, nonce and sealed seed, each behind its length.
const paperFormat = 1

// FromPaper makes a key file out of the lines that were typed. An error that can be
// mended names the line; see package paper.
func FromPaper(typed string) ([]byte, error) {
	b, err := paper.Bytes(typed)
	var line *paper.Error
	if errors.As(err, &line) {
		return nil, lineError(line)
	}
	if err != nil {
		return nil, err
	}
	if len(b) < 6 || b[0] != paperFormat {
		return nil, fail("paper-format", nil)
	}
	s := sealed{KDF: kdf, cost: cost{Passes: uint32(b[1]), MemoryKiB: binary.BigEndian.Uint32(b[2:6])}}
	var name []byte
	b = b[6:]
	for _, part := range []*[]byte{&name, &s.Public, &s.Salt, &s.Nonce, &s.Box} {
		if len(b) == 0 || len(b) < 1+int(b[0]) {
			return nil, fail("paper-format", nil)
		}
		*part, b = b[1:1+b[0]], b[1+int(b[0]):]
	}
	s.Name = string(name)
	data, err := json.MarshalIndent(s, "", "  ")
	return append(data, '\n'), err
}

func lineError(e *paper.Error) error {
	switch e.What {
	case paper.Length:
		return fail("paper-length", nil, e.Line)
	case paper.Sign:
		return fail("paper-sign", nil, e.Line)
	case paper.Number:
		return fail("paper-number", nil, e.Line)
	case paper.Twice:
		return fail("paper-twice", nil, e.Line)
	case paper.Missing:
		return fail("paper-missing", nil, e.Line)
	case paper.Whole:
		return fail("paper-whole", nil)
	}
	return fail("paper-wrong", nil, e.Line)
}
