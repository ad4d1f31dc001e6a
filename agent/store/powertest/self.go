package powertest

import (
	"bufio"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// Self is a command that starts the test's own binary again: through the runner
// that LOA_RUNNER names where the kernel cannot start it, as under qemu-user.
func Self(t testing.TB) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	command := append(strings.Fields(os.Getenv("LOA_RUNNER")), exe)
	return exec.Command(command[0], command[1:]...)
}

// Life starts this test binary with more in its environment, lets it say something,
// kills it at a random instant within d after that, and gives the whole lines that
// it said: what follows the last newline was cut in the pipe.
func Life(t *testing.T, env string, d time.Duration) []string {
	t.Helper()
	cmd := Self(t)
	cmd.Env = append(os.Environ(), env)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(out)
	if _, err := r.Peek(1); err != nil { // it has begun to write
		t.Fatal(err)
	}
	time.Sleep(rand.N(d)) // the instant of the kill
	_ = cmd.Process.Kill()
	said, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // "signal: killed"
	lines := strings.Split(string(said), "\n")
	return lines[:len(lines)-1]
}
