package message

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// encoding/json takes keys of another case, duplicates, lone surrogates and
// 1.0 for an integer, each of which lets two readers see two documents in the
// same signed bytes. So this room reads JSON itself.

const (
	maxDepth   = 8
	maxInteger = 1<<53 - 1 // beyond it a reader with floats sees another number
)

// unmarshal reads exactly one JSON value from b into v, a pointer to a struct.
// Its errors are [*plan.Error] with malformed and the path of the field.
func unmarshal(b []byte, v any) error {
	if !utf8.Valid(b) {
		return malformed("", "not UTF-8")
	}
	d := decoder{b: b}
	d.space()
	if err := d.value(reflect.ValueOf(v).Elem(), nil, 1); err != nil {
		return err
	}
	if d.space(); d.i < len(d.b) {
		return malformed("", "something stands behind the end, at byte %d", d.i)
	}
	return nil
}

type decoder struct {
	b []byte
	i int // next byte
}

// A step is one level of the path to a field; it becomes text only in an error.
type step struct {
	up    *step
	key   string
	index int
}

func (s *step) String() string {
	switch {
	case s == nil:
		return ""
	case s.key == "":
		return s.up.String() + "[" + strconv.Itoa(s.index) + "]"
	case s.up == nil:
		return s.key
	}
	return s.up.String() + "." + s.key
}

func (d *decoder) fail(at *step, format string, args ...any) error {
	return malformed(at.String(), format, args...)
}

func (d *decoder) space() {
	for d.i < len(d.b) {
		switch d.b[d.i] {
		case ' ', '\t', '\n', '\r':
			d.i++
		default:
			return
		}
	}
}

// peek is the next byte, 0 at the end.
func (d *decoder) peek() byte {
	if d.i < len(d.b) {
		return d.b[d.i]
	}
	return 0
}

// take skips c and the space behind it.
func (d *decoder) take(c byte) bool {
	if d.peek() != c || d.i >= len(d.b) {
		return false
	}
	d.i++
	d.space()
	return true
}

var timeType = reflect.TypeFor[time.Time]()

// value reads one value into v and the space behind it.
func (d *decoder) value(v reflect.Value, at *step, depth int) error {
	if depth > maxDepth {
		return d.fail(at, "nested deeper than %d levels", maxDepth)
	}
	if d.peek() == 'n' {
		return d.fail(at, "null: leave the field out, or write an empty list")
	}
	if v.Type() == timeType {
		return d.time(v, at)
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		return d.value(v.Elem(), at, depth)
	case reflect.Struct:
		return d.object(v, at, depth)
	case reflect.Map:
		return d.table(v, at, depth)
	case reflect.Slice:
		return d.array(v, at, depth)
	case reflect.String:
		s, err := d.text(at)
		v.SetString(s)
		return err
	case reflect.Bool:
		b, err := d.bool(at)
		v.SetBool(b)
		return err
	case reflect.Int, reflect.Int64:
		n, err := d.integer(at)
		v.SetInt(n)
		return err
	case reflect.Float64:
		f, err := d.number(at)
		v.SetFloat(f)
		return err
	}
	return d.fail(at, "a field of type %s cannot come over the wire", v.Type())
}

// members calls each for every key of an object.
func (d *decoder) members(at *step, each func(key string) error) error {
	if !d.take('{') {
		return d.fail(at, "write an object, {…}")
	}
	if d.take('}') {
		return nil
	}
	for {
		key, err := d.text(at)
		if err != nil {
			return err
		}
		if !d.take(':') {
			return d.fail(at, "a colon is missing behind %q", clip(key))
		}
		if err := each(key); err != nil {
			return err
		}
		if d.take('}') {
			return nil
		}
		if !d.take(',') {
			return d.fail(at, "a comma or } is missing at byte %d", d.i)
		}
	}
}

func (d *decoder) object(v reflect.Value, at *step, depth int) error {
	fields := fieldsOf(v.Type())
	var seen uint64
	return d.members(at, func(key string) error {
		n, ok := fields.at[key]
		if !ok {
			here := &step{up: at, key: clip(key)}
			switch near := fields.nearest(key); {
			case near == "":
				return d.fail(here, "unknown key")
			case strings.EqualFold(near, key):
				return d.fail(here, "unknown key; keys are case-exact: write %q", near)
			default:
				return d.fail(here, "unknown key; did you mean %q?", near)
			}
		}
		here := &step{up: at, key: key}
		if seen&(1<<n) != 0 {
			return d.fail(here, "the key stands here twice")
		}
		seen |= 1 << n
		return d.value(v.FieldByIndex(fields.index[n]), here, depth+1)
	})
}

