package relay

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"
)

const live = `#EXTM3U
#EXT-X-VERSION:3
#EXT-X-TARGETDURATION:6
#EXT-X-MEDIA-SEQUENCE:%d
`

// window is a live playlist of n six-second segments from seq on.
func window(seq, n int) *playlist {
	var b strings.Builder
	fmt.Fprintf(&b, live, seq)
	for i := range n {
		fmt.Fprintf(&b, "#EXTINF:6.0,\nseg%d.ts\n", seq+i)
	}
	p, err := parsePlaylist([]byte(b.String()))
	if err != nil {
		panic(err)
	}
	return p
}

func TestParseMedia(t *testing.T) {
	p, err := parsePlaylist([]byte("\uFEFF#EXTM3U\r\n#EXT-X-TARGETDURATION:10\r\n#EXT-X-MEDIA-SEQUENCE:7\r\n" +
		"#EXT-X-NEVER-HEARD-OF:1\r\n#EXT-X-KEY:METHOD=NONE\r\n# a comment\r\n\r\n" +
		"#EXTINF:9.5,a title, with comma\r\na.ts\r\n#EXT-X-DISCONTINUITY\r\n#EXT-X-GAP\r\n#EXTINF:4\r\nhttps://b.example/b.aac?x=1\r\n#EXT-X-ENDLIST\r\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := []segment{
		{uri: "a.ts", length: 9500 * time.Millisecond, seq: 7},
		{uri: "https://b.example/b.aac?x=1", length: 4 * time.Second, seq: 8, jump: true, gap: true},
	}
	if len(p.segments) != 2 || p.segments[0] != want[0] || p.segments[1] != want[1] {
		t.Errorf("segments %+v\nwant %+v", p.segments, want)
	}
	if p.target != 10*time.Second || !p.ended || p.last() != 8 {
		t.Errorf("target %v, ended %v, last %d", p.target, p.ended, p.last())
	}
}

func TestParseRefuses(t *testing.T) {
	media := "#EXTM3U\n#EXT-X-TARGETDURATION:6\n"
	for name, c := range map[string]struct{ text, why string }{
		"empty":             {"", "begin with"},
		"html":              {"<html>404</html>", "begin with"},
		"list of addresses": {"#EXTM3U\n#EXTINF:-1,VOV1\nhttps://a.example/live.mp3\n", "sign the address of the stream"},
		"plain list":        {"#EXTM3U\nhttps://a.example/live.mp3\n", "sign the address of the stream"},
		"no target":         {"#EXTM3U\n#EXT-X-VERSION:3\n#EXTINF:6,\na.ts\n", "target duration"},
		"encrypted":         {media + "#EXT-X-KEY:METHOD=AES-128,URI=\"k\"\n#EXTINF:6,\na.ts\n", "AES-128"},
		"fragmented MP4":    {media + "#EXT-X-MAP:URI=\"init.mp4\"\n", "line 3"},
		"byte ranges":       {media + "#EXTINF:6,\n#EXT-X-BYTERANGE:100@0\na.ts\n", "byte ranges"},
		"negative length":   {media + "#EXTINF:-3,\na.ts\n", "line 3"},
		"endless length":    {media + "#EXTINF:NaN,\na.ts\n", "line 3"},
		"huge sequence":     {media + "#EXT-X-MEDIA-SEQUENCE:99999999999999999999\n", "sequence"},
		"not UTF-8":         {media + "#EXTINF:6,\n\xff\xfe.ts\n", "UTF-8"},
		"both":              {media + "#EXT-X-STREAM-INF:BANDWIDTH=1\nv.m3u8\n#EXTINF:6,\na.ts\n", "both"},
		"too many":          {media + strings.Repeat("#EXTINF:6,\na\n", maxSegments+1), "more than"},
		"too many variants": {"#EXTM3U\n" + strings.Repeat("#EXT-X-STREAM-INF:BANDWIDTH=1\na\n", maxVariants+1), "more than"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := parsePlaylist([]byte(c.text))
			if err == nil || !strings.Contains(err.Error(), c.why) {
				t.Errorf("error %v, want one that says %q", err, c.why)
			}
		})
	}
}

func TestPick(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"the best that is still cheap": {`
#EXT-X-STREAM-INF:BANDWIDTH=48000,CODECS="mp4a.40.2"
48
#EXT-X-STREAM-INF:BANDWIDTH=128000,CODECS="mp4a.40.2"
128
#EXT-X-STREAM-INF:BANDWIDTH=320000,CODECS="mp4a.40.2"
320`, "128"},
		"the cheapest of the dear": {`
#EXT-X-STREAM-INF:BANDWIDTH=512000
512
#EXT-X-STREAM-INF:BANDWIDTH=256000
256`, "256"},
		"plain AAC before HE-AAC": {`
#EXT-X-STREAM-INF:BANDWIDTH=64000,CODECS="mp4a.40.5"
he
#EXT-X-STREAM-INF:BANDWIDTH=192000,CODECS="mp4a.40.2"
lc`, "lc"},
		"sound before pictures": {`
#EXT-X-STREAM-INF:BANDWIDTH=150000,CODECS="avc1.42c00d,mp4a.40.2"
video
#EXT-X-STREAM-INF:BANDWIDTH=64000,CODECS="mp4a.40.2"
audio`, "audio"},
		"the sound of a television channel": {`
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="g",NAME="Tiếng Việt, gốc",DEFAULT=YES,URI="sound.m3u8"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="g",NAME="English",URI="en.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=900000,CODECS="avc1.42c00d,mp4a.40.2",AUDIO="g"
video.m3u8`, "sound.m3u8"},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := parsePlaylist([]byte("#EXTM3U" + c.text))
			if err != nil {
				t.Fatal(err)
			}
			if got := p.pick().uri; got != c.want {
				t.Errorf("picked %q, want %q", got, c.want)
			}
		})
	}
}

