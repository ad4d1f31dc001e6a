package oto

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"strconv"
	"sync"
	"syscall"
	"time"

	otov2 "github.com/hajimehoshi/oto/v2"
	"golang.org/x/sys/unix"
)

// Child is the whole life of the process that has the card, with the agent on
// standard input and descriptor 3. It returns the exit code.
func Child(args []string) int {
	// The agent's end is the end of the pipe; Ctrl-C in a terminal, which
	// reaches both, must not cut off what the agent still wants to say.
	signal.Ignore(syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGPIPE)
	conn, err := inherit()
	if err != nil {
		fmt.Fprintf(os.Stderr, "sink: no agent: %v\n", err)
		return 2
	}
	defer conn.Close()
	preferSound()
	// There is one thing to do at a time, and the driver waits in C: with more, the
	// runtime spends most of this process's time on looking for work.
	runtime.GOMAXPROCS(1)
	debug.SetGCPercent(25) // there is next to nothing to keep, so nothing should gather
	if err := child(conn, args); err != nil {
		_, _ = conn.Write(finish(append(begin(nil, msgFailed), err.Error()...)))
		return 1
	}
	return 0
}

// inherit is the link that the agent has left.
func inherit() (*link, error) {
	for _, fd := range []int{0, answers} {
		if err := unix.SetNonblock(fd, true); err != nil { // so that the runtime waits for it, and no thread does
			return nil, err
		}
	}
	l := &link{os.NewFile(0, "orders"), os.NewFile(answers, "answers")}
	unix.CloseOnExec(answers) // plugins of alsa-lib may start programs
	return l, nil
}

// preferSound lets the kernel run this process before others, where it may: a
// card that runs dry on a busy box is heard by a commune.
func preferSound() {
	threads, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return
	}
	for _, t := range threads { // those to come inherit it
		if id, err := strconv.Atoi(t.Name()); err == nil {
			_ = unix.Setpriority(unix.PRIO_PROCESS, id, -10)
		}
	}
}

func child(conn *link, args []string) error {
	o, err := parseArgs(args)
	if err != nil {
		return err
	}
	if o.Card != System {
		if err := useCard(o.Card, o.Device); err != nil {
			return err
		}
	}
	card, ready, err := otov2.NewContextWithOptions(&otov2.NewContextOptions{
		SampleRate: rate, ChannelCount: channels, Format: otov2.FormatSignedInt16LE, BufferSize: o.Buffer,
	})
	if err != nil {
		return err
	}
	<-ready
	if err := card.Err(); err != nil {
		return err
	}
	if err := card.Suspend(); err != nil {
		return err
	}
	var sending sync.Mutex
	var out []byte
	say := func(kind byte, body []byte) {
		sending.Lock()
		defer sending.Unlock()
		out = finish(append(begin(out, kind), body...))
		_, _ = conn.Write(out) // the reading half notices that the agent has gone
	}
	d := newDeck(card, o.Buffer, say)
	say(msgReady, nil)
	d.report(time.Now())
	return serve(conn, d, say)
}

// serve obeys the agent until it has gone, which is no error, or the card has.
func serve(conn *link, d *deck, say func(byte, []byte)) error {
	orders := make(chan error)
	quit := make(chan struct{})
	defer close(quit)
	go func() { // ends with conn or with serve
		in := bufio.NewReaderSize(conn, 16<<10) // what the agent has room for comes at once
		var buf []byte
		for {
			kind, body, grown, err := readMessage(in, buf)
			if buf = grown; err == nil {
				err = obey(d, kind, body, say)
			}
			select {
			case orders <- err:
			case <-quit:
				return
			}
			if err != nil {
				return
			}
		}
	}()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case err := <-orders:
			if err == io.EOF {
				return nil
			}
			if err != nil {
				return err
			}
		case <-timer.C:
		}
		next, err := d.step()
		if err != nil {
			return err
		}
		timer.Reset(next)
	}
}

func obey(d *deck, kind byte, body []byte, say func(byte, []byte)) error {
	switch kind {
	case msgWrite:
		return d.write(body)
	case msgDrain:
		d.end(body)
	case msgDrop:
		still := d.drop()
		say(msgDropped, binary.LittleEndian.AppendUint32(append([]byte(nil), body...), uint32(still)))
	default:
		return fmt.Errorf("unknown order %q", kind)
	}
	return nil
}

// args is what the child has to know, as arguments; parseArgs reads them.
func (o Opts) args() []string {
	return []string{o.Card, strconv.Itoa(o.Device), o.Buffer.String()}
}

func parseArgs(args []string) (o Opts, err error) {
	if len(args) != 3 {
		return o, fmt.Errorf("want CARD DEVICE BUFFER, not %q", args)
	}
	o.Card = args[0]
	if o.Device, err = strconv.Atoi(args[1]); err != nil {
		return o, fmt.Errorf("device %q is no number", args[1])
	}
	o.Buffer, err = time.ParseDuration(args[2])
	return o, err
}
