package speaker

import (
	"context"
	"time"
)

// A Sink takes sound: interleaved stereo int16 at 48 kHz. The speaker calls
// Write and Drain from one goroutine, and Drop from any, also while the others
// block. A sink that is also an io.Closer is closed when it is given up.
//
//  1. Write returns once the device has taken p, whole frames; it blocks while
//     the device's queue is full. The queue holds at most half a second; 200 ms
//     is right: less starves on a loaded box, more delays every alarm.
//  2. Drain returns nil once what was written has been heard, or ctx's error as
//     soon as ctx is done.
//  3. Drop forgets what it can of the queue and returns how many of the frames
//     written will still sound. It unblocks Write and Drain, which may then
//     return any error or none.
//  4. After an error of Write or Drain (other than from ctx or Drop) the device
//     is lost: every later Write fails, and only a new sink can help.
//  5. Between Drain and the next Write nobody calls; the sink is silent and
//     costs nothing.
type Sink interface {
	Write(p []int16) error
	Drain(ctx context.Context) error
	Drop() (frames int, err error)
}

// Roomy is a sink that says when it has room. The speaker then mixes as late as it
// can and as much at once as there is room for, and nothing that must be heard at
// once waits behind a Write.
type Roomy interface {
	// Room returns how many frames Write would take without blocking, as soon as
	// there are any, or ctx's error.
	Room(ctx context.Context) (frames int, err error)
}

// Clocked is a sink that knows how far it is: frames of those written since it
// was opened, without the dropped ones, that have been heard by a time. With it
// a report says "sink"; without, the speaker reckons with its own clock and the
// report says "mixer".
type Clocked interface {
	Heard() (frames int64, at time.Time)
}

// Marking is a sink that notes as exactly as it can when a frame was heard, which
// sound that is to keep to a time needs: frames, counted as Clocked does, had been heard
// by at, never earlier than that. It may be late by what the kernel held it up; one note
// in a second should be sharp. What is asked for again may be the same. A clocked sink
// without it is taken at the word of Heard.
type Marking interface {
	Mark() (frames int64, at time.Time)
}

// Counting is a sink that counts how often its device ran dry while sound was
// playing.
type Counting interface {
	Xruns() int64
}

// An Amp is the line that keys the amplifier. Set returns once the line has the
// level; it may be called again with the same.
type Amp interface {
	Set(on bool) error
}
