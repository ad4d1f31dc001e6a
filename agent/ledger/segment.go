package ledger

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A segment is one file of the ledger. Its first line is a header that says
// where the chain comes from, so that it can be verified when the segments
// before it are gone.
type segment struct {
	path  string
	first int64 // seq of its first entry
	prev  [sha256.Size]byte
	head  int64 // length of the header line
	size  int64 // of the whole file
	span  span  // of its entries' times
}

// A span is the earliest and the latest time in a segment. A clock may step
// back, so both have to be kept.
type span struct {
	From  time.Time `json:"from,omitzero"`
	Until time.Time `json:"until,omitzero"`
}

func (s *span) add(t time.Time) {
	if s.From.IsZero() || t.Before(s.From) {
		s.From = t
	}
	if t.After(s.Until) {
		s.Until = t
	}
}

// header is the first line of a segment. Before is the span of the segment
// before this one: written here it needs no second write there.
type header struct {
	Format int    `json:"ledger"`
	First  int64  `json:"first"`
	Prev   string `json:"prev"`
	Before span   `json:"before,omitzero"`
}

const suffix = ".jsonl"

// maxSegment bounds what is read into memory at once, whatever lies on the card.
const maxSegment = 16 << 20

func segmentPath(dir string, first int64) string {
	return filepath.Join(dir, fmt.Sprintf("%019d%s", first, suffix))
}

// parseHeader reads the first line of a segment.
func parseHeader(line []byte) (h header, prev [sha256.Size]byte, err error) {
	if err := json.Unmarshal(line, &h); err != nil {
		return h, prev, fmt.Errorf("damaged header: %v", err)
	}
	if h.Format != 1 || h.First < 1 || len(h.Prev) != 2*sha256.Size || !lowerHex([]byte(h.Prev)) {
		return h, prev, fmt.Errorf("damaged header: format %d, first %d", h.Format, h.First)
	}
	hex.Decode(prev[:], []byte(h.Prev))
	return h, prev, nil
}

// readSegments lists the segments of dir from their headers alone: a year of
// entries must not be read at every boot. Those whose header is damaged come
// back as bad.
func readSegments(dir string) (segs []segment, bad []string, err error) {
	files, err := os.ReadDir(dir)
	if err != nil {
		return nil, nil, err
	}
	for _, f := range files { // in order of their names, which is that of first
		path := filepath.Join(dir, f.Name())
		if strings.HasSuffix(path, ".tmp") {
			_ = os.Remove(path) // a segment that a power cut kept from beginning
			continue
		}
		if !strings.HasSuffix(path, suffix) {
			continue
		}
		seg, before, err := peek(path)
		if err != nil {
			bad = append(bad, path)
			continue
		}
		if n := len(segs); n > 0 {
			segs[n-1].span = before
		}
		segs = append(segs, seg)
	}
	return segs, bad, nil
}

// peek reads the header of the segment at path, and the span of the segment before it.
func peek(path string) (s segment, before span, err error) {
	f, err := os.Open(path)
	if err != nil {
		return s, before, err
	}
	defer f.Close()
	fi, err := f.Stat()
	if err != nil {
		return s, before, err
	}
	b := make([]byte, 512)
	n, err := io.ReadFull(f, b)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return s, before, err
	}
	line, _, ok := bytes.Cut(b[:n], []byte("\n"))
	if !ok {
		return s, before, errors.New("damaged header: no end")
	}
	h, prev, err := parseHeader(line)
	if err != nil {
		return s, before, err
	}
	if segmentPath(filepath.Dir(path), h.First) != path || fi.Size() > maxSegment {
		return s, before, fmt.Errorf("damaged header: it begins at %d and has %d bytes", h.First, fi.Size())
	}
	return segment{path: path, first: h.First, prev: prev, head: int64(len(line)) + 1, size: fi.Size()}, h.Before, nil
}

// createSegment makes a segment with nothing but its header. It appears under
// its name whole or not at all, and room bytes are set aside on the disk, so
// that the ledger can be written while the disk is full.
func createSegment(dir string, first int64, prev [sha256.Size]byte, before span, room int64) (*os.File, segment, error) {
	path := segmentPath(dir, first)
	line, err := json.Marshal(header{Format: 1, First: first, Prev: hex.EncodeToString(prev[:]), Before: before})
	if err != nil {
		return nil, segment{}, err
	}
	line = append(line, '\n')
	tmp := path + ".tmp"
	f, err := os.OpenFile(tmp, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, segment{}, err
	}
	err = unix.Fallocate(int(f.Fd()), unix.FALLOC_FL_KEEP_SIZE, 0, room)
	if errors.Is(err, syscall.EOPNOTSUPP) {
		err = nil // then a full disk is met when it is met
	}
	if err == nil {
		_, err = f.Write(line)
	}
	if err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = os.Rename(tmp, path)
	}
	if err == nil {
		err = syncDir(dir)
	}
	if err != nil {
		f.Close()
		os.Remove(tmp)
		return nil, segment{}, err
	}
	return f, segment{path: path, first: first, prev: prev, head: int64(len(line)), size: int64(len(line))}, nil
}

// lines calls fn with every whole line of s but the header, without its
// newline, and its end in the file. It stops when fn gives false.
func (s segment) lines(fn func(line []byte, end int64) bool) error {
	f, err := os.Open(s.path)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // dropped since it was listed: the oldest go
		}
		return err
	}
	defer f.Close()
	b := make([]byte, s.size)
	n, err := io.ReadFull(f, b)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return err
	}
	b = b[:n]
	for pos := int(s.head); pos < len(b); {
		i := bytes.IndexByte(b[pos:], '\n')
		if i < 0 {
			break
		}
		line := b[pos : pos+i]
		pos += i + 1
		if !fn(line, int64(pos)) {
			break
		}
	}
	return nil
}

// A tail is where the chain of a segment ends.
type tail struct {
	seq    int64 // of the last good entry
	hash   [sha256.Size]byte
	size   int64 // of the file up to and with it
	span   span
	broken error // a damaged line lies before the last good one
}

// tail reads s and finds its last good entry: one whose hash follows from what
// the line before it claims. What comes after is torn.
func (s segment) tail() (tail, error) {
	t := tail{seq: s.first - 1, hash: s.prev, size: s.head}
	prev, seq := s.prev, s.first
	var bad error
	err := s.lines(func(line []byte, end int64) bool {
		e, claims, err := decode(line, prev)
		prev = claims
		if err == nil && e.Seq < seq {
			err = fmt.Errorf("entry %d stands where %d should", e.Seq, seq)
		}
		seq++
		if err != nil {
			if bad == nil {
				bad = fmt.Errorf("after entry %d: %w", t.seq, err)
			}
			return true
		}
		if t.broken == nil {
			t.broken = bad
		}
		t.seq, t.hash, t.size, seq = e.Seq, claims, end, e.Seq+1
		t.span.add(e.Time)
		return true
	})
	return t, err
}

// total is the size of all segments.
func total(segs []segment) (n int64) {
	for _, s := range segs {
		n += s.size
	}
	return n
}

// find is the index of the segment that holds seq, -1 for one before the first.
func find(segs []segment, seq int64) int {
	i, exact := slices.BinarySearchFunc(segs, seq, func(s segment, seq int64) int { return cmp.Compare(s.first, seq) })
	if exact {
		return i
	}
	return i - 1
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
