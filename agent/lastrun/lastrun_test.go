package lastrun

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var noon = time.Date(2026, 11, 23, 5, 0, 0, 0, time.UTC)

// A machine has a boot of its own and a watchdog that may have struck.
func machine(t *testing.T, boot, bits string) string {
	root := t.TempDir()
	for name, text := range map[string]string{"proc/sys/kernel/random/boot_id": boot, "sys/class/watchdog/watchdog0/bootstatus": bits} {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func begin(t *testing.T, dir, root string) (*Run, Last) {
	t.Helper()
	r, last, err := Begin(dir, root, "0.5", noon)
	if err != nil {
		t.Fatal(err)
	}
	return r, last
}

func TestWhyItEnded(t *testing.T) {
	one, two, dog := machine(t, "one", "0"), machine(t, "two", "0"), machine(t, "three", "32")
	dir := filepath.Join(t.TempDir(), "run")
	r, last := begin(t, dir, one)
	if last.Why != First || last.Runs != 0 {
		t.Errorf("at first: %+v", last)
	}
	if err := r.End(Ended, 0, "SIGTERM", noon.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if _, last = begin(t, dir, two); last.Why != Ended || last.Text != "SIGTERM" || !last.Ended.Equal(noon.Add(time.Hour)) || last.Runs != 1 {
		t.Errorf("told to end: %+v", last)
	}
	if _, last = begin(t, dir, two); last.Why != Killed || last.Version != "0.5" || last.Runs != 2 {
		t.Errorf("killed: %+v", last)
	}
	if _, last = begin(t, dir, one); last.Why != Power {
		t.Errorf("without power: %+v", last)
	}
	if r, last = begin(t, dir, dog); last.Why != Watchdog {
		t.Errorf("watchdog: %+v", last)
	}
	if err := r.End(Failed, 1, strings.Repeat("x", 2*maxText), noon); err != nil {
		t.Fatal(err)
	}
	if _, last = begin(t, dir, dog); last.Why != Failed || last.Code != 1 || len(last.Text) != maxText {
		t.Errorf("failed: %+v", last)
	}
	if err := os.WriteFile(filepath.Join(dir, "run"), []byte("{\"boot"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, last = begin(t, dir, dog); last.Why != Power || last.Text == "" {
		t.Errorf("damaged: %+v", last)
	}
}

// A real crash in a process of its own is kept, and no more of it than fits.
func TestACrashIsKept(t *testing.T) {
	dir := filepath.Join(os.Getenv("LASTRUN_DIR"), "run")
	if os.Getenv("LASTRUN_DIR") != "" {
		if _, _, err := Begin(dir, "", "0.5", noon); err != nil {
			os.Exit(3)
		}
		panic("the horn fell down")
	}
	dir = filepath.Join(t.TempDir(), "run")
	cmd := exec.Command(os.Args[0], "-test.run=^TestACrashIsKept$")
	cmd.Env = append(os.Environ(), "LASTRUN_DIR="+filepath.Dir(dir))
	if out, err := cmd.CombinedOutput(); err == nil || cmd.ProcessState.ExitCode() == 3 {
		t.Fatalf("%v, %s", err, out)
	}
	_, last, err := Begin(dir, "", "0.5", noon)
	if err != nil || last.Why != Panicked || !strings.Contains(last.Text, "the horn fell down") || !strings.Contains(last.Text, "goroutine") || len(last.Text) > maxText {
		t.Errorf("%v, %+v", err, last)
	}
	if _, last, _ = Begin(dir, "", "0.5", noon); last.Why == Panicked {
		t.Error("one crash is told twice")
	}
}
