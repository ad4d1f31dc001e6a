package capture_test

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"loa/drivers/capture"
)

func needArecord(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("arecord"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip("arecord is not installed (package alsa-utils)")
	}
}

// recorded is an ALSA configuration whose input gives the bytes of a file.
func recorded(t *testing.T, pcm []byte) []string {
	t.Helper()
	dir := t.TempDir()
	file, conf := filepath.Join(dir, "in.raw"), filepath.Join(dir, "asound.conf")
	text := `pcm.line { type file file "/dev/null" infile "` + file + `" format raw slave.pcm { type null } }` + "\n"
	for name, data := range map[string][]byte{file: pcm, conf: []byte(text)} {
		if err := os.WriteFile(name, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return []string{"ALSA_CONFIG_PATH=" + conf}
}

func TestGivesWhatComesIn(t *testing.T) {
	needArecord(t)
	pcm := make([]byte, 1<<20)
	for i := range pcm {
		pcm[i] = byte(i * 7)
	}
	in, err := capture.Open(capture.Opts{Device: "line", Env: recorded(t, pcm)})
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	got := make([]byte, 192000) // one second
	if _, err := io.ReadFull(in, got); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, pcm[:len(got)]) {
		t.Error("other bytes than those recorded")
	}
}

func TestSaysWhyAnInputDoesNotOpen(t *testing.T) {
	needArecord(t)
	in, err := capture.Open(capture.Opts{Device: "nowhere", Env: recorded(t, nil)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(in); err == nil || !strings.Contains(err.Error(), "nowhere") {
		t.Errorf("got %v, want arecord's own words about the device", err)
	}
}

func TestAnOptionIsNoDevice(t *testing.T) {
	for _, device := range []string{"", "--help"} {
		if _, err := capture.Open(capture.Opts{Device: device}); err == nil {
			t.Errorf("%q was opened", device)
		}
	}
}

func TestCloseEndsARead(t *testing.T) {
	needArecord(t)
	in, err := capture.Open(capture.Opts{Device: "line", Env: recorded(t, make([]byte, 1<<20))})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { defer close(done); io.Copy(io.Discard, in) }()
	in.Close()
	<-done
}
