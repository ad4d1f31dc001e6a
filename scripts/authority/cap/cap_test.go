package cap

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write what messages become as what they shall become")

// half past two, half an hour after the messages of the corpus were sent.
var now = time.Date(2026, 11, 27, 14, 30, 0, 0, time.FixedZone("", 7*3600))

// A province, two communes of it, and another province.
type country map[string]string

var places = country{"74": "", "26734": "74", "26737": "74", "27": "", "27000": "27"}

func (c country) Now(code string) (string, bool) {
	if code == "26735" {
		code = "26737" // it has merged
	}
	_, ok := c[code]
	return code, ok
}

func (c country) Covers(place, top string) bool {
	for ; place != ""; place = c[place] {
		if place == top {
			return true
		}
	}
	return false
}

const listFile = `
geocodes = ["VN-ADM"]
geocode_table = "geocodes.csv"

[[senders]]
sender = "kttv@example.vn"
name = "Đài Khí tượng Thủy văn"
certificates = ["certs/kttv.pem", "certs/kttv-ec.pem"]
places = ["74"]
classes = ["emergency", "priority", "drill"]
categories = ["Met", "Geo"]
office = "kttv"

[[senders]]
sender = "thuy-loi@example.vn"
certificates = ["certs/thuy-loi.pem"]
places = ["74"]
classes = ["priority"]
`

