package stick

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"

	"loa/agent/message"
)

// What a box gives back besides its ledger.
const (
	Have   = "have.json"
	State  = "state.json"
	Health = "health.json"
)

// maxGiven bounds one file of what a box gives back.
const maxGiven = message.MaxEnvelope

func backName(device, name string) string { return path.Join("back", device, name) }

func segmentName(n int) string { return fmt.Sprintf("%04d.seg", n) }

// Give writes what a box gives back, by the names above.
func (s *Stick) Give(device, name string, data []byte) error {
	return s.Write(backName(device, name), data)
}

// GiveSegment writes the n-th stretch of a box's ledger, from 1.
func (s *Stick) GiveSegment(device string, n int, data []byte) error {
	return s.Give(device, segmentName(n), data)
}

// EndSegments removes what an earlier visit left behind the n-th stretch.
func (s *Stick) EndSegments(device string, n int) error {
	for n++; n <= MaxSegment; n++ {
		if err := s.root.Remove(backName(device, segmentName(n))); errors.Is(err, fs.ErrNotExist) {
			return nil
		} else if err != nil {
			return err
		}
	}
	return nil
}

// Gave reports whether a box has given anything back.
func (s *Stick) Gave(device string) bool {
	fi, err := s.root.Lstat(path.Join("back", device))
	return err == nil && fi.IsDir()
}

// Given is what a box gave back by a name. The error is fs.ErrNotExist if nothing.
func (s *Stick) Given(device, name string) ([]byte, error) {
	f, size, err := s.open(backName(device, name))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if size > maxGiven {
		return nil, fmt.Errorf("%s: %d bytes; at most %d", backName(device, name), size, maxGiven)
	}
	return io.ReadAll(io.LimitReader(f, maxGiven))
}

// GivenSegment is the n-th stretch of a box's ledger, from 1.
func (s *Stick) GivenSegment(device string, n int) ([]byte, error) {
	if n > MaxSegment {
		return nil, fs.ErrNotExist
	}
	return s.Given(device, segmentName(n))
}
