package relay

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math"
	"math/cmplx"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"loa/agent/plan"
	"loa/agent/sound"
)

// hz is the tone that all test media hold: what is heard can be told from
// noise, silence and stutter by its purity.
const hz = 440

var mediaDir string // what media has made

// media makes a minute and a half of tone in every shape a station may send,
// once for all tests.
var media = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "relay-media-")
	if err != nil {
		return "", err
	}
	mediaDir = dir
	tone := []string{"-hide_banner", "-loglevel", "error", "-f", "lavfi", "-i", fmt.Sprintf("sine=frequency=%d:sample_rate=44100:duration=90", hz)}
	for _, args := range [][]string{
		{"-b:a", "128k", "-ac", "2", "-f", "mp3", "live.mp3"},
		{"-c:a", "aac", "-b:a", "96k", "-f", "adts", "live.aac"},
		{"-c:a", "aac", "-b:a", "96k", "-f", "hls", "-hls_time", "4", "-hls_list_size", "0", "-hls_segment_filename", "ts-%d.ts", "ts.m3u8"},
		{"-c:a", "libmp3lame", "-b:a", "96k", "-f", "hls", "-hls_time", "4", "-hls_list_size", "0", "-hls_segment_filename", "mp3ts-%d.ts", "mp3ts.m3u8"},
		{"-c:a", "aac", "-b:a", "96k", "-f", "segment", "-segment_time", "4", "-segment_format", "adts", "aac-%d.aac"},
		{"-c:a", "libmp3lame", "-b:a", "96k", "-f", "segment", "-segment_time", "4", "-segment_format", "mp3", "-segment_format_options", "write_xing=0:id3v2_version=0", "mp3-%d.mp3"},
	} {
		cmd := exec.Command("ffmpeg", append(append([]string(nil), tone...), args...)...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			return dir, fmt.Errorf("ffmpeg %v: %w: %s", args, err, out)
		}
	}
	return dir, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if mediaDir != "" {
		os.RemoveAll(mediaDir)
	}
	os.Exit(code)
}

func recording(t *testing.T, name string) []byte {
	t.Helper()
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		t.Skip("needs ffmpeg")
	}
	dir, err := media()
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// some are the stations that an emulator runs, which takes seconds for each: one
// of each way to go wrong.
var some = []string{
	"metaint 0", "metaint 4097", "no type at all",
	"/stall", "/late", "/404", "/liar", "/loop", "/away", "/metaint", "/elsewhere", "/garbage", "alsa:hw:1,0", "/drop",
	"another codec after it", "an announced gap", "damage in a segment", "a window that left us behind",
	"it says so", "its segments hang", "its playlist is a page", "it becomes encrypted",
}

// subtest is t.Run for a test with a station; under an emulator, for some.
func subtest(t *testing.T, name string, test func(*testing.T)) {
	t.Helper()
	if os.Getenv("LOA_RUNNER") == "" || slices.Contains(some, name) {
		t.Run(name, test)
	}
}

// An air is a network in memory: inside a synctest bubble real sockets would
// stop time. Every host leads to the same server.
type air struct {
	conns chan net.Conn
	gone  chan struct{}
	asked map[string]int // by host and path
	mu    sync.Mutex
}

func (a *air) Accept() (net.Conn, error) {
	select {
	case c := <-a.conns:
		return c, nil
	case <-a.gone:
		return nil, net.ErrClosed
	}
}
func (a *air) Close() error   { return nil }
func (a *air) Addr() net.Addr { return &net.TCPAddr{} }

func (a *air) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	here, there := net.Pipe()
	select {
	case a.conns <- there:
		return here, nil
	case <-a.gone: // a transport goes on dialling for a request that was given up
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (a *air) times(what string) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.asked[what]
}

