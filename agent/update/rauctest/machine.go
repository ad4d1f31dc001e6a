// Package rauctest is a machine with two root slots, its boot loader and a RAUC that
// behave: what loads, verifies, counts tries and comes back is here, so that updates
// can be tried without an image. Its answers and refusals are worded as those of RAUC
// 1.8, from which they were taken down.
package rauctest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// An Image is what a slot holds, or a bundle brings.
type Image struct {
	Version string `json:"version"`
	Dead    bool   `json:"dead,omitempty"` // the kernel starts and nothing else does
	Mute    bool   `json:"mute,omitempty"` // it runs, and the sound device does not
	Deaf    bool   `json:"deaf,omitempty"` // it runs, and finds no broker
}

// A Bundle is the first line of a bundle's file; anything may follow.
type Bundle struct {
	Image
	Compatible string `json:"compatible"`
	SignedBy   string `json:"signed_by"`
	Bytes      int64  `json:"bytes"` // of the image inside
}

// Signer is who signs what a machine takes.
const Signer = "release"

// Encode is the bundle as a file of at least size bytes.
func (b Bundle) Encode(size int) []byte {
	line, err := json.Marshal(b)
	if err != nil {
		panic(err) // texts and numbers
	}
	line = append(line, '\n')
	for i := len(line); i < size; i++ {
		line = append(line, byte(uint64(i)*2654435761>>13))
	}
	return line
}

// Machine is one machine, whose state is a file: the program and the test see the same.
type Machine struct{ dir string }

// state is what outlives a power cut.
type state struct {
	Board  string           `json:"board"`
	Size   int64            `json:"size"` // of a slot
	Order  []string         `json:"order"`
	Left   map[string]int   `json:"left"`
	Slots  map[string]Image `json:"slots"` // one that is being written has none
	Booted string           `json:"booted"`
	Starts int              `json:"starts"`
}

// tries is how often the loader starts a slot that nobody marks good.
const tries = 3

// New makes a machine of this kind of board that was flashed with an image, in slot A.
func New(dir, board string, flashed Image) (*Machine, error) {
	m := &Machine{dir}
	return m, m.write(state{
		Board: board, Size: 1 << 20, Order: []string{"A", "B"}, Left: map[string]int{"A": tries, "B": tries},
		Slots: map[string]Image{"A": flashed},
	})
}

// At is the machine whose state lies in dir.
func At(dir string) *Machine { return &Machine{dir} }

func (m *Machine) file() string { return filepath.Join(m.dir, "machine.json") }

func (m *Machine) read() (s state, err error) {
	data, err := os.ReadFile(m.file())
	if err == nil {
		err = json.Unmarshal(data, &s)
	}
	return s, err
}

func (m *Machine) write(s state) error {
	data, err := json.Marshal(s)
	if err == nil {
		err = os.WriteFile(m.file()+".new", data, 0o600)
	}
	if err != nil {
		return err
	}
	return os.Rename(m.file()+".new", m.file())
}

// Start is power on, or a reboot: the loader chooses a slot and counts its try down.
// What does not start makes it try again. It gives the image that runs, the name of
// this start, and how many starts it took.
func (m *Machine) Start() (is Image, boot string, starts int, err error) {
	for starts = 1; starts < 20; starts++ {
		s, err := m.read()
		if err != nil {
			return is, "", starts, err
		}
		i := slices.IndexFunc(s.Order, func(slot string) bool { return s.Left[slot] > 0 })
		if i < 0 { // both used up: the loader gives both three tries more
			s.Left = map[string]int{"A": tries, "B": tries}
			if err := m.write(s); err != nil {
				return is, "", starts, err
			}
			continue
		}
		s.Booted = s.Order[i]
		s.Left[s.Booted]--
		s.Starts++
		if err := m.write(s); err != nil {
			return is, "", starts, err
		}
		if is, ok := s.Slots[s.Booted]; ok && !is.Dead {
			return is, fmt.Sprintf("boot-%d", s.Starts), starts, nil
		}
	}
	return is, "", starts, errors.New("rauctest: no slot starts")
}

// Booted is the slot that runs, and Tries how many tries a slot has left.
func (m *Machine) Booted() (slot string, tries int) {
	s, err := m.read()
	if err != nil {
		return "", 0
	}
	return s.Booted, s.Left[s.Booted]
}

// mark sets a slot good or bad as RAUC does with U-Boot: a bad one has no tries, and no
// place in the order.
func (s *state) mark(slot string, good bool) {
	s.Left[slot] = 0
	if good {
		s.Left[slot] = tries
		return
	}
	s.Order = slices.DeleteFunc(s.Order, func(o string) bool { return o == slot })
}

// first makes the loader begin with a slot.
func (s *state) first(slot string) {
	s.Order = append([]string{slot}, slices.DeleteFunc(s.Order, func(o string) bool { return o == slot })...)
	s.Left[slot] = tries
}

func (s *state) other() string {
	if s.Booted == "A" {
		return "B"
	}
	return "A"
}

// said is what RAUC says, in its own words.
type said string

func (s said) Error() string { return string(s) }

// begin is the first half of an installation: the bundle is judged, and the other slot
// is no longer one that can be started.
func (m *Machine) begin(file string) (b Bundle, err error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return b, said("No such file: " + file)
	}
	line, _, whole := bytes.Cut(data, []byte("\n"))
	if !whole || json.Unmarshal(line, &b) != nil {
		return b, said("Invalid bundle format: Signature size (3085219137679805876) exceeds bundle size")
	}
	s, err := m.read()
	switch {
	case err != nil:
		return b, err
	case b.SignedBy != Signer:
		return b, errors.New("signature verification failed: Verify error: self-signed certificate")
	case b.Compatible != "loa-"+s.Board:
		return b, said(fmt.Sprintf("Compatible mismatch: Expected '%s' but bundle manifest has '%s'", "loa-"+s.Board, b.Compatible))
	case b.Bytes > s.Size:
		return b, said(fmt.Sprintf("Size of image (%d) does not fit to slot size %d", b.Bytes, s.Size))
	}
	s.mark(s.other(), false)
	delete(s.Slots, s.other())
	return b, m.write(s)
}

// end is the second half: the slot is written, and is what the loader begins with.
func (m *Machine) end(b Bundle) error {
	s, err := m.read()
	if err != nil {
		return err
	}
	s.Slots[s.other()] = b.Image
	s.first(s.other())
	return m.write(s)
}
