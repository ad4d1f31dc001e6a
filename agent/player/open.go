package player

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"sync"

	"loa/agent/decode"
	"loa/agent/plan"
	"loa/agent/sound"
	"loa/agent/standing"
	"loa/agent/voice"
)

// TargetLUFS is the loudness that every recording is brought to before the
// volume: EBU R 128's target plus 7 dB, because a horn has no headroom to spare
// and speech on it must stand above the street.
const TargetLUFS = -16.0

// shelf is what the library asks of the media room. What is held is not evicted.
type shelf interface {
	Hold(sha256 string) (path string, release func(), ok bool)
	Doubt(sha256 string) bool // verifies a recording again, which may have rotted
}

// A Library opens recordings by content and built-in chimes; relays and live talk it
// leaves to the functions it is given.
type Library struct {
	shelf shelf
	relay func(plan.Relay) (sound.Source, error)
	talk  func(plan.Talk) (Talk, error)
	loud  loudness
}

// A Talk is what a person says now.
type Talk interface {
	sound.Source
	Account() (share float64, note string)
}

// NewLibrary makes a library over the box's media.
func NewLibrary(media shelf, relay func(plan.Relay) (sound.Source, error), talk func(plan.Talk) (Talk, error)) *Library {
	return &Library{shelf: media, relay: relay, talk: talk, loud: loudness{of: make(map[string]*measurement)}}
}

// Open implements [Opener].
func (l *Library) Open(ctx context.Context, p plan.Part) (Opened, error) {
	switch {
	case p.Audio != nil:
		return l.audio(ctx, p)
	case p.Relay != nil:
		src, err := l.relay(*p.Relay)
		if err != nil {
			return Opened{}, err
		}
		return Opened{Source: sound.NewLeveller(src, TargetLUFS)}, nil // nobody knows a station's loudness before
	}
	if p.Phrase != "" {
		return phrase(p)
	}
	if p.Live != nil {
		talk, err := l.talk(*p.Live)
		if err != nil {
			return Opened{}, err
		}
		return Opened{Source: sound.NewLeveller(talk, TargetLUFS), Account: talk.Account}, nil // nor a microphone's
	}
	if p.Standing != "" {
		return openStanding(p.Standing)
	}
	if p.Say != "" {
		src, err := voice.Say(p.Lang, p.Say)
		return Opened{Source: src}, err
	}
	src, _, err := sound.Chime(p.Chime)
	if err != nil {
		return Opened{}, &plan.Error{Code: plan.Unsupported, Field: "chime", Msg: err.Error()}
	}
	return Opened{Source: src}, nil
}

func phrase(p plan.Part) (Opened, error) {
	file, err := voice.Phrase(p.Lang, p.Phrase)
	if err != nil {
		return Opened{}, err
	}
	src, err := decode.Open(bytes.NewReader(file), "audio/opus")
	return Opened{Source: src, GainDB: sound.LevelGain(voice.Loudness(p.Lang), TargetLUFS)}, err
}

// openStanding opens what lies on every box.
func openStanding(id string) (Opened, error) {
	f, err := standing.Recording(id)
	if err != nil {
		return Opened{}, &plan.Error{Code: plan.Unsupported, Msg: err.Error()}
	}
	src, err := decode.Open(f, standing.Type)
	if err != nil {
		return Opened{}, err
	}
	a, _ := standing.Find(id)
	return Opened{Source: src, GainDB: sound.LevelGain(a.LUFS, TargetLUFS)}, nil
}

func (l *Library) audio(ctx context.Context, p plan.Part) (Opened, error) {
	a := p.Audio
	path, release, ok := l.shelf.Hold(a.SHA256)
	if !ok {
		return Opened{}, &plan.Error{Code: plan.MediaMissing, Msg: fmt.Sprintf("recording %.12s is not on the box", a.SHA256)}
	}
	lufs := p.LoudnessLUFS
	if lufs == 0 {
		lufs = l.loud.measure(ctx, a.SHA256, path, a.Type)
	}
	if err := ctx.Err(); err != nil {
		release()
		return Opened{}, err
	}
	src, err := openFile(path, a.Type)
	if err != nil {
		release()
		l.shelf.Doubt(a.SHA256)
		return Opened{}, err
	}
	src.release = sync.OnceFunc(release)
	return Opened{Source: src, GainDB: sound.LevelGain(lufs, TargetLUFS), SHA256: a.SHA256}, nil
}

func openFile(path, mime string) (*fileSource, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, &plan.Error{Code: plan.MediaMissing, Msg: err.Error()}
	}
	src, err := decode.Open(f, mime)
	if err != nil {
		f.Close()
		return nil, err
	}
	return &fileSource{Source: src, release: func() {}}, nil
}

// fileSource lets go of the recording when it is closed.
type fileSource struct {
	*decode.Source
	release func()
}

func (s *fileSource) Close() error {
	defer s.release()
	return s.Source.Close()
}
