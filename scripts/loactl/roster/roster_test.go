package roster

import (
	"bytes"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/unicode/norm"

	"loa/scripts/authority/places"
)

var now = time.Date(2026, 11, 26, 9, 0, 0, 0, vietnam)

func day(s string) time.Time { t, _ := Date(s); return t }

// books have a province, two communes of one name in different provinces, one that has
// ended, and one that is still to come.
func books() places.Book {
	return places.Book{Places: map[string][]places.Fact{
		"74":    {{Name: "Tỉnh Bình Dương", Width: 1}},
		"75":    {{Name: "Tỉnh Đồng Nai", Width: 1}},
		"26734": {{Name: "Xã An Sơn", Parent: "74"}},
		"26001": {{Name: "Xã Tân Phú", Parent: "74"}},
		"26002": {{Name: "Phường Tân Phú", Parent: "75"}},
		"26003": {{Name: "Xã Cũ", Parent: "74"}, {On: day("2025-07-01"), Name: "Xã Cũ", Parent: "26734", Into: "26734"}},
		"26004": {{On: day("2027-01-01"), Name: "Xã Mới", Parent: "74"}},
	}}
}

// told are problems as lines of "line column: what", for comparison.
func told(all []Problem) []string {
	var out []string
	for _, p := range all {
		out = append(out, fmt.Sprintf("%d %s: %s", p.Line, p.Column, p.EN))
	}
	return out
}

func compare(t *testing.T, name string, got []Problem, want []string) {
	t.Helper()
	have := told(got)
	ok := len(have) == len(want)
	for i := range min(len(have), len(want)) {
		where, what, _ := strings.Cut(want[i], ": ")
		ok = ok && strings.HasPrefix(have[i], where+": ") && strings.Contains(have[i], what)
	}
	if !ok {
		t.Errorf("%s:\n%s\nwant\n%s", name, strings.Join(have, "\n"), strings.Join(want, "\n"))
	}
}

