package main

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/unicode/norm"

	"loa/agent/plan"
	"loa/scripts/authority"
)

var until = time.Now().AddDate(0, 10, 0).Format(time.RFC3339)

func TestInitMakesAnAuthorityThatWorks(t *testing.T) {
	w := newWorld(t).sample()
	w.fails(exitFailed, "already", "init", "--throw-away", "--place", "1=x")
	w.fails(exitUsage, "--place", "init")
	var keys struct{ People map[string]authority.Person }
	w.json(&keys, "key", "list")
	people := keys.People
	if len(people) != 5+4+1 || !people["dispatcher"].Online || people["74-1"].Online {
		t.Errorf("people: %v", people)
	}
	for _, f := range []string{"agent.toml", "root.json", "ca.pem", "box.pem", "box.key"} {
		if _, err := os.Stat(filepath.Join(w.env["LOA_AUTHORITY"], "boxes/box-1/etc/loa", f)); err != nil {
			t.Error(err)
		}
	}
}

// From a draft to the broker: compose, sign, approve, send.
func TestBulletinFromDraftToBroker(t *testing.T) {
	w := newWorld(t).sample().online()
	w.tone("tone.wav", 2, 0.1)
	draft := w.must("bulletin", "new", "hop-to", "--place", "26734")
	file := w.file("b.toml", strings.Replace(draft, "bulletin.mp3", "tone.wav", 1))
	w.must("bulletin", "check", file)
	w.must("bulletin", "sign", file, "--as", "26734-1")
	var shown struct {
		SHA256   string
		Signers  []string
		Document plan.Bulletin
	}
	w.json(&shown, "bulletin", "show", "hop-to")
	b := shown.Document
	if len(b.Audio) != 1 || b.Audio[0].DurationMS != 2000 || b.Audio[0].Type != "audio/wav" || b.LoudnessLUFS > -15 || b.LoudnessLUFS < -30 {
		t.Errorf("the bulletin: %+v", b)
	}
	if _, err := os.Stat(filepath.Join(w.env["LOA_AUTHORITY"], "media", b.Audio[0].SHA256)); err != nil {
		t.Error("the recording is not where the media server has it:", err)
	}
	var sent struct{ Sent []string }
	w.json(&sent, "send")
	if len(sent.Sent) != 4 { // root, list, want, bulletin
		t.Errorf("sent %v", sent.Sent)
	}
	if w.broker.Retained("loa/v1/p/26734/doc/bulletin/hop-to") == nil {
		t.Error("the broker does not have it")
	}
	w.json(&sent, "send")
	if len(sent.Sent) != 0 {
		t.Errorf("sent again: %v", sent.Sent)
	}
	w.must("bulletin", "withdraw", "hop-to", "--as", "26734-2", "--send")
	is, err := authority.Read(w.broker.Retained("loa/v1/p/26734/doc/bulletin/hop-to"))
	if err != nil || !is.Doc.(plan.Bulletin).Withdrawn {
		t.Errorf("not withdrawn at the broker: %v", err)
	}
}

func TestSecondSignature(t *testing.T) {
	w := newWorld(t).sample().online()
	file := w.file("storm.toml", `id = "bao"
place = "74"
class = "emergency"
title = "Bão"
text = "Ở yên trong nhà."
valid_until = `+until)
	w.must("bulletin", "sign", file, "--as", "74-1")
	if !strings.Contains(w.out.String(), "approve") {
		t.Errorf("it does not say that a signature is missing: %s", w.out.String())
	}
	w.must("send")
	if w.broker.Retained("loa/v1/p/74/doc/bulletin/bao") != nil {
		t.Error("sent with one signature of two")
	}
	w.fails(exitFailed, "scope", "bulletin", "approve", "bao", "--as", "26734-1", "--send") // no say at 74
	w.must("bulletin", "approve", "bao", "--as", "74-2", "--send")
	if !strings.Contains(w.out.String(), "Ở yên trong nhà.") {
		t.Error("the approver was not shown what is approved")
	}
	if w.broker.Retained("loa/v1/p/74/doc/bulletin/bao") == nil {
		t.Error("not sent after the second signature")
	}
}

