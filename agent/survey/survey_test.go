package survey

import (
	"context"
	"errors"
	"io"
	"log"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestTheWayOut(t *testing.T) {
	root := t.TempDir()
	for name, text := range map[string]string{
		"proc/net/route": "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\n" +
			"wwan0\t00000000\t00000000\t0001\t0\t0\t700\t00000000\n" +
			"eth0\t00000000\t0101A8C0\t0003\t0\t0\t100\t00000000\n" +
			"eth0\t0001A8C0\t00000000\t0001\t0\t0\t100\t00FFFFFF\nbroken\n",
		"etc/resolv.conf":                 "# by hand\nnameserver 127.0.0.53\nnameserver nonsense\n",
		"run/systemd/resolve/resolv.conf": "nameserver 203.113.131.1\nnameserver 203.113.131.2\n",
	} {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	n := Look(root)
	if n.Via != "eth0" || n.Gateway != "192.168.1.1" || !slices.Equal(n.DNS, []string{"203.113.131.1", "203.113.131.2"}) {
		t.Errorf("%+v", n)
	}
	if n := Look(t.TempDir()); n.Via != "" || n.Gateway != "" || len(n.DNS) != 0 {
		t.Errorf("of nothing: %+v", n)
	}
	n = Net{Via: "eth0", Interfaces: []Interface{{Name: "wlan0", Addresses: []string{"10.0.0.2/8"}}, {Name: "eth0", Addresses: []string{"192.168.1.7/24"}}}}
	if n.Address() != "192.168.1.7" || (Net{}).Address() != "" {
		t.Error(n.Address())
	}
}

func TestListening(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := 0
		r, err := Listen(t.Context(), func(context.Context) (Signal, error) {
			n++
			if n == 3 {
				return Signal{}, errors.New("busy")
			}
			rsrp, sinr := -90-float64(n), float64(n)
			return Signal{Access: "LTE", RSRP: &rsrp, SINR: &sinr}, nil
		}, 10*time.Second, 2*time.Second)
		if err != nil || n != 6 || r.Failed != 1 || r.RSRP.Least != -96 || r.RSRP.Most != -91 || math.Abs(r.RSRP.Mean+93.6) > 1e-9 || r.RSRP.N != 5 || r.SINR.Most != 6 || r.RSRQ.N != 0 || r.ForS != 10 || r.Access != "LTE" {
			t.Errorf("%d readings: %+v, %v", n, r, err)
		}
		r, err = Listen(t.Context(), func(context.Context) (Signal, error) { return Signal{}, errors.New("dead") }, 3*time.Second, time.Second)
		if err == nil || r.Failed != 4 {
			t.Errorf("of a dead modem: %+v, %v", r, err)
		}
	})
}

func TestReaching(t *testing.T) {
	s := httptest.NewUnstartedServer(nil)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	defer s.Close()
	_, port, err := net.SplitHostPort(s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	for broker, want := range map[string]string{
		"tcp://127.0.0.1:" + port: "",
		"tls://127.0.0.1:" + port: "certificate",
		"tcp://127.0.0.1:1":       "refused",
		"tls://":                  "no address",
	} {
		p := Reach(t.Context(), broker, nil)
		if want == "" && (p.Error != "" || p.TCPMS <= 0) || !strings.Contains(p.Error, want) {
			t.Errorf("%s: %+v", broker, p)
		}
	}
	known := s.Client().Transport.(*http.Transport).TLSClientConfig
	if p := Reach(t.Context(), "tls://127.0.0.1:"+port, known); p.Error != "" || p.TLSMS <= 0 || p.Address != "127.0.0.1" {
		t.Errorf("%+v", p)
	}
}