// Each step is a playlist that arrives; the letters say what is played of it:
// numbers of segments, "!" before one that does not follow.
func TestEdge(t *testing.T) {
	type step struct {
		p    *playlist
		want string
	}
	reset := window(0, 3)
	for i := range reset.segments {
		reset.segments[i].uri = "new" + reset.segments[i].uri
	}
	ended := window(10, 5)
	ended.ended = true
	flagged := window(13, 5)
	flagged.segments[2].jump = true
	for name, steps := range map[string][]step{
		"joins three target durations before the end": {{window(10, 10), "17 18 19"}},
		"joins a short one at its beginning":          {{window(10, 2), "10 11"}},
		"plays a finished one whole":                  {{ended, "10 11 12 13 14"}},
		"follows":                                     {{window(10, 5), "12 13 14"}, {window(11, 5), "15"}, {window(11, 5), ""}, {window(13, 5), "16 17"}},
		"keeps a flagged jump":                        {{window(10, 5), "12 13 14"}, {flagged, "!15 16 17"}},
		"empty, then not":                             {{&playlist{target: 6 * time.Second}, ""}, {window(3, 1), "3"}},
		"left behind, joins again":                    {{window(10, 5), "12 13 14"}, {window(40, 5), "!42 43 44"}},
		"an old copy from a cache":                    {{window(10, 5), "12 13 14"}, {window(8, 5), ""}, {window(11, 5), "15"}},
		"an encoder that began anew":                  {{window(10, 5), "12 13 14"}, {reset, "!0 1 2"}},
		"began anew under old names":                  {{window(0, 3), "0 1 2"}, {window(1, 3), "3"}, {window(0, 2), ""}, {window(0, 2), ""}, {window(0, 2), ""}, {window(0, 2), "!0 1"}},
	} {
		t.Run(name, func(t *testing.T) {
			var e edge
			now := time.Date(2026, 11, 23, 5, 30, 0, 0, time.UTC)
			for i, s := range steps {
				var got []string
				for _, seg := range e.advance(s.p, now) {
					mark := ""
					if seg.jump {
						mark = "!"
					}
					got = append(got, fmt.Sprint(mark, seg.seq))
				}
				if strings.Join(got, " ") != s.want {
					t.Errorf("step %d plays %q, want %q", i+1, strings.Join(got, " "), s.want)
				}
				if e.changed != (s.want != "") {
					t.Errorf("step %d: changed is %v", i+1, e.changed)
				}
				now = now.Add(6 * time.Second)
			}
		})
	}
}

func TestAllowed(t *testing.T) {
	w := newWeb(Opts{Hosts: []string{"VOV.vn", "cdn.example:8443", "192.0.2.7"}})
	for addr, ok := range map[string]bool{
		"https://vov.vn/live":           true,
		"https://VOV.VN./live":          true,
		"https://vov.vn:8000/live":      true,
		"https://cdn.example:8443/x":    true,
		"https://192.0.2.7/x":           true,
		"https://cdn.example/x":         false,
		"http://vov.vn/live":            false,
		"ftp://vov.vn/live":             false,
		"https://vov.vn.evil.example/":  false,
		"https://evilvov.vn/":           false,
		"https://live.vov.vn/":          false,
		"https://user:pw@vov.vn/":       false,
		"https://vov.vn@evil.example/":  false,
		"https:///live":                 false,
		"http://127.0.0.1/":             false,
		"https://127.0.0.1/":            false,
		"file:///etc/passwd":            false,
		"https://vov.vn%2eevil.example": false,
	} {
		u, err := url.Parse(addr)
		if err != nil {
			if ok {
				t.Errorf("%s: %v", addr, err)
			}
			continue
		}
		if err := w.allowed(u); (err == nil) != ok {
			t.Errorf("%s: %v", addr, err)
		}
	}
}

func FuzzPlaylist(f *testing.F) {
	f.Add([]byte("#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXT-X-MEDIA-SEQUENCE:9\n#EXTINF:6,\na.ts\n#EXT-X-DISCONTINUITY\n#EXTINF:6,\nb.ts\n"))
	f.Add([]byte("#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"g\",URI=\"s\"\n#EXT-X-STREAM-INF:BANDWIDTH=9,AUDIO=\"g\"\nv\n"))
	f.Add([]byte("#EXTM3U\n#EXT-X-KEY:METHOD=NONE,\"=,\"=\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := parsePlaylist(text)
		if err != nil {
			return
		}
		if len(p.variants) > 0 {
			p.pick()
			return
		}
		var e edge
		now := time.Unix(0, 0)
		first := e.advance(p, now)
		if len(first) == 0 != (len(p.segments) == 0) {
			t.Errorf("%d of %d segments are played at first", len(first), len(p.segments))
		}
		if again := e.advance(p, now); len(again) != 0 {
			t.Errorf("%d segments are played twice", len(again))
		}
		if d := e.pause(p); d < 500*time.Millisecond {
			t.Errorf("asks every %v", d)
		}
	})
}
