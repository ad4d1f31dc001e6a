package main

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"loa/agent/plan"
	"loa/scripts/authority"
)

// print is every file of the authority with its digest.
func (w *world) print() string {
	w.t.Helper()
	var b strings.Builder
	if err := filepath.WalkDir(w.env["LOA_AUTHORITY"], func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		fmt.Fprintf(&b, "%s %x\n", path, sha256.Sum256(data))
		return err
	}); err != nil {
		w.t.Fatal(err)
	}
	return b.String()
}

func TestImportIsRefusedWhole(t *testing.T) {
	w := newWorld(t).sample()
	before := w.print()
	for _, c := range []struct {
		command, csv string
		want         []string
	}{
		{"place", "code,name,parent\n26740,Xã Hưng Định,74\n26740,Xã Khác,74\n26741,Xã B,Đồng Nai\n", []string{":3: code: 26740 stands in line 2 already", ":4: parent: there is no place"}},
		{"place", "code,name,parent\n26740,Xã Hưng Định,74\n26734,Xã Khác,74\n", []string{":3: name: 26734 is called"}},
		{"place", "code,name,parent\na,Tân Phú,74\nb,Tân Phú,74\nc,Ấp,Tân Phú\n", []string{":4: parent: \"Tân Phú\" is the name of 2 places: write the code, one of a = Tân Phú (Bình Dương), b"}},
		{"place", "code,name,parent\na,A,b\nb,B,a\n", []string{":2: parent: a would be above itself", ":3: parent"}},
		{"place", "code,name\n26740,\"Xã\n", []string{":2: a quotation mark"}},
		{"box", "device,place,board\nd-1,26734,desk\nbox-1,26734,desk\nd-1,26734,desk\nserver,26734,desk\nloa-check-1,74,desk\nd-2,An Son,deks\n", []string{
			":3: device: there already is a box box-1", ":4: device: box d-1 stands in line 2", ":5: device: server is a name for programs", ":6: device", ":7: board: there is no board", ":7: place: there is no place \"An Son\""}},
	} {
		file := w.file("list.csv", c.csv)
		w.fails(exitFailed, "refused as a whole", c.command, "import", file, "--as", "74-1,74-2")
		for _, line := range c.want {
			if !strings.Contains(w.err.String(), "list.csv"+line) {
				t.Errorf("no %q in\n%s", line, w.err.String())
			}
		}
		if n := strings.Count(w.err.String(), "list.csv:"); n != len(c.want) {
			t.Errorf("%d problems, want %d\n%s", n, len(c.want), w.err.String())
		}
		if after := w.print(); after != before {
			t.Fatalf("%q has changed the authority", c.csv)
		}
	}
	// Many problems are counted, and a program is given all of them.
	file := w.file("list.csv", "code,name\n"+strings.Repeat("A B,\n", 60))
	w.fails(exitFailed, "and 70 more", "place", "import", file)
	if code := w.run("place", "import", file, "--json"); code != exitFailed || strings.Count(w.out.String(), `"line"`) != 120 {
		t.Errorf("exit %d, %.200s", code, w.out.String())
	}
	// Neither who may not sign, nor a wrong passphrase, nor a look at it changes anything.
	good := w.file("good.csv", "code,name,parent\n26740,Xã Hưng Định,74\n")
	w.must("place", "import", good, "--dry-run")
	w.fails(exitFailed, "no person", "place", "import", good, "--as", "nobody")
	boxes := w.file("boxes.csv", "device,place,board\nd-1,26734,desk\n")
	w.must("box", "import", boxes, "--dry-run")
	w.fails(exitFailed, "", "box", "import", boxes, "--as", "nobody")
	w.env["LOA_PASSPHRASE_FILE"] = w.file("wrong", "wrong\n")
	w.fails(exitFailed, "passphrase", "place", "import", good)
	if w.print() != before {
		t.Error("something has changed")
	}
}

