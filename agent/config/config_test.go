package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const good = `
device = "d-000001"
board = "orangepi-zero"

[broker]
urls = ["tls://mq1.example:8883", "tls://mq2.example:8883"]
`

func TestDefaults(t *testing.T) {
	c, err := Parse("agent.toml", []byte(good))
	if err != nil {
		t.Fatal(err)
	}
	if c.Lang != "vi" || c.State != StateDir || c.RootFile != RootFile || c.Broker.Key != "/etc/loa/box.key" || len(c.Broker.URLs) != 2 {
		t.Errorf("%+v", c)
	}
	if got := c.Dir("media"); got != "/var/lib/loa/media" {
		t.Errorf("Dir = %s", got)
	}
}

func TestErrorsSayFileLineAndWhatToWrite(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"misspelt key", "device = \"d-1\"\nborad = \"desk\"\n", `agent.toml:2: unknown key "borad"; did you mean "board"?`},
		{"misspelt key in a table", "device = \"d-1\"\n[broker]\nurl = [\"tls://h\"]\n", `agent.toml:3: unknown key "broker.url"; did you mean "broker.urls"?`},
		{"key in the wrong table", "device = \"d-1\"\nurls = [\"tls://h\"]\n", `agent.toml:2: unknown key "urls"; did you mean "broker.urls"?`},
		{"misspelt table", "device = \"d-1\"\n[brokers]\nca = \"/x\"\n", `did you mean "broker.ca"?`},
		{"nothing near", "device = \"d-1\"\nwatchtower = 3\n", `agent.toml:2: unknown key "watchtower"; there are device, board,`},
		{"wrong type", "device = 7\n", `agent.toml:1: `},
		{"broken syntax", "device = \"d-1\"\n[broker\n", `agent.toml:2: `},
		{"key twice", "device = \"d-1\"\ndevice = \"d-2\"\n", `agent.toml:2: `},
		{"no device", "board = \"desk\"\n", `agent.toml: device is missing: write device = "d-000001"`},
		{"device that is no topic level", "board = \"desk\"\ndevice = \"a/b\"\n", `agent.toml:2: device: "a/b" is no device name`},
		{"claim without its key", "[broker]\nurls = [\"tls://h\"]\nclaim = \"/c.pem\"\n", `agent.toml:3: broker.claim: a box that asks for its name needs broker.claim_key`},
		{"claim and two keys", "[broker]\nurls = [\"tls://h\"]\nclaim = \"/c.pem\"\nclaim_key = \"/c.key\"\n", `the same file as report_key and broker.key`},
		{"claim and a name", "device = \"d-1\"\nreport_key = \"/k\"\n[broker]\nurls = [\"tls://h\"]\nkey = \"/k\"\nclaim = \"/c.pem\"\nclaim_key = \"/c.key\"\n", `agent.toml:1: device: "d-1" cannot stand beside broker.claim`},
		{"language", "device = \"d-1\"\nlang = \"fr\"\n", `agent.toml:2: lang: "fr" is not spoken here: vi or en`},
		{"negative room", "device = \"d-1\"\nmedia_mb = -1\n", `agent.toml:2: media_mb: -1 is less than nothing`},
		{"relative path", "device = \"d-1\"\n[broker]\nca = \"ca.pem\"\n", `agent.toml:3: broker.ca: "ca.pem" is no absolute path`},
		{"plain text over the network", "device = \"d-1\"\n[broker]\nurls = [\"tcp://mq.example:1883\"]\n", `agent.toml:3: broker.urls: "tcp://mq.example:1883" leaves this machine without TLS: write tls://mq.example:1883`},
		{"password in the address", "device = \"d-1\"\n[broker]\nurls = [\"tls://u:secret@mq.example\"]\n", `holds a password`},
		{"http", "device = \"d-1\"\n[broker]\nurls = [\"https://mq.example\"]\n", `no way to a broker`},
		{"no host", "device = \"d-1\"\n[broker]\nurls = [\"mq.example\"]\n", `is no broker address`},
		{"something behind it", "device = \"d-1\"\n[broker]\nurls = [\"tls://mq.example?qos=2\"]\n", `is no broker address`},
		{"long socket", "device = \"d-1\"\nsocket = \"/" + strings.Repeat("s", 107) + "\"\n", `agent.toml:2: socket: `},
		{"huge file", strings.Repeat("#", maxFile+1), `too many`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Parse("agent.toml", []byte(tt.text))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("got  %v\nwant %s", err, tt.want)
			}
			if strings.Contains(err.Error(), "secret") {
				t.Error("the error tells the password")
			}
		})
	}
}

