package decode

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
)

// An input is the bytes of a recording or a stream: it can look ahead, and it
// knows where it is. It ends with ctx: who looks through megabytes of rubbish for
// a frame looks at them through peek, and so can be called off.
type input struct {
	ctx  context.Context
	buf  *bufio.Reader
	seek io.Seeker // nil: a stream
	base int64     // where the recording begins in seek
	pos  int64     // of the next byte, from base
	size int64     // -1: not known
}

// lookahead bounds what peek can show. It holds the longest Ogg page (65,307
// bytes), two of the longest ADTS frames and three MPEG frames.
const lookahead = 1 << 16

func flowing(r io.Reader) *input {
	return &input{ctx: context.Background(), buf: bufio.NewReaderSize(r, lookahead), size: -1}
}

func seekable(r io.ReadSeeker) (*input, error) {
	base, err := r.Seek(0, io.SeekCurrent)
	if err != nil {
		return nil, fmt.Errorf("decode: cannot find the beginning: %w", err)
	}
	end, err := r.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, fmt.Errorf("decode: cannot find the end: %w", err)
	}
	if _, err := r.Seek(base, io.SeekStart); err != nil {
		return nil, fmt.Errorf("decode: cannot return to the beginning: %w", err)
	}
	in := flowing(r)
	in.seek, in.base, in.size = r, base, end-base
	return in, nil
}

// peek shows up to n bytes without taking them. Fewer mean that the input ends
// there (err is io.EOF) or failed (err is its error); none are lost by asking.
func (in *input) peek(n int) ([]byte, error) {
	if err := in.stopped(); err != nil {
		return nil, err
	}
	b, err := in.buf.Peek(n)
	if errors.Is(err, bufio.ErrBufferFull) {
		err = nil
	}
	if err != nil && !errors.Is(err, io.EOF) {
		err = fmt.Errorf("decode: cannot read after byte %d: %w", in.pos, err)
	}
	return b, err
}

// stopped is the error of an input whose context has ended.
func (in *input) stopped() error {
	if err := in.ctx.Err(); err != nil {
		return fmt.Errorf("decode: stopped at byte %d: %w", in.pos, err)
	}
	return nil
}

// ready is like peek but shows everything that has already arrived, and at least
// n bytes: whoever searches must not wait for more of a live stream than it needs.
func (in *input) ready(n int) ([]byte, error) { return in.peek(max(n, in.buf.Buffered())) }

// grow makes room to look n bytes ahead.
func (in *input) grow(n int) {
	if n > in.buf.Size() {
		in.buf = bufio.NewReaderSize(in.buf, n)
	}
}

// skip leaves n bytes out.
func (in *input) skip(n int64) error {
	if in.seek != nil && n > int64(in.buf.Buffered()) {
		return in.seekTo(in.pos + n)
	}
	for n > 0 {
		m, err := in.buf.Discard(int(min(n, 1<<30)))
		in.pos += int64(m)
		n -= int64(m)
		if err != nil {
			return err
		}
	}
	return nil
}

// Read takes bytes.
func (in *input) Read(p []byte) (int, error) {
	n, err := in.buf.Read(p)
	in.pos += int64(n)
	return n, err
}

// seekTo goes to byte pos of a recording.
func (in *input) seekTo(pos int64) error {
	if in.seek == nil {
		return errors.New("decode: a stream cannot be wound")
	}
	pos = max(0, min(pos, in.size))
	if d := pos - in.pos; d >= 0 && d <= int64(in.buf.Buffered()) {
		return in.skip(d)
	}
	if _, err := in.seek.Seek(in.base+pos, io.SeekStart); err != nil {
		return fmt.Errorf("decode: cannot go to byte %d: %w", pos, err)
	}
	in.buf.Reset(in.seek.(io.Reader))
	in.pos = pos
	return nil
}

// left is the number of bytes to the end, or -1 for a stream.
func (in *input) left() int64 {
	if in.size < 0 {
		return -1
	}
	return in.size - in.pos
}
