package message

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// text reads one JSON string and the space behind it. What it returns is NFC
// and has no character that would make it read otherwise than it sounds.
func (d *decoder) text(at *step) (string, error) {
	if d.peek() != '"' {
		return "", d.fail(at, "write a text in \"…\"")
	}
	d.i++
	start := d.i
	for d.i < len(d.b) && d.b[d.i] != '"' && d.b[d.i] != '\\' && d.b[d.i] >= ' ' {
		d.i++
	}
	s := string(d.b[start:d.i])
	if d.peek() != '"' {
		var rest strings.Builder
		rest.WriteString(s)
		if err := d.escaped(&rest, at); err != nil {
			return "", err
		}
		s = rest.String()
	}
	d.i++
	d.space()
	return s, d.readable(s, at)
}

// escaped reads on to the closing quote, which it leaves.
func (d *decoder) escaped(out *strings.Builder, at *step) error {
	for d.i < len(d.b) {
		switch c := d.b[d.i]; {
		case c == '"':
			return nil
		case c < ' ':
			return d.fail(at, "control character U+%04X", c)
		case c == '\\':
			r, err := d.escape(at)
			if err != nil {
				return err
			}
			out.WriteRune(r)
		default:
			out.WriteByte(c)
			d.i++
		}
	}
	return d.fail(at, "the text does not end")
}

func (d *decoder) escape(at *step) (rune, error) {
	if d.i+1 >= len(d.b) {
		return 0, d.fail(at, "the text does not end")
	}
	c := d.b[d.i+1]
	d.i += 2
	switch c {
	case '"', '\\', '/':
		return rune(c), nil
	case 'n':
		return '\n', nil
	case 'b', 'f', 'r', 't':
		return 0, d.fail(at, `control character \%c`, c)
	case 'u':
		r, ok := d.hex4()
		if ok && utf16.IsSurrogate(r) {
			low := rune(-1)
			if d.peek() == '\\' && d.i+1 < len(d.b) && d.b[d.i+1] == 'u' {
				d.i += 2
				low, ok = d.hex4()
			}
			if r = utf16.DecodeRune(r, low); r == utf8.RuneError {
				return 0, d.fail(at, "half a surrogate pair")
			}
		}
		if !ok {
			break
		}
		return r, nil
	}
	return 0, d.fail(at, "no such escape at byte %d", d.i)
}

func (d *decoder) hex4() (rune, bool) {
	if d.i+4 > len(d.b) {
		return 0, false
	}
	n, err := strconv.ParseUint(string(d.b[d.i:d.i+4]), 16, 16)
	d.i += 4
	return rune(n), err == nil
}

// readable refuses what a reader cannot see or would see in another order. A
// line feed may stand where a document has paragraphs; which fields those are
// is judged with the document.
func (d *decoder) readable(s string, at *step) error {
	ascii := true
	for _, r := range s {
		if r < ' ' && r != '\n' || r == 0x7f {
			return d.fail(at, "control character U+%04X", r)
		}
		if r < utf8.RuneSelf {
			continue
		}
		ascii = false
		if hidden(r) {
			return d.fail(at, "control or bidi character U+%04X: leave it out", r)
		}
	}
	if !ascii && !norm.NFC.IsNormalString(s) {
		return d.fail(at, "not in Unicode normal form NFC: letters and their marks must be composed")
	}
	return nil
}

func hidden(r rune) bool {
	switch {
	case unicode.Is(unicode.Cc, r), unicode.Is(unicode.Bidi_Control, r):
		return true
	case r == 0x2028, r == 0x2029, r == 0xfeff: // line ends that are none, the byte order mark
		return true
	case 0xfff9 <= r && r <= 0xfffb, 0xe0000 <= r && r <= 0xe007f: // interlinear and tag characters hide text
		return true
	case 0xfdd0 <= r && r <= 0xfdef, r&0xfffe == 0xfffe: // noncharacters
		return true
	}
	return false
}
