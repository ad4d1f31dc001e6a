package capture

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"sync"
)

// Opts says which input.
type Opts struct {
	Device string   // ALSA's name of the input, such as "plughw:CARD=Device"
	Env    []string // beside the environment; nil: nothing
}

// An Input is an open input. Read gives frames as they come, in whole frames but
// for a torn last one; Close ends a Read.
type Input struct {
	cmd  *exec.Cmd
	out  io.ReadCloser
	errs bytes.Buffer
	once sync.Once
}

// Open begins to record. A device that cannot be opened is told by the first Read.
func Open(o Opts) (*Input, error) {
	if o.Device == "" || strings.HasPrefix(o.Device, "-") {
		return nil, fmt.Errorf("capture: %q is no ALSA device", o.Device)
	}
	in := &Input{cmd: exec.Command("arecord", "-q", "-D", o.Device, "-t", "raw", "-f", "S16_LE", "-r", "48000", "-c", "2", "-B", "200000")}
	in.cmd.Env = append(in.cmd.Environ(), o.Env...)
	in.cmd.Stderr = &in.errs
	var err error
	if in.out, err = in.cmd.StdoutPipe(); err != nil {
		return nil, fmt.Errorf("capture: %w", err)
	}
	if err := in.cmd.Start(); err != nil {
		return nil, fmt.Errorf("capture: cannot start arecord (package alsa-utils): %w", err)
	}
	return in, nil
}

// Read gives sound, or says why the input ended.
func (in *Input) Read(p []byte) (int, error) {
	n, err := in.out.Read(p)
	if err != nil && n == 0 {
		in.Close()
		if said := strings.TrimSpace(in.errs.String()); said != "" {
			err = errors.New("capture: " + said)
		}
	}
	return n, err
}

// Close ends the recording and waits for arecord, which writes nothing and has
// nothing to save.
func (in *Input) Close() error {
	in.once.Do(func() {
		in.cmd.Process.Kill()
		in.cmd.Wait()
	})
	return nil
}
