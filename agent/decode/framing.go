package decode

import (
	"bytes"
	"errors"
	"io"
)

// A header is what a parser finds at the beginning of a frame.
type header struct {
	key  uint32 // what must not change within a stream; never 0
	size int    // of the whole frame in bytes; 0: only the next header tells
}

// A framing finds whole frames in a stream whose frames begin with a sync word
// and tell their size: MPEG audio and ADTS. Tags, station titles, cover pictures
// and damage between them are left out, so that no codec ever sees them.
//
// One header proves nothing: the bytes of a sync word turn up in every picture.
// A frame counts when another header with the same key follows where it ends, or
// the end of the input; a stream of another kind than before must show two.
type framing struct {
	in      *input
	parse   func(b []byte) (h header, ok bool)
	measure func(b []byte, h header) int // the size of a frame that does not tell it; nil: there are none
	length  int                          // of a header in bytes
	longest int                          // frame in bytes

	key    uint32 // of the stream we were in last; 0: none yet
	synced bool   // a frame is due exactly here
	lost   bool   // bytes were left out before the last frame
}

// next gives the next whole frame, valid until the next call. It stays in the
// input until take.
func (f *framing) next() ([]byte, error) {
	f.lost = false
	for {
		h, n, err := f.here()
		if err != nil {
			return nil, err
		}
		if n > 0 {
			b, err := f.in.peek(n)
			if len(b) < n {
				return nil, ended(err)
			}
			f.key, f.synced = h.key, true
			return b, nil
		}
		f.lost = f.lost || f.key != 0
		f.synced = false
		if err := f.scan(); err != nil {
			return nil, err
		}
	}
}

// take leaves the frame that next has just given behind.
func (f *framing) take(frame []byte) error { return f.in.skip(int64(len(frame))) }

// here reports the frame that begins at the input's place, 0 bytes if none does.
func (f *framing) here() (h header, n int, err error) {
	b, err := f.in.peek(f.length)
	if len(b) < f.length {
		return h, 0, ended(err)
	}
	h, ok := f.parse(b)
	if !ok {
		return h, 0, nil
	}
	ahead := h.size + f.length
	if h.size == 0 {
		ahead = 2*f.longest + f.length
	}
	if b, err = f.in.peek(ahead); err != nil && !errors.Is(err, io.EOF) {
		return h, 0, err
	}
	if n = f.sizeOf(b, h); n == 0 || n > len(b) {
		return h, 0, nil
	}
	if f.follows(b, h, 1) && (h.key == f.key || f.key == 0) {
		return h, n, nil
	}
	if b, err = f.in.peek(lookahead); err != nil && !errors.Is(err, io.EOF) {
		return h, 0, err
	}
	if f.follows(b, h, 2) {
		return h, n, nil // the next programme of a station, or the next of joined files
	}
	if f.synced && h.key == f.key && !f.cut(b, n) {
		return h, n, nil // a frame where one was due; what is damaged lies behind it
	}
	return h, 0, nil
}

// sizeOf is the size of the frame with header h that begins b, 0 if b does not tell.
func (f *framing) sizeOf(b []byte, h header) int {
	if h.size > 0 || f.measure == nil {
		return h.size
	}
	return f.measure(b, h)
}

// follows reports whether the frame that begins b is followed by n headers of its
// stream, each where the one before it ends, or by the end of the input or of all
// sound.
func (f *framing) follows(b []byte, h header, n int) bool {
	for key := h.key; ; n-- {
		size := f.sizeOf(b, h)
		if size == 0 || size > len(b) {
			return false
		}
		b = b[size:]
		if n == 0 || len(b) == 0 || bytes.HasPrefix(b, []byte("TAG")) || bytes.HasPrefix(b, []byte("APET")) {
			return true
		}
		next, ok := f.parse(b)
		if !ok || next.key != key {
			return false
		}
		if n == 1 {
			return true
		}
		h = next
	}
}

// cut reports whether the stream goes on within the n bytes that the frame at the
// beginning of b claims: then its size is wrong, or its end is missing.
func (f *framing) cut(b []byte, n int) bool {
	for i := f.length; i < n && i < len(b); i++ {
		if h, ok := f.parse(b[i:]); ok && h.key == f.key && f.follows(b[i:], h, 1) {
			return true
		}
	}
	return false
}

// scan leaves out at least one byte, to where a frame or a tag might begin.
func (f *framing) scan() error {
	if n := tag(f.in); n > 0 {
		return f.in.skip(n)
	}
	b, err := f.in.ready(10)
	if len(b) <= 1 {
		return ended(err)
	}
	n := 1
	for n < len(b) && b[n] != 0xFF && (b[n] != 'I' || !bytes.HasPrefix(b[n:], []byte("ID3"))) {
		n++
	}
	return f.in.skip(int64(n))
}

// tag is the size of an ID3v2 tag that begins here, 0 if there is none, or none
// that can be believed: a download that broke off in its cover picture has a tag
// longer than the file, and sound may still follow in what a decoder would skip.
func tag(in *input) int64 {
	b, _ := in.peek(10)
	n := id3Size(b)
	if left := in.left(); left >= 0 && n >= left {
		return 0
	}
	if in.size < 0 && n > maxStreamTag {
		return 0
	}
	return n
}

// maxStreamTag bounds a tag within a stream, where nothing says what is left.
const maxStreamTag = 1 << 20

// id3Size is the size of the ID3v2 tag that b begins, header and footer
// included; 0: b begins none.
func id3Size(b []byte) int64 {
	if len(b) < 10 || string(b[:3]) != "ID3" || b[3] == 0xFF || b[4] == 0xFF {
		return 0
	}
	var n int64
	for _, c := range b[6:10] {
		if c > 0x7F {
			return 0
		}
		n = n<<7 | int64(c)
	}
	n += 10
	if b[5]&0x10 != 0 {
		n += 10
	}
	return n
}

// ended makes io.EOF of having peeked too little.
func ended(err error) error {
	if err == nil {
		return io.EOF
	}
	return err
}
