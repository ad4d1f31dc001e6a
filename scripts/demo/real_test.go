package main

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"loa/agent/message"
	"loa/agent/plan"
)

// A sample on a real authority leaves nothing: neither in its folder, which is
// as it was to the byte, nor on its broker, whether it ends well or not.
func TestSampleLeavesNothing(t *testing.T) {
	ctx := t.Context()
	own := &stage{dir: t.TempDir()} // makes an authority and its broker, which are then somebody's
	t.Cleanup(own.close)
	if err := own.throwAway(ctx); err != nil {
		t.Fatal(err)
	}
	au := own.au
	pass := filepath.Join(t.TempDir(), "pass")
	t.Setenv("LOA_PASSPHRASE_FILE", pass)
	secret, err := own.secret("an")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(pass, secret, 0o600); err != nil {
		t.Fatal(err)
	}
	o := options{authority: au.Dir(), broker: au.Brokers()[0]}
	before := digest(t, au.Dir())
	media := t.TempDir()
	for _, name := range []string{"bulletin.mp3", "music.wav"} {
		if err := os.WriteFile(filepath.Join(media, name), tone(), 0o600); err != nil {
			t.Fatal(err)
		}
	}

	// The broker has not got the list: nothing is sent.
	if _, err := setStage(ctx, o, t.TempDir()); err == nil || !strings.Contains(err.Error(), "loactl send") {
		t.Errorf("with an empty broker: %v", err)
	}
	list, ok := au.Find(message.ListTopic(plan.RootPlace))
	if !ok {
		t.Fatal("no list")
	}
	if err := own.broker.Publish(list.Topic.String(), list.Raw, true); err != nil {
		t.Fatal(err)
	}

	for _, c := range []struct {
		name, media string
		sent        int
	}{
		{"a whole programme", media, 5},
		{"recordings that are not there", t.TempDir(), 0},
	} {
		ending, interrupt := context.WithCancel(ctx)
		s, err := setStage(ending, o, t.TempDir())
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		_, err = s.send(ending, c.media, time.Now())
		if (err == nil) != (c.sent > 0) {
			t.Errorf("%s: %v", c.name, err)
		}
		want := message.DeviceTopic(s.device, message.LeafWant).String()
		if there := own.broker.Retained(want) != nil; there != (c.sent > 0) || len(s.sent) != c.sent {
			t.Errorf("%s: the want is on the broker: %v; sent: %v", c.name, there, s.sent)
		}
		own.broker.Publish(message.DeviceTopic(s.device, message.LeafState).String(), []byte("{}"), true)
		copied := s.au.Dir()
		interrupt() // Ctrl-C
		s.close()
		for _, topic := range append(s.sent, message.DeviceTopic(s.device, message.LeafState)) {
			if c.sent > 0 && own.broker.Retained(topic.String()) != nil {
				t.Errorf("%s: %s is still on the broker", c.name, topic)
			}
		}
		if _, err := os.Stat(copied); err == nil {
			t.Errorf("%s: %s is still there, with keys in it", c.name, copied)
		}
	}
	if own.broker.Retained(list.Topic.String()) == nil {
		t.Error("the authority's own list is gone from the broker")
	}
	if after := digest(t, au.Dir()); after != before {
		t.Error("the authority's folder has changed")
	}
}

// digest is of every name and every byte in a folder.
func digest(t *testing.T, dir string) string {
	t.Helper()
	sum := sha256.New()
	if err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		fmt.Fprintln(sum, path)
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		sum.Write(data)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%x", sum.Sum(nil))
}

// tone is a WAV file of one second, mono at 8 kHz.
func tone() []byte {
	const rate = 8000
	b := append([]byte("RIFF"), binary.LittleEndian.AppendUint32(nil, 36+2*rate)...)
	b = append(b, "WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00"...)
	b = binary.LittleEndian.AppendUint32(b, rate)
	b = binary.LittleEndian.AppendUint32(b, 2*rate)
	b = append(b, "\x02\x00\x10\x00data"...)
	b = binary.LittleEndian.AppendUint32(b, 2*rate)
	for i := range rate {
		b = binary.LittleEndian.AppendUint16(b, uint16(int16(8000*math.Sin(2*math.Pi*440*float64(i)/rate))))
	}
	return b
}
