package relay

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// HLS playlists are RFC 8216. A radio needs of it: media playlists with TS or
// packed audio, master playlists, discontinuities, gaps. What is encrypted, cut
// out of larger files or fragmented MP4 is refused by name.
const (
	magic = "#EXTM3U"
	bom   = "\uFEFF"

	maxPlaylist = 1 << 20 // bytes; a day of 6-second segments is about that
	maxSegments = 20000
	maxVariants = 200
)

// A playlist is either a master (variants) or a media playlist (segments).
type playlist struct {
	variants []variant

	target   time.Duration // the longest a segment may be
	seq      int64         // of the first segment
	segments []segment
	ended    bool // nothing will be added
}

// A variant is one of several qualities of a station.
type variant struct {
	uri       string
	bandwidth int
	codecs    string
	audio     string // group of renditions, replaced by its URI if it has one
}

// A segment is some seconds of a station.
type segment struct {
	uri    string
	length time.Duration
	seq    int64
	jump   bool // what comes does not follow from what was
	gap    bool // the station says that it has nothing here
}

func (p *playlist) last() int64 { return p.seq + int64(len(p.segments)) - 1 }

// readPlaylist reads a playlist whole, if it has a sane size.
func readPlaylist(r io.Reader) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxPlaylist+1))
	if err != nil {
		return nil, fmt.Errorf("cannot read the playlist: %w", err)
	}
	if len(b) > maxPlaylist {
		return nil, fmt.Errorf("the playlist is larger than %d bytes", maxPlaylist)
	}
	return b, nil
}

// parsePlaylist reads text as a playlist. Unknown tags are passed over, as the
// RFC asks.
func parsePlaylist(text []byte) (*playlist, error) {
	text = bytes.TrimPrefix(text, []byte(bom))
	if !bytes.HasPrefix(text, []byte(magic)) {
		return nil, errors.New("it does not begin with " + magic)
	}
	if !bytes.Contains(text, []byte("\n#EXT-X-")) {
		return nil, errors.New("it is a list of addresses and not a stream: sign the address of the stream itself")
	}
	if !utf8.Valid(text) {
		return nil, errors.New("the playlist is not UTF-8")
	}
	var b builder
	n := 0
	for raw := range bytes.Lines(text) {
		n++
		if err := b.line(strings.TrimSpace(string(raw))); err != nil {
			return nil, fmt.Errorf("line %d of the playlist: %w", n, err)
		}
	}
	return b.end()
}

// A builder is a playlist being read.
type builder struct {
	playlist
	next    segment
	waiting *variant // its address is on the next line
	groups  map[string]string
}

func (b *builder) line(s string) error {
	tag, value, _ := strings.Cut(s, ":")
	switch {
	case s == "":
		return nil
	case !strings.HasPrefix(s, "#"):
		return b.address(s)
	}
	switch tag {
	case "#EXTINF":
		secs, _, _ := strings.Cut(value, ",")
		d, err := seconds(secs)
		if err != nil {
			return err
		}
		b.next.length = d
	case "#EXT-X-TARGETDURATION":
		d, err := seconds(value)
		if err != nil {
			return err
		}
		b.target = d
	case "#EXT-X-MEDIA-SEQUENCE":
		v, err := strconv.ParseInt(value, 10, 64)
		if err != nil || v < 0 || v > 1<<53 {
			return fmt.Errorf("media sequence %q is no number", value)
		}
		b.seq = v
	case "#EXT-X-DISCONTINUITY":
		b.next.jump = true
	case "#EXT-X-GAP":
		b.next.gap = true
	case "#EXT-X-ENDLIST":
		b.ended = true
	case "#EXT-X-KEY", "#EXT-X-SESSION-KEY":
		if m := attributes(value)["METHOD"]; m != "NONE" {
			return fmt.Errorf("its segments are encrypted (%s); a relay plays open ones only", m)
		}
	case "#EXT-X-MAP":
		return errors.New("its segments are fragmented MP4; a relay plays MPEG-TS, AAC and MP3 segments")
	case "#EXT-X-BYTERANGE":
		return errors.New("its segments are byte ranges; a relay plays whole files only")
	case "#EXT-X-STREAM-INF":
		a := attributes(value)
		bw, _ := strconv.Atoi(a["BANDWIDTH"])
		b.waiting = &variant{bandwidth: bw, codecs: a["CODECS"], audio: a["AUDIO"]}
	case "#EXT-X-MEDIA":
		a := attributes(value)
		if a["TYPE"] == "AUDIO" && a["URI"] != "" {
			if b.groups == nil {
				b.groups = make(map[string]string)
			}
			if b.groups[a["GROUP-ID"]] == "" || a["DEFAULT"] == "YES" {
				b.groups[a["GROUP-ID"]] = a["URI"]
			}
		}
	}
	return nil
}

