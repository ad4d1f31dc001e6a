package paper

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
)

func some(n int) []byte {
	r := rand.New(rand.NewPCG(1, uint64(n)))
	data := make([]byte, n)
	for i := range data {
		data[i] = byte(r.Uint32())
	}
	return data
}

func TestThereAndBack(t *testing.T) {
	for _, n := range []int{0, 1, 8, 9, 10, 24, 140, 1464} {
		lines, err := Lines(some(n))
		if err != nil {
			t.Fatal(err)
		}
		got, err := Bytes(strings.Join(lines, "\n"))
		if err != nil || !bytes.Equal(got, some(n)) {
			t.Errorf("%d bytes: %x, %v", n, got, err)
		}
	}
	if _, err := Lines(some(1465)); err == nil {
		t.Error("more than 98 lines")
	}
}

// A person types as a person types.
func TestTypedAsPeopleType(t *testing.T) {
	lines, _ := Lines(some(140))
	for i, l := range lines {
		l = strings.NewReplacer("0", "o", "1", "l", " ", "").Replace(strings.ToLower(l[4:]))
		lines[i] = lines[i][:2] + ": " + l[:10] + "-" + l[10:]
	}
	lines[1], lines[4] = lines[4], lines[1]
	got, err := Bytes("\n" + strings.Join(lines, "\r\n\n") + "\n" + lines[3])
	if err != nil || !bytes.Equal(got, some(140)) {
		t.Errorf("%x, %v", got, err)
	}
}

// Every mistake of one sign, and every two neighbours that were swapped, is found,
// and in its line.
func TestAMistakeNamesItsLine(t *testing.T) {
	lines, _ := Lines(some(60))
	const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	try := func(n int, line string) {
		t.Helper()
		typed := append([]string(nil), lines...)
		typed[n] = line
		_, err := Bytes(strings.Join(typed, "\n"))
		var e *Error
		if !errors.As(err, &e) || e.Line != n+1 || e.What != Wrong {
			t.Errorf("%q: %v, want line %d", line, err, n+1)
		}
	}
	for n, line := range lines {
		for i := 4; i < len(line); i++ {
			if line[i] == ' ' {
				continue
			}
			for _, c := range alphabet {
				if byte(c) != line[i] {
					try(n, line[:i]+string(c)+line[i+1:])
				}
			}
			if j := i - 1; j >= 4 && line[j] != ' ' && line[j] != line[i] {
				try(n, line[:j]+string(line[i])+string(line[j])+line[i+1:])
			}
		}
	}
}

func TestWhatIsWrong(t *testing.T) {
	lines, _ := Lines(some(60))
	other, _ := Lines(some(59))
	with := func(n int, line string) string {
		typed := append([]string(nil), lines...)
		typed[n] = line
		return strings.Join(typed, "\n")
	}
	for name, tt := range map[string]struct {
		typed string
		want  Error
	}{
		"nothing":         {"", Error{1, Missing}},
		"a line short":    {strings.Join(lines[:len(lines)-1], "\n"), Error{len(lines), Missing}},
		"the first":       {strings.Join(lines[1:], "\n"), Error{1, Missing}},
		"a sign short":    {with(2, lines[2][:len(lines[2])-1]), Error{3, Length}},
		"a sign too many": {with(2, lines[2]+"A"), Error{3, Length}},
		"no such sign":    {with(1, lines[1][:4]+"U"+lines[1][5:]), Error{2, Sign}},
		"Đ":               {with(1, lines[1][:4]+"Đ"+lines[1][5:]), Error{2, Sign}},
		"no number":       {with(3, lines[3][2:]), Error{4, Number}},
		"another number":  {with(3, "02"+lines[3][2:]), Error{2, Wrong}},
		"of two papers":   {with(3, other[3]), Error{0, Whole}},
		"two of one":      {strings.Join(append(lines, other[3]), "\n"), Error{4, Twice}},
		"one too many":    {strings.Join(append(lines[:len(lines):len(lines)], long(len(lines))), "\n"), Error{0, Whole}},
	} {
		_, err := Bytes(tt.typed)
		var e *Error
		if !errors.As(err, &e) {
			t.Errorf("%s: %v", name, err)
		} else if name == "no number" && e.Line >= 1 && e.What != "" {
			continue // the first group may look like a number
		} else if *e != tt.want {
			t.Errorf("%s: %v, want %v", name, e, &tt.want)
		}
	}
}

// long is the line after the first n of a longer paper.
func long(n int) string {
	lines, _ := Lines(some(200))
	return lines[n]
}

func FuzzBytes(f *testing.F) {
	lines, _ := Lines(some(30))
	f.Add(strings.Join(lines, "\n"))
	f.Fuzz(func(t *testing.T, typed string) { Bytes(typed) })
}
