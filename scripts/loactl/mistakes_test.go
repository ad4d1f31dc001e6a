package main

import (
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"loa/agent/enrol"
	"loa/scripts/authority"
	"loa/scripts/broker/check"
)

// A mistake leaves nothing behind that stands in the way of doing it right.
func TestMistakesCanBeMadeGood(t *testing.T) {
	w := newWorld(t)
	pass := w.env["LOA_PASSPHRASE_FILE"]
	w.env["LOA_PASSPHRASE_FILE"] = ""
	w.fails(exitFailed, "LOA_PASSPHRASE_FILE", "init", "--throw-away", "--place", "74=Bình Dương")
	if _, err := os.Stat(w.env["LOA_AUTHORITY"]); err == nil {
		t.Error("half an authority is left")
	}
	w.env["LOA_PASSPHRASE_FILE"] = pass
	w.fails(exitUsage, "=NAME", "init", "--throw-away", "--place", "1")
	w.fails(exitUsage, "thiếu tên", "init", "--throw-away", "--place", "74=", "--lang", "vi")
	if _, err := os.Stat(w.env["LOA_AUTHORITY"]); err == nil {
		t.Error("an authority without a name is founded")
	}
	w.sample()

	// A box that the wrong people wanted to assign, or the right ones to nowhere:
	// the books are as before, and its name is free.
	books := func() string {
		au, err := authority.Open(w.env["LOA_AUTHORITY"], authority.Opts{})
		if err != nil {
			t.Fatal(err)
		}
		files, err := filepath.Glob(filepath.Join(au.Dir(), "boxes", "*"))
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(au.Boxes(), files)
	}
	before := books()
	w.fails(exitFailed, "assign", "box", "add", "box-2", "--place", "26734", "--board", "desk", "--as", "26734-1")
	w.fails(exitFailed, "no place 999", "box", "add", "box-2", "--place", "999", "--board", "desk", "--as", "74-1,74-2")
	w.fails(exitFailed, "there is no person lan", "box", "add", "box-2", "--place", "26734", "--board", "desk", "--as", "lan")
	w.fails(exitFailed, "already is a box", "box", "add", "box-1", "--place", "26734", "--board", "desk", "--as", "74-1,74-2")
	w.fails(exitUsage, "0 to 100", "box", "set", "box-1", "--place", "74", "--volume", "300", "--as", "74-1,74-2")
	w.fails(exitFailed, "assign", "box", "set", "box-1", "--place", "74", "--as", "26734-1")
	w.fails(exitFailed, "999", "box", "set", "box-1", "--groups", "999", "--as", "74-1,74-2")
	if w.must("box", "set", "box-1", "--place", "74", "--as", "74-1"); !strings.Contains(w.err.String(), "loactl box approve box-1") {
		t.Errorf("%q does not say that it waits for a second signature", w.err.String())
	}
	if after := books(); after != before {
		t.Errorf("the books after refusals: %s, before %s", after, before)
	}
	if out := w.must("box", "list"); !strings.Contains(out, "waits for a signature") {
		t.Errorf("one of two signatures:\n%s", out)
	}
	if out := w.must("enrol", "list"); !strings.Contains(out, "signature: box-1.") {
		t.Errorf("one of two signatures:\n%s", out)
	}
	w.fails(exitFailed, "26734-1", "box", "approve", "box-1", "--as", "26734-1")
	w.must("box", "approve", "box-1", "--as", "74-2")
	w.fails(exitFailed, "waits", "box", "approve", "box-1", "--as", "74-2")
	if out := w.must("box", "list"); strings.Contains(out, "signature") {
		t.Errorf("signed by both:\n%s", out)
	}
	if books() == before {
		t.Error("a box that was moved is in the books where it was")
	}
	for name, signers := range map[string]string{"box-2": "74-1,74-2", "box-3": "74-2"} {
		w.must("box", "add", name, "--place", "26734", "--board", "desk", "--as", signers, "--lang", "vi")
		if waits := strings.Contains(w.err.String(), "CHƯA có hiệu lực: còn chờ chữ ký thứ hai. Trước khi gửi: loactl box approve "+name); waits != (signers == "74-2") {
			t.Errorf("signed by %s: %q", signers, w.err.String())
		}
	}

	// A grant that too few of the root's holders gave.
	w.must("key", "new", "lan")
	w.fails(exitOK, "NOT in force", "key", "grant", "lan", "26734", "--as", "root-1")
	w.must("key", "grant", "lan", "26734", "--as", "root-1,root-2,root-3")
	var keys struct{ Grants []authority.Grant }
	w.json(&keys, "key", "list")
	of := 0
	for _, g := range keys.Grants {
		if g.Person == "lan" {
			of++
		}
	}
	if of != 1 {
		t.Errorf("lan was given %d grants by asking twice, want 1", of)
	}

	w.fails(exitUsage, "no option --slot", "playlist", w.dir, "--slot", "05:30")
	w.fails(exitFailed, "no place 999", "playlist", w.dir, "--place", "999")
	w.fails(exitUsage, "no chime", "play", "26734", "--chime", "gongg", "--as", "26734-1")
	w.fails(exitFailed, "place list", "play", "nowhere", "--chime", "gong", "--as", "26734-1")
}

