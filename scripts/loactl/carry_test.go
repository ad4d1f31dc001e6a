package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"loa/agent/clock"
	"loa/agent/ledger"
	"loa/agent/message"
	"loa/agent/plan"
	"loa/agent/stick"
	"loa/agent/trust"
	"loa/scripts/authority"
)

// carried is a world with two boxes in two communes and a stick.
func carried(t *testing.T) (w *world, dir string) {
	w = newWorld(t)
	w.must("init", "--throw-away", "--place", "74=Bình Dương", "--place", "26734@74=An Sơn", "--place", "26735@74=An Tây")
	w.must("box", "add", "box-1", "--place", "26734", "--board", "desk", "--as", "74-1,74-2")
	w.must("box", "add", "box-2", "--place", "26735", "--board", "desk", "--as", "74-1,74-2")
	for _, place := range []string{"26734", "26735"} {
		w.must("bulletin", "sign", w.file("b.toml", `id = "tin"
place = "`+place+`"
class = "normal"
title = "Tin"
valid_until = `+time.Now().AddDate(0, 1, 0).Format(time.RFC3339)+`
[[audio]]
file = "`+w.tone(place+".wav", map[string]float64{"26734": 3, "26735": 2}[place], 0.5)+`"
lang = "vi"
`), "--as", place+"-1")
	}
	return w, t.TempDir()
}

// issuedIn reads an envelope.
func issuedIn(t *testing.T, raw []byte) authority.Issued {
	t.Helper()
	is, err := authority.Read(raw)
	if err != nil {
		t.Fatal(err)
	}
	return is
}

func keyOf(t *testing.T, w *world, box string) ed25519.PrivateKey {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(w.env["LOA_AUTHORITY"], "boxes", box, "etc/loa/box.key"))
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(data)
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return key.(ed25519.PrivateKey)
}

// A box of the place takes everything that was written for it, in that order, and
// nothing of another's is there.
func TestCarryIsWhatABoxTakes(t *testing.T) {
	w, dir := carried(t)
	var out loaded
	w.json(&out, "carry", dir, "--box", "box-1")
	if out.Files != 1 || out.Copied != 1 || len(out.Boxes) != 1 {
		t.Errorf("%+v", out)
	}
	root, err := os.ReadFile(filepath.Join(w.env["LOA_AUTHORITY"], "boxes/box-1/etc/loa/root.json"))
	if err != nil {
		t.Fatal(err)
	}
	// The box has run for a day without a network.
	now := time.Now().Add(-24 * time.Hour)
	box, err := trust.New(root, "box-1", trust.Opts{Now: func() (time.Time, clock.Level) { return now, clock.RTC }})
	if err != nil {
		t.Fatal(err)
	}
	now = time.Now().Add(48 * time.Hour)
	s, err := stick.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var kinds []string
	for raw, err := range s.Lines(stick.Documents) {
		if err != nil {
			t.Fatal(err)
		}
		raw = bytes.Clone(raw)
		is := issuedIn(t, raw)
		v := box.JudgeCarried(is.Topic.String(), raw, now, clock.RTC)
		if early := v.Kind == plan.KindBeat && v.Code == plan.NotAddressed; !v.Accepted() && !early {
			t.Errorf("%s: %v", is.Topic, v.Err)
		}
		box.Commit(v)
		kinds = append(kinds, string(v.Kind))
		if strings.Contains(is.Topic.String(), "26735") || strings.Contains(is.Topic.String(), "box-2") {
			t.Errorf("%s is on the stick", is.Topic)
		}
	}
	if got := strings.Join(kinds, " "); got != "root list beat want beat bulletin" {
		t.Errorf("%s", got)
	}
}