// Mistakes are shown where they are, with what to write instead, and nothing is
// kept.
func TestMistakesHaveFileAndLine(t *testing.T) {
	w := newWorld(t).sample()
	head := "id = \"x\"\nplace = \"26734\"\nvalid_until = " + until + "\ntitle = \"X\"\n"
	for _, c := range []struct{ kind, text, want string }{
		{"bulletin", head + "text = \"a\"\nclas = \"normal\"\n", "m.toml:6: clas"},
		{"bulletin", head + "text = \"a\"\nclass = \"urgent\"\n", "m.toml:6: class"},
		{"bulletin", head, "m.toml: audio"},
		{"bulletin", head + "\n[[audio]]\nfile = \"none.mp3\"\n", "m.toml:7: audio[0].file"},
		{"bulletin", head + "text = \"a\n", "m.toml:5"},
		{"bulletin", head + "text = \"a\"\nid = \"y\"\n", "m.toml:6"},
		{"bulletin", strings.Replace(head, `"x"`, `"Xã"`, 1) + "text = \"a\"\n", "m.toml:1: id"},
		{"bulletin", strings.Replace(head, until, "tomorrow", 1), "m.toml:3"},
		{"schedule", "id = \"s\"\nplace = \"26734\"\nvalid_until = " + until + "\n[[slots]]\nid = \"a\"\nat = [\"25:00\"]\nfor_s = 60\nitems = [{ chime = \"gong\" }]\n", "m.toml:6: slots[0].at[0]"},
		{"schedule", "id = \"s\"\nplace = \"26734\"\nvalid_until = " + until + "\n[[slots]]\nid = \"a\"\nat = [\"05:00\"]\nfor_s = 60\nitems = [\n{ chime = \"gong\" },\n{ bulletin = \"none\" }]\n", "m.toml:10: slots[0].items[1]"},
		{"policy", "id = \"p\"\nplace = \"26734\"\nvalid_until = " + until + "\n[[quiet_hours]]\nfrom = \"21:00\"\nuntil = \"5h\"\n", "m.toml:6: quiet_hours[0].until"},
	} {
		file := w.file("m.toml", c.text)
		w.fails(exitFailed, c.want, c.kind, "sign", file, "--as", "26734-1")
		t.Log(strings.TrimSpace(w.err.String()))
	}
	var list []any
	w.json(&list, "bulletin", "list")
	if len(list) != 0 {
		t.Errorf("kept: %v", list)
	}
}

// What a box would refuse is not sent, and the reason is given in the language
// of the person.
func TestWhatABoxWouldRefuseStaysHere(t *testing.T) {
	w := newWorld(t).sample().online()
	file := w.file("b.toml", "id = \"x\"\nplace = \"74\"\ntitle = \"X\"\ntext = \"a\"\nvalid_until = "+until)
	w.fails(exitFailed, "scope", "bulletin", "sign", file, "--as", "26734-1", "--send")
	w.fails(exitFailed, "Người ký không có quyền", "bulletin", "sign", file, "--as", "26734-1", "--send", "--lang", "vi")
	w.fails(exitFailed, "quorum", "alert", "set", "74", "--event", "Bão", "--headline", "Bão", "--as", "74-1")
	w.fails(exitFailed, "", "stop", "74", "--as", "26734-1")
	if w.broker.Retained("loa/v1/p/74/doc/bulletin/x") != nil || w.broker.Retained("loa/v1/p/74/alert/74") != nil {
		t.Error("it was sent")
	}
}