// Whoever changes one setting of a box changes no other.
func TestBoxSetKeepsTheOtherSettings(t *testing.T) {
	w := newWorld(t).sample()
	for _, c := range []struct{ set, want string }{
		{"--commissioned --volume 50 --metered", `{"volume_percent":50,"metered":true,"commissioned":true}`},
		{"--delay-ms 340", `{"volume_percent":50,"metered":true,"commissioned":true,"delay_ms":340}`},
		{"--place 74", `{"volume_percent":50,"metered":true,"commissioned":true,"delay_ms":340}`},
		{"--commissioned=false --metered=false", `{"volume_percent":50,"delay_ms":340}`},
		{"--volume 0", `{"delay_ms":340}`},
		{"--stagger-group 1", `{"delay_ms":340,"stagger_group":1}`},
		{"--stagger-group 0", `{"delay_ms":340}`},
	} {
		var r struct{ Settings json.RawMessage }
		w.json(&r, append(strings.Fields("box set box-1 --as 74-1,74-2"), strings.Fields(c.set)...)...)
		if string(r.Settings) != c.want {
			t.Errorf("after %s: %s, want %s", c.set, r.Settings, c.want)
		}
	}
	out := w.must(strings.Fields("box set box-1 --as 74-1,74-2 --volume 50 --commissioned --lang vi")...)
	if want := "thuộc 74: âm lượng 50 %, đã nghiệm thu, phát trễ 340 ms."; !strings.Contains(out, want) {
		t.Errorf("%q does not say %q", out, want)
	}
	w.must(strings.Fields("box set box-1 --as 74-1,74-2 --name Chợ")...)
	if out := w.must("box", "list"); !strings.Contains(out, "Chợ") {
		t.Errorf("its name for people:\n%s", out)
	}
	w.must(strings.Fields("box set box-1 --as 74-1,74-2 --name box-1")...)
	// Also what has no flag: a box that was signed a name keeps it.
	au, err := authority.Open(w.env["LOA_AUTHORITY"], authority.Opts{})
	if err != nil {
		t.Fatal(err)
	}
	if want, err := au.LastWant("box-1"); err != nil || want.Name != "box-1" || len(want.Media) == 0 {
		t.Errorf("%+v, %v", want, err)
	}
}

func TestTallyOfAttacks(t *testing.T) {
	held, tried, untried := tally(map[string][]check.Result{"a": {{Tried: true, Held: true}, {Tried: true}}, "b": {{}, {Tried: true, Held: true}}})
	if held != 2 || tried != 3 || untried != 1 {
		t.Errorf("%d of %d, %d not tried", held, tried, untried)
	}
}

