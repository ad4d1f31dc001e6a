package authority

import (
	"crypto/cipher"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"fmt"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/chacha20poly1305"
)

// A cost is what one guess at a passphrase costs.
type cost struct {
	Passes    uint32 `json:"passes"`
	MemoryKiB uint32 `json:"memory_kib"`
}

var (
	dear  = cost{Passes: 3, MemoryKiB: 64 << 10} // a tenth of a second
	cheap = cost{Passes: 1, MemoryKiB: 64}       // for throw-away authorities
)

// sealed is the file of one person: an Ed25519 seed under a passphrase, by
// Argon2id and XChaCha20-Poly1305. The name and the public key are authenticated
// with it, so that nobody can put one person's file in another's place.
type sealed struct {
	Name   string `json:"name"`
	Public []byte `json:"public"`
	KDF    string `json:"kdf"`
	cost
	Salt  []byte `json:"salt"`
	Nonce []byte `json:"nonce"`
	Box   []byte `json:"box"`
}

const kdf = "argon2id"

// seal encrypts secret for the person with that name and public key.
func seal(name string, public, secret, pass []byte, c cost) ([]byte, error) {
	s := sealed{Name: name, Public: public, KDF: kdf, cost: c,
		Salt: make([]byte, 16), Nonce: make([]byte, chacha20poly1305.NonceSizeX)}
	rand.Read(s.Salt)
	rand.Read(s.Nonce)
	aead, err := s.aead(pass)
	if err != nil {
		return nil, err
	}
	s.Box = aead.Seal(nil, s.Nonce, secret, s.bound())
	data, err := json.MarshalIndent(s, "", "  ")
	return append(data, '\n'), err
}

// unseal is the reverse of seal. name is whose file it should be.
func unseal(name string, data, pass []byte) (secret []byte, err error) {
	var s sealed
	if err := json.Unmarshal(data, &s); err != nil {
		return nil, fail("key-damaged", err, name)
	}
	if s.Name != name {
		return nil, fail("key-of-other", nil, name, s.Name)
	}
	// A file could otherwise ask for all the memory there is.
	if s.KDF != kdf || s.Passes < 1 || s.Passes > 64 || s.MemoryKiB > 1<<20 || len(s.Nonce) != chacha20poly1305.NonceSizeX {
		return nil, fail("key-sealed", nil, name)
	}
	aead, err := s.aead(pass)
	if err != nil {
		return nil, err
	}
	secret, err = aead.Open(nil, s.Nonce, s.Box, s.bound())
	if err != nil {
		return nil, fail("key", ErrPassphrase, name)
	}
	return secret, nil
}

// FileKey opens a person's key file by itself: whoever signs elsewhere has no authority's
// folder. The passphrase is asked for by the name in the file.
func FileKey(data []byte, secret func(person string) ([]byte, error)) (person string, key ed25519.PrivateKey, err error) {
	var s sealed
	if err := json.Unmarshal(data, &s); err != nil {
		return "", nil, fail("key-damaged", err, "?")
	}
	pass, err := secret(s.Name)
	if err != nil {
		return s.Name, nil, err
	}
	seed, err := unseal(s.Name, data, pass)
	if err != nil {
		return s.Name, nil, err
	}
	if len(seed) != ed25519.SeedSize {
		return s.Name, nil, fail("key-damaged", nil, s.Name)
	}
	return s.Name, ed25519.NewKeyFromSeed(seed), nil
}

// publicIn is what a file that unseal has opened says is public.
func publicIn(data []byte) []byte {
	var s sealed
	if json.Unmarshal(data, &s) != nil {
		return nil
	}
	return s.Public
}

func (s *sealed) aead(pass []byte) (cipher.AEAD, error) {
	return chacha20poly1305.NewX(argon2.IDKey(pass, s.Salt, s.Passes, s.MemoryKiB, 1, chacha20poly1305.KeySize))
}

func (s *sealed) bound() []byte {
	return fmt.Appendf(nil, "loa key file\x00%s\x00%x\x00%d\x00%d", s.Name, s.Public, s.Passes, s.MemoryKiB)
}

// newKey makes an Ed25519 key.
func newKey() (ed25519.PublicKey, ed25519.PrivateKey, error) {
	pub, priv, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, nil, fail("make-key", err)
	}
	return pub, priv, nil
}
