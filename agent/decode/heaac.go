package decode

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"slices"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// A heaac decodes what go-aac cannot (HE-AAC above all, and the Main and LTP
// profiles) by the program faad, as a child process: no decoder in Go does it,
// and faad's licence (GPL) keeps it out of ours. It gets whole frames only, and
// because it stops at one that it does not like, those behind it are kept until
// their sound has come out, and given to the next run.
//
// faad reads 48 KiB before it decodes anything: a live stream that does not begin
// with a burst begins that much later.
type heaac struct {
	ctx    context.Context
	kill   context.CancelFunc
	frames *adtsFrames
	queue  [][]byte // to be fed before the rest of frames
	run    *faad    // nil: to be started
	idle   int      // runs in a row that gave nothing
}

// maxIdle bounds the runs in a row that give nothing. Each leaves out twice as
// many frames as the one before.
const maxIdle = 6

// A faad is one run of the program.
type faad struct {
	cmd  *exec.Cmd
	pipe *os.File
	out  *wav          // reads what faad writes, by pipe; nil: not begun
	fed  chan struct{} // closed when nothing more is fed to it
	err  error         // how the frames ended, after fed; nil: they have not

	mu   sync.Mutex
	sent [][]byte // frames whose sound has not come out yet
	rate int      // of the frames, as their headers say
	done int      // frames of the program whose sound has come out, of all
	gone int      // of these no longer in sent
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
			return d.stopped()
		}
		r.out = out
	}
	b, err := r.out.next()
	if err != nil {
		return d.stopped()
	}
	d.idle = 0
	r.heard()
	return b, nil
}

// heard forgets the frames whose sound has come out.
func (r *faad) heard() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.done = int(r.out.read / int64(r.out.frame) * int64(r.rate) / (adtsSamples * int64(r.out.rate)))
	n := min(max(0, r.done-r.gone), len(r.sent))
	r.sent = r.sent[n:]
	r.gone += n
}

// stopped says what the end of a run means: the end of all, or another run.
func (d *heaac) stopped() (block, error) {
	r := d.run
	d.run = nil
	r.pipe.Close()
	_ = r.cmd.Wait() // whether it was content says less than what came out
	<-r.fed          // faad is gone: feeding it has failed if it had not ended
	if d.ctx.Err() != nil {
		return block{}, errClosed
	}
	const settling = 2 // frames that faad keeps to itself at the end of a run
	if r.err != nil && len(r.sent) <= settling {
		return block{}, r.err
	}
	if d.idle++; d.idle > maxIdle {
		return block{}, unplayable("faad cannot decode this AAC: it stopped %d times without a sound", d.idle)
	}
	d.queue = slices.Concat(r.sent[min(len(r.sent), 1<<(d.idle-1)):], d.queue)
	return block{damaged: true}, nil
}

// start runs faad and feeds it.
func (d *heaac) start() error {
	path, err := exec.LookPath("faad")
	if err != nil {
		return unplayable("it is HE-AAC (or another kind of AAC than LC), which needs the program faad: install the package faad")
	}
	in, inw, err := os.Pipe()
	if err != nil {
		return unplayable("cannot reach faad: %v", err)
	}
	defer in.Close()
	out, outw, err := os.Pipe()
	if err != nil {
		inw.Close()
		return unplayable("cannot reach faad: %v", err)
	}
	defer outw.Close()
	// The smaller the pipe the sooner it is known that faad has stopped.
	_, _ = unix.FcntlInt(inw.Fd(), unix.F_SETPIPE_SZ, 4096)
	r := &faad{pipe: out, fed: make(chan struct{})}
	r.cmd = exec.CommandContext(d.ctx, path, "-q", "-g", "-f", "1", "-w", "-")
	r.cmd.Stdin, r.cmd.Stdout, r.cmd.WaitDelay = in, outw, time.Second
	if err := r.cmd.Start(); err != nil {
		inw.Close()
		out.Close()
		return unplayable("cannot start faad: %v", err)
	}
	d.run = r
	// stopped waits for this goroutine, and so does wait.
	go func() {
		defer close(r.fed)
		defer inw.Close()
		for {
			frame, err := d.frame()
			if err != nil {
				r.err = err
				return
			}
			r.mu.Lock()
			r.sent = append(r.sent, frame)
			if h, ok := parseADTS(frame); ok {
				r.rate = h.rate
			}
			r.mu.Unlock()
			if _, err := inw.Write(frame); err != nil {
				return
			}
		}
	}()
	return nil
}

// frame is the next one to be fed.
func (d *heaac) frame() ([]byte, error) {
	if len(d.queue) > 0 {
		frame := d.queue[0]
		d.queue = d.queue[1:]
		return frame, nil
	}
	_, frame, err := d.frames.next()
	if err != nil {
		return nil, err
	}
	kept := bytes.Clone(frame)
	return kept, d.frames.take(frame)
}

// close ends the child. It does not wait: the frames may be a stream that blocks.
func (d *heaac) close() { d.kill() }

// wait returns once nothing reads the frames any more. They must be a recording's.
func (d *heaac) wait() {
	if d.run != nil {
		_, _ = d.stopped() // errClosed, and nobody left to tell
	}
}
