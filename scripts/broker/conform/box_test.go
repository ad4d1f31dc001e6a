package conform

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"loa/agent/ledger"
)

// A box is the agent as a program of its own, with what loactl box add has made for it.
// Only the broker's address is another on another engine.
type box struct {
	w    *world
	root string
	cmd  *exec.Cmd
}

// newBox registers the box, signs what it needs, and starts it and the dispatcher.
func newBox(w *world) *box {
	w.t.Helper()
	b := &box{w: w, root: filepath.Join(w.dir, "box")}
	policy := filepath.Join(w.dir, "policy.toml")
	until := time.Now().AddDate(0, 1, 0).Format(time.RFC3339)
	if err := os.WriteFile(policy, fmt.Appendf(nil, "id = \"luat\"\nplace = %q\nvalid_until = %s\nquiet_hours = []\n", commune, until), 0o600); err != nil {
		w.t.Fatal(err)
	}
	w.loactl("box", "add", device, "--place", commune, "--board", "desk", "--as", "74-1,74-2", "--commissioned", "--volume", "75")
	w.loactl("policy", "sign", policy, "--as", commune+"-1,"+commune+"-2")
	if err := os.CopyFS(b.root, os.DirFS(w.au.BoxDir(device))); err != nil {
		w.t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(b.root, "etc/loa/box.key"), 0o600); err != nil {
		w.t.Fatal(err)
	}
	if n, ok := w.eng.(*nats); ok && len(w.au.Brokers()) == 1 {
		b.move(n.office(), n.box()+"?qos=0") // as scripts/broker/README.md says
	} else if w.eng.box() != w.eng.office() {
		b.move(w.eng.office(), w.eng.box())
	}
	for _, dir := range []string{"var/lib/loa", "run/loa"} {
		if err := os.MkdirAll(filepath.Join(b.root, dir), 0o750); err != nil {
			w.t.Fatal(err)
		}
	}
	dispatch := w.program("serve", filepath.Join(bin, "loactl"), "serve")
	b.cmd = w.program("agent", filepath.Join(bin, "agent"), "-root", b.root)
	w.t.Cleanup(func() { stop(dispatch); stop(b.cmd) })
	return b
}

// move gives it another broker's address.
func (b *box) move(from, to string) {
	b.w.t.Helper()
	moved := false
	files, _ := filepath.Glob(filepath.Join(b.root, "etc/loa/*.toml"))
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err == nil && strings.Contains(string(data), from) {
			moved = true
			err = os.WriteFile(f, []byte(strings.ReplaceAll(string(data), from, to)), 0o600)
		}
		if err != nil {
			b.w.t.Fatal(err)
		}
	}
	if !moved {
		b.w.t.Fatal("the broker's address is in no file of the box")
	}
}

// stop ends a program in order.
func stop(cmd *exec.Cmd) {
	cmd.Process.Signal(syscall.SIGTERM)
	timer := time.AfterFunc(15*time.Second, func() { cmd.Process.Kill() })
	cmd.Wait()
	timer.Stop()
}

// ledger waits until the box's has so many entries that are wanted.
func (b *box) ledger(what string, n int, want func(ledger.Entry) bool) {
	b.w.t.Helper()
	var last struct{ Data []ledger.Entry }
	for deadline := time.Now().Add(45 * time.Second); ; time.Sleep(200 * time.Millisecond) {
		out, err := exec.Command(filepath.Join(bin, "agent"), "console", "-root", b.root, "ledger last 100 --json").Output()
		if err == nil {
			err = json.Unmarshal(out, &last)
		}
		found := 0
		for _, e := range last.Data {
			if want(e) {
				found++
			}
		}
		if err == nil && found >= n {
			return
		}
		if time.Now().After(deadline) {
			for _, e := range last.Data {
				b.w.t.Logf("%s %s %s %s %s", e.Kind, e.Result, e.Code, e.Title, e.Detail)
			}
			b.w.t.Fatalf("%s: the ledger has %d of %d such entries (%v)", what, found, n, err)
		}
	}
}

