package relay

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/asticode/go-astits"

	"loa/agent/sound"
)

// A live station sends four-second segments from a recording and a playlist
// of the last five. What it does wrong is said by the hooks.
type liveStation struct {
	t     *testing.T
	name  string // of the segments, with %d
	begun time.Time
	tag   []byte // before each segment

	playlist func(newest int) string                                    // nil: the usual one
	segment  func(w http.ResponseWriter, r *http.Request, seq int) bool // true: it has answered
}

const newestAtStart = 5

func (s *liveStation) newest() int {
	return newestAtStart + int(time.Since(s.begun)/(4*time.Second))
}

// usual is a playlist from seq first to last.
func usual(first, last int, extra ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:%d\n", first)
	for i := first; i <= last; i++ {
		for _, e := range extra {
			if tag, ok := strings.CutPrefix(e, fmt.Sprintf("%d:", i)); ok {
				b.WriteString(tag + "\n")
			}
		}
		fmt.Fprintf(&b, "#EXTINF:4.0,\n/seg/%d\n", i)
	}
	return b.String()
}

func (s *liveStation) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.begun.IsZero() {
		s.begun = time.Now()
	}
	switch {
	case r.URL.Path == "/master.m3u8":
		fmt.Fprint(w, "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=900000\n/404\n#EXT-X-STREAM-INF:BANDWIDTH=96000,CODECS=\"mp4a.40.34\"\nlive.m3u8\n")
	case r.URL.Path == "/live.m3u8":
		w.Header().Set("Content-Type", "application/vnd.apple.mpegurl")
		if s.playlist != nil {
			fmt.Fprint(w, s.playlist(s.newest()))
			return
		}
		n := s.newest()
		fmt.Fprint(w, usual(n-4, n))
	case strings.HasPrefix(r.URL.Path, "/seg/"):
		var seq int
		fmt.Sscanf(r.URL.Path, "/seg/%d", &seq)
		if s.segment != nil && s.segment(w, r, seq) {
			return
		}
		w.Write(s.tag)
		w.Write(recording(s.t, fmt.Sprintf(s.name, seq%20)))
	default:
		http.NotFound(w, r)
	}
}

// timestamp is the ID3 tag that a packed segment begins with.
func timestamp(padding int) []byte {
	owner := "com.apple.streaming.transportStreamTimestamp\x00"
	body := append([]byte(owner), 0, 0, 0, 0, 0, 1, 0x5F, 0x90)
	body = append(body, bytes.Repeat([]byte{0xFF}, padding)...) // would be taken for frames
	size := func(n int) []byte {
		return []byte{byte(n >> 21 & 0x7F), byte(n >> 14 & 0x7F), byte(n >> 7 & 0x7F), byte(n & 0x7F)}
	}
	frame := append(append([]byte("PRIV"), size(len(body))...), 0, 0)
	frame = append(frame, body...)
	return append(append([]byte("ID3\x04\x00\x00"), size(len(frame))...), frame...)
}

func TestHLS(t *testing.T) {
	t.Run("MP3 in TS", func(t *testing.T) { follows(t, &liveStation{name: "mp3ts-%d.ts"}) })
	t.Run("packed MP3", func(t *testing.T) {
		follows(t, &liveStation{name: "mp3-%d.mp3", tag: append(timestamp(0), timestamp(3000)...)})
	})
}

// follows listens to s for a minute.
func follows(t *testing.T, s *liveStation) {
	recording(t, fmt.Sprintf(s.name, 0))
	s.t = t
	on(t, s, []string{"/live.m3u8"}, time.Minute, func(t *testing.T, e *ear) {
		e.fine(t, 58*time.Second)
		if e.first > time.Second {
			t.Errorf("first sound after %v", e.first)
		}
		for seq := range 30 {
			if n := e.air.times(fmt.Sprintf("127.0.0.1/seg/%d", seq)); n > 1 {
				t.Errorf("segment %d was fetched %d times", seq, n)
			}
		}
		if n := e.air.times("127.0.0.1/live.m3u8"); n > 30 {
			t.Errorf("asked for the playlist %d times in a minute", n)
		}
	})
}

