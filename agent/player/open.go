package player

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"loa/agent/decode"
	"loa/agent/plan"
	"loa/agent/sound"
)

// TargetLUFS is the loudness that every recording is brought to before the
// volume: EBU R 128's target plus 7 dB, because a horn has no headroom to spare
// and speech on it must stand above the street.
const TargetLUFS = -16.0

// A Library opens recordings by content and built-in chimes; relays it leaves
// to the function it is given.
type Library struct {
	media func(sha256 string) (path string, ok bool)
	relay func(plan.Relay) (sound.Source, error)

	mu       sync.Mutex
	loudness map[string]float64 // measured, by SHA-256
}

// NewLibrary makes a library over the box's media.
func NewLibrary(media func(sha256 string) (string, bool), relay func(plan.Relay) (sound.Source, error)) *Library {
	return &Library{media: media, relay: relay, loudness: make(map[string]float64)}
}

// Open implements [Opener].
func (l *Library) Open(p plan.Part) (Opened, error) {
	switch {
	case p.Audio != nil:
		return l.audio(p)
	case p.Relay != nil:
		src, err := l.relay(*p.Relay)
		return Opened{Source: src}, err
	}
	src, _, err := sound.Chime(p.Chime)
	if err != nil {
		return Opened{}, &plan.Error{Code: plan.Unsupported, Field: "chime", Msg: err.Error()}
	}
	return Opened{Source: src}, nil
}

func (l *Library) audio(p plan.Part) (Opened, error) {
	a := p.Audio
	path, ok := l.media(a.SHA256)
	if !ok {
		return Opened{}, &plan.Error{Code: plan.MediaMissing, Msg: fmt.Sprintf("recording %.12s is not on the box yet", a.SHA256)}
	}
	lufs := p.LoudnessLUFS
	if lufs == 0 {
		lufs = l.measure(a.SHA256, path, a.Type)
	}
	src, err := openFile(path, a.Type)
	if err != nil {
		return Opened{}, err
	}
	return Opened{Source: src, GainDB: sound.LevelGain(lufs, TargetLUFS), SHA256: a.SHA256}, nil
}

// measured bounds the work of measuring: the first minute tells the level of
// speech and takes a small ARM core well under a second.
const measured = time.Minute

// measure is the loudness of a recording whose document does not give it; a
// recording that has none, such as silence, counts as being at the target.
func (l *Library) measure(sha256, path, mime string) float64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	if lufs, ok := l.loudness[sha256]; ok {
		return lufs
	}
	lufs := TargetLUFS
	if src, err := openFile(path, mime); err == nil {
		found, _, _, err := sound.Measure(sound.Cut(src, measured))
		src.Close()
		if err == nil && found > sound.NoLoudness {
			lufs = found
		}
	}
	l.loudness[sha256] = lufs
	return lufs
}

func openFile(path, mime string) (sound.Source, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, &plan.Error{Code: plan.MediaMissing, Msg: err.Error()}
	}
	src, err := decode.Open(f, mime)
	if err != nil {
		f.Close()
		return nil, err
	}
	return fileSource{src, f}, nil
}

// fileSource closes the file with the sound.
type fileSource struct {
	sound.Source
	file io.Closer
}

func (s fileSource) Close() error { return errors.Join(s.Source.Close(), s.file.Close()) }

// SeekTo goes to a place in the recording, if its format can.
func (s fileSource) SeekTo(at time.Duration) error {
	if seeker, ok := s.Source.(interface{ SeekTo(time.Duration) error }); ok {
		return seeker.SeekTo(at)
	}
	return errors.ErrUnsupported
}
