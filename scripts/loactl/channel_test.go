package main

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"loa/drivers/modem/modemtest"
	"loa/scripts/authority"
)

func TestChannels(t *testing.T) {
	w := newWorld(t)
	w.must("init", "--throw-away", "--hosts", "127.0.0.1", "--place", "74=Bình Dương", "--place", "26734@74=An Sơn")
	w.fails(exitFailed, "no channel is set up", "channel", "list")
	card := modemtest.New(modemtest.SIMCom)
	port, unplug, err := card.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer unplug()
	settings := "[[channel]]\nname = \"heads\"\nkind = \"modem\"\non = true\nplaces = [\"26734\"]\nport = \"" + port + "\"\nto_file = \"heads.csv\"\n"
	w.file("authority/channels.toml", strings.Replace(settings, "26734", "1", 1))
	w.file("authority/heads.csv", "0912345678,26734\n0987654321,74\n")
	w.fails(exitFailed, "no place 1", "channel", "list")
	w.file("authority/channels.toml", settings)
	if out := w.must("channel", "list"); !strings.Contains(out, "heads") || !strings.Contains(out, "on") {
		t.Error(out)
	}
	w.fails(exitUsage, "write --to", "channel", "test", "heads")
	w.must("channel", "test", "heads", "--to", "0912 345 678")
	if len(card.Sent()) == 0 {
		t.Fatal("the test went nowhere")
	}
	tested := len(card.Sent())

	w.must("bulletin", "sign", w.file("b.toml", "id = \"hop\"\nplace = \"26734\"\ntitle = \"Họp thôn\"\ntext = \"19 giờ\"\nvalid_until = "+until), "--as", "26734-1")
	if out := w.must("channel", "preview", "hop"); !strings.Contains(out, "An Sơn: Họp thôn. 19 giờ") || !strings.Contains(out, "1 UCS-2 messages for each number, 2 numbers: 2 in all") || !strings.Contains(out, "does not post that class") {
		t.Error(out)
	}
	w.fails(exitFailed, "no bulletin or alert called không", "channel", "preview", "không")

	addr := freePort(t)
	s := w.serve(addr)
	w.must("alert", "set", "26734", "--event", "Lũ", "--headline", "Lũ quét", "--as", "26734-1,26734-2", "--id", "lu", "--for", "2h", "--wait", "1ms", "--broker", "tls://"+addr)
	wait := func(what string, n int) {
		t.Helper()
		for deadline := time.Now().Add(40 * time.Second); len(card.Sent()) < n; time.Sleep(50 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("%s: %d messages went out, want %d", what, len(card.Sent()), n)
			}
		}
	}
	wait("an alert", tested+2)
	w.must("alert", "undo", "26734", "--id", "lu", "--as", "26734-1", "--broker", "tls://"+addr)
	wait("taken back", tested+4)
	var posted []struct {
		Post  struct{ To, What string }
		State string
	}
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		if w.json(&posted, "channel", "posts"); len(posted) == 4 && posted[3].State == "sent" {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("posts: %+v", posted)
		}
	}
	if posted[0].Post.What != "said" || posted[3].Post.What != "false" {
		t.Errorf("posts: %+v", posted)
	}
	s.end()
}

func TestAFollowerReadsWhatIsNew(t *testing.T) {
	w := newWorld(t).sample()
	au, err := authority.Open(filepath.Join(w.dir, "authority"), authority.Opts{})
	if err != nil {
		t.Fatal(err)
	}
	f := au.Follow()
	for i, do := range [][]string{
		{"bulletin", "sign", w.file("b.toml", "id = \"hop\"\nplace = \"26734\"\ntitle = \"Họp\"\ntext = \"a\"\nvalid_until = "+until), "--as", "26734-1"},
		{"bulletin", "withdraw", "hop", "--as", "26734-1"},
	} {
		if all, err := f.Spoken(); err != nil || len(all) != min(i, 1) {
			t.Errorf("before %d: %d documents, %v", i, len(all), err)
		}
		before, _ := f.Spoken()
		w.must(do...)
		all, err := f.Spoken()
		if err != nil || len(all) != 1 || len(before) == 1 && before[0].SHA256 == all[0].SHA256 {
			t.Errorf("after %d: %+v, %v", i, all, err)
		}
	}
}
