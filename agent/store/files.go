package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

const tmpSuffix = ".tmp"

// generation is the file of a generation: they are written in turn. An "@"
// within a name is escaped, so a value never meets a directory.
func generation(path string, gen uint64) string {
	return path + "@" + strconv.FormatUint(gen%2, 10)
}

// path maps a name into the directory: whatever a name holds, it stays there.
func (s *Store) path(name string) (string, error) {
	parts := strings.Split(name, "/")
	if len(parts) > 8 {
		return "", fmt.Errorf("store: name %.64q has more than 8 parts", name)
	}
	for i, p := range parts {
		e := escape(p)
		if e == "" || len(e) > 120 {
			return "", fmt.Errorf("store: name %.64q has a part of %d bytes, want 1 to 120 once escaped", name, len(e))
		}
		parts[i] = e
	}
	return filepath.Join(s.dir, filepath.Join(parts...)), nil
}

func plain(c byte, first bool) bool {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_':
		return true
	}
	return c == '.' && !first // no ".", "..", hidden files
}

func escape(part string) string {
	var b strings.Builder
	for i := range len(part) {
		if plain(part[i], i == 0) {
			b.WriteByte(part[i])
		} else {
			fmt.Fprintf(&b, "%%%02X", part[i])
		}
	}
	return b.String()
}

// unescape is the inverse of escape; ok is false for what escape never makes.
func unescape(part string) (s string, ok bool) {
	var b strings.Builder
	for i := 0; i < len(part); i++ {
		if part[i] != '%' {
			b.WriteByte(part[i])
			continue
		}
		if i+2 >= len(part) {
			return "", false
		}
		n, err := strconv.ParseUint(part[i+1:i+3], 16, 8)
		if err != nil {
			return "", false
		}
		b.WriteByte(byte(n))
		i += 2
	}
	s = b.String()
	return s, s != "" && !strings.Contains(s, "/") && escape(s) == part
}

// scan gives the names in the directory and removes temporary files. What the
// store did not write it leaves alone.
func (s *Store) scan() ([]string, error) {
	var names []string
	seen := map[string]bool{}
	err := filepath.WalkDir(s.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if strings.HasSuffix(path, tmpSuffix) {
			_ = os.Remove(path) // on a read-only disk it stays, and harms nobody
			return nil
		}
		base, g := path[:max(0, len(path)-2)], path[max(0, len(path)-2):]
		if g != "@0" && g != "@1" {
			return nil
		}
		rel, err := filepath.Rel(s.dir, base)
		if err != nil {
			return err
		}
		parts := strings.Split(rel, "/")
		for i, p := range parts {
			u, ok := unescape(p)
			if !ok {
				return nil
			}
			parts[i] = u
		}
		if name := strings.Join(parts, "/"); !seen[name] {
			seen[name] = true
			names = append(names, name)
		}
		return nil
	})
	return names, err
}

// mkdirs makes dir and its parents so that they survive a power cut.
func mkdirs(dir string) error {
	if fi, err := os.Stat(dir); err == nil {
		if !fi.IsDir() {
			return &fs.PathError{Op: "mkdir", Path: dir, Err: syscall.ENOTDIR}
		}
		return nil
	}
	up := filepath.Dir(dir)
	if up != dir {
		if err := mkdirs(up); err != nil {
			return err
		}
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncDir(up)
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	err = d.Sync()
	if cerr := d.Close(); err == nil {
		err = cerr
	}
	return err
}

// fillReserve makes the reserve file if there is none.
func (s *Store) fillReserve() error {
	name := filepath.Join(s.dir, reserveName)
	if _, err := os.Stat(name); err == nil {
		return nil
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	// Allocated, not written: it costs no wear.
	err = syscall.Fallocate(int(f.Fd()), 0, 0, reserve)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		os.Remove(name)
	}
	return err
}

func (s *Store) reserved() bool {
	_, err := os.Stat(filepath.Join(s.dir, reserveName))
	return err == nil
}

// dropReserve frees the reserve; false: there was none.
func (s *Store) dropReserve() bool {
	return os.Remove(filepath.Join(s.dir, reserveName)) == nil
}
