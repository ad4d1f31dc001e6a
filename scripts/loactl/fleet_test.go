package main

import (
	"context"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"image"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"

	"loa/agent/clock"
	"loa/agent/health"
	"loa/agent/ledger"
	"loa/agent/message"
	"loa/agent/mqtt"
	"loa/agent/plan"
	"loa/scripts/authority"
)

// A fake box reports as one would and answers questions.
type fakeBox struct {
	w    *world
	name string
	key  ed25519.PrivateKey
	c    *mqtt.Client

	refuses plan.Code   // what it is sent
	pattern atomic.Bool // a technician looks at its board
}

func (w *world) box(name string, refuses ...plan.Code) *fakeBox {
	w.t.Helper()
	data, err := os.ReadFile(filepath.Join(w.env["LOA_AUTHORITY"], "boxes", name, "etc/loa/box.key"))
	if err != nil {
		w.t.Fatal(err)
	}
	block, _ := pem.Decode(data)
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		w.t.Fatal(err)
	}
	b := &fakeBox{w: w, name: name, key: key.(ed25519.PrivateKey)}
	if len(refuses) > 0 {
		b.refuses = refuses[0]
	}
	b.c, err = mqtt.New(mqtt.Opts{
		Device: name, Brokers: []string{w.broker.URL()}, Fresh: true,
		Subscriptions: func() []string { return []string{b.topic("cmd"), "loa/v1/p/26734/act"} },
		Receive:       b.receive,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); b.c.Run(ctx) }()
	w.t.Cleanup(func() { cancel(); <-done })
	for deadline := time.Now().Add(20 * time.Second); !b.c.Connected(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			w.t.Fatalf("%s does not connect", name)
		}
	}
	return b
}

func (b *fakeBox) topic(leaf string) string { return message.DeviceTopic(b.name, leaf).String() }

func (b *fakeBox) send(leaf string, payload []byte) {
	b.w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := b.c.Send(ctx, mqtt.Message{Topic: b.topic(leaf), Payload: payload, Retain: message.DeviceTopic(b.name, leaf).Retained()}); err != nil {
		b.w.t.Fatal(err)
	}
}

// receive answers a question in two pieces, the second first.
func (b *fakeBox) receive(_ string, raw []byte) {
	is, err := authority.Read(raw)
	if err != nil {
		return
	}
	act := is.Doc.(plan.Act)
	if act.Kind != plan.KindAsk {
		ack := message.Ack{Device: b.name, Place: act.Place, ID: act.ID, Kind: act.Kind, SHA256: is.SHA256, State: "received"}
		if act.Kind == plan.KindPlay { // it is taken, and then asked whether it may sound
			b.c.Publish(b.topic("ack"), message.SealReport(message.ReportAck, ack, b.key), false)
			ack.SHA256, ack.Occurrence, ack.State = "", "x/act.play/"+act.ID, "started"
		}
		if b.refuses != "" {
			ack.State, ack.Code, ack.VI, ack.Why = "refused", b.refuses, b.refuses.Sentence().VI, b.refuses.Sentence().EN
		}
		b.c.Publish(b.topic("ack"), message.SealReport(message.ReportAck, ack, b.key), false)
		return
	}
	for _, part := range []int{1, 0} {
		text := []string{"loa \x1b[31mtốt\n", act.Command + "\n"}[part]
		if strings.HasSuffix(act.Command, " --json") {
			text = []string{`{"command":`, `"clock","code":0}`}[part]
		}
		if strings.HasSuffix(act.Command, " board shot --json") {
			text = []string{`{"data":{"png":"iVBORw==","title":"Họp dân","agrees":"yes",`, `"pattern":` + strconv.FormatBool(b.pattern.Load()) + `}}`}[part]
		}
		b.c.Publish(b.topic("answer"), message.EncodeReport(message.Answer{ID: act.ID, Part: part, Of: 2, Text: text}), false)
	}
}

