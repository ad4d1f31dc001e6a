package plan

import (
	"crypto/ed25519"
	"encoding/base64"
	"time"
)

// RootPlace is the issuer above all places. It is no place itself: nothing is
// broadcast to it.
const RootPlace = "root"

// ClockPlace is reserved, because trust/clock is no place's list.
const ClockPlace = "clock"

// What only a grant can name: the kinds of authority that are not kinds of documents.
const (
	GrantDelegate Kind = "delegate" // may publish the list trust/{place}
	GrantAssign   Kind = "assign"   // may say where a box belongs
	GrantSettings Kind = "settings"
	GrantFirmware Kind = "firmware"
	GrantService  Kind = "service" // tests, questions, ledger acknowledgements; online, so it may hold nothing else
)

// A Root names the keys that stand above all others. Number n+1 must be signed
// by the thresholds of n and of n+1. It is judged by its number, never by time.
type Root struct {
	Head
	Number    int64     `json:"number"` // n; equals the ID and the topic's last level
	Threshold int       `json:"threshold"`
	Keys      []RootKey `json:"keys"`
	Expires   time.Time `json:"expires"` // only warns: an expired root must not silence a province
}

// A RootKey is one holder's share of the root.
type RootKey struct {
	Holder string `json:"holder"`
	Key    string `json:"key"` // base64 of the raw Ed25519 key
}

// A List is one issuer's complete list: what is absent from a newer one is
// revoked. Its epoch is its time of issue, so that a delegate cannot lock the
// list by counting to the end of numbers.
type List struct {
	Head
	Grants   []Grant      `json:"grants,omitempty"`
	Children []Child      `json:"children,omitempty"`
	Quorum   []QuorumRule `json:"quorum,omitempty"` // the root's list only
}

// Epoch orders the lists of one issuer.
func (l List) Epoch() int64 { return l.Version() }

// A Grant lets a key say things of some kinds and classes to a place and all below it.
type Grant struct {
	Key       string    `json:"key"` // base64 of the raw Ed25519 key
	Holder    string    `json:"holder"`
	Place     string    `json:"place"`
	Office    string    `json:"office,omitempty"`  // the alert slot it may write
	Kinds     []Kind    `json:"kinds,omitempty"`   // empty: none; unknown ones grant nothing
	Classes   []Class   `json:"classes,omitempty"` // empty: none
	Quorum    int       `json:"quorum,omitempty"`  // holders needed to use this grant; only raises the table
	NotBefore time.Time `json:"not_before"`
	NotAfter  time.Time `json:"not_after"` // ≤ 90 d after NotBefore for kinds that speak
}

// A Child is a place as its parent registers it. Codes are never reused; a unit
// that ends keeps its entry with Until set.
type Child struct {
	Place  string    `json:"place"`
	Parent string    `json:"parent,omitempty"` // default the issuer; else another child of the same list
	Name   string    `json:"name"`
	Width  int       `json:"width,omitempty"` // 0: a commune or less; from 1 on "wide", up to 7
	From   time.Time `json:"from,omitzero"`
	Until  time.Time `json:"until,omitzero"`
}

// At reports whether the entry counts at t.
func (c Child) At(t time.Time) bool {
	return !t.Before(c.From) && (c.Until.IsZero() || t.Before(c.Until))
}

// A QuorumRule says how many holders must sign. All that match apply; the
// highest number wins.
type QuorumRule struct {
	Kind    Kind  `json:"kind"`
	Class   Class `json:"class,omitempty"` // none: any
	Width   int   `json:"width,omitempty"` // places from this width on
	Holders int   `json:"holders"`
}

// A ClockReset lowers the clock floor of boxes that learned a wrong time.
type ClockReset struct {
	Head
	Floor time.Time `json:"floor"`
}

// ParseKey reads a public key and refuses those that verify what nobody signed.
func ParseKey(s string) (ed25519.PublicKey, error) {
	raw, err := base64.StdEncoding.Strict().DecodeString(s)
	if err != nil || len(raw) != ed25519.PublicKeySize || len(s) != base64.StdEncoding.EncodedLen(len(raw)) {
		return nil, say("not the base64 of a 32-byte Ed25519 key: write the 44 characters that end in \"=\"")
	}
	if lowOrder(raw) {
		return nil, say("a key of low order, for which anyone can sign: make a new key")
	}
	return ed25519.PublicKey(raw), nil
}

// lowOrder reports whether the y coordinate is that of a point of order 1, 2, 4
// or 8, or is not reduced modulo p. See "Taming the many EdDSAs"
// (Chalkias, Garillot, Nikolaenko 2020), table 1, for the list.
func lowOrder(key []byte) bool {
	var y [32]byte
	copy(y[:], key)
	y[31] &= 0x7f
	switch y {
	case [32]byte{}, [32]byte{1}, minusOne, order8, order8Neg:
		return true
	}
	return notReduced(y)
}

var (
	minusOne = [32]byte{
		0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f,
	}
	order8 = [32]byte{
		0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f,
		0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
	}
	order8Neg = [32]byte{
		0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0,
		0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
	}
)

// notReduced reports y ≥ p = 2^255 - 19, little-endian.
func notReduced(y [32]byte) bool {
	if y[31] != 0x7f {
		return false
	}
	for _, b := range y[1:31] {
		if b != 0xff {
			return false
		}
	}
	return y[0] >= 0xed
}
