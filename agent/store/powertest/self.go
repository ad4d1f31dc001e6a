package powertest

import (
	"os"
	"os/exec"
	"strings"
	"testing"
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
