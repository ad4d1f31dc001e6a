package desk

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/go-webauthn/webauthn/webauthn"

	"loa/agent/plan"
	"loa/scripts/authority/durable"
)

// People are those who may sign in, in a file of the authority's folder. What their keys
// may sign is not here: that is in the authority's list.
type People struct{ file string }

// An Account is how one person signs in.
type Account struct {
	Handle   []byte                `json:"handle"`             // by which an authenticator knows the person
	Place    string                `json:"place,omitempty"`    // that may be looked at, besides those of the person's grants
	Invited  *Invitation           `json:"invited,omitempty"`  // to make a passkey
	Passkeys []webauthn.Credential `json:"passkeys,omitempty"` // public halves
	Asked    *Request              `json:"asked,omitempty"`    // a key that waits to be put into the list
}

// An Invitation is a code that makes one passkey, once.
type Invitation struct {
	SHA256 string    `json:"sha256"`
	Until  time.Time `json:"until"`
}

// A Request is a signing key that a person's browser has made.
type Request struct {
	Key string    `json:"key"` // base64 of the public key
	At  time.Time `json:"at"`
}

// invitedFor is how long a code counts: as long as it takes to walk to the next office.
const invitedFor = 24 * time.Hour

// The errors of People.
var (
	ErrNobody  = errors.New("nobody of this name has an account")
	ErrCode    = errors.New("this code does not count, or not any more")
	ErrNoKey   = errors.New("no key of this person waits")
	ErrMark    = errors.New("this is not the mark of the key that waits")
	errNoPlace = errors.New("an invitation needs a name that is an id")
)

// OpenPeople uses a file in dir, which need not exist yet. It is read anew each time:
// loactl changes it while the pages are served.
func OpenPeople(dir string) *People { return &People{filepath.Join(dir, "desk.json")} }

// Invite gives a code by which a person makes a passkey, in place of an earlier one.
func (p *People) Invite(name, place string, now time.Time) (code string, err error) {
	if !plan.ValidID(name) {
		return "", errNoPlace
	}
	raw := make([]byte, 10)
	rand.Read(raw)
	code = grouped(base32.StdEncoding.EncodeToString(raw))
	return code, p.change(func(all map[string]Account) error {
		a := all[name]
		if a.Handle == nil {
			a.Handle = make([]byte, 32)
			rand.Read(a.Handle)
		}
		if place != "" {
			a.Place = place
		}
		a.Invited = &Invitation{digest(code), now.Add(invitedFor).UTC().Truncate(time.Second)}
		all[name] = a
		return nil
	})
}

// grouped writes 16 letters as people read them to each other.
func grouped(s string) string {
	return strings.ToLower(s[0:4] + "-" + s[4:8] + "-" + s[8:12] + "-" + s[12:16])
}

// digest is of what was typed, however it was typed.
func digest(code string) string {
	code = strings.ToLower(strings.NewReplacer("-", "", " ", "").Replace(code))
	return fmt.Sprintf("%x", sha256.Sum256([]byte(code)))
}

// Invited is the account that a code invites.
func (p *People) Invited(name, code string, now time.Time) (Account, error) {
	all, err := p.All()
	if err != nil {
		return Account{}, err
	}
	a := all[name]
	want := "."
	if a.Invited != nil && now.Before(a.Invited.Until) {
		want = a.Invited.SHA256
	}
	if subtle.ConstantTimeCompare([]byte(digest(code)), []byte(want)) != 1 {
		return Account{}, ErrCode
	}
	return a, nil
}

// Register keeps the passkey that an invitation was for, and ends the invitation.
func (p *People) Register(name, code string, c webauthn.Credential, now time.Time) error {
	if _, err := p.Invited(name, code, now); err != nil {
		return err
	}
	return p.change(func(all map[string]Account) error {
		a := all[name]
		if a.Invited == nil || a.Invited.SHA256 != digest(code) {
			return ErrCode // somebody was quicker
		}
		a.Invited = nil
		a.Passkeys = append(a.Passkeys, c)
		all[name] = a
		return nil
	})
}

// Used keeps what a passkey counts.
func (p *People) Used(name string, c webauthn.Credential) error {
	return p.change(func(all map[string]Account) error {
		a, ok := all[name]
		if !ok {
			return ErrNobody
		}
		i := slices.IndexFunc(a.Passkeys, func(o webauthn.Credential) bool { return bytes.Equal(o.ID, c.ID) })
		if i < 0 {
			return ErrNobody // loactl has ended it
		}
		a.Passkeys[i] = c
		return nil
	})
}

// Ask keeps a key that a person's browser has made until somebody puts it into the list.
func (p *People) Ask(name, key string, now time.Time) error {
	if _, err := plan.ParseKey(key); err != nil {
		return err
	}
	return p.change(func(all map[string]Account) error {
		a := all[name]
		a.Asked = &Request{key, now.UTC().Truncate(time.Second)}
		all[name] = a
		return nil
	})
}

// Accept gives the key of a person that waits, if mark is what the person has read out.
func (p *People) Accept(name, mark string) (key string, err error) {
	all, err := p.All()
	if err != nil {
		return "", err
	}
	a, ok := all[name]
	switch {
	case !ok || a.Asked == nil:
		return "", ErrNoKey
	case digest(mark) != digest(Mark(a.Asked.Key)):
		return "", ErrMark
	}
	return a.Asked.Key, nil
}

// Settled forgets the request of a person.
func (p *People) Settled(name string) error {
	return p.change(func(all map[string]Account) error {
		a := all[name]
		a.Asked = nil
		all[name] = a
		return nil
	})
}

// Remove ends every passkey of a person, and what the person is signed in with.
func (p *People) Remove(name string) error {
	return p.change(func(all map[string]Account) error {
		if _, ok := all[name]; !ok {
			return ErrNobody
		}
		delete(all, name)
		return nil
	})
}

// Mark is what two people compare to know that they mean the same key: 80 bits of its hash.
func Mark(key string) string {
	sum := sha256.Sum256([]byte("loa desk key " + key))
	return grouped(base32.StdEncoding.EncodeToString(sum[:10]))
}

// All are the accounts by name.
func (p *People) All() (map[string]Account, error) {
	all := make(map[string]Account)
	data, err := os.ReadFile(p.file)
	if errors.Is(err, fs.ErrNotExist) {
		return all, nil
	}
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(data, &all); err != nil {
		return nil, fmt.Errorf("%s: %w", p.file, err)
	}
	return all, nil
}

// change writes what f makes of the accounts, one process at a time.
func (p *People) change(f func(map[string]Account) error) error {
	lock, err := os.OpenFile(p.file+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return err
	}
	all, err := p.All()
	if err != nil {
		return err
	}
	if err := f(all); err != nil {
		return err
	}
	data, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return err
	}
	return durable.Write(p.file, append(data, '\n'))
}