func TestABoxOfABatchHasNoNameInItsFile(t *testing.T) {
	c, err := Parse("a", []byte("report_key = \"/k\"\n[broker]\nurls = [\"tls://h\"]\nkey = \"/k\"\nclaim = \"/etc/loa/c.pem\"\nclaim_key = \"/etc/loa/c.key\"\n"))
	if err != nil || c.Device != "" || !c.OneKey() {
		t.Fatal(c, err)
	}
	c.move("/r")
	if c.Broker.Claim != "/r/etc/loa/c.pem" || c.Broker.ClaimKey != "/r/etc/loa/c.key" {
		t.Error(c.Broker)
	}
}

func TestLoopbackMayBePlain(t *testing.T) {
	for _, u := range []string{"tcp://127.0.0.1:1883", "tcp://[::1]:1883", "tcp://localhost", "tls://10.0.0.1:8883"} {
		if _, err := Parse("a", []byte("device = \"d-1\"\n[broker]\nurls = [\""+u+"\"]\n")); err != nil {
			t.Errorf("%s: %v", u, err)
		}
	}
}

func write(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil { // past the umask
		t.Fatal(err)
	}
}

func TestLoadMovesEverythingUnderRoot(t *testing.T) {
	root := t.TempDir()
	write(t, filepath.Join(root, File), good+"key = \"/etc/loa/secret/box.key\"\n", 0o644)
	write(t, filepath.Join(root, "/etc/loa/secret/box.key"), "key", 0o600)
	c, err := Load(File, root)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range c.paths() {
		if !strings.HasPrefix(*p.path, root+"/") {
			t.Errorf("%s = %s is not under -root", p.key, *p.path)
		}
	}
	for path, want := range map[string]string{
		"/sys/class/rtc":     root + "/sys/class/rtc",
		"/dev/ttyS2":         root + "/dev/ttyS2",
		"/devices":           "/devices",
		"/home/x":            "/home/x",
		root + "/etc/passwd": root + "/etc/passwd",
		"/etc/../etc/passwd": root + "/etc/passwd",
	} {
		if got := c.Path(path); got != want {
			t.Errorf("Path(%s) = %s, want %s", path, got, want)
		}
	}
}

func TestOpenSecretIsRefused(t *testing.T) {
	for _, tt := range []struct {
		name         string
		conf, secret os.FileMode
		want         string
	}{
		{"private", 0o644, 0o600, ""},
		{"key readable by others", 0o644, 0o644, "chmod 600"},
		{"key readable by the group", 0o644, 0o640, "chmod 600"},
		{"settings writable by others", 0o666, 0o600, "chmod 644"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			root := t.TempDir()
			write(t, filepath.Join(root, File), good, tt.conf)
			write(t, filepath.Join(root, "/etc/loa/box.key"), "key", tt.secret)
			_, err := Load(File, root)
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Fatalf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestMissingFileSaysWhich(t *testing.T) {
	_, err := Load(File, t.TempDir())
	if err == nil || !strings.Contains(err.Error(), "agent.toml") {
		t.Fatal(err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(good))
	f.Add([]byte("device = \"d-1\"\n[broker]\nurl = 1\n"))
	f.Add([]byte("[[broker]]\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := Parse("f", data)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "f:") {
				t.Fatalf("the error does not name the file: %v", err)
			}
			return
		}
		if err := c.check(); err != nil {
			t.Fatalf("Parse let through: %v", err)
		}
	})
}
