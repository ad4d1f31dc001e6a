package decode

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"loa/agent/plan"
)

// TestOpen plays files as the player does, to the end, at the right length.
func TestOpen(t *testing.T) {
	for _, c := range []struct {
		file string
		want time.Duration
	}{
		{"s44100.mp3", 5 * time.Second},
		{"vbr22050.mp3", 5 * time.Second},
		{"s64.opus", 5 * time.Second},
		{"q0m22050.ogg", 5 * time.Second},
		{"s24.flac", 5 * time.Second},
		{"pcm_mulaw.wav", 5 * time.Second},
		{"surround.wav", 5 * time.Second},
	} {
		t.Run(c.file, func(t *testing.T) {
			src, err := Open(bytes.NewReader(media(t, c.file)), "")
			if err != nil {
				t.Fatal(err)
			}
			defer src.Close()
			pcm := listen(t, src)
			if d := duration(int64(len(pcm)/2), 48000) - c.want; d.Abs() > 5*time.Millisecond {
				t.Errorf("lasts %v longer than %v", d, c.want)
			}
			if rms := level(pcm); rms < -40 {
				t.Errorf("%.1f dBFS: that is silence", rms)
			}
			if d := src.Info().Duration - c.want; d.Abs() > 5*time.Millisecond {
				t.Errorf("its head says %v", src.Info().Duration)
			}
		})
	}
}

// TestSeek goes to places in a file and compares what sounds there with what
// sounds there when it is played from the beginning.
func TestSeek(t *testing.T) {
	for _, file := range []string{"long.mp3", "longm.mp3", "vbr44100.mp3", "vbr22050.mp3", "m8000.mp3", "pcm_s24le.wav",
		"long.aac", "m8000.aac", "long.opus", "m24.opus", "s96-2.5ms.opus", "long.ogg", "q0m22050.ogg", "long.flac", "m8.flac"} {
		run(t, file, func(t *testing.T) {
			data := media(t, file)
			src, err := Open(bytes.NewReader(data), "")
			if err != nil {
				t.Fatal(err)
			}
			whole := listen(t, src)
			src.Close()
			src, err = Open(bytes.NewReader(data), "")
			if err != nil {
				t.Fatal(err)
			}
			defer src.Close()
			length := duration(int64(len(whole)/2), 48000)
			for _, to := range []time.Duration{length / 2, 0, 1700 * time.Millisecond, length - 900*time.Millisecond, 10 * time.Millisecond} {
				if err := src.SeekTo(to); err != nil {
					t.Fatal(err)
				}
				got := listen(t, src)
				at := int(frames(to, 48000))
				want := take{rate: 48000, channels: 2, pcm: whole[2*at:]}
				l := compare(take{rate: 48000, channels: 2, pcm: want.pcm[2*4800:]}, take{rate: 48000, channels: 2, pcm: got}, 4800+2400)
				if off := l.lag - 4800; off < -2400 || off > 2400 || l.snr < 20 {
					t.Errorf("SeekTo(%v) lands %d frames off: %v", to, off, l)
				}
				if d := len(got) - len(want.pcm); d < -2*2400 || d > 2*2400 {
					t.Errorf("from %v on there are %d frames too many", to, d/2)
				}
			}
			if err := src.SeekTo(length + time.Second); err != nil {
				t.Error("beyond the end:", err)
			}
			if n, err := src.Read(make([]float32, 64)); n != 0 || !errors.Is(err, io.EOF) {
				t.Errorf("beyond the end: %d, %v, want 0, EOF", n, err)
			}
		})
	}
}

// TestNotSound refuses what is not sound, with its name.
func TestNotSound(t *testing.T) {
	for name, data := range map[string][]byte{
		"empty":     nil,
		"web page":  bytes.Repeat([]byte("<html><body>404 not found</body></html>"), 200),
		"doctype":   []byte("\n\n<!DOCTYPE html><title>Đăng nhập</title>"),
		"text":      bytes.Repeat([]byte("Thong bao. "), 3000),
		"json":      []byte(`{"error":"not found"}`),
		"zeros":     make([]byte, 200_000),
		"picture":   []byte("\x89PNG\r\n\x1a\n0000000000000000"),
		"mp4":       []byte("\x00\x00\x00\x20ftypM4A \x00\x00\x00\x00"),
		"one byte":  {0xFF},
		"wav head":  []byte("RIFF\x24\x00\x00\x00WAVE"),
		"avi":       []byte("RIFF\x24\x00\x00\x00AVI LIST"),
		"bad wav":   []byte("RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x02\x00\x01\x00\x44\xac\x00\x00\x44\xac\x00\x00\x01\x00\x04\x00data\x04\x00\x00\x00\x00\x00\x00\x00"),
		"empty wav": []byte("RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x44\xac\x00\x00\x88\x58\x01\x00\x02\x00\x10\x00data\x00\x00\x00\x00"),
	} {
		t.Run(name, func(t *testing.T) {
			src, err := Open(bytes.NewReader(data), TypeMP3)
			var refusal *plan.Error
			if !errors.As(err, &refusal) || refusal.Code != plan.MediaFormat {
				t.Fatalf("Open: %v, %v, want a refusal with %s", src, err, plan.MediaFormat)
			}
			t.Log(err)
		})
	}
}

