package cap

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// What a message may be at the most. The longest that weather services send have a
// tenth of it.
const (
	MaxBytes    = 256 << 10
	maxDepth    = 8 // alert/info/area/geocode/value, and a signature
	maxElements = 4000
	maxAttrs    = 16
)

// A node is an element that was read.
type node struct {
	space, name string
	line        int
	path        string // for people: info[2]/area/geocode
	attr        []xml.Attr
	text        string // all character data right in it
	children    []*node
}

// parse reads XML that can do no harm: UTF-8, no DTD and so no entities but the five
// of XML, no processing instructions, bounded. Text and structure only are kept.
func parse(raw []byte) (*node, error) {
	if len(raw) > MaxBytes {
		return nil, refuse(CodeTooLarge, "%d byte; nhiều nhất %d", "%d bytes; at most %d", len(raw), MaxBytes)
	}
	raw, err := inUTF8(raw)
	if err != nil {
		return nil, err
	}
	r := reader{d: xml.NewDecoder(bytes.NewReader(raw))}
	r.d.CharsetReader = func(charset string, _ io.Reader) (io.Reader, error) {
		return nil, refuse(CodeEncoding, "tệp tự ghi là mã %s; chỉ nhận UTF-8", "the file says that it is %s; only UTF-8 is taken", clip(charset))
	}
	root, err := r.document()
	var syntax *xml.SyntaxError
	var own *Error
	switch {
	case errors.As(err, &own):
		return nil, own
	case errors.As(err, &syntax) && strings.Contains(syntax.Msg, "entity"):
		e := refuse(CodeDoctype, "có thực thể lạ: %s", "an entity that XML does not know by itself: %s", syntax.Msg)
		e.Line = syntax.Line
		return nil, e
	case errors.As(err, &syntax):
		e := refuse(CodeMalformed, "không phải XML đúng: %s", "no well-formed XML: %s", syntax.Msg)
		e.Line = syntax.Line
		return nil, e
	case err != nil:
		return nil, refuse(CodeMalformed, "không đọc được: %v", "cannot be read: %v", err)
	}
	return root, nil
}

// inUTF8 is raw without a byte order mark, when it is UTF-8.
func inUTF8(raw []byte) ([]byte, error) {
	if bytes.HasPrefix(raw, []byte{0xff, 0xfe}) || bytes.HasPrefix(raw, []byte{0xfe, 0xff}) {
		return nil, refuse(CodeEncoding, "tệp dùng mã UTF-16; lưu lại bằng UTF-8", "the file is in UTF-16; it has to be UTF-8")
	}
	raw = bytes.TrimPrefix(raw, []byte{0xef, 0xbb, 0xbf})
	line := 1
	for i := 0; i < len(raw); {
		r, n := utf8.DecodeRune(raw[i:])
		if r == utf8.RuneError && n == 1 {
			e := refuse(CodeEncoding, "byte 0x%02X không phải UTF-8: tệp dùng mã khác, hoặc bị hỏng", "the byte 0x%02X is no UTF-8: the file is in another encoding, or damaged", raw[i])
			e.Line = line
			return nil, e
		}
		if r == '\n' {
			line++
		}
		i += n
	}
	return raw, nil
}

type reader struct {
	d        *xml.Decoder
	elements int
}

func (r *reader) line() int { line, _ := r.d.InputPos(); return line }

// document is the one element of a file.
func (r *reader) document() (root *node, err error) {
	for {
		line := r.line()
		t, err := r.d.Token()
		if err == io.EOF && root != nil {
			return root, nil
		}
		if err == io.EOF {
			return nil, refuse(CodeMalformed, "tệp trống", "the file is empty")
		}
		if err != nil {
			return nil, err
		}
		switch t := t.(type) {
		case xml.StartElement:
			if root != nil {
				return nil, refuse(CodeMalformed, "sau phần tử đầu còn phần tử khác", "another element follows the first")
			}
			if root, err = r.element(t, line, "", 1); err != nil {
				return nil, err
			}
		case xml.CharData:
			if len(bytes.TrimSpace(t)) > 0 {
				return nil, refuse(CodeMalformed, "có chữ nằm ngoài phần tử", "there is text outside of the element")
			}
		case xml.ProcInst:
			if t.Target != "xml" || root != nil {
				return nil, instruction(line)
			}
		case xml.Directive:
			return nil, doctype(line)
		}
	}
}

func doctype(line int) error {
	e := refuse(CodeDoctype, "có DTD (<!…>): bản tin CAP không cần, và nó hay là một cuộc tấn công", "there is a DTD (<!…>): CAP needs none, and it tends to be an attack")
	e.Line = line
	return e
}

func instruction(line int) error {
	e := refuse(CodeDoctype, "có lệnh xử lý (<?…?>): không nhận", "there is a processing instruction (<?…?>): not taken")
	e.Line = line
	return e
}

func (r *reader) element(start xml.StartElement, line int, path string, depth int) (*node, error) {
	n := &node{space: start.Name.Space, name: start.Name.Local, line: line, path: path, attr: start.Attr}
	if path == "" {
		n.path = n.name
	}
	if r.elements++; r.elements > maxElements || depth > maxDepth || len(start.Attr) > maxAttrs {
		return nil, refuse(CodeTooDeep, "nhiều hơn %d phần tử, %d cấp hoặc %d thuộc tính", "more than %d elements, %d levels or %d attributes", maxElements, maxDepth, maxAttrs).at(n)
	}
	var text strings.Builder
	count := make(map[string]int)
	for {
		line := r.line()
		t, err := r.d.Token()
		if err != nil {
			return nil, err
		}
		switch t := t.(type) {
		case xml.StartElement:
			below := t.Name.Local
			if count[below]++; count[below] > 1 {
				below = fmt.Sprintf("%s[%d]", below, count[below])
			}
			if depth > 1 {
				below = path + "/" + below
			}
			child, err := r.element(t, line, below, depth+1)
			if err != nil {
				return nil, err
			}
			n.children = append(n.children, child)
		case xml.EndElement:
			n.text = text.String()
			return n, nil
		case xml.CharData:
			text.Write(t)
		case xml.ProcInst:
			return nil, instruction(line)
		case xml.Directive:
			return nil, doctype(line)
		}
	}
}