// What is known by a code is said in Vietnamese, without English in the middle.
func TestRefusalsInVietnamese(t *testing.T) {
	w := newWorld(t).sample()
	file := w.file("b.toml", "id = \"x\"\nplace = \"74\"\ntitle = \"X\"\ntext = \"a\"\nvalid_until = "+until)
	for want, args := range map[string][]string{
		"không có người nào tên lan: xem loactl key list": {"bulletin", "sign", file, "--as", "lan"},
		"đã có cơ quan trong":                             {"init", "--throw-away", "--place", "1=x"},
		"Người ký không có quyền ở địa bàn hoặc cơ quan này, hoặc quy định của địa bàn không cho phép nội dung này. [scope, place]\n": {"bulletin", "sign", file, "--as", "26734-1"},
		"loactl: Thời hạn hiệu lực dài hơn mức cho phép. [lifetime, mute_until]\n":                                                    {"mute", "box-1", "--as", "26734-1", "--for", "25h"},
	} {
		w.fails(exitFailed, want, append(args, "--lang", "vi")...)
	}
	w.env["LOA_PASSPHRASE_FILE"] = w.file("wrong", "wrong\n")
	w.fails(exitFailed, "loactl: khóa của 74-1: sai mật khẩu\n", "bulletin", "sign", file, "--as", "74-1", "--lang", "vi")
	w.env["LOA_AUTHORITY"] = w.dir
	w.fails(exitFailed, "không có cơ quan nào trong "+w.dir+": cho biết thư mục bằng --authority hoặc LOA_AUTHORITY, hoặc lập mới bằng loactl init\n", "send", "--lang", "vi")
}

func TestAlertSetAndClear(t *testing.T) {
	w := newWorld(t).sample().online()
	slot := func() plan.AlertSet {
		t.Helper()
		is, err := authority.Read(w.broker.Retained("loa/v1/p/74/alert/74"))
		if err != nil {
			t.Fatal(err)
		}
		return is.Doc.(plan.AlertSet)
	}
	w.must("alert", "set", "74", "--event", "Bão", "--headline", "Bão số 5", "--as", "74-1,74-2", "--id", "bao", "--wait", "1ms")
	w.must("alert", "set", "74", "--event", "Lũ", "--headline", "Xả lũ", "--as", "74-1,74-2", "--id", "lu", "--for", "2h", "--wait", "1ms")
	if s := slot(); len(s.Alerts) != 2 {
		t.Errorf("active: %+v", s.Alerts)
	}
	w.fails(exitFailed, "khong", "alert", "clear", "74", "--id", "khong", "--as", "74-1")
	w.must("alert", "clear", "74", "--id", "bao", "--as", "74-2", "--wait", "1ms") // one signature: all-clear is never slower
	if s := slot(); len(s.Alerts) != 1 || s.Alerts[0].ID != "lu" {
		t.Errorf("active: %+v", s.Alerts)
	}
	w.must("alert", "clear", "74", "--as", "74-1", "--wait", "1ms")
	if s := slot(); len(s.Alerts) != 0 {
		t.Errorf("active: %+v", s.Alerts)
	}
	if out := w.must("alert", "list"); !strings.Contains(out, "no active alert") {
		t.Errorf("%s", out)
	}
}

