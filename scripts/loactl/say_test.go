package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"loa/agent/plan"
	"loa/agent/speech/engine"
	"loa/scripts/loactl/source"
)

// notice is a text with a figure, and the words that it must become.
const notice = "Từ 7h15, cắt điện 105 hộ."

// toneEngine is an operator's own engine: it writes a tone as long as the text it reads.
func (w *world) toneEngine(seconds float64) {
	w.t.Helper()
	w.file("answer.wav", string(must(os.ReadFile(w.tone("engine.wav", seconds, 0.5)))))
	script := w.file("engine.sh", "#!/bin/sh\ncat > "+filepath.Join(w.dir, "asked")+"\necho \"$1\" >> "+filepath.Join(w.dir, "region")+"\ncat "+filepath.Join(w.dir, "answer.wav")+"\n")
	w.file("authority/speech.toml", `engine = "exec"
command = ["sh", "`+script+`", "{region}"]
name = "thử"
region = "south"
`)
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// From a text to a bulletin whose signature covers the text and the recording.
func TestSayToBulletin(t *testing.T) {
	w := newWorld(t).sample()
	w.toneEngine(4)
	text := w.file("tin.txt", notice)
	out := filepath.Join(w.dir, "out")
	made := w.must("say", text, "--out", out, "--place", "26734", "--id", "cat-dien")
	if !strings.Contains(made, "Từ bảy giờ mười lăm phút, cắt điện một trăm lẻ năm hộ.") || !strings.Contains(made, "exec/south/thử") {
		t.Errorf("%s", made)
	}
	if asked := string(must(os.ReadFile(filepath.Join(w.dir, "asked")))); strings.ContainsAny(asked, "0123456789") || !strings.HasSuffix(asked, "\n") {
		t.Errorf("the engine was asked to read %q", asked)
	}
	if region := string(must(os.ReadFile(filepath.Join(w.dir, "region")))); !strings.HasPrefix(region, "south\n") {
		t.Errorf("the engine was told the region %q", region)
	}
	draft := filepath.Join(out, "bulletin-cat-dien.toml")
	w.must("bulletin", "sign", draft, "--as", "26734-1")
	var shown struct{ Document plan.Bulletin }
	w.json(&shown, "bulletin", "show", "cat-dien")
	b := shown.Document
	if len(b.Audio) != 1 || b.Audio[0].Voice != "exec/south/thử" || b.Text != notice || b.Title != notice {
		t.Fatalf("the bulletin: %+v", b)
	}
	media := filepath.Join(w.env["LOA_AUTHORITY"], "media", b.Audio[0].SHA256)
	if made, kept := must(os.ReadFile(filepath.Join(out, "cat-dien.wav"))), must(os.ReadFile(media)); string(made) != string(kept) {
		t.Error("what is signed is not what was listened to")
	}
	if show := w.must("bulletin", "show", "cat-dien"); !strings.Contains(show, "một trăm lẻ năm hộ") || !strings.Contains(show, media) || !strings.Contains(show, notice) {
		t.Errorf("whoever approves sees %s", show)
	}

	// The recording belongs to its text.
	changed := strings.Replace(string(must(os.ReadFile(draft))), "105", "150", 2)
	if err := os.WriteFile(draft, []byte(changed), 0o600); err != nil {
		t.Fatal(err)
	}
	w.fails(exitFailed, "bulletin-cat-dien.toml:", "bulletin", "sign", draft, "--as", "26734-1")
	w.fails(exitFailed, "the text was changed", "bulletin", "sign", draft, "--as", "26734-1")

	// And no machine speaks without the text.
	bare := `id = "x"
place = "26734"
title = "T"
valid_until = 2026-12-30T00:00:00+07:00
[[audio]]
file = "cat-dien.wav"
voice = "espeak-ng/north"
`
	if err := os.WriteFile(draft, []byte(bare), 0o600); err != nil {
		t.Fatal(err)
	}
	w.fails(exitFailed, "signed together with its text", "bulletin", "check", draft)
}

// What an engine leaves out makes no bulletin.
func TestSayIsNeverSilent(t *testing.T) {
	w := newWorld(t).sample()
	out := filepath.Join(w.dir, "out")
	say := func(text string) []string {
		return []string{"say", "--text", text, "--out", out, "--place", "26734", "--id", "x"}
	}
	w.toneEngine(0.2) // for a dozen words
	w.fails(exitFailed, "something is missing", say(notice)...)
	w.toneEngine(4)
	w.fails(exitFailed, "cannot be read aloud: 早", say("Chữ 早.")...)
	w.file("authority/speech.toml", "engine = \"exec\"\ncommand = [\"false\"]\n")
	w.fails(exitFailed, "false: exit status 1", say(notice)...)
	w.file("authority/speech.toml", "engine = \"exec\"\ncommand = [\"no-such-program\"]\n")
	w.fails(exitFailed, "no-such-program is not installed", say(notice)...)
	w.file("authority/speech.toml", "engine = \"exec\"\ncommand = [\"sleep\", \"60\"]\ntime_s = 1\n")
	w.fails(exitFailed, "took more than 1s", say(notice)...)
	w.file("authority/speech.toml", "engine = \"exec\"\ncommand = [\"cat\", \"/dev/zero\"]\nmax_mb = 1\n")
	w.fails(exitFailed, "more than 1048576 bytes", say(notice)...)
	w.file("authority/speech.toml", "engine = \"exec\"\n")
	w.fails(exitFailed, "needs command", say(notice)...)
	w.file("authority/speech.toml", "engine = \"exec\"\ncomand = [\"x\"]\n")
	w.fails(exitFailed, "speech.toml", say(notice)...)
	if left, err := os.ReadDir(out); err == nil && len(left) > 0 {
		t.Errorf("%v was left", left)
	}
}

// A bank speaks what is recorded, and says what is not.
func TestSayFromABank(t *testing.T) {
	if _, err := exec.LookPath("espeak-ng"); err != nil {
		t.Skip("espeak-ng is not installed, who speaks when phrases are missing")
	}
	w := newWorld(t).sample()
	if err := os.Mkdir(filepath.Join(w.dir, "authority/loi"), 0o755); err != nil {
		t.Fatal(err)
	}
	w.tone("authority/loi/a.wav", 2, 0.4)
	w.tone("authority/loi/b.wav", 1.5, 0.4)
	w.file("authority/speech.toml", "engine = \"bank\"\nphrases = \"loi\"\n")
	w.file("authority/loi/manifest.toml", "voice = \"Cô Lan\"\n[phrases]\n\"Kính chào bà con\" = \"a.wav\"\n\"giọng đọc tự động\" = \"b.wav\"\n")
	out := filepath.Join(w.dir, "out")
	if made := w.must("say", "--text", "Kính chào bà con!", "--out", out); !strings.Contains(made, "bank/north/Cô Lan") {
		t.Errorf("%s", made)
	}
	pcm, err := engine.ReadWAV(must(os.ReadFile(filepath.Join(out, "kinh-chao-ba-con.wav"))))
	if err != nil || pcm.Length() < 3500*time.Millisecond {
		t.Errorf("%v of sound, %v", pcm.Length(), err)
	}
	made := w.must("say", "--text", "Kính chào bà con ấp 3!", "--out", out, "--id", "khac")
	if !strings.Contains(made, "(") || !strings.Contains(made, "espeak-ng/north") || !strings.Contains(w.err.String(), "not recorded: ấp ba") {
		t.Errorf("%s%s", made, w.err.String())
	}
}

func TestSayAsksForWhatItNeeds(t *testing.T) {
	w := newWorld(t).sample()
	w.fails(exitUsage, "what is to be read", "say")
	w.fails(exitUsage, "what is to be read", "say", "x.txt", "--text", "x")
	w.fails(exitUsage, "go with --out", "say", "--text", "x", "--place", "26734")
	w.fails(exitUsage, "one of north, central, south", "say", "--text", "x", "--region", "west")
	w.fails(exitUsage, "one of espeak-ng, exec, bank", "say", "--text", "x", "--engine", "y")
	w.fails(exitFailed, "99999", "say", "--text", "x", "--out", w.dir, "--place", "99999")
	w.fails(exitFailed, "longer than", "say", w.file("long", strings.Repeat("dài ", 20000)))
	if out := w.must("say", "--text", "Họp 3/5 ở 早", "--lang", "vi"); !strings.Contains(out, "ngày tháng, phân số hay khoảng?") || !strings.Contains(out, "không đọc được") {
		t.Errorf("%s", out)
	}
	var read readBack
	w.json(&read, "say", "--text", "Có 15 hộ.")
	if len(read.Spoken) != 2 || read.Spoken[0] != "Có mười lăm hộ." || read.Spoken[1] != label {
		t.Errorf("%+v", read)
	}
}

// A draft gives back the text that was read, whatever stands in it.
func TestDraftKeepsTheText(t *testing.T) {
	for _, text := range []string{notice, "Nói \"chào\" \\ và '''\"\"\"\n\n  hết.", "Một\nhai", "\u00a0x\u200b"} {
		file := filepath.Join(t.TempDir(), "d.toml")
		if err := writeTOML(file, spokenDraft{Text: text}); err != nil {
			t.Fatal(err)
		}
		f, err := source.Read(file)
		if err != nil || f.Tree["text"] != text {
			t.Errorf("%q became %q, %v", text, f.Tree["text"], err)
		}
	}
}
