package wav

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

const (
	headerSize = 44
	frameSize  = channels * 2
)

// A file is a WAV that can be read at any moment.
type file struct {
	path string
	max  int64 // bytes of data
	f    *os.File
	size int64 // bytes of data
	buf  []byte
}

func openFile(path string, maxBytes int64) (*file, error) {
	// RIFF counts its bytes in 32 bits.
	limit := min(maxBytes, 1<<32-1) - headerSize
	limit -= limit % frameSize
	if limit < frameSize {
		return nil, fmt.Errorf("%s: a limit of %d bytes holds no sound", path, maxBytes)
	}
	w := &file{path: path, max: limit}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return w, w.begin()
	}
	if err != nil {
		return nil, err
	}
	w.f = f
	if err := w.resume(); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), f.Close())
	}
	return w, nil
}

// begin makes a new file with nothing in it.
func (w *file) begin() error {
	f, err := os.OpenFile(w.path, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	w.f, w.size = f, 0
	_, err = f.WriteAt(header(0), 0)
	return err
}

// resume goes on at the end of a file that is of our form.
func (w *file) resume() error {
	info, err := w.f.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return errors.New("not a regular file")
	}
	if info.Size() == 0 {
		_, err = w.f.WriteAt(header(0), 0)
		return err
	}
	var h [headerSize]byte
	if _, err := w.f.ReadAt(h[:], 0); err != nil && err != io.EOF {
		return err
	}
	// The sizes differ from file to file, the rest does not.
	want := header(0)
	copy(want[4:8], h[4:8])
	copy(want[40:], h[40:])
	if !bytes.Equal(h[:], want) {
		return errors.New("exists and is no WAV of 48000 Hz stereo 16 bit; it is left alone")
	}
	// The length of the file is the truth: a kill can fall between the frames
	// and the header.
	w.size = info.Size() - headerSize
	w.size -= w.size % frameSize
	return w.putHeader()
}

// append adds samples, and turns the file over when it is full.
func (w *file) append(samples []int16) error {
	for len(samples) > 0 {
		if w.size >= w.max {
			if err := w.turn(); err != nil {
				return err
			}
		}
		n := min(len(samples), int(w.max-w.size)/2)
		w.buf = w.buf[:0]
		for _, v := range samples[:n] {
			w.buf = binary.LittleEndian.AppendUint16(w.buf, uint16(v))
		}
		if _, err := w.f.WriteAt(w.buf, headerSize+w.size); err != nil {
			return err
		}
		w.size += int64(len(w.buf))
		samples = samples[n:]
		if err := w.putHeader(); err != nil {
			return err
		}
	}
	return nil
}

// turn sets the full file aside and begins a new one.
func (w *file) turn() error {
	if err := w.f.Close(); err != nil {
		return err
	}
	ext := filepath.Ext(w.path)
	if err := os.Rename(w.path, strings.TrimSuffix(w.path, ext)+".1"+ext); err != nil {
		return err
	}
	return w.begin()
}

func (w *file) putHeader() error {
	_, err := w.f.WriteAt(header(w.size), 0)
	return err
}

func (w *file) close() error { return w.f.Close() }

// header is the 44 bytes in front of size bytes of data.
func header(size int64) []byte {
	le := binary.LittleEndian
	h := make([]byte, 0, headerSize)
	h = append(h, "RIFF"...)
	h = le.AppendUint32(h, uint32(size+headerSize-8))
	h = append(h, "WAVEfmt "...)
	h = le.AppendUint32(h, 16)
	h = le.AppendUint16(h, 1) // PCM
	h = le.AppendUint16(h, channels)
	h = le.AppendUint32(h, rate)
	h = le.AppendUint32(h, rate*frameSize)
	h = le.AppendUint16(h, frameSize)
	h = le.AppendUint16(h, 16)
	h = append(h, "data"...)
	return le.AppendUint32(h, uint32(size))
}