func TestImport(t *testing.T) {
	w := newWorld(t).sample()
	places := w.file("places.csv", "\uFEFFMã;Tên;Cấp;Cấp trên;STT\r\n26740;Hưng Định;Xã;Bình Dương;1\r\n26734;An Sơn;;74;2\r\nap-1;Ấp Một;;Hưng Định;3\r\n")
	if out := w.must("place", "import", places, "--dry-run"); !strings.Contains(out, "Xã Hưng Định") || !strings.Contains(out, "2 places would be added, 1 are there") {
		t.Errorf("dry run: %s", out)
	}
	w.must("place", "import", places)
	w.must("place", "import", places) // the same again changes nothing
	if !strings.Contains(w.out.String(), "0 places are registered, 3 were there") {
		t.Errorf("again: %s", w.out.String())
	}
	boxes := w.file("boxes.csv", "device,place,board,name,groups\nd-1,hưng định,desk,Chợ,\nd-2,ap-1,desk,,26734\n")
	w.must("box", "import", boxes, "--as", "74-1,74-2")
	var list map[string]authority.Box
	w.json(&list, "box", "list")
	if list["d-1"].Place != "26740" || list["d-2"].Place != "ap-1" || list["d-2"].Groups[0] != "26734" || list["d-2"].Serial == "" {
		t.Errorf("%+v", list)
	}
	for _, f := range []string{"agent.toml", "root.json", "ca.pem", "box.pem", "box.key"} {
		info, err := os.Stat(filepath.Join(w.env["LOA_AUTHORITY"], "boxes", "d-2", "etc/loa", f))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v %v", f, info, err)
		}
	}
	// With one signature it waits, and a second can be given.
	one := w.file("one.csv", "device,place,board\nd-3,26734,desk\n")
	w.must("box", "import", one, "--as", "74-1")
	w.must("box", "approve", "d-3", "--as", "74-2")
}

// The examples of help are files that import takes, in both languages.
func TestImportTakesTheExamplesOfHelp(t *testing.T) {
	for _, lang := range []string{"vi", "en"} {
		w := newWorld(t).sample()
		for _, command := range []string{"place", "box"} {
			_, rest, ok := strings.Cut(w.must("help", command, "--lang", lang), map[string]string{"vi": "Ví dụ:\n", "en": "Example:\n"}[lang])
			if !ok {
				t.Fatalf("help %s has no example in %s", command, lang)
			}
			lines := strings.SplitN(rest, "\n", 3)
			as := map[string]string{"place": "root-1,root-2,root-3", "box": "74-1,74-2"}[command]
			w.must(command, "import", w.file("example.csv", strings.TrimSpace(lines[0])+"\n"+strings.TrimSpace(lines[1])+"\n"), "--as", as)
		}
		if out := w.must("place", "list"); !strings.Contains(out, "Xã Hưng Định") {
			t.Errorf("%s: %s", lang, out)
		}
	}
}

