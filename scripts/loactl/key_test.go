package main

import (
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	qr "github.com/piglig/go-qr"

	"loa/agent/clock"
	"loa/agent/message"
	"loa/agent/plan"
	"loa/agent/trust"
	"loa/scripts/authority"
)

// From a key here to a key on a stick, on paper, and back.
func TestKeyOnAStickAndOnPaper(t *testing.T) {
	w := newWorld(t).sample()
	file := w.file("b.toml", "id = \"x\"\nplace = \"26734\"\ntitle = \"X\"\ntext = \"a\"\nvalid_until = "+until)
	sheet, text, stick := filepath.Join(w.dir, "to.html"), filepath.Join(w.dir, "to.txt"), t.TempDir()
	w.must("key", "paper", "26734-1", "--out", sheet)
	w.must("key", "paper", "26734-1", "--out", text)
	w.fails(exitFailed, "to.txt", "key", "paper", "26734-1", "--out", text)
	page, _ := os.ReadFile(sheet)
	lines, _ := os.ReadFile(text)
	heading, rest, _ := strings.Cut(string(lines), "\n")
	if !strings.HasPrefix(heading, "# Khóa của 26734-1, ") || !strings.Contains(string(page), "không dùng các chữ I, L, O, U; gõ nhầm I hay L") {
		t.Errorf("the sheet does not say whose it is, or how it is typed: %s", heading)
	}
	w.must("key", "rehearse", "26734-1", "--paper", text) // the heading is passed over
	lines = []byte(rest)
	for line := range strings.Lines(string(lines)) {
		if !strings.Contains(string(page), strings.TrimSpace(line)) {
			t.Errorf("the page lacks the line %q", line)
		}
	}
	if !strings.Contains(string(page), "<svg") || !strings.Contains(string(page), "Cất vào phong bì") || strings.Contains(string(page), "ZgotmplZ") {
		t.Error("the page has no square code, or no Vietnamese")
	}

	w.must("key", "export", "26734-1", stick, "--move")
	w.fails(exitFailed, "not on this machine", "bulletin", "sign", file, "--as", "26734-1")
	w.env["LOA_KEYS"] = stick
	w.must("bulletin", "sign", file, "--as", "26734-1")
	delete(w.env, "LOA_KEYS")

	typed := strings.Split(strings.ToLower(string(lines)), "\n")
	right := typed[4]
	typed[4] = right[:4] + map[bool]string{true: "3", false: "2"}[right[4] == '2'] + right[5:]
	wrong := w.file("typed", strings.Join(typed, "\n"))
	w.fails(exitFailed, "line 5", "key", "restore-paper", wrong)
	w.fails(exitFailed, "dòng 5", "key", "restore-paper", wrong, "--lang", "vi")
	typed[4] = right
	w.file("typed", strings.Join(typed, "\n"))
	w.must("key", "restore-paper", wrong)
	w.must("bulletin", "sign", file, "--as", "26734-1")

	fresh := w.file("fresh", "another horse\n")
	w.must("key", "passphrase", "26734-1", "--new", fresh)
	w.fails(exitFailed, "passphrase", "bulletin", "sign", file, "--as", "26734-1")
	w.env["LOA_PASSPHRASE_FILE"] = fresh
	w.must("bulletin", "sign", file, "--as", "26734-1")
	w.fails(exitFailed, "wrong passphrase", "key", "import", filepath.Join(stick, "26734-1.key")) // sealed as it was
}

// The square code holds the lines that the page shows.
func TestSquareCode(t *testing.T) {
	w := newWorld(t).sample()
	var paper struct{ Lines []string }
	w.json(&paper, "key", "paper", "root-1")
	code, err := qr.EncodeText(strings.Join(paper.Lines, "\n"), qr.Medium)
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(w.dir, "code.png")
	if err := code.PNG(qr.NewQrCodeImgConfig(4, 4), name); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	img, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	got, err := qr.Decode(img)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := authority.FromPaper(got); err != nil {
		t.Errorf("%q: %v", got, err)
	}
}

// A rehearsal is on record for a year.
func TestKeyRehearsal(t *testing.T) {
	w := newWorld(t).sample()
	if out := w.must("key", "list"); strings.Contains(out, "NOTE") || !strings.Contains(out, "assign boxes, set boxes") {
		t.Errorf("of a new authority: %s", out)
	}
	if out := w.must("key", "list", "--lang", "vi"); !strings.Contains(out, "bản tin, lịch phát") || strings.Contains(out, "act.") {
		t.Errorf("in Vietnamese: %s", out)
	}
	w.now = func() time.Time { return time.Now().AddDate(1, 0, 2) }
	if out := w.must("key", "list"); strings.Count(out, "NOTE") != 5 {
		t.Errorf("before: %s", out)
	}
	w.now = time.Now
	w.must("key", "rehearse")
	if out := w.must("key", "list"); strings.Contains(out, "NOTE") || strings.Count(out, ": works") != 5 {
		t.Errorf("after: %s", out)
	}
	var paper struct{ Lines []string }
	w.json(&paper, "key", "paper", "root-2")
	w.must("key", "rehearse", "root-2", "--paper", w.file("typed", strings.Join(paper.Lines, "\n")))
	w.fails(exitUsage, "one person", "key", "rehearse", "--paper", "x")
	wrong := w.file("wrong", "root-3: wrong\ncorrect horse\n")
	right := w.env["LOA_PASSPHRASE_FILE"]
	w.env["LOA_PASSPHRASE_FILE"] = wrong
	if code := w.run("key", "rehearse", "root-3"); code != exitFailed || !strings.Contains(w.out.String(), "root-3: DOES NOT WORK") {
		t.Errorf("exit %d: %s", code, w.out.String())
	}
	w.env["LOA_PASSPHRASE_FILE"] = right
	if out := w.must("key", "list"); strings.Count(out, "NOTE") != 1 || !strings.Contains(out, "FAILED") {
		t.Errorf("after a failure: %s", out)
	}
	w.now = func() time.Time { return time.Now().AddDate(1, 0, 2) }
	if out := w.must("key", "list"); strings.Count(out, "NOTE") != 5 {
		t.Errorf("a year later: %s", out)
	}
}