func TestWatch(t *testing.T) {
	w := newWorld(t).sample().online()
	w.must("box", "add", "box-2", "--place", "26734", "--board", "desk", "--as", "74-1,74-2")
	w.must("box", "add", "box-3", "--place", "74", "--board", "desk", "--as", "74-1,74-2")
	w.tone("tone.wav", 1, 0.1)
	file := w.file("b.toml", "id = \"b1\"\nplace = \"26734\"\ntitle = \"B\"\nvalid_until = "+until+"\n[[audio]]\nfile = \"tone.wav\"\n")
	w.must("bulletin", "sign", file, "--as", "26734-1")
	var shown struct{ Document plan.Bulletin }
	w.json(&shown, "bulletin", "show", "b1")
	one, two := w.box("box-1"), w.box("box-2")
	have := func(present int) message.Have {
		return message.Have{
			At: time.Now(), Clock: clock.Signed,
			Documents: map[string]int64{"26734/bulletin/b1": shown.Document.Version()},
			Media:     []message.MediaOf{{Bulletin: "26734/bulletin/b1", Wanted: 1, Present: present}},
			Sounds:    &message.Sounds{Title: "Bản tin \x1b[2Jsáng", Class: plan.Normal},
		}
	}
	for b, present := range map[*fakeBox]int{one: 1, two: 0} {
		h := have(present)
		h.Device = b.name
		if b == two {
			h.MutedUntil = time.Now().Add(time.Hour)
			h.MutedWhy = "đám tang"
			h.LocalUntil = time.Now().Add(20 * time.Minute)
			h.LocalWhy = "thay loa"
			h.Looked = &message.Looked{By: "An", At: time.Now(), Pass: 10, Fail: 2}
		}
		b.send("state", message.EncodeReport(message.State{State: "online", Boot: "x"}))
		b.send("have", message.SealReport(message.ReportHave, h, b.key))
	}
	two.send("health", message.EncodeReport(message.HealthReport{Active: []health.Active{{Condition: health.Condition{Code: "media-missing"}}}}))
	var r struct {
		Online int
		Boxes  []row
		Ready  []readiness
	}
	w.json(&r, "watch", "--once")
	if r.Online != 2 || len(r.Boxes) != 3 || r.Boxes[0].Sounds != "Bản tin [2Jsáng" || r.Boxes[2].State != "silent" ||
		len(r.Boxes[1].Faults) != 1 || r.Boxes[1].Faults[0] != "media-missing" {
		t.Errorf("%+v", r)
	}
	if len(r.Ready) != 1 || r.Ready[0].Ready != 1 || r.Ready[0].Of != 2 || fmt.Sprint(r.Ready[0].Waiting) != "[box-2]" {
		t.Errorf("%+v", r.Ready)
	}
	if out, muted := w.must("watch", "--once"), "muted until "+r.Boxes[1].MutedUntil.In(vietnam).Format("15:04"); r.Boxes[1].MutedUntil.IsZero() || strings.Count(out, "muted until ") != 1 || !strings.Contains(out, muted) {
		t.Errorf("%q does not say %q", out, muted)
	}
	if b := r.Boxes[1]; b.LookedBy != "An" || b.LookedBad != 2 || b.LookedAt.IsZero() {
		t.Errorf("%+v", b)
	}
	if out := w.must("watch", "--once"); !strings.Contains(out, "at the horns until "+r.Boxes[1].LocalUntil.In(vietnam).Format("15:04")+"; nothing remote sounds: thay loa\n") || !strings.Contains(out, ": đám tang\n") || !strings.Contains(out, "Commissioning failed: An, ") {
		t.Errorf("%q does not say who works at the box, and who looked it over", out)
	}
	if out := w.must("watch", "--once"); !strings.Contains(out, "ready on 1 of 2") || strings.Contains(out, "\x1b") {
		t.Errorf("%q", out)
	}
	// A forged report does not count.
	h := have(1)
	h.Device = two.name
	two.send("have", message.SealReport(message.ReportHave, h, one.key))
	w.json(&r, "watch", "--once")
	if r.Ready[0].Ready != 1 || r.Boxes[1].Forged == 0 {
		t.Errorf("a forged report counts: %+v %+v", r.Ready, r.Boxes[1])
	}
	// A picture counts as a recording does, where there is a board for it.
	var picture strings.Builder
	if err := png.Encode(&picture, image.NewGray(image.Rect(0, 0, 8, 8))); err != nil {
		t.Fatal(err)
	}
	w.file("map.png", picture.String())
	w.must("bulletin", "sign", w.file("p.toml", "id = \"p1\"\nplace = \"26734\"\ntitle = \"P\"\nvalid_until = "+until+"\n[[pages]]\nfile = \"map.png\"\n"), "--as", "26734-1")
	w.json(&shown, "bulletin", "show", "p1")
	for b, media := range map[*fakeBox][]message.MediaOf{one: nil, two: {{Bulletin: "26734/bulletin/p1", Wanted: 1}}} {
		h := message.Have{Device: b.name, At: time.Now(), Documents: map[string]int64{"26734/bulletin/p1": shown.Document.Version()}, Media: media}
		b.send("have", message.SealReport(message.ReportHave, h, b.key))
	}
	w.json(&r, "watch", "--once")
	if len(r.Ready) != 2 || r.Ready[1].Bulletin != "26734/bulletin/p1" || r.Ready[1].Ready != 1 || fmt.Sprint(r.Ready[1].Waiting) != "[box-2]" {
		t.Errorf("%+v", r.Ready)
	}
}