// A new box takes the old one's name for people, but not its id.
func TestReplacedBoxesName(t *testing.T) {
	w := newWorld(t).sample()
	w.must("enrol", "claim", "lo1", "--board", "desk")
	au, err := authority.Open(w.env["LOA_AUTHORITY"], authority.Opts{})
	if err != nil {
		t.Fatal(err)
	}
	claim, ok := openClaim(au)
	if !ok {
		t.Fatal("no claim")
	}
	replace := func(old, name, title string) {
		t.Helper()
		pub, key, err := ed25519.GenerateKey(nil)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := enrol.Seal(enrol.Request{Batch: "lo1", Board: "desk"}, key, claim.PrivateKey.(ed25519.PrivateKey))
		if err == nil {
			_, err = au.Enrol(enrol.ID(pub), raw)
		}
		if err != nil {
			t.Fatal(err)
		}
		w.must("enrol", "replace", old, enrol.Code(pub), "--name", name, "--as", "74-1,74-2")
		var boxes map[string]listedBox
		if w.json(&boxes, "box", "list"); boxes[name].Name != title {
			t.Errorf("%s is called %q, want %q", name, boxes[name].Name, title)
		}
	}
	replace("box-1", "box-2", "box-2")
	w.must("box", "set", "box-2", "--name", "Chợ An Sơn", "--as", "74-1,74-2")
	replace("box-2", "box-3", "Chợ An Sơn")
	for lang, word := range map[string]string{"vi": "hai người ký", "en": "two people sign"} {
		if out := w.must("help", "enrol", "--lang", lang); !strings.Contains(out, word) {
			t.Errorf("help enrol in %s:\n%s", lang, out)
		}
	}
	if out := w.must("broker", "bridge", "74", "--hosts", "tinh.example"); !strings.Contains(out, "MIND: localhost:") {
		t.Errorf("a centre that nobody reaches:\n%s", out)
	}
	if out := w.must("broker", "bridge", "74", "--hosts", "tinh.example", "--centre", "loa.example:8883"); strings.Contains(out, "MIND") {
		t.Errorf("%s", out)
	}
}

// A box is of a kind that it will know itself, and nobody gets a desk who did
// not ask for it.
func TestBoardsAreKnown(t *testing.T) {
	w := newWorld(t).sample()
	add := []string{"box", "add", "box-2", "--place", "26734", "--as", "74-1,74-2"}
	w.fails(exitUsage, "raspberrypi", add...)
	w.fails(exitUsage, "raspberrypi", append(add, "--board", "nope")...)
	w.fails(exitFailed, "no-such.toml", append(add, "--board", filepath.Join(w.dir, "no-such.toml"))...)
	w.fails(exitUsage, "nope", "box", "set", "box-1", "--as", "74-1,74-2", "--board", "nope")
	w.must(append(add, "--board", "raspberrypi")...)
	w.must("box", "set", "box-2", "--as", "74-1,74-2", "--board", "orangepi-zero")
	var boxes map[string]authority.Box
	w.json(&boxes, "box", "list")
	file, err := os.ReadFile(filepath.Join(w.env["LOA_AUTHORITY"], "boxes/box-2/etc/loa/agent.toml"))
	if err != nil || boxes["box-2"].Board != "orangepi-zero" || !strings.Contains(string(file), `board = "orangepi-zero"`) {
		t.Errorf("%+v, %v, %s", boxes["box-2"], err, file)
	}
}

