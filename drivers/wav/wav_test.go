package wav

import (
	"context"
	"encoding/binary"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// ramp is n frames that can be told apart.
func ramp(from, n int) []int16 {
	p := make([]int16, 0, 2*n)
	for i := range n {
		p = append(p, int16(from+i), int16(-from-i))
	}
	return p
}

// read checks path as a stranger would and returns its samples.
func read(t *testing.T, path string) []int16 {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	le := binary.LittleEndian
	if len(data) < 44 || string(data[:4]) != "RIFF" || string(data[8:16]) != "WAVEfmt " || string(data[36:40]) != "data" ||
		le.Uint16(data[20:]) != 1 || le.Uint16(data[22:]) != 2 || le.Uint32(data[24:]) != 48000 || le.Uint16(data[34:]) != 16 {
		t.Fatalf("%s: no header of 48 kHz stereo PCM: % x", path, data[:min(44, len(data))])
	}
	size := int(le.Uint32(data[40:]))
	if le.Uint32(data[4:]) != uint32(size+36) || size > len(data)-44 || size%4 != 0 {
		t.Fatalf("%s: header says %d bytes of data, there are %d", path, size, len(data)-44)
	}
	var p []int16
	for b := data[44 : 44+size]; len(b) > 0; b = b[2:] {
		p = append(p, int16(le.Uint16(b)))
	}
	return p
}

func open(t *testing.T, o Opts) *Sink {
	t.Helper()
	if o.Path == "" {
		o.Path = filepath.Join(t.TempDir(), "heard.wav")
	}
	s, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestWriteKeepsThePaceOfRealTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, Opts{})
		start := time.Now()
		for i := range 100 { // 2 s in blocks of 20 ms
			if err := s.Write(ramp(i*960, 960)); err != nil {
				t.Fatal(err)
			}
		}
		if d := time.Since(start); d < 1790*time.Millisecond || d > 1810*time.Millisecond {
			t.Errorf("2 s were taken in %v; with a queue of 200 ms it should be 1.8 s", d)
		}
		if n, _ := s.Heard(); n < 1790*48 || n > 1810*48 {
			t.Errorf("heard %d frames", n)
		}
		if err := s.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		if d := time.Since(start); d < 2*time.Second || d > 2*time.Second+time.Millisecond {
			t.Errorf("2 s were heard in %v", d)
		}
		if got := read(t, s.Path()); !slices.Equal(got, ramp(0, 96000)) {
			t.Errorf("%d samples in the file, want the 192000 written", len(got))
		}
	})
}

func TestIdleTimeIsNotHeard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, Opts{})
		for range 2 {
			if err := s.Write(ramp(0, 4800)); err != nil {
				t.Fatal(err)
			}
			start := time.Now()
			if err := s.Drain(t.Context()); err != nil {
				t.Fatal(err)
			}
			if d := time.Since(start); d < 100*time.Millisecond || d > 101*time.Millisecond {
				t.Errorf("100 ms drained in %v", d)
			}
			time.Sleep(time.Hour)
		}
		if got := read(t, s.Path()); len(got) != 2*2*4800 {
			t.Errorf("%d samples in the file", len(got))
		}
	})
}

func TestDropForgetsWhatHasNotSounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, Opts{})
		written := make(chan error)
		go func() { written <- s.Write(ramp(0, 48000)) }()
		time.Sleep(500 * time.Millisecond)
		still, err := s.Drop()
		if err != nil || still != 0 {
			t.Errorf("Drop = %d, %v", still, err)
		}
		if err := <-written; err != nil {
			t.Errorf("the interrupted Write: %v", err)
		}
		start := time.Now()
		if err := s.Write(ramp(20000, 480)); err != nil {
			t.Fatal(err)
		}
		if err := s.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		if d := time.Since(start); d > 11*time.Millisecond {
			t.Errorf("10 ms after a Drop took %v", d)
		}
		want := append(ramp(0, 24000), ramp(20000, 480)...)
		if got := read(t, s.Path()); !slices.Equal(got, want) {
			t.Errorf("%d samples in the file, want 500 ms and then 10 ms", len(got))
		}
		if n, _ := s.Heard(); n != 24480 {
			t.Errorf("heard %d frames, want 24480", n)
		}
	})
}

func TestCloseUnblocksWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, Opts{})
		written := make(chan error)
		go func() { written <- s.Write(ramp(0, 48000)) }()
		time.Sleep(time.Millisecond)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if err := <-written; !errors.Is(err, os.ErrClosed) {
			t.Errorf("Write after Close: %v", err)
		}
		if _, err := s.Drop(); !errors.Is(err, os.ErrClosed) {
			t.Errorf("Drop after Close: %v", err)
		}
		if err := s.Close(); err != nil {
			t.Errorf("second Close: %v", err)
		}
	})
}

func TestDrainGivesUpWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, Opts{})
		if err := s.Write(ramp(0, 9600)); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		start := time.Now()
		if err := s.Drain(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 50*time.Millisecond {
			t.Errorf("Drain = %v after %v", err, time.Since(start))
		}
	})
}

func TestFastHasNoPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, Opts{Fast: true})
		start := time.Now()
		for range 100 {
			if err := s.Write(ramp(0, 4800)); err != nil {
				t.Fatal(err)
			}
		}
		if d := time.Since(start); d != 0 {
			t.Errorf("ten fast seconds took %v", d)
		}
		if got := read(t, s.Path()); len(got) != 2*10*48000 {
			t.Errorf("%d samples", len(got))
		}
	})
}

func TestReopenGoesOnAtTheEnd(t *testing.T) {
	path := filepath.Join(t.TempDir(), "heard.wav")
	for i := range 3 {
		s := open(t, Opts{Path: path, Fast: true})
		if err := s.Write(ramp(i*100, 100)); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if got := read(t, path); !slices.Equal(got, ramp(0, 300)) {
		t.Errorf("%d samples after three openings", len(got))
	}
}

// A kill can fall between a block and the header that counts it, or inside a
// frame; the file is readable before and after the repair.
func TestTornTailIsRepaired(t *testing.T) {
	path := filepath.Join(t.TempDir(), "heard.wav")
	if err := os.WriteFile(path, append(header(400), make([]byte, 400+803)...), 0o600); err != nil {
		t.Fatal(err)
	}
	if n := len(read(t, path)); n != 200 {
		t.Errorf("%d samples before", n)
	}
	s := open(t, Opts{Path: path, Fast: true})
	if err := s.Write(ramp(7, 1)); err != nil {
		t.Fatal(err)
	}
	got := read(t, path)
	if len(got) != 2*301 || got[600] != 7 {
		t.Errorf("%d samples after, the new ones %v", len(got), got[max(0, len(got)-2):])
	}
}

func TestFullFileTurnsOver(t *testing.T) {
	path := filepath.Join(t.TempDir(), "heard.wav")
	s := open(t, Opts{Path: path, Fast: true, MaxBytes: headerSize + 4000 + 3})
	if err := s.Write(ramp(0, 2500)); err != nil {
		t.Fatal(err)
	}
	if got := read(t, path); !slices.Equal(got, ramp(2000, 500)) {
		t.Errorf("%d samples in the new file", len(got))
	}
	if got := read(t, strings.Replace(path, ".wav", ".1.wav", 1)); !slices.Equal(got, ramp(1000, 1000)) {
		t.Errorf("%d samples in the old file", len(got))
	}
	if files, _ := filepath.Glob(filepath.Join(filepath.Dir(path), "*")); len(files) != 2 {
		t.Errorf("files: %v", files)
	}
}

func TestForeignFileIsLeftAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "notes.txt")
	if err := os.WriteFile(path, []byte("không phải âm thanh"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(Opts{Path: path}); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("Open: %v", err)
	}
	if data, _ := os.ReadFile(path); string(data) != "không phải âm thanh" {
		t.Errorf("the file is now %q", data)
	}
	if _, err := Open(Opts{Path: filepath.Join(t.TempDir(), "no", "such", "dir.wav")}); err == nil {
		t.Error("Open in no directory succeeded")
	}
}

func TestHalfFramesAreRefused(t *testing.T) {
	if err := open(t, Opts{Fast: true}).Write(make([]int16, 3)); err == nil {
		t.Error("3 samples were taken for stereo")
	}
}

// TestKilledWriterLeavesAReadableFile kills a process in mid-sound, without
// any chance to tidy up.
func TestKilledWriterLeavesAReadableFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "heard.wav")
	// LOA_RUNNER starts what the kernel cannot, as under qemu-user.
	command := append(strings.Fields(os.Getenv("LOA_RUNNER")), os.Args[0])
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Env = append(os.Environ(), "WAV_TEST_WRITE="+path)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(20 * time.Second); ; {
		if info, err := os.Stat(path); err == nil && info.Size() > 300_000 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the writer does not write")
		}
		time.Sleep(time.Millisecond) // another process is at work; nothing to wait on
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	got := read(t, path)
	if len(got) < 2*48000 {
		t.Errorf("only %d samples can be read", len(got))
	}
	for i := 0; i < len(got); i += 2 {
		if got[i] != int16(i/2%960) {
			t.Fatalf("frame %d is %d", i/2, got[i])
		}
	}
}

func TestMain(m *testing.M) {
	if path := os.Getenv("WAV_TEST_WRITE"); path != "" {
		s, err := Open(Opts{Path: path, Fast: true})
		for err == nil {
			err = s.Write(ramp(0, 960))
		}
		os.Exit(1)
	}
	os.Exit(m.Run())
}