// A merger that is dated is kept, warned of when it is due, and signed in one go.
func TestMerge(t *testing.T) {
	w := newWorld(t).sample()
	now := time.Now()
	w.now = func() time.Time { now = now.Add(10 * time.Millisecond); return now }
	w.must("place", "import", w.file("p.csv", "code,name,parent\n26740,Hưng Định,74\nap-1,Ấp Một,26734\n"))
	w.must("box", "import", w.file("b.csv", "device,place,board\nd-1,ap-1,desk\nd-2,26740,desk\n"), "--as", "74-1,74-2")
	w.must("bulletin", "sign", w.file("t.toml", fmt.Sprintf("id = \"tin\"\nplace = \"26734\"\ntitle = \"Tin\"\ntext = \"Chữ\"\nvalid_until = %s\n", now.AddDate(0, 1, 0).Format(time.RFC3339))), "--as", "26734-1")
	day := now.AddDate(0, 0, 10).In(vietnam).Format("2006-01-02")
	before := w.print()
	w.fails(exitUsage, "new place", "place", "merge", "26734,26740", "--into", "26999", "--on", day)
	w.fails(exitUsage, "no day", "place", "merge", "26734", "--into", "26740", "--on", "45839")
	w.fails(exitFailed, "above itself", "place", "merge", "26734", "--into", "ap-1", "--on", day)
	w.fails(exitFailed, "not split", "place", "split", "26734")
	if w.print() != before {
		t.Error("a merger that was refused has changed something")
	}
	out := w.must("place", "merge", "26734,26740", "--into", "26999", "--name", "Thuận An", "--on", day)
	for _, want := range []string{day, "2 boxes go over to 26999", "belong to 26999 from then on: ap-1", "bulletin 26734/tin", "26734-1, 26734-2", "Nobody may speak at 26999"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in %s", want, out)
		}
	}
	if out := w.must("place", "due"); !strings.Contains(out, "Nothing is due") || !strings.Contains(out, "26740: will end on "+day+" and be a part of 26999\n  1 boxes will go over to 26999: d-2\n") {
		t.Errorf("ahead: %s", out)
	}
	if out := w.must("place", "history", "box-1"); !strings.Contains(out, day+"  26999  Thuận An  (to come)") {
		t.Errorf("history of a box that a merger will move: %s", out)
	}
	w.fails(exitFailed, "26740 will end on "+day+" and be a part of 26999", "box", "move", "d-1", "26740", "--on", now.AddDate(0, 0, 12).In(vietnam).Format("2006-01-02"))
	if out := w.must("place", "cancel", "26999"); !strings.Contains(out, "26734: will end on") || !strings.Contains(out, "26740: will end on") || !strings.Contains(out, "  26999: ") {
		t.Errorf("cancel names not all: %s", out)
	}
	if out := w.must("place", "due"); strings.Contains(out, "26999") {
		t.Errorf("cancelled: %s", out)
	}
	w.must("place", "merge", "26734,26740", "--into", "26999", "--name", "Thuận An", "--on", day)
	w.fails(exitFailed, "will end on "+day, "place", "rename", "26734", "X", "--on", now.AddDate(0, 0, 20).In(vietnam).Format("2006-01-02"))

	now = now.AddDate(0, 0, 11)
	w.online()
	if out := w.must("fleet"); !strings.Contains(out, "1 lists, 2 boxes") {
		t.Errorf("fleet warns of nothing: %s", out)
	}
	if out := w.must("watch", "--once"); !strings.Contains(out, "1 lists, 2 boxes") {
		t.Errorf("watch warns of nothing: %s", out)
	}
	if out := w.must("place", "list"); !strings.Contains(out, "(ended, now a part of 26999)") {
		t.Errorf("an ended place that a box still belongs to is listed as any other: %s", out)
	}
	if out := w.must("place", "due"); !strings.Contains(out, "box box-1, from 26734 to 26999") || !strings.Contains(out, "74-1, 74-2") {
		t.Errorf("due: %s", out)
	}
	// One of two is not enough for boxes, and the root's list comes first.
	w.fails(exitOK, "list of root lacks 3 more, of those who have not signed: root-1, root-2, root-3, root-4, root-5. Sign", "place", "due", "--as", "74-1,74-2")
	var told struct{ Pending bool }
	w.json(&told, "place", "due", "--as", "74-1")
	if !told.Pending {
		t.Errorf("a program is not told that it waits: %s", w.out.String())
	}
	w.fails(exitOK, "list of root lacks 1 more, of those who have not signed: root-3, root-4, root-5. Sign", "place", "due", "--as", "root-1,root-2")
	w.fails(exitOK, "2 boxes have NOT been told", "place", "due", "--as", "root-3,74-1")
	w.must("place", "due", "--as", "74-2")
	if out := w.must("place", "due"); !strings.Contains(out, "Nothing is due") {
		t.Errorf("signed: %s", out)
	}
	var boxes map[string]authority.Box
	w.json(&boxes, "box", "list")
	if boxes["box-1"].Place != "26999" || boxes["d-2"].Place != "26999" || boxes["d-1"].Place != "ap-1" {
		t.Errorf("%+v", boxes)
	}
	w.fails(exitFailed, "", "play", "26734", "--chime", "gong", "--as", "26734-1")
	w.fails(exitFailed, "has ended", "box", "add", "d-9", "--place", "26734", "--board", "desk", "--as", "74-1,74-2")
	if out := w.must("place", "history", "26734"); !strings.Contains(out, "ended, now a part of 26999") || !strings.Contains(out, "Now: Thuận An (26999)") {
		t.Errorf("history: %s", out)
	}
	if out := w.must("place", "list"); strings.Contains(out, "26734") || !strings.Contains(out, "Thuận An") {
		t.Errorf("list: %s", out)
	}
	if out := w.must("place", "list", "--on", now.AddDate(0, 0, -5).In(vietnam).Format("2/1/2006")); !strings.Contains(out, "26734") || strings.Contains(out, "26999") {
		t.Errorf("list of before: %s", out)
	}
	w.must("key", "grant", "26734-1", "26999", "--role", "officer")
	w.must("bulletin", "sign", w.file("t.toml", fmt.Sprintf("id = \"tin\"\nplace = \"26999\"\ntitle = \"Tin\"\ntext = \"Chữ\"\nvalid_until = %s\n", now.AddDate(0, 1, 0).Format(time.RFC3339))), "--as", "26734-1")
	// A box that is moved by date.
	later := now.AddDate(0, 0, 5)
	w.must("box", "move", "box-1", "ap-1", "--on", later.In(vietnam).Format("2006-01-02"))
	now = later.AddDate(0, 0, 1)
	w.must("place", "due", "--as", "74-1,74-2")
	if out := w.must("place", "history", "box-1"); strings.Count(out, "\n") != 4 || !strings.Contains(out, "26999") || !strings.Contains(out, "ap-1") || strings.Contains(out, "to come") {
		t.Errorf("history of a box: %s", out)
	}
}

