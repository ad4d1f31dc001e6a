package authority

import (
	"archive/tar"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Restored says that an authority comes from a backup, and has not yet been compared
// with what broker and boxes have seen since.
type Restored struct {
	At   time.Time `json:"at"`
	Made time.Time `json:"made"` // the backup
}

// Restored is nil unless the authority waits to be compared.
func (a *Authority) Restored() *Restored { return a.read().Restored }

// restoredAhead is how far the first versions after a restoration are ahead of now, so
// that they are newer than what was signed on a machine whose clock was as fast.
// Boxes take what is maxAhead ahead.
const restoredAhead = time.Minute

// Restore makes dir out of a backup: whole or not at all, however it ends. Whatever was
// issued since the backup, no number of it comes again: versions begin behind now, and
// the numbers of beats and acts at the milliseconds since 1970, which no count from 1
// has reached. See Compare for the rest.
func Restore(r io.Reader, pass []byte, dir string, o Opts) (Restored, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	dir = filepath.Clean(dir)
	if entries, err := os.ReadDir(dir); len(entries) > 0 || err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Restored{}, fail("restore-over", err, dir)
	}
	parent, base := filepath.Split(dir)
	if parent == "" {
		parent = "."
	}
	if err := os.MkdirAll(parent, 0o700); err != nil {
		return Restored{}, err
	}
	p, err := os.Open(parent)
	if err != nil {
		return Restored{}, err
	}
	defer p.Close()
	// One at a time, so that what an attempt left that was killed can be told and removed.
	if err := syscall.Flock(int(p.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return Restored{}, fail("lock", err, parent)
	}
	fresh := filepath.Join(parent, ".restoring-"+base)
	if err := os.RemoveAll(fresh); err != nil {
		return Restored{}, err
	}
	defer os.RemoveAll(fresh) // unless it has become dir
	if err := os.Mkdir(fresh, 0o700); err != nil {
		return Restored{}, err
	}
	m, err := unpack(r, pass, fresh)
	if err != nil {
		return Restored{}, err
	}
	restored := Restored{At: o.Now().UTC().Truncate(time.Millisecond), Made: m.Made}
	if err := settleRestored(fresh, restored, o); err != nil {
		return Restored{}, err
	}
	if err := toDisk(p); err != nil {
		return Restored{}, err
	}
	// A folder takes the place of an empty one in one step, and of no other. (os.Rename
	// does not take it over any.)
	if err := syscall.Rename(fresh, dir); err != nil {
		return Restored{}, fail("restore-over", err, dir)
	}
	return restored, p.Sync()
}

// settleRestored demands that what was unpacked is an authority, and lifts its numbers.
func settleRestored(dir string, r Restored, o Opts) error {
	a, err := Open(dir, o)
	if err != nil {
		return fail("backup-damaged", err)
	}
	if _, err := a.Issued(); err != nil {
		return fail("backup-damaged", err)
	}
	if _, err := a.RootFile(); err != nil {
		return fail("backup-damaged", err)
	}
	return a.change(func(s *state) error {
		for topic, last := range s.Issued {
			if ahead := last.Sub(r.At); ahead > maxAhead {
				return fail("clock", nil, ahead.Round(time.Second), topic)
			}
		}
		s.Restored, s.Floor = &r, r.At.Add(restoredAhead)
		s.Seq = max(s.Seq, r.At.UnixMilli())
		return nil
	})
}

// unpack writes a backup's files below dir. It has read and believed all of it when it
// returns no error.
func unpack(r io.Reader, pass []byte, dir string) (manifest, error) {
	var m manifest
	u, err := newUnsealer(r, pass)
	if err != nil {
		return m, err
	}
	z, err := gzip.NewReader(u)
	if err != nil {
		return m, damaged(err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return m, err
	}
	defer root.Close()
	t := tar.NewReader(z)
	for {
		h, err := t.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return m, damaged(err)
		}
		switch {
		case m.Format == 0:
			if err := json.NewDecoder(t).Decode(&m); h.Name != manifestFile || err != nil {
				return m, damaged(err)
			}
			if m.Format != 1 {
				return m, fail("backup-format", nil)
			}
		case h.Typeflag == tar.TypeDir:
			err = root.MkdirAll(strings.TrimSuffix(h.Name, "/"), 0o700)
		case h.Name == "tokens.json": // one of them may have been revoked since
		case h.Typeflag == tar.TypeReg:
			err = unpackOne(root, h, t)
		case h.Typeflag == tar.TypeSymlink && within(h.Name, h.Linkname):
			err = root.Symlink(h.Linkname, h.Name)
		default:
			err = damaged(nil)
		}
		if err != nil {
			return m, err
		}
	}
	if _, err := io.Copy(io.Discard, z); err != nil { // to the end of the stream and its checks
		return m, damaged(err)
	}
	if m.Format == 0 {
		return m, damaged(nil)
	}
	return m, nil
}

func unpackOne(root *os.Root, h *tar.Header, from io.Reader) error {
	if dir := filepath.Dir(h.Name); dir != "." {
		if err := root.MkdirAll(dir, 0o700); err != nil {
			return err
		}
	}
	f, err := root.OpenFile(h.Name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, fs.FileMode(h.Mode)&0o755|0o600)
	if err != nil {
		return err
	}
	if _, err = io.Copy(f, from); err != nil {
		var disk *fs.PathError
		if !errors.As(err, &disk) {
			err = damaged(err)
		}
	}
	// When a ledger came is the time of its file.
	return errors.Join(err, f.Close(), root.Chtimes(h.Name, h.ModTime, h.ModTime))
}

// toDisk brings everything to disk that was written beside d.
func toDisk(d *os.File) error {
	if err := unix.Syncfs(int(d.Fd())); err != nil {
		return fmt.Errorf("sync %s: %w", d.Name(), err)
	}
	return nil
}

// damaged is what a backup is that cannot be read, unless something else is said.
func damaged(err error) error {
	var own *Error
	if errors.As(err, &own) {
		return own
	}
	return fail("backup-damaged", err)
}
