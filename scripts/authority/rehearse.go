package authority

import (
	"crypto/rand"
	"os"
	"path/filepath"
	"slices"

	"loa/agent/plan"
	"loa/agent/trust"
)

// RehearseRotation does what RotateRoot would do on a copy of the authority that is
// thrown away, and asks a box's own code what it makes of it: one that was offline
// since the first root, and one that is made afterwards. People who have no key yet
// get one for the rehearsal. A rotation that too few sign is not done, and no error.
func (a *Authority) RehearseRotation(replace [][2]string, threshold int, signers ...string) (Rotation, error) {
	dir, err := os.MkdirTemp("", "loa-rehearsal-")
	if err != nil {
		return Rotation{}, fail("rehearse-copy", err)
	}
	defer os.RemoveAll(dir)
	for _, part := range []string{stateFile, "people", "online", "issued", "pending"} {
		if err := copyPart(filepath.Join(dir, part), filepath.Join(a.dir, part)); err != nil {
			return Rotation{}, fail("rehearse-copy", err)
		}
	}
	var made []string
	o := a.o
	o.Secret = func(name string) ([]byte, error) {
		if slices.Contains(made, name) {
			return []byte(rand.Text()), nil // its key stays unsealed as long as the copy lives
		}
		return a.o.Secret(name)
	}
	if a.o.Secret == nil {
		o.Secret = nil
	}
	c, err := Open(dir, o)
	if err != nil {
		return Rotation{}, err
	}
	for _, r := range replace {
		if _, ok := c.People()[r[1]]; !ok && r[1] != "" {
			made = append(made, r[1])
			if err := c.AddPerson(r[1]); err != nil {
				return Rotation{}, err
			}
		}
	}
	p, err := c.RotateRoot(replace, threshold, signers...)
	if err != nil || !p.Done {
		return p, err
	}
	if !c.ListHolds() {
		return p, fail("rehearse-list", nil)
	}
	return p, c.boxesFollow(p.Number)
}

// boxesFollow demands that boxes of all ages take root n and the list under it.
func (a *Authority) boxesFollow(n int64) error {
	old, err := a.boxTrust(rehearser)
	if err != nil {
		return err
	}
	file, err := a.RootFile()
	if err != nil {
		return err
	}
	fresh, err := trust.New(file, rehearser, trust.Opts{Now: a.boxClock})
	if err != nil {
		return err
	}
	all, err := a.Issued()
	if err != nil {
		return err
	}
	a.feed(fresh, all)
	for _, box := range []*trust.Trust{old, fresh} {
		if got := box.Root().Number; got != n {
			return fail("rehearse-box", nil, n, got)
		}
		if box.Epochs()[plan.RootPlace] == 0 {
			return fail("rehearse-list", nil)
		}
	}
	return nil
}

// copyPart copies a file or a folder; what is not there is not copied.
func copyPart(to, from string) error {
	info, err := os.Stat(from)
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		return err
	}
	if info.IsDir() {
		return os.CopyFS(to, os.DirFS(from))
	}
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, data, 0o600)
}
