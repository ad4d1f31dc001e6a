// Package sound is frames of audio and what can be done to them: gain, fade,
// duck, mix, limit, meter, resample, tone. It does no I/O.
package sound

import (
	"math"
	"time"
)

// Everything after decode is interleaved stereo float32 at 48 kHz, because
// oto v2 is only reliable when it is opened once at 48000/2.
const (
	Rate     = 48000 // frames per second
	Channels = 2     // samples per frame
)

// A Source gives sound: interleaved stereo float32 at 48 kHz, nominally within ±1.
//
//  1. n > 0, err nil: that much sound. n counts float32 values and is always a
//     whole number of frames (a multiple of [Channels]).
//  2. 0, nil: starved for now, never the end.
//  3. 0, io.EOF: the end, and nothing else ever after.
//  4. 0, another error: the source failed, and it is over as after io.EOF.
//
// Read never blocks on the network. Close is prompt and idempotent; after it
// Read returns an error.
type Source interface {
	Read(p []float32) (n int, err error)
	Close() error
}

// Frames is the number of whole frames in d. Where int has 32 bits it ends at
// 12 hours.
func Frames(d time.Duration) int { return int(min(Frames64(d), math.MaxInt)) }

// Frames64 is Frames for what may last longer: a station that plays all day.
func Frames64(d time.Duration) int64 {
	return int64(d/time.Second)*Rate + int64(d%time.Second*Rate/time.Second)
}

// Duration is the time that n frames last.
func Duration(frames int) time.Duration { return Duration64(int64(frames)) }

// Duration64 is Duration for what may last longer than 12 hours.
func Duration64(frames int64) time.Duration {
	return time.Duration(frames/Rate)*time.Second + time.Duration(frames%Rate)*time.Second/Rate
}
