package settings

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"loa/agent/config"
)

// Kept is how many files of before there are.
const Kept = 10

// A Before is a settings file that was in force once.
type Before struct {
	At     time.Time // when another took its place, by the box's clock
	Config config.Config
	path   string
	number int
}

// Dir is where the files of before lie: beside the file.
func Dir(file string) string { return filepath.Join(filepath.Dir(file), "settings-before") }

// Before lists them, the newest first. One that cannot be read is left out.
func (k *Keeper) Before() []Before {
	k.mu.Lock()
	defer k.mu.Unlock()
	var all []Before
	for _, b := range k.before() {
		if text, err := os.ReadFile(b.path); err == nil {
			b.Config, _ = config.Parse(b.path, text)
			all = append(all, b)
		}
	}
	return all
}

func (k *Keeper) before() []Before {
	dir := Dir(k.o.File)
	entries, _ := os.ReadDir(dir) // there is none before the first commit
	var all []Before
	for _, e := range entries {
		digits, ok := strings.CutSuffix(e.Name(), ".toml")
		n, err := strconv.Atoi(digits)
		if !ok || err != nil || n < 1 {
			continue
		}
		b := Before{path: filepath.Join(dir, e.Name()), number: n}
		if fi, err := e.Info(); err == nil {
			b.At = fi.ModTime()
		}
		all = append(all, b)
	}
	slices.SortFunc(all, func(a, b Before) int { return b.number - a.number })
	return all
}

// replace writes a new file, and keeps the one that was. After a power cut anywhere the
// file is the old one or the new one, whole; what may be left besides is one file of
// before that is the file itself, which the next commit does not write again.
func (k *Keeper) replace(text []byte) error {
	if k.unchanged(text) {
		return nil
	}
	all := k.before()
	number := 1
	if len(all) > 0 {
		number = all[0].number + 1
	}
	if !k.isNewest(all) {
		if err := k.write(filepath.Join(Dir(k.o.File), fmt.Sprintf("%06d.toml", number)), k.text, 0o600); err != nil {
			return err
		}
	}
	mode := fs.FileMode(0o644)
	if c, err := config.Parse(k.o.File, text); err != nil {
		return err // it would not be read again
	} else if c.Network.Secret() {
		mode = 0o600
	}
	if err := k.write(k.o.File, text, mode); err != nil {
		return err
	}
	for _, old := range all[min(len(all), Kept-1):] {
		os.Remove(old.path) // one that stays is removed next time
	}
	return nil
}

// Forget deletes the files of before, which may hold secrets.
func (k *Keeper) Forget() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return os.RemoveAll(Dir(k.o.File))
}

// ForgetSecrets deletes what in the settings others must not have, the files of before
// with it, and ends a trial: the box goes to somebody else.
func (k *Keeper) ForgetSecrets() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.trial, k.candidate, k.holder = nil, nil, nil
	if c := k.file; c.Network.Secret() || k.broken != nil {
		c.Network.PIN, c.Network.Password = "", ""
		text := c.Text()
		if err := k.write(k.o.File, text, 0o644); err != nil {
			return fmt.Errorf("cannot forget the secrets of the settings: %w", err)
		}
		k.file, k.text, k.broken = c, text, nil
	}
	return os.RemoveAll(Dir(k.o.File))
}

// isNewest reports whether what is in the file is the newest of before already.
func (k *Keeper) isNewest(all []Before) bool {
	if len(all) == 0 {
		return false
	}
	text, err := os.ReadFile(all[0].path)
	return err == nil && string(text) == string(k.text)
}

// write writes a file whole or not at all.
func (k *Keeper) write(name string, data []byte, mode fs.FileMode) error {
	dir := filepath.Dir(name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	fresh := name + ".new"
	if err := os.RemoveAll(fresh); err != nil {
		return err
	}
	k.step("make " + name)
	f, err := os.OpenFile(fresh, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode)
	if err != nil {
		return err
	}
	defer f.Close() // a second time, where all went well
	_, err = f.Write(data[:len(data)/2])
	k.step("half of " + name)
	if err == nil {
		_, err = f.Write(data[len(data)/2:])
	}
	k.step("written " + name)
	if err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close()); err != nil {
		os.Remove(fresh)
		return err
	}
	k.step("synced " + name)
	if err := os.Rename(fresh, name); err != nil {
		return err
	}
	k.step("renamed " + name)
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