func TestMalformedPlaces(t *testing.T) {
	for name, c := range map[string]struct {
		csv  string
		want []string
	}{
		"nothing":               {"", []string{"1 : nothing in it"}},
		"only empty lines":      {"\n\n;;;\n", []string{"1 : nothing in it"}},
		"a workbook":            {"PK\x03\x04\x14\x00", []string{"1 : a workbook"}},
		"a picture":             {"a\nb\x00c", []string{"2 : no text"}},
		"no headings":           {"26740,Xã Hưng Định,74\n", []string{"1 code: no column", "1 name: no column"}},
		"a heading twice":       {"mã,code,tên\n26740,26740,X\n", []string{"1 code: second column"}},
		"a heading misspelt":    {"code,name,parnet\n26740,X,74\n", []string{`1 parnet: write "parent"`}},
		"no name":               {"code,name,parent\n26740,,74\n26741,Y,74\n26742", []string{"2 name: missing", "4 name: missing"}},
		"an open quote":         {"code,name\n1,\"Xã\n2,B\n", []string{"2 : quotation mark"}},
		"a quote within a word": {"code,name\n1,X\"ã\"\n2,B\n3,C\"\n", []string{"2 : quotation mark", "4 : quotation mark"}},
		"a comma in a name":     {"code,name,parent\n26740,Xã Hưng, Định,74\n", []string{"2 : 4 cells, and 3 headings"}},
		"twice":                 {"code,name\n26740,A\n\n26740,B\n", []string{"4 code: 26740 stands in line 2 already"}},
		"against the books": {"code,name,parent\n26734,Xã Khác,74\n26734x,Z,74\n26001,Xã Tân Phú,75\n", []string{
			`2 name: called "Xã An Sơn" in the books; to rename it: loactl place rename 26734`, `4 parent: belongs to "74"; to move it: loactl place move 26001 75`}},
		"a code used again":     {"code,name,parent\n26003,Xã Mới Toanh,74\n", []string{"2 code: 26003 has ended and is now a part of 26734"}},
		"below what has ended":  {"code,name,parent\nap-1,Ấp Một,26003\n", []string{"2 parent: 26003 has ended and is a part of 26734 (Xã An Sơn)"}},
		"unknown parent":        {"code,name,parent\n26740,A,99\n26741,B,Binh Duong Moi\n", []string{`2 parent: no place "99"`, `3 parent: no place "Binh Duong Moi"`}},
		"a slip in the parent":  {"code,name,parent\n26740,A,Bình Dươn\n", []string{"2 parent: is it 74 = Tỉnh Bình Dương?"}},
		"ambiguous parent":      {"code,name,parent\nap-1,Ấp Một,Tân Phú\n", []string{`2 parent: "Tân Phú" is the name of 2 places: write the code, one of 26001 = Xã Tân Phú (Tỉnh Bình Dương), 26002 = Phường Tân Phú (Tỉnh Đồng Nai)`}},
		"ambiguous in the file": {"code,name,parent\na,Xã Đôi,74\nb,Xã Đôi,75\nc,Ấp,Xã Đôi\n", []string{`4 parent: "Xã Đôi" is the name of 2 places`}},
		"itself":                {"code,name,parent\na,A,a\n", []string{"2 parent: cannot be above itself"}},
		"a circle":              {"code,name,parent\na,A,b\nb,B,c\nc,C,a\n", []string{"2 parent: a would be above itself", "3 parent: b would be above itself", "4 parent: c would be above itself"}},
		"too deep":              {"code,name,parent\n" + chain(10), []string{"11 parent: p9 would have more than 8 places above it"}},
		"codes": {"code,name\nAB,A\nxã,B\n26740.0,C\n\"2,67E+04\",D\nroot,E\n-a,F\n", []string{
			"2 code: write ab", "3 code: no code", "4 code: has become a number", "5 code: has become a number", "6 code: reserved", "7 code: no code"}},
		"zeros lost":        {"code,name,parent\n26740,A,74\n26741,B,74\n4,C,74\n", []string{"4 code: write 00004"}},
		"dates":             {"code,name,from,until,into\na,A,45839,,\nb,B,2025-07-01,2025-07-01,a\nc,C,,31/2/2025,\nd,D,,2030-01-01,\n", []string{"2 from: no day", "3 until: ends before it begins", "4 until: no day", "5 into: write until and into"}},
		"before its parent": {"code,name,parent,from\na,A,26004,2026-12-01\nb,B,26004,2027-01-01\n", []string{"2 parent: on that day there is no 26004 yet"}},
		"width":             {"code,name,width\na,A,8\nb,B,rộng\nc,C,-1\n", []string{"2 width: write 0", "3 width: write 0", "4 width: write 0"}},
		"a quoted line end": {"code,name\na,\"A\nB\"\nb,\n", []string{"4 name: missing"}},
		"a lost letter":     {"code,name\na,Xã\nb,X\uFFFD\n", []string{"3 : lost before"}},
	} {
		l, problems := Places([]byte(c.csv), books(), now)
		compare(t, name, problems, c.want)
		_ = l
	}
}

func chain(n int) string {
	var b strings.Builder
	for i := range n {
		parent := fmt.Sprint("p", i-1)
		if i == 0 {
			parent = ""
		}
		fmt.Fprintf(&b, "p%d,Nơi %d,%s\n", i, i, parent)
	}
	return b.String()
}

