package authority

import (
	"archive/tar"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// A manifest is the first file of a backup.
type manifest struct {
	Format int       `json:"format"`
	Name   string    `json:"name"` // of the authority
	Made   time.Time `json:"made"`
	Media  bool      `json:"media"`
}

const manifestFile = "backup.json"

// What grows for ever and never changes is copied without stopping everybody else.
var bulk = []string{"media", "ledger", "history"}

// Backup writes everything that the authority is to w, under the passphrase: books,
// keys as they are sealed, documents, certificates, ledgers, and media if wanted.
// While books and documents are copied nothing is signed; a dispatcher that runs waits.
func (a *Authority) Backup(w io.Writer, pass []byte, media bool) error {
	if len(pass) == 0 {
		return fail("no-phrase-typed", nil, "backup")
	}
	s, err := newSealer(w, pass, a.cost())
	if err != nil {
		return err
	}
	z := gzip.NewWriter(s)
	t := tar.NewWriter(z)
	m, err := json.Marshal(manifest{Format: 1, Name: a.Name(), Made: a.o.Now().UTC(), Media: media})
	if err != nil {
		return err
	}
	err = t.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: manifestFile, Mode: 0o600, Size: int64(len(m))})
	if err == nil {
		_, err = t.Write(m)
	}
	if err == nil {
		err = a.still(t)
	}
	for _, part := range bulk {
		if err == nil && (media || part != "media") {
			err = pack(t, a.dir, part, nil)
		}
	}
	if err != nil {
		return fail("backup", err)
	}
	if err := errors.Join(t.Close(), z.Close(), s.Close()); err != nil {
		return fail("backup", err)
	}
	return nil
}

// still packs what must be of one moment.
func (a *Authority) still(t *tar.Writer) error {
	release, err := a.lock()
	if err != nil {
		return err
	}
	defer release()
	return pack(t, a.dir, ".", bulk)
}

// pack writes a part of dir, but for what lies in one of the folders without.
func pack(t *tar.Writer, dir, part string, without []string) error {
	return filepath.WalkDir(filepath.Join(dir, part), func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // it was never there, or is gone
		}
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		passing := strings.HasPrefix(d.Name(), ".new-") || name == "lock" || name == "dispatch.pid" || strings.HasSuffix(name, ".lock") || name == manifestFile ||
			strings.HasPrefix(name, "index.db") || // it is made anew from the rest
			// These are being written to: copies of them lie beside.
			strings.HasPrefix(filepath.ToSlash(name), "requests/requests.db") ||
			strings.HasPrefix(filepath.ToSlash(name), "polls/polls.db") ||
			strings.HasPrefix(filepath.ToSlash(name), "push/readers.db")
		switch {
		case d.IsDir() && (passing || slices.Contains(without, name)):
			return filepath.SkipDir
		case passing || name == ".":
			return nil
		case d.Type() == fs.ModeSymlink:
			return packLink(t, path, filepath.ToSlash(name))
		case !d.IsDir() && !d.Type().IsRegular():
			return nil
		}
		return packOne(t, path, filepath.ToSlash(name), d.IsDir())
	})
}

// packLink writes a link that stays within, as a bridge has to the list of the revoked.
func packLink(t *tar.Writer, path, name string) error {
	to, err := os.Readlink(path)
	if err != nil || !within(name, to) {
		return err
	}
	return t.WriteHeader(&tar.Header{Typeflag: tar.TypeSymlink, Name: name, Linkname: to, Mode: 0o777})
}

func within(name, to string) bool {
	return !filepath.IsAbs(to) && filepath.IsLocal(filepath.Join(filepath.Dir(name), to))
}

func packOne(t *tar.Writer, path, name string, folder bool) error {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	h := &tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: int64(info.Mode().Perm()), Size: info.Size(), ModTime: info.ModTime()}
	if folder {
		h.Typeflag, h.Size = tar.TypeDir, 0
	}
	if err := t.WriteHeader(h); err != nil || folder {
		return err
	}
	_, err = io.CopyN(t, f, info.Size()) // what is appended meanwhile is of another day
	return err
}
