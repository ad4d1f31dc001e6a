package e2e

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"math"
	"strconv"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"loa/agent/message"
	"loa/agent/mqtt"
	"loa/scripts/heard"
	"loa/scripts/livetalk"
)

// A forger hears what is said and may publish to the broker, and has no key.
type forger struct {
	stop func()

	mu   sync.Mutex
	seen map[string]bool // packets
	sent int
}

// forgerIs starts or ends the forger.
func (s *stage) forgerIs(ts *testscript.TestScript, args []string) error {
	switch {
	case len(args) == 1 && args[0] == "start" && s.forger == nil:
		return s.forge()
	case len(args) == 1 && args[0] == "stop" && s.forger != nil:
		sent := s.forger.end()
		s.forger = nil
		fmt.Fprintf(ts.Stdout(), "%d forged\n", sent)
		if sent < 50 {
			return fmt.Errorf("the forger has heard little: it sent %d packets", sent)
		}
		return nil
	}
	return usage(args)
}

func (f *forger) end() (sent int) {
	if f == nil {
		return 0
	}
	f.stop()
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.sent
}

// forge begins to listen, and answers each packet with itself, with itself as somebody
// changed it, and with a tone under a key of its own at the place of the next packets.
func (s *stage) forge() error {
	conf, err := s.au.ClientTLS("loactl-2")
	if err != nil {
		return err
	}
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		return err
	}
	f := &forger{seen: make(map[string]bool)}
	sounds := make(map[string]*livetalk.Packer)
	var c *mqtt.Client
	c, err = mqtt.New(mqtt.Opts{
		Device: "loactl-2", Brokers: s.au.Brokers(), TLS: conf, Fresh: true,
		Subscriptions: func() []string { return []string{"loa/v1/p/+/live/+"} },
		Receive: func(topic string, raw []byte) {
			f.mu.Lock()
			defer f.mu.Unlock()
			at, err := message.ParseTopic(topic)
			p, bad := message.ParseLive(raw)
			if err != nil || bad != nil || p.End() || f.seen[string(raw)] {
				return
			}
			tone := sounds[topic]
			if tone == nil {
				if tone, err = livetalk.NewPacker(at.Place, at.Session, key); err != nil {
					return
				}
				sounds[topic] = tone
			}
			changed := bytes.Clone(raw)
			changed[len(changed)/3] ^= 4
			own, err := tone.Pack(toneFrame(tone.Offset()))
			if err != nil {
				return
			}
			if q, err := message.ParseLive(own); err == nil {
				q.Seq, q.Offset = p.Seq+1, p.Offset+p.Duration
				own = message.SignLive(at.Place, at.Session, q, key)
			}
			for _, m := range [][]byte{bytes.Clone(raw), changed, own} {
				f.seen[string(m)] = true
				f.sent++
				c.Publish(topic, m, false)
			}
		},
		Window: func() time.Duration { return 200 * time.Millisecond },
	})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { c.Run(ctx) })
	f.stop = func() { cancel(); wg.Wait() }
	s.forger = f
	for deadline := time.Now().Add(10 * time.Second); !c.Connected(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			return errors.New("the forger has no connection")
		}
	}
	return nil
}

// The forger's tone.
func toneAt(at float64) float64 { return 0.5 * math.Sin(2*math.Pi*1250*at) }

func toneFrame(from time.Duration) []int16 {
	pcm := make([]int16, livetalk.Samples)
	for i := range pcm {
		pcm[i] = int16(32767 * toneAt(from.Seconds()+float64(i)/livetalk.Rate))
	}
	return pcm
}

// said looks for a recording that was spoken live, half second by half second: where
// the machine was too busy talk has become later in the middle of one.
func (s *stage) said(ts *testscript.TestScript, args []string) error {
	if len(args) != 2 {
		return usage(args)
	}
	least, err := strconv.ParseFloat(args[1], 64)
	if err != nil {
		return err
	}
	got, rate, err := s.played()
	if err != nil {
		return err
	}
	sent, sentRate, err := master(args[0])
	if err != nil {
		return err
	}
	pieces, found, last := 0, 0, time.Duration(0)
	for n := sentRate / 2; len(sent) >= n; sent = sent[n:] {
		m := heard.Find(sent[:n], sentRate, got, rate)
		fmt.Fprintf(ts.Stdout(), "%.1f s of %s at %.2f s, likeness %.3f\n", float64(pieces)/2, args[0], m.At.Seconds(), m.Score)
		if pieces++; m.Score >= least && m.At > last {
			found, last = found+1, m.At
		}
	}
	if 2*found < pieces {
		return fmt.Errorf("of %d pieces of %s %d were heard as truly as %v", pieces, args[0], found, least)
	}
	return nil
}

// wasForged looks for a fifth of a second of the forger's tone in what sounded.
func wasForged(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) > 0 {
		ts.Fatalf("%v", usage(args))
	}
	got, rate, err := stageOf(ts).played()
	ts.Check(err)
	tone := make([]float64, livetalk.Rate/5)
	for i := range tone {
		tone[i] = toneAt(float64(i) / livetalk.Rate)
	}
	m := heard.Find(tone, livetalk.Rate, got, rate)
	fmt.Fprintf(ts.Stdout(), "the forger's tone at %v, likeness %.3f\n", m.At, m.Score)
	if (m.Score > 0.8) == neg {
		ts.Fatalf("the forger's tone: likeness %.3f", m.Score)
	}
}
