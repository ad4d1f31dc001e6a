package console

import (
	"errors"
	"io"
	"os"
	"unicode"
	"unicode/utf8"
)

// keys passes on what a technician types and keeps back everything else. The
// line editor behind it stands still for ever at a byte that is not UTF-8 or
// at an escape sequence without an end, and a serial line full of noise sends
// both.
type keys struct {
	r    io.Reader
	in   [256]byte
	have []byte // read and not yet looked at
	out  []byte // looked at and not yet passed on
	seq  []byte // an escape sequence that has begun
	cr   bool   // the last key was a carriage return
	n    int    // letters in the line, about

	pasted bool // Ctrl-D at the beginning of a line is a dot of its own: the editor would see it for ever
	err    error
}

// maxSequence bounds an escape sequence; the longest that is known has 6 bytes.
const maxSequence = 8

// sequences are the ones the editor knows: arrows, words, home and end.
var sequences = map[string]bool{
	"\x1b[A": true, "\x1b[B": true, "\x1b[C": true, "\x1b[D": true,
	"\x1b[H": true, "\x1b[F": true, "\x1b[1;3C": true, "\x1b[1;3D": true,
}

// aliases are what terminals send for the same keys.
var aliases = map[string]string{
	"\x1bOA": "\x1b[A", "\x1bOB": "\x1b[B", "\x1bOC": "\x1b[C", "\x1bOD": "\x1b[D",
	"\x1bOH": "\x1b[H", "\x1bOF": "\x1b[F", "\x1b[1~": "\x1b[H", "\x1b[4~": "\x1b[F",
	"\x1b[7~": "\x1b[H", "\x1b[8~": "\x1b[F", "\x1b[1;5C": "\x1b[1;3C", "\x1b[1;5D": "\x1b[1;3D",
}

func (k *keys) Read(p []byte) (int, error) {
	for len(k.out) == 0 {
		if k.err != nil {
			return 0, k.err
		}
		n, err := k.r.Read(k.in[len(k.have):])
		k.have = k.in[:len(k.have)+n]
		if errors.Is(err, os.ErrDeadlineExceeded) { // the line goes on
			return 0, err
		}
		k.err = err
		k.sift()
	}
	n := copy(p, k.out)
	k.out = k.out[n:]
	return n, nil
}

// sift looks at all that was read; the beginning of a rune stays for later.
func (k *keys) sift() {
	rest := k.have
	k.out = k.out[:0]
	for len(rest) > 0 && (utf8.FullRune(rest) || k.err != nil) {
		r, n := utf8.DecodeRune(rest)
		if len(k.seq) > 0 {
			k.escape(rest[:n])
		} else if r != utf8.RuneError {
			k.key(r)
		}
		rest = rest[n:]
	}
	n := copy(k.in[:], rest)
	k.have = k.in[:n]
}

func (k *keys) key(r rune) {
	cr := k.cr
	k.cr = r == '\r'
	switch r {
	case 0x1b:
		k.seq = append(k.seq[:0], 0x1b)
	case '\n':
		if !cr { // a carriage return has ended this line already
			k.out = append(k.out, '\r')
		}
	case '\b', 0x7f:
		k.out = append(k.out, 0x7f)
		k.n = max(0, k.n-1)
	case 4:
		if k.out = append(k.out, 4); k.pasted && k.n == 0 {
			k.out = append(k.out[:len(k.out)-1], ".\r"...)
		}
	case 3: // Ctrl-C drops the line; the editor would hang up
		k.out = append(k.out, 5, 21) // to the end, and erase to the beginning
	case '\r', '\t', 1, 2, 5, 6, 11, 12, 14, 16, 21, 23:
		k.out = append(k.out, byte(r))
	default:
		// The editor looks at its whole line at every key, so a line without an
		// end would keep a small box busy. One letter too many gets through, and
		// has the line refused.
		if unicode.IsPrint(r) && !format(r) && k.n <= maxLine {
			k.out = utf8.AppendRune(k.out, r)
			k.n++
		}
	}
	if r == '\r' || r == '\n' || r == 3 || r == 21 {
		k.n = 0
	}
}

// escape takes one more piece of an escape sequence.
func (k *keys) escape(b []byte) {
	c := b[0]
	if c == 0x1b {
		k.seq = append(k.seq[:0], c)
		return
	}
	k.seq = append(k.seq, c)
	n := len(k.seq)
	over := len(b) > 1 || c < 0x20 || n >= maxSequence
	switch {
	case over:
	case n == 2:
		over = c != '[' && c != 'O'
	default:
		over = c >= 0x40 && c <= 0x7e // its last byte
	}
	if !over {
		return
	}
	s := string(k.seq)
	if a := aliases[s]; a != "" {
		s = a
	}
	if sequences[s] {
		k.out = append(k.out, s...)
	}
	k.seq = k.seq[:0]
	if c == '\r' || c == '\n' { // a sequence that was cut off must not eat the line's end
		k.key(rune(c))
	}
}