// Every live station has its oddity; what must be heard all the same stands
// beside it.
func TestHLSOddities(t *testing.T) {
	recording(t, "live.mp3")
	restart := newestAtStart + 4
	for name, c := range map[string]struct {
		live   liveStation
		url    string
		heard  time.Duration // of a minute
		gap    time.Duration
		events int
	}{
		"a master playlist": {url: "/master.m3u8", heard: 58 * time.Second, events: 1},
		"a discontinuity": {heard: 58 * time.Second, events: 1, live: liveStation{
			playlist: func(n int) string { return usual(n-4, n, "6:#EXT-X-DISCONTINUITY", "8:#EXT-X-DISCONTINUITY") },
		}},
		"another codec after it": {heard: 57 * time.Second, events: 1, live: liveStation{
			playlist: func(n int) string { return usual(n-4, n, "7:#EXT-X-DISCONTINUITY") },
			segment: func(w http.ResponseWriter, r *http.Request, seq int) bool {
				if seq >= 7 {
					w.Write(recording(t, fmt.Sprintf("mp3-%d.mp3", seq%20)))
				}
				return seq >= 7
			},
		}},
		"an announced gap": {heard: 52 * time.Second, gap: 4100 * time.Millisecond, events: 1, live: liveStation{
			playlist: func(n int) string { return usual(n-4, n, "8:#EXT-X-GAP") },
		}},
		"a segment that is not there": {heard: 52 * time.Second, gap: 4100 * time.Millisecond, events: 1, live: liveStation{
			segment: func(w http.ResponseWriter, r *http.Request, seq int) bool {
				if seq == 8 {
					http.NotFound(w, r)
				}
				return seq == 8
			},
		}},
		"a segment cut short": {heard: 54 * time.Second, gap: 3 * time.Second, events: 1, live: liveStation{
			segment: func(w http.ResponseWriter, r *http.Request, seq int) bool {
				if seq == 8 {
					b := recording(t, "mp3ts-8.ts")
					w.Header().Set("Content-Length", fmt.Sprint(len(b)))
					w.Write(b[:len(b)/2+77])
				}
				return seq == 8
			},
		}},
		"damage in a segment": {heard: 57 * time.Second, gap: time.Second, events: 1, live: liveStation{
			segment: func(w http.ResponseWriter, r *http.Request, seq int) bool {
				if seq == 8 {
					b := bytes.Clone(recording(t, "mp3ts-8.ts"))
					copy(b[20*188:], bytes.Repeat([]byte("GARBAGE"), 60))
					w.Write(append(b[:40*188+31], b[40*188+50:]...))
				}
				return seq == 8
			},
		}},
		"an encoder that starts again": {heard: 50 * time.Second, gap: 5 * time.Second, events: 1, live: liveStation{
			playlist: func(n int) string {
				if n >= restart {
					return strings.ReplaceAll(usual(max(0, n-restart-4), n-restart), "/seg/", "/seg/1")
				}
				return usual(n-4, n)
			},
		}},
		"an old copy now and then": {heard: 58 * time.Second, events: 1, live: liveStation{
			playlist: func(n int) string {
				if n%3 == 0 {
					return usual(n-6, n-2)
				}
				return usual(n-4, n)
			},
		}},
		"a window that left us behind": {heard: 44 * time.Second, gap: 9 * time.Second, events: 1, live: liveStation{
			playlist: func(n int) string {
				if n >= newestAtStart+2 {
					n += 5
				}
				return usual(n-4, n)
			},
		}},
	} {
		subtest(t, name, func(t *testing.T) {
			s := c.live
			s.t, s.name = t, "mp3ts-%d.ts"
			if c.url == "" {
				c.url = "/live.m3u8"
			}
			on(t, &s, []string{c.url}, time.Minute, func(t *testing.T, e *ear) {
				if e.heard < sound.Frames(c.heard) {
					t.Errorf("heard %v, want %v (%v)", sound.Duration(e.heard), c.heard, e.worst)
				}
				if e.gap > max(c.gap, 50*time.Millisecond) {
					t.Errorf("a gap of %v, want at most %v (%v)", e.gap, c.gap, e.worst)
				}
				if e.pure < 0.95 {
					t.Errorf("only %.0f %% of %d blocks are the tone", 100*e.pure, e.blocks)
				}
				if len(e.events) != c.events {
					t.Errorf("events %+v", e.events)
				}
			})
		})
	}
}