// Done again, only what is missing or spoilt is copied.
func TestCarryGoesOn(t *testing.T) {
	w, dir := carried(t)
	var out loaded
	w.json(&out, "carry", dir, "--place", "74")
	if out.Copied != 2 || len(out.Boxes) != 2 {
		t.Fatalf("%+v", out)
	}
	w.json(&out, "carry", dir, "--box", "box-1,box-2")
	if out.Copied != 0 || out.Files != 2 {
		t.Errorf("again: %+v", out)
	}
	files, err := filepath.Glob(filepath.Join(dir, "loa/media/*"))
	if err != nil || len(files) != 2 {
		t.Fatal(files, err)
	}
	for i, spoil := range []func(string) error{
		func(p string) error { return os.Truncate(p, 100) },
		func(p string) error { // a bit that has tipped
			data, err := os.ReadFile(p)
			if err == nil {
				data[len(data)/2] ^= 1
				err = os.WriteFile(p, data, 0o644)
			}
			return err
		},
		func(p string) error { return os.WriteFile(p+".new", []byte("half"), 0o644) },
		func(p string) error { // on the same stick
			if err := os.Remove(p); err != nil {
				return err
			}
			return os.Symlink(filepath.Base(files[0]), p)
		},
	} {
		if err := spoil(files[1]); err != nil {
			t.Fatal(err)
		}
		w.json(&out, "carry", dir, "--place", "74")
		if want := []int{1, 1, 0, 1}[i]; out.Copied != want {
			t.Errorf("case %d: %d copied, want %d", i, out.Copied, want)
		}
	}
	source := filepath.Join(w.env["LOA_AUTHORITY"], "media", filepath.Base(files[0]))
	if err := os.WriteFile(source, []byte("no more"), 0o600); err != nil {
		t.Fatal(err)
	}
	os.Remove(files[0])
	w.fails(exitFailed, "damaged", "carry", dir, "--place", "74")
	os.Remove(source)
	w.fails(exitFailed, "sign the bulletin again", "carry", dir, "--place", "74")
	w.fails(exitFailed, "there is no box nobody", "carry", dir, "--box", "nobody")
	w.fails(exitFailed, "there is no place 99", "carry", dir, "--place", "99")
	w.fails(exitUsage, "one of", "carry", dir)
	w.fails(exitUsage, "one of", "carry", dir, "--collect", "--place", "74")
}

