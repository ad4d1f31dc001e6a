// Package config reads this device's own file: identity, broker, board, directories.
package config

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// Where things lie unless the file says otherwise.
const (
	File      = "/etc/loa/agent.toml"
	RootFile  = "/etc/loa/root.json"
	StateDir  = "/var/lib/loa"
	Socket    = "/run/loa/console.sock"
	ReportKey = "/etc/loa/report.key"
)

// maxFile bounds the file; a full one has 1 KB.
const maxFile = 64 << 10

// A Config is what belongs to one box and to no other: what kind of hardware
// it is stands in the board file. Keys are named by path; only what the SIM card and its
// provider ask for stands here itself, and then nobody else may read the file.
type Config struct {
	Device string `toml:"device"` // the box's id, its certificate's common name
	Board  string `toml:"board"`  // an embedded board's name, or the path of a board file
	Lang   string `toml:"lang"`   // the console's: "vi" (default) or "en"

	RootFile  string `toml:"root_file"`      // signed root keys, from the image
	ReportKey string `toml:"report_key"`     // the box's Ed25519 key, PEM, which signs its reports
	State     string `toml:"state"`          // directory of documents, recordings, ledger, outbox
	Socket    string `toml:"socket"`         // unix socket of the local console
	MediaMB   int    `toml:"media_mb"`       // room for recordings in MB (10⁶ bytes); 0: what the disk can spare
	Volume    int    `toml:"volume_percent"` // until a document says otherwise, 1 to 100; 0: the board's

	Broker  Broker  `toml:"broker"`
	Console Console `toml:"console"`
	Network Network `toml:"network"`

	moved string // what -root said
}

// Broker is the way to the centre. Without URLs the box works alone.
type Broker struct {
	URLs []string `toml:"urls"` // tls://host:8883, the preferred one first; tcp:// only to this machine
	CA   string   `toml:"ca"`   // PEM files
	Cert string   `toml:"cert"`
	Key  string   `toml:"key"`

	// Claim and ClaimKey are the batch's, by which a box without a name asks for one.
	Claim    string `toml:"claim"`
	ClaimKey string `toml:"claim_key"`
}

// Console is how a technician gets in by the serial port.
type Console struct {
	Login   string `toml:"login"`    // "code": that of the box (default); "none": whoever has opened the box
	IdleMin int    `toml:"idle_min"` // after how many minutes without a command a session ends, 1 to 240; default 15
}

// OneKey reports whether the box has one key for its certificate and its reports, as the
// centre makes them. Only then can it ask for another certificate.
func (c Config) OneKey() bool { return c.ReportKey == c.Broker.Key }

// Load reads file as root sees it and fills in what it leaves out. root moves
// /etc, /var, /run, /proc, /sys and /dev together, so that a test is a directory; "" or
// "/" moves nothing. All paths in the result are moved.
func Load(file, root string) (Config, error) {
	file = Move(root, file)
	fi, err := os.Stat(file)
	if err != nil {
		return Config{}, fmt.Errorf("cannot read the box's settings: %w", err)
	}
	if fi.Mode().Perm()&0o022 != 0 {
		return Config{}, fmt.Errorf("%s: anybody may write it (mode %04o): chmod 644 %s", file, fi.Mode().Perm(), file)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return Config{}, fmt.Errorf("cannot read the box's settings: %w", err)
	}
	c, err := Take(file, data, root)
	if err == nil && c.Network.Secret() {
		if err := private(file); err != nil {
			return Config{}, fmt.Errorf("network.pin or network.apn_password stands in it: %w", err)
		}
	}
	return c, err
}

// Take is Load for a text that is not in the file, or not yet.
func Take(file string, data []byte, root string) (Config, error) {
	c, err := Parse(file, data)
	if err != nil {
		return Config{}, err
	}
	c.move(root)
	for _, s := range c.secrets() {
		if err := private(s.path); err != nil {
			return Config{}, fmt.Errorf("%s: %s: %w", file, s.key, err)
		}
	}
	return c, nil
}

// Parse reads the text of a settings file, checks it and fills in the defaults;
// name is only for its errors, which say file:line and what to write instead.
func Parse(name string, data []byte) (Config, error) {
	if len(data) > maxFile {
		return Config{}, tooLong(name, len(data))
	}
	c := defaults()
	if err := toml.NewDecoder(bytes.NewReader(data)).DisallowUnknownFields().Decode(&c); err != nil {
		return Config{}, explain(name, err)
	}
	if err := c.check(); err != nil {
		return Config{}, err.in(name, data)
	}
	return c, nil
}

func tooLong(name string, n int) error {
	return &Problem{Name: name, format: "%d bytes are too many for a settings file (%d at most)", args: []any{n, maxFile}}
}

// defaults is what a settings file leaves out.
func defaults() Config {
	return Config{
		Board: "desk", Lang: "vi",
		RootFile: RootFile, ReportKey: ReportKey, State: StateDir, Socket: Socket,
		Broker:  Broker{CA: "/etc/loa/ca.pem", Cert: "/etc/loa/box.pem", Key: "/etc/loa/box.key"},
		Console: Console{Login: "code", IdleMin: 15},
	}
}

// deviceID reports what can stand in a topic, a certificate and a file name alike.
func deviceID(s string) bool {
	other := func(r rune) bool { return !('a' <= r && r <= 'z' || '0' <= r && r <= '9' || r == '-') }
	return 0 < len(s) && len(s) <= 64 && s[0] != '-' && !strings.ContainsFunc(s, other)
}