// An alarm that somebody started at a box is seen at the centre, with what started it, in
// the table and in the list of alerts, for as long as it stands.
func TestAlarmsThatWereStartedAtABox(t *testing.T) {
	w := newWorld(t).sample().online()
	w.must("box", "add", "box-2", "--place", "26734", "--board", "desk", "--as", "74-1,74-2")
	w.must("alert", "set", "26734", "--event", "Bão", "--headline", "Bão số 5", "--as", "26734-1", "--wait", "1ms")
	now := time.Now().UTC()
	for name, s := range map[string]message.Started{
		"box-1": {Alert: "flood", ID: "flood-1", Triggers: "26734/trigger/keys", Line: "key", At: now, Until: now.Add(10 * time.Minute)},
		"box-2": {Alert: "fire", ID: "fire-1", Triggers: "26734/trigger/codes", From: "+84912345678", At: now, Until: now.Add(10 * time.Minute)},
	} {
		b := w.box(name)
		over := s
		over.Alert, over.Until = "dam", now.Add(-time.Minute)
		b.send("state", message.EncodeReport(message.State{State: "online", Boot: "x"}))
		b.send("have", message.SealReport(message.ReportHave, message.Have{Device: name, At: now, Clock: clock.Signed, Started: []message.Started{over, s}}, b.key))
	}
	for _, c := range []struct {
		args []string
		want []string
	}{
		{[]string{"watch", "--once"}, []string{"BÁO ĐỘNG LŨ, started at the box at ", " by switch key, until ", "BÁO CHÁY", " by a code by SMS from +84912345678, until "}},
		{[]string{"watch", "--once", "--lang", "vi"}, []string{"BÁO ĐỘNG LŨ, bật tại thiết bị lúc ", " bằng công tắc key, đến ", "mã nhắn tin từ số +84912345678"}},
		{[]string{"alert", "list"}, []string{"26734/26734\n", "Bão số 5", "box-1  started here by switch key at ", "BÁO ĐỘNG LŨ", "box-2  started here by a code by SMS from +84912345678"}},
	} {
		out := w.must(c.args...)
		for _, want := range c.want {
			if !strings.Contains(out, want) {
				t.Errorf("%v: %q is not in\n%s", c.args, want, out)
			}
		}
		if strings.Contains(out, "HỒ ĐẬP") {
			t.Errorf("%v: one that is over is shown:\n%s", c.args, out)
		}
	}
	var list []standingSet
	w.json(&list, "alert", "list")
	if len(list) != 3 || list[0].Box != "" || list[1].Box != "box-1" || list[1].Line != "key" || list[1].Place != "26734" || list[1].Office != "trigger-keys" ||
		list[2].From != "+84912345678" || list[2].Alerts[0].Headline != "BÁO CHÁY" {
		t.Errorf("%+v", list)
	}
	// Without a broker the list is what was signed here, and says what it lacks.
	w.broker.Close()
	w.patience = 100 * time.Millisecond
	if out := w.must("alert", "list"); !strings.Contains(out, "Bão số 5") || strings.Contains(out, "box-1") || !strings.Contains(w.err.String(), "started at boxes are not in this list") {
		t.Errorf("%s%s", out, w.err.String())
	}
}

