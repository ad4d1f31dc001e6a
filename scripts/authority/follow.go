package authority

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"loa/agent/message"
	"loa/agent/plan"
)

// A Follower reads the bulletins and alerts again and again, and each of their files once.
type Follower struct {
	a     *Authority
	known map[string]followed // by path
}

type followed struct {
	written time.Time
	size    int64
	is      Issued
}

// Follow makes a follower of what is issued.
func (a *Authority) Follow() *Follower { return &Follower{a: a, known: make(map[string]followed)} }

// Spoken are the newest bulletins and sets of alerts of all places, by topic.
func (f *Follower) Spoken() (all []Issued, err error) {
	root := filepath.Join(f.a.dir, "issued", filepath.FromSlash(message.Prefix+string(message.DirPlace)))
	seen := make(map[string]followed)
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist): // replaced while we look
			return nil
		case err != nil || d.IsDir() || !strings.HasSuffix(path, ".json"):
			return err
		}
		info, err := d.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		k, ok := f.known[path]
		if !ok || !k.written.Equal(info.ModTime()) || k.size != info.Size() {
			raw, err := os.ReadFile(path)
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			if err != nil {
				return err
			}
			k = followed{written: info.ModTime(), size: info.Size()}
			if k.is, err = Read(raw); err != nil {
				return fail("damaged", err, path)
			}
		}
		seen[path] = k
		switch k.is.Doc.(type) {
		case plan.Bulletin, plan.AlertSet:
			all = append(all, k.is)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	f.known = seen
	slices.SortFunc(all, func(x, y Issued) int { return strings.Compare(x.Topic.String(), y.Topic.String()) })
	return all, nil
}