// on plays urls from a server with handler h for d, in a bubble, and hands
// what was heard to check.
func on(t *testing.T, h http.Handler, urls []string, d time.Duration, check func(t *testing.T, e *ear)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		a := &air{conns: make(chan net.Conn), gone: make(chan struct{}), asked: make(map[string]int)}
		srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			a.mu.Lock()
			a.asked[r.Host+r.URL.Path]++
			a.mu.Unlock()
			h.ServeHTTP(w, r)
		})}
		go srv.Serve(a)
		tr := transport()
		tr.DialContext = a.dial
		e := &ear{air: a, on: make(map[string]error)}
		var full []string
		for _, u := range urls {
			if strings.HasPrefix(u, "/") {
				u = "http://127.0.0.1" + u
			}
			full = append(full, u)
		}
		e.Source = New(plan.Relay{URLs: full}, Opts{
			Client:   &http.Client{Transport: tr},
			Hosts:    []string{"127.0.0.1"},
			Loopback: true,
			Event:    func(ev Event) { e.events = append(e.events, ev) },
			Report: func(code string, err error) {
				if err != nil {
					e.on[code] = err
				} else {
					delete(e.on, code)
				}
			},
		})
		ctx, cancel := context.WithTimeout(context.Background(), d)
		defer cancel()
		var both sync.WaitGroup
		both.Go(func() { e.Run(ctx) })
		both.Go(func() { e.listen(ctx) })
		<-ctx.Done()
		both.Wait()
		close(a.gone)
		srv.Close()
		tr.CloseIdleConnections()
		time.Sleep(time.Minute) // handlers that sleep wake up and find nobody there
		check(t, e)
	})
}

// An ear listens at the pace of sound and judges what it hears.
type ear struct {
	*Source
	air    *air
	events []Event
	on     map[string]error
	last   Status // while something was heard
	worst  error  // the last error of any address

	heard  int           // frames
	first  time.Duration // until the first sound
	gap    time.Duration // longest pause after it
	pure   float64       // share of blocks that are nothing but the tone
	blocks int
}

func (e *ear) listen(ctx context.Context) {
	begun := time.Now()
	var loud time.Time
	p := make([]float32, sound.Channels*sound.Frames(10*time.Millisecond))
	var block []float64
	clean := 0
	for sleep(ctx, 10*time.Millisecond) == nil {
		if st := e.Status(); st.Rank > 0 {
			e.last = st
		}
		e.mu.Lock()
		for _, l := range e.lanes {
			if l.err != nil {
				e.worst = l.err
			}
		}
		e.mu.Unlock()
		n, _ := e.Read(p)
		e.heard += n / sound.Channels
		for i := 0; i < n; i += 2 {
			block = append(block, float64(p[i]))
		}
		if n > 0 {
			if loud.IsZero() {
				e.first = time.Since(begun)
			} else {
				e.gap = max(e.gap, time.Since(loud))
			}
			loud = time.Now()
		}
		if len(block) >= 4800 {
			e.blocks++
			if purity(block) > 0.98 {
				clean++
			}
			block = nil
		}
	}
	e.pure = float64(clean) / float64(max(e.blocks, 1))
}

// turns are the tone's own for a tenth of a second, after which it repeats.
var turns = sync.OnceValue(func() []complex128 {
	c := make([]complex128, sound.Rate/10)
	for i := range c {
		c[i] = cmplx.Rect(1, 2*math.Pi*hz*float64(i)/sound.Rate)
	}
	return c
})

// purity is the share of the energy of x that lies at hz.
func purity(x []float64) float64 {
	var re, im, all float64
	turn := turns()
	for i, v := range x {
		c := turn[i%len(turn)]
		re += v * real(c)
		im += v * imag(c)
		all += v * v
	}
	if all == 0 {
		return 0
	}
	return 2 * (re*re + im*im) / float64(len(x)) / all
}

// fine fails unless at least want of sound was heard, pure and without gaps.
func (e *ear) fine(t *testing.T, want time.Duration) {
	t.Helper()
	if got := sound.Duration(e.heard); got < want {
		t.Errorf("heard %v, want %v (%v)", got, want, e.worst)
	}
	if e.pure < 0.98 {
		t.Errorf("only %.0f %% of %d blocks are the tone", 100*e.pure, e.blocks)
	}
	if e.gap > 50*time.Millisecond {
		t.Errorf("a gap of %v", e.gap)
	}
}

// An icecast sends a recording over and over at its own pace, after a burst,
// with song titles if it is asked for them.
type icecast struct {
	sound   []byte
	rate    int // bytes per second
	kind    string
	metaint int
	silent  int           // bytes after which it stays open and sends nothing
	drop    int           // bytes after which it hangs up
	once    sync.Once     // drop only the first
	late    time.Duration // before it answers
}

