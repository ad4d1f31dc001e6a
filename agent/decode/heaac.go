package decode

import (
	"context"
	"os"
	"os/exec"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// A heaac decodes what go-aac cannot (HE-AAC above all, and the Main and LTP
// profiles) by the program faad, as a child process: no decoder in Go does it,
// and faad's licence (GPL) keeps it out of ours. faad stops at a frame it does
// not like, so it gets whole frames only, and is started again when it stops.
type heaac struct {
	ctx    context.Context
	kill   context.CancelFunc
	frames *adtsFrames
	run    *faad // nil: to be started
	idle   int   // runs in a row that gave nothing
}

// A faad is one run of the program.
type faad struct {
	cmd   *exec.Cmd
	out   *wav // reads what faad writes
	pipe  *os.File
	fed   chan struct{} // closed when nothing more is fed to it
	ended atomic.Bool   // the frames have come to their end
	err   error         // how they ended, after fed
}

func newHEAAC(ctx context.Context, frames *adtsFrames) *heaac {
	ctx, kill := context.WithCancel(ctx)
	return &heaac{ctx: ctx, kill: kill, frames: frames}
}

// next gives what faad has decoded.
func (d *heaac) next() (block, error) {
	if d.run == nil {
		if err := d.start(); err != nil {
			return block{}, err
		}
	}
	r := d.run
	if r.out == nil {
		out, err := newWAV(flowing(r.pipe))
		if err != nil {
			return block{}, d.stopped()
		}
		r.out = out
	}
	b, err := r.out.next()
	if err != nil {
		return block{}, d.stopped()
	}
	d.idle = 0
	return b, nil
}

// stopped says what the end of a run means: the end of all, or another run.
func (d *heaac) stopped() error {
	r := d.run
	d.run = nil
	r.pipe.Close()
	err := r.cmd.Wait()
	<-r.fed // faad is gone, so feeding it has failed if it had not ended
	switch {
	case d.ctx.Err() != nil:
		return errClosed
	case r.ended.Load():
		if r.out == nil && d.idle == 0 && err != nil {
			return unplayable("faad cannot decode this AAC: %v", err)
		}
		return r.err
	}
	if d.idle++; d.idle >= 3 {
		return unplayable("faad cannot decode this AAC: it stopped %d times without a sound", d.idle)
	}
	return nil
}

// start runs faad and feeds it.
func (d *heaac) start() error {
	path, err := exec.LookPath("faad")
	if err != nil {
		return unplayable("it is HE-AAC (or another kind of AAC than LC), which needs the program faad: install the package faad")
	}
	read, write, err := os.Pipe()
	if err != nil {
		return unplayable("cannot reach faad: %v", err)
	}
	// What lies in the pipe when faad stops is lost: by default that is 64 KiB, or
	// 10 s. A refusal only means losing more.
	_, _ = unix.FcntlInt(write.Fd(), unix.F_SETPIPE_SZ, 4096)
	r := &faad{fed: make(chan struct{})}
	r.cmd = exec.CommandContext(d.ctx, path, "-q", "-f", "1", "-w", "-")
	r.cmd.Stdin = read
	r.cmd.WaitDelay = time.Second
	out, outw, err := os.Pipe()
	if err != nil {
		read.Close()
		write.Close()
		return unplayable("cannot reach faad: %v", err)
	}
	r.cmd.Stdout, r.pipe = outw, out
	err = r.cmd.Start()
	read.Close()
	outw.Close()
	if err != nil {
		write.Close()
		out.Close()
		return unplayable("cannot start faad: %v", err)
	}
	d.run = r
	// stopped waits for this goroutine, and so does wait.
	go func() {
		defer close(r.fed)
		defer write.Close()
		for {
			_, frame, err := d.frames.next()
			if err != nil {
				r.err = err
				r.ended.Store(true)
				return
			}
			if _, err := write.Write(frame); err != nil {
				return
			}
			if err := d.frames.take(frame); err != nil {
				r.err = err
				r.ended.Store(true)
				return
			}
		}
	}()
	return nil
}

// close ends the child. It does not wait: the frames may be a stream that blocks.
func (d *heaac) close() { d.kill() }

// wait returns once nothing reads the frames any more. They must be a recording's.
func (d *heaac) wait() {
	if d.run != nil {
		_ = d.stopped() // errClosed, and nobody left to tell
	}
}
