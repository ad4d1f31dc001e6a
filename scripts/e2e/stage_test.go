package e2e

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"loa/drivers/modem/modemtest"
	"loa/drivers/oto/ototest"
	"loa/scripts/authority"
	"loa/scripts/authority/pki"
	"loa/scripts/broker"
	"loa/scripts/mediaserver"
)

// Who there is on a stage. The box carries its identity in WORK/box.
const (
	province = "74"
	commune  = "26734"
	device   = "hop-1"
)

// A stage is everything around one box.
type stage struct {
	env    *testscript.Env
	au     *authority.Authority
	place  string            // whose programme is signed
	signer string            // by whom
	zone   string            // by which programmes go
	slot   time.Time         // when the last schedule begins
	digest map[string]string // of each bulletin's recording

	brokerAddr string
	mosquitto  bool
	stopBroker func() // nil: it is down

	mu     sync.Mutex
	broken map[string]string // recordings that the media server has not, by digest

	box      *box   // that the script speaks of
	boxes    []*box // all of them
	forger   *forger
	tape     *tape
	agency   agency
	card     *ototest.Card
	terminal *terminal
	modem    *modemtest.Modem
}

func newStage(env *testscript.Env) *stage {
	s := &stage{env: env, place: commune, signer: commune + "-1", zone: "+07:00", digest: make(map[string]string), broken: make(map[string]string)}
	s.box = &box{name: device, root: filepath.Join(env.WorkDir, "box")}
	s.boxes = []*box{s.box}
	env.Defer(func() {
		s.terminal.close()
		s.forger.end()
		if s.tape != nil {
			s.tape.end()
		}
		for _, b := range s.boxes {
			b.end()
		}
		if s.stopBroker != nil {
			s.stopBroker()
		}
	})
	return s
}

// set makes the authority with loactl, as an officer would, and starts what is
// around the box.
func (s *stage) set(ts *testscript.TestScript, args []string) error {
	s.mosquitto = len(args) == 1 && args[0] == "mosquitto"
	if len(args) > 0 && !s.mosquitto {
		return usage(args)
	}
	media, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	s.brokerAddr = free.Addr().String()
	free.Close()
	policy := ts.MkAbs("policy.toml")
	if err := os.WriteFile(policy, fmt.Appendf(nil, `id = "luat"
place = %q
valid_until = %s
quiet_hours = []
`, commune, until()), 0o600); err != nil {
		return err
	}
	for _, line := range [][]string{
		{"init", "--throw-away", "--place", province + "=Tỉnh", "--place", commune + "@" + province + "=Xã", "--hosts", "localhost,127.0.0.1",
			"--brokers", "tls://localhost" + port(s.brokerAddr), "--media", "https://localhost" + port(media.Addr().String())},
		{"box", "add", device, "--place", commune, "--board", "desk", "--as", "74-1,74-2", "--commissioned", "--volume", "75"},
		{"policy", "sign", policy, "--as", commune + "-1," + commune + "-2"},
	} {
		if err := ts.Exec("loactl", line...); err != nil {
			return fmt.Errorf("loactl %s: %w", strings.Join(line, " "), err)
		}
	}
	s.au, err = authority.Open(s.env.Getenv("LOA_AUTHORITY"), authority.Opts{Secret: func(string) ([]byte, error) {
		data, err := os.ReadFile(s.env.Getenv("LOA_PASSPHRASE_FILE"))
		return []byte(strings.TrimSpace(string(data))), err
	}})
	if err != nil {
		return err
	}
	if err := s.serveMedia(media); err != nil {
		return err
	}
	if err := s.flash(s.box); err != nil {
		return err
	}
	return s.brokerIs(ts, []string{"start"})
}

// flash gives a box what its card would have on it.
func (s *stage) flash(b *box) error {
	if err := os.CopyFS(b.root, os.DirFS(s.au.BoxDir(b.name))); err != nil {
		return err
	}
	// CopyFS gives files the mode 0666 before umask.
	return os.Chmod(filepath.Join(b.root, "etc/loa/box.key"), 0o600)
}

// another is one more box in the commune, of which the script speaks from now on.
func (s *stage) another(ts *testscript.TestScript, args []string) error {
	if len(args) != 1 {
		return usage(args)
	}
	if err := ts.Exec("loactl", "box", "add", args[0], "--place", commune, "--board", "desk", "--as", "74-1,74-2", "--commissioned", "--volume", "75"); err != nil {
		return err
	}
	b := &box{name: args[0], root: filepath.Join(s.env.WorkDir, args[0])}
	if err := s.flash(b); err != nil {
		return err
	}
	s.box, s.boxes = b, append(s.boxes, b)
	return nil
}

// at says of which box the script speaks from now on.
func (s *stage) at(_ *testscript.TestScript, args []string) error {
	for _, b := range s.boxes {
		if len(args) == 1 && b.name == args[0] {
			s.box = b
			return nil
		}
	}
	return usage(args)
}

// speaksFor says whose programme is signed from now on, and by whom.
func (s *stage) speaksFor(_ *testscript.TestScript, args []string) error {
	if len(args) != 2 {
		return usage(args)
	}
	s.place, s.signer = args[0], args[1]
	return nil
}

func port(addr string) string { return addr[strings.LastIndex(addr, ":"):] }

// until is when everything that is signed here ends.
func until() string { return time.Now().AddDate(0, 1, 0).Format(time.RFC3339) }