// address takes a line that is no tag.
func (b *builder) address(uri string) error {
	if b.waiting != nil {
		if len(b.variants) == maxVariants {
			return fmt.Errorf("more than %d variants", maxVariants)
		}
		b.waiting.uri = uri
		b.variants = append(b.variants, *b.waiting)
		b.waiting = nil
		return nil
	}
	if len(b.segments) == maxSegments {
		return fmt.Errorf("more than %d segments", maxSegments)
	}
	b.next.uri = uri
	b.segments = append(b.segments, b.next)
	b.next = segment{}
	return nil
}

func (b *builder) end() (*playlist, error) {
	p := b.playlist
	switch {
	case len(p.variants) > 0 && len(p.segments) > 0:
		return nil, errors.New("the playlist names both variants and segments")
	case len(p.variants) > 0:
		for i, v := range p.variants {
			if uri := b.groups[v.audio]; v.audio != "" && uri != "" {
				p.variants[i].uri, p.variants[i].codecs = uri, "mp4a.40.2"
			}
		}
		return &p, nil
	case p.target <= 0:
		return nil, errors.New("the playlist has no target duration")
	}
	for i := range p.segments {
		p.segments[i].seq = p.seq + int64(i)
	}
	return &p, nil
}

// seconds reads a decimal number of seconds, at most 10 minutes.
func seconds(s string) (time.Duration, error) {
	f, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	if err != nil || !(f >= 0 && f <= 600) {
		return 0, fmt.Errorf("%.20q is no length between 0 and 600 s", s)
	}
	return time.Duration(f * float64(time.Second)), nil
}

// attributes reads NAME=value,NAME="value, with comma".
func attributes(s string) map[string]string {
	m := make(map[string]string)
	for s != "" {
		name, rest, ok := strings.Cut(s, "=")
		if !ok {
			break
		}
		var v string
		if strings.HasPrefix(rest, `"`) {
			v, rest, _ = strings.Cut(rest[1:], `"`)
			_, s, _ = strings.Cut(rest, ",")
		} else {
			v, s, _ = strings.Cut(rest, ",")
		}
		m[strings.TrimSpace(name)] = v
	}
	return m
}

// comfortable is the bandwidth above which a horn sounds no better.
const comfortable = 160_000 // bit/s

// pick chooses among variants: first what this box decodes itself, then sound
// without a picture, then the best that is still cheap on a mobile contract.
func (p *playlist) pick() variant {
	cost := func(v variant) int {
		c := strings.ToLower(v.codecs)
		cost := 0
		if strings.Contains(c, "mp4a.40.5") || strings.Contains(c, "mp4a.40.29") {
			cost += 4 // HE-AAC needs a helper that may not be installed
		}
		if strings.Contains(c, "ac-3") || strings.Contains(c, "ec-3") || strings.Contains(c, "opus") || strings.Contains(c, "flac") {
			cost += 8
		}
		for _, video := range []string{"avc", "hvc", "hev", "vp", "av01"} {
			if strings.Contains(c, video) {
				cost += 2
				break
			}
		}
		if v.bandwidth > comfortable {
			cost++
		}
		return cost
	}
	return slices.MinFunc(p.variants, func(a, b variant) int {
		if c := cmp.Compare(cost(a), cost(b)); c != 0 {
			return c
		}
		if a.bandwidth > comfortable {
			return cmp.Compare(a.bandwidth, b.bandwidth)
		}
		return cmp.Compare(b.bandwidth, a.bandwidth)
	})
}
