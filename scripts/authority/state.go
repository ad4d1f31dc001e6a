package authority

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"loa/agent/plan"
	"loa/scripts/authority/durable"
	"loa/scripts/authority/places"
	"loa/scripts/authority/rollout"
)

// state is authority.json: everything but keys and documents.
type state struct {
	Name      string                `json:"name"`
	ThrowAway bool                  `json:"throw_away,omitempty"`
	Root      rootState             `json:"root"`
	People    map[string]Person     `json:"people"`
	Places    map[string]Place      `json:"places"`
	Grants    []Grant               `json:"grants"`
	Quorum    []plan.QuorumRule     `json:"quorum"`
	Boxes     map[string]Box        `json:"boxes"`
	Brokers   []string              `json:"brokers"`              // as boxes and tools reach them
	Media     []string              `json:"media"`                // base URLs
	Revoked   map[string]Revocation `json:"revoked,omitempty"`    // by the public key in the certificate, base64
	Claims    map[string]Claim      `json:"claims,omitempty"`     // by batch
	BoxLifeS  int64                 `json:"box_life_s,omitempty"` // of the certificates of boxes; 0: 825 days
	Issued    map[string]time.Time  `json:"issued"`               // the newest version by topic: it never goes back
	Seq       int64                 `json:"seq"`                  // of beats and acts
	Rollout   rollout.State         `json:"rollout,omitzero"`     // how far a release of the boxes' software is

	Restored *Restored        `json:"restored,omitempty"` // from a backup, and not yet compared with broker and boxes
	Floor    time.Time        `json:"floor,omitzero"`     // no version is before it
	Outrun   map[string]int64 `json:"outrun,omitempty"`   // versions by topic that boxes have and this authority has not
}

type rootState struct {
	Number    int64    `json:"number"`
	Threshold int      `json:"threshold"`
	Holders   []string `json:"holders"`
}

// A Person holds one key. Online means that the key lies unsealed in the
// dispatcher's folder; such a key may hold nothing but beat and service.
type Person struct {
	Key    string `json:"key"` // base64 of the public key
	Online bool   `json:"online,omitempty"`
	Proof  *Proof `json:"proof,omitempty"` // nil: key and passphrase were never tried
}

// A Place is an administrative unit, or a group of boxes, as its parent registers it.
type Place struct {
	Parent string `json:"parent,omitempty"` // empty: right below the root
	Name   string `json:"name"`
	Width  int    `json:"width,omitempty"` // 0: a commune or less
	Issuer string `json:"issuer"`          // whose list has it

	From    time.Time     `json:"from,omitzero"`     // zero: as far back as anybody knows
	Changes []places.Fact `json:"changes,omitempty"` // of name, parent and width, in the order of time
	Into    string        `json:"into,omitempty"`    // what it is a part of, once it has ended
}

// A Grant is what a person may say, as an issuer's list will have it.
type Grant struct {
	Person    string       `json:"person"`
	Issuer    string       `json:"issuer"`
	Place     string       `json:"place"`
	Office    string       `json:"office,omitempty"`
	Kinds     []plan.Kind  `json:"kinds"`
	Classes   []plan.Class `json:"classes"`
	Quorum    int          `json:"quorum,omitempty"`
	NotBefore time.Time    `json:"not_before"`
	NotAfter  time.Time    `json:"not_after"`
}

// A Box is a device that this authority has taken in.
type Box struct {
	Place  string    `json:"place"`
	Groups []string  `json:"groups,omitempty"`
	Name   string    `json:"name"`
	Board  string    `json:"board,omitempty"` // the kind of box it was taken in as
	Key    string    `json:"key"`             // base64 of the public key that signs its reports
	Added  time.Time `json:"added"`

	At *Position `json:"at,omitempty"` // where it hangs; nil: nobody has said. Only staff see it

	Serial string     `json:"serial,omitempty"`       // of the certificate it was taken in with, hexadecimal
	Issued []Numbered `json:"certificates,omitempty"` // by the issuer, and not ended yet
	Batch  string     `json:"batch,omitempty"`        // by whose claim it came
	// Replaces is the box whose place this one took, ReplacedBy the one that took its.
	Replaces   string `json:"replaces,omitempty"`
	ReplacedBy string `json:"replaced_by,omitempty"`

	Stays []places.Stay `json:"stays,omitempty"` // where it belongs from when on; none: in Place since Added
}

