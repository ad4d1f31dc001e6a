// Package durable writes files that are still there, and whole, when the power is
// cut the moment after.
package durable

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// Write makes or replaces a file, and the folders that it lies in, for its owner
// only. It returns when a power cut can take nothing of it back; when it fails what
// was there is as it was.
func Write(name string, data []byte) error {
	dir := filepath.Dir(name)
	if err := Folder(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return Rename(f.Name(), name)
}

// Rename gives a file that was synced its name, in a folder that stands.
func Rename(from, to string) error {
	if err := os.Rename(from, to); err != nil {
		return err
	}
	return Sync(filepath.Dir(to))
}

// Folder makes a folder, and those above it that are missing.
func Folder(dir string, perm fs.FileMode) error {
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	above := filepath.Dir(dir)
	if above != dir {
		if err := Folder(above, perm); err != nil {
			return err
		}
	}
	if err := os.Mkdir(dir, perm); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	// A file that is synced in a folder whose own name is not would be gone with it.
	return Sync(above)
}

// Sync returns when the names in a folder are there for good.
func Sync(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