func (d *decoder) table(v reflect.Value, at *step, depth int) error {
	v.Set(reflect.MakeMap(v.Type()))
	return d.members(at, func(key string) error {
		here := &step{up: at, key: clip(key)}
		if key == "" {
			return d.fail(at, "an empty key")
		}
		k := reflect.ValueOf(key).Convert(v.Type().Key())
		if v.MapIndex(k).IsValid() {
			return d.fail(here, "the key stands here twice")
		}
		e := reflect.New(v.Type().Elem()).Elem()
		if err := d.value(e, here, depth+1); err != nil {
			return err
		}
		v.SetMapIndex(k, e)
		return nil
	})
}

func (d *decoder) array(v reflect.Value, at *step, depth int) error {
	v.Set(reflect.MakeSlice(v.Type(), 0, 0))
	return d.elements(at, func(i int) error {
		v.Set(reflect.Append(v, reflect.Zero(v.Type().Elem())))
		return d.value(v.Index(i), &step{up: at, index: i}, depth+1)
	})
}

// elements calls each for every element of an array.
func (d *decoder) elements(at *step, each func(i int) error) error {
	if !d.take('[') {
		return d.fail(at, "write a list, […]")
	}
	if d.take(']') {
		return nil
	}
	for i := 0; ; i++ {
		if err := each(i); err != nil {
			return err
		}
		if d.take(']') {
			return nil
		}
		if !d.take(',') {
			return d.fail(at, "a comma or ] is missing at byte %d", d.i)
		}
	}
}

func (d *decoder) bool(at *step) (bool, error) {
	word, is := "true", true
	if d.peek() == 'f' {
		word, is = "false", false
	}
	if !bytes.HasPrefix(d.b[d.i:], []byte(word)) {
		return false, d.fail(at, "write true or false")
	}
	d.i += len(word)
	d.space()
	return is, nil
}

// literal takes what looks like a number.
func (d *decoder) literal() string {
	start := d.i
	for d.i < len(d.b) && strings.IndexByte("+-.0123456789eE", d.b[d.i]) >= 0 {
		d.i++
	}
	s := string(d.b[start:d.i])
	d.space()
	return s
}

// instead is what stands where a number should go on or end: a text without its
// quotes, or whatever comes before the next value.
func (d *decoder) instead() string {
	rest, ends := d.b[d.i:min(len(d.b), d.i+64)], ",]} \n"
	if text, ok := bytes.CutPrefix(rest, []byte{'"'}); ok {
		rest, ends = text, `"`
	}
	if n := bytes.IndexAny(rest, ends); n >= 0 {
		rest = rest[:n]
	}
	return strings.ToValidUTF8(string(rest), "")
}

func (d *decoder) integer(at *step) (int64, error) {
	s := d.literal()
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || strconv.FormatInt(n, 10) != s || n > maxInteger || n < -maxInteger {
		return 0, d.fail(at, "%q is no plain integer below 2^53: write digits only, without quotes", clip(s+d.instead()))
	}
	return n, nil
}

func (d *decoder) number(at *step) (float64, error) {
	s := d.literal()
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || len(s) > 24 || !json.Valid([]byte(s)) {
		return 0, d.fail(at, "%q is no number", clip(s+d.instead()))
	}
	return f, nil
}

// time takes RFC 3339 with an offset, in one spelling: time.Parse alone would
// also take a comma for the point and hours of one digit.
func (d *decoder) time(v reflect.Value, at *step) error {
	s, err := d.text(at)
	if err != nil {
		return err
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil || !timeShape(s) {
		return d.fail(at, "%q is no time: write it as 2026-11-23T05:30:00+07:00", clip(s))
	}
	v.Set(reflect.ValueOf(t))
	return nil
}

func timeShape(s string) bool {
	const shape = "dddd-dd-ddTdd:dd:dd"
	if len(s) < len(shape)+1 || len(s) > len("2026-11-23T05:30:00.123456789+07:00") {
		return false
	}
	for i := range len(shape) {
		if digit := s[i] >= '0' && s[i] <= '9'; shape[i] == 'd' && !digit || shape[i] != 'd' && shape[i] != s[i] {
			return false
		}
	}
	rest := s[len(shape):]
	if rest[0] == '.' {
		rest = strings.TrimLeft(rest[1:], "0123456789")
	}
	// A signed document says where its clock stands; -00:00 says that it does not know.
	return rest == "Z" || len(rest) == len("+07:00") && rest != "-00:00"
}
