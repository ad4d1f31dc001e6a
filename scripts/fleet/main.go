package main

import (
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"loa/scripts/broker"
)

func main() {
	boxes := flag.Int("boxes", 100, "how many")
	dir := flag.String("dir", filepath.Join(os.TempDir(), "loa-fleet"), "a directory that is not there yet: authority and disks")
	url := flag.String("broker", "", "broker of the boxes, with a certificate of that authority; none: one in this process")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *boxes, *dir, *url); err != nil {
		fmt.Fprintln(os.Stderr, "fleet:", err)
		os.Exit(1)
	}
}

// run lets a fleet work until ctx ends.
func run(ctx context.Context, boxes int, dir, url string) error {
	p, err := found(dir, boxes)
	if err != nil {
		return err
	}
	if url == "" {
		var conf *tls.Config
		if conf, err = p.ServerTLS(); err != nil {
			return err
		}
		b, err := broker.Start(ctx, broker.Opts{TLS: conf, Senders: []string{tool, dispatcher}})
		if err != nil {
			return err
		}
		defer b.Close()
		url = b.URL()
	}
	if err := p.SetAddresses([]string{url}, nil); err != nil {
		return err
	}
	for i := range boxes {
		if _, err := p.identity(i); err != nil {
			return err
		}
	}
	centre, err := newSender(ctx, p, url, nil)
	if err != nil {
		return err
	}
	defer centre.stop()
	all, err := p.all()
	if err == nil {
		err = centre.issue(ctx, all...)
	}
	if err != nil {
		return err
	}
	s := sim{Province: p, Dir: filepath.Join(dir, "boxes"), Broker: url, To: boxes}
	f, err := start(ctx, s)
	if err != nil {
		return err
	}
	fmt.Printf("%d boxes at %s\nexport LOA_AUTHORITY=%s LOA_PASSPHRASE_FILE=%s\n", boxes, url, p.Dir(), p.Secret)
	fmt.Printf("loactl alert set %s --event Lũ --headline 'Lũ lên nhanh' --as %s,%s\n", province, signers[0], signers[1])
	f.tell(ctx)
	return errors.Join(f.Stop())
}

// tell prints what begins to sound until ctx ends.
func (f *Fleet) tell(ctx context.Context) {
	since := time.Now()
	for tick := time.Tick(time.Second); ; {
		select {
		case <-ctx.Done():
			return
		case now := <-tick:
			for _, b := range f.Boxes {
				for _, s := range b.Heard(since) {
					if s.From.Before(now) {
						fmt.Printf("%s %s sounds\n", s.From.Format("15:04:05.000"), b.Name)
					}
				}
			}
			since = now
		}
	}
}
