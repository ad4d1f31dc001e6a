package decode

/*
#cgo pkg-config: libmpg123
#include <mpg123.h>

// The flags are spelled out in C because they are enumerators, and because
// mpg123_param takes them as a long.
static int quiet_floats(mpg123_handle *h, long free_format) { // its size without the header, 0: none
	long flags = MPG123_QUIET | MPG123_FORCE_FLOAT | MPG123_SKIP_ID3V2 | MPG123_IGNORE_INFOFRAME |
		MPG123_IGNORE_STREAMLENGTH | MPG123_NO_READAHEAD;
	int rc = mpg123_param(h, MPG123_ADD_FLAGS, flags, 0);
	if (rc == MPG123_OK) rc = mpg123_param(h, MPG123_REMOVE_FLAGS, MPG123_GAPLESS, 0);
	if (rc == MPG123_OK && free_format > 0) rc = mpg123_param(h, MPG123_FREEFORMAT_SIZE, free_format, 0);
	if (rc == MPG123_OK) rc = mpg123_open_feed(h);
	return rc;
}
*/
import "C"

import (
	"fmt"
	"time"
	"unsafe"
)

// An mp3 decodes MPEG audio by libmpg123 (LGPL, linked dynamically): of all that
// was tried the fastest, right at every rate and quiet about bad input. It is
// fed whole frames only; see [mpegFrames].
type mp3 struct {
	frames *mpegFrames
	h      *C.mpg123_handle
	out    []float32

	free           int // size of free-format frames, header included, as h was told
	rate, channels int
	drop           int   // frames of sound to leave out: the encoder's delay
	due            int64 // MPEG frames until the padding, as the info frame says; 0: not said
	pad            int   // frames of sound in the padding
	mute           int   // MPEG frames still to decode for their state only
}

// warmup is how many frames before the wanted one are decoded for their state:
// the bit reservoir reaches back 511 bytes (16 frames at 8 kbit/s), the overlap one.
const warmup = 16

func newMP3(in *input) (*mp3, error) {
	d := &mp3{frames: newMPEGFrames(in), out: make([]float32, 4*1152*2)}
	if err := d.open(); err != nil {
		return nil, err
	}
	return d, nil
}

// open makes a fresh handle.
func (d *mp3) open() error {
	var rc C.int
	h := C.mpg123_new(nil, &rc)
	if h == nil {
		return fmt.Errorf("decode: cannot start libmpg123: %s", C.GoString(C.mpg123_plain_strerror(rc)))
	}
	if rc := C.quiet_floats(h, C.long(d.free-4)); rc != C.MPG123_OK {
		C.mpg123_delete(h)
		return fmt.Errorf("decode: libmpg123 gives no floats: %s", C.GoString(C.mpg123_plain_strerror(rc)))
	}
	d.h = h
	return nil
}

func (d *mp3) close() {
	if d.h != nil {
		C.mpg123_delete(d.h)
		d.h = nil
	}
}

// next decodes one frame.
func (d *mp3) next() (block, error) {
	h, frame, err := d.frames.next()
	if err != nil {
		return block{}, err
	}
	damaged := d.frames.lost
	if info, ok := parseInfo(h, frame); ok {
		// Recordings that were simply joined carry one each.
		d.drop, d.due, d.pad = info.delay, info.frames, info.pad
		return block{damaged: damaged}, d.frames.take(frame)
	}
	if h.size == 0 && d.frames.free != d.free {
		// libmpg123 must be told, and only at the beginning: fed frame by frame it
		// cannot look ahead for the size.
		d.free = d.frames.free
		d.close()
		if err := d.open(); err != nil {
			return block{}, err
		}
	}
	pcm, err := d.decode(frame)
	if err != nil {
		damaged = true
	}
	if err := d.frames.take(frame); err != nil {
		return block{}, err
	}
	if d.mute > 0 {
		d.mute--
		return block{}, nil
	}
	return block{rate: d.rate, channels: d.channels, pcm: d.trim(pcm), damaged: damaged}, nil
}

