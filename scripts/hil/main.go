// Command hil is the bench: it boots an image as it is flashed, in an emulator, and
// tries from outside what the box promises. It prints step, seconds and whether it
// held.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"syscall"
	"time"

	"loa/scripts/hil/qemu"
)

type options struct {
	board  string
	image  string
	keys   string
	out    string
	all    bool
	cuts   int
	within time.Duration
	only   *regexp.Regexp
	turn   *turn
}

func main() {
	if len(os.Args) == 3 && os.Args[1] == "relay" {
		relay(os.Args[2])
		return
	}
	var o options
	only := flag.String("run", "", "only sessions and steps that match this `expression`")
	flag.StringVar(&o.board, "board", "virt-arm64", "the `board` that is emulated")
	flag.StringVar(&o.image, "image", "", "its disk `image`, not compressed")
	flag.StringVar(&o.keys, "release", os.Getenv("LOA_RELEASE"), "`folder` of the release key that the image trusts, to make updates with")
	flag.StringVar(&o.out, "out", "build/hil", "`folder` for what the steps leave")
	o.turn = &turn{}
	flag.StringVar(&o.turn.name, "lock", filepath.Join(os.TempDir(), "loa-hil.lock"), "`file` that benches of this machine take in turn")
	flag.BoolVar(&o.all, "all", false, "every step, not only the short path")
	flag.DurationVar(&o.within, "within", 0, "end the power cuts after this `time`; what is left is done by the next run")
	flag.IntVar(&o.cuts, "cuts", 0, "power cuts `at random`; 0: 3, with -all 100")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := func() (err error) {
		if o.only, err = regexp.Compile(*only); err != nil {
			return err
		}
		return run(ctx, o, os.Stdout)
	}()
	var skip skipped
	switch {
	case errors.As(err, &skip) && os.Getenv("CI") != "true":
		fmt.Println("hil: left out:", skip)
	case err != nil:
		fmt.Fprintln(os.Stderr, "hil:", err)
		os.Exit(1)
	}
}

// skipped is what this machine lacks. Where CI runs that is a failure: what is left out
// there is tried nowhere.
type skipped string

func (s skipped) Error() string { return string(s) }

func run(ctx context.Context, o options, out io.Writer) error {
	kind, ok := qemu.KindOf(o.board)
	if !ok {
		return fmt.Errorf("board %q cannot be emulated", o.board)
	}
	for _, program := range append(kind.Needs(), "/sbin/debugfs", "/sbin/e2fsck", "mcopy") {
		if _, err := exec.LookPath(program); err != nil {
			return skipped(program + " is not installed: scripts/packages.sh hil")
		}
	}
	if o.image == "" {
		o.image = filepath.Join("build", "image", "loa-"+o.board+".img")
	}
	var err error
	if o.image, err = filepath.Abs(o.image); err != nil {
		return err
	}
	for _, file := range []string{o.image, kind.Loader(o.image)} {
		if file == "" {
			continue
		}
		if _, err := os.Stat(file); err != nil {
			return skipped(fmt.Sprintf("there is no image: make image BOARD=%s (%v)", o.board, err))
		}
	}
	if o.out, err = filepath.Abs(o.out); err != nil {
		return err
	}
	if err := os.MkdirAll(o.out, 0o755); err != nil {
		return err
	}
	if o.cuts == 0 {
		o.cuts = 3
		if o.all {
			o.cuts = 100
		}
	}
	if err := o.turn.take(ctx, out); err != nil {
		return err
	}
	defer o.turn.give()
	return walk(ctx, o, out)
}

// relay joins standard input and output to a server of this machine: the emulator runs
// it for each connection of the box.
func relay(address string) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		os.Exit(1)
	}
	go func() {
		io.Copy(conn, os.Stdin)
		conn.Close()
	}()
	io.Copy(os.Stdout, conn)
}
