package decode

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// TestBench times the decoders beside their peers, by the processor time of child
// processes, the median of three runs each, and prints one line for each:
//
//	bench NAME VALUE UNIT peer PEER VALUE ratio R
//
// It runs when LOA_BENCH is set: go test ./agent/decode -run '^TestBench$' -v.
func TestBench(t *testing.T) {
	if path := os.Getenv("LOA_BENCH_DECODE"); path != "" {
		decodeFile(t, path)
		return
	}
	if os.Getenv("LOA_BENCH") == "" {
		t.Skip("LOA_BENCH is not set")
	}
	dir, err := mediaDir()
	if err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("sh", "../../testdata/media.sh", dir, "bench").CombinedOutput(); err != nil {
		t.Fatalf("testdata/media.sh: %v: %s", err, out)
	}
	mpg123 := func(path string) *exec.Cmd { return exec.Command("mpg123", "-q", "-t", path) }
	ffmpeg := func(path string) *exec.Cmd {
		return exec.Command("ffmpeg", "-nostdin", "-v", "error", "-threads", "1", "-i", path, "-f", "null", "-")
	}
	for _, c := range []struct {
		name, file string
		peer       func(path string) *exec.Cmd
		limit      float64 // of the ratio
	}{
		{"decode-mp3-128k", "bench.mp3", mpg123, 1.3},
		{"decode-mp3-32k-mono", "benchm.mp3", mpg123, 1.3},
		{"decode-aac-128k", "bench.aac", ffmpeg, 2.5},
		{"decode-opus-64k", "bench.opus", ffmpeg, 2.5},
		{"decode-vorbis-q4", "bench.ogg", ffmpeg, 2.5},
		{"decode-flac", "bench.flac", ffmpeg, 3},
	} {
		path := filepath.Join(dir, c.file)
		var us, them []time.Duration
		for range 3 {
			// By turns, so that what else the machine does hits both.
			cmd := exec.Command(os.Args[0], "-test.run=^TestBench$")
			cmd.Env = append(os.Environ(), "LOA_BENCH_DECODE="+path)
			us = append(us, cpu(t, cmd))
			them = append(them, cpu(t, c.peer(path)))
		}
		slices.Sort(us)
		slices.Sort(them)
		ours, theirs := us[1], them[1]
		peer := c.peer(path).Args[0]
		ratio := ours.Seconds() / theirs.Seconds()
		fmt.Printf("bench %s %.3f s peer %s %.3f ratio %.2f\n", c.name, ours.Seconds(), peer, theirs.Seconds(), ratio)
		if ratio > c.limit {
			t.Errorf("%s takes %.2f times as long as %s, more than %.1f", c.name, ratio, peer, c.limit)
		}
	}
}

// cpu is the processor time that a command takes.
func cpu(t *testing.T, cmd *exec.Cmd) time.Duration {
	t.Helper()
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v: %s", cmd.Args, err, out)
	}
	return cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
}

// decodeFile decodes a file at its own rate and forgets what comes out, as the
// peers do.
func decodeFile(t *testing.T, path string) {
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	in, err := seekable(f)
	if err != nil {
		t.Fatal(err)
	}
	d, _, err := open(t.Context(), in, "")
	if err != nil {
		t.Fatal(err)
	}
	defer d.close()
	for {
		if _, err := d.next(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatal(err)
		}
	}
}