// rootOf is the root that a box has that was made at the beginning and is given all
// that a broker keeps.
func rootOf(t *testing.T, w *world, first []byte) int64 {
	t.Helper()
	b, err := trust.New(first, "box-1", trust.Opts{})
	if err != nil {
		t.Fatal(err)
	}
	au, err := authority.Open(w.env["LOA_AUTHORITY"], authority.Opts{})
	if err != nil {
		t.Fatal(err)
	}
	all, err := au.Issued()
	if err != nil {
		t.Fatal(err)
	}
	for _, is := range all {
		v := b.Judge(is.Topic.String(), is.Raw, time.Now(), clock.Signed)
		if v.Code != plan.Accepted && is.Topic.Leaf != message.LeafRoot {
			t.Errorf("a box refuses %s: %v", is.Topic, v.Err)
		}
		b.Commit(v)
	}
	return b.Root().Number
}

func TestRotateRoot(t *testing.T) {
	w := newWorld(t).sample()
	first, err := os.ReadFile(filepath.Join(w.env["LOA_AUTHORITY"], "boxes/box-1/etc/loa/root.json"))
	if err != nil {
		t.Fatal(err)
	}
	step := []string{"key", "rotate-root", "--holder", "root-1=lan", "--holder", "root-2=minh"}
	w.fails(exitFailed, "lan", append(step, "--as", "root-3,root-4,root-5")...)
	if out := w.must(append(step, "--as", "root-3,root-4,root-5", "--rehearse")...); !strings.Contains(out, "Nothing has changed") {
		t.Error(out)
	}
	if code := w.run(append(step, "--as", "root-3", "--rehearse")...); code != exitFailed || !strings.Contains(w.out.String(), "1 of 3") {
		t.Errorf("exit %d: %s", code, w.out.String())
	}
	if n := rootOf(t, w, first); n != 1 {
		t.Errorf("a rehearsal made root %d", n)
	}
	w.must("key", "new", "lan")
	w.must("key", "new", "minh")
	w.must(append(step, "--as", "root-3,root-4")...)
	if n := rootOf(t, w, first); n != 1 || !strings.Contains(w.out.String(), "NOT in force: 2 of 3") {
		t.Errorf("two of three made root %d: %s", n, w.out.String())
	}
	w.fails(exitFailed, "waits", append(step, "--as", "root-5")...)

	// The third holder is elsewhere, with a key on a stick.
	key := filepath.Join(t.TempDir(), "key")
	w.must("key", "export", "root-5", key, "--move")
	carried := filepath.Join(w.dir, "carried")
	w.must("key", "approve", "--to", carried)
	home := w.env["LOA_AUTHORITY"]
	w.env["LOA_AUTHORITY"] = filepath.Join(w.dir, "nothing")
	w.fails(exitUsage, "--key", "key", "sign", carried)
	w.must("key", "sign", carried, "--key", key)
	w.env["LOA_AUTHORITY"] = home
	w.must("key", "approve", "--from", carried)
	if n := rootOf(t, w, first); n != 2 {
		t.Errorf("root %d: %s", n, w.out.String())
	}
	w.fails(exitFailed, "rotate-root --holder lan=", "key", "revoke", "lan", "--as", "root-3,root-4,lan")
	w.must("key", "grant", "26734-1", "74", "--as", "root-3,root-4,lan")
	w.fails(exitOK, "NOT in force", "key", "grant", "26734-2", "74", "--as", "root-1,root-2,root-3")
}

// What was renewed goes out at once where that is wanted.
func TestKeyRenewSends(t *testing.T) {
	w := newWorld(t).sample()
	w.now = func() time.Time { return time.Now().AddDate(0, 0, 60) } // past half of 90 days
	if out := w.must("key", "renew", "--as", "root-1,root-2,root-3"); !strings.Contains(out, "Send it with loactl send") {
		t.Errorf("kept: %s", out)
	}
	w.online()
	if out := w.must("key", "renew", "--as", "root-1,root-2,root-3", "--send"); !strings.Contains(out, "It is sent.") {
		t.Errorf("sent: %s", out)
	}
}
