package player_test

import (
	"context"
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"loa/agent/plan"
	"loa/agent/player"
	"loa/agent/sound"
)

// A folder is a shelf of recordings named by what they hold.
type folder string

func (f folder) Hold(name string) (string, func(), bool) {
	return filepath.Join(string(f), name), func() {}, true
}
func (f folder) Doubt(string) bool { return true }

// A stretch of a recording: a tone at a level, or silence at 0.
type stretch struct {
	length time.Duration
	dBFS   float64
}

const wavRate = 48000

// put makes a recording: WAV, 48 kHz, one channel. Its silence takes no room.
func (f folder) put(t *testing.T, name string, of ...stretch) plan.Part {
	t.Helper()
	file, err := os.Create(filepath.Join(string(f), name))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	const head = 44
	at := int64(head)
	for _, s := range of {
		n := int64(s.length.Seconds() * wavRate)
		if s.dBFS != 0 {
			pcm := make([]int16, n)
			for i := range pcm {
				pcm[i] = int16(math.MaxInt16 * sound.Amplitude(s.dBFS) * math.Sin(2*math.Pi*1000*float64(i)/wavRate))
			}
			b, _ := binary.Append(nil, binary.LittleEndian, pcm)
			if _, err := file.WriteAt(b, at); err != nil {
				t.Fatal(err)
			}
		}
		at += 2 * n
	}
	b := []byte("RIFF....WAVEfmt ")
	binary.LittleEndian.PutUint32(b[4:], uint32(at-8))
	b, _ = binary.Append(b, binary.LittleEndian, struct {
		size             uint32
		format, channels uint16
		rate, second     uint32
		frame, bits      uint16
	}{16, 1, 1, wavRate, 2 * wavRate, 2, 16})
	b = binary.LittleEndian.AppendUint32(append(b, "data"...), uint32(at-head))
	if _, err := file.WriteAt(b, 0); err != nil {
		t.Fatal(err)
	}
	if err := file.Truncate(at); err != nil {
		t.Fatal(err)
	}
	return plan.Part{Audio: &plan.Audio{SHA256: name, Type: "audio/wav"}}
}

// open opens a recording and gives the gain that brings it to the house's loudness.
func open(t *testing.T, l *player.Library, p plan.Part) (gainDB float64) {
	t.Helper()
	o, err := l.Open(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	o.Source.Close()
	return o.GainDB
}

// A tone at 0 dBFS of peak and 1 kHz is −3 LUFS on one side, 0 on both.
func TestUnmeasuredRecordingIsLevelled(t *testing.T) {
	const second = time.Second
	for _, c := range []struct {
		name string
		of   []stretch
		gain float64
	}{
		{"speech", []stretch{{5 * second, -24}}, 8},
		{"loud", []stretch{{5 * second, -6}}, -10},
		{"faint", []stretch{{5 * second, -50}}, 12},
		{"short", []stretch{{second, -24}}, 8},
		{"silence", []stretch{{5 * second, 0}}, 0},
		{"speech after a silence", []stretch{{5 * second, 0}, {5 * second, -24}}, 8},
		{"speech when it is too late", []stretch{{125 * second, 0}, {5 * second, -50}}, 0},
		{"a breath before a long silence", []stretch{{second, -60}, {125 * second, 0}}, 0},
		{"speech before a long silence", []stretch{{5 * second, -24}, {125 * second, 0}}, 8},
	} {
		t.Run(c.name, func(t *testing.T) {
			// In a bubble computing takes no time, so the figures are those of an idle box.
			synctest.Test(t, func(t *testing.T) {
				f := folder(t.TempDir())
				l := player.NewLibrary(f, nil, nil)
				part := f.put(t, "a", c.of...)
				if got := open(t, l, part); math.Abs(got-c.gain) > 0.5 {
					t.Errorf("gain %.1f dB, want %.1f", got, c.gain)
				}
				f.put(t, "a", stretch{5 * second, -12})
				if got := open(t, l, part); math.Abs(got-c.gain) > 0.5 {
					t.Errorf("gain %.1f dB: it was measured again", got)
				}
			})
		})
	}
}

// Half a day in which nobody speaks would be decoded for minutes to find a level.
func TestMeasuringEndsAndHoldsUpNobody(t *testing.T) {
	f := folder(t.TempDir())
	l := player.NewLibrary(f, nil, nil)
	day, other := f.put(t, "day", stretch{12 * time.Hour, 0}), f.put(t, "other", stretch{10 * time.Second, -24})
	began := time.Now()
	opened := make(chan time.Duration)
	go func() { // waited for below
		if o, err := l.Open(t.Context(), day); err == nil {
			o.Source.Close()
		}
		opened <- time.Since(began)
	}()
	time.Sleep(100 * time.Millisecond) // it measures by now, or will soon
	asked := time.Now()
	open(t, l, other)
	waited, took := time.Since(asked), <-opened
	t.Logf("the other waited %v, the day took %v", waited, took)
	if waited > 15*time.Second || took > 15*time.Second {
		t.Errorf("the other waited %v, the day took %v", waited, took)
	}
}

// Who is called off has measured nothing: the next one does.
func TestCalledOffWhileMeasuring(t *testing.T) {
	f := folder(t.TempDir())
	l := player.NewLibrary(f, nil, nil)
	p := f.put(t, "speech", stretch{20 * time.Second, -24})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if o, err := l.Open(ctx, p); err == nil {
		t.Errorf("nobody waits, and it was opened: %+v", o)
	}
	if got := open(t, l, p); math.Abs(got-8) > 0.5 {
		t.Errorf("gain %.1f dB, want 8", got)
	}
}
