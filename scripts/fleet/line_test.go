package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A line is a forwarder to a broker that takes its time in each direction: the kernel
// here has no netem.
type line struct {
	net.Listener
	to    string
	delay atomic.Int64 // time.Duration
	hole  atomic.Bool  // what is sent from now on arrives nowhere
	calls atomic.Int64 // connections so far
	wg    sync.WaitGroup
	hear  func() func([]byte) // what comes from the broker, for each connection; nil: nobody listens

	mu   sync.Mutex
	ends map[net.Conn]bool // true: the near one

	bytes   atomic.Int64 // both ways, at the near end
	up      atomic.Int64 // of those, from the near end
	packets atomic.Int64 // of near ends that are closed
}

// cost is what has gone over the near end so far, with 52 bytes of IP and TCP (as with
// timestamps, the usual) for each packet, those that only acknowledge too.
func (n *line) cost() int64 {
	n.mu.Lock()
	defer n.mu.Unlock()
	packets := n.packets.Load()
	for c, near := range n.ends {
		if near {
			packets += segments(c)
		}
	}
	return n.bytes.Load() + 52*packets
}

// segments is how many packets a connection was so far, both ways.
func segments(c net.Conn) (n int64) {
	raw, err := c.(*net.TCPConn).SyscallConn()
	if err != nil {
		return 0
	}
	_ = raw.Control(func(fd uintptr) { // closed: it counts no more
		if info, err := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO); err == nil {
			n = int64(info.Segs_in) + int64(info.Segs_out)
		}
	})
	return n
}

// newLine opens one to an address. It ends with the test.
func newLine(t *testing.T, to string) *line {
	t.Helper()
	quiet := net.ListenConfig{KeepAlive: -1} // as mosquitto's: probes would be in the figures
	l, err := quiet.Listen(t.Context(), "tcp", "127.0.0.1:0")
	check(t, err)
	n := &line{Listener: l, to: to, ends: map[net.Conn]bool{}}
	n.wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			n.calls.Add(1)
			n.wg.Go(func() { n.serve(c) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		n.mu.Lock()
		for c := range n.ends {
			c.Close()
		}
		n.mu.Unlock()
		n.wg.Wait()
	})
	return n
}

// URL is the line's own end.
func (n *line) URL() string {
	return fmt.Sprintf("tls://localhost:%d", n.Addr().(*net.TCPAddr).Port)
}

func (n *line) serve(near net.Conn) {
	defer near.Close()
	far, err := net.Dial("tcp", n.to)
	if err != nil {
		return
	}
	defer far.Close()
	n.mu.Lock()
	n.ends[near], n.ends[far] = true, false
	n.mu.Unlock()
	defer func() {
		n.mu.Lock()
		n.packets.Add(segments(near))
		delete(n.ends, near)
		delete(n.ends, far)
		n.mu.Unlock()
	}()
	var wg sync.WaitGroup
	wg.Go(func() { n.pass(far, near, func(p []byte) { n.up.Add(int64(len(p))) }) })
	var hear func([]byte)
	if n.hear != nil {
		hear = n.hear()
	}
	n.pass(near, far, hear)
	wg.Wait()
}

// pass carries bytes from one end to the other; each comes after its delay.
func (n *line) pass(to, from net.Conn, hear func([]byte)) {
	defer to.Close()
	defer from.Close()
	type late struct {
		p  []byte
		at time.Time
	}
	way := make(chan late, 256)
	var wg sync.WaitGroup
	wg.Go(func() {
		for l := range way {
			time.Sleep(time.Until(l.at))
			if n.hole.Load() {
				continue
			}
			if _, err := to.Write(l.p); err != nil {
				from.Close()
				for range way {
				}
				return
			}
		}
	})
	buf := make([]byte, 4096)
	for {
		k, err := from.Read(buf)
		n.bytes.Add(int64(k))
		if k > 0 {
			if hear != nil {
				hear(buf[:k])
			}
			way <- late{slices.Clone(buf[:k]), time.Now().Add(time.Duration(n.delay.Load()))}
		}
		if err != nil {
			break
		}
	}
	close(way)
	wg.Wait()
}

// A space is a network of its own behind one wire, which may lose packets.
type space struct{ name, addr string }

// newSpace makes one, or says why it cannot be.
func newSpace(t *testing.T) (*space, error) {
	t.Helper()
	for _, tool := range []string{"ip", "nft"} {
		if _, err := exec.LookPath(tool); err != nil {
			return nil, err
		}
	}
	if os.Getuid() != 0 {
		return nil, fmt.Errorf("only root may make a network namespace")
	}
	id := os.Getpid() % 200
	s := &space{fmt.Sprintf("loa-fleet-%d", id), fmt.Sprintf("10.231.%d.2", id)}
	near := fmt.Sprintf("loaf%d", id)
	if err := sh("ip netns add %s", s.name); err != nil {
		return nil, err
	}
	t.Cleanup(func() { check(t, sh("ip netns del %s", s.name)) })
	for _, line := range []string{
		fmt.Sprintf("ip link add %s type veth peer name far netns %s", near, s.name),
		fmt.Sprintf("ip addr add 10.231.%d.1/24 dev %s", id, near),
		fmt.Sprintf("ip link set %s up", near),
		fmt.Sprintf("ip -n %s addr add %s/24 dev far", s.name, s.addr),
		fmt.Sprintf("ip -n %s link set far up", s.name),
		fmt.Sprintf("ip -n %s link set lo up", s.name),
	} {
		if err := sh("%s", line); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// in is the command that runs another inside.
func (s *space) in() []string { return []string{"ip", "netns", "exec", s.name} }

// lose makes the wire lose so many packets of a hundred, each way.
func (s *space) lose(t *testing.T, percent int) {
	t.Helper()
	rules := fmt.Sprintf(`add table ip lossy
add chain ip lossy in { type filter hook input priority 0; }
add chain ip lossy out { type filter hook output priority 0; }
add rule ip lossy in iifname "far" numgen random mod 100 < %d counter drop
add rule ip lossy out oifname "far" numgen random mod 100 < %[1]d counter drop
`, percent)
	cmd := exec.Command("ip", "netns", "exec", s.name, "nft", "-f", "-")
	cmd.Stdin = strings.NewReader(rules)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("nft: %v\n%s", err, out)
	}
}

func sh(format string, args ...any) error {
	line := strings.Fields(fmt.Sprintf(format, args...))
	if out, err := exec.Command(line[0], line[1:]...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", strings.Join(line, " "), err, out)
	}
	return nil
}