// At three in the morning the same event is set again: that prolongs the alert,
// it does not make a second one that has to be cleared too.
func TestAlertSetAgain(t *testing.T) {
	w := newWorld(t).sample().online()
	var r struct{ Alerts []plan.Alert }
	set := func(event, headline string, more ...string) (id string, last plan.Alert) {
		t.Helper()
		args := []string{"alert", "set", "26734", "--event", event, "--headline", headline, "--as", "26734-1", "--wait", "1ms"}
		w.json(&r, append(args, more...)...)
		last = r.Alerts[len(r.Alerts)-1]
		return last.ID, last
	}
	first, before := set("Lũ quét", "Lũ trên sông")
	for _, c := range []struct {
		event, headline string
		more            []string
		count           int
		same            bool
	}{
		{"Lũ quét", "Lũ trên sông", []string{"--for", "3h"}, 1, true},
		{"lũ QUÉT", "Lũ đã tới cầu", nil, 1, true},
		{" " + norm.NFD.String("Lũ quét"), "Lũ đã tới chợ", nil, 1, true},
		{"Lũ quét", "Lũ thứ hai", []string{"--another"}, 2, false},
		{"Cháy rừng", "Cháy ở đồi", nil, 3, false},
		{"Cháy rừng", "Cháy ở đồi", []string{"--id", "dap"}, 4, false},
	} {
		id, al := set(c.event, c.headline, c.more...)
		if len(r.Alerts) != c.count || (id == first) != c.same || al.Headline != c.headline {
			t.Errorf("%q %v: %d alerts, the last is %s %q", c.event, c.more, len(r.Alerts), id, al.Headline)
		}
		if c.same && al.Until.Sub(before.Until) < time.Hour {
			t.Errorf("%q: until %v, at first %v: the 3 h are gone", c.headline, al.Until, before.Until)
		}
	}
	// A person is told what became of it.
	again := []string{"alert", "set", "26734", "--event", "Cháy rừng", "--as", "26734-1", "--wait", "1ms", "--headline"}
	for _, c := range [][2]string{{"Cháy ở đồi", "does not play the same words again"}, {"Cháy đã lan", "is changed"}} {
		headline, want := c[0], c[1]
		w.must(append(again, headline)...)
		if !strings.Contains(w.err.String(), want) || !strings.Contains(w.err.String(), "dap") {
			t.Errorf("%q does not say %q", w.err.String(), want)
		}
	}
	// What is over is not prolonged: a new flood is a new alert.
	w.must("alert", "clear", "26734", "--as", "26734-1", "--wait", "1ms")
	if id, _ := set("Lũ quét", "Lũ trên sông"); id == first {
		t.Error("an alert that was cleared came back")
	}
}

func TestPlaylistBecomesAScheduleAndIsHeardAhead(t *testing.T) {
	w := newWorld(t)
	w.now = func() time.Time { return time.Date(2026, 11, 23, 4, 0, 0, 0, time.FixedZone("", 7*3600)) }
	w.sample().online()
	dir := filepath.Join(w.dir, "Nhạc sáng")
	os.Mkdir(dir, 0o755)
	w.tone("Nhạc sáng/2 Dâng Bác.wav", 3, 0.5)
	w.tone("Nhạc sáng/10 Kết thúc.wav", 2, 0.05)
	w.file("Nhạc sáng/hỏng.mp3", "<html>404</html>")
	out := filepath.Join(w.dir, "out")
	var r struct {
		Items   []itemReport
		Skipped []string
		ForS    int `json:"for_s"`
	}
	w.json(&r, "playlist", dir, "--place", "26734", "--out", out, "--at", "05:30", "--gap", "1s")
	if len(r.Items) != 2 || r.Items[0].ID != "nhac-sang-2-dang-bac" || r.Items[0].DurationMS != 3000 || len(r.Skipped) != 1 || r.ForS != 60 {
		t.Fatalf("%+v", r)
	}
	if d := r.Items[0].LUFS - r.Items[1].LUFS; d < 19 || d > 21 {
		t.Errorf("20 dB apart measured as %.1f LU", d)
	}
	files, _ := filepath.Glob(filepath.Join(out, "bulletin-*.toml"))
	w.must(append([]string{"bulletin", "sign", "--as", "26734-1"}, files...)...)
	w.must("schedule", "sign", filepath.Join(out, "schedule.toml"), "--as", "26734-1")
	w.must("send")
	var lines []struct {
		At     time.Time
		Sounds bool
		Title  string
	}
	w.json(&lines, "ahead", "26734", "--hours", "24")
	if len(lines) != 2 || !lines[0].Sounds || lines[0].Title != "2 Dâng Bác" || lines[0].At.UTC().Format("15:04") != "22:30" {
		t.Errorf("%s", w.out.String())
	}
	w.json(&lines, "ahead", "box-1", "--days", "7")
	if len(lines) != 14 {
		t.Errorf("%d lines in a week", len(lines))
	}
}

