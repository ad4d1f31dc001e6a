package mqtt

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"loa/scripts/broker"
)

// A mosquitto is the broker a province really runs, with the same access list.
type mosquitto struct {
	path, conf, addr string
	cmd              *exec.Cmd
}

func newMosquitto(t *testing.T, lines ...string) *mosquitto {
	t.Helper()
	dir := t.TempDir()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m := &mosquitto{path: needs(t, "mosquitto"), conf: filepath.Join(dir, "conf"), addr: l.Addr().String()}
	l.Close()
	_, port, _ := net.SplitHostPort(m.addr)
	write(t, filepath.Join(dir, "acl"), broker.ACL("sender"))
	os.Chmod(dir, 0o755)
	lines = append([]string{
		"persistence false", "acl_file " + filepath.Join(dir, "acl"), "user root",
		"use_username_as_clientid true", "max_packet_size 262144",
		"listener " + port + " 127.0.0.1", "allow_anonymous true",
	}, lines...)
	write(t, m.conf, strings.Join(lines, "\n")+"\n")
	m.start(t)
	t.Cleanup(m.kill)
	return m
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func (m *mosquitto) start(t *testing.T) {
	t.Helper()
	m.cmd = exec.Command(m.path, "-c", m.conf)
	var log strings.Builder
	m.cmd.Stderr = &log
	if err := m.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	until(t, "mosquitto listens", func() bool {
		c, err := net.Dial("tcp", m.addr)
		if err == nil {
			c.Close()
		}
		return err == nil
	})
}

func (m *mosquitto) kill() {
	m.cmd.Process.Kill()
	m.cmd.Wait()
}

func TestMosquittoRestartsEmpty(t *testing.T) {
	m := newMosquitto(t)
	b := start(t, Opts{Brokers: []string{"tcp://" + m.addr}, Subscriptions: subscriptions(wantTopic)})
	s := start(t, Opts{Device: "sender", Fresh: true, Brokers: []string{"tcp://" + m.addr}, Subscriptions: subscriptions("loa/v1/d/+/+")})
	b.Publish("loa/v1/d/box-1/have", []byte("all"), true)
	until(t, "the report", func() bool { return s.heard("loa/v1/d/box-1/have all") })
	m.kill()
	until(t, "the loss noticed", func() bool { return b.has(CodeUnreachable) && s.has(CodeUnreachable) })
	if err := b.Queue(ackTopic, []byte("while away"), "1"); err != nil {
		t.Fatal(err)
	}
	m.start(t)
	until(t, "reports after the restart", func() bool {
		return s.count("loa/v1/d/box-1/have all") >= 2 && b.Waiting() == 0
	})
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := s.Send(ctx, Message{Topic: wantTopic, Payload: []byte("new"), Retain: true}); err != nil {
		t.Fatal(err)
	}
	until(t, "the document", func() bool { return b.heard(wantTopic + " new") })
}

// With mutual TLS and an Ed25519 certificate the CN is the name, and the access
// list holds for it.
func TestMosquittoMutualTLSAndAccessList(t *testing.T) {
	now := time.Now()
	ca := newCA(t, now)
	cert, key, err := ca.Server([]string{"127.0.0.1"}, now)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	m := newMosquitto(t,
		"cafile "+write(t, filepath.Join(dir, "ca.crt"), string(ca.CertPEM())),
		"certfile "+write(t, filepath.Join(dir, "broker.crt"), string(cert)),
		"keyfile "+write(t, filepath.Join(dir, "broker.key"), string(key)),
		"require_certificate true", "use_identity_as_username true", "tls_version tlsv1.2")
	url := "tls://" + m.addr
	one := start(t, Opts{Device: "box-1", Brokers: []string{url}, TLS: clientTLS(t, ca, ca, "box-1", now), Subscriptions: subscriptions(wantTopic)})
	two := start(t, Opts{Device: "box-2", Brokers: []string{url}, TLS: clientTLS(t, ca, ca, "box-2", now), Subscriptions: subscriptions(wantTopic)})
	s := start(t, Opts{Device: "sender", Brokers: []string{url}, TLS: clientTLS(t, ca, ca, "sender", now), Subscriptions: subscriptions("loa/v1/d/+/+")})
	until(t, "all connected", func() bool { return one.Connected() && two.Connected() && s.Connected() })

	two.Publish("loa/v1/d/box-1/have", []byte("forged"), true)
	two.Publish("loa/v1/d/box-2/have", []byte("own"), true)
	until(t, "box 2 reports", func() bool { return s.heard("loa/v1/d/box-2/have own") })
	if s.heard("loa/v1/d/box-1/have forged") {
		t.Error("box 2 reported in the name of box 1")
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := s.Send(ctx, Message{Topic: wantTopic, Payload: []byte("for 1")}); err != nil {
		t.Fatal(err)
	}
	until(t, "box 1 hears", func() bool { return one.heard(wantTopic + " for 1") })
	if two.heard(wantTopic + " for 1") {
		t.Error("box 2 hears what is for box 1")
	}

	stranger := start(t, Opts{Device: "box-3", Brokers: []string{url}, TLS: clientTLS(t, ca, newCA(t, now), "box-3", now)})
	until(t, "the stranger's refusal", func() bool { return stranger.has(CodeRefused) })
	t.Log(fmt.Sprint(stranger.had(CodeRefused)))
}