// What a box gave back is taken once, and nothing that it did not sign.
func TestCollect(t *testing.T) {
	w, dir := carried(t)
	w.must("carry", dir, "--place", "74")
	l, err := ledger.Open(filepath.Join(t.TempDir(), "l"), ledger.Opts{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	s, err := stick.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	mine, other := keyOf(t, w, "box-1"), keyOf(t, w, "box-2")
	segment := func(from int64, device string, key ed25519.PrivateKey) []byte {
		t.Helper()
		if err := l.Sync(); err != nil {
			t.Fatal(err)
		}
		x, err := l.Segment(from)
		if err != nil {
			t.Fatal(err)
		}
		return message.EncodeSegment(message.LedgerHead{Device: device, From: x.From, To: x.To, Prev: x.Prev, Head: x.Head}, x.Data, key)
	}
	write := func(entries int, heard float64) {
		for range entries {
			if _, err := l.Append(ledger.Entry{Kind: ledger.End, Result: plan.Heard, HeardS: heard, Time: time.Now()}); err != nil {
				t.Fatal(err)
			}
		}
	}
	give := func(data []byte) {
		t.Helper()
		if err := s.GiveSegment("box-1", 1, data); err != nil {
			t.Fatal(err)
		}
	}
	collect := func(code int) (hauls []haul) {
		t.Helper()
		if got := w.run("carry", dir, "--collect", "--json"); got != code {
			t.Fatalf("exit %d, want %d: %s%s", got, code, w.out.String(), w.err.String())
		}
		if err := json.Unmarshal(w.out.Bytes(), &hauls); err != nil {
			t.Fatal(err)
		}
		return hauls
	}
	acked := func() (seq int64) {
		t.Helper()
		for raw, err := range s.Lines(stick.Acks) {
			if err != nil {
				t.Fatal(err)
			}
			seq = issuedIn(t, bytes.Clone(raw)).Doc.(plan.Act).Seq
		}
		return seq
	}
	if hauls := collect(exitOK); len(hauls) != 0 {
		t.Errorf("nothing was given back: %+v", hauls)
	}
	write(3, 2)
	first := segment(1, "box-1", mine)
	give(first)
	if h := collect(exitOK)[0]; h.New != 3 || h.To != 3 || h.Heard != 3 || h.HeardS != 6 || acked() != 3 {
		t.Errorf("%+v, %d acknowledged", h, acked())
	}
	if h := collect(exitOK)[0]; h.New != 0 || h.Known != 1 || h.To != 3 || acked() != 3 {
		t.Errorf("twice: %+v", h)
	}
	write(2, 1)
	good := segment(4, "box-1", mine)
	flipped := bytes.Clone(good)
	flipped[len(flipped)-3] ^= 1
	l2, err := ledger.Open(filepath.Join(t.TempDir(), "l2"), ledger.Opts{})
	if err != nil {
		t.Fatal(err)
	}
	defer l2.Close()
	l, l2 = l2, l
	write(9, 5)
	fork := segment(1, "box-1", mine)
	l = l2
	for name, bad := range map[string][]byte{
		"another box's":              segment(4, "box-2", other),
		"another box's in this name": segment(4, "box-1", other),
		"this box's of another":      segment(4, "box-2", mine),
		"a bit that tipped":          flipped,
		"cut short":                  good[:len(good)-10],
		"its head alone":             good[:bytes.IndexByte(good, '\n')+1],
		"nothing":                    {},
		"no segment":                 []byte("loa\n"),
		"another past":               fork,
		"huge":                       bytes.Repeat([]byte("x"), 1<<20),
	} {
		give(bad)
		if h := collect(exitFailed)[0]; h.New != 0 || h.To != 3 || len(h.Errors) != 1 || acked() != 3 {
			t.Errorf("%s: %+v, %d acknowledged", name, h, acked())
		}
	}
	if err := s.Give("box-1", stick.Have, message.SealHave(message.Have{Device: "box-1", At: time.Now()}, other)); err != nil {
		t.Fatal(err)
	}
	give(good)
	if h := collect(exitFailed)[0]; h.New != 2 || h.To != 5 || !h.At.IsZero() || acked() != 5 {
		t.Errorf("with a forged report: %+v", h)
	}
	if err := s.Give("box-1", stick.Have, message.SealHave(message.Have{Device: "box-1", At: time.Now()}, mine)); err != nil {
		t.Fatal(err)
	}
	if err := s.Give("box-1", stick.State, message.SealReport(message.ReportState, message.State{Version: "1.2"}, mine)); err != nil {
		t.Fatal(err)
	}
	if h := collect(exitOK)[0]; h.At.IsZero() || h.Version != "1.2" {
		t.Errorf("with a report: %+v", h)
	}
	// No broker has heard of the box: the stick has, and 40 days later nobody has.
	w.online()
	var r struct {
		Trouble []trouble
		Carried map[string]time.Time
	}
	silent := func() bool {
		return slices.ContainsFunc(r.Trouble, func(t trouble) bool { return t.Box == "box-1" })
	}
	if w.json(&r, "fleet"); silent() || r.Carried["box-1"].IsZero() {
		t.Errorf("served by stick: %+v", r)
	}
	if out := w.must("watch", "--once"); !strings.Contains(out, "stick "+time.Now().In(vietnam).Format("01-02")) {
		t.Errorf("%s", out)
	}
	w.now = func() time.Time { return time.Now().Add(41 * 24 * time.Hour) }
	r.Carried = nil
	if w.json(&r, "fleet"); !silent() || len(r.Carried) != 0 {
		t.Errorf("long ago: %+v", r)
	}
	w.now, w.broker = time.Now, nil
	// A box that was stolen is not believed, whatever it signs.
	write(1, 1)
	give(segment(6, "box-1", mine))
	w.must("box", "revoke", "box-1", "--why", "stolen")
	if h := collect(exitFailed)[0]; h.New != 0 || len(h.Errors) != 1 {
		t.Errorf("a revoked box: %+v", h)
	}
}
