// Package decode turns recordings and live streams of bytes into sound.
//
// It reads MP3 (and MPEG layers I and II), AAC in ADTS, Opus and Vorbis in Ogg,
// FLAC and WAV. What it is given decides, not what it was called. Each format has its own framing
// here, because what fails on damaged files is never the codec but the framing
// that gives up; after damage every format finds its next whole frame.
//
// Codecs run on bytes from outside. They run in a goroutine of their own, inside
// recover, with bounded memory, and whoever waits for them waits a bounded time.
package decode

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"loa/agent/plan"
)

// The media types of [Info], as documents spell them.
const (
	TypeMP3    = "audio/mpeg"
	TypeAAC    = "audio/aac"
	TypeOpus   = "audio/opus" // in Ogg
	TypeVorbis = "audio/ogg"
	TypeFLAC   = "audio/flac"
	TypeWAV    = "audio/wav"
)

// Info says what a recording is. Rate and Channels are those of the file; what
// is read from a [Source] is always stereo at 48 kHz.
type Info struct {
	Type     string        // one of the Type constants, by content
	Rate     int           // frames per second
	Channels int           // 1…8
	Duration time.Duration // 0: not known without reading everything, see [Probe]
	Damaged  int           // places where something was lost; only [Probe] and [Walk] know
}

// Open begins to decode a recording. mime is what it was called, may be empty, and
// only turns up in refusals. Open returns once three quarters of a second of sound
// are ready, or all there is; or with a *plan.Error of [plan.MediaFormat] when r holds no
// sound, or none that could be found within 5 s; or with r's own error when it cannot be read.
//
// The source owns r from then on: Close closes it if it is an io.Closer. After
// an error r still belongs to the caller.
func Open(r io.ReadSeeker, mime string) (*Source, error) {
	in, err := seekable(r)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	late := time.AfterFunc(stall, cancel)
	c, err := convert(ctx, in, mime)
	if !late.Stop() {
		if err == nil {
			c.close()
		}
		return nil, tooSlow(stall)
	}
	if err != nil {
		cancel()
		return nil, err
	}
	s := start(c, cancel, fileBuffer, stall)
	if err := s.first(); err != nil {
		s.Close()
		return nil, err
	}
	s.closer, _ = r.(io.Closer)
	return s, nil
}

// Stream begins to decode what arrives from r, which may block for as long as it
// likes; the source's Read never does. Stream itself waits for the first bytes,
// enough to tell what they are: whoever wants a deadline closes r. Reading runs
// ahead of the listener by at most 4 s and then leaves the rest in r.
//
// The end of r is the end of the source. Close closes r if it is an io.Closer.
func Stream(r io.Reader, mime string) (*Source, error) {
	ctx, cancel := context.WithCancel(context.Background())
	c, err := convert(ctx, flowing(r), mime)
	if err != nil {
		cancel()
		return nil, err
	}
	s := start(c, cancel, streamBuffer, 0)
	s.closer, _ = r.(io.Closer)
	return s, nil
}

// Walk decodes a whole recording in the calling goroutine, as fast as it can,
// and hands every piece of sound to f: interleaved stereo at 48 kHz, valid only
// during the call. It serves who measures rather than who plays. The Info it
// returns has the exact duration of what was decoded. An error of f ends it.
func Walk(ctx context.Context, r io.ReadSeeker, mime string, f func(pcm []float32) error) (info Info, err error) {
	in, err := seekable(r)
	if err != nil {
		return Info{}, err
	}
	defer guard(&err)
	c, err := convert(ctx, in, mime)
	if err != nil {
		return Info{}, err
	}
	defer c.close()
	var total int64
	p := make([]float32, chunk)
	for {
		if err := ctx.Err(); err != nil {
			return c.info, fmt.Errorf("decode: stopped after %v: %w", duration(total, 48000), err)
		}
		n, err := c.read(p)
		if n > 0 {
			total += int64(n / 2)
			if err := f(p[:n]); err != nil {
				return c.info, err
			}
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return c.info, err
		}
		if err != nil {
			info = c.info
			info.Duration = duration(total, 48000)
			info.Damaged = c.raw.damaged
			if total == 0 {
				return info, unplayable("no sound could be decoded from this %s", c.info.Type)
			}
			return info, nil
		}
	}
}

// Probe says what a recording is and how long it lasts exactly, by decoding all of it.
func Probe(ctx context.Context, r io.ReadSeeker, mime string) (Info, error) {
	return Walk(ctx, r, mime, func([]float32) error { return nil })
}

// unplayable is the refusal of something that is not, or no longer, sound.
func unplayable(format string, args ...any) error {
	return &plan.Error{Code: plan.MediaFormat, Msg: fmt.Sprintf(format, args...)}
}

// guard makes an error of a panic: codecs read bytes from outside, and a bad
// file must cost no more than itself.
func guard(err *error) {
	if p := recover(); p != nil {
		*err = unplayable("the decoder broke down: %v", p)
	}
}

// duration is the time that frames last at rate.
func duration(frames int64, rate int) time.Duration {
	if rate <= 0 {
		return 0
	}
	s := frames / int64(rate)
	return time.Duration(s)*time.Second + time.Duration(frames%int64(rate))*time.Second/time.Duration(rate)
}

// frames is the number of whole frames at rate in d.
func frames(d time.Duration, rate int) int64 {
	return int64(d/time.Second)*int64(rate) + int64(d%time.Second)*int64(rate)/int64(time.Second)
}