// A stalled reader gives what it has and then nothing until it is closed.
type stalled struct {
	data   io.Reader
	closed chan struct{}
}

func (s *stalled) Read(p []byte) (int, error) {
	if n, err := s.data.Read(p); n > 0 || err == nil {
		return n, nil
	}
	<-s.closed
	return 0, errors.New("connection closed")
}

func (s *stalled) Close() error {
	close(s.closed)
	return nil
}

// TestStreamNeverBlocks reads a station that falls silent in the middle.
func TestStreamNeverBlocks(t *testing.T) {
	data := media(t, "s44100.mp3")
	synctest.Test(t, func(t *testing.T) {
		src, err := Stream(&stalled{bytes.NewReader(data[:40000]), make(chan struct{})}, "")
		if err != nil {
			t.Fatal(err)
		}
		p := make([]float32, 9600)
		heard := 0
		for {
			n, err := src.Read(p)
			if err != nil {
				t.Fatal(err)
			}
			heard += n
			if n == 0 {
				synctest.Wait()
				if src.Buffered() == 0 {
					break
				}
			}
		}
		if s := duration(int64(heard/2), 48000); s < 2300*time.Millisecond {
			t.Errorf("heard %v of the 2.4 s that arrived", s)
		}
		if err := src.SeekTo(0); !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("SeekTo in a stream: %v", err)
		}
		// However long it lasts: no error, no sound, no waiting.
		time.Sleep(time.Hour)
		if n, err := src.Read(p); n != 0 || err != nil {
			t.Errorf("Read: %d, %v, want 0, nil", n, err)
		}
		if err := src.Close(); err != nil {
			t.Error(err)
		}
		<-src.done
		if n, err := src.Read(p); n != 0 || err == nil || errors.Is(err, io.EOF) {
			t.Errorf("after Close: %d, %v", n, err)
		}
	})
}

// TestStalledRecording gives a recording up whose disk does not answer.
func TestStalledRecording(t *testing.T) {
	data := media(t, "long.mp3")
	synctest.Test(t, func(t *testing.T) {
		r := &slowDisk{bytes.NewReader(data), 200_000}
		src, err := Open(r, "")
		if err != nil {
			t.Fatal(err)
		}
		p := make([]float32, 9600)
		var last time.Time
		for {
			n, err := src.Read(p)
			if err != nil {
				var refusal *plan.Error
				if !errors.As(err, &refusal) {
					t.Fatal(err)
				}
				if d := time.Since(last); d < stall || d > stall+time.Second {
					t.Errorf("given up after %v, want %v", d, stall)
				}
				break
			}
			if n > 0 {
				last = time.Now()
			}
			time.Sleep(100 * time.Millisecond)
		}
		src.Close()
		<-src.done
	})
}

// TestBeginsWithEnough: a sink that was idle takes its whole queue at once.
// A recording that began with the first piece would have a hole behind it whenever
// the machine is busy.
func TestBeginsWithEnough(t *testing.T) {
	data := media(t, "long.mp3")
	synctest.Test(t, func(t *testing.T) {
		src, err := Open(&steadyDisk{bytes.NewReader(data)}, "")
		if err != nil {
			t.Fatal(err)
		}
		for _, what := range []string{"after Open", "after SeekTo"} {
			if b := src.Buffered(); b < 750*time.Millisecond {
				t.Errorf("%v ready %s, want 0.75 s", b, what)
			}
			if err := src.SeekTo(time.Second); err != nil {
				t.Fatal(err)
			}
		}
		src.Close()
		<-src.done
	})
}

// A steadyDisk takes 20 ms for each read.
type steadyDisk struct{ *bytes.Reader }

func (s *steadyDisk) Read(p []byte) (int, error) {
	time.Sleep(20 * time.Millisecond)
	return s.Reader.Read(p)
}

// A slowDisk takes a minute for each read beyond some place.
type slowDisk struct {
	*bytes.Reader
	good int
}

func (s *slowDisk) Read(p []byte) (int, error) {
	n, err := s.Reader.Read(p)
	if s.good -= n; s.good < 0 {
		time.Sleep(time.Minute)
	}
	return n, err
}

