package picture

import (
	"encoding/binary"
	"image"
	"image/draw"
	"image/gif"
	"time"
)

// measure walks over the blocks of a GIF and refuses what would unpack into more than
// the limits. Where the file makes no sense it stops: the decoder will say why.
func measure(data []byte, limits Limits) error {
	frames, pixels := 0, int64(0)
	at := 13 + colours(data, 10)
	for at < len(data) {
		switch data[at] {
		case 0x21: // an extension: its label, then blocks
			at = blocks(data, at+2)
		case 0x2c: // a frame: place, size, flags; colours; size of codes; blocks
			if at+10 > len(data) {
				return nil
			}
			w := int64(binary.LittleEndian.Uint16(data[at+5:]))
			h := int64(binary.LittleEndian.Uint16(data[at+7:]))
			frames, pixels = frames+1, pixels+w*h
			if frames > limits.Frames {
				return tooBig("the animation has more than %d frames", limits.Frames)
			}
			if pixels > int64(limits.Pixels) {
				return tooBig("the frames up to number %d have %d pixels together, %d are allowed", frames, pixels, limits.Pixels)
			}
			at = blocks(data, at+10+colours(data, at+9)+1)
		default:
			return nil
		}
	}
	return nil
}

// colours is how many bytes the table of colours takes that the flags at announce.
func colours(data []byte, at int) int {
	if at >= len(data) || data[at]&0x80 == 0 {
		return 0
	}
	return 3 << (1 + data[at]&7)
}

// blocks is where the blocks end that begin at; an empty one is the last.
func blocks(data []byte, at int) int {
	for at < len(data) && data[at] != 0 {
		at += 1 + int(data[at])
	}
	return at + 1
}

// animation composes the frames on one canvas.
func (p *Picture) animation(yield func(image.Image, time.Duration) bool) {
	canvas := image.NewRGBA(image.Rectangle{Max: p.Size})
	var before *image.RGBA
	for i, frame := range p.anim.Image {
		disposal := p.anim.Disposal[i]
		if disposal == gif.DisposalPrevious {
			if before == nil {
				before = image.NewRGBA(canvas.Rect)
			}
			copy(before.Pix, canvas.Pix)
		}
		draw.Draw(canvas, frame.Rect, frame, frame.Rect.Min, draw.Over)
		delay := FrameLeast
		if len(p.anim.Image) == 1 {
			delay = 0
		} else if d := time.Duration(p.anim.Delay[i]) * 10 * time.Millisecond; d > delay {
			delay = d
		}
		if !yield(canvas, delay) {
			return
		}
		switch disposal {
		case gif.DisposalBackground:
			draw.Draw(canvas, frame.Rect, image.Transparent, image.Point{}, draw.Src)
		case gif.DisposalPrevious:
			copy(canvas.Pix, before.Pix)
		}
	}
}