// How far boxes of a place are apart that start together is seen at the centre.
func TestHowFarBoxesAreApart(t *testing.T) {
	w := newWorld(t).sample().online()
	for _, name := range []string{"box-2", "box-3", "box-4"} {
		w.must("box", "add", name, "--place", "26734", "--board", "desk", "--as", "74-1,74-2")
	}
	for name, s := range map[string]*message.Sync{
		"box-1": {OffUS: 300, WorstUS: 700, CardPPM: 41.5}, "box-2": {OffUS: -500, WorstUS: 600, Jumps: 2, Jumped: time.Now()},
		"box-3": {OffUS: 9999, Why: "no NTP"}, "box-4": nil,
	} {
		b := w.box(name)
		b.send("state", message.EncodeReport(message.State{State: "online", Boot: "x"}))
		b.send("have", message.SealReport(message.ReportHave, message.Have{Device: name, At: time.Now(), Clock: clock.Signed, Sync: s}, b.key))
	}
	out := w.must("watch", "--once")
	for _, want := range []string{
		"26734: 2 boxes sound together, 0.8 ms apart (box-1 first, box-2 last), 1 by themselves",
		"in time to +0.3 ms, at the most 0.7 ms; its sound card goes +41.5 ppm\n",
		"in time to -0.5 ms, at the most 0.6 ms; its sound card goes +0.0 ppm; put right at once 2 times, last at ",
		"plays by itself, not with its neighbours: no NTP",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in\n%s", want, out)
		}
	}
	var r struct{ Together []spread }
	if w.json(&r, "watch", "--once"); len(r.Together) != 1 || r.Together[0].US != 800 || r.Together[0].Alone != 1 || r.Together[0].Jumped != 2 {
		t.Errorf("%+v", r.Together)
	}
}

