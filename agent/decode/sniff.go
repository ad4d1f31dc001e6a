package decode

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"

	"loa/agent/plan"
)

// open finds out what in holds and opens the decoder for it.
func open(ctx context.Context, in *input, mime string) (decoder, Info, error) {
	d, info, err := sniff(ctx, in)
	var refusal *plan.Error
	if mime != "" && errors.As(err, &refusal) {
		return nil, Info{}, unplayable("%s; it was called %s", refusal.Msg, mime)
	}
	return d, info, err
}

func sniff(ctx context.Context, in *input) (d decoder, info Info, err error) {
	defer guard(&err)
	if err := skipTags(in); err != nil {
		return nil, Info{}, err
	}
	head, err := in.peek(16)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, Info{}, err
	}
	has := func(at int, magic string) bool { return len(head) >= at && bytes.HasPrefix(head[at:], []byte(magic)) }
	switch {
	case len(head) == 0:
		return nil, Info{}, unplayable("it is empty")
	case (has(0, "RIFF") || has(0, "RF64")) && has(8, "WAVE"):
		return openWAV(in)
	case has(0, "OggS\x00"):
		return openXiph(in)
	case has(0, "fLaC"):
		return openFLAC(in)
	}
	if what := notSound(in); what != "" {
		return nil, Info{}, unplayable("it is %s, not sound", what)
	}
	kind, at, err := search(in)
	if err != nil {
		return nil, Info{}, err
	}
	if kind != "" {
		if err := in.skip(int64(at)); err != nil {
			return nil, Info{}, err
		}
	}
	switch kind {
	case TypeMP3:
		return openMP3(in)
	case TypeAAC:
		return openAAC(ctx, in)
	case TypeOpus:
		return openXiph(in)
	case TypeFLAC:
		b, _ := in.peek(lookahead)
		if d := headless(in, b); d != nil {
			d.ready()
			return d, Info{Type: TypeFLAC, Rate: d.rate, Channels: d.channels}, nil
		}
	}
	return nil, Info{}, unplayable("none of MP3, AAC (ADTS), Opus, Vorbis, FLAC and WAV can be found in it")
}

func openWAV(in *input) (decoder, Info, error) {
	d, err := newWAV(in)
	if err != nil {
		return nil, Info{}, err
	}
	return d, Info{Type: TypeWAV, Rate: d.rate, Channels: d.channels, Duration: d.length()}, nil
}

func openXiph(in *input) (decoder, Info, error) {
	d, err := newXiph(in)
	if err != nil {
		return nil, Info{}, err
	}
	info := Info{Type: TypeVorbis, Duration: d.length()}
	if _, ok := d.codec.(*opusCodec); ok {
		info.Type = TypeOpus
	}
	info.Rate, info.Channels = d.codec.format()
	return d, info, nil
}

func openFLAC(in *input) (decoder, Info, error) {
	d, err := newFLAC(in)
	if err != nil {
		return nil, Info{}, err
	}
	return d, Info{Type: TypeFLAC, Rate: d.rate, Channels: d.channels, Duration: duration(d.total, d.rate)}, nil
}

func openMP3(in *input) (decoder, Info, error) {
	d, err := newMP3(in)
	if err != nil {
		return nil, Info{}, err
	}
	h, frame, err := d.frames.next()
	if err != nil {
		d.close()
		if errors.Is(err, io.EOF) {
			err = unplayable("the MP3 holds no whole frame")
		}
		return nil, Info{}, err
	}
	return d, Info{Type: TypeMP3, Rate: h.rate, Channels: h.channels, Duration: announced(h, frame)}, nil
}

func openAAC(ctx context.Context, in *input) (decoder, Info, error) {
	d := newAAC(ctx, in)
	h, _, err := d.frames.next()
	if err != nil {
		if errors.Is(err, io.EOF) {
			err = unplayable("the AAC holds no whole frame")
		}
		return nil, Info{}, err
	}
	return d, Info{Type: TypeAAC, Rate: h.rate, Channels: max(1, min(h.channels, 2))}, nil
}