// lying is FLAC made to keep a decoder busy: headers that hold, each of a frame of
// eight channels and 65,536 samples in 38 bytes, and not one checksum that does.
func lying(frames int, head bool) []byte {
	var b []byte
	if head {
		info := make([]byte, flacInfo)
		binary.BigEndian.PutUint16(info, 16)
		binary.BigEndian.PutUint16(info[2:], 65535)
		binary.BigEndian.PutUint64(info[10:], 48000<<44|7<<41|15<<36)
		b = append([]byte("fLaC\x80\x00\x00\x22"), info...)
	}
	frame := []byte{0xFF, 0xF9, 0x7A, 0x78, 0x00, 0xFF, 0xFE} // 65,535 samples at 48 kHz, 8 × 16 bits
	frame = append(frame, crc8(frame))
	for range 8 {
		frame = append(frame, 0, 0x12, 0x34) // a channel that is one sample all along
	}
	frame = append(frame, 0, 0)
	return append(b, bytes.Repeat(frame, frames)...)
}

// TestCalledOff looks for the frames of a recording that has none, and would for
// minutes: it ends when nobody waits for it any more.
func TestCalledOff(t *testing.T) {
	for name, look := range map[string]func(in *input) error{
		"the next frame": func(in *input) error {
			d, err := newFLAC(in)
			if err == nil {
				_, err = d.next()
			}
			return err
		},
		"any frame": func(in *input) error { _, _, err := search(in); return err },
	} {
		t.Run(name, func(t *testing.T) {
			in, err := seekable(bytes.NewReader(lying(20_000, name == "the next frame")))
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			in.ctx = ctx
			time.AfterFunc(50*time.Millisecond, cancel)
			began := time.Now()
			if err := look(in); !errors.Is(err, context.Canceled) {
				t.Errorf("it ended with %v", err)
			}
			if d := time.Since(began); d > 10*time.Second {
				t.Errorf("it ended after %v", d)
			}
		})
	}
}

// TestSoughtForTooLong gives a recording up in which no beginning is found.
func TestSoughtForTooLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		_, err := Open(&steadyDisk{bytes.NewReader(make([]byte, maxJunk))}, "")
		var refusal *plan.Error
		if !errors.As(err, &refusal) || refusal.Code != plan.MediaFormat {
			t.Errorf("Open: %v, want %s", err, plan.MediaFormat)
		}
		if d := time.Since(began); d < stall || d > stall+time.Second {
			t.Errorf("given up after %v, want %v", d, stall)
		}
	})
}

// TestStreamInRealTimeHasNoCrackle reads a source that gives no more than sounds, in
// the bursts of a sink: what it lacks it lacks once.
func TestStreamInRealTimeHasNoCrackle(t *testing.T) {
	data := media(t, "s44100.mp3")
	synctest.Test(t, func(t *testing.T) {
		r, w := io.Pipe()
		written := make(chan struct{})
		go func() { // ends with r
			defer close(written)
			for k := 0; len(data) > 0; k++ {
				n := min(len(data), 16000/50) // 128 kbit/s
				if _, err := w.Write(data[:n]); err != nil {
					return
				}
				data = data[n:]
				time.Sleep(time.Duration(5+k%4*10) * time.Millisecond) // 20 ms, more or less
			}
			w.Close()
		}()
		src, err := Stream(r, "")
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			src.Close()
			<-src.done
			<-written
		}()
		p := make([]float32, 2*240*48)
		begun, gaps := false, 0
		for range 12 { // 2.9 s
			synctest.Wait()
			n, err := src.Read(p)
			if err != nil {
				t.Fatal(err)
			}
			begun = begun || n > 0
			if begun && n < len(p) {
				gaps++
			}
			time.Sleep(240 * time.Millisecond)
		}
		if !begun || gaps > 0 {
			t.Errorf("begun %v, then %d gaps", begun, gaps)
		}
	})
}

// TestProbe measures without being told.
func TestProbe(t *testing.T) {
	info, err := Probe(context.Background(), bytes.NewReader(media(t, "bare44100.mp3")), "")
	if err != nil {
		t.Fatal(err)
	}
	if info.Type != TypeMP3 || info.Rate != 44100 || info.Channels != 2 || (info.Duration-5*time.Second).Abs() > 60*time.Millisecond {
		t.Errorf("%+v", info)
	}
}

// listen reads a source to its end.
func listen(t testing.TB, src *Source) (pcm []float32) {
	t.Helper()
	p := make([]float32, 8192)
	for {
		n, err := src.Read(p)
		pcm = append(pcm, p[:n]...)
		if errors.Is(err, io.EOF) {
			return pcm
		}
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			src.mu.Lock()
			err := src.await(time.Minute, func() bool { return src.fill > 0 || src.err != nil })
			src.mu.Unlock()
			if err != nil {
				t.Fatal(err)
			}
		}
	}
}

// level is the RMS level in dBFS.
func level(pcm []float32) float64 {
	var sum float64
	for _, v := range pcm {
		sum += float64(v) * float64(v)
	}
	return 10 * math.Log10(sum/float64(max(1, len(pcm))))
}
