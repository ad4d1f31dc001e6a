package conform

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"loa/scripts/broker"
)

// An engine is what a broker, or several, are to the suite.
type engine interface {
	name() string
	place(*world)         // chooses addresses
	office() (url string) // where senders connect
	box() (url string)    // where boxes do
	start(*world)         // from where it stopped, or empty
	kill()                // without a word, as a power cut does
	wipe(*world) error    // forgets everything, while it is down
}

// engines are all there are, in the order of the matrix.
var engines = []func() engine{
	func() engine { return &embedded{} },
	func() engine { return &mosquitto{label: "mosquitto"} },
	func() engine { return &bridged{} },
	func() engine { return &nats{nodes: 1} },
	func() engine { return &nats{nodes: 3} },
}

// embedded is the one in loactl serve.
type embedded struct {
	addr string
	b    *broker.Broker
}

func (*embedded) name() string      { return "embedded" }
func (e *embedded) place(w *world)  { e.addr = "localhost:" + port(w.t) }
func (e *embedded) office() string  { return "tls://" + e.addr }
func (e *embedded) box() string     { return e.office() }
func (*embedded) wipe(*world) error { return nil }

func (e *embedded) start(w *world) {
	conf, err := w.au.ServerTLS()
	if err == nil {
		e.b, err = broker.Start(context.Background(), broker.Opts{Listen: e.addr, TLS: conf, Senders: []string{"dispatcher", "loactl", "loactl-2"}, Revoked: w.au.Revoked})
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

func (e *embedded) kill() {
	if e.b != nil {
		e.b.Close()
	}
}

// A process is a program that is a broker, or a node of one.
type process struct{ cmd *exec.Cmd }

func (p *process) kill() {
	if p.cmd != nil {
		p.cmd.Process.Kill()
		p.cmd.Wait()
		p.cmd = nil
	}
}

// mosquitto is a province's broker as loactl init configures it, but for where its
// files lie.
type mosquitto struct {
	process
	label, port, dir string
	from             string // an authority's or a province's directory; empty: the authority's
}

func (m *mosquitto) name() string   { return m.label }
func (m *mosquitto) place(w *world) { m.port, m.dir = port(w.t), filepath.Join(w.dir, m.label) }
func (m *mosquitto) office() string { return "tls://localhost:" + m.port }
func (m *mosquitto) box() string    { return m.office() }

func (m *mosquitto) wipe(*world) error {
	err := os.Remove(filepath.Join(m.dir, "mosquitto.db"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func (m *mosquitto) start(w *world) {
	w.t.Helper()
	if m.from == "" {
		m.from = w.au.Dir()
	}
	if err := os.MkdirAll(m.dir, 0o700); err != nil {
		w.t.Fatal(err)
	}
	// As install.sh does it.
	files, _ := filepath.Glob(filepath.Join(m.from, "mosquitto", "loa.*"))
	for _, f := range []string{"ca.crt", "ca.crl", "server.crt", "server.key", "bridge.crt", "bridge.key"} {
		files = append(files, filepath.Join(m.from, "tls", f))
	}
	for _, f := range files {
		data, err := os.ReadFile(f)
		if errors.Is(err, fs.ErrNotExist) && strings.HasPrefix(filepath.Base(f), "bridge.") {
			continue
		}
		text := strings.NewReplacer("/etc/mosquitto/loa", m.dir, "/var/lib/mosquitto/", m.dir+"/").Replace(string(data))
		text = listens.ReplaceAllString(text, "listener "+m.port)
		if filepath.Base(f) == "loa.conf" && os.Getuid() == 0 {
			text = "user root\n" + text // it could not read its files as somebody else
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(m.dir, filepath.Base(f)), []byte(text), 0o600)
		}
		if err != nil {
			w.t.Fatal(err)
		}
	}
	path, err := exec.LookPath("mosquitto")
	if err != nil {
		path = "/usr/sbin/mosquitto" // not in everybody's PATH
	}
	if _, err := os.Stat(path); err != nil {
		w.t.Skip("mosquitto is not installed: scripts/packages.sh test")
	}
	m.cmd = w.program(m.label, path, "-c", filepath.Join(m.dir, "loa.conf"))
}

// listens is the line that says the port: two brokers share this machine.
var listens = regexp.MustCompile(`(?m)^listener \d+$`)

// bridged is the centre's mosquitto, where senders are, and a province's, where boxes are.
type bridged struct{ centre, province mosquitto }

func (*bridged) name() string     { return "bridged" }
func (b *bridged) office() string { return b.centre.office() }
func (b *bridged) box() string    { return b.province.office() }
func (b *bridged) kill()          { b.province.kill(); b.centre.kill() }

func (b *bridged) place(w *world) {
	b.centre.label, b.province.label = "centre", "province"
	b.centre.place(w)
	b.province.place(w)
}

func (b *bridged) wipe(w *world) error {
	return errors.Join(b.centre.wipe(w), b.province.wipe(w))
}

func (b *bridged) start(w *world) {
	b.province.from = filepath.Join(w.au.Dir(), "bridges", province)
	if _, err := os.Stat(b.province.from); err != nil {
		w.loactl("broker", "bridge", province, "--hosts", "localhost,127.0.0.1")
	}
	b.centre.start(w)
	b.province.start(w)
	// Both serve before they have met.
	s := w.soon("loactl")
	defer s.leave()
	s.listen(1, "bridge/"+province+"/state")
	s.hears("bridge/"+province+"/state", "1")
}

// soon connects a sender as soon as it can.
func (w *world) soon(name string) *client {
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		c, err := w.try(name, w.eng.office(), dial{})
		if err == nil {
			return c
		}
		if time.Now().After(deadline) {
			w.t.Fatalf("%s cannot connect: %v", name, err)
		}
	}
}

// another is a sender that no program of ours is called.
const another = "another-office"

// nats is a cluster of natsd; senders are at its first node and boxes at its last.
type nats struct {
	nodes   int
	mqtt    []string // ports
	cluster []string
	dir     string
	running []*process
}

func (n *nats) name() string {
	if n.nodes == 1 {
		return "nats"
	}
	return fmt.Sprintf("nats-%d", n.nodes)
}
func (n *nats) office() string    { return "tls://localhost:" + n.mqtt[0] }
func (n *nats) box() string       { return "tls://localhost:" + n.mqtt[n.nodes-1] }
func (n *nats) wipe(*world) error { return os.RemoveAll(n.dir) }

func (n *nats) place(w *world) {
	n.dir = filepath.Join(w.dir, n.name())
	for range n.nodes {
		n.mqtt = append(n.mqtt, port(w.t))
		n.cluster = append(n.cluster, "localhost:"+port(w.t))
		n.running = append(n.running, new(process))
	}
}

func (n *nats) start(w *world) {
	for i := range n.nodes {
		n.startNode(w, i)
	}
}

func (n *nats) startNode(w *world, i int) {
	name := fmt.Sprintf("n%d", i+1)
	args := []string{"-senders", "dispatcher,loactl," + another, "-name", name, "-mqtt", "localhost:" + n.mqtt[i], "-tls", filepath.Join(w.au.Dir(), "tls"), "-store", filepath.Join(n.dir, name)}
	if n.nodes > 1 {
		args = append(args, "-cluster", n.cluster[i], "-routes", strings.Join(n.cluster, ","))
	}
	n.running[i].cmd = w.program(name, filepath.Join(bin, "natsd"), args...)
}

func (n *nats) kill() {
	for _, p := range slices.Backward(n.running) {
		p.kill()
	}
}
