package broker

import (
	"bytes"
	"crypto/tls"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"loa/scripts/authority/pki"
)

// A broker on a machine of its own fetches the list: it takes what is new, whole, and
// nothing from a stranger, nothing broken, and no list that has forgotten somebody.
func TestFetchesTheListOfTheRevoked(t *testing.T) {
	for _, tool := range []string{"curl", "openssl"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip(tool + " is not installed")
		}
	}
	now := time.Now()
	ca, other := newCA(t), newCA(t)
	list := func(ca *pki.CA, numbers ...int64) []byte {
		var all []pki.Revoked
		for _, n := range numbers {
			all = append(all, pki.Revoked{Serial: big.NewInt(n), At: now})
		}
		crl, err := ca.Revocations(all, now)
		if err != nil {
			t.Fatal(err)
		}
		return crl
	}
	var says atomic.Pointer[[]byte]
	serve := func(ca *pki.CA) string {
		cert, key, err := ca.Server([]string{"127.0.0.1"}, now)
		if err != nil {
			t.Fatal(err)
		}
		pair, err := tls.X509KeyPair(cert, key)
		if err != nil {
			t.Fatal(err)
		}
		srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Write(*says.Load()) }))
		srv.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
		srv.StartTLS()
		t.Cleanup(srv.Close)
		_, port, _ := net.SplitHostPort(srv.Listener.Addr().String())
		return "https://127.0.0.1:" + port + "/ca.crl"
	}
	own, strange := serve(ca), serve(other)

	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "ca.crt"), ca.CertPEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	has := func() []byte {
		data, _ := os.ReadFile(filepath.Join(dir, "ca.crl"))
		return data
	}
	first := list(ca, 1, 2)
	for _, c := range []struct {
		name string
		url  string
		says []byte
		ok   bool
	}{
		{"the first", own, first, true},
		{"the same", own, first, true},
		{"a stranger's", strange, list(ca, 1, 2, 3), false},
		{"no list", own, []byte("<html>maintenance</html>"), false},
		{"nothing", own, nil, false},
		{"half of one", own, first[:len(first)/2], false},
		{"one that forgot 2", own, list(ca, 1, 3), false},
		{"one more, of two signers", own, append(list(ca, 1, 2, 3), list(other, 1, 2, 3)...), true},
		{"the second signer has gone", own, list(ca, 1, 2, 3), true},
	} {
		was := has()
		says.Store(&c.says)
		out, err := exec.Command("./fetch-crl.sh", c.url, dir).CombinedOutput()
		want := was
		if c.ok {
			want = c.says
		}
		if (err == nil) != c.ok || !bytes.Equal(has(), want) {
			t.Errorf("%s: %v, taken over: %v\n%s", c.name, err, bytes.Equal(has(), c.says), out)
		}
		if !c.ok && len(strings.TrimSpace(string(out))) == 0 {
			t.Errorf("%s: nothing was said", c.name)
		}
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 2 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func newCA(t *testing.T) *pki.CA {
	t.Helper()
	ca, err := pki.NewCA("test", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return ca
}