// Encoding levels: what goes out is as loud as boxes play, at 21.6 MB an hour.
func TestPlaylistEncodes(t *testing.T) {
	if _, err := exec.LookPath("lame"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("lame is not installed")
		}
		t.Skip("lame is not installed")
	}
	w := newWorld(t).sample()
	dir := filepath.Join(w.dir, "nhac")
	os.Mkdir(dir, 0o755)
	w.tone("nhac/nhỏ.wav", 5, 0.08)
	w.tone("nhac/to.wav", 5, 0.9)
	var r struct{ Items []itemReport }
	w.json(&r, "playlist", dir, "--place", "26734", "--out", filepath.Join(w.dir, "out"), "--encode")
	if len(r.Items) != 2 {
		t.Fatalf("%+v", r.Items)
	}
	for _, it := range r.Items {
		if it.LUFS < codedLUFS-1 || it.LUFS > codedLUFS+1 || it.Type != "audio/mpeg" || it.DurationMS < 4900 || it.DurationMS > 5200 || it.PeakDBFS > 0 {
			t.Errorf("%+v", it)
		}
		if perHour := it.Bytes * 3600 * 1000 / it.DurationMS; perHour > 22_500_000 {
			t.Errorf("%s: %d bytes an hour", it.Title, perHour)
		}
	}
}

// A slot in the quiet hours is shown as refused before anything is sent.
func TestAheadShowsWhatWillBeRefused(t *testing.T) {
	w := newWorld(t).sample()
	file := w.file("s.toml", `id = "dem"
place = "26734"
valid_until = `+until+`
[[slots]]
id = "s1"
at = ["03:15"]
for_s = 600
items = [{ chime = "gong" }]
`)
	w.must("schedule", "sign", file, "--as", "26734-1", "--yes")
	out := w.must("ahead", "26734")
	if !strings.Contains(out, "quiet-hours") || !strings.Contains(out, "REFUSED") {
		t.Errorf("%s", out)
	}
}

// Whoever signs a policy alone hears that what it allows does not count yet, when it
// is signed and when it goes out; a second signature ends that.
func TestAPolicyOfOneRipens(t *testing.T) {
	w := newWorld(t).sample().online()
	file := w.file("p.toml", "id = \"open\"\nplace = \"26734\"\nvalid_until = "+until+"\nquiet_hours = []\n")
	for lang, want := range map[string]string{"en": "24 hours", "vi": "24 giờ"} {
		for _, args := range []string{"policy sign " + file + " --as 26734-1", "send --all"} {
			if out := w.must(append(strings.Fields(args), "--lang", lang)...); strings.Count(out, want) != 1 || !strings.Contains(out, "loactl policy approve 26734/open") {
				t.Errorf("%s: %q", args, out)
			}
		}
	}
	for _, args := range []string{"policy approve 26734/open --as 26734-2", "send --all", "policy sign " + file + " --as 26734-1,26734-2"} {
		if out := w.must(strings.Fields(args)...); strings.Contains(out, "24 hours") {
			t.Errorf("%s: %q", args, out)
		}
	}
}

