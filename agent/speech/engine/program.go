package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// A Program is an engine that reads a sentence on its standard input, in UTF-8 with a line
// end, and writes a WAV file of it, 16 bits, to its standard output.
type Program struct {
	Command []string      // the program and its arguments; no shell sees them
	Time    time.Duration // for one sentence; 0: 20 s
	Bytes   int64         // that it may write for one sentence; 0: 16 MiB, three minutes at 48 kHz
}

const (
	usualTime  = 20 * time.Second
	usualBytes = 16 << 20
	complaints = 2 << 10 // bytes kept of what a program says of its troubles
)

// Espeak is espeak-ng with the voice of a region: north, central or south.
func Espeak(region string) *Program {
	voice := map[string]string{"central": "vi-vn-x-central", "south": "vi-vn-x-south"}[region]
	if voice == "" {
		voice = "vi"
	}
	// Slower than its 175 words a minute: horns echo. -b 1: UTF-8, whatever the locale.
	return &Program{Command: []string{"espeak-ng", "-v", voice, "-s", "155", "-b", "1", "--stdin", "--stdout"}}
}

// Speak runs the program once.
func (p *Program) Speak(ctx context.Context, sentence string) (PCM, error) {
	limit, most := p.Time, p.Bytes
	if limit == 0 {
		limit = usualTime
	}
	if most == 0 {
		most = usualBytes
	}
	if len(p.Command) == 0 {
		return PCM{}, errors.New("no program is named that speaks")
	}
	name := p.Command[0]
	path, err := exec.LookPath(name)
	if err != nil {
		return PCM{}, fmt.Errorf("%s is not installed: %w", name, err)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("%s took more than %v for %q", name, limit, sentence))
	defer cancel()
	cmd := exec.CommandContext(ctx, path, p.Command[1:]...)
	// With what it has started itself: a script may have a model in a process of its own.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	out, said := &bounded{most: most}, &bounded{most: complaints, drop: true}
	out.full = cancel
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(sentence+"\n"), out, said
	err = cmd.Run()
	switch {
	case out.over:
		return PCM{}, fmt.Errorf("%s wrote more than %d bytes for %q", name, most, sentence)
	case ctx.Err() != nil:
		return PCM{}, context.Cause(ctx)
	case err != nil:
		return PCM{}, fmt.Errorf("%s: %w %s", name, err, bytes.ToValidUTF8(bytes.TrimSpace(said.b.Bytes()), nil))
	}
	pcm, err := ReadWAV(out.b.Bytes())
	if err != nil {
		return PCM{}, fmt.Errorf("%s: %w", name, err)
	}
	return pcm, nil
}

// bounded keeps what is written, up to a size; what comes then is dropped, or ends it.
type bounded struct {
	b    bytes.Buffer
	most int64
	drop bool
	over bool
	full func()
}

func (w *bounded) Write(p []byte) (int, error) {
	if left := w.most - int64(w.b.Len()); int64(len(p)) > left {
		if w.drop {
			w.b.Write(p[:left])
			return len(p), nil
		}
		w.over = true
		w.full()
		return 0, io.ErrShortWrite
	}
	return w.b.Write(p)
}
