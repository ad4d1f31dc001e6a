package speaker

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"loa/agent/sound"
	"loa/agent/speaker/speakertest"
)

// Whether a device plays is told without the amplifier, and without anything in the
// reports of what plays next.
func TestProbe(t *testing.T) {
	for name, card := range map[string]func() *speakertest.Card{"card": card, "pole": pole} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := boot(t, Opts{}, card)
				began := time.Now()
				if err := r.Probe(t.Context()); err != nil {
					t.Error(err)
				}
				if took := time.Since(began); took < probeLength || took > time.Second {
					t.Errorf("%v of silence took %v", probeLength, took)
				}
				if edges := r.amp.Edges(); len(edges) > 1 || r.amp.On() {
					t.Errorf("the amplifier was keyed: %v", edges)
				}
				snd := r.Play(tone(0.5, 2*time.Second), Voice{Class: 3})
				time.Sleep(time.Second)
				if err := r.Probe(t.Context()); err != nil {
					t.Errorf("while something sounds: %v", err)
				}
				<-snd.Done()
				if rep := snd.Report(); rep.Err != nil || rep.Lost > 0 || sound.Duration(int(rep.Frames-2*sound.Rate)).Abs() > 20*time.Millisecond {
					t.Errorf("of what sounded behind it %d frames were heard, %d lost, %v", rep.Frames, rep.Lost, rep.Err)
				}
				r.stop(t)
			})
		})
	}
}

func TestProbeOfADeviceThatDoesNotPlay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := boot(t, Opts{}, nil)
		if err := r.Probe(t.Context()); err == nil {
			t.Error("there is no device, and it plays")
		}
		r.stop(t)
		if err := r.Probe(t.Context()); !errors.Is(err, errOff) {
			t.Errorf("after its end: %v", err)
		}
		var stuck *speakertest.Card
		r = boot(t, Opts{}, func() *speakertest.Card { stuck = card(); return stuck })
		stuck.Hang()
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		if err := r.Probe(ctx); err == nil || ctx.Err() != nil {
			t.Errorf("the device stands still: %v", err)
		}
		r.stop(t)
	})
}
