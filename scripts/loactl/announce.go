package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"time"

	"github.com/tphakala/go-opus/oggopus"

	"loa/agent/plan"
	"loa/agent/sound"
	"loa/scripts/authority"
	"loa/scripts/livetalk"
)

// announce records what is said and has it played like any bulletin: the microphone
// is off by then, and no horn can howl.
func (a *app) announce(au *authority.Authority, s utterance, m *mouth) error {
	pcm, err := a.record(s, m)
	if err != nil {
		return err
	}
	file, lufs, err := a.recording(s, pcm)
	if err != nil {
		return err
	}
	defer os.Remove(file)
	r, err := measure(a.ctx, file)
	if err != nil {
		return err
	}
	said := time.Duration(len(pcm)) * time.Second / livetalk.Rate
	a.note("live.recorded", said.Round(100*time.Millisecond), a.decimal(lufs))
	b := plan.Bulletin{
		Head:     plan.Head{Kind: plan.KindBulletin, Place: s.place, ID: "noi-" + a.now().UTC().Format("20060102-150405")},
		Validity: plan.Validity{ValidUntil: a.now().Add(s.length + time.Hour).UTC().Truncate(time.Second)},
		Class:    plan.Class(s.class), Origin: plan.Own, Lang: "vi", Title: s.title, LoudnessLUFS: spokenLUFS,
	}
	if b.Title == "" {
		b.Title = a.text("live.title")
	}
	sum, size, err := keepMedia(au, file)
	if err != nil {
		return err
	}
	b.Audio = []plan.Audio{{SHA256: sum, Bytes: size, Type: r.Type, DurationMS: r.Duration.Milliseconds()}}
	is, err := au.Sign(&b, names(*s.by.as)...)
	if err != nil {
		return err
	}
	if v, err := au.Judge(is); err != nil {
		return err
	} else if v.Code != plan.Accepted { // what has to be said now waits for nobody's signature
		return errors.New(a.refusal(au, is, v))
	}
	if err := au.Keep(is); err != nil {
		return err
	}
	if err := a.publish(au, []authority.Issued{is}); err != nil {
		return a.unsent(a.text("act.unsent"), err)
	}
	return a.act(s.place, s.by, func(au *authority.Authority, act *plan.Act) error {
		act.Kind, act.Until, act.VolumePercent = plan.KindPlay, a.soon(), s.volume
		act.Item = &plan.Item{Ref: &plan.Ref{Kind: plan.KindBulletin, ID: is.Topic.ID, SHA256: is.SHA256}}
		return nil
	})
}

// record takes what is said until there is no more of it, or Enter is pressed.
func (a *app) record(s utterance, m *mouth) (pcm []int16, err error) {
	if m.live {
		a.note("live.record")
	}
	meter := a.newMeter()
	defer meter.end()
	m.begin(a.ctx)
	most := int(s.length.Seconds() * livetalk.Rate)
	block := make([]int16, livetalk.Samples)
	for len(pcm) < most {
		n, err := m.read(block)
		if n == 0 {
			if errors.Is(err, io.EOF) {
				break
			}
			return nil, err
		}
		pcm = append(pcm, block[:n]...)
		meter.show(block[:n], time.Duration(len(pcm))*time.Second/livetalk.Rate)
	}
	if len(pcm) < livetalk.Rate/2 {
		return nil, errors.New(a.text("live.nothing"))
	}
	return pcm, nil
}

// spokenLUFS is what boxes play at, so that the chime, which has that loudness, and
// the voice fit each other.
const spokenLUFS = -16.0

// recording writes the chime and what was said, at one loudness, as Ogg Opus. The
// caller removes the file; lufs is how loud it was said.
func (a *app) recording(s utterance, pcm []int16) (name string, lufs float64, err error) {
	wide := make([]float32, 2*len(pcm))
	for i, v := range pcm {
		wide[2*i], wide[2*i+1] = float32(v)/32768, float32(v)/32768
	}
	var loudness sound.Loudness
	loudness.Add(wide)
	if lufs = loudness.Integrated(); lufs <= sound.NoLoudness {
		return "", lufs, errors.New(a.text("live.silent"))
	}
	gain := float32(sound.Amplitude(sound.LevelGain(lufs, spokenLUFS)))
	for i := range wide {
		wide[i] *= gain
	}
	limit := sound.NewLimiter(codedCeiling)
	late := limit.Delay() * sound.Channels
	wide = append(wide, make([]float32, late)...)
	limit.Process(wide)
	wide = wide[late:]
	if s.chime != "" {
		src, length, err := sound.Chime(s.chime)
		if err != nil {
			return "", lufs, err
		}
		before := make([]float32, sound.Frames(length)*sound.Channels)
		for n := 0; n < len(before); {
			k, err := src.Read(before[n:])
			if err != nil {
				break
			}
			n += k
		}
		wide = append(before, wide...)
	}
	raw := make([]byte, 0, len(wide))
	for i := 0; i < len(wide); i += sound.Channels {
		v := int16(math.Round(float64(max(-1, min(1, wide[i]))) * 32767))
		raw = binary.LittleEndian.AppendUint16(raw, uint16(v))
	}
	f, err := os.CreateTemp("", "loactl-*.opus")
	if err != nil {
		return "", lufs, err
	}
	err = oggopus.EncodeInterleaved(f, oggopus.Config{SampleRate: livetalk.Rate, Channels: 1, Bitrate: 32000, ConstrainedVBR: true}, raw)
	if err = errors.Join(err, f.Close()); err != nil {
		os.Remove(f.Name())
		return "", lufs, fmt.Errorf("cannot encode: %w", err)
	}
	return f.Name(), lufs, nil
}