// decode feeds a frame and collects what comes of it, which may be nothing, or
// more than one frame's worth.
func (d *mp3) decode(frame []byte) ([]float32, error) {
	in, size, n := (*C.uchar)(unsafe.Pointer(unsafe.SliceData(frame))), C.size_t(len(frame)), 0
	for n < len(d.out) {
		var done C.size_t
		rc := C.mpg123_decode(d.h, in, size, unsafe.Pointer(&d.out[n]), C.size_t(4*(len(d.out)-n)), &done)
		in, size = nil, 0
		n += int(done) / 4
		switch rc {
		case C.MPG123_NEW_FORMAT:
			var rate C.long
			var channels, encoding C.int
			if C.mpg123_getformat(d.h, &rate, &channels, &encoding) == C.MPG123_OK {
				d.rate, d.channels = int(rate), int(channels)
			}
			n = 0 // nothing of the old format is ever pending: frames come one by one
		case C.MPG123_NEED_MORE, C.MPG123_DONE:
			return d.out[:n], nil
		case C.MPG123_OK:
			if done == 0 {
				return d.out[:n], nil
			}
		default:
			return d.out[:n], fmt.Errorf("libmpg123: %s", C.GoString(C.mpg123_strerror(d.h)))
		}
	}
	return d.out[:n], nil
}

// trim leaves out what the encoder put before and behind the recording.
func (d *mp3) trim(pcm []float32) []float32 {
	if d.channels == 0 || len(pcm) == 0 {
		return nil
	}
	have := len(pcm) / d.channels
	if d.due > 0 {
		if d.due--; d.due == 0 {
			cut := min(d.pad, have)
			pcm = pcm[:(have-cut)*d.channels]
			have -= cut
		}
	}
	n := min(d.drop, have)
	d.drop -= n
	return pcm[n*d.channels:]
}

// announced is the length that an info frame gives its recording; 0: frame is none.
func announced(h mpegHeader, frame []byte) time.Duration {
	info, ok := parseInfo(h, frame)
	if !ok || info.frames == 0 {
		return 0
	}
	n := info.frames*int64(h.samples) - int64(info.delay) - int64(info.pad)
	return duration(max(n, 0), h.rate)
}

// wind finds the frame in which the wanted sample lies by counting frames, which
// is exact also when their bit rate varies, and decodes from a little before.
func (d *mp3) wind(to time.Duration) (time.Duration, error) {
	d.close()
	if err := d.open(); err != nil {
		return 0, err
	}
	if err := d.frames.in.seekTo(0); err != nil {
		return 0, err
	}
	d.frames = newMPEGFrames(d.frames.in)
	d.drop, d.due, d.pad, d.mute = 0, 0, 0, 0
	var (
		before  [warmup]int64 // where the last frames began
		passed  int           // frames since the info frame
		base    time.Duration // of what had another rate
		samples int64         // since base, at rate
		rate    int
	)
	for {
		h, frame, err := d.frames.next()
		if err != nil {
			return 0, err
		}
		if info, ok := parseInfo(h, frame); ok {
			d.drop, d.due, d.pad = info.delay, info.frames, info.pad
			base += duration(samples, rate) - duration(int64(d.drop), h.rate)
			samples, passed = 0, 0
		} else {
			if h.rate != rate {
				base += duration(samples, rate)
				samples, rate = 0, h.rate
			}
			if base+duration(samples+int64(h.samples), rate) > to {
				break
			}
			before[passed%warmup] = d.frames.in.pos
			passed++
			samples += int64(h.samples)
		}
		if err := d.frames.take(frame); err != nil {
			return 0, err
		}
	}
	if d.due > 0 {
		d.due = max(1, d.due-int64(passed))
	}
	at := base + duration(samples, rate)
	if at < 0 {
		d.drop = int(frames(-at, rate))
		at = 0
	} else {
		d.drop = 0
	}
	d.mute = min(passed, warmup)
	if d.mute > 0 {
		first := before[(passed-d.mute)%warmup]
		if err := d.frames.in.seekTo(first); err != nil {
			return 0, err
		}
	}
	return at, nil
}