// The root's keys lie apart, each in another drawer: what needs three of them is
// signed by one after another.
func TestRootSignsOneAfterAnother(t *testing.T) {
	w := newWorld(t).sample()
	people := filepath.Join(w.env["LOA_AUTHORITY"], "people")
	drawer := t.TempDir()
	only := func(here ...string) {
		t.Helper()
		for i := range 5 {
			name := fmt.Sprintf("root-%d", i+1)
			from, to := people, drawer
			if slices.Contains(here, name) {
				from, to = drawer, people
			}
			if err := os.Rename(filepath.Join(from, name+".key"), filepath.Join(to, name+".key")); err != nil && !errors.Is(err, os.ErrNotExist) {
				t.Fatal(err)
			}
		}
	}
	waits := func(code string) bool {
		t.Helper()
		var places map[string]struct{ Waits bool }
		w.json(&places, "place", "list")
		p, ok := places[code]
		return ok && p.Waits
	}
	sign := []string{"place", "add", "999", "--name", "Thử", "--parent", "74", "--as"}

	only("root-1")
	w.fails(exitFailed, "no change", "place", "approve", "--as", "root-1")
	w.fails(exitFailed, "root-2", append(sign, "root-1,root-2")...) // whose key is elsewhere
	w.fails(exitFailed, "refused", append(sign, "74-1")...)
	if out := w.must("place", "list"); strings.Contains(out, "999") {
		t.Errorf("a place that nobody could sign is in the books: %q", out)
	}
	w.fails(exitOK, "1 of 3", append(sign, "root-1")...)
	if !waits("999") || waits("26734") {
		t.Error("it is not shown that the place waits, or that the others do not")
	}
	if out := w.must("place", "list", "--lang", "vi"); strings.Count(out, "(chờ ký)") != 1 {
		t.Errorf("%q", out)
	}
	only("root-3")
	w.fails(exitOK, "2 trong 3 chữ ký", append(sign, "root-3", "--lang", "vi")...) // the same command again
	w.fails(exitFailed, "74-1", "place", "approve", "--as", "74-1")
	only("root-5")
	w.must("place", "approve", "--as", "root-5")
	if !strings.Contains(w.out.String(), "+ 999 74 Thử\n") || waits("999") {
		t.Errorf("after the third signature: %q", w.out.String())
	}
	w.must("box", "add", "box-9", "--place", "999", "--board", "desk", "--as", "74-1,74-2") // boxes know the place

	// Another change does not take over signatures that were for this one.
	w.must("key", "new", "lan")
	w.fails(exitOK, "1 of 3", "key", "grant", "lan", "999", "--as", "root-5")
	only("root-1", "root-2")
	w.fails(exitOK, "2 of 3", "place", "add", "998", "--as", "root-1,root-2")
	only("root-5")
	w.must("key", "approve", "--as", "root-5")
}

// Whoever asks for help in the usual way gets it.
func TestHelpByOption(t *testing.T) {
	w := newWorld(t)
	for _, option := range []string{"-h", "--help"} {
		if out := w.must(option); !strings.Contains(out, "serve") {
			t.Errorf("loactl %s: %q", option, out)
		}
		for want, args := range map[string]string{"alert clear": "alert", "--commissioned": "box add", "withdraw:": "bulletin sign", "--send": "bulletin"} {
			if out := w.must(append(strings.Fields(args), option)...); !strings.Contains(out, want) || w.err.Len() > 0 {
				t.Errorf("loactl %s %s: %q %q", args, option, out, w.err.String())
			}
		}
	}
}

// What is foretold for a box is as loud as the box will play it.
func TestAheadKnowsTheBoard(t *testing.T) {
	w := newWorld(t).sample()
	schedule := `id = "gong"
place = "26734"
valid_until = "` + until + `"
[[slots]]
id = "s"
at = ["12:00"]
for_s = 60
items = [{ chime = "gong" }]
`
	w.must("schedule", "sign", w.file("s.toml", schedule), "--as", "26734-1")
	for _, c := range []struct {
		target, set string
		volume      int
	}{
		{"box-1", "", 80}, // boards/desk.toml: commissioned, 80 %
		{"26734", "", 80},
		{"box-2", "box add box-2 --place 26734 --board orangepi-zero", 40}, // nobody has listened to it yet
		{"box-2", "box set box-2 --commissioned --volume 60", 60},
		{"26734", "", 80}, // the loudest of the two
		{"26734", "box set box-1 --volume 50", 60},
		{"999", "place add 999 --parent 74", 80}, // no box stands there
	} {
		if c.set != "" {
			as := "74-1,74-2"
			if c.target == "999" {
				as = "root-1,root-2,root-3"
			}
			w.must(append(strings.Fields(c.set), "--as", as)...)
		}
		if c.target == "999" {
			w.must("schedule", "sign", w.file("t.toml", strings.ReplaceAll(schedule, "26734", "999")), "--as", "74-1")
		}
		var lines []struct {
			Volume int `json:"volume_percent"`
		}
		w.json(&lines, "ahead", c.target)
		if len(lines) == 0 || lines[0].Volume != c.volume {
			t.Errorf("ahead %s after %q: %+v, want %d %%", c.target, c.set, lines, c.volume)
		}
	}
}

