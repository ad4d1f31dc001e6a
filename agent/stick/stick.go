// Package stick reads and writes the folder loa on a USB stick: what goes to boxes
// that have no network, and what they give back.
//
//	loa/documents.jsonl      envelopes, one a line, in an order in which a box can take them
//	loa/acks.jsonl           receipts for ledgers, the same way
//	loa/media/SHA256         recordings and pictures
//	loa/back/DEVICE/0001.seg the ledger of a box from what has no receipt on, as over MQTT
//	loa/back/DEVICE/….json   its reports, signed
//
// Whatever lies on a stick was put there by anybody. No folder of it is ever
// listed: only names that are computed here are looked at, so that it does not
// matter what else there is. What is opened must be a file and nothing else, lies
// on the stick wherever links lead, and is read up to a bound. Nothing here
// verifies anything: that is for whoever takes the bytes.
package stick

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path"
	"syscall"

	"loa/agent/message"
)

// Folder is the only one of a stick that is looked at.
const Folder = "loa"

// What lies in the folder.
const (
	Documents = "documents.jsonl"
	Acks      = "acks.jsonl"
)

// Bounds of what is read.
const (
	MaxLines   = 50_000    // of one file of documents
	MaxBytes   = 512 << 20 // of one file of documents
	MaxSegment = 4096      // of one ledger: 192 MiB of it
)

// A Stick is the folder of one stick. Close it.
type Stick struct {
	dir  string
	root *os.Root
}

// Open uses the folder loa in dir, which must be there.
func Open(dir string) (*Stick, error) {
	whole, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer whole.Close()
	root, err := whole.OpenRoot(Folder)
	if err != nil {
		return nil, err
	}
	return &Stick{dir: dir, root: root}, nil
}

// Create is Open for whoever may make the folder.
func Create(dir string) (*Stick, error) {
	whole, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer whole.Close()
	if err := whole.Mkdir(Folder, 0o755); err != nil && !errors.Is(err, os.ErrExist) {
		return nil, err
	}
	return Open(dir)
}

// Dir is where the stick is mounted.
func (s *Stick) Dir() string { return s.dir }

// Close lets go of the stick, so that it can be pulled out.
func (s *Stick) Close() error { return s.root.Close() }

// errNoFile is told of links, folders, pipes and devices.
var errNoFile = errors.New("it is no file")

// open opens a file. A pipe must not make us wait nor a device do anything, so it
// is looked at before and again once it is open.
func (s *Stick) open(name string) (*os.File, int64, error) {
	before, err := s.root.Lstat(name)
	if err != nil {
		return nil, 0, err
	}
	if !before.Mode().IsRegular() {
		return nil, 0, &os.PathError{Op: "open", Path: name, Err: errNoFile}
	}
	f, err := s.root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, 0, err
	}
	now, err := f.Stat()
	if err == nil && !now.Mode().IsRegular() {
		err = &os.PathError{Op: "open", Path: name, Err: errNoFile}
	}
	if err != nil {
		f.Close()
		return nil, 0, err
	}
	return f, now.Size(), nil
}

// Lines gives the envelopes of a file of documents, one after another, and at the
// end why there are no more, if that was no end. A line that is too long comes cut
// short, still too long for an envelope. A line is good until the next.
func (s *Stick) Lines(name string) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		f, _, err := s.open(name)
		if err != nil {
			yield(nil, err)
			return
		}
		defer f.Close()
		for line, err := range lines(f) {
			if !yield(line, err) {
				return
			}
		}
	}
}

// errTooMuch ends the reading of a file that no office has written.
var errTooMuch = fmt.Errorf("more than %d documents or %d MiB", MaxLines, MaxBytes>>20)

func lines(from io.Reader) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		const most = message.MaxEnvelope + 1
		left := &io.LimitedReader{R: from, N: MaxBytes}
		in := bufio.NewReaderSize(left, most)
		for range MaxLines {
			line, err := in.ReadSlice('\n')
			for more := err; errors.Is(more, bufio.ErrBufferFull); {
				line = bytes.Clone(line[:most])
				_, more = in.ReadSlice('\n')
				err = more
			}
			ended := errors.Is(err, io.EOF)
			if err != nil && !ended {
				yield(nil, err) // half a line is none
				return
			}
			if line = bytes.TrimRight(line, "\r\n"); len(line) > 0 && !yield(line, nil) {
				return
			}
			if ended {
				if left.N <= 0 {
					yield(nil, errTooMuch)
				}
				return
			}
		}
		yield(nil, errTooMuch)
	}
}

// Media opens a recording or a picture and says how long it is.
func (s *Stick) Media(sha string) (io.ReadCloser, int64, error) {
	f, size, err := s.open(mediaName(sha))
	if err != nil {
		return nil, 0, err
	}
	return f, size, nil
}

// PutMedia writes a recording or a picture.
func (s *Stick) PutMedia(sha string, from io.Reader) error { return s.Put(mediaName(sha), from) }

func mediaName(sha string) string { return path.Join("media", path.Base(sha)) }

// Write writes a file, see Put.
func (s *Stick) Write(name string, data []byte) error { return s.Put(name, bytes.NewReader(data)) }

// Put writes a file, which then is there whole or as it was before.
func (s *Stick) Put(name string, from io.Reader) error {
	if err := s.root.MkdirAll(path.Dir(name), 0o755); err != nil {
		return err
	}
	fresh := name + ".new"
	if err := s.root.Remove(fresh); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	f, err := s.root.OpenFile(fresh, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, from)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = s.root.Rename(fresh, name)
	}
	if err != nil {
		return errors.Join(err, s.root.Remove(fresh))
	}
	d, err := s.root.Open(path.Dir(name))
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) { // not every file system can
		return err
	}
	return nil
}
