package bx

import (
	"context"
	"image"
	"time"
)

const (
	fileProgram = 0
	fileBitmaps = 9 // BX-6 keeps a program's bitmaps in a file of their own
)

// A file is one of those that make a program.
type file struct {
	name string
	kind byte
	data []byte
}

// program makes the files of a program that is called P and these three digits,
// has one area r, and always plays.
func program(d dialect, digits string, r image.Rectangle, pages []page) []file {
	name := "P" + digits
	b := append([]byte{fileProgram}, name...)
	b = append(b, 0 /* style */, 0 /* priority */, 1 /* time */, 0, 0 /* no fixed span */)
	if d == sixth {
		b = append(b, 0 /* special */, 0, 0, 0, 0, 0, 0, 0, 0, 0 /* speed */)
	}
	b = append(b, 0xFF /* every day */)
	b = append(b, 0xFF, 0xFF, 0x11, 0x22, 0x99, 0x20, 0x12, 0x31) // from ever to the end of 2099
	b = append(b, 0 /* no hours */, 0 /* no frame */, 0, 1 /* area */)
	area := appendArea(nil, d, areaPicture, r, pages)
	b = le.AppendUint32(b, uint32(len(area)))
	b = append(b, area...)
	files := []file{{name, fileProgram, sealed(b)}}
	if d != sixth {
		return files
	}
	bitmaps := "D" + digits
	b = append([]byte{fileBitmaps}, bitmaps...)
	b = append(b, 0, 0, 0, 0, 0, 0, 0, 0)
	for _, p := range pages {
		b = append(b, p.bits...)
	}
	return []file{{bitmaps, fileBitmaps, sealed(b)}, files[0]} // the bitmaps before who needs them
}

// sealed adds a file's own checksum.
func sealed(b []byte) []byte { return le.AppendUint32(b, crc32zero(b)) }

// upload writes files into the flash. The screen is dark meanwhile.
func (p *Panel) upload(ctx context.Context, files []file) error {
	room, err := p.talk.ask(ctx, p.common(0xA1, 0x12, nil, 0x92))
	if err != nil {
		return err
	}
	need := 0
	for _, f := range files {
		need += len(f.data)
	}
	if len(room) >= 8 && int64(le.Uint32(room[4:])) < int64(need) {
		return p.talk.errorf("%d bytes are free in its flash, and a page needs %d", le.Uint32(room[4:]), need)
	}
	_, err = p.talk.ask(ctx, p.common(0xA1, 0x08, nil, 0))
	for _, f := range files {
		if err == nil {
			err = p.write(ctx, f)
		}
	}
	if err != nil {
		p.endUpload(ctx)
		return err
	}
	_, err = p.talk.ask(ctx, p.common(0xA1, 0x09, nil, 0))
	return err
}

// endUpload lights the panel again after an upload that failed, also when the
// context has ended. Whether the card hears it is seen by the next command.
func (p *Panel) endUpload(ctx context.Context) {
	short, cancel := context.WithTimeout(context.WithoutCancel(ctx), 500*time.Millisecond)
	defer cancel()
	p.talk.try(short, p.common(0xA1, 0x09, nil, 0), 1)
}

func (p *Panel) write(ctx context.Context, f file) error {
	start := append([]byte(f.name), f.kind)
	start = le.AppendUint32(start, uint32(len(f.data)))
	start = append(start, 1 /* overwrite */)
	start = le.AppendUint32(start, crc32zero(f.data))
	if _, err := p.talk.ask(ctx, p.common(0xA1, 0x02, start, 0)); err != nil {
		return err
	}
	for at := 0; at < len(f.data); {
		n := min(len(f.data)-at, p.series.block-64) // the limit counts the headers, too
		block := append([]byte(f.name), 0)
		if at+n == len(f.data) {
			block[4] = 1
		}
		block = le.AppendUint32(block, uint32(at))
		block = append(block, f.data[at:at+n]...)
		if _, err := p.talk.ask(ctx, p.common(0xA1, 0x03, block, 0)); err != nil {
			return err
		}
		at += n
	}
	return nil
}
