package decode

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
)

// open finds out what in holds and opens the decoder for it.
func open(ctx context.Context, in *input, mime string) (decoder, Info, error) {
	if err := skipTag(in); err != nil {
		return nil, Info{}, err
	}
	head, err := in.peek(16)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, Info{}, err
	}
	switch {
	case len(head) == 0:
		return nil, Info{}, unplayable("it is empty")
	case len(head) >= 12 && (string(head[:4]) == "RIFF" || string(head[:4]) == "RF64") && string(head[8:12]) == "WAVE":
		d, err := newWAV(in)
		if err != nil {
			return nil, Info{}, err
		}
		return d, Info{Type: TypeWAV, Rate: d.rate, Channels: d.channels, Duration: d.length()}, nil
	}
	if what := notSound(in); what != "" {
		return nil, Info{}, unplayable("it is %s, not sound", what)
	}
	switch search(in, mime) {
	case TypeMP3:
		d, err := newMP3(in)
		if err != nil {
			return nil, Info{}, err
		}
		info := Info{Type: TypeMP3}
		if h, _, err := d.frames.next(); err == nil {
			info.Rate, info.Channels = h.rate, h.channels
			info.Duration = d.length()
		}
		return d, info, nil
	}
	return nil, Info{}, unplayable("none of MP3, AAC (ADTS), Opus, Vorbis, FLAC and WAV can be found in it")
}

// skipTag leaves out an ID3v2 tag at the beginning, which FLAC and AAC files may
// have as well as MP3, if it can be believed.
func skipTag(in *input) error {
	for {
		f := mpegFrames{in: in}
		n := f.tag()
		if n == 0 {
			return nil
		}
		if err := in.skip(n); err != nil {
			return err
		}
	}
}

// search looks for frames of MPEG audio that follow each other, in as
// little of the input as holds them.
func search(in *input, mime string) string {
	for n := 1 << 10; ; n *= 2 {
		b, err := in.peek(n)
		for i := range b {
			if b[i] == 0xFF && isMPEG(b[i:], i == 0 && err != nil) {
				return TypeMP3
			}
		}
		if err != nil || n >= lookahead {
			return ""
		}
	}
}

// isMPEG reports whether two frames of MPEG audio begin b, or a lone one that
// fills it, where nothing else is to come.
func isMPEG(b []byte, lone bool) bool {
	h, ok := parseMPEG(b)
	if !ok {
		return false
	}
	var f mpegFrames
	n := f.length(h, b)
	if n == 0 || n > len(b) {
		return false
	}
	if n == len(b) {
		return lone
	}
	next, ok := parseMPEG(b[n:])
	return ok && next.key == h.key
}

// notSound names what in plainly is instead: a server's error page, a text, a
// picture. It is empty when the bytes might be sound.
func notSound(in *input) string {
	b, _ := in.peek(512)
	text := strings.ToLower(string(bytes.TrimLeft(b, "\xEF\xBB\xBF \t\r\n")))
	switch {
	case strings.HasPrefix(text, "<!doctype html"), strings.HasPrefix(text, "<html"), strings.HasPrefix(text, "<head"):
		return "a web page"
	case strings.HasPrefix(text, "<?xml"), strings.HasPrefix(text, "<"):
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