// heard is the end of something that sounded.
func heard(class string) func(ledger.Entry) bool {
	return func(e ledger.Entry) bool {
		return e.Kind == "end" && e.Result == "heard" && (class == "" || string(e.Class) == class)
	}
}

// programme: a slot that begins in a moment sounds by itself.
func (b *box) programme() {
	b.w.t.Helper()
	at := time.Now().Add(6 * time.Second).In(time.FixedZone("", 7*3600))
	draft := filepath.Join(b.w.dir, "schedule.toml")
	if err := os.WriteFile(draft, fmt.Appendf(nil, `id = "sang"
place = %q
valid_until = %s
[[slots]]
id = "s1"
at = [%q]
for_s = 60
items = [ { chime = "gong" } ]
`, commune, at.AddDate(0, 1, 0).Format(time.RFC3339), at.Format("15:04:05")), 0o600); err != nil {
		b.w.t.Fatal(err)
	}
	b.w.loactl("schedule", "sign", draft, "--as", commune+"-1")
	b.w.loactl("send")
	b.ledger("programme", 1, heard(""))
}

// orders: an act at once, an alert, the all-clear.
func (b *box) orders() {
	b.w.t.Helper()
	b.taken("play", commune, "--chime", "gong", "--as", commune+"-1", "--wait", "30s")
	b.taken("alert", "set", commune, "--event", "Lũ quét", "--headline", "Lũ quét trên sông", "--as", commune+"-1", "--wait", "30s")
	b.ledger("alert", 1, func(e ledger.Entry) bool { return e.Kind == "alert" })
	b.ledger("alarm", 1, func(e ledger.Entry) bool { return e.Kind == "start" && string(e.Class) == "emergency" })
	b.taken("alert", "clear", commune, "--as", commune+"-1", "--wait", "30s")
}

// comesBack: within the reconnect window, here 30 s, and an attempt, an order is taken.
func (b *box) comesBack() {
	b.w.t.Helper()
	for deadline := time.Now().Add(90 * time.Second); ; {
		out, err := b.w.tryLoactl("play", commune, "--chime", "gong", "--as", commune+"-1", "--wait", "15s")
		if err == nil && strings.Contains(out, "1 of 1") {
			return
		}
		if time.Now().After(deadline) {
			b.w.t.Fatalf("the box takes no order: %s", out)
		}
	}
}

// taken gives an order that the box has to acknowledge.
func (b *box) taken(args ...string) {
	b.w.t.Helper()
	if out := b.w.loactl(args...); !strings.Contains(out, "1 of 1") {
		b.w.t.Fatalf("loactl %s: %s", strings.Join(args, " "), out)
	}
}

// mended: the engine forgets everything, and the dispatcher gives it all back.
func (b *box) mended() {
	w := b.w
	w.t.Helper()
	w.eng.kill()
	if err := w.eng.wipe(w); err != nil {
		w.t.Fatal(err)
	}
	w.start()
	c := w.join(w.fresh(), dial{})
	defer c.leave()
	filters := []string{"trust/#", "p/+/doc/+/+", "p/+/alert/+"}
	c.listen(1, filters...)
	wanted := []string{"trust/root", "p/" + commune + "/doc/schedule/sang", "p/" + commune + "/doc/policy/luat", "p/" + commune + "/alert/" + commune}
	for deadline := time.Now().Add(150 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		all := c.all()
		missing := slices.DeleteFunc(slices.Clone(wanted), func(topic string) bool {
			return slices.ContainsFunc(all, func(s said) bool { return s.topic == topic && s.payload != "" })
		})
		if len(missing) == 0 {
			return
		}
		if time.Now().After(deadline) {
			w.t.Fatalf("the broker lacks %v", missing)
		}
	}
}