// skipTags leaves out the ID3v2 tags at the beginning, which FLAC and AAC files
// may have as well as MP3, if they can be believed.
func skipTags(in *input) error {
	for {
		n := tag(in)
		if n == 0 {
			return nil
		}
		if err := in.skip(n); err != nil {
			return err
		}
	}
}

// maxJunk is how far into a file its first frame is looked for: beyond a cover
// picture whose tag cannot be believed.
const maxJunk = 16 << 20

// search looks for the first frames that follow each other, and says where from
// here they begin within what can be seen. A single frame of FLAC is enough: its
// checksum covers all of it.
func search(in *input) (kind string, at int, err error) {
	mpeg, adts := newMPEGFrames(in), newADTSFrames(in)
	confirm := 1 // headers that must follow; more once we are not at the beginning
	for from := in.pos; in.pos-from < maxJunk; {
		for n := 1 << 10; n <= lookahead; n *= 2 {
			b, err := in.peek(n)
			if err != nil && !errors.Is(err, io.EOF) {
				return "", 0, err
			}
			last := err != nil || n == lookahead
			for i := range b {
				if b[i] == 'O' && bytes.HasPrefix(b[i:], []byte("OggS\x00\x02")) {
					return TypeOpus, i, nil
				}
				if b[i] != 0xFF {
					continue
				}
				need := confirm
				if i > 0 {
					need = 2
				}
				if mpeg.starts(b[i:], need, last) {
					return TypeMP3, i, nil
				}
				if adts.starts(b[i:], need, last) {
					return TypeAAC, i, nil
				}
				if !last {
					continue
				}
				if headless(in, b[i:]) != nil {
					return TypeFLAC, i, nil
				}
				if err := in.stopped(); err != nil { // headless may take milliseconds
					return "", 0, err
				}
			}
			if err != nil {
				return "", 0, nil
			}
		}
		// Frames that begin in the last part have been too long to be confirmed.
		if err := in.skip(lookahead / 2); err != nil {
			return "", 0, nil
		}
		confirm = 2
	}
	return "", 0, nil
}

// starts reports whether b begins with a frame that n others follow, or, where b
// is all there is, with the last frames of it.
func (f *framing) starts(b []byte, n int, last bool) bool {
	h, ok := f.parse(b)
	if !ok {
		return false
	}
	size := f.sizeOf(b, h)
	return size > 0 && size <= len(b) && (last || size < len(b)) && f.follows(b, h, n)
}

// notSound names what in plainly is instead: a server's error page, a text, a
// picture. It is empty when the bytes might be sound.
func notSound(in *input) string {
	b, _ := in.peek(512)
	text := strings.ToLower(string(bytes.TrimLeft(b, "\xEF\xBB\xBF \t\r\n")))
	switch {
	case strings.HasPrefix(text, "<!doctype html"), strings.HasPrefix(text, "<html"), strings.HasPrefix(text, "<head"):
		return "a web page"
	case strings.HasPrefix(text, "<"):
		return "XML"
	case strings.HasPrefix(text, "#extm3u"), strings.HasPrefix(text, "[playlist]"):
		return "a playlist"
	case bytes.HasPrefix(b, []byte("\x89PNG")), bytes.HasPrefix(b, []byte("\xFF\xD8\xFF")), bytes.HasPrefix(b, []byte("GIF8")):
		return "a picture"
	case bytes.HasPrefix(b, []byte("PK\x03\x04")), bytes.HasPrefix(b, []byte("\x1F\x8B")):
		return "an archive"
	case len(b) >= 12 && string(b[4:8]) == "ftyp":
		return "an MP4 file (send its AAC as ADTS)"
	case len(b) >= 12 && string(b[:4]) == "RIFF":
		return "a RIFF file of another kind than WAVE"
	}
	for _, c := range b {
		if c == 0 || c >= 0x80 || c < ' ' && c != '\t' && c != '\r' && c != '\n' {
			return ""
		}
	}
	return "text"
}
