// Package picture takes in pictures for boards: it reads PNG, JPEG, GIF and WebP, and
// fits them to a board's size and colours.
//
// Pictures come from outside. Before a decoder runs, the headers say how much it would
// unpack, and what is more than the budget is refused; the decoder itself runs inside
// recover. What the bytes are decides, not what they were called.
package picture

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"iter"
	"math"
	"time"

	"golang.org/x/image/webp"

	"loa/agent/plan"
)

// Limits bound what a picture may cost. Zeros are what a box can afford.
type Limits struct {
	Bytes int // of the file; 0: 4 MiB
	// Pixels are those of all frames together, and of the canvas; 0: 2,097,152, a little
	// more than 1920×1080. Decoding takes up to about 20 bytes for each.
	Pixels int
	Frames int // 0: 200
}

// FrameLeast is how long each frame of an animation is shown at least, whatever it asks
// for. Light that flashes 3 to 30 times a second can set off seizures; a flash is two
// changes, so that here no more than 1.5 are left in a second.
const FrameLeast = 350 * time.Millisecond

// maxScans is how many passes a JPEG may make over its pixels. Ten are usual; thousands
// fit into a small file and would take hours.
const maxScans = 64

// A Picture is a still or an animation, decoded.
type Picture struct {
	Format string // "png", "jpeg", "gif" or "webp"
	Size   image.Point
	Frames int // 1 for a still

	still image.Image
	anim  *gif.GIF
}

type format struct {
	name   string
	is     func(data []byte) bool
	config func(io.Reader) (image.Config, error)
	decode func(io.Reader) (image.Image, error)
}

var formats = []format{
	{"png", starts("\x89PNG\r\n\x1a\n"), configPNG, png.Decode},
	{"jpeg", starts("\xff\xd8\xff"), jpeg.DecodeConfig, jpeg.Decode},
	{"gif", starts("GIF8"), gif.DecodeConfig, nil},
	{"webp", isWebP, webp.DecodeConfig, decodeWebP},
}

// configPNG is png.DecodeConfig, which on a machine of 32 bits does not tell the size
// of a picture whose pixels an int cannot count.
func configPNG(r io.Reader) (image.Config, error) {
	var head [24]byte // signature, length and name of IHDR, width, height
	n, _ := io.ReadFull(r, head[:])
	c, err := png.DecodeConfig(io.MultiReader(bytes.NewReader(head[:n]), r))
	w, h := binary.BigEndian.Uint32(head[16:]), binary.BigEndian.Uint32(head[20:])
	var unsupported png.UnsupportedError
	if errors.As(err, &unsupported) && n == len(head) && string(head[12:16]) == "IHDR" &&
		w <= math.MaxInt32 && h <= math.MaxInt32 && uint64(w)*uint64(h) >= 1<<28 {
		return image.Config{Width: int(w), Height: int(h)}, nil
	}
	return c, err
}

func starts(magic string) func([]byte) bool {
	return func(data []byte) bool { return bytes.HasPrefix(data, []byte(magic)) }
}

func isWebP(data []byte) bool {
	return len(data) >= 12 && string(data[:4]) == "RIFF" && string(data[8:12]) == "WEBP"
}

// Open decodes a picture. It returns a *plan.Error: of [plan.TooBig] for what is over
// the limits, of [plan.Unsupported] for an animated WebP, of [plan.MediaFormat] for what
// is no picture or is damaged.
func Open(data []byte, limits Limits) (p *Picture, err error) {
	defer func() {
		if r := recover(); r != nil {
			p, err = nil, unreadable("the decoder broke down: %v", r)
		}
	}()
	limits.Bytes = cmp.Or(limits.Bytes, 4<<20)
	limits.Pixels = cmp.Or(limits.Pixels, 2<<20)
	limits.Frames = cmp.Or(limits.Frames, 200)
	if len(data) > limits.Bytes {
		return nil, tooBig("the picture has %d bytes, %d are allowed", len(data), limits.Bytes)
	}
	for _, f := range formats {
		if f.is(data) {
			return open(f, data, limits)
		}
	}
	return nil, unreadable("not a PNG, JPEG, GIF or WebP picture")
}

func open(f format, data []byte, limits Limits) (*Picture, error) {
	if f.name == "webp" && len(data) > 20 && string(data[12:16]) == "VP8X" && data[20]&2 != 0 {
		return nil, &plan.Error{Code: plan.Unsupported, Msg: "animated WebP pictures cannot be shown; GIF can"}
	}
	c, err := f.config(bytes.NewReader(data))
	if err != nil {
		return nil, unreadable("%s: %v", f.name, err)
	}
	p := &Picture{Format: f.name, Size: image.Pt(c.Width, c.Height), Frames: 1}
	if c.Width < 1 || c.Height < 1 {
		return nil, unreadable("%s: a picture of %d×%d", f.name, c.Width, c.Height)
	}
	if int64(c.Width)*int64(c.Height) > int64(limits.Pixels) {
		return nil, tooBig("the picture has %d×%d pixels, %d in all are allowed", c.Width, c.Height, limits.Pixels)
	}
	switch f.name {
	case "gif":
		if err := measure(data, limits); err != nil {
			return nil, err
		}
		if p.anim, err = gif.DecodeAll(bytes.NewReader(data)); err == nil {
			p.Frames = len(p.anim.Image)
		}
	case "jpeg":
		// Inside the coded data ff is always followed by 00, so that this counts scans,
		// and the few of a thumbnail.
		if n := bytes.Count(data, []byte("\xff\xda")); n > maxScans {
			return nil, tooBig("the picture has %d scans, %d are allowed", n, maxScans)
		}
		if p.still, err = f.decode(bytes.NewReader(data)); err == nil {
			p.still = turn(p.still, orientation(data))
			p.Size = p.still.Bounds().Size()
		}
	default:
		p.still, err = f.decode(bytes.NewReader(data))
	}
	if err != nil {
		return nil, unreadable("%s: %v", f.name, err)
	}
	return p, nil
}

// All gives the frames one after another, each whole and with how long it is shown: 0
// for a still, FrameLeast or more in an animation. A frame of an animation is only good
// until the next one.
func (p *Picture) All() iter.Seq2[image.Image, time.Duration] {
	if p.anim == nil {
		return func(yield func(image.Image, time.Duration) bool) { yield(p.still, 0) }
	}
	return p.animation
}

func tooBig(format string, args ...any) error {
	return &plan.Error{Code: plan.TooBig, Msg: fmt.Sprintf(format, args...)}
}

func unreadable(format string, args ...any) error {
	return &plan.Error{Code: plan.MediaFormat, Msg: fmt.Sprintf(format, args...)}
}