func (c *Config) check() *Problem {
	switch {
	case c.Broker.Claim != "" && (c.Broker.ClaimKey == "" || !c.OneKey() || len(c.Broker.URLs) == 0):
		return bad("broker.claim", "a box that asks for its name needs broker.claim_key, broker.urls, and the same file as report_key and broker.key")
	case c.Broker.Claim != "" && c.Device != "":
		return bad("device", "%q cannot stand beside broker.claim: the box's name is in the certificate that it gets", c.Device)
	case c.Device == "" && c.Broker.Claim == "":
		return bad("", `device is missing: write device = "d-000001", the name in the box's certificate`)
	case c.Device != "" && !deviceID(c.Device):
		return bad("device", "%q is no device name: 1 to 64 of a-z, 0-9 and -, such as d-000001", c.Device)
	case c.Board == "":
		return bad("board", "name a board, such as desk or orangepi-zero")
	case c.Lang != "vi" && c.Lang != "en":
		return bad("lang", "%q is not spoken here: vi or en", c.Lang)
	case c.MediaMB < 0:
		return bad("media_mb", "%d is less than nothing: 0 takes what the disk can spare", c.MediaMB)
	}
	switch {
	case c.Volume < 0 || c.Volume > 100:
		return bad("volume_percent", "%d: 1 to 100, or 0 for what the board file says", c.Volume)
	case c.Console.Login != "code" && c.Console.Login != "none":
		return bad("console.login", "%q: code or none", c.Console.Login)
	case c.Console.IdleMin < 1 || c.Console.IdleMin > 240:
		return bad("console.idle_min", "%d: 1 to 240 minutes", c.Console.IdleMin)
	}
	if err := c.Network.check(); err != nil {
		return err
	}
	for _, p := range c.paths() {
		if !filepath.IsAbs(*p.path) {
			return bad(p.key, "%q is no absolute path", *p.path)
		}
	}
	// The kernel's limit of a socket's name, with its final zero byte.
	if len(c.Socket) > 107 {
		return bad("socket", "%d bytes are too long for a socket's path (107 at most)", len(c.Socket))
	}
	for _, u := range c.Broker.URLs {
		if err := checkBroker(u); err != nil {
			err.Key = "broker.urls"
			return err
		}
	}
	return nil
}

// CheckBroker says why s is no address of a broker.
func CheckBroker(s string) error {
	if err := checkBroker(s); err != nil {
		return err
	}
	return nil
}

func checkBroker(s string) *Problem {
	u, err := url.Parse(s)
	// ?qos=0 is for a NATS cluster, see agent/mqtt.
	if err != nil || u.Hostname() == "" || u.Path != "" && u.Path != "/" || u.RawQuery != "" && u.RawQuery != "qos=0" {
		return bad("", "%q is no broker address: write tls://host:8883", s)
	}
	if u.User != nil {
		return bad("", "the address of %s holds a password: a box is known by its certificate", u.Host)
	}
	switch u.Scheme {
	case "tls", "mqtts", "ssl":
		return nil
	case "tcp", "mqtt":
		// Documents are signed, but where a box is and what it plays is nobody else's business.
		if a, err := netip.ParseAddr(u.Hostname()); u.Hostname() == "localhost" || err == nil && a.IsLoopback() {
			return nil
		}
		return bad("", "%q leaves this machine without TLS: write tls://%s", s, u.Host)
	}
	return bad("", "%q: %q is no way to a broker: write tls://%s", s, u.Scheme, u.Host)
}

type named struct {
	key  string
	path *string
}

func (c *Config) paths() []named {
	all := []named{
		{"root_file", &c.RootFile}, {"report_key", &c.ReportKey}, {"state", &c.State}, {"socket", &c.Socket},
		{"broker.ca", &c.Broker.CA}, {"broker.cert", &c.Broker.Cert}, {"broker.key", &c.Broker.Key},
	}
	if c.Broker.Claim != "" {
		all = append(all, named{"broker.claim", &c.Broker.Claim}, named{"broker.claim_key", &c.Broker.ClaimKey})
	}
	return all
}

func (c *Config) secrets() []struct{ key, path string } {
	return []struct{ key, path string }{{"broker.key", c.Broker.Key}, {"report_key", c.ReportKey}, {"broker.claim_key", c.Broker.ClaimKey}}
}

// private refuses a secret that others may read. One that is not there yet is
// no error: it comes with enrolment.
func private(path string) error {
	fi, err := os.Stat(path)
	if err != nil {
		if errors.Is(err, os.ErrNotExist) {
			return nil
		}
		return err
	}
	if fi.Mode().Perm()&0o077 != 0 {
		return fmt.Errorf("others may read %s (mode %04o): chmod 600 %s", path, fi.Mode().Perm(), path)
	}
	return nil
}

// move puts every path under root.
func (c *Config) move(root string) {
	c.moved = root
	for _, p := range c.paths() {
		*p.path = Move(root, *p.path)
	}
	if strings.ContainsRune(c.Board, filepath.Separator) {
		c.Board = Move(root, c.Board)
	}
}

// Path is where a path of the system, such as /sys/class/rtc or /dev/ttyS2,
// lies for this box.
func (c Config) Path(path string) string { return Move(c.moved, path) }

// Dir is a directory under the state directory, such as "media".
func (c Config) Dir(name string) string { return filepath.Join(c.State, name) }

// Move puts a path of the system under root: those in /etc, /var, /run, /proc,
// /sys and /dev. Others, and those already there, stay.
func Move(root, path string) string {
	if root == "" || root == "/" {
		return path
	}
	root, path = filepath.Clean(root), filepath.Clean(path)
	if path == root || strings.HasPrefix(path, root+"/") {
		return path
	}
	for _, dir := range []string{"/etc", "/var", "/run", "/proc", "/sys", "/dev"} {
		if path == dir || strings.HasPrefix(path, dir+"/") {
			return filepath.Join(root, path)
		}
	}
	return path
}