// The table names a refusal in words, in either language.
func TestWatchSaysWhyABoxRefused(t *testing.T) {
	w := newWorld(t).sample()
	au, err := authority.Open(w.env["LOA_AUTHORITY"], authority.Opts{})
	if err != nil {
		t.Fatal(err)
	}
	f, err := newFleet(au, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	f.boxes["box-1"].have.Refused = &message.Refused{At: time.Unix(0, 0), ID: "act-play-3", Code: plan.Muted}
	for lang, want := range map[string]string{"en": "\n  refused act-play-3 at 1970-01-01 07:00: The cluster is muted.", "vi": "\n  từ chối act-play-3 lúc 07:00 01/01/1970: Cụm loa đang bị tắt tiếng."} {
		w.out.Reset()
		if err := (&app{out: &w.out, now: time.Now, lang: lang}).showFleet(f); err != nil || !strings.Contains(w.out.String(), want) {
			t.Errorf("%q is missing in %q, %v", want, w.out.String(), err)
		}
	}
}

// The table says what each board shows, and fits a terminal of 100 columns.
func TestWatchShowsBoards(t *testing.T) {
	w := newWorld(t).sample()
	w.must("box", "set", "box-1", "--board", "orangepi-zero", "--as", "74-1,74-2") // it has none
	w.must("box", "add", "board-1", "--place", "26734", "--board", "commune-led-128x32", "--as", "74-1,74-2")
	au, err := authority.Open(w.env["LOA_AUTHORITY"], authority.Opts{})
	if err != nil {
		t.Fatal(err)
	}
	f, err := newFleet(au, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range f.boxes {
		b.state.State, b.have.At, b.have.Clock = "online", time.Now(), clock.Signed
		b.have.Sounds = &message.Sounds{Title: "Bản tin sáng thứ hai của Ủy ban nhân dân xã"}
	}
	for want, shows := range map[string]*message.Shows{
		"trang mặc định":   nil,
		"Lịch tiêm chủng":  {Title: "Lịch tiêm chủng", Taken: true},
		"KHÔNG nhận trang": {Title: "Lịch tiêm chủng"},
	} {
		f.boxes["board-1"].have.Shows = shows
		w.out.Reset()
		if err := (&app{out: &w.out, now: time.Now, lang: "vi"}).showFleet(f); err != nil || strings.Count(w.out.String(), want) != 1 {
			t.Errorf("want %q once in\n%s%v", want, w.out.String(), err)
		}
		for line := range strings.Lines(w.out.String()) {
			if n := utf8.RuneCountInString(line); n > 100 {
				t.Errorf("%d columns: %s", n, line)
			}
		}
	}
}

func TestAsk(t *testing.T) {
	w := newWorld(t).sample().online()
	w.fails(exitFailed, "not answered", "ask", "box-1", "status", "--wait", "100ms")
	w.box("box-1")
	if out := w.must("ask", "box-1", "next", "24h"); out != "loa [31mtốt\n--lang en next 24h\n" {
		t.Errorf("%q", out)
	}
	if out := w.must("ask", "box-1", "clock", "--lang", "vi"); !strings.Contains(out, "--lang vi clock\n") {
		t.Errorf("%q", out)
	}
	var r struct{ Answer struct{ Command string } }
	w.json(&r, "ask", "box-1", "clock")
	if r.Answer.Command != "clock" {
		t.Errorf("for a program: %s", w.out.String())
	}
	w.fails(exitFailed, "box-9", "ask", "box-9", "status")
	w.fails(exitUsage, "", "ask", "box-1")
}

// A picture of the board is called what it shows: also when that is a technician's.
func TestShot(t *testing.T) {
	w := newWorld(t).sample().online()
	file, box := filepath.Join(w.dir, "shot.png"), w.box("box-1")
	for _, pattern := range []bool{false, true} {
		box.pattern.Store(pattern)
		out := w.must("shot", "box-1", "--out", file)
		if strings.Contains(out, "test picture") != pattern || strings.Contains(out, "Họp dân") == pattern {
			t.Errorf("with a pattern %v: %q", pattern, out)
		}
	}
}

// Who sends hears at once who took it, who refused and why, and who is silent.
func TestReceipts(t *testing.T) {
	w := newWorld(t).sample().online()
	for _, b := range []string{"box-2", "box-3"} {
		w.must("box", "add", b, "--place", "26734", "--board", "desk", "--as", "74-1,74-2")
	}
	w.must("box", "add", "elsewhere", "--place", "74", "--board", "desk", "--as", "74-1,74-2")
	w.box("box-1")
	w.box("box-2", plan.Muted)
	var r struct{ Boxes []receipt }
	w.json(&r, "play", "26734", "--chime", "gong", "--as", "26734-1", "--wait", "500ms")
	if len(r.Boxes) != 3 || r.Boxes[0].State != "started" || r.Boxes[1].Code != plan.Muted || r.Boxes[2].State != "silent" {
		t.Errorf("%+v", r.Boxes)
	}
	out := w.must("stop", "26734", "--as", "26734-1", "--wait", "500ms")
	for _, want := range []string{"1 of 3", "box-2 refused it: muted", "box-3 has not answered"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing in %q", want, out)
		}
	}
	// What a box took and may not sound there was refused.
	for lang, want := range map[string]string{"en": "box-2 refused it: muted. The cluster is muted.", "vi": "box-2 từ chối: muted. Cụm loa đang bị tắt tiếng."} {
		code := w.run("play", "box-2", "--chime", "gong", "--as", "26734-1", "--lang", lang, "--wait", "30s")
		if code != exitNobody || !strings.Contains(w.out.String(), want) || strings.Contains(w.out.String(), "loactl ledger") {
			t.Errorf("exit %d, want %q and no way to hear more in %q", code, want, w.out.String())
		}
	}
	// Everybody has answered: no more waiting.
	began := time.Now()
	w.must("stop", "box-1", "--as", "26734-1", "--wait", "30s")
	w.must("play", "box-1", "--chime", "gong", "--as", "26734-1", "--wait", "30s")
	if time.Since(began) > 15*time.Second {
		t.Error("waited on although every box had answered")
	}
}

func TestLedger(t *testing.T) {
	w := newWorld(t).sample()
	if out := w.must("ledger", "box-1"); !strings.Contains(out, "no entry") {
		t.Errorf("%q", out)
	}
	au, err := authority.Open(w.env["LOA_AUTHORITY"], authority.Opts{})
	if err != nil {
		t.Fatal(err)
	}
	w.online()
	b := w.box("box-1")
	l, err := ledger.Open(filepath.Join(w.dir, "ledger"), ledger.Opts{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for range 3 {
		l.Append(ledger.Entry{Kind: ledger.End, Result: plan.Heard, HeardS: 12, PlannedS: 12, Title: "Bản tin sáng"})
	}
	l.Sync()
	x, err := l.Segment(1)
	if err != nil {
		t.Fatal(err)
	}
	raw := message.EncodeSegment(message.LedgerHead{Device: "box-1", From: x.From, To: x.To, Prev: x.Prev, Head: x.Head}, x.Data, b.key)
	if _, err := ledgers(au).Add("box-1", raw, b.key.Public().(ed25519.PublicKey)); err != nil {
		t.Fatal(err)
	}
	if out := w.must("ledger", "box-1", "--last", "2"); strings.Count(out, "Bản tin sáng") != 2 {
		t.Errorf("%q", out)
	}
	for lang, want := range map[string]string{"vi": " 12,0/12,0 s ", "en": " 12.0/12.0 s "} {
		if out := w.must("ledger", "box-1", "--lang", lang); !strings.Contains(out, want) {
			t.Errorf("%q is missing in %q", want, out)
		}
	}
	if out := w.must("ledger", "box-1", "--verify"); !strings.Contains(out, "3 entries") {
		t.Errorf("%q", out)
	}
	// Somebody edits the archive.
	files, _ := filepath.Glob(filepath.Join(au.Dir(), "ledger/box-1/*.seg"))
	data, _ := os.ReadFile(files[0])
	data[len(data)-5] ^= 1
	os.WriteFile(files[0], data, 0o600)
	w.fails(exitFailed, "signature", "ledger", "box-1", "--verify")
	if code := w.run("ledger"); code != exitFailed || !strings.Contains(w.out.String(), "signature") {
		t.Errorf("exit %d, %q", code, w.out.String())
	}
}

// Two dispatchers of one authority would throw each other off the broker.
func TestOneDispatcher(t *testing.T) {
	w := newWorld(t).sample()
	au, err := authority.Open(w.env["LOA_AUTHORITY"], authority.Opts{})
	if err != nil {
		t.Fatal(err)
	}
	release, err := au.ClaimDispatch()
	if err != nil {
		t.Fatal(err)
	}
	w.fails(exitFailed, fmt.Sprintf("một máy điều phối khác của cơ quan này đang chạy (pid %d)", os.Getpid()), "serve", "--lang", "vi")
	release()
	if release, err = au.ClaimDispatch(); err != nil {
		t.Fatalf("after the other has ended: %v", err)
	}
	release()
}

// The broker inside listens where the boxes call.
func TestWhereTheBrokerListens(t *testing.T) {
	for called, want := range map[string]string{
		"tls://localhost:8883": "localhost:8883", "tls://loa.example:18883": ":18883", "": ":8883",
	} {
		if got := listenFor([]string{called}); got != want {
			t.Errorf("called at %q, listens at %q", called, got)
		}
	}
}

func TestBrokerElsewhere(t *testing.T) {
	for _, c := range []struct {
		called, listen, addr string
		want                 bool
	}{
		{"tls://localhost:8883", "localhost:8883", "127.0.0.1:8883", true},
		{"tls://loa.example:8883", ":8883", "[::]:8883", true},
		{"tls://loa.example:8883", "0.0.0.0:8883", "0.0.0.0:8883", true},
		{"tls://loa.example:8883", "localhost:8883", "127.0.0.1:8883", false},
		{"tls://localhost:8883", "localhost:18883", "127.0.0.1:18883", false},
		{"tls://localhost:8883", "127.0.0.1:0", "127.0.0.1:45678", false},
	} {
		if got := reachedAt([]string{"tls://other:1", c.called}, c.listen, c.addr); got != c.want {
			t.Errorf("a broker at %s, called at %s: %v", c.listen, c.called, got)
		}
	}
}

// One machine for everything: broker, media server and dispatcher over TLS, and
// the tools reach them.
func TestServeACommune(t *testing.T) {
	w := newWorld(t)
	w.must("init", "--throw-away", "--hosts", "127.0.0.1", "--place", "26734=An Sơn")
	w.must("box", "add", "box-1", "--place", "26734", "--board", "desk", "--as", "26734-1,26734-2")
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	said := &lines{came: make(chan string, 16)}
	a := &app{ctx: ctx, in: strings.NewReader(""), out: said, err: said, env: func(k string) string { return w.env[k] }, now: time.Now, patience: w.patience}
	// The dispatcher connects to the broker that it serves, whose port is known
	// only once it listens: it is told by the environment of this test.
	port := freePort(t)
	done := make(chan int, 1)
	go func() {
		done <- a.do([]string{"serve", "--embedded", "--broker-listen", port, "--media", "127.0.0.1:0", "--every", "1s", "--broker", "tls://" + port})
	}()
	for s := range said.came {
		if strings.Contains(s, "online") {
			break
		}
	}
	w.must("send", "--broker", "tls://"+port)
	var r struct{ Boxes []row }
	w.json(&r, "watch", "--once", "--broker", "tls://"+port)
	if len(r.Boxes) != 1 {
		t.Errorf("%+v", r)
	}
	cancel()
	if code := <-done; code != exitOK {
		t.Errorf("exit %d", code)
	}
}

// The configuration that init writes is one that mosquitto takes, and the tools
// work with it.
func TestRealBroker(t *testing.T) {
	path, err := exec.LookPath("mosquitto")
	if err != nil {
		path = "/usr/sbin/mosquitto"
	}
	if _, err := os.Stat(path); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("mosquitto is not installed")
		}
		t.Skip("mosquitto is not installed")
	}
	w := newWorld(t)
	addr := freePort(t)
	w.must("init", "--throw-away", "--hosts", "127.0.0.1", "--brokers", "tls://"+addr, "--place", "26734=An Sơn")
	w.must("box", "add", "box-1", "--place", "26734", "--board", "desk", "--as", "26734-1,26734-2")
	dir := w.env["LOA_AUTHORITY"]
	conf, err := os.ReadFile(filepath.Join(dir, "mosquitto/loa.conf"))
	if err != nil {
		t.Fatal(err)
	}
	// Where everything lies on this machine, and as whom to run.
	text := strings.NewReplacer(
		"/etc/mosquitto/loa/loa.acl", filepath.Join(dir, "mosquitto/loa.acl"),
		"/etc/mosquitto/loa", filepath.Join(dir, "tls"),
		"/var/lib/mosquitto/", w.dir+"/",
	).Replace(string(conf))
	if os.Getuid() == 0 {
		text += "user root\n"
	}
	cmd := exec.Command(path, "-c", w.file("conf", text))
	said := new(strings.Builder)
	cmd.Stderr = said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		cmd.Process.Kill()
		cmd.Wait()
		if t.Failed() {
			t.Log(said)
		}
	}()
	w.must("send")
	var sent struct{ Sent []string }
	w.json(&sent, "send")
	if len(sent.Sent) != 0 {
		t.Errorf("the broker did not keep %v", sent.Sent)
	}
	var r struct{ Boxes []row }
	w.json(&r, "watch", "--once")
	if len(r.Boxes) != 1 || r.Boxes[0].State != "silent" {
		t.Errorf("%+v", r)
	}
}

