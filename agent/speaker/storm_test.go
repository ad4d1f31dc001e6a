package speaker

import (
	"math"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"loa/agent/sound"
	"loa/agent/speaker/speakertest"
)

func TestStormLeavesTheAmpOff(t *testing.T) {
	for seed := range uint64(8) {
		synctest.Test(t, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 77))
			card := []func() *speakertest.Card{card, pole}[seed/2%2]
			r := boot(t, Opts{Settle: 30 * time.Millisecond, Linger: 100 * time.Millisecond, HighPassHz: 250}, card)
			var all []*Sounding
			var sources []*square
			for range 200 {
				switch rng.IntN(8) {
				case 0, 1, 2:
					src := tone(0.9, time.Duration(rng.IntN(3000))*time.Millisecond)
					sources = append(sources, src)
					all = append(all, r.Play(src, Voice{
						Class: rng.IntN(8), GainDB: float64(rng.IntN(12) - 6), Duck: rng.IntN(3) == 0,
						FadeIn: time.Duration(rng.IntN(100)) * time.Millisecond, FadeOut: time.Duration(rng.IntN(100)) * time.Millisecond}))
				case 3, 4:
					if len(all) > 0 {
						go all[rng.IntN(len(all))].Stop() // ends at once
					}
				case 5:
					if rng.IntN(4) == 0 {
						r.socket.Unplug()
					} else {
						r.socket.Plug(card)
					}
				case 6:
					if c := r.socket.Cards(); len(c) > 0 && rng.IntN(8) == 0 {
						c[len(c)-1].Hang()
					}
					r.HoldAmp(time.Duration(rng.IntN(500)) * time.Millisecond)
				}
				_ = r.Status() // as a console would, at any time
				time.Sleep(time.Duration(rng.IntN(400)) * time.Millisecond)
			}
			if seed%2 == 0 {
				r.socket.Plug(card)
				for _, s := range all {
					<-s.Done()
				}
				time.Sleep(3 * time.Second)
				if r.amp.On() {
					t.Error("the amplifier is on after the last sound")
				}
			}
			r.stop(t)
			for k, s := range all {
				<-s.Done()
				if rep := s.Report(); rep.Frames+rep.Lost != rep.Position {
					t.Errorf("sounding %d: %+v", k, rep)
				}
				if !sources[k].isClosed() {
					t.Errorf("source %d was not closed", k)
				}
			}
			edges := r.amp.Edges()
			for k, e := range edges {
				if e.On != (k%2 == 0) {
					t.Fatalf("edge %d is %v", k, e.On)
				}
			}
			if len(edges) == 0 {
				t.Error("nothing ever sounded")
			}
			ceiling := int16(math.Ceil(32768 * sound.Amplitude(-1)))
			for _, h := range r.socket.Heard() {
				for _, v := range h.PCM {
					if v > ceiling || v < -ceiling {
						t.Fatalf("%d is over the ceiling %d", v, ceiling)
					}
				}
			}
		})
	}
}
