// Command natsd is one node of a NATS cluster that boxes and senders meet as an
// MQTT broker, with the same access list as the other brokers.
//
// It is the nats-server of the Go module in a program of our own, because the server
// asks a Go program who a client is and what it may do. So the rules are one list for
// all boxes, as everywhere else: a configuration file would need a line for each box,
// and its auth callout a second service without which nobody gets in. The server's own
// protocol is refused to everybody; only MQTT and the routes between nodes are served.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"log"
	"net"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"loa/scripts/authority/pki"
)

// settings are a node's, from the command line.
type settings struct {
	name, mqtt, cluster, routes, tls, store, senders string
}

func main() {
	var s settings
	flag.StringVar(&s.name, "name", "n1", "this node's name, its own in the cluster")
	flag.StringVar(&s.mqtt, "mqtt", "0.0.0.0:8883", "host:port for boxes and senders")
	flag.StringVar(&s.cluster, "cluster", "", "host:port for the other nodes; empty: this node is alone")
	flag.StringVar(&s.routes, "routes", "", "host:port of every node, with commas; each is in server.crt")
	flag.StringVar(&s.tls, "tls", "", "directory with ca.crt, ca.crl, server.crt, server.key, as loactl init makes it")
	flag.StringVar(&s.store, "store", "/var/lib/loa-nats", "directory of this node alone, on a disk")
	flag.StringVar(&s.senders, "senders", "dispatcher,loactl,loactl-2,loactl-3", "names that may read and write everything")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, s); err != nil {
		fmt.Fprintln(os.Stderr, "natsd: "+err.Error())
		os.Exit(1)
	}
}

// run serves until ctx ends.
func run(ctx context.Context, s settings) error {
	g := &gate{senders: strings.Split(s.senders, ","), crl: filepath.Join(s.tls, "ca.crl"), in: make(map[uint64]string)}
	if err := g.read(); err != nil { // a list that is missing locks nobody out; it is looked for again
		log.Printf("natsd: ALARM: nobody is kept out: %v", err)
	}
	opts, err := options(s, g)
	if err != nil {
		return err
	}
	n, err := server.NewServer(opts)
	if err != nil {
		return fmt.Errorf("cannot make the server: %w", err)
	}
	g.server = n
	n.ConfigureLogger()
	n.Start()
	g.run(ctx)
	n.Shutdown()
	n.WaitForShutdown()
	return nil
}

// maxPayload is what a message may have at the most, like the other brokers'.
const maxPayload = 256 << 10

// options are everything that differs from what the server does by itself.
func options(s settings, g *gate) (*server.Options, error) {
	pair, err := tls.LoadX509KeyPair(filepath.Join(s.tls, "server.crt"), filepath.Join(s.tls, "server.key"))
	if err != nil {
		return nil, fmt.Errorf("the server's certificate: %w", err)
	}
	ca, err := os.ReadFile(filepath.Join(s.tls, "ca.crt"))
	if err != nil {
		return nil, fmt.Errorf("the CA's certificate: %w", err)
	}
	pool, err := pki.Pool(ca)
	if err != nil {
		return nil, err
	}
	o := &server.Options{
		// Without its own port the server opens no routes; the gate lets nobody in there,
		// because who has no TLS has no certificate.
		ServerName: s.name, Host: "127.0.0.1", Port: server.RANDOM_PORT, NoSigs: true, Logtime: true,
		MaxPayload: maxPayload, MaxConn: 20_000,
		CustomClientAuthentication: g,
		JetStream:                  true, StoreDir: s.store, JetStreamMaxMemory: 512 << 20, JetStreamMaxStore: 4 << 30,
		// The default syncs every 2 minutes, and loses what it has acknowledged.
		SyncAlways: true,
		// The default of 1,000 is reached by 190 boxes; the rest then hears nothing, without a word.
		JetStreamLimits: server.JSLimitOpts{DefaultMaxConsumers: -1},
	}
	if o.MQTT.Host, o.MQTT.Port, err = address(s.mqtt); err != nil {
		return nil, err
	}
	o.MQTT.TLSConfig = &tls.Config{Certificates: []tls.Certificate{pair}, ClientCAs: pool, ClientAuth: tls.RequireAndVerifyClientCert, MinVersion: tls.VersionTLS12}
	o.MQTT.TLSTimeout, o.MQTT.AuthTimeout = 10, 10 // seconds
	o.MQTT.AckWait, o.MQTT.MaxAckPending = 10*time.Second, 100
	if s.cluster == "" {
		return o, nil
	}
	o.Cluster.Name, o.Cluster.NoAdvertise = "loa", true
	if o.Cluster.Host, o.Cluster.Port, err = address(s.cluster); err != nil {
		return nil, err
	}
	o.Cluster.TLSConfig, o.Cluster.TLSTimeout = routeTLS(pair, pool), 10
	for _, r := range strings.Split(s.routes, ",") {
		o.Routes = append(o.Routes, &url.URL{Scheme: "nats-route", Host: r})
	}
	o.MQTT.StreamReplicas = min(3, len(o.Routes))
	return o, nil
}

// routeTLS lets only nodes be nodes: who has a server's certificate of our CA. A box's
// is of the same CA and good for a client, and through a route one may say everything.
func routeTLS(pair tls.Certificate, pool *x509.CertPool) *tls.Config {
	return &tls.Config{
		Certificates: []tls.Certificate{pair}, RootCAs: pool, ClientCAs: pool,
		ClientAuth: tls.RequireAnyClientCert, MinVersion: tls.VersionTLS13,
		VerifyConnection: func(cs tls.ConnectionState) error {
			if len(cs.PeerCertificates) == 0 {
				return errors.New("a node without a certificate")
			}
			_, err := cs.PeerCertificates[0].Verify(x509.VerifyOptions{Roots: pool, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}})
			return err
		},
	}
}

func address(s string) (host string, port int, err error) {
	host, p, err := net.SplitHostPort(s)
	if err != nil {
		return "", 0, fmt.Errorf("%q is no host:port: %w", s, err)
	}
	port, err = strconv.Atoi(p)
	return host, port, err
}