// What is foretold for a board is what it shows; one line for what goes round.
func TestAheadOfABoard(t *testing.T) {
	w := newWorld(t).sample()
	w.must("box", "add", "sign-1", "--place", "74", "--board", "commune-led-128x32", "--as", "74-1,74-2")
	w.must("bulletin", "sign", w.file("b.toml", `id = "water"
place = "74"
title = "Cắt nước"
valid_until = "`+until+`"
[[pages]]
text = "Cắt nước 7 giờ đến 11 giờ"
`), "--as", "74-1")
	w.must("schedule", "sign", w.file("s.toml", `id = "board"
place = "74"
valid_until = "`+until+`"
[[slots]]
id = "s"
at = ["12:00"]
for_s = 3600
loops = -1
items = [{ bulletin = "water" }]
`), "--as", "74-1")
	var lines []struct {
		Sounds, Shows bool
		Times         int
		Title         string
	}
	w.json(&lines, "ahead", "sign-1")
	if time.Now().In(vietnam).Hour() == 12 && len(lines) == 2 { // what is left of today's, and what comes of tomorrow's
		lines[0].Times += lines[1].Times
		lines = lines[:1]
	}
	if len(lines) != 1 || !lines[0].Shows || lines[0].Sounds || lines[0].Times < 300 || lines[0].Title != "Cắt nước" {
		t.Errorf("%+v", lines)
	}
	if out := w.must("ahead", "74", "--lang", "vi"); !strings.Contains(out, "BẢNG   Cắt nước (") {
		t.Error(out)
	}
	// box-1, a desk, has both; a box without a board tells of none.
	w.must("box", "add", "horn-1", "--place", "74", "--board", "orangepi-zero", "--as", "74-1,74-2")
	w.json(&lines, "ahead", "horn-1")
	if len(lines) != 0 {
		t.Errorf("a box without a board: %+v", lines)
	}
}

// A person's mistakes are told in their language, without another in the middle,
// and all of a file at once.
func TestMistakesInVietnamese(t *testing.T) {
	w := newWorld(t).sample()
	w.env["LOA_LANG"] = "vi"
	head := "id = \"x\"\nplace = \"26734\"\nvalid_until = " + until + "\ntitle = \"X\"\n"
	slot := "[[slots]]\nid = \"a\"\nat = [\"05:00\"]\nitems = [{ chime = \"gong\" }]\n"
	for _, c := range []struct{ kind, text, want string }{
		{"bulletin", head + "text = \"a\"\nclas = \"normal\"\n", "m.toml:6: clas: không có mục nào tên này; có phải là \"class\"?\n"},
		{"bulletin", head + "text = \"a\"\nclass = \"gấp\"\n", "m.toml:6: class: \"gấp\"; viết một trong: normal"},
		{"bulletin", head + "text = “a”\n", "m.toml:5: dòng này viết sai: viết TÊN = GIÁ TRỊ"},
		{"bulletin", head + "id = \"y\"\n", "m.toml:5: id: mục này có hai lần\n"},
		{"bulletin", head + "[[audio]]\nfile = \"none.mp3\"\n", "audio[0].file: không có tệp "},
		{"bulletin", head + "[[audio]]\nfile = \"m.toml\"\n", "m.toml: Không đọc được tệp âm thanh hoặc hình. [media-format]\n"},
		{"bulletin", head + "[[pages]]\nfile = \"m.toml\"\n", "pages[0].file: Không đọc được tệp âm thanh hoặc hình. [media-format]\n"},
		{"schedule", "id = \"x\"\nplace = \"26734\"\nvalid_until = 2020-02-02T00:00:00+07:00\n" + slot + "for_s = 0\n",
			"m.toml:3: valid_until: kết thúc trước khi bắt đầu\n" + filepath.Join(w.dir, "m.toml") + ":8: slots[0].for_s: 0; viết từ 1 đến 86400\n"},
		{"schedule", "id = \"x\"\nplace = \"26734\"\nvalid_until = " + until + "\n" + slot + "for_s = 'sáu mươi'\n", "m.toml:8: slots[0].for_s: \"sáu mươi\" không phải số nguyên"},
		{"schedule", "id = \"x\"\nplace = \"26734\"\nvalid_until = " + until + "\n" + strings.Replace(slot, "05:00", "25:30", 1) + "for_s = 9\n", "\"25:30\" không phải giờ trong ngày: viết 05:30"},
	} {
		w.fails(exitFailed, c.want, c.kind, "check", w.file("m.toml", c.text))
	}
	w.fails(exitFailed, "không có tệp none.toml\n", "bulletin", "check", "none.toml")
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	addr := taken.Addr().String()
	w.fails(exitFailed, "loactl: không mở được cổng "+addr+": đã có chương trình khác dùng\n", "serve", "--embedded", "--broker-listen", addr)
	w.fails(exitUsage, "--volume: 300; viết từ 0 đến 100\n", "play", "26734", "--chime", "gong", "--volume", "300", "--as", "26734-1")
	w.fails(exitUsage, `"3" không phải khoảng thời gian cho --for: viết 30s, 5m`, "play", "26734", "--chime", "gong", "--for", "3", "--as", "26734-1")
}