// serveMedia gives out recordings, except those that are broken.
func (s *stage) serveMedia(l net.Listener) error {
	conf, err := s.au.LocalTLS([]string{"localhost"})
	if err != nil {
		return err
	}
	good := mediaserver.Handler(s.au.MediaDir())
	server := &http.Server{
		TLSConfig: conf, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			sum := filepath.Base(r.URL.Path)
			s.mu.Lock()
			how := s.broken[sum]
			s.mu.Unlock()
			whole, _ := os.ReadFile(filepath.Join(s.au.MediaDir(), sum))
			switch how {
			case "404":
				http.NotFound(w, r)
			case "html":
				fmt.Fprint(w, "<!DOCTYPE html><html><body>Quý khách đã hết dung lượng</body></html>")
			case "corrupt":
				whole[len(whole)/2] ^= 1
				w.Write(whole)
			case "short":
				w.Write(whole[:len(whole)/2])
			default:
				good.ServeHTTP(w, r)
			}
		}),
	}
	var wg sync.WaitGroup
	wg.Go(func() { server.ServeTLS(l, "", "") })
	s.env.Defer(func() { server.Close(); wg.Wait() })
	return nil
}

// mediaIs breaks a bulletin's recording on the media server, or mends it.
func (s *stage) mediaIs(_ *testscript.TestScript, args []string) error {
	switch {
	case len(args) == 3 && args[0] == "break" && strings.Contains("404 html corrupt short", args[2]):
	case len(args) == 2 && args[0] == "heal":
		args = append(args, "")
	default:
		return usage(args)
	}
	sum, ok := s.digest[args[1]]
	if !ok {
		return fmt.Errorf("no bulletin %s", args[1])
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.broken[sum] = args[2]
	return nil
}

func (s *stage) brokerIs(_ *testscript.TestScript, args []string) (err error) {
	if len(args) != 1 {
		return usage(args)
	}
	if s.stopBroker != nil {
		s.stopBroker()
		s.stopBroker = nil
	}
	switch {
	case args[0] == "stop":
		return nil
	case args[0] == "start" && s.mosquitto:
		s.stopBroker, err = s.startMosquitto()
	case args[0] == "start" || args[0] == "expired":
		var conf *tls.Config
		if conf, err = s.au.ServerTLS(); err != nil {
			return err
		}
		if args[0] == "expired" {
			if conf.Certificates, err = s.lastYears(); err != nil {
				return err
			}
		}
		var b *broker.Broker
		if b, err = broker.Start(context.Background(), broker.Opts{Listen: s.brokerAddr, TLS: conf, Senders: []string{"loactl", "loactl-2", "dispatcher"}, Revoked: s.au.Revoked}); err == nil {
			s.stopBroker = b.Close
		}
	default:
		return usage(args)
	}
	return err
}

// lastYears is a certificate that was good until it ended.
func (s *stage) lastYears() ([]tls.Certificate, error) {
	dir := filepath.Join(s.env.WorkDir, "last-year")
	secret := func(string) ([]byte, error) { return []byte("x"), nil }
	then := time.Now().AddDate(-4, 0, 0)
	old, err := authority.New(dir, authority.Setup{Name: "cũ", ThrowAway: true}, authority.Opts{Secret: secret, Now: func() time.Time { return then }})
	if err != nil {
		return nil, err
	}
	// The box has to trust who signed it, so that nothing but its end is wrong.
	ca, err := old.CACert()
	if err != nil {
		return nil, err
	}
	if _, err := pki.Pool(ca); err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(s.box.root, "etc/loa/ca.pem"), ca, 0o600); err != nil {
		return nil, err
	}
	conf, err := old.LocalTLS([]string{"localhost"})
	if err != nil {
		return nil, err
	}
	return conf.Certificates, nil
}

// startMosquitto starts a province's broker with the configuration that it would
// have, but for where its files lie.
func (s *stage) startMosquitto() (stop func(), err error) {
	dir := filepath.Join(s.env.WorkDir, "mosquitto")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	conf := strings.ReplaceAll(broker.Conf(port(s.brokerAddr)[1:], dir), "/var/lib/mosquitto/", dir+"/")
	if os.Getuid() == 0 {
		conf = "user root\n" + conf // it could not read its files as somebody else
	}
	tlsDir := filepath.Join(s.au.Dir(), "tls")
	for name, from := range map[string]string{"ca.crt": tlsDir, "server.crt": tlsDir, "server.key": tlsDir, "ca.crl": tlsDir, "loa.acl": filepath.Join(s.au.Dir(), "mosquitto")} {
		data, err := os.ReadFile(filepath.Join(from, name))
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), data, 0o600)
		}
		if err != nil {
			return nil, err
		}
	}
	file := filepath.Join(dir, "conf")
	if err := os.WriteFile(file, []byte(conf), 0o600); err != nil {
		return nil, err
	}
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	path, err := exec.LookPath("mosquitto")
	if err != nil {
		path = "/usr/sbin/mosquitto" // not in everybody's PATH
	}
	cmd := exec.Command(path, "-c", file)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	stop = func() { cmd.Process.Kill(); cmd.Wait() }
	for range 100 {
		if conn, err := net.Dial("tcp", s.brokerAddr); err == nil {
			conn.Close()
			return stop, nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	stop()
	said, _ := os.ReadFile(log.Name())
	return nil, fmt.Errorf("mosquitto does not listen:\n%s", said)
}