func (s *icecast) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	time.Sleep(s.late)
	w.Header().Set("Content-Type", s.kind)
	meta := s.metaint > 0 && r.Header.Get("Icy-MetaData") == "1"
	if meta {
		w.Header().Set("Icy-Metaint", fmt.Sprint(s.metaint))
	}
	flush := func() { w.(http.Flusher).Flush() }
	begun, sent, until := time.Now(), 0, s.metaint
	for title := 0; ; {
		if s.silent > 0 && sent >= s.silent {
			flush()
			<-r.Context().Done()
			return
		}
		if s.drop > 0 && sent >= s.drop {
			over := false
			s.once.Do(func() { over = true })
			if over {
				panic(http.ErrAbortHandler)
			}
		}
		at := sent % len(s.sound)
		n := min(1024, len(s.sound)-at)
		if meta {
			n = min(n, until)
		}
		if _, err := w.Write(s.sound[at : at+n]); err != nil {
			return
		}
		sent += n
		if until -= n; meta && until == 0 {
			text := ""
			if title++; title%3 == 1 { // most blocks are empty
				text = strings.Repeat("\xff\xfbStreamTitle='Bài ca';", title%7+1)
			}
			w.Write([]byte{byte((len(text) + 15) / 16)})
			w.Write([]byte(text + strings.Repeat("\x00", (16-len(text)%16)%16)))
			until = s.metaint
		}
		if ahead := sent - 64<<10; ahead > 0 {
			flush()
			time.Sleep(time.Until(begun.Add(time.Duration(ahead) * time.Second / time.Duration(s.rate))))
		}
		if r.Context().Err() != nil {
			return
		}
	}
}

func mp3Station(t *testing.T) *icecast {
	return &icecast{sound: recording(t, "live.mp3"), rate: 16000, kind: "audio/mpeg"}
}

func TestIcecast(t *testing.T) {
	for _, metaint := range []int{0, 16000, 1, 4097} {
		subtest(t, fmt.Sprint("metaint ", metaint), func(t *testing.T) {
			s := mp3Station(t)
			s.metaint = metaint
			on(t, s, []string{"/live"}, 40*time.Second, func(t *testing.T, e *ear) {
				e.fine(t, 39*time.Second)
				if e.first > time.Second {
					t.Errorf("first sound after %v", e.first)
				}
			})
		})
	}
	subtest(t, "no type at all", func(t *testing.T) {
		s := mp3Station(t)
		s.kind = ""
		on(t, s, []string{"/live"}, 20*time.Second, func(t *testing.T, e *ear) { e.fine(t, 19*time.Second) })
	})
}