func TestMalformedBoxes(t *testing.T) {
	may := func(d string) (string, string) {
		if d == "d-0001" {
			return "there already is a box d-0001", "đã có"
		}
		return "", ""
	}
	board := func(b string) (string, string) {
		if b != "desk" {
			return "there is no board " + b, "không có"
		}
		return "", ""
	}
	csv := `device;place;board;name;groups
d-0001;26734;desk;A;
d-0002;Tân Phú;desk;B;
d-0003;26734;deks;C;
d-0004;26734;desk;D;74, 26734
D-5;An Sơn;desk;E;
d-0002;An Sơn;desk;F;74|75
d-0006;Xã Mới;desk;G;
d-0007;;;H;`
	_, problems := Boxes([]byte(csv), books(), now, may, board)
	compare(t, "boxes", problems, []string{
		"2 device: there already is a box d-0001", `3 place: "Tân Phú" is the name of 2 places`, "4 board: there is no board deks",
		`5 groups: "26734" is the box's own place`, "6 device: write d-5", "7 device: box d-0002 stands in line 3 already",
		`8 place: no place "Xã Mới"`, "9 board: missing", "9 place: missing"})
	l, problems := Boxes([]byte("Thiết bị\tĐịa bàn\tLoại thiết bị\tTên\tNhóm\nd-1\tan sơn\tdesk\t\tTỈNH ĐỒNG NAI;26001\n"), books(), now, may, board)
	want := []Box{{Line: 2, Device: "d-1", Place: "26734", Board: "desk", Name: "d-1", Groups: []string{"75", "26001"}}}
	if len(problems) > 0 || fmt.Sprint(l.Add) != fmt.Sprint(want) {
		t.Errorf("%+v %v, want %+v", l.Add, told(problems), want)
	}
}

// However it was saved, it is the same list.
func TestHoweverItWasSaved(t *testing.T) {
	plain := "Mã,Tên,Cấp trên,Từ ngày\n26740,Xã Hưng Định,Bình Dương,2025-07-01\n00004,\"Phường Hà, Đông\",74,1/7/2025\n"
	want := "[{2 26740 Xã Hưng Định 74 0 2025-07-01 00:00:00 +0700 +07:00 0001-01-01 00:00:00 +0000 UTC } {3 00004 Phường Hà, Đông 74 0 2025-07-01 00:00:00 +0700 +07:00 0001-01-01 00:00:00 +0000 UTC }]"
	with := func(sep string) string {
		return strings.NewReplacer(`"Phường Hà, Đông"`, "Phường Hà, Đông", ",", sep).Replace(plain)
	}
	var wide []byte
	for _, u := range utf16.Encode([]rune("\uFEFF" + with("\t"))) {
		wide = append(wide, byte(u), byte(u>>8))
	}
	for name, data := range map[string]string{
		"plain":          plain,
		"BOM and CRLF":   "\uFEFF" + strings.ReplaceAll(plain, "\n", "\r\n"),
		"old Mac":        strings.ReplaceAll(plain, "\n", "\r"),
		"semicolons":     with(";"),
		"tabs":           with("\t"),
		"UTF-16":         string(wide),
		"NFD":            norm.NFD.String(plain),
		"no last line":   strings.TrimSuffix(plain, "\n"),
		"empty columns":  strings.ReplaceAll(plain, "\n", ",,,\n") + ",,,,,,\n",
		"spaces":         strings.NewReplacer("74,", "\u00a074 ,", "Xã Hưng", "  Xã \u200bHưng").Replace(plain),
		"a text formula": strings.Replace(plain, "00004", `"=""00004"""`, 1),
		"in English":     strings.Replace(plain, "Mã,Tên,Cấp trên,Từ ngày", "CODE,Name,parent code,from", 1),
	} {
		l, problems := Places([]byte(data), books(), now)
		if len(problems) > 0 || fmt.Sprint(l.Add) != want {
			t.Errorf("%s: %v\n%v\nwant\n%v", name, told(problems), l.Add, want)
		}
	}
	l, problems := Places([]byte("sep=;\n"+"code;name;STT\na;A;1\nb;;2\n"), books(), now)
	compare(t, "sep=", problems, []string{"4 name: missing"})
	if !slices.Equal(l.Ignored, []string{"STT"}) {
		t.Errorf("ignored %q", l.Ignored)
	}
}