// A station that has stopped must be left for the next address, and say why.
func TestHLSStops(t *testing.T) {
	recording(t, "live.mp3")
	after := func(seq int, f func(w http.ResponseWriter, r *http.Request)) func(http.ResponseWriter, *http.Request, int) bool {
		return func(w http.ResponseWriter, r *http.Request, n int) bool {
			if n > seq {
				f(w, r)
			}
			return n > seq
		}
	}
	for name, c := range map[string]struct {
		live liveStation
		why  string
	}{
		"it says so":                {liveStation{playlist: func(n int) string { return usual(3, min(n, 7)) + map[bool]string{true: "#EXT-X-ENDLIST\n"}[n > 7] }}, "ended the stream"},
		"its playlist stands still": {liveStation{playlist: func(n int) string { return usual(3, min(n, 7)) }}, "nothing to decode"},
		"its segments vanish":       {liveStation{segment: after(7, func(w http.ResponseWriter, r *http.Request) { http.NotFound(w, r) })}, "404"},
		"its segments hang":         {liveStation{segment: after(7, func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() })}, "nothing to decode"},
		"its segments are pages":    {liveStation{segment: after(7, func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "<html>") })}, "bytes"},
		"its playlist is a page":    {liveStation{playlist: func(n int) string { return map[bool]string{false: usual(n-4, n), true: "<html>"}[n > 7] }}, "begin with"},
		"its playlist is endless": {liveStation{playlist: func(n int) string {
			return map[bool]string{false: usual(n-4, n), true: "#EXTM3U" + strings.Repeat("\n", maxPlaylist)}[n > 7]
		}}, "larger"},
		"it becomes encrypted": {liveStation{playlist: func(n int) string {
			return usual(n-4, n, "8:#EXT-X-KEY:METHOD=AES-128,URI=\"/key\"")
		}}, "encrypted"},
	} {
		subtest(t, name, func(t *testing.T) {
			s := c.live
			s.t, s.name = t, "mp3ts-%d.ts"
			m := http.NewServeMux()
			m.Handle("/", &s)
			m.Handle("/good", mp3Station(t))
			on(t, m, []string{"/live.m3u8", "/good"}, time.Minute, func(t *testing.T, e *ear) {
				if len(e.events) < 2 || !strings.HasSuffix(e.events[1].To, "/good") {
					t.Fatalf("the good station was not heard: %+v", e.events)
				}
				if why := e.events[1].Why; why == nil || !strings.Contains(why.Error(), c.why) {
					t.Errorf("left because of %v, want %q", why, c.why)
				}
				if e.gap > 4*time.Second {
					t.Errorf("a gap of %v", e.gap)
				}
			})
		})
	}
}

// aTransportStream is a small valid transport stream.
func aTransportStream(f *testing.F, kind astits.StreamType) []byte {
	var b bytes.Buffer
	m := astits.NewMuxer(f.Context(), &b)
	if err := m.AddElementaryStream(astits.PMTElementaryStream{ElementaryPID: 256, StreamType: kind}); err != nil {
		f.Fatal(err)
	}
	m.SetPCRPID(256)
	if _, err := m.WriteTables(); err != nil {
		f.Fatal(err)
	}
	for range 2 {
		if _, err := m.WriteData(&astits.MuxerData{PID: 256, PES: &astits.PESData{
			Header: &astits.PESHeader{StreamID: 0xC0, OptionalHeader: &astits.PESOptionalHeader{MarkerBits: 2}},
			Data:   bytes.Repeat([]byte{0xFF, 0xF1, 0x50, 0x80}, 60),
		}}); err != nil {
			f.Fatal(err)
		}
	}
	return b.Bytes()
}

func FuzzElementary(f *testing.F) {
	f.Add([]byte("G\x40\x00\x10" + strings.Repeat("\xff", 184) + "G"))
	f.Add(append(timestamp(0), 0xFF, 0xF1, 0x50, 0x80, 1, 2, 3, 4))
	f.Add([]byte("\x00\x00\x00\x18ftypmp42"))
	f.Add(aTransportStream(f, astits.StreamTypeADTS))
	f.Add(aTransportStream(f, astits.StreamTypeMPEG1Audio))
	f.Fuzz(func(t *testing.T, b []byte) {
		n := 0
		err := elementary(t.Context(), bytes.NewReader(b), func(mime string, p []byte) error {
			if mime == "" {
				t.Error("sound of no type")
			}
			n += len(p)
			return nil
		})
		if n > len(b) {
			t.Errorf("%d bytes of sound in a segment of %d", n, len(b))
		}
		if err == nil && n == 0 && len(b) > 0 {
			t.Error("nothing was found and nothing said")
		}
	})
}
