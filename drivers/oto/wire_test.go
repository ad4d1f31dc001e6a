package oto

import (
	"bytes"
	"encoding/binary"
	"io"
	"strings"
	"testing"
	"time"

	"loa/drivers/oto/ototest"
)

func TestTape(t *testing.T) {
	var p tape
	p.put(100, false)
	p.put(30, true)
	p.put(20, true)
	p.put(0, false)
	p.put(50, false)
	p.put(10, true)
	if all, sound := p.frames(); all != 210 || sound != 60 || len(p.runs) != 4 {
		t.Errorf("%d frames, %d of them sound, in %d runs", all, sound, len(p.runs))
	}
	for _, c := range []struct{ take, sound int64 }{{90, 0}, {20, 10}, {40, 40}, {0, 0}, {1000, 10}, {5, 0}} {
		if got := p.take(c.take); got != c.sound {
			t.Errorf("take(%d) = %d, want %d", c.take, got, c.sound)
		}
	}
}

func TestClockRoundTrip(t *testing.T) {
	want := clock{limit: 1 << 40, heard: 7, at: -3, xruns: 2, starved: 5}
	got, err := parseClock(want.append(nil))
	if err != nil || got != want {
		t.Errorf("%+v became %+v, %v", want, got, err)
	}
}

func TestArgsRoundTrip(t *testing.T) {
	want := Opts{Card: "Headphones", Device: 3, Buffer: 160 * time.Millisecond}
	got, err := parseArgs(want.args())
	if err != nil || got.Card != want.Card || got.Device != want.Device || got.Buffer != want.Buffer {
		t.Errorf("%+v became %+v, %v", want, got, err)
	}
	for _, args := range [][]string{nil, {"x"}, {"x", "y", "160ms"}, {"x", "0", "160"}, {"x", "0", "1s", "z"}} {
		if _, err := parseArgs(args); err == nil {
			t.Errorf("%q were taken", args)
		}
	}
}

func FuzzMessages(f *testing.F) {
	f.Add(finish(append(begin(nil, msgWrite), 1, 2, 3, 4)))
	f.Add(finish(clock{limit: 5}.append(begin(nil, msgClock))))
	f.Add([]byte{msgWrite, 0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, data []byte) {
		var buf []byte
		for r := bytes.NewReader(data); ; {
			kind, body, grown, err := readMessage(r, buf)
			if buf = grown; len(buf) > maxMessage {
				t.Fatalf("%d bytes were made room for", len(buf))
			}
			if err != nil {
				return
			}
			if kind == msgClock {
				_, _ = parseClock(body) // an error or a clock
			}
		}
	})
}

// A child must not trust its agent either: what breaks the rules of the pipe
// ends it with a word, and it never plays more than it has room for.
func TestChildEndsWithAConfusedAgent(t *testing.T) {
	number := binary.LittleEndian.AppendUint32(nil, 1)
	for _, c := range []struct {
		name, want string
		kind       byte
		body       []byte
	}{
		{"half a frame", "whole frames", msgWrite, make([]byte, 6)},
		{"too much sound", "more sound than", msgWrite, make([]byte, maxMessage)},
		{"an answer", "unknown order", msgDrained, number},
	} {
		t.Run(c.name, func(t *testing.T) {
			card := ototest.New(t, ototest.Opts{})
			p, conn, err := startProcess(sinkCommand, Opts{Card: System, Buffer: buffer}.args(), []string{"ALSA_CONFIG_PATH=" + card.Config})
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			defer p.kill()
			if _, err := conn.Write(finish(append(begin(nil, c.kind), c.body...))); err != nil {
				t.Fatal(err)
			}
			if got := lastWord(t, conn); !strings.Contains(got, c.want) {
				t.Errorf("it said %q", got)
			}
			<-p.ended
		})
	}
}

// lastWord is why the child ended.
func lastWord(t *testing.T, conn io.Reader) string {
	t.Helper()
	var buf []byte
	for {
		kind, body, grown, err := readMessage(conn, buf)
		if err == io.EOF {
			return ""
		}
		if err != nil {
			t.Fatal(err)
		}
		if kind == msgFailed {
			return string(body)
		}
		buf = grown
	}
}

// The configuration is one card and no way round it.
func TestConfigurationNamesOneCard(t *testing.T) {
	got := asound("Codec", 2)
	if strings.Count(got, "pcm.!default") != 1 || !strings.Contains(got, "card Codec device 2") || strings.Contains(got, "/usr/share/alsa") {
		t.Errorf("%s", got)
	}
}