func TestOldEncodings(t *testing.T) {
	text := "code,name,parent\n26740,Xã Hưng Định,74\n26741,Phường Vĩnh Phú,74\n26742,Xã Bạch Đằng,74\n26743,Phường Tương Bình Hiệp,74\n"
	windows, err := charmap.Windows1258.NewEncoder().Bytes([]byte(decomposed.Replace(text)))
	if err != nil {
		t.Fatal(err)
	}
	misread := ""
	for _, b := range []byte(text) {
		r := charmap.Windows1252.DecodeByte(b)
		if r == utf8.RuneError {
			r = rune(b)
		}
		misread += string(r)
	}
	for name, data := range map[string][]byte{
		"Windows-1258": windows,
		"UTF-8":        []byte(misread),
		"TCVN3":        []byte("code,name,parent\n26740,X\xb7 H\xadng Th\xb9nh,74\n26741,Ph\xad\xeang V\xdcnh Ph\xf3,74\n26742,X\xb7 B\xb9ch \xae\xbbng,74\n"),
	} {
		_, problems := Places(data, books(), now)
		if len(problems) != 1 || problems[0].Line != 2 || !strings.Contains(problems[0].EN, name) || !strings.Contains(problems[0].EN, "Xã Hưng") {
			t.Errorf("%s: %v", name, told(problems))
		}
	}
	_, problems := Places([]byte("code,name\na,B\xe9\n"), books(), now)
	compare(t, "one letter of Latin 1", problems, []string{"2 : not UTF-8"})
}

// decomposed writes tones apart, as Windows-1258 has them.
var decomposed = strings.NewReplacer("ị", "i\u0323", "ĩ", "i\u0303", "ú", "u\u0301", "ạ", "a\u0323", "ằ", "ă\u0300", "ờ", "ơ\u0300", "ì", "i\u0300", "ệ", "ê\u0323", "ã", "a\u0303")

// An error of each kind is said in both languages with the same gaps, and somewhere.
func TestSentences(t *testing.T) {
	gap := regexp.MustCompile(`%(\[\d\])?[a-z]`)
	var source bytes.Buffer
	for _, f := range []string{"roster.go", "places.go", "boxes.go", "name.go"} {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		source.Write(data)
	}
	for key, s := range sentences {
		if !slices.Equal(gap.FindAllString(s.EN, -1), gap.FindAllString(s.VI, -1)) || s.EN == "" || !norm.NFC.IsNormalString(s.VI) {
			t.Errorf("%s: %q, %q", key, s.EN, s.VI)
		}
		if !strings.Contains(source.String(), `"`+key+`"`) {
			t.Errorf("nobody says %q", key)
		}
	}
}

// A country is checked in a moment.
func TestSize(t *testing.T) {
	var b strings.Builder
	b.WriteString("mã;tên;cấp trên\r\n")
	for p := range 34 {
		fmt.Fprintf(&b, "%02d;Tỉnh Số %d;\r\n", p+10, p)
	}
	for c := range 3321 {
		fmt.Fprintf(&b, "%05d;Xã Phước Thạnh %d;%02d\r\n", c+10000, c, c%34+10)
	}
	began := time.Now()
	l, problems := Places([]byte(b.String()), places.Book{}, now)
	if len(l.Add) != 3355 || len(problems) > 0 {
		t.Errorf("%d places, %v", len(l.Add), told(problems))
	}
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("it took %v", took)
	} else {
		t.Log(took)
	}
}

func FuzzPlaces(f *testing.F) {
	for _, s := range []string{"code,name,parent\na,A,\nb,B,a\n", "sep=;\nmã;tên;đến;sáp nhập vào\na;A;2030-01-01;b\nb;B;;\n", "\xff\xfea\x00", "code\tname\n\"a\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		yes := func(string) (string, string) { return "", "" }
		l, problems := Places(data, books(), now)
		lines := bytes.Count(data, []byte("\n")) + bytes.Count(data, []byte("\r")) + 1
		for _, p := range problems {
			if p.Line < 1 || p.Line > lines || p.EN == "" || p.VI == "" {
				t.Errorf("%+v of %d lines", p, lines)
			}
		}
		if len(problems) == 0 {
			b := books()
			for _, p := range l.Add {
				b.Places[p.Code] = p.Facts()
			}
			if faults := b.Faults(8); len(faults) > 0 || len(l.Add) == 0 && l.Unchanged == 0 && len(bytes.TrimSpace(data)) == 0 {
				t.Errorf("taken with %+v", faults)
			}
		}
		Boxes(data, books(), now, yes, yes)
	})
}
