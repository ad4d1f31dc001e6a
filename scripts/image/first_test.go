package image

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A card is the FAT partition and the settings of a box whose power can fail before any
// command of the script that takes the files over.
type card struct {
	t   *testing.T
	dir string
}

// stub stands for a program: the power fails at the call of that number.
const stub = `#!/bin/sh
n=$(cat "$DIR/calls" 2>/dev/null || echo 0)
echo $((n + 1)) >"$DIR/calls"
[ "$n" != "$CUT" ] || { kill -9 $PPID; exit 1; }
case ${0##*/} in
mount) [ ! -e "$DIR/damaged" ] ;;
umount | sync) ;;
install)
	shift 4 # -o loa -g loa
	exec /usr/bin/install "$@" ;;
*) exec "/bin/${0##*/}" "$@" ;;
esac
`

func newCard(t *testing.T, files map[string]string) *card {
	c := &card{t, t.TempDir()}
	for name, text := range files {
		path := filepath.Join(c.dir, "boot/etc/loa", name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, d := range []string{"boot", "etc/loa", "bin"} {
		if err := os.MkdirAll(filepath.Join(c.dir, d), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"mount", "umount", "sync", "install", "rm", "mv"} {
		if err := os.WriteFile(filepath.Join(c.dir, "bin", name), []byte(stub), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	script, err := os.ReadFile("overlay/usr/lib/loa/first")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.NewReplacer(
		"/boot/firmware", c.dir+"/boot", ">/dev/console", ">>"+c.dir+"/console", "/etc/loa", c.dir+"/etc/loa",
	).Replace(strings.Replace(string(script), "from=/boot/firmware/etc/loa", `from=/boot/firmware/etc/""loa`, 1))
	if err := os.WriteFile(filepath.Join(c.dir, "first"), []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	return c
}

// start is a start of the machine; cut is the command at which its power fails, -1 none.
func (c *card) start(cut int) (calls int, console string) {
	os.Remove(filepath.Join(c.dir, "calls"))
	os.Remove(filepath.Join(c.dir, "console"))
	cmd := exec.Command("sh", filepath.Join(c.dir, "first"))
	cmd.Env = []string{"PATH=" + filepath.Join(c.dir, "bin") + ":/usr/bin:/bin", "DIR=" + c.dir, fmt.Sprint("CUT=", cut)}
	out, err := cmd.CombinedOutput()
	if cut < 0 {
		c.t.Logf("%v %s", err, out)
	}
	n, _ := os.ReadFile(filepath.Join(c.dir, "calls"))
	fmt.Sscan(string(n), &calls)
	said, _ := os.ReadFile(filepath.Join(c.dir, "console"))
	return calls, string(said)
}

func (c *card) read(name string) string {
	data, err := os.ReadFile(filepath.Join(c.dir, name))
	if err != nil {
		return ""
	}
	return string(data)
}

var box = map[string]string{"agent.toml": "device = \"d-1\"\n", "box.key": "secret", "root.json": "{}", "ca.pem": "ca"}

// Wherever the power fails, the next start has the box whole, with no key left behind.
func TestFirstFilesOutliveAPowerCut(t *testing.T) {
	whole, _ := newCard(t, box).start(-1)
	if whole < 8 {
		t.Fatalf("only %d commands", whole)
	}
	for cut := range whole {
		c := newCard(t, box)
		c.start(cut)
		if c.read("etc/loa/agent.toml") == "" { // else the unit does not run again
			c.start(-1)
		}
		for name, text := range box {
			if got := c.read("etc/loa/" + name); got != text {
				t.Errorf("cut at command %d: %s is %q", cut, name, got)
			}
		}
		if c.read("boot/etc/loa/box.key") != "" {
			t.Errorf("cut at command %d: anybody reads the key", cut)
		}
	}
}

// Whatever else lies there is left out, and what cannot be taken over is told where
// somebody looks: the box has no other voice yet.
func TestFirstFilesThatAreNone(t *testing.T) {
	files := map[string]string{"etc/loa/agent.toml": "a folder too many"}
	for name, text := range box {
		files[name] = text
	}
	c := newCard(t, files)
	if _, said := c.start(-1); said != "" || c.read("etc/loa/agent.toml") != box["agent.toml"] || c.read("etc/loa/box.key") != "secret" {
		t.Errorf("with a folder beside them: %q", said)
	}
	c = newCard(t, map[string]string{"etc/loa/agent.toml": "a folder too many"})
	if _, said := c.start(-1); !strings.Contains(said, "agent.toml") {
		t.Errorf("without settings the console says %q", said)
	}
	c = newCard(t, box)
	if err := os.WriteFile(filepath.Join(c.dir, "damaged"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, said := c.start(-1); !strings.Contains(said, "FAT") {
		t.Errorf("where the partition cannot be read the console says %q", said)
	}
}