// Every first address behaves badly in its own way; the second is always good.
func TestBadStations(t *testing.T) {
	text := func(status int, kind, body string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", kind)
			w.WriteHeader(status)
			fmt.Fprint(w, body)
		})
	}
	redirect := func(to string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to, http.StatusFound) })
	}
	m := http.NewServeMux()
	good := mp3Station(t)
	m.Handle("/good", good)
	stall, drop, late, meta := mp3Station(t), mp3Station(t), mp3Station(t), mp3Station(t)
	stall.silent, drop.drop, late.late, meta.metaint = 200<<10, 200<<10, 20*time.Second, 16000
	m.Handle("/stall", stall)
	m.Handle("/late", late)
	m.Handle("/404", http.NotFoundHandler())
	m.Handle("/html", text(200, "text/html; charset=utf-8", "<html>đăng nhập</html>"))
	m.Handle("/liar", text(200, "audio/mpeg", strings.Repeat("<html>not sound</html>", 10000)))
	m.Handle("/empty", text(200, "audio/mpeg", ""))
	m.Handle("/partial", text(206, "audio/mpeg", "x"))
	m.Handle("/loop", redirect("/loop"))
	m.Handle("/away", redirect("http://localhost/good"))
	m.Handle("/plain", redirect("http://radio.example/good"))
	m.Handle("/file", redirect("file:///etc/passwd"))
	m.Handle("/metaint", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Icy-Metaint", "-5")
		good.ServeHTTP(w, r)
	}))
	m.Handle("/master", text(200, "application/vnd.apple.mpegurl", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nmaster\n"))
	m.Handle("/elsewhere", text(200, "application/vnd.apple.mpegurl", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nhttps://evil.example/x.m3u8\n"))
	m.Handle("/segments-elsewhere", text(200, "application/vnd.apple.mpegurl", "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nhttps://evil.example/x.ts\n#EXTINF:1,\nhttps://evil.example/y.ts\n#EXTINF:1,\nhttps://evil.example/z.ts\n"))
	m.Handle("/garbage", text(200, "application/vnd.apple.mpegurl", "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n/liar\n#EXTINF:1,\n/html\n#EXTINF:1,\n/404\n"))
	for addr, why := range map[string]string{
		"/stall":                     "nothing to decode",
		"/late":                      "timeout awaiting response headers",
		"/404":                       "404",
		"/html":                      "text/html",
		"/liar":                      "media-format",
		"/empty":                     "media-format",
		"/partial":                   "206",
		"/loop":                      "redirects",
		"/away":                      "localhost is not in the policy",
		"/plain":                     "not an https address",
		"/file":                      "not an https address",
		"/metaint":                   "icy-metaint",
		"/master":                    "master playlist again",
		"/elsewhere":                 "evil.example is not in the policy",
		"/segments-elsewhere":        "evil.example is not in the policy",
		"/garbage":                   "404",
		"https://radio.example/live": "radio.example is not in the policy",
		"alsa:hw:1,0":                "no sound inputs",
	} {
		subtest(t, addr, func(t *testing.T) {
			on(t, m, []string{addr, "/good"}, 45*time.Second, func(t *testing.T, e *ear) {
				if n := len(e.events); n == 0 || !strings.HasSuffix(e.events[n-1].To, "/good") {
					t.Errorf("the good station was not heard: %+v", e.events)
				}
				if e.worst == nil || !strings.Contains(e.worst.Error(), why) {
					t.Errorf("error %v, want one that says %q", e.worst, why)
				}
				if e.first > 4*time.Second || e.gap > 3500*time.Millisecond || e.pure < 0.97 {
					t.Errorf("first sound after %v, gap %v, purity %v", e.first, e.gap, e.pure)
				}
				if n := e.air.times("localhost/good") + e.air.times("radio.example/good"); n != 0 {
					t.Errorf("%d requests to hosts that are not listed", n)
				}
			})
		})
	}
	subtest(t, "/drop", func(t *testing.T) {
		m.Handle("/drop", drop)
		on(t, m, []string{"/drop", "/good"}, 45*time.Second, func(t *testing.T, e *ear) {
			if len(e.events) != 1 || e.last.Rank != 1 || e.last.Reconnects != 1 {
				t.Errorf("events %+v, %+v; want one reconnect to the same address", e.events, e.last)
			}
			if e.gap > 50*time.Millisecond {
				t.Errorf("a gap of %v", e.gap)
			}
		})
	})
}

// An input of the box is raw sound in a pipe.
func TestInput(t *testing.T) {
	var raw bytes.Buffer
	for i := range sound.Rate {
		v := int16(8000 * math.Sin(2*math.Pi*hz*float64(i)/sound.Rate))
		raw.Write([]byte{byte(v), byte(v >> 8), byte(v), byte(v >> 8)})
	}
	synctest.Test(t, func(t *testing.T) {
		here, there := net.Pipe()
		asked := ""
		go func() {
			for b := raw.Bytes(); ; time.Sleep(20 * time.Millisecond) {
				if _, err := there.Write(b[:3840]); err != nil {
					return
				}
				copy(b, append(b[3840:len(b):len(b)], b[:3840]...))
			}
		}()
		src, err := dial(t.Context(), "alsa:hw:1,0", nil, func(name string) (io.ReadCloser, error) { asked = name; return here, nil }, nil)
		if err != nil {
			t.Fatal(err)
		}
		var got []float64
		p := make([]float32, 4096)
		for len(got) < 48000 {
			time.Sleep(10 * time.Millisecond)
			n, err := src.Read(p)
			if err != nil {
				t.Fatal(err)
			}
			for i := 0; i < n; i += 2 {
				got = append(got, float64(p[i]))
			}
		}
		if asked != "hw:1,0" || purity(got) < 0.98 {
			t.Errorf("input %q, purity %v", asked, purity(got))
		}
		there.Close()
		time.Sleep(time.Second)
		for err = nil; err == nil; {
			_, err = src.Read(p)
		}
		src.Close()
		src.Close()
	})
}
