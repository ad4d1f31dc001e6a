package check

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"loa/scripts/authority/pki"
	"loa/scripts/broker"
)

// A world is a CA and what brokers and the check need of it.
type world struct {
	t      *testing.T
	ca     *pki.CA
	dir    string
	target Target
	thrown ed25519.PublicKey // revoked
}

func newWorld(t *testing.T) *world {
	ca, err := pki.NewCA("test", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	other, err := pki.NewCA("other", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, ca: ca, dir: t.TempDir()}
	w.write("ca.crt", ca.CertPEM(), nil)
	cert, key, err := ca.Server([]string{"127.0.0.1"}, time.Now())
	w.write("server.crt", cert, err)
	w.write("server.key", key, err)
	w.write("loa.acl", []byte(broker.ACL("office")+broker.ClaimACL("check")), nil)

	thrown, certificate, pub := w.box(ca, "loa-check-canary")
	w.thrown = pub
	serial, err := pki.Serial(certificate)
	if err != nil {
		t.Fatal(err)
	}
	crl, err := ca.Revocations([]pki.Revoked{{Serial: serial, At: time.Now()}}, time.Now())
	w.write("ca.crl", crl, err)

	office, _, _ := w.box(ca, "office")
	stranger, _, _ := w.box(other, third)
	claim, _, _ := w.box(ca, "claim-check")
	w.target = Target{
		Roots: ca.Pool(), Office: office, OtherCA: stranger, Revoked: &thrown, Claim: &claim, Patience: 4 * time.Second,
		Box: func(name string) (tls.Certificate, error) { c, _, _ := w.box(ca, name); return c, nil },
	}
	return w
}

func (w *world) write(name string, data []byte, err error) {
	w.t.Helper()
	if err == nil {
		err = os.WriteFile(filepath.Join(w.dir, name), data, 0o600)
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) box(ca *pki.CA, name string) (pair tls.Certificate, cert []byte, pub ed25519.PublicKey) {
	w.t.Helper()
	pub, priv, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		w.t.Fatal(err)
	}
	key, err := pki.KeyPEM(priv)
	if err != nil {
		w.t.Fatal(err)
	}
	if cert, err = ca.Client(name, pub, time.Now()); err != nil {
		w.t.Fatal(err)
	}
	if pair, err = tls.X509KeyPair(cert, key); err != nil {
		w.t.Fatal(err)
	}
	return pair, cert, pub
}

// mosquitto starts one with the configuration that loactl init writes, changed by the
// pairs of strings.
func (w *world) mosquitto(changes ...string) {
	path, err := exec.LookPath("mosquitto")
	if err != nil {
		path = "/usr/sbin/mosquitto" // not in everybody's PATH
	}
	if _, err := os.Stat(path); err != nil {
		w.t.Skip("mosquitto is not installed: scripts/packages.sh test")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		w.t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	_, port, _ := net.SplitHostPort(addr)
	conf := strings.ReplaceAll(broker.Conf(port, w.dir), "/var/lib/mosquitto/", w.dir+"/")
	for i := 0; i < len(changes); i += 2 {
		if !strings.Contains(conf, changes[i]) {
			w.t.Fatalf("%q is not in the configuration", changes[i])
		}
		conf = strings.ReplaceAll(conf, changes[i], changes[i+1])
	}
	if os.Getuid() == 0 {
		conf = "user root\n" + conf // it could not read its files as somebody else
	}
	w.write("conf", []byte(conf), nil)
	log, err := os.Create(filepath.Join(w.dir, "log"))
	if err != nil {
		w.t.Fatal(err)
	}
	defer log.Close()
	cmd := exec.Command(path, "-c", filepath.Join(w.dir, "conf"))
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	for range 200 {
		if conn, err := net.Dial("tcp", addr); err == nil {
			conn.Close()
			w.target.URL = "tls://" + addr
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	said, _ := os.ReadFile(log.Name())
	w.t.Fatalf("mosquitto does not listen:\n%s", said)
}

// broken are the attacks that got through.
func (w *world) broken() (codes []string) {
	w.t.Helper()
	results, err := Run(context.Background(), w.target)
	if err != nil {
		w.t.Fatal(err)
	}
	if len(results) != len(attacks) {
		w.t.Errorf("%d attacks of %d", len(results), len(attacks))
	}
	for _, r := range results {
		if !r.Tried || !r.Held {
			codes = append(codes, r.Attack)
			w.t.Logf("%s: %s", r.Attack, r.Detail)
		}
	}
	return codes
}

func TestEmbedded(t *testing.T) {
	for name, c := range map[string]struct {
		revoked func(*world) func(ed25519.PublicKey) bool
		broken  []string
	}{
		"as it is": {func(w *world) func(ed25519.PublicKey) bool {
			return func(k ed25519.PublicKey) bool { return k.Equal(w.thrown) }
		}, nil},
		"it knows nobody's revoked": {func(*world) func(ed25519.PublicKey) bool { return nil }, []string{"revoked"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			pair, err := tls.LoadX509KeyPair(filepath.Join(w.dir, "server.crt"), filepath.Join(w.dir, "server.key"))
			if err != nil {
				t.Fatal(err)
			}
			b, err := broker.Start(context.Background(), broker.Opts{
				TLS: &tls.Config{Certificates: []tls.Certificate{pair}, ClientCAs: w.ca.Pool()}, Senders: []string{"office"}, Revoked: c.revoked(w),
			})
			if err != nil {
				t.Fatal(err)
			}
			defer b.Close()
			w.target.URL = b.URL()
			if got := w.broken(); !slices.Equal(got, c.broken) {
				t.Errorf("not held: %v, want %v", got, c.broken)
			}
		})
	}
}

// Every line of the configuration that keeps somebody out is missed by an attack.
func TestMosquitto(t *testing.T) {
	for _, c := range []struct {
		name    string
		changes []string
		broken  []string
	}{
		{"as it is", nil, nil},
		{"no list of the revoked", []string{"crlfile DIR/ca.crl", ""}, []string{"revoked"}},
		{"client ids are free", []string{"use_username_as_clientid true", ""}, []string{"takeover"}},
		{"no limit of size", []string{"max_packet_size 262144", ""}, []string{"oversize"}},
		{"no access list", []string{"acl_file DIR/loa.acl", ""}, []string{
			"forged-report", "forged-will", "forged-order", "forged-trust", "forged-document", "speak-to-place", "alert-place", "read-other", "read-all", "claim",
		}},
		{"certificates are not asked for", []string{"require_certificate true\nuse_identity_as_username true\nuse_username_as_clientid true", "allow_anonymous true\nrequire_certificate false", "acl_file DIR/loa.acl", ""}, []string{
			"anonymous", "other-ca", "revoked", "takeover", "forged-report", "forged-will", "forged-order", "forged-trust", "forged-document", "speak-to-place", "alert-place", "read-other", "read-all", "claim",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			for i := range c.changes {
				c.changes[i] = strings.ReplaceAll(c.changes[i], "DIR", w.dir)
			}
			w.mosquitto(c.changes...)
			if got := w.broken(); !slices.Equal(got, c.broken) {
				t.Errorf("not held: %v, want %v", got, c.broken)
			}
		})
	}
}

func TestNoBroker(t *testing.T) {
	w := newWorld(t)
	w.target.URL = "tls://127.0.0.1:1"
	if results, err := Run(context.Background(), w.target); err == nil || len(results) > 0 {
		t.Errorf("of no broker: %v, %v", results, err)
	}
}

// Every line too many in the access list is noticed.
func TestHolesInTheAccessList(t *testing.T) {
	for line, code := range map[string]string{
		"pattern write loa/v1/trust/#":   "forged-trust",
		"pattern write loa/v1/d/+/cmd":   "forged-order",
		"pattern write loa/v1/d/+/want":  "forged-order",
		"pattern write loa/v1/d/+/have":  "forged-report",
		"pattern write loa/v1/d/+/log":   "forged-report",
		"pattern write loa/v1/p/+/doc/#": "forged-document",
		"pattern write loa/v1/p/+/beat":  "speak-to-place",
		"pattern read loa/v1/d/+/log":    "read-other",
	} {
		w := newWorld(t)
		w.write("loa.acl", []byte(broker.ACL("office")+line+"\n"+broker.ClaimACL("check")), nil)
		w.mosquitto()
		got := w.broken()
		if line == "pattern read loa/v1/d/+/log" {
			got = slices.DeleteFunc(got, func(c string) bool { return c == "read-all" })
		}
		if !slices.Equal(got, []string{code}) {
			t.Errorf("%s: not held: %v, want %s", line, got, code)
		}
	}
}

// A batch that the access list does not know has what boxes with a name have.
func TestBatchThatTheAccessListDoesNotKnow(t *testing.T) {
	w := newWorld(t)
	w.write("loa.acl", []byte(broker.ACL("office")+"pattern write loa/v1/enrol/+/csr\npattern read loa/v1/enrol/+/crt\n"), nil)
	w.mosquitto()
	if got := w.broken(); !slices.Contains(got, "claim") {
		t.Errorf("not held: %v", got)
	}
}

// What lets nobody in has not kept the thief out: here a firewall, after three.
func TestKeptOutWithEverybody(t *testing.T) {
	w := newWorld(t)
	w.mosquitto()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	behind := strings.TrimPrefix(w.target.URL, "tls://")
	go func() { // ends with l
		for n := 0; ; n++ {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			if n >= 3 {
				conn.Close()
				continue
			}
			on, err := net.Dial("tcp", behind)
			if err != nil {
				conn.Close()
				continue
			}
			go func() { io.Copy(on, conn); on.Close() }()   // ends with the client
			go func() { io.Copy(conn, on); conn.Close() }() // and with the broker
		}
	}()
	w.target.URL = "tls://" + l.Addr().String()
	results, _ := Run(context.Background(), w.target) // what follows needs room
	for _, r := range results {
		if slices.Contains([]string{"plain", "anonymous", "other-ca", "revoked", "takeover"}, r.Attack) && (r.Held || r.Tried) {
			t.Errorf("%s: %+v", r.Attack, r)
		}
	}
	if len(results) == 0 {
		t.Error("nothing is said")
	}
}