func TestActs(t *testing.T) {
	w := newWorld(t).sample().online()
	var act struct {
		ID, Topic string
		Until     time.Time
	}
	// Nobody is there: that is not done.
	if code := w.run("play", "26734", "--chime", "gong", "--as", "26734-1", "--wait", "1ms"); code != exitNobody || !strings.Contains(w.out.String(), "0 of 1") {
		t.Errorf("a play that nobody took: exit %d, %q", code, w.out.String())
	}
	w.box("box-1")
	w.json(&act, "play", "26734", "--chime", "gong", "--as", "26734-1")
	if left := time.Until(act.Until); left > playLife || left < playLife-time.Minute {
		t.Errorf("it may begin %v from now on", left)
	}
	out := w.must("play", "26734", "--chime", "gong", "--as", "26734-1", "--lang", "vi")
	if !regexp.MustCompile(`Còn hiệu lực đến \d\d:\d\d:\d\d`).MatchString(out) {
		t.Errorf("%q does not say until when", out)
	}
	w.json(&act, "play", "26734", "--chime", "gong", "--as", "26734-1")
	if act.Topic != "loa/v1/p/26734/act" || act.ID == "" {
		t.Errorf("%+v", act)
	}
	w.json(&act, "stop", "box-1", "--as", "26734-1")
	if act.Topic != "loa/v1/d/box-1/cmd" {
		t.Errorf("%+v", act)
	}
	w.json(&act, "mute", "box-1", "--as", "26734-1", "--for", "2h", "--reason", "sửa loa")
	w.fails(exitFailed, "mute_until", "mute", "box-1", "--as", "26734-1", "--for", "25h")
	w.fails(exitUsage, "loactl unmute", "mute", "box-1", "--as", "26734-1", "--for", "0s")
	w.json(&act, "unmute", "box-1", "--as", "26734-1")
	if act.Topic != "loa/v1/d/box-1/cmd" {
		t.Errorf("%+v", act)
	}
	w.fails(exitUsage, "--as", "stop", "26734")
	w.fails(exitUsage, "--lang", "--lang", "xx", "version")
	w.fails(exitUsage, "--broker", "send", "--broker=")
	w.fails(exitFailed, "nowhere", "stop", "nowhere", "--as", "26734-1")
	w.fails(exitUsage, "--bulletin", "play", "26734", "--as", "26734-1")
}

func TestGrants(t *testing.T) {
	w := newWorld(t).sample()
	w.must("key", "new", "lan")
	w.fails(exitUsage, "role", "key", "grant", "lan", "26734", "--role", "king")
	w.must("key", "grant", "lan", "26734", "--role", "author")
	file := w.file("b.toml", "id = \"x\"\nplace = \"26734\"\ntitle = \"X\"\ntext = \"a\"\nvalid_until = "+until)
	w.file("c.toml", "id = \"y\"\nplace = \"26734\"\ntitle = \"Y\"\ntext = \"a\"\nvalid_until = "+until)
	w.must("bulletin", "sign", file, "--as", "lan")
	w.must("bulletin", "sign", strings.Replace(file, "b.toml", "c.toml", 1), "--as", "26734-1")
	states := func() map[string]string {
		var list []struct{ Key, State string }
		w.json(&list, "bulletin", "list")
		of := make(map[string]string)
		for _, l := range list {
			of[l.Key] = l.State
		}
		return of
	}
	if got := states(); got["26734/x"] != "signed" || got["26734/y"] != "signed" {
		t.Errorf("before: %v", got)
	}
	w.must("key", "revoke", "lan")
	if got := states(); got["26734/x"] != "void" || got["26734/y"] != "signed" {
		t.Errorf("what a key signed that counts no more: %v", got)
	}
	if out := w.must("bulletin", "list", "--lang", "vi"); !strings.Contains(out, "hết giá trị") {
		t.Errorf("%q", out)
	}
	w.fails(exitFailed, "", "bulletin", "sign", file, "--as", "lan")
	w.fails(exitFailed, "lan", "key", "revoke", "lan")
}

