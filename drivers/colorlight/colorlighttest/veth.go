package colorlighttest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A Namespace is a network of its own that ends with the test: two ports, that of a
// box and "card", joined by a cable.
type Namespace struct{ do chan func() }

// In runs f where the ports are.
func (n *Namespace) In(f func() error) error {
	err := make(chan error)
	n.do <- func() { err <- f() }
	return <-err
}

// IP runs the command of that name there.
func (n *Namespace) IP(args ...string) error {
	return n.In(func() error { // a child starts in the namespace of the thread
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		out, err := exec.CommandContext(ctx, "ip", args...).CombinedOutput()
		if err != nil {
			err = fmt.Errorf("ip %v: %w: %s", args, err, out)
		}
		return err
	})
}

// NewNamespace makes one with a box's port of that name. The test is skipped where
// that cannot be: it needs root, and the ip command of iproute2.
func NewNamespace(t testing.TB, box string) *Namespace {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("a network namespace needs root")
	}
	if _, err := exec.LookPath("ip"); err != nil {
		t.Skip("no ip command (iproute2) to make a veth pair with")
	}
	n := &Namespace{make(chan func())}
	ready := make(chan error)
	go func() {
		// Never unlocked: the thread ends with the goroutine, and the namespace with its
		// last thread and socket, and the ports with it.
		runtime.LockOSThread()
		ready <- unix.Unshare(unix.CLONE_NEWNET)
		for f := range n.do {
			f()
		}
	}()
	t.Cleanup(func() { close(n.do) })
	if err := <-ready; err != nil {
		t.Skipf("no network namespace here: %v", err)
	}
	if err := n.IP("link", "add", box, "type", "veth", "peer", "name", "card"); err != nil {
		t.Skipf("no veth pair here: %v", err)
	}
	for _, port := range []string{box, "card"} {
		if err := n.IP("link", "set", port, "up"); err != nil {
			t.Fatal(err)
		}
	}
	for range 100 { // the kernel tells the carrier a little later
		err := n.In(func() error {
			i, err := net.InterfaceByName(box)
			if err == nil && i.Flags&net.FlagRunning == 0 {
				err = errors.New("the link does not come up")
			}
			return err
		})
		if err == nil {
			return n
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatal("the link does not come up")
	return nil
}

// Serve puts a card at the other port, until the test ends.
func (n *Namespace) Serve(t testing.TB, card *Card) {
	t.Helper()
	var f *os.File
	if err := n.In(func() error {
		const all = uint16(unix.ETH_P_ALL&0xFF<<8 | unix.ETH_P_ALL>>8)
		i, err := net.InterfaceByName("card")
		if err != nil {
			return err
		}
		fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, int(all))
		if err != nil {
			return err
		}
		f = os.NewFile(uintptr(fd), "card")
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, 64<<20) // else frames may get lost
		return unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: all, Ifindex: i.Index})
	}); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for b := make([]byte, 2048); ; {
			n, err := f.Read(b)
			if errors.Is(err, os.ErrClosed) {
				return
			}
			if err != nil {
				continue // the port went down; it comes back
			}
			if answer := card.Frame(b[:n]); answer != nil {
				_, _ = f.Write(answer)
			}
		}
	})
	t.Cleanup(func() { f.Close(); wg.Wait() })
}