// What is merged is gone from the lists, with what was below it, also where a box stood
// there that was revoked.
func TestMergeWithARevokedBox(t *testing.T) {
	w := newWorld(t).sample()
	w.must("place", "import", w.file("p.csv", "code,name,parent\n26740,Hưng Định,74\n26740-1,Ấp Một,26740\n26743,Lái Thiêu,74\n"))
	w.must("box", "import", w.file("b.csv", "device,place,board\nd-1,26740,desk\n"), "--as", "74-1,74-2")
	w.must("box", "revoke", "d-1")
	w.must("place", "merge", "26740,26740-1", "--into", "26743", "--as", "root-1,root-2,root-3")
	w.online()
	for _, command := range [][]string{{"place", "list"}, {"fleet"}} {
		if out := w.must(command...); strings.Contains(out, "26740") || !strings.Contains(out, "26743") {
			t.Errorf("%v: %s", command, out)
		}
	}
}

// --keep leaves an old place as a group of its boxes: what is signed there still reaches them.
func TestMergeAndKeep(t *testing.T) {
	w := newWorld(t).sample()
	w.must("place", "add", "26740", "--name", "Hưng Định", "--parent", "74")
	w.must("place", "merge", "26734", "--into", "26740", "--keep", "--as", "root-1,root-2,root-3,74-1,74-2")
	var boxes map[string]authority.Box
	w.json(&boxes, "box", "list")
	if b := boxes["box-1"]; b.Place != "26740" || len(b.Groups) != 1 || b.Groups[0] != "26734" {
		t.Errorf("%+v", b)
	}
	w.must("bulletin", "sign", w.file("t.toml", fmt.Sprintf("id = \"tin\"\nplace = \"26734\"\ntitle = \"Tin\"\ntext = \"Chữ\"\nvalid_until = %s\n", time.Now().AddDate(0, 1, 0).Format(time.RFC3339))), "--as", "26734-1")
	if out := w.must("place", "due"); !strings.Contains(out, "Nothing is due") {
		t.Errorf("due: %s", out)
	}
}

// The communes of a country: every province keeps its own list, because no list holds all communes.
func TestImportACountry(t *testing.T) {
	if testing.Short() {
		t.Skip("3,321 communes")
	}
	w := newWorld(t).sample()
	const provinces, communes = 8, 3321
	var first, second strings.Builder
	first.WriteString("code,name,parent\n")
	second.WriteString("code,name,parent\n")
	for p := range provinces {
		fmt.Fprintf(&first, "t%02d,Tỉnh Số %d,74\n", p, p)
	}
	for c := range communes {
		fmt.Fprintf(&second, "%05d,Xã Phước Thạnh %d,t%02d\n", 30000+c, c, c%provinces)
	}
	w.must("place", "import", w.file("provinces.csv", first.String()))
	all := w.file("communes.csv", second.String())
	before := w.print()
	w.fails(exitFailed, "too large", "place", "import", all)
	if w.print() != before {
		t.Error("what is too large has changed something")
	}
	au, err := authority.Open(w.env["LOA_AUTHORITY"], authority.Opts{Secret: func(string) ([]byte, error) { return []byte("correct horse"), nil }})
	if err != nil {
		t.Fatal(err)
	}
	for p := range provinces {
		for _, person := range []string{"74-1", "74-2"} {
			g := authority.Grant{Person: person, Place: fmt.Sprintf("t%02d", p), Kinds: []plan.Kind{plan.GrantDelegate}}
			if err := au.AddGrant(g); err != nil {
				t.Fatal(err)
			}
		}
	}
	w.must("place", "due", "--as", "root-1,root-2,root-3")
	began := time.Now()
	w.must("place", "import", all)
	took := time.Since(began)
	if t.Logf("%d communes in %v", communes, took); took > 10*time.Second { // 1.4 s by itself
		t.Error("too long")
	}
	if out := w.must("place", "due"); !strings.Contains(out, "Nothing is due") {
		t.Errorf("due: %.300s", out)
	}
	var places map[string]struct {
		Issuer string
		Waits  bool
	}
	w.json(&places, "place", "list")
	for code, p := range places {
		if p.Waits || strings.HasPrefix(code, "3") && !strings.HasPrefix(p.Issuer, "t") {
			t.Fatalf("%s: %+v", code, p)
		}
	}
	var boxes strings.Builder
	boxes.WriteString("device,place,board\n")
	const n = 100
	for b := range n {
		fmt.Fprintf(&boxes, "d-%05d,%05d,desk\n", b, 30000+b%communes)
	}
	file := w.file("boxes.csv", boxes.String())
	began = time.Now()
	w.must("box", "import", file, "--as", "74-1,74-2")
	t.Logf("%d boxes in %v", n, time.Since(began))
}