// One watches while another sends: each has a name of its own, and is not thrown off.
func TestTwoAtOnce(t *testing.T) {
	w := newWorld(t).sample()
	au, err := authority.Open(w.env["LOA_AUTHORITY"], authority.Opts{})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range append(toolNames[:len(toolNames):len(toolNames)], "") {
		a := &app{client: toolName, lang: "en"}
		name, release, err := a.freeName(au)
		if name != want || (err == nil) != (want != "") {
			t.Errorf("program %d is %q, %v, want %q", i+1, name, err, want)
		}
		if release != nil {
			defer release()
		}
	}
	w.fails(exitFailed, "--client", "send")
}

// A stop that names no classes ends what its signers may end.
func TestWhatAStopEnds(t *testing.T) {
	w := newWorld(t).sample()
	au, err := authority.Open(w.env["LOA_AUTHORITY"], authority.Opts{})
	if err != nil {
		t.Fatal(err)
	}
	all, left := stoppable(au, []string{"26734-1"}, w.now())
	if len(left) > 0 || slices.Contains(all, plan.Emergency) || len(all) != 6 {
		t.Errorf("an officer may stop %v, not %v", all, left)
	}
	if may, left := stoppable(au, []string{"26734-1", "nobody"}, w.now()); len(may) > 0 || len(left) != 6 {
		t.Errorf("with one who holds nothing: %v, not %v", may, left)
	}
	if may, _ := stoppable(au, []string{"26734-1"}, w.now().AddDate(1, 0, 0)); len(may) > 0 {
		t.Errorf("a year later: %v", may)
	}
}
