package host

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"time"

	"golang.org/x/sys/unix"
)

// ThisMachine is the machine that root runs on. network sets its network; nil: nothing does.
func ThisMachine(network func(description []byte) error) Machine {
	return Machine{Reboot: reboot, Time: setTime, Network: network}
}

// reboot asks systemd, which ends everything in order and returns at once.
func reboot(string) error { return Run("systemctl", "--no-block", "reboot") }

// Run runs one of the system's programs, for at most 20 s.
func Run(name string, args ...string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	_, err := Output(ctx, name, args...)
	return err
}

// Output runs one of the system's programs until ctx ends, for at most three minutes, and
// gives what it says. What it says against it is in the error; its arguments, which may
// hold secrets, are not.
func Output(ctx context.Context, name string, args ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.WaitDelay = time.Second
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %s", name, err, short(said.String()))
	}
	return out, nil
}

// setTime sets the kernel's clock, then the battery's, which counts in UTC.
func setTime(t time.Time, rtc string) error {
	v := unix.NsecToTimeval(t.UnixNano())
	if err := unix.Settimeofday(&v); err != nil {
		return fmt.Errorf("cannot set the clock: %w", err)
	}
	if rtc == "" {
		return nil
	}
	fd, err := unix.Open(rtc, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("the clock is set, %s is not: %w", rtc, err)
	}
	defer unix.Close(fd)
	u := time.Now().UTC()
	err = unix.IoctlSetRTCTime(fd, &unix.RTCTime{
		Sec: int32(u.Second()), Min: int32(u.Minute()), Hour: int32(u.Hour()),
		Mday: int32(u.Day()), Mon: int32(u.Month()) - 1, Year: int32(u.Year()) - 1900,
	})
	if err != nil {
		return fmt.Errorf("the clock is set, %s is not: %w", rtc, err)
	}
	return nil
}
