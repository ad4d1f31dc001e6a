package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"loa/agent/message"
	"loa/agent/plan"
	"loa/agent/stick"
	"loa/scripts/authority"
	"loa/scripts/authority/durable"
)

// carriedFor is how long a box that no broker knows counts as heard after its reports
// came on a stick.
const carriedFor = 40 * 24 * time.Hour

func carriedFile(au *authority.Authority, device, name string) string {
	return filepath.Join(au.Dir(), "carried", device, name)
}

// keepCarried keeps the reports that a stick brought, as the box signed them, if they are
// newer than those that are here; have is the first of them. One of the future is of a
// box that does not know the time, and would hide all that come after it.
func keepCarried(au *authority.Authority, s *stick.Stick, device string, have message.Have, now time.Time) error {
	if at := carriedAt(au, device); have.Device != device || !have.At.After(at) || have.At.After(now.Add(time.Hour)) {
		return nil
	}
	for _, name := range []string{stick.State, stick.Health, stick.Have} { // the one with the time last
		raw, err := s.Given(device, name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			err = durable.Write(carriedFile(au, device, name), raw)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// carriedAt is when a box wrote its newest reports that came on a stick; zero: none did.
func carriedAt(au *authority.Authority, device string) time.Time {
	raw, err := os.ReadFile(carriedFile(au, device, stick.Have))
	if err != nil {
		return time.Time{}
	}
	pub, err1 := plan.ParseKey(au.EveryBox()[device].Key)
	have, err2 := message.OpenReport[message.Have](message.ReportHave, raw, pub)
	if errors.Join(err1, err2) != nil || have.Device != device {
		return time.Time{}
	}
	return have.At
}
