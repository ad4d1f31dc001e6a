// Command demo shows a box at work on one machine: a broker, a media server, an
// authority that is thrown away, an agent, and a morning programme for it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

type options struct {
	agent     string // the agent's binary
	media     string // the folder of scripts/sample.sh
	out       string // where everything of this run lies afterwards
	broker    string // a real one; empty: one of our own
	authority string // a real one
	as        string // its people who sign, separated by commas
	check     bool   // unattended; fail unless what was heard is what was sent
}

func main() {
	var o options
	flag.StringVar(&o.agent, "agent", "build/agent", "the agent's `binary`")
	flag.StringVar(&o.media, "media", "build/sample", "`folder` of the sample programme")
	flag.StringVar(&o.out, "out", "out", "`folder` for what this run leaves")
	flag.StringVar(&o.broker, "broker", "", "use this broker, tls://`host:port`")
	flag.StringVar(&o.authority, "authority", "", "use the authority in this `folder`")
	flag.StringVar(&o.as, "as", "", "with -authority: the `people` who sign, such as ann,binh")
	flag.BoolVar(&o.check, "check", false, "end by itself; exit 0 only if what was heard is what was sent")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options, out io.Writer) error {
	if (o.broker == "") != (o.authority == "") {
		return errors.New("a real broker needs its authority, and the other way round: BROKER=tls://host:8883 AUTHORITY=DIR")
	}
	dir, err := filepath.Abs(o.out)
	if err != nil {
		return err
	}
	for _, old := range []string{"box", "authority", "ledgers", "agent.log"} { // of the last run
		if err := os.RemoveAll(filepath.Join(dir, old)); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s, err := setStage(ctx, o, dir)
	if err != nil {
		return fmt.Errorf("cannot set the stage: %w", err)
	}
	defer s.close()
	b, err := startBox(ctx, o, s)
	if err != nil {
		return err
	}
	defer b.stop()
	p, err := s.send(ctx, o.media, time.Now())
	if err != nil {
		return fmt.Errorf("cannot send the programme: %w", err)
	}
	fmt.Fprintf(out, in("Thiết bị %s ở địa bàn %s, giờ +07:00; nhật ký kỹ thuật: %s; Ctrl-C để thoát\n\n",
		"box %s at place %s, times in +07:00; its log: %s; Ctrl-C ends it\n\n"), s.device, s.place, b.logFile)
	if o.check {
		return check(ctx, out, s, b, p)
	}
	return show(ctx, out, s, b, p)
}

// in is a text in the language that LOA_LANG names.
func in(vi, en string) string {
	if os.Getenv("LOA_LANG") == "en" {
		return en
	}
	return vi
}