func TestPassphrases(t *testing.T) {
	w := newWorld(t).sample()
	file := w.file("b.toml", "id = \"x\"\nplace = \"26734\"\ntitle = \"X\"\ntext = \"a\"\nvalid_until = "+until)
	w.env["LOA_PASSPHRASE_FILE"] = w.file("wrong", "wrong\n")
	w.fails(exitFailed, "passphrase", "bulletin", "sign", file, "--as", "26734-1")
	w.env["LOA_PASSPHRASE_FILE"] = w.file("each", "wrong\n26734-1: correct horse\n")
	w.must("bulletin", "sign", file, "--as", "26734-1")
	delete(w.env, "LOA_PASSPHRASE_FILE")
	w.fails(exitFailed, "LOA_PASSPHRASE_FILE", "bulletin", "sign", file, "--as", "26734-2")
}

// Every list is a list for a program too, even when there is nothing in it.
func TestJSONEverywhere(t *testing.T) {
	w := newWorld(t).sample()
	for _, args := range []string{"key list", "place list", "box list", "bulletin list", "schedule list", "policy list", "alert list", "ahead 26734", "version"} {
		var v any
		w.json(&v, strings.Fields(args)...)
		if v == nil {
			t.Errorf("%s: null", args)
		}
	}
	if !json.Valid(w.out.Bytes()) {
		t.Error("no JSON")
	}
}

func TestNoBroker(t *testing.T) {
	w := newWorld(t).sample().online()
	w.broker.Close()
	w.patience = 200 * time.Millisecond
	set := []string{"alert", "set", "74", "--event", "Bão", "--headline", "Bão", "--as", "74-1,74-2"}
	for _, c := range []struct {
		want string
		args []string
	}{
		{"[broker-unreachable: dial tcp", []string{"send"}},
		{"không máy chủ nào trả lời", []string{"send", "--lang", "vi"}},
		{"broker-unreachable", []string{"watch", "--once"}},
		{"broker-unreachable", []string{"ask", "box-1", "status"}},
		{"broker-unreachable", []string{"play", "26734", "--chime", "gong", "--as", "26734-1"}},
		{"will not be sent later", []string{"stop", "26734", "--as", "26734-1"}},
		{"did NOT go out; loactl send", set},
	} {
		w.fails(exitNoBroker, c.want, c.args...)
	}
	if is, err := os.ReadFile(filepath.Join(w.env["LOA_AUTHORITY"], "issued/loa/v1/p/74/alert/74.json")); err != nil || len(is) == 0 {
		t.Errorf("the alert that did not go out was not kept: %v", err)
	}
}