// A Position is where something stands, in degrees (WGS 84).
type Position struct {
	Lat float64 `json:"lat"`
	Lon float64 `json:"lon"`
}

// A Numbered certificate can be revoked.
type Numbered struct {
	Serial string    `json:"serial"` // hexadecimal
	Until  time.Time `json:"until"`
}

// A Revocation is a certificate that counts no more.
type Revocation struct {
	Name   string    `json:"name"`
	Serial string    `json:"serial"`           // hexadecimal
	Others []string  `json:"others,omitempty"` // serials of more certificates with this key
	At     time.Time `json:"at"`
	Why    string    `json:"why,omitempty"`
}

const stateFile = "authority.json"

func readState(dir string) (state, error) {
	var s state
	data, err := os.ReadFile(filepath.Join(dir, stateFile))
	if errors.Is(err, fs.ErrNotExist) {
		return s, fail("none", nil, dir)
	}
	if err != nil {
		return s, err
	}
	if err := json.Unmarshal(data, &s); err != nil {
		return s, fail("damaged", err, filepath.Join(dir, stateFile))
	}
	for _, m := range []func(){
		func() { s.People = orMake(s.People) }, func() { s.Places = orMake(s.Places) },
		func() { s.Boxes = orMake(s.Boxes) }, func() { s.Revoked = orMake(s.Revoked) }, func() { s.Claims = orMake(s.Claims) }, func() { s.Issued = orMake(s.Issued) },
	} {
		m()
	}
	return s, nil
}

func orMake[V any](m map[string]V) map[string]V {
	if m == nil {
		return make(map[string]V)
	}
	return m
}

// ClaimDispatch makes this process the one dispatcher of the authority until
// release: two under one name would throw each other off the broker for ever.
func (a *Authority) ClaimDispatch() (release func(), err error) {
	f, err := os.OpenFile(filepath.Join(a.dir, "dispatch.pid"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fail("lock", err, a.dir)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		pid, _ := io.ReadAll(io.LimitReader(f, 20))
		f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fail("dispatching", nil, trimLine(pid))
		}
		return nil, fail("lock", err, a.dir)
	}
	err = f.Truncate(0)
	if err == nil {
		_, err = fmt.Fprintln(f, os.Getpid())
	}
	if err != nil {
		f.Close()
		return nil, fail("lock", err, a.dir)
	}
	return func() { f.Close() }, nil // with it the lock goes; whatever the file says is past
}

// Hold keeps the name of a program's certificate for this process until release. It is
// false when another process has it: two under one name would throw each other off the
// broker for ever.
func (a *Authority) Hold(name string) (release func(), ok bool, err error) {
	f, err := os.OpenFile(a.tlsFile(name+".lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS) {
		return func() {}, true, nil // nobody can keep a name here
	}
	if err != nil {
		return nil, false, fail("lock", err, a.dir)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, false, nil
		}
		return nil, false, fail("lock", err, a.dir)
	}
	return func() { f.Close() }, true, nil
}

// change runs f on the newest state and writes what it became. Several tools
// may work on one authority at the same time; versions never go back, because
// a version is on disk before anything is signed with it.
func (a *Authority) change(f func(*state) error) error {
	release, err := a.lock()
	if err != nil {
		return err
	}
	defer release()
	s, err := readState(a.dir)
	if err != nil {
		return err
	}
	if err := f(&s); err != nil {
		return err
	}
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	if err := durable.Write(filepath.Join(a.dir, stateFile), append(data, '\n')); err != nil {
		return fail("write", err)
	}
	a.mu.Lock()
	a.s, a.places = s, places.Book{}
	a.mu.Unlock()
	return nil
}

// lock keeps everybody else from changing the state until release.
func (a *Authority) lock() (release func(), err error) {
	lock, err := os.OpenFile(filepath.Join(a.dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		lock.Close()
		return nil, fail("lock", err, a.dir)
	}
	return func() { lock.Close() }, nil
}