// A refusal shows the way out.
func TestRefusalsShowTheWay(t *testing.T) {
	w := newWorld(t).sample().online()
	w.fails(exitFailed, "--as 74-1,74-2", "alert", "set", "74", "--event", "Bão", "--headline", "Bão", "--as", "74-1")
	w.tone("tone.wav", 2, 0.1)
	draft := "id = \"d\"\nplace = \"26734\"\ntitle = \"D\"\ntext = \"a\"\nvalid_until = " + until + "\n[[audio]]\nfile = \"tone.wav\"\n"
	w.must("bulletin", "sign", w.file("d.toml", draft), "--as", "26734-1")
	w.fails(exitFailed, `class = "drill"`, "drill", "26734", "--bulletin", "d", "--as", "26734-1")
	w.fails(exitFailed, "LOA_AUTHORITY", "--authority", "/nowhere", "send")
}

// What was typed wrong ends with the same code everywhere, and says what was meant.
func TestWhatIsTypedWrong(t *testing.T) {
	w := newWorld(t).sample()
	for _, c := range []struct{ args, want string }{
		{"bulletinn list", `loactl: there is no command "bulletinn"; did you mean "bulletin"?`},
		{"help bulletinn", `did you mean "bulletin"?`},
		{"bulletin lst", `loactl: there is no command "lst"; did you mean "list"?`},
		{"nonsense", `loactl: there is no command "nonsense"; see loactl help`},
		{"play 26734 --chime kèn --as 26734-1", "no chime"},
		{"play 26734 --chime gong --volume 300 --as 26734-1", "--volume: 300"},
		{"play 26734 --chime gong --class x --as 26734-1", `--class: "x"`},
		{"play 26734 --chime gong --for 3 --as 26734-1", `"3" is no length of time for --for: write 30s`},
		{"play 26734 --chime gong --repeat ba --as 26734-1", `"ba" is no whole number for --repeat`},
		{"watch --once=x", `"x" cannot be used for --once`},
		{"stop 26734 --classes foo --as 26734-1", `--classes: "foo"`},
		{"alert set 26734 --event Bão --headline x --severity nặng --as 26734-1", `--severity: "nặng"`},
		{"key grant 26734-1 26734 --role king", "no role"},
	} {
		w.fails(exitUsage, c.want, strings.Fields(c.args)...)
	}
}

// Nobody is a second pair of eyes to himself, and a draft for a place that there is none
// of is not a good one.
func TestWhatOnePersonCannotDoAlone(t *testing.T) {
	w := newWorld(t).sample()
	policy := w.must("policy", "new", "quiet", "--place", "26734")
	w.fails(exitFailed, "no place 999", "policy", "check", w.file("far.toml", strings.ReplaceAll(policy, "26734", "999")))
	w.must("policy", "check", w.file("quiet.toml", policy))
	w.must("policy", "sign", filepath.Join(w.dir, "quiet.toml"), "--as", "26734-1")
	w.fails(exitFailed, "26734-1 has signed", "policy", "approve", "quiet", "--as", "26734-1")
	w.must("policy", "approve", "quiet", "--as", "26734-2")
}