func list(t testing.TB) *List {
	t.Helper()
	l, err := read([]byte(listFile), "testdata")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func desk(t testing.TB) *Desk {
	return &Desk{Dir: t.TempDir(), List: list(t), Places: places, Now: func() time.Time { return now }}
}

func corpus(t testing.TB, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile("testdata/corpus/" + name + ".xml")
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// Every message of the corpus becomes what lies beside it, or is refused in those words.
func TestCorpus(t *testing.T) {
	files, err := filepath.Glob("testdata/corpus/*.xml")
	if err != nil || len(files) < 60 {
		t.Fatal(len(files), err)
	}
	for _, f := range files {
		name := strings.TrimSuffix(filepath.Base(f), ".xml")
		t.Run(name, func(t *testing.T) {
			p, err := desk(t).Take(corpus(t, name))
			got := describe(p, err)
			want := strings.TrimSuffix(f, ".xml") + ".want"
			if *update {
				if err := os.WriteFile(want, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			data, err := os.ReadFile(want)
			if err != nil || string(data) != got {
				t.Errorf("%v; got\n%swant\n%s", err, got, data)
			}
		})
	}
}

// describe is what a message becomes, to be read.
func describe(p Proposal, err error) string {
	var b strings.Builder
	var own *Error
	if errors.As(err, &own) {
		fmt.Fprintf(&b, "refused: %s\n         %s\n", own, own.Vietnamese())
		return b.String()
	}
	if err != nil {
		return "failed: " + err.Error() + "\n"
	}
	fmt.Fprintf(&b, "%s %s, %s\n", p.Status, p.Type, p.State)
	if p.Nothing != nil {
		fmt.Fprintf(&b, "nothing: %s\n         %s\n", p.Nothing.EN, p.Nothing.VI)
	}
	for _, q := range p.Parts {
		fmt.Fprintf(&b, "%s at %v until %s, level %d", q.Class, q.Places, q.Until.In(now.Location()).Format("15:04 02/01"), q.Level)
		if q.Tone != "" {
			fmt.Fprintf(&b, ", %s %d times every %d s", q.Tone, q.Repeat, q.GapS)
		}
		fmt.Fprintf(&b, "\n  %s: %s %s %s\n", q.Event, q.Urgency, q.Severity, q.Certainty)
		for _, s := range q.Texts {
			fmt.Fprintf(&b, "  %s: %s | %s | %q\n", s.Lang, s.Headline, s.Shown, s.Speech)
		}
	}
	for _, n := range p.Notes {
		fmt.Fprintf(&b, "note: %s\n      %s\n", n.EN, n.VI)
	}
	return b.String()
}

// The same message in other clothes is the same message.
func TestSameMessageOtherSignature(t *testing.T) {
	var first Outcome
	for i, name := range []string{"valid", "valid-ecdsa", "valid-sha512", "valid-prefixed", "comment"} {
		p, err := desk(t).Take(corpus(t, name))
		if err != nil {
			t.Fatal(name, err)
		}
		if i == 0 {
			first = p.Outcome
		} else if describe(Proposal{Outcome: p.Outcome}, nil) != describe(Proposal{Outcome: first}, nil) {
			t.Errorf("%s becomes something else", name)
		}
	}
}

func code(err error) string {
	var own *Error
	if errors.As(err, &own) {
		return own.Code
	}
	return fmt.Sprint(err)
}

// An alert, its update, its cancel; and the same in every order in which they can come.
func TestStory(t *testing.T) {
	steps := func(names ...string) (said []string) {
		d := desk(t)
		for _, name := range names {
			p, err := d.Take(corpus(t, name))
			switch {
			case err != nil:
				said = append(said, code(err))
			case p.Known:
				said = append(said, "known")
			case p.Nothing != nil:
				said = append(said, "nothing")
			default:
				said = append(said, fmt.Sprint(len(p.Parts), p.Clear))
			}
		}
		waiting, err := d.Waiting()
		if err != nil {
			t.Fatal(err)
		}
		return append(said, fmt.Sprint(len(waiting), " waits"))
	}
	for _, c := range []struct{ come, want string }{
		{"valid update cancel", "1 []; 1 [26734]; 0 [26734]; 1 waits"},
		{"valid valid", "1 []; known; 1 waits"},
		{"valid comment valid", "1 []; known; known; 1 waits"},
		{"valid conflict", "1 []; conflict; 1 waits"},
		{"valid update valid", "1 []; 1 [26734]; older; 1 waits"},
		{"update valid", "1 []; older; 1 waits"},
		{"cancel update valid", "nothing; older; 1 []; 1 waits"},
		{"valid cancel update", "1 []; nothing; 0 [26734]; 1 waits"},
		{"cancel valid update", "nothing; 1 []; 0 [26734]; 1 waits"},
		{"valid update cancel valid update cancel", "1 []; 1 [26734]; 0 [26734]; older; older; known; 1 waits"},
		{"valid cancel-exercise", "1 []; reference; 1 waits"},
		{"cancel-exercise valid", "nothing; 1 []; 1 waits"},
		{"valid cancel-foreign", "1 []; reference; 1 waits"},
		{"test valid", "nothing; 1 []; 1 waits"},
	} {
		if got := strings.Join(steps(strings.Fields(c.come)...), "; "); got != c.want {
			t.Errorf("%s: %s; want %s", c.come, got, c.want)
		}
	}
}

// What goes on with an alert is called as the alert is, so that it takes its place.
func TestChain(t *testing.T) {
	d := desk(t)
	a, _ := d.Take(corpus(t, "valid"))
	u, err := d.Take(corpus(t, "update"))
	if err != nil || u.Parts[0].ID != a.ID || u.ID == a.ID || a.Parts[0].ID != a.ID {
		t.Fatal(err, a.ID, u.ID, u.Parts)
	}
	if _, err := d.Open(a.ID); code(err) != CodeOlder {
		t.Errorf("whoever approves the first after the second came: %v", err)
	}
	if p, err := d.Open(u.ID); err != nil || !p.Known {
		t.Errorf("%v", err)
	}
}

// What was decided stays, also after a restart, and is not asked for twice.
func TestDone(t *testing.T) {
	d := desk(t)
	p, _ := d.Take(corpus(t, "valid"))
	if err := errors.Join(d.Told(p.ID, "lan"), d.Told(p.ID, "lan"), d.Mark(p.ID, Done)); err != nil {
		t.Fatal(err)
	}
	again := &Desk{Dir: d.Dir, List: d.List, Places: places, Now: d.Now}
	p, err := again.Take(corpus(t, "valid"))
	if err != nil || !p.Known || p.State != Done || !slices.Equal(p.Told, []string{"lan"}) {
		t.Errorf("%+v %v", p.Record, err)
	}
	if w, _ := again.Waiting(); len(w) > 0 {
		t.Error(w)
	}
	// It ends, and weeks later it is forgotten; if it comes then it is too old.
	again.Now = func() time.Time { return now.AddDate(0, 1, 10) }
	if err := again.Sweep(); err != nil {
		t.Fatal(err)
	}
	left, _ := os.ReadDir(d.Dir)
	if _, err := again.Take(corpus(t, "valid")); len(left) > 0 || code(err) != CodeExpired {
		t.Error(len(left), err)
	}
}

// Whoever approves is held to the list of now and the time of now.
func TestApprovedLate(t *testing.T) {
	d := desk(t)
	p, _ := d.Take(corpus(t, "valid"))
	d.Now = func() time.Time { return now.Add(6 * time.Hour) }
	if _, err := d.Open(p.ID); code(err) != CodeExpired {
		t.Error(err)
	}
	d.Now = func() time.Time { return now }
	d.List.Senders[0].Sender = "other@example.vn"
	if _, err := d.Open(p.ID); code(err) != CodeNoSender {
		t.Error(err)
	}
	if _, err := d.Open("../" + p.ID); err == nil {
		t.Error("out of the folder")
	}
}

// A certificate counts while it is good.
func TestCertificateOver(t *testing.T) {
	s, _ := list(t).sender("kttv@example.vn")
	for _, at := range []time.Time{now.AddDate(-2, 0, 0), now.AddDate(110, 0, 0)} {
		if _, _, err := s.Verify(corpus(t, "valid"), at); code(err) != CodeCertificate {
			t.Errorf("%s: %v", at, err)
		}
	}
}

// Nothing of a signed message can be changed, left out or added.
func TestEveryByteIsSigned(t *testing.T) {
	l := list(t)
	for _, name := range []string{"valid", "valid-ecdsa", "valid-prefixed"} {
		raw := corpus(t, name)
		_, _, signed, err := l.Open(raw, now)
		if err != nil {
			t.Fatal(err)
		}
		end := bytes.Index(raw, []byte("</"+map[bool]string{true: "ds:", false: ""}[name == "valid-prefixed"]+"SignatureValue>"))
		for i := range end {
			if c := raw[i] ^ 1; i%3 == 0 || !testing.Short() {
				changed := slices.Clone(raw)
				changed[i] = c
				if _, _, got, err := l.Open(changed, now); err == nil && !bytes.Equal(got, signed) {
					t.Fatalf("%s: byte %d from %q to %q is taken:\n%s", name, i, raw[i], c, got)
				}
			}
		}
	}
}

func TestTooLarge(t *testing.T) {
	raw := append(corpus(t, "valid"), bytes.Repeat([]byte(" "), MaxBytes)...)
	if _, err := desk(t).Take(raw); code(err) != CodeTooLarge {
		t.Error(err)
	}
}

func TestList(t *testing.T) {
	if _, err := Load(t.TempDir()); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
	for _, c := range []struct{ old, new, want string }{
		{`office = "kttv"`, `ofice = "kttv"`, "unknown setting"},
		{`"certs/kttv.pem"`, `"certs/none.pem"`, "no such file"},
		{`"certs/kttv.pem"`, `"corpus/valid.xml"`, "one certificate in PEM"},
		{`"emergency", "priority", "drill"`, `"normal"`, "write emergency"},
		{`"Met", "Geo"`, `"Weather"`, "CAP has no"},
		{`office = "kttv"`, `feed = "http://example.vn/a"`, "write https://"},
		{`thuy-loi@example.vn`, `kttv@example.vn`, "there twice"},
		{`places = ["74"]`, `places = []`, "write places"},
		{`sender = "kttv@example.vn"`, `sender = "a b"`, "write sender"},
		{`geocodes.csv`, `corpus.sh`, "valueName,value,place"},
		{`geocodes = ["VN-ADM"]`, `geocodes = VN`, "line 2"},
	} {
		if !strings.Contains(listFile, c.old) {
			t.Fatal(c.old)
		}
		_, err := read([]byte(strings.Replace(listFile, c.old, c.new, 1)), "testdata")
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want %s", c.new, err, c.want)
		}
	}
}

func FuzzTake(f *testing.F) {
	files, _ := filepath.Glob("testdata/corpus/*.xml")
	for _, name := range files {
		raw, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	l := list(f)
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := Read(raw)
		if err == nil && len(l.Senders[0].Places) > 0 {
			o, err := l.Become(m, &l.Senders[0], "cap-0", places)
			if err == nil && m.Status != "Actual" {
				for _, p := range o.Parts {
					if p.Class != "drill" {
						t.Errorf("%s becomes %s", m.Status, p.Class)
					}
				}
			}
		}
		// Whatever is taken is what somebody on the list has signed.
		if _, _, signed, err := l.Open(raw, now); err == nil && !bytes.Contains(signed, []byte("@example.vn")) {
			t.Error("taken")
		}
	})
}
