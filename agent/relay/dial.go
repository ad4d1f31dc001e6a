package relay

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"

	"loa/agent/decode"
	"loa/agent/sound"
)

// A decoder makes sound of a stream of bytes; it is decode.Stream.
type decoder func(r io.Reader, mime string) (*decode.Source, error)

// dial opens one address. It returns when the station has answered and its
// first bytes are known to be sound, or to be a playlist of sound.
func dial(ctx context.Context, addr string, w *web, input func(string) (io.ReadCloser, error), dec decoder) (sound.Source, error) {
	if name, ok := strings.CutPrefix(addr, "alsa:"); ok {
		return dialInput(name, input)
	}
	resp, err := w.get(ctx, addr, "Icy-MetaData", "1")
	if err != nil {
		return nil, err
	}
	src, err := answer(ctx, resp, w, dec)
	if err != nil {
		resp.Body.Close()
		return nil, err
	}
	return src, nil
}

// answer looks at what a station sends. It owns the body unless it fails.
func answer(ctx context.Context, resp *http.Response, w *web, dec decoder) (sound.Source, error) {
	addr := resp.Request.URL // after redirects
	kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if strings.HasPrefix(kind, "text/html") || kind == "application/json" {
		return nil, fmt.Errorf("relay: %s sends %s and not sound", addr.Redacted(), kind)
	}
	body, err := metaless(resp)
	if err != nil {
		return nil, err
	}
	r := bufio.NewReader(body)
	if looksLikePlaylist(r, kind, addr) {
		defer resp.Body.Close()
		text, err := readPlaylist(r)
		if err != nil {
			return nil, fmt.Errorf("relay: %s: %w", addr.Redacted(), err)
		}
		return openHLS(ctx, w, addr, text, dec)
	}
	src, err := dec(bodyReader{r, resp.Body}, kind)
	if err != nil {
		return nil, fmt.Errorf("relay: %s: %w", addr.Redacted(), err)
	}
	return src, nil
}

// looksLikePlaylist goes by the first bytes; many servers send playlists as
// text/plain, and some send MP3 as audio/mpegurl.
func looksLikePlaylist(r *bufio.Reader, kind string, addr *url.URL) bool {
	switch kind {
	case "application/vnd.apple.mpegurl", "application/x-mpegurl", "audio/mpegurl", "audio/x-mpegurl", "text/plain", "":
	default:
		if path.Ext(addr.Path) != ".m3u8" {
			return false
		}
	}
	head, _ := r.Peek(len(bom) + len(magic))
	return bytes.HasPrefix(bytes.TrimPrefix(head, []byte(bom)), []byte(magic))
}

// bodyReader lets whoever reads r close what is under it.
type bodyReader struct {
	io.Reader
	io.Closer
}

// metaless takes the song titles out of a Shoutcast or Icecast stream. They
// are unsigned text from outside, so nobody may show them.
func metaless(resp *http.Response) (io.Reader, error) {
	v := resp.Header.Get("Icy-Metaint")
	if v == "" {
		return resp.Body, nil
	}
	every, err := strconv.Atoi(strings.TrimSpace(v))
	if err != nil || every < 0 || every > 16<<20 {
		return nil, fmt.Errorf("relay: %s: icy-metaint %q is no distance in bytes", resp.Request.URL.Redacted(), v)
	}
	if every == 0 {
		return resp.Body, nil
	}
	return &icy{r: bufio.NewReader(resp.Body), every: every, left: every}, nil
}

// icy reads a stream in which after every so many bytes of sound stands one
// byte n and 16n bytes of text.
type icy struct {
	r     *bufio.Reader
	every int
	left  int // bytes of sound until the next text
}

func (i *icy) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for i.left == 0 {
		n, err := i.r.ReadByte()
		if err != nil {
			return 0, err
		}
		if _, err := i.r.Discard(16 * int(n)); err != nil {
			return 0, err
		}
		i.left = i.every
	}
	n, err := i.r.Read(p[:min(len(p), i.left)])
	i.left -= n
	return n, err
}

// dialInput opens a local input. It is never dialled by itself: a carrier on
// an FM tuner must not be able to open a loudspeaker.
func dialInput(name string, open func(string) (io.ReadCloser, error)) (sound.Source, error) {
	if open == nil {
		return nil, errors.New("relay: this box has no sound inputs")
	}
	r, err := open(name)
	if err != nil {
		return nil, fmt.Errorf("relay: cannot open input %q: %w", name, err)
	}
	return newInput(r), nil
}
