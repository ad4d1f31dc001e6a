package authority

import (
	"errors"
	"slices"

	"loa/agent/plan"
	"loa/scripts/authority/rollout"
)

// Rollout is how far the release of the boxes' software is.
func (a *Authority) Rollout() rollout.State { return a.read().Rollout }

// errSame ends a change that changes nothing, so that nothing is written.
var errSame = errors.New("nothing changes")

// ChangeRollout writes down what f makes of how far the release is, and gives it.
func (a *Authority) ChangeRollout(f func(rollout.State) rollout.State) (is rollout.State, err error) {
	err = a.change(func(s *state) error {
		was := s.Rollout
		is = f(was)
		if is == was {
			return errSame
		}
		s.Rollout = is
		return nil
	})
	if errors.Is(err, errSame) {
		err = nil
	}
	return is, err
}

// Release is the release that was signed last, and the wants that name it by their boxes;
// what still lacks a signature does not count. The zero release: there is none.
func (a *Authority) Release() (newest plan.Firmware, wants map[string]plan.Firmware, err error) {
	all, err := a.Issued()
	if err != nil {
		return newest, nil, err
	}
	boxes := a.Boxes()
	var has []plan.Want
	for _, is := range all {
		w, ok := is.Doc.(plan.Want)
		if _, ours := boxes[w.Device]; ok && ours && w.Firmware != nil {
			has = append(has, w)
		}
	}
	// A want that is issued anew for another reason carries its release along: the time
	// from which a release counts tells which is the newest.
	slices.SortStableFunc(has, func(x, y plan.Want) int { return x.Firmware.From.Compare(y.Firmware.From) })
	wants = make(map[string]plan.Firmware)
	for _, w := range has {
		if w.Firmware.Version != newest.Version {
			newest = *w.Firmware
			clear(wants)
		}
		wants[w.Device] = *w.Firmware
	}
	return newest, wants, nil
}

// OfferFirmware signs a release for boxes; canaries go first. The rest of their wants stays
// as it is. Nothing is written down: see JudgeAll and KeepAll.
func (a *Authority) OfferFirmware(f plan.Firmware, boxes, canaries []string, signers ...string) ([]Issued, error) {
	wants := make([]plan.Want, len(boxes))
	for i, device := range boxes {
		w, err := a.LastWant(device)
		if err != nil {
			return nil, err
		}
		mine := f
		mine.Canary = slices.Contains(canaries, device)
		w.Firmware = &mine
		wants[i] = w
	}
	return a.AssignAll(wants, signers...)
}