// Whoever waits for a broker is told within a breath, in their own language,
// for what: also where nothing answers at all, and again once more is known.
func TestWaitingIsSaid(t *testing.T) {
	deaf, err := net.Listen("tcp", "127.0.0.1:0") // takes the connection and says nothing
	if err != nil {
		t.Fatal(err)
	}
	defer deaf.Close()
	au, err := authority.Open(newWorld(t).sample().env["LOA_AUTHORITY"], authority.Opts{})
	if err != nil {
		t.Fatal(err)
	}
	said := &lines{came: make(chan string, 16)}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	a := &app{ctx: ctx, err: said, lang: "vi", client: toolName, broker: "tcp://" + deaf.Addr().String(), patience: time.Minute}
	began := time.Now()
	done := make(chan error, 1)
	go func() { _, err := a.connect(au, nil, nil); done <- err }()
	first := <-said.came
	if took := time.Since(began); took < hush || took > a.patience/4 {
		t.Errorf("the first word came after %v", took)
	}
	for _, want := range []string{"đang chờ", a.broker, "1m0s", "không máy chủ nào trả lời"} {
		if !strings.Contains(first, want) {
			t.Errorf("%q is missing in %q", want, first)
		}
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestSlug(t *testing.T) {
	for in, want := range map[string]string{
		"Dâng Bác": "dang-bac", "ĐƯỜNG  về": "duong-ve", "01. Ca khúc!": "01-ca-khuc", "…": "x", "-a-": "a",
		strings.Repeat("dài ", 30): strings.TrimSuffix(strings.Repeat("dai-", 14), "-"),
	} {
		if got := slug(in); got != want || !plan.ValidID(got) {
			t.Errorf("slug(%q) = %q, want %q", in, got, want)
		}
	}
}

// Two people at two terminals: the first one's signature sounds nothing and waits for a
// quarter of an hour; the second sees what will sound, signs the same bytes, and it goes.
func TestAlarmByTwoTerminals(t *testing.T) {
	w := newWorld(t).sample().online()
	w.fails(exitFailed, "no alert of 74 waits", "alert", "approve", "74", "--as", "74-2")
	w.fails(exitFailed, "loactl alert approve 74 --as", "alert", "set", "74", "--event", "Bão", "--headline", "Bão số 5", "--as", "74-1")
	if w.broker.Retained("loa/v1/p/74/alert/74") != nil {
		t.Fatal("one signature of two went out")
	}
	w.fails(exitFailed, "has signed", "alert", "approve", "74", "--as", "74-1", "--wait", "1ms")
	if out := w.must("alert", "approve", "74", "--as", "74-2", "--wait", "1ms"); !strings.Contains(out, "Signed by 74-1") || !strings.Contains(out, "Bão số 5") {
		t.Errorf("the second sees %q", out)
	}
	is, err := authority.Read(w.broker.Retained("loa/v1/p/74/alert/74"))
	if err != nil || len(is.Doc.(plan.AlertSet).Alerts) != 1 {
		t.Fatalf("%v, %v", is, err)
	}
	w.fails(exitFailed, "no alert of 74 waits", "alert", "approve", "74", "--as", "74-2")

	// Who is to sign sees what it ends elsewhere, too.
	w.fails(exitFailed, "quorum", "alert", "clear", "74", "--cancel", "26734/26734/chay", "--as", "74-1")
	if out := w.must("alert", "approve", "74", "--as", "74-2", "--wait", "1ms"); !strings.Contains(out, "cancels the alert 26734/26734/chay") {
		t.Errorf("the second sees %q", out)
	}

	w.fails(exitFailed, "quorum", "alert", "set", "74", "--event", "Lũ", "--headline", "Xả lũ", "--as", "74-1")
	w.now = func() time.Time { return time.Now().Add(16 * time.Minute) }
	w.fails(exitFailed, "more than 15 minutes", "alert", "approve", "74", "--as", "74-2")
	w.fails(exitFailed, "no alert of 74 waits", "alert", "approve", "74", "--as", "74-2")
}

// An alarm that waits for its second signature is not lost by another.
func TestNoAlarmThatWaitsIsLost(t *testing.T) {
	w := newWorld(t).sample().online()
	set := func(event, headline, as string) []string {
		return []string{"alert", "set", "74", "--event", event, "--headline", headline, "--as", as, "--wait", "1ms"}
	}
	w.fails(exitFailed, "second person", set("Bão", "Bão số 5", "74-1")...)
	w.fails(exitFailed, "“Bão số 5” waits there", set("Lũ", "Xả lũ", "74-1")...)
	w.fails(exitFailed, "“Bão số 5” waits there", set("Lũ", "Xả lũ", "74-1,74-2")...)
	w.fails(exitFailed, "second person", set("Bão", "Bão số 5 vào bờ", "74-1")...) // in other words
	w.must("alert", "approve", "74", "--as", "74-2", "--wait", "1ms")
	w.fails(exitFailed, "second person", set("Lũ", "Xả lũ", "74-1")...)
	w.must("alert", "clear", "74", "--as", "74-2", "--wait", "1ms")
	if !strings.Contains(w.err.String(), "“Xả lũ”, which waited") {
		t.Errorf("an end is silent about what goes with it: %s", w.err.String())
	}
	now := time.Now()
	w.fails(exitFailed, "second person", set("Lũ", "Xả lũ", "74-1")...)
	w.now = func() time.Time { return now.Add(secondWithin + time.Minute) }
	w.fails(exitFailed, "second person", set("Cháy", "Cháy rừng", "74-1")...)
}
